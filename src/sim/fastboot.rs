//! The boot loader's fastboot: the modem's side, as LK of the `MDM9x07` has it.
//!
//! `LK` is `Biktorgj/quectel_lk` (`app/aboot/fastboot.c`, `app/aboot/aboot.c`, `platform/msm_shared/qpic_nand.c`), a
//! community build from the vendor's sources; that Quectel's own binary does the same is unverified.

use super::image::{BOOT_MAGIC, BOOTED};
use super::record::RecordKind;
use super::world::{Next, Want, World, slowed};
use crate::files::hex;
use crate::plan::{FaultKind, Mode, Operation, Profile};
use crate::protocol::fastboot::{Command, MAX_COMMAND, MAX_REPLY_OF_LK, Reply};
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::time::Duration;

/// What LK publishes on a module with 128 MiB of RAM (`target/mdm9607/rules.mk`: 28 and 41 MiB).
const MAX_DOWNLOAD: u32 = 0x0450_0000;
/// LK's `fastboot_init`.
const VERSION: &str = "0.5";
/// Bytes that LK reads at once (`MAX_USBFS_BULK_SIZE`).
const REQUEST: usize = 32 * 1024;
/// A packet at high speed; a shorter one ends what LK reads.
const PACKET: usize = 512;

/// From a command to its reply, where nothing has to be done; made up.
const TURN: Duration = Duration::from_millis(1);
/// From OKAY to an empty bus; made up.
const LEAVING: Duration = Duration::from_millis(20);
/// Per block; of the programmer, which has the same chip (protocols.md §7.1).
const ERASE_OF_A_BLOCK: Duration = Duration::from_micros(1245);
const PROGRAM_RATE: u64 = 3_830_000;

/// A boot loader that waits for commands.
#[derive(Debug)]
pub(super) struct Lk {
    partitions: Vec<(String, Range<u32>)>,
    variables: Vec<(&'static str, String)>,
    state: State,
    /// What was downloaded last; it stays there after it was flashed.
    staged: Vec<u8>,
    /// The end of what was asked so far.
    busy_until: Duration,
}

#[derive(Debug)]
enum State {
    Commands,
    /// So many bytes of a download are still to come.
    Data {
        left: usize,
        /// Of the final reply.
        fault: Option<FaultKind>,
    },
    /// A download ended early: LK hears nothing any more until USB comes up again (`STATE_ERROR`).
    Deaf,
    Leaving,
}

impl Lk {
    pub(super) fn new(profile: &Profile, serial: u32, world: &World) -> Self {
        let partitions = profile.partitions.iter().map(|partition| {
            let end = partition.start.saturating_add(partition.blocks);
            (partition.name.value.clone(), partition.start..end)
        });
        // LK names its build target, which is not in the profile: the chip stands for it. Sizes of partitions are not
        // published for a NAND (`aboot_fastboot_register_commands`).
        let variables = vec![
            ("version", VERSION.to_owned()),
            ("product", profile.chip.value.clone()),
            ("kernel", "lk".to_owned()),
            ("serialno", format!("{serial:x}")),
            ("max-download-size", format!("\t0x{MAX_DOWNLOAD:x}")),
            ("version-bootloader", String::new()),
            ("version-baseband", String::new()),
        ];
        Self {
            partitions: partitions.collect(),
            variables,
            state: State::Commands,
            staged: Vec::new(),
            busy_until: world.now,
        }
    }

    /// Bytes of one transfer of the host.
    pub(super) fn write(&mut self, world: &mut World, bytes: &[u8]) {
        let mut rest = bytes;
        let short = !bytes.len().is_multiple_of(PACKET);
        while !rest.is_empty() && world.want.is_none() {
            match &self.state {
                State::Commands => {
                    let (command, others) = rest.split_at(rest.len().min(MAX_COMMAND));
                    rest = others;
                    self.command(world, command);
                }
                State::Data { left, .. } => {
                    let request = REQUEST - self.staged.len() % REQUEST;
                    let (data, others) = rest.split_at(rest.len().min(*left).min(request));
                    rest = others;
                    self.data(world, data);
                }
                State::Deaf | State::Leaving => return,
            }
        }
        // A short packet within a download is its end for LK, which then gives up (`hsusb_usb_read`, `cmd_download`).
        if short && matches!(self.state, State::Data { .. }) && !self.staged.is_empty() {
            self.state = State::Deaf;
        }
    }

    /// A packet of no length is read like any other: as a command, or as the end of a download.
    pub(super) fn empty_packet(&mut self, world: &mut World) {
        match self.state {
            State::Commands => self.command(world, &[]),
            State::Data { .. } => self.state = State::Deaf,
            State::Deaf | State::Leaving => {}
        }
    }

