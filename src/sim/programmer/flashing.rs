//! Erase, program and patch: what changes the flash.

use super::answers::{TURN, leaves, log, refuses, reply, response};
use super::command::{self, Place};
use super::rates::scaled;
use super::raw::Raw;
use super::{Programmer, State};
use crate::plan::{FaultKind, Operation};
use crate::protocol::firehose::Element;
use crate::sim::RecordKind;
use crate::sim::world::World;
use std::time::Duration;

/// The bad-block scan of the first erase (protocols.md §6.5, measured).
const SCAN: Duration = Duration::from_millis(460);
/// Erasing nearly all of 2048 blocks takes 2.55 s (protocols.md §7.1, measured).
const ERASE_OF_2048_BLOCKS: Duration = Duration::from_millis(2550);
/// An erase that happens after it was acknowledged; made up.
const LATE_ERASE: Duration = Duration::from_secs(2);

impl Programmer {
    pub(super) fn erase(&mut self, world: &mut World, element: &Element) {
        let blocks = match command::blocks_to_erase(&world.nand, element) {
            Ok(blocks) => blocks,
            Err(refusal) => return self.refuse(world, None, "erase", refusal.text()),
        };
        let fault = world.strike(Operation::Erase);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        if refuses(fault) {
            return self.refuse(world, fault, "erase", "Erase failed");
        }
        if fault == Some(FaultKind::BadBlock) {
            world.nand.wear_out(blocks.clone());
        }
        let per_block = world.nand.pages_per_block();
        let count = u64::from(blocks.end - blocks.start);
        world.record(RecordKind::Erase {
            start: u64::from(blocks.start) * per_block,
            count: count * per_block,
        });
        // A plug pulled in an erase leaves half of it undone.
        let done = if fault.is_some_and(leaves) {
            blocks.start + (blocks.end - blocks.start) / 2
        } else {
            blocks.end
        };
        if fault == Some(FaultKind::LateErase) {
            let after = world.faults.told().duration(LATE_ERASE);
            let due = world.now.saturating_add(after);
            world.late_erases.push((due, blocks.clone()));
        } else if fault != Some(FaultKind::AckButLost) {
            for block in blocks.start..done {
                world.nand.erase(block);
            }
        }
        let scan = if self.scanned { Duration::ZERO } else { SCAN };
        self.scanned = true;
        let time = scan + scaled(ERASE_OF_2048_BLOCKS, count, 2048);
        let due = self.due(world, fault, time);
        // SDX55 says `num sectors 0` of an erase that worked (protocols.md §1 fact 7, measured).
        let start = u64::from(blocks.start) * per_block;
        let text = format!("Erasing start sector {start}, num sectors 0");
        world.remark(due, fault, log(&text));
        reply(world, due, fault, response("ACK", &[]));
    }

    pub(super) fn program(&mut self, world: &mut World, element: &Element) {
        let place = match Place::to_program(&world.nand, element, &self.partitions) {
            Ok(place) => place,
            Err(refusal) => return self.refuse(world, None, "program", refusal.text()),
        };
        let fault = world.strike(Operation::Program);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        if fault == Some(FaultKind::BadBlock) {
            let per_block = world.nand.pages_per_block();
            let block = |page: u64| u32::try_from(page / per_block).unwrap_or(u32::MAX);
            let end = place.start.saturating_add(place.count.max(1) - 1);
            world.nand.wear_out(block(place.start)..block(end) + 1);
        }
        if refuses(fault) {
            return self.refuse(world, fault, "program", "Programming failed");
        }
        world.record(RecordKind::ProgramBegin {
            start: place.start,
            count: place.count,
        });
        let due = self.due(world, fault, TURN);
        // A transfer each: over libusb every read of qdl holds one document (linux-msm/qdl commit 0512c0b).
        let text = format!("start {}, num {}", place.start, place.count);
        world.remark(due, fault, log(&text));
        let ready = response("ACK", &[("rawmode", "true".to_owned())]);
        reply(world, due, fault, ready);
        let payload = u64::from(self.traits.max_payload);
        let raw = Raw::new(world, place, payload, fault, self.busy_until);
        self.state = State::Raw(Box::new(raw));
    }

    pub(super) fn finish_raw(&mut self, world: &mut World) {
        let State::Raw(raw) = std::mem::replace(&mut self.state, State::Idle) else {
            return;
        };
        let outcome = raw.finish();
        let due = self.due(world, outcome.fault, TURN);
        if let Some(because) = outcome.refused {
            world.refused("program", because);
            world.outbox.send(due, log(because));
            let attributes = [("rawmode", "false".to_owned())];
            world.outbox.send(due, response("NAK", &attributes));
            return;
        }
        world.record(RecordKind::Program {
            start: outcome.start,
            count: outcome.count,
            sha256: outcome.sha256,
        });
        let attributes = [("rawmode", "false".to_owned())];
        // MSM8916 logs after the response, too (protocols.md §6.1).
        let end = outcome.start + outcome.count;
        let finished = log(&format!("Finished sector address {end}"));
        let mut ack = response("ACK", &attributes);
        if outcome.fault == Some(FaultKind::Join) {
            ack.extend(finished);
            world.answer(due, outcome.fault, ack);
        } else {
            reply(world, due, outcome.fault, ack);
            world.remark(due + TURN, outcome.fault, finished);
        }
    }

    pub(super) fn patch(&mut self, world: &mut World, element: &Element) {
        // Patches of host files are none of the modem's business (protocols.md §6.4).
        if element.attribute("filename") != Some("DISK") {
            return self.ack(world, None, TURN, &[]);
        }
        match command::patch(&mut world.nand, element) {
            Ok((sector, offset)) => {
                world.record(RecordKind::Patch { sector, offset });
                self.ack(world, None, TURN, &[]);
            }
            Err(refusal) => self.refuse(world, None, "patch", refusal.text()),
        }
    }
}
