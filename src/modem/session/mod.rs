//! One modem during a run: its mode, and the drivers on its open ports.
//!
//! The mode is observed, never remembered: a port that was opened before the modem left the bus is closed as soon
//! as that is seen.

mod error;
mod observe;
mod ports;
mod wait;

pub use error::Error;

use super::bus::Notice;
use super::identity::Chip;
use super::{Bus, Sighting, UsbIdentity};
use crate::driver::at::At;
use crate::driver::diag::Diag;
use crate::driver::dload::Dload;
use crate::driver::fastboot::Fastboot;
use crate::driver::firehose::Firehose;
use crate::plan::{Mode, Profile};
use crate::transport::{Clock, Interrupt, Port};
use std::sync::Arc;

/// What a look at the modem says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub mode: Mode,
    /// Why, for people.
    pub evidence: String,
    pub certainty: Certainty,
}

/// Whether the modem itself told its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    Told,
    /// A port by hand says nothing, or nothing that is known: EDL or a dump whose HELLO was read by somebody else, or a
    /// programmer that counts bytes of an image. Nothing may be built on it; a modem that is powered anew says what it is.
    Guessed,
}

/// One modem during a run.
pub struct Session {
    bus: Box<dyn Bus>,
    clock: Arc<dyn Clock>,
    interrupt: Interrupt,
    profile: Arc<Profile>,
    arrival: Option<u64>,
    pinned: Option<String>,
    chip: Option<Chip>,
    at: Option<At>,
    diag: Option<Diag>,
    fastboot: Option<Fastboot>,
    /// The firmware has answered since the modem arrived.
    answered: bool,
    bulk: Bulk,
}

/// The bulk pair of the boot ROM, the programmer or the streaming loader.
enum Bulk {
    Closed,
    /// Open, its first bytes seen and pushed back.
    Known(Port, Observed),
    /// Lent to the Sahara driver.
    Lent,
    /// Open, and its next words are not seen yet.
    Open(Port),
    Programmer(Box<Firehose>),
    Loader(Box<Dload>),
}

impl Session {
    pub fn new(
        bus: Box<dyn Bus>,
        clock: Arc<dyn Clock>,
        interrupt: Interrupt,
        profile: Arc<Profile>,
    ) -> Self {
        Self {
            bus,
            clock,
            interrupt,
            profile,
            arrival: None,
            pinned: None,
            chip: None,
            at: None,
            diag: None,
            fastboot: None,
            answered: false,
            bulk: Bulk::Closed,
        }
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// What came up on this computer since it was asked last.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.bus.notices()
    }

    /// The port path at which the modem was looked for last, where there are such.
    pub fn pinned(&self) -> Option<&str> {
        self.pinned.as_deref()
    }

    /// Which chip the modem showed at the last look, where its descriptors tell that.
    pub fn chip(&self) -> Option<&Chip> {
        self.chip.as_ref()
    }

    pub fn is_simulated(&self) -> bool {
        self.bus.is_simulated()
    }

    /// Tells hands that can hear it that a step asked for them.
    pub fn asked(&mut self, step: &str) {
        self.bus.asked(step);
    }

    /// Tells the simulated modem which step runs now, if any.
    pub fn entered(&mut self, step: Option<&str>) {
        self.bus.entered(step);
    }

    /// One look at the bus, no port opened.
    pub fn look(&mut self) -> Result<Sighting, Error> {
        let sighting = self.bus.look().map_err(Error::Look)?;
        self.pinned.clone_from(&sighting.pinned);
        self.chip = sighting.usb.as_ref().and_then(UsbIdentity::chip);
        if self.arrival != Some(sighting.arrival) || sighting.roles.is_empty() {
            self.forget();
            self.arrival = Some(sighting.arrival);
        }
        Ok(sighting)
    }
}

fn told(mode: Mode, evidence: impl Into<String>) -> Observed {
    Observed {
        mode,
        evidence: evidence.into(),
        certainty: Certainty::Told,
    }
}