    fn command(&mut self, world: &mut World, packet: &[u8]) {
        match Command::parse(packet) {
            Some(Command::Getvar(name)) => self.getvar(world, &name),
            Some(Command::Download(bytes)) => self.download(world, bytes),
            Some(Command::Flash(part)) => self.flash(world, &part),
            Some(Command::Erase(part)) => self.erase(world, &part),
            Some(Command::Reboot | Command::Continue) => {
                self.reboot(world, "reboot", Next::Restart);
            }
            Some(Command::RebootBootloader) => {
                let mode = Mode::Fastboot;
                self.reboot(world, "reboot-bootloader", Next::Into { mode });
            }
            None => {
                world.refused("fastboot", "unknown command");
                self.reply(world, None, TURN, &Reply::Fail("unknown command".into()));
            }
        }
    }

    fn getvar(&mut self, world: &mut World, name: &str) {
        let fault = world.strike(Operation::Getvar);
        match fault {
            Some(FaultKind::Timeout) => return,
            Some(FaultKind::Nak) => {
                return self.refuse(world, fault, "getvar", "unknown variable");
            }
            _ => {}
        }
        if name == "all" {
            let lines = self.variables.clone();
            for (name, value) in lines {
                let line = Reply::Info(format!("{name}:{value}"));
                let due = self.due(world, fault, TURN);
                world.remark(due, fault, line.encode(MAX_REPLY_OF_LK));
            }
            return self.reply(world, fault, TURN, &Reply::Okay(String::new()));
        }
        // One that is not known has no value, and is no error.
        let found = self.variables.iter().find(|(known, _)| *known == name);
        let value = found.map_or_else(String::new, |(_, value)| value.clone());
        self.reply(world, fault, TURN, &Reply::Okay(value));
    }

    fn download(&mut self, world: &mut World, bytes: u32) {
        let fault = world.strike(Operation::Download);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        self.staged.clear();
        if bytes > MAX_DOWNLOAD || fault == Some(FaultKind::Nak) {
            return self.refuse(world, fault, "download", "data too large");
        }
        self.reply(world, fault, TURN, &Reply::Data(bytes));
        let left = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.state = State::Data { left, fault: None };
        if left == 0 {
            self.downloaded(world, None);
        }
    }

    fn data(&mut self, world: &mut World, data: &[u8]) {
        let State::Data { left, fault } = &mut self.state else {
            return;
        };
        if self.staged.len().is_multiple_of(REQUEST) {
            let struck = world.strike(Operation::Data);
            *fault = struck.or(*fault);
        }
        if world.want.is_some() {
            return;
        }
        self.staged.extend_from_slice(data);
        *left = left.saturating_sub(data.len());
        if *left == 0 {
            let fault = *fault;
            self.downloaded(world, fault);
        }
    }

    fn downloaded(&mut self, world: &mut World, fault: Option<FaultKind>) {
        self.state = State::Commands;
        if fault == Some(FaultKind::Nak) {
            return self.refuse(world, fault, "download", "data too large");
        }
        self.reply(world, fault, TURN, &Reply::Okay(String::new()));
    }

    fn flash(&mut self, world: &mut World, part: &str) {
        let fault = world.strike(Operation::Flash);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        let Some(blocks) = self.blocks_of(part) else {
            // LK takes an unknown name for a UBI volume of the system.
            return self.refuse(world, None, "flash", "update_ubi_vol failed");
        };
        // Only from an image for booting (`cmd_flash_nand`).
        if BOOTED.contains(&part) && !self.staged.starts_with(&BOOT_MAGIC) {
            return self.refuse(world, None, "flash", "Image is not a boot image");
        }
        if fault == Some(FaultKind::Nak) {
            return self.refuse(world, fault, "flash", "flash write failure");
        }
        let pages = pages_of(world, &blocks);
        let page_bytes = world.nand.page_bytes();
        let start = pages.start;
        let count = self.staged.len().div_ceil(page_bytes) as u64;
        world.record(RecordKind::Erase {
            start,
            count: pages.end - start,
        });
        world.record(RecordKind::ProgramBegin { start, count });
        for block in blocks.clone() {
            world.nand.erase(block);
        }
        let staged = std::mem::take(&mut self.staged);
        let written = write(world, &staged, start, blocks.end, fault);
        let sha256 = hex(&Sha256::digest(&staged));
        let bytes = staged.len() as u64;
        self.staged = staged;
        let erased = ERASE_OF_A_BLOCK.saturating_mul(blocks.end - blocks.start);
        let time = erased + Duration::from_micros(bytes.saturating_mul(1_000_000) / PROGRAM_RATE);
        match written {
            Written::All => {
                world.record(RecordKind::Program {
                    start,
                    count,
                    sha256,
                });
                self.reply(world, fault, time, &Reply::Okay(String::new()));
            }
            Written::Part => {
                world.refused("flash", "flash write failure");
                let reply = Reply::Fail("flash write failure".into());
                self.reply(world, fault, time, &reply);
            }
            Written::Left => {}
        }
    }

