//! What the states of the simulated modem have in common, but for the running firmware, which has a core of its own:
//! time, flash, faults, records, and the way to the host.

use super::delivery::{self, keeps_the_answer};
use super::fault::Faults;
use super::image::Noise;
use super::nand::Nand;
use super::outbox::Outbox;
use super::record::{Record, RecordKind};
use crate::plan::{FaultKind, Mode, Operation};
use std::ops::Range;
use std::time::Duration;

/// How long a modem that vanishes stays away.
pub(super) const AWAY: Duration = Duration::from_secs(2);

/// What the state machines of boot ROM, programmer, loader and boot loader act on.
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
    /// The boot ROM leaves the bus every so often.
    pub looping: Option<Duration>,
    /// The modem comes back in its dump state.
    pub stays_in_dump: bool,
    /// How much of what is written next is taken alone.
    pub short_write: Option<usize>,
    /// What zero-length packets of the host mean on the bulk pair.
    pub zlp: Zlp,
    /// Blocks that are erased only then, though that was acknowledged.
    pub late_erases: Vec<(Duration, Range<u32>)>,
}

/// What zero-length packets of the host mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zlp {
    /// Nothing: each is swallowed.
    Swallowed,
    /// They end a transfer of whole packets, and nothing else does (Telit FN980 in its boot loader: protocols.md §2).
    Required,
    /// They silence the modem (QCS8550 in Sahara: linux-msm/qdl#320; Fibocom NL668: protocols.md §2).
    Forbidden,
}

/// A wish of a state machine that concerns the whole modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// The boot ROM jumps into the programmer it took.
    Programmer,
    /// The boot ROM jumps into the streaming loader it took.
    Loader,
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
    /// The plug is out, and back in after that time.
    Away { after: Duration },
    /// The plug is out, and in another port after that time.
    Elsewhere { after: Duration },
    /// It comes back in that mode, whatever the flash says.
    Into { mode: Mode },
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
            looping: None,
            stays_in_dump: false,
            short_write: None,
            zlp: Zlp::Swallowed,
            late_erases: Vec::new(),
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
        let told = self.faults.told();
        let next = match fault {
            Some(FaultKind::Unplug) => Some(Next::Unplugged),
            Some(FaultKind::Vanish) => Some(Next::Away {
                after: told.duration(AWAY),
            }),
            Some(FaultKind::OtherPort) => Some(Next::Elsewhere {
                after: told.duration(AWAY),
            }),
            Some(FaultKind::WrongMode) => Some(Next::Into {
                mode: told.mode(Mode::Edl),
            }),
            _ => None,
        };
        match fault {
            Some(FaultKind::ShortWrite) => self.short_write = Some(told.count(1)),
            Some(FaultKind::ZlpRequired) => self.zlp = Zlp::Required,
            Some(FaultKind::ZlpForbidden) => self.zlp = Zlp::Forbidden,
            _ => {}
        }
        if let Some(next) = next {
            self.want = Some(Want::Leave { at: self.now, next });
        }
        fault
    }

    /// Time has passed: what was to happen to the flash by then has happened.
    pub(super) fn live_until(&mut self, now: Duration) {
        self.now = self.now.max(now);
        let (due, later) = std::mem::take(&mut self.late_erases)
            .into_iter()
            .partition(|(due, _)| *due <= self.now);
        self.late_erases = later;
        let due: Vec<(Duration, Range<u32>)> = due;
        for block in due.into_iter().flat_map(|(_, blocks)| blocks) {
            self.nand.erase(block);
        }
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
        let told = self.faults.told().clone();
        for piece in delivery::pieces(fault, &told, due, bytes, |count| self.garbage(count)) {
            self.outbox.deliver(piece);
        }
    }

    /// Sends what comes besides an answer: it is lost with it, and otherwise as it should be.
    pub(super) fn remark(&mut self, due: Duration, fault: Option<FaultKind>, bytes: Vec<u8>) {
        if !fault.is_some_and(|f| keeps_the_answer(f) || f == FaultKind::Garbage) {
            self.outbox.send(due, bytes);
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
