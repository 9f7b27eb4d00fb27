//! Raw sectors from the host: counted exactly, programmed as they come.

use super::command::Place;
use super::rates::{PROGRAM_RATE, at_rate};
use crate::files::hex;
use crate::plan::{FaultKind, Operation};
use crate::sim::world::{World, slowed};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A program command whose data are coming.
#[derive(Debug)]
pub(super) struct Raw {
    place: Place,
    left: u64,
    page: Vec<u8>,
    hash: Sha256,
    payload: u64,
    /// Bytes until the next payload begins.
    payload_left: u64,
    /// The fault of the payload that is coming.
    fault: Option<FaultKind>,
    /// A fault of the whole command: nothing is stored, or one bit is wrong.
    command_fault: Option<FaultKind>,
    /// The fault of the final answer.
    answer_fault: Option<FaultKind>,
    refused: Option<&'static str>,
    busy_until: Duration,
}

/// How a program command ended.
pub(super) struct Outcome {
    pub start: u64,
    pub count: u64,
    pub sha256: String,
    pub fault: Option<FaultKind>,
    pub refused: Option<&'static str>,
}

impl Raw {
    pub(super) fn new(
        world: &World,
        place: Place,
        payload: u64,
        command_fault: Option<FaultKind>,
        busy_until: Duration,
    ) -> Self {
        Self {
            place,
            left: place.count.saturating_mul(world.nand.page_bytes() as u64),
            page: Vec::with_capacity(world.nand.page_bytes()),
            hash: Sha256::new(),
            payload: payload.max(1),
            payload_left: 0,
            fault: None,
            command_fault,
            answer_fault: None,
            refused: None,
            busy_until: busy_until.max(world.now),
        }
    }

    pub(super) fn busy_until(&self) -> Duration {
        self.busy_until
    }

    /// Takes bytes off the front of `bytes`; whether the last one has come.
    pub(super) fn take(&mut self, world: &mut World, bytes: &mut &[u8]) -> bool {
        while self.left > 0 && !bytes.is_empty() && world.want.is_none() {
            if self.payload_left == 0 {
                self.begin_payload(world);
                continue;
            }
            let room = (world.nand.page_bytes() - self.page.len()) as u64;
            let wanted = room.min(self.left).min(self.payload_left);
            let wanted = usize::try_from(wanted)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let (taken, rest) = bytes.split_at(wanted);
            *bytes = rest;
            self.hash.update(taken);
            self.page.extend_from_slice(taken);
            self.left -= wanted as u64;
            self.payload_left -= wanted as u64;
            if self.page.len() == world.nand.page_bytes() {
                self.store(world);
            }
        }
        self.left == 0
    }

    fn begin_payload(&mut self, world: &mut World) {
        self.payload_left = self.payload.min(self.left);
        self.fault = world.strike(Operation::Raw);
        match self.fault {
            Some(FaultKind::Nak) => self.refused = Some("Programming failed"),
            // These change what is stored, or the time that it takes.
            Some(FaultKind::AckButLost | FaultKind::BitFlip | FaultKind::Slow) | None => {}
            _ => self.answer_fault = self.fault,
        }
        let time = slowed(at_rate(self.payload_left, PROGRAM_RATE), self.fault);
        self.busy_until = self.busy_until.max(world.now) + time;
    }

    fn store(&mut self, world: &mut World) {
        let Some(number) = self.place.pages.next(&world.nand) else {
            // The range was counted before, so this page is the fault of nobody but us.
            self.refused = Some("Programming failed");
            return;
        };
        let faults = [self.command_fault, self.fault];
        if faults.contains(&Some(FaultKind::AckButLost)) {
            world.nand.corrupt(number);
        } else {
            let flipped = faults.contains(&Some(FaultKind::BitFlip));
            if flipped && let Some(byte) = self.page.last_mut() {
                *byte ^= 1;
            }
            if world.nand.program(number, &self.page).is_err() {
                self.refused = Some("the storage failed");
            }
            if flipped {
                world.nand.corrupt(number);
                self.fault = None;
                self.command_fault = None;
            }
        }
        self.page.clear();
    }

    pub(super) fn finish(self) -> Outcome {
        Outcome {
            start: self.place.start,
            count: self.place.count,
            sha256: hex(&self.hash.finalize()),
            fault: self.answer_fault,
            refused: self.refused,
        }
    }
}
