//! The streaming loader: the modem's side of Streaming DLOAD, as the loaders of `MDM9x07` have it.
//!
//! Order and words are those of hostdl, whose strings stand in `eg25:update/ENPRG9x07.mbn`, too. What happens inside the
//! flash is a reading: blocks are erased as they are written, and what is left of a page is written at the close.
//! Quectel's download flag is acknowledged and does nothing here.

use super::mibib;
use super::nand::GoodPages;
use super::record::RecordKind;
use super::world::{Next, Want, World, slowed};
use crate::files::hex;
use crate::plan::{FaultKind, Operation, Partition, Profile};
use crate::protocol::dload::{
    BY_NAME, Code, Greeting, MAX_DATA, MAX_NAME, MAX_TABLE, MAX_VERSION, MIN_VERSION, Malformed,
    OpenStatus, Replace, Reply, Request, TableStatus, UserTable,
};
use crate::protocol::hdlc::{self, Deframer};
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::time::Duration;

/// What a loader has in it, and no programmer (`eg25:update/ENPRG9x07.mbn`).
pub(super) const WORDS: &[u8; 32] = b"QCOM fast download protocol targ";
/// The chip's name; made up.
const FLASH: &str = "NAND";
/// Writes that the loader takes at a time (hostdl: `NUMBER_OF_PACKETS`).
const WINDOW: u16 = 100;
/// Sectors that a HELLO has room for (hostdl: `MAX_BLOCKS_IN_REPLY`).
const SECTORS: u32 = 200;
/// A frame shorter than its checksum and a byte is dropped without a word (hostdl: `process_current_packet`).
const SHORTEST: usize = 3;
const BLANK: u8 = 0xff;

/// From a request to its reply, where nothing has to be done; made up.
const TURN: Duration = Duration::from_micros(500);
/// From the answer to a reset to an empty bus, as after the programmer's (protocols.md §6.6, measured there).
const LEAVING: Duration = Duration::from_millis(9);
/// Per block, and bytes a second; of the programmer, which has the same chip (protocols.md §7.1).
const ERASE_OF_A_BLOCK: Duration = Duration::from_micros(1245);
const PROGRAM_RATE: u64 = 3_830_000;

/// A loader that runs.
#[derive(Debug)]
pub(super) struct Loader {
    partitions: Vec<Partition>,
    deframer: Deframer,
    greeted: bool,
    secured: bool,
    /// The table that was accepted: name and blocks of each partition.
    table: Option<Vec<(String, Range<u32>)>>,
    open: Option<Open>,
    /// The end of what was asked so far.
    busy_until: Duration,
    leaving: bool,
}

/// A partition that is being written.
#[derive(Debug)]
struct Open {
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
    pub(super) fn new(profile: &Profile, world: &World) -> Self {
        Self {
            partitions: profile.partitions.clone(),
            deframer: Deframer::default(),
            greeted: false,
            secured: false,
            table: None,
            open: None,
            busy_until: world.now,
            leaving: false,
        }
    }

    /// Bytes of one transfer of the host.
    pub(super) fn write(&mut self, world: &mut World, bytes: &[u8]) {
        self.deframer.push(bytes);
        while world.want.is_none() && !self.leaving {
            match self.deframer.next_frame() {
                None => return,
                Some(Err(bad)) if bad.length < SHORTEST => {}
                Some(Err(_)) => self.say(world, None, TURN, &Reply::Log("ERR: CRC invalid".into())),
                Some(Ok(payload)) => self.obey(world, &payload),
            }
        }
    }

    fn obey(&mut self, world: &mut World, payload: &[u8]) {
        match Request::decode(payload) {
            Ok(Request::Hello { min_version, .. }) => self.hello(world, min_version),
            Err(Malformed::Magic) => self.refuse(
                world,
                None,
                "hello",
                (Code::INVALID_COMMAND, "Invalid magic number"),
            ),
            _ if !self.greeted => self.invalid(world),
            Ok(Request::Nop(echoed)) => self.say(world, None, TURN, &Reply::Nop(echoed)),
            Ok(Request::Security(_)) => {
                self.secured = true;
                self.say(world, None, TURN, &Reply::Security);
            }
            Ok(Request::Table { replaces, table }) => self.partition_table(world, replaces, &table),
            Ok(Request::OpenMulti { mode, payload }) => self.open(world, mode, &payload),
            Ok(Request::StreamWrite { address, data }) => self.stream(world, address, &data),
            Ok(Request::Close) => self.close(world),
            Ok(Request::Reset) => self.reset(world),
            Ok(Request::DownloadFlag(_)) => self.say(world, None, TURN, &Reply::DownloadFlag(0)),
            Ok(Request::PowerOff) => self.refuse(
                world,
                None,
                "power off",
                (Code::NO_POWER_OFF, "Power off not supported"),
            ),
            // Memory, not flash (hostdl: `do_read`): there is none here.
            Ok(Request::Read { .. }) => {
                self.refuse(world, None, "read", (Code::FAILED, "Read unsuccessful"));
            }
            Err(_) => self.invalid(world),
        }
    }

