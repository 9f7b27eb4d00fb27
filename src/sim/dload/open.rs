//! A partition that is open: its bytes go to the flash as they come.

use super::{BLANK, ERASE_OF_A_BLOCK, Loader, TURN, at_rate, first_page};
use crate::files::hex;
use crate::plan::{FaultKind, Operation};
use crate::protocol::dload::{BY_NAME, Code, MAX_NAME, OpenStatus, Reply};
use crate::sim::nand::GoodPages;
use crate::sim::record::RecordKind;
use crate::sim::world::World;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A partition that is being written.
#[derive(Debug)]
pub(super) struct Open {
    start: u64,
    pages: GoodPages,
    /// The place of the next byte.
    next: u32,
    /// Less than a page.
    page: Vec<u8>,
    programmed: u64,
    /// The block that was erased last for it.
    erased: Option<u64>,
    /// What befalls the page that is not full yet.
    fault: Option<FaultKind>,
    hash: Sha256,
}

impl Loader {
    pub(super) fn open(&mut self, world: &mut World, mode: u8, payload: &[u8]) {
        let what = "open";
        let fault = world.strike(Operation::DloadOpen);
        if fault == Some(FaultKind::Timeout) || world.want.is_some() {
            return;
        }
        let missing = match (&self.table, self.secured) {
            (_, false) => Some("No security mode received before open multi"),
            (None, true) => Some("No partition table received before open multi"),
            (Some(_), true) => None,
        };
        if let Some(words) = missing {
            return self.refuse(world, fault, what, (Code::OUT_OF_SEQUENCE, words));
        }
        let status = match payload.len() {
            0 => Some(OpenStatus::PayloadNeeded),
            length if length > MAX_NAME => Some(OpenStatus::TooLong),
            _ => None,
        };
        if let Some(status) = status {
            world.refused(what, "payload");
            return self.say(world, fault, TURN, &Reply::OpenMulti(status));
        }
        let name = payload.strip_suffix(&[0]).unwrap_or(payload);
        let found = self
            .table
            .iter()
            .flatten()
            .find(|(own, _)| own.as_bytes() == name);
        let Some((_, blocks)) = found.filter(|_| mode == BY_NAME && fault != Some(FaultKind::Nak))
        else {
            let why = (Code::FAILED, "Open multi failed, unknown error");
            return self.refuse(world, fault, what, why);
        };
        let start = first_page(world, blocks.start);
        let count = first_page(world, blocks.end) - start;
        self.open = Some(Open {
            start,
            pages: world.nand.good_pages(start, blocks.end),
            next: 0,
            page: Vec::new(),
            programmed: 0,
            erased: None,
            fault: None,
            hash: Sha256::new(),
        });
        world.record(RecordKind::ProgramBegin { start, count });
        self.say(world, fault, TURN, &Reply::OpenMulti(OpenStatus::Opened));
    }

    pub(super) fn stream(&mut self, world: &mut World, address: u32, data: &[u8]) {
        let what = "write";
        let fault = world.strike(Operation::DloadWrite);
        if fault == Some(FaultKind::Timeout) || world.want.is_some() {
            return;
        }
        let why = (Code::FAILED, "Write unsuccessful");
        let Some(open) = self.open.as_mut().filter(|open| open.next == address) else {
            return self.refuse(world, fault, what, why);
        };
        if fault == Some(FaultKind::Nak) {
            return self.refuse(world, fault, what, why);
        }
        open.hash.update(data);
        open.next = open
            .next
            .saturating_add(u32::try_from(data.len()).unwrap_or(u32::MAX));
        open.page.extend_from_slice(data);
        if matches!(fault, Some(FaultKind::AckButLost | FaultKind::BitFlip)) {
            open.fault = fault;
        }
        let page = world.nand.page_bytes();
        let mut time = at_rate(data.len());
        while open.page.len() >= page {
            let whole: Vec<u8> = open.page.drain(..page).collect();
            match open.program(world, whole) {
                Some(more) => time += more,
                None => return self.refuse(world, fault, what, why),
            }
        }
        self.say(world, fault, time, &Reply::Written { address });
    }

    pub(super) fn close(&mut self, world: &mut World) {
        let what = "close";
        let fault = world.strike(Operation::DloadClose);
        if fault == Some(FaultKind::Timeout) || world.want.is_some() {
            return;
        }
        let Some(mut open) = self.open.take() else {
            let why = (
                Code::OUT_OF_SEQUENCE,
                "Cannot close when not previously opened",
            );
            return self.refuse(world, fault, what, why);
        };
        let failed = (Code::FAILED, "Close failed");
        if fault == Some(FaultKind::Nak) {
            self.open = Some(open);
            return self.refuse(world, fault, what, failed);
        }
        let mut time = TURN;
        if !open.page.is_empty() {
            let mut rest = std::mem::take(&mut open.page);
            rest.resize(world.nand.page_bytes(), BLANK);
            match open.program(world, rest) {
                Some(more) => time += more,
                None => return self.refuse(world, fault, what, failed),
            }
        }
        world.record(RecordKind::Program {
            start: open.start,
            count: open.programmed,
            sha256: hex(&open.hash.finalize()),
        });
        self.say(world, fault, time, &Reply::Closed);
    }
}

impl Open {
    /// Programs one whole page, its block erased before the first of it; `None` where the partition has no room.
    fn program(&mut self, world: &mut World, mut page: Vec<u8>) -> Option<Duration> {
        let number = self.pages.next(&world.nand)?;
        let per_block = world.nand.pages_per_block();
        let block = number / per_block;
        let mut time = Duration::ZERO;
        if self.erased != Some(block) {
            self.erased = Some(block);
            let start = block * per_block;
            world.record(RecordKind::Erase {
                start,
                count: per_block,
            });
            world.nand.erase(u32::try_from(block).ok()?);
            time = ERASE_OF_A_BLOCK;
        }
        self.programmed += 1;
        match self.fault.take() {
            Some(FaultKind::AckButLost) => world.nand.corrupt(number),
            Some(FaultKind::BitFlip) => {
                if let Some(byte) = page.last_mut() {
                    *byte ^= 1;
                }
                world.nand.program(number, &page).ok()?;
                world.nand.corrupt(number);
            }
            _ => world.nand.program(number, &page).ok()?,
        }
        Some(time)
    }
}
