//! Read and digest: sectors and their hash for the host.

use super::answers::{TURN, log, refuses, reply, response};
use super::command::Place;
use super::rates::{READ_RATE, at_rate};
use super::reading::{self, Reading};
use super::{Programmer, State};
use crate::plan::{FaultKind, Operation};
use crate::protocol::firehose::Element;
use crate::sim::world::World;

impl Programmer {
    pub(super) fn read(&mut self, world: &mut World, element: &Element) {
        let place = match Place::to_read(&world.nand, element, &self.partitions) {
            Ok(place) => place,
            Err(refusal) => return self.refuse(world, None, "read", refusal.text()),
        };
        let fault = world.strike(Operation::Read);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        if refuses(fault) {
            return self.refuse(world, fault, "read", "Reading failed");
        }
        let due = self.due(world, fault, TURN);
        reply(
            world,
            due,
            fault,
            response("ACK", &[("rawmode", "true".to_owned())]),
        );
        if matches!(fault, Some(FaultKind::LostReply | FaultKind::Garbage)) || world.want.is_some()
        {
            return;
        }
        let payload = u64::from(self.traits.max_payload);
        self.state = State::Reading(Reading::new(place, payload, due, fault));
        self.refill(world);
    }

    /// Makes the next sectors for the host once it has taken the last ones.
    pub(in crate::sim) fn refill(&mut self, world: &mut World) {
        let State::Reading(reading) = &mut self.state else {
            return;
        };
        if !world.outbox.is_empty() {
            return;
        }
        if let Some((due, bytes)) = reading.next(&world.nand) {
            world.outbox.send(due, bytes);
            return;
        }
        self.busy_until = reading.due().max(world.now);
        self.state = State::Idle;
        let due = self.due(world, None, TURN);
        let attributes = [("rawmode", "false".to_owned())];
        world.outbox.send(due, response("ACK", &attributes));
        let leftover = self.take_documents(world);
        self.write(world, &leftover);
    }

    /// The hash is in a log line, the response comes after it (protocols.md §6.4). The line's words are unverified.
    pub(super) fn digest(&mut self, world: &mut World, element: &Element) {
        let place = match Place::to_read(&world.nand, element, &self.partitions) {
            Ok(place) => place,
            Err(refusal) => return self.refuse(world, None, "getsha256digest", refusal.text()),
        };
        let fault = world.strike(Operation::Digest);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        let hash = reading::sha256(&world.nand, place);
        let (Ok(hash), false) = (hash, refuses(fault)) else {
            return self.refuse(world, fault, "getsha256digest", "Digest failed");
        };
        let bytes = place.count.saturating_mul(world.nand.page_bytes() as u64);
        let due = self.due(world, fault, TURN + at_rate(bytes, READ_RATE));
        world.remark(due, fault, log(&format!("Digest {hash}")));
        reply(world, due, fault, response("ACK", &[]));
    }
}
