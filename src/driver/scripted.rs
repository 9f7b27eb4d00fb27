//! A modem that says what a script has, whatever it hears, and counts how often it is asked.

use crate::plan::Partition;
use crate::transport::memory::{FarEnd, Memory};
use crate::transport::{self, Clock, Interrupt, Port, StandingClock};
use crate::yaml::Spanned;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// More reads than any conversation of the tests may need. Whoever asks on is in a loop without end.
pub(crate) const MOST_READS: usize = 250_000;

/// Says `says` once the host has sent so many bytes since the step before.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) after: usize,
    pub(crate) says: Vec<u8>,
}

/// What comes when the script is over.
#[derive(Debug, Clone)]
pub(crate) enum Then {
    Silence,
    Gone,
    /// The same, again and again.
    ForEver(Vec<u8>),
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) reads: usize,
    pub(crate) heard: Vec<u8>,
}

struct Scripted {
    steps: VecDeque<Step>,
    then: Then,
    out: VecDeque<u8>,
    /// Bytes heard since the last step.
    heard: usize,
    seen: Arc<Mutex<Seen>>,
    clock: Arc<StandingClock>,
    /// Most bytes of one read.
    piece: usize,
}

pub(crate) fn port(steps: Vec<Step>, then: Then, piece: usize) -> (Port, Arc<Mutex<Seen>>) {
    let clock = Arc::new(StandingClock::default());
    let seen = Arc::new(Mutex::new(Seen::default()));
    let scripted = Scripted {
        steps: steps.into(),
        then,
        out: VecDeque::new(),
        heard: 0,
        seen: seen.clone(),
        clock: clock.clone(),
        piece,
    };
    (wired(scripted, clock), seen)
}

/// The port behind which something scripted is.
pub(crate) fn wired(far_end: impl FarEnd + 'static, clock: Arc<StandingClock>) -> Port {
    let memory = Memory::new(Box::new(far_end), "scripted");
    Port::new(Box::new(memory), clock, Interrupt::default())
}

/// Says what there is to say, at most a piece of it; without anything the time passes.
pub(crate) fn says(
    out: &mut VecDeque<u8>,
    piece: usize,
    buffer: &mut [u8],
    (clock, timeout): (&StandingClock, Duration),
) -> Result<usize, transport::Error> {
    let count = buffer.len().min(out.len()).min(piece);
    if count == 0 {
        clock.sleep(timeout.max(Duration::from_millis(1)));
        return Err(transport::Error::Timeout);
    }
    for (to, from) in buffer.iter_mut().zip(out.drain(..count)) {
        *to = from;
    }
    Ok(count)
}

/// A partition of a profile, with calibration in it or without.
pub(crate) fn partition(name: &str, keep: bool) -> Partition {
    Partition {
        name: Spanned {
            value: name.to_owned(),
            span: 0..0,
        },
        start: 0,
        blocks: 10,
        keep,
    }
}

impl FarEnd for Scripted {
    fn host_reads(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, transport::Error> {
        let mut seen = self.seen.lock().unwrap();
        seen.reads += 1;
        if seen.reads > MOST_READS {
            return Err(transport::Error::Gone);
        }
        while let Some(step) = self.steps.pop_front() {
            if step.after > self.heard {
                self.steps.push_front(step);
                break;
            }
            self.heard = 0;
            self.out.extend(step.says);
        }
        if self.out.is_empty() && self.steps.is_empty() {
            match &self.then {
                Then::Silence => {}
                Then::Gone => return Err(transport::Error::Gone),
                Then::ForEver(bytes) => self.out.extend(bytes),
            }
        }
        says(&mut self.out, self.piece, buffer, (&self.clock, timeout))
    }

    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, transport::Error> {
        self.heard += bytes.len();
        self.seen.lock().unwrap().heard.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn transfer_ended(&mut self) -> Result<(), transport::Error> {
        Ok(())
    }
}
