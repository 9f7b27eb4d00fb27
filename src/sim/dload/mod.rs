//! The streaming loader: the modem's side of Streaming DLOAD, as the loaders of `MDM9x07` have it.
//!
//! Order and words are those of hostdl, whose strings stand in `eg25:update/ENPRG9x07.mbn`, too. What happens inside the
//! flash is a reading: blocks are erased as they are written, and what is left of a page is written at the close.
//! Quectel's download flag is acknowledged and does nothing here.

mod open;
mod table;

use super::record::RecordKind;
use super::world::{Next, Want, World, slowed};
use crate::plan::{FaultKind, Operation, Partition, Profile};
use crate::protocol::dload::{
    Code, Greeting, MAX_DATA, MAX_VERSION, MIN_VERSION, Malformed, Reply, Request,
};
use crate::protocol::hdlc::{self, Deframer};
use open::Open;
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
