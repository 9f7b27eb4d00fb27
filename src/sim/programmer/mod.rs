//! The programmer in RAM: the modem's side of Firehose (protocols.md §6, §7).

mod answers;
mod command;
mod documents;
mod facts;
mod flashing;
mod power;
mod rates;
mod raw;
mod read;
mod reading;

use super::world::World;
use crate::plan::{Profile, ProgrammerTraits};
use raw::Raw;
use reading::Reading;
use std::ops::Range;
use std::time::Duration;

/// From `DONE_RESPONSE` to the first log (protocols.md §6.2, measured on SDX55).
const WAKING: Duration = Duration::from_secs(1);

/// A programmer that runs.
#[derive(Debug)]
pub(super) struct Programmer {
    traits: ProgrammerTraits,
    /// Blocks of each partition: bad blocks are skipped within one.
    partitions: Vec<Range<u32>>,
    state: State,
    /// The beginning of a document whose end has not come.
    pending: Vec<u8>,
    /// The end of what was asked so far.
    busy_until: Duration,
    scanned: bool,
}

#[derive(Debug)]
enum State {
    Idle,
    /// Raw sectors come from the host.
    Raw(Box<Raw>),
    /// Raw sectors go to the host.
    Reading(Reading),
    /// It was told to reset or to switch off.
    Leaving,
}

impl Programmer {
    /// Starts; its banner comes after a while.
    pub(super) fn start(
        traits: ProgrammerTraits,
        profile: &Profile,
        serial: u32,
        world: &mut World,
    ) -> Self {
        let mut programmer = Self::idle(traits, profile, world);
        let due = world.now + WAKING;
        programmer.busy_until = due;
        for transfer in programmer.banner(serial) {
            world.outbox.send(due, transfer);
        }
        programmer
    }

    /// One that has run for a while: its banner was read by somebody else.
    pub(super) fn idle(traits: ProgrammerTraits, profile: &Profile, world: &World) -> Self {
        let partitions = profile
            .partitions
            .iter()
            .map(|p| p.start..p.start.saturating_add(p.blocks));
        Self {
            traits,
            partitions: partitions.collect(),
            state: State::Idle,
            pending: Vec::new(),
            busy_until: world.now,
            scanned: false,
        }
    }

    /// When the flash has swallowed the raw data that came, while more are awaited.
    pub(super) fn swallows_until(&self) -> Option<Duration> {
        matches!(self.state, State::Raw(_)).then_some(self.busy_until)
    }

    /// Bytes of one transfer of the host.
    pub(super) fn write(&mut self, world: &mut World, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && world.want.is_none() {
            match &mut self.state {
                State::Raw(raw) => {
                    let done = raw.take(world, &mut rest);
                    self.busy_until = raw.busy_until();
                    if done {
                        self.finish_raw(world);
                    }
                }
                State::Leaving => return,
                State::Idle | State::Reading(_) => self.take_text(world, &mut rest),
            }
        }
    }
}