    fn hello(&mut self, world: &mut World, min_version: u8) {
        if min_version < MIN_VERSION {
            let why = (Code::INVALID_COMMAND, "Invalid protocol version");
            return self.refuse(world, None, "hello", why);
        }
        self.greeted = true;
        let (mut count, mut bytes) = (world.nand.blocks(), world.nand.block_bytes());
        while count > SECTORS {
            count /= 2;
            bytes *= 2;
        }
        let sector = u32::try_from(bytes).unwrap_or(u32::MAX);
        let greeting = Greeting {
            max_version: MAX_VERSION,
            min_version: MIN_VERSION,
            block: u32::try_from(MAX_DATA).unwrap_or(1024),
            flash: FLASH.to_owned(),
            window: WINDOW,
            sectors: vec![sector; usize::try_from(count).unwrap_or(0)],
            features: 0,
        };
        self.say(world, None, TURN, &Reply::Hello(greeting));
    }

    fn partition_table(&mut self, world: &mut World, replaces: Replace, bytes: &[u8]) {
        let what = "partition table";
        let fault = world.strike(Operation::DloadTable);
        if fault == Some(FaultKind::Timeout) || world.want.is_some() {
            return;
        }
        if !self.secured {
            let why = (
                Code::OUT_OF_SEQUENCE,
                "No security mode received before partition table",
            );
            return self.refuse(world, fault, what, why);
        }
        self.table = None;
        if bytes.len() > MAX_TABLE {
            let why = (Code::INVALID_LENGTH, "Partition table length exceeded");
            return self.refuse(world, fault, what, why);
        }
        if fault == Some(FaultKind::Nak) {
            let why = (Code::FAILED, "Unknown error accepting partition table");
            return self.refuse(world, fault, what, why);
        }
        let block_kib = u32::try_from(world.nand.block_bytes() / 1024).unwrap_or(0);
        let told = UserTable::decode(bytes).ok().and_then(|table| {
            let places = table.places(block_kib, world.nand.blocks()).ok()?;
            let names = table.entries.into_iter().map(|entry| entry.name);
            let ranges = places
                .into_iter()
                .map(|(start, count)| start..start + count);
            Some(names.zip(ranges).collect::<Vec<_>>())
        });
        let Some(told) = told else {
            world.refused(what, "not recognised");
            let reply = Reply::Table(TableStatus::NotRecognised);
            return self.say(world, fault, TURN, &reply);
        };
        let mut time = TURN;
        if !self.is_the_chips(world, &told) {
            if replaces == Replace::Never {
                world.refused(what, "differs");
                return self.say(world, fault, TURN, &Reply::Table(TableStatus::Differs));
            }
            time += self.replace_table(world, &told, bytes);
        }
        self.table = Some(told);
        self.say(world, fault, time, &Reply::Table(TableStatus::Accepted));
    }

    /// Whether the chip's own table is whole and has the same partitions.
    fn is_the_chips(&self, world: &World, told: &[(String, Range<u32>)]) -> bool {
        let Some(own) = self
            .partitions
            .iter()
            .find(|p| p.name.value == super::boot::TABLE)
        else {
            return false;
        };
        let page = world.nand.page_bytes();
        let mut pages = world
            .nand
            .good_pages(first_page(world, own.start), own.start + own.blocks);
        let mut bytes = vec![0; 4 * page];
        for part in bytes.chunks_mut(page) {
            if pages
                .next(&world.nand)
                .is_none_or(|number| world.nand.read(number, part).is_err())
            {
                return false;
            }
        }
        mibib::is_whole(&bytes, page) && self.is_laid_out_so(told)
    }

