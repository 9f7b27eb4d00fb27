//! Where a modem is looked for: the simulated modem, ports given by hand, or USB.

use super::UsbIdentity;
use crate::transport::{Clock, Error, Transport};
use std::time::Duration;

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    At,
    Diag,
    /// The bulk pair of the boot ROM, the programmer or the dump state.
    Edl,
    /// The bulk pair of the boot loader. Its replies are packets, so it is no port that can be given by hand.
    Fastboot,
}

impl Role {
    pub fn word(self) -> &'static str {
        match self {
            Self::At => "at",
            Self::Diag => "diag",
            Self::Edl => "edl",
            Self::Fastboot => "fastboot",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// What one look at the bus saw.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sighting {
    /// Absent where the bus has no descriptors: ports given by hand.
    pub usb: Option<UsbIdentity>,
    /// Ports that can be opened now; empty means nothing is there.
    pub roles: Vec<Role>,
    /// Changes whenever the modem left and came back, so that an old port is never mistaken for a new one.
    pub arrival: u64,
    /// The port path at which the modem is looked for, where there are such.
    pub pinned: Option<String>,
    /// What looks like the modem and is plugged in elsewhere. It is never opened.
    pub elsewhere: Vec<UsbIdentity>,
}

impl Sighting {
    /// Whether something came or went since an earlier look.
    pub fn differs_from(&self, earlier: &Self) -> bool {
        (&self.usb, &self.roles, self.arrival) != (&earlier.usb, &earlier.roles, earlier.arrival)
    }
}

/// Why a look cannot tell what the modem is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    #[error(transparent)]
    Bus(#[from] Error),
    /// What tells each from the others.
    #[error("more than one modem fits, and none was named: {}", .0.join("; "))]
    Several(Vec<String>),
}

/// Something on this computer that a person should know of while a run goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub code: &'static str,
    pub message: String,
    /// What to do about it.
    pub cure: Option<String>,
}

/// A place where one modem is looked for.
pub trait Bus: Send {
    /// Looks once.
    fn look(&mut self) -> Result<Sighting, LookError>;
    /// Opens the port of a role that was seen.
    fn open(&mut self, role: Role) -> Result<Box<dyn Transport>, Error>;
    /// Waits before the next look, shorter where the bus tells that something came or went.
    fn pause(&mut self, clock: &dyn Clock, time: Duration) {
        clock.sleep(time);
    }
    /// What came up since it was asked last.
    fn notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }
    /// Tells hands that can hear it that a step asked for them: only the simulated modem's can.
    fn asked(&mut self, _step: &str) {}
    /// Tells the simulated modem which step runs now, if any: some of its faults strike in one step only.
    fn entered(&mut self, _step: Option<&str>) {}
    /// Whether this is the simulated modem.
    fn is_simulated(&self) -> bool {
        false
    }
}
