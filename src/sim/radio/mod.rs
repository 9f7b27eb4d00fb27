//! The running firmware: AT and DIAG ports, NV items, the file system, and what survives a power cut.
//!
//! It acts only when it is written to or told that time has passed. It never leaves the bus by itself: it wishes to,
//! and whoever holds it takes the wish. Zero-length packets mean nothing to these ports.

mod at;
mod contents;
mod core;
mod diag;
mod efs;
mod file_system;
mod nv;
mod outbox;
mod random;
mod unit;

#[cfg(test)]
pub(in crate::sim) mod fixture;
#[cfg(test)]
mod tests;

pub(super) use contents::{File, RFNV, calibration, items, provisioning, radio_cards};

use self::at::AtPort;
use self::core::Core;
use self::diag::DiagPort;
use super::Wire;
use super::record::RecordKind;
use crate::plan::{Mode, Profile, Scenario};
use std::time::Duration;

/// What the firmware is about to do to its place on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Restarts: leaves the bus and boots.
    Reset,
    /// Into the boot ROM's download mode.
    Edl,
    /// Into the boot loader's fastboot.
    Fastboot,
    /// Powers down and stays so.
    Off,
    /// A fault of the scenario takes the modem off the bus, and it stays away.
    Unplug,
    /// The same, and power comes back after that time.
    Vanish { after: Duration },
    /// The same, at another port.
    Elsewhere { after: Duration },
    /// A fault of the scenario brings the modem back in that mode.
    Into(Mode),
}

/// The firmware of one unit, running or not.
#[derive(Debug)]
pub(super) struct Radio {
    core: Core,
    at: AtPort,
    diag: DiagPort,
}

impl Radio {
    /// A unit that is switched off, with what the scenario says it holds.
    pub(super) fn new(scenario: &Scenario, profile: &Profile, seed: u64) -> Self {
        Self {
            core: Core::new(scenario, profile, seed),
            at: AtPort::default(),
            diag: DiagPort::default(),
        }
    }

    /// Power comes, or a restart: the ports answer after the boot time. `firmware` is the full version.
    pub(super) fn boot(&mut self, now: Duration, firmware: &str) {
        self.power_off();
        self.core.boot(now, firmware);
        self.at.boot(&self.core);
    }

    /// It has been running for long: the ports answer now, and everything it says at its start is over.
    pub(super) fn find_running(&mut self, now: Duration, firmware: &str) {
        self.power_off();
        self.core.find_running(now, firmware);
    }

    /// Power goes: only NV items and files stay.
    pub(super) fn power_off(&mut self) {
        self.core.power_off();
        self.at = AtPort::default();
        self.diag = DiagPort::default();
    }

    /// Time has passed. It never goes back.
    pub(super) fn advance(&mut self, now: Duration) {
        self.core.now = self.core.now.max(now);
        self.at.advance(&self.core);
    }

    /// The next moment at which something happens by itself.
    pub(super) fn next_event(&self) -> Option<Duration> {
        let now = self.core.now;
        [
            self.core.next_event(),
            self.at.next_event(now),
            self.diag.next_event(now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Bytes from the host. Before the ports answer they are lost.
    pub(super) fn write(&mut self, wire: Wire, bytes: &[u8]) {
        if !self.core.answers() {
            return;
        }
        match wire {
            Wire::At => self.at.write(&mut self.core, bytes),
            Wire::Diag => self.diag.write(&mut self.core, bytes),
            Wire::Edl | Wire::Fastboot => {}
        }
    }

    /// Bytes for the host, as far as they are ready now.
    pub(super) fn read(&mut self, wire: Wire, buffer: &mut [u8]) -> usize {
        match wire {
            Wire::At => self.at.read(self.core.now, buffer),
            Wire::Diag => self.diag.read(self.core.now, buffer),
            Wire::Edl | Wire::Fastboot => 0,
        }
    }

    /// One whole piece of what is ready for the host now.
    pub(super) fn take_piece(&mut self, wire: Wire) -> Option<Vec<u8>> {
        match wire {
            Wire::At => self.at.take_piece(self.core.now),
            Wire::Diag => self.diag.take_piece(self.core.now),
            Wire::Edl | Wire::Fastboot => None,
        }
    }

    /// A wish whose moment has come. The ports are dead from then on.
    pub(super) fn take_wish(&mut self) -> Option<Wish> {
        let wish = self.core.take_wish()?;
        self.power_off();
        Some(wish)
    }

    /// What was done to it since the last call.
    pub(super) fn take_records(&mut self) -> Vec<RecordKind> {
        std::mem::take(&mut self.core.records)
    }

    /// Whether this unit's own calibration is stored, whole and unchanged. The radio uses it from the next boot on.
    pub(super) fn calibration_present(&self) -> bool {
        self.core.unit.calibration_present()
    }

    /// What NV 550 says.
    pub(super) fn imei(&self) -> Option<String> {
        self.core.unit.nv.imei()
    }

    /// The partition was erased below it: all NV items and files are gone.
    pub(super) fn calibration_partition_erased(&mut self) {
        self.core.unit.erase();
    }

    /// Another step of the plan runs now, or none.
    pub(super) fn entered(&mut self, step: Option<&str>) {
        self.core.faults.entered(step);
    }

    /// Places in the scenario's list of the faults that have struck here.
    pub(super) fn struck(&self) -> &[usize] {
        self.core.faults.struck()
    }

    /// Places of the host's faults whose moment has come here.
    pub(super) fn take_of_the_host(&mut self) -> Vec<usize> {
        self.core.faults.take_of_the_host()
    }

    /// How much of what is written next is taken alone.
    pub(super) fn take_short_write(&mut self) -> Option<usize> {
        self.core.short_write.take()
    }

    /// The scenario's faults are over, as they are when a rehearsal resumes.
    pub(super) fn end_faults(&mut self) {
        self.core.faults.clear();
    }
}