    fn erase(&mut self, world: &mut World, part: &str) {
        let fault = world.strike(Operation::FastbootErase);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        let Some(blocks) = self.blocks_of(part) else {
            return self.refuse(world, None, "erase", "unknown partition name");
        };
        if fault == Some(FaultKind::Nak) {
            return self.refuse(world, fault, "erase", "failed to erase partition");
        }
        let pages = pages_of(world, &blocks);
        world.record(RecordKind::Erase {
            start: pages.start,
            count: pages.end - pages.start,
        });
        // A plug pulled in an erase leaves half of it undone.
        let done = match world.want {
            Some(_) => blocks.start + (blocks.end - blocks.start) / 2,
            None => blocks.end,
        };
        if fault != Some(FaultKind::AckButLost) {
            for block in blocks.start..done {
                world.nand.erase(block);
            }
        }
        let time = ERASE_OF_A_BLOCK.saturating_mul(blocks.end - blocks.start);
        self.reply(world, fault, time, &Reply::Okay(String::new()));
    }

    fn reboot(&mut self, world: &mut World, what: &str, next: Next) {
        let fault = world.strike(Operation::FastbootReboot);
        match fault {
            Some(FaultKind::Timeout) => return,
            Some(FaultKind::Nak) => return self.refuse(world, fault, what, "unknown reason"),
            _ if world.want.is_some() => return,
            _ => {}
        }
        let what = what.to_owned();
        world.record(RecordKind::Power { what });
        self.reply(world, fault, TURN, &Reply::Okay(String::new()));
        self.state = State::Leaving;
        world.want = Some(Want::Leave {
            at: self.busy_until + LEAVING,
            next,
        });
    }

    fn refuse(&mut self, world: &mut World, fault: Option<FaultKind>, what: &str, because: &str) {
        world.refused(what, because);
        self.reply(world, fault, TURN, &Reply::Fail(because.to_owned()));
    }

    fn reply(
        &mut self,
        world: &mut World,
        fault: Option<FaultKind>,
        time: Duration,
        reply: &Reply,
    ) {
        let due = self.due(world, fault, time);
        world.answer(due, fault, reply.encode(MAX_REPLY_OF_LK));
    }

    fn due(&mut self, world: &World, fault: Option<FaultKind>, time: Duration) -> Duration {
        self.busy_until = self.busy_until.max(world.now) + slowed(time, fault);
        self.busy_until
    }

    fn blocks_of(&self, part: &str) -> Option<Range<u32>> {
        let found = self.partitions.iter().find(|(name, _)| name == part);
        found.map(|(_, blocks)| blocks.clone())
    }
}

/// How far an image came.
enum Written {
    All,
    /// The partition has no room for all of it.
    Part,
    /// The modem left in the middle.
    Left,
}

/// Page by page, bad blocks left out, the last page filled with zeros (`flash_write`, `cmd_flash_nand`). That LK takes
/// spare bytes with some images that are no UBI is left out.
fn write(
    world: &mut World,
    image: &[u8],
    start: u64,
    end: u32,
    fault: Option<FaultKind>,
) -> Written {
    let page_bytes = world.nand.page_bytes();
    let mut pages = world.nand.good_pages(start, end);
    let half = image.len() / page_bytes / 2;
    for (number, part) in image.chunks(page_bytes).enumerate() {
        if world.want.is_some() && number >= half {
            return Written::Left;
        }
        let Some(page) = pages.next(&world.nand) else {
            return Written::Part;
        };
        if fault == Some(FaultKind::AckButLost) {
            world.nand.corrupt(page);
            continue;
        }
        let mut bytes = part.to_vec();
        bytes.resize(page_bytes, 0);
        let flipped = fault == Some(FaultKind::BitFlip) && number == 0;
        if flipped && let Some(byte) = bytes.last_mut() {
            *byte ^= 1;
        }
        if world.nand.program(page, &bytes).is_err() {
            return Written::Part;
        }
        if flipped {
            world.nand.corrupt(page);
        }
    }
    if world.want.is_some() {
        Written::Left
    } else {
        Written::All
    }
}

fn pages_of(world: &World, blocks: &Range<u32>) -> Range<u64> {
    let per_block = world.nand.pages_per_block();
    u64::from(blocks.start) * per_block..u64::from(blocks.end) * per_block
}