    fn is_laid_out_so(&self, told: &[(String, Range<u32>)]) -> bool {
        self.partitions.len() == told.len()
            && self
                .partitions
                .iter()
                .zip(told)
                .all(|(own, (name, blocks))| {
                    mibib::entry_name(&own.name).eq_ignore_ascii_case(name)
                        && own.start == blocks.start
                        && own.blocks <= blocks.end - blocks.start
                })
    }

    /// Writes the chip's table anew. A layout that is not this chip's leaves one that its boot loader does not take.
    fn replace_table(
        &self,
        world: &mut World,
        told: &[(String, Range<u32>)],
        bytes: &[u8],
    ) -> Duration {
        let Some(own) = self
            .partitions
            .iter()
            .find(|p| p.name.value == super::boot::TABLE)
        else {
            return Duration::ZERO;
        };
        let page = world.nand.page_bytes();
        let start = first_page(world, own.start);
        let count = first_page(world, own.start + own.blocks) - start;
        world.record(RecordKind::Erase { start, count });
        for block in own.start..own.start + own.blocks {
            world.nand.erase(block);
        }
        let content = if self.is_laid_out_so(told) {
            mibib::encode(&self.partitions, page)
        } else {
            bytes.to_vec()
        };
        let mut pages = world.nand.good_pages(start, own.start + own.blocks);
        for part in content.chunks(page) {
            let mut whole = part.to_vec();
            whole.resize(page, BLANK);
            if let Some(number) = pages.next(&world.nand) {
                // A page that cannot be kept is one of a table that is not whole.
                let _ = world.nand.program(number, &whole);
            }
        }
        world.record(RecordKind::Program {
            start,
            count: content.len().div_ceil(page) as u64,
            sha256: hex(&Sha256::digest(&content)),
        });
        ERASE_OF_A_BLOCK.saturating_mul(own.blocks)
    }

    fn open(&mut self, world: &mut World, mode: u8, payload: &[u8]) {
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

    fn stream(&mut self, world: &mut World, address: u32, data: &[u8]) {
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

    fn close(&mut self, world: &mut World) {
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

    fn reset(&mut self, world: &mut World) {
        let what = "reset";
        let fault = world.strike(Operation::Power);
        if fault == Some(FaultKind::Timeout) || world.want.is_some() {
            return;
        }
        if self.open.is_some() {
            let why = (Code::OUT_OF_SEQUENCE, "Cannot reset before close");
            return self.refuse(world, fault, what, why);
        }
        if fault == Some(FaultKind::ErrorOnReset) {
            return self.refuse(world, fault, what, (Code::FAILED, "Reset failed"));
        }
        world.record(RecordKind::Power { what: what.into() });
        self.say(world, fault, TURN, &Reply::Reset);
        self.leaving = true;
        world.want = Some(Want::Leave {
            at: self.busy_until + LEAVING,
            next: Next::Restart,
        });
    }

    fn invalid(&mut self, world: &mut World) {
        self.refuse(
            world,
            None,
            "dload",
            (Code::INVALID_COMMAND, "Invalid Command"),
        );
    }

    /// The words come as a log first, and with the error once more (hostdl: `transmit_error`).
    fn refuse(
        &mut self,
        world: &mut World,
        fault: Option<FaultKind>,
        what: &str,
        (code, words): (Code, &str),
    ) {
        world.refused(what, words);
        let log = Reply::Log(format!("{words}\n"));
        let due = self.due(world, fault, TURN);
        world.remark(due, fault, framed(&log));
        let text = words.to_owned();
        self.say(world, fault, Duration::ZERO, &Reply::Error { code, text });
    }

    fn say(&mut self, world: &mut World, fault: Option<FaultKind>, time: Duration, reply: &Reply) {
        let due = self.due(world, fault, time);
        world.answer(due, fault, framed(reply));
    }

    fn due(&mut self, world: &World, fault: Option<FaultKind>, time: Duration) -> Duration {
        self.busy_until = self.busy_until.max(world.now) + slowed(time, fault);
        self.busy_until
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

/// A loader puts a flag in front of each frame, too (hostdl: `force_xmit_reply`).
fn framed(reply: &Reply) -> Vec<u8> {
    let mut frame = vec![0x7e];
    frame.extend(hdlc::encode(&reply.encode()));
    frame
}

fn first_page(world: &World, block: u32) -> u64 {
    u64::from(block) * world.nand.pages_per_block()
}

fn at_rate(bytes: usize) -> Duration {
    Duration::from_nanos(bytes as u64 * 1_000_000_000 / PROGRAM_RATE)
}
