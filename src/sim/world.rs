//! What all states of the simulated modem have in common: time, flash, faults, records, and the way to the host.

use super::fault::Faults;
use super::image::Noise;
use super::nand::Nand;
use super::outbox::Outbox;
use super::record::{Record, RecordKind};
use crate::plan::{FaultKind, Operation};
use std::time::Duration;

/// What the state machines of the boot ROM and the programmer act on.
#[derive(Debug)]
pub(super) struct World {
    pub now: Duration,
    pub nand: Nand,
    pub faults: Faults,
    pub records: Vec<Record>,
    /// The bulk pair, towards the host.
    pub outbox: Outbox,
    pub noise: Noise,
    drawn: u64,
    /// What is to become of the whole modem, taken by it after each call.
    pub want: Option<Want>,
}

/// A wish of a state machine that concerns the whole modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// The boot ROM jumps into the programmer it took.
    Programmer,
    /// The modem leaves the bus at a time.
    Leave { at: Duration, next: Next },
}

/// What follows when the modem has left the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Power comes back at once, and the boot pin decides.
    Restart,
    /// It comes back in the boot ROM after that time.
    BootRom { after: Duration },
    /// It stays off until power is cut and comes back.
    Off,
    /// The plug is out.
    Unplugged,
}

impl World {
    pub(super) fn new(nand: Nand, faults: Faults, noise: Noise) -> Self {
        Self {
            now: Duration::ZERO,
            nand,
            faults,
            records: Vec::new(),
            outbox: Outbox::default(),
            noise,
            drawn: 0,
            want: None,
        }
    }

    pub(super) fn record(&mut self, kind: RecordKind) {
        self.records.push(Record { at: self.now, kind });
    }

    pub(super) fn refused(&mut self, what: &str, because: &str) {
        self.record(RecordKind::Refused {
            what: what.to_owned(),
            because: because.to_owned(),
        });
    }

    /// Counts one operation; a modem that leaves does so at once.
    pub(super) fn strike(&mut self, operation: Operation) -> Option<FaultKind> {
        let fault = self.faults.strike(operation);
        if fault == Some(FaultKind::Unplug) {
            self.want = Some(Want::Leave {
                at: self.now,
                next: Next::Unplugged,
            });
        }
        fault
    }

    /// Random bytes, the same in every run of a seed.
    pub(super) fn garbage(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.noise.fill(self.drawn, &mut bytes);
        self.drawn += count as u64;
        bytes
    }

    /// Sends the answer to an operation, unless a fault keeps or spoils it.
    pub(super) fn answer(&mut self, due: Duration, fault: Option<FaultKind>, bytes: Vec<u8>) {
        match fault {
            Some(FaultKind::LostReply | FaultKind::Unplug) => {}
            Some(FaultKind::Garbage) => {
                let garbage = self.garbage(bytes.len().min(64));
                self.outbox.send(due, garbage);
            }
            _ => self.outbox.send(due, bytes),
        }
    }
}

/// Answers take ten times as long where the fault says so.
pub(super) fn slowed(time: Duration, fault: Option<FaultKind>) -> Duration {
    if fault == Some(FaultKind::Slow) {
        time.saturating_mul(10)
    } else {
        time
    }
}
