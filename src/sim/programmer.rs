//! The programmer in RAM: the modem's side of Firehose (protocols.md §6, §7).

mod command;
mod raw;
mod reading;

use super::world::{Next, Want, World, slowed};
use crate::plan::{Banner, FaultKind, Operation, Profile, ProgrammerTraits};
use crate::protocol::firehose::{Element, Scanner};
use command::{Place, Refusal};
use raw::Raw;
use reading::Reading;
use std::ops::Range;
use std::time::Duration;

/// From `DONE_RESPONSE` to the first log (protocols.md §6.2, measured on SDX55).
const WAKING: Duration = Duration::from_secs(1);
/// From a command to its answer, where nothing has to be done.
const TURN: Duration = Duration::from_millis(1);
/// From the answer of `power` to an empty bus (protocols.md §6.6, measured).
const LEAVING: Duration = Duration::from_millis(9);
/// The bad-block scan of the first erase (protocols.md §6.5, measured).
const SCAN: Duration = Duration::from_millis(460);
/// Erasing nearly all of 2048 blocks takes 2.55 s (protocols.md §7.1, measured).
const ERASE_OF_2048_BLOCKS: Duration = Duration::from_millis(2550);
/// Bytes a second while programming (protocols.md §7.1, measured).
const PROGRAM_RATE: u64 = 3_830_000;
/// Bytes a second while reading and hashing; unverified.
const READ_RATE: u64 = 10_000_000;
/// A log line that comes after its response; made up.
const LATE_LOG: Duration = Duration::from_millis(5);
/// An erase that happens after it was acknowledged; made up.
const LATE_ERASE: Duration = Duration::from_secs(2);
/// Longest document (measured: `MaxXMLSizeInBytes`).
const LONGEST_DOCUMENT: usize = 4096;
const CLOSING: &[u8] = b"</data>";

/// Advertised by SDX24 and SDX55 (protocols.md §6.4, measured).
const FUNCTIONS: [&str; 15] = [
    "program",
    "read",
    "nop",
    "patch",
    "configure",
    "setbootablestoragedrive",
    "erase",
    "power",
    "firmwarewrite",
    "getstorageinfo",
    "benchmark",
    "emmc",
    "ufs",
    "fixgpt",
    "getsha256digest",
];

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

    fn functions(&self) -> Vec<&'static str> {
        let offered = |name: &&str| self.traits.digest || *name != "getsha256digest";
        FUNCTIONS.into_iter().filter(offered).collect()
    }

    fn banner(&self, serial: u32) -> Vec<Vec<u8>> {
        let functions = self.functions();
        let count = functions.len();
        let mut lines = vec![
            "Binary build date: Jan  1 2020 @ 00:00:00".to_owned(),
            format!("Chip serial num: {serial} (0x{serial:x})"),
        ];
        match self.traits.banner {
            Banner::Many => {
                lines.push(format!("Supported Functions ({count}):"));
                lines.extend(functions.into_iter().map(str::to_owned));
                lines.push(format!("End of supported functions {count}"));
            }
            Banner::One => lines.push(format!("Supported Functions: {}", functions.join(" "))),
        }
        lines.iter().map(|line| log(line)).collect()
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

    /// Takes text up to the end of one document.
    fn take_text(&mut self, world: &mut World, rest: &mut &[u8]) {
        let before = self.pending.len();
        let room = (LONGEST_DOCUMENT + CLOSING.len()).saturating_sub(before);
        let (new, after) = rest.split_at(rest.len().min(room.max(1)));
        self.pending.extend_from_slice(new);
        *rest = after;
        // What is written while sectors go to the host waits for them.
        if matches!(self.state, State::Reading(_)) {
            if self.pending.len() > LONGEST_DOCUMENT {
                self.pending.clear();
            }
            return;
        }
        // Bytes after a document that began raw mode are raw.
        let leftover = self.take_documents(world);
        self.write(world, &leftover);
    }

    /// Obeys each whole document that is pending; gives what follows one that changed the state.
    fn take_documents(&mut self, world: &mut World) -> Vec<u8> {
        while world.want.is_none() {
            let blank = self
                .pending
                .iter()
                .take_while(|b| b.is_ascii_whitespace())
                .count();
            self.pending.drain(..blank);
            if self.pending.is_empty() {
                break;
            }
            // The parser wants `<` at once: leftover raw bytes are answered with an error (protocols.md §3, §6.1).
            let end = find(&self.pending, CLOSING);
            if self.pending[0] != b'<' || end.is_none() && self.pending.len() > LONGEST_DOCUMENT {
                self.pending.clear();
                self.refuse(world, None, "xml", "XML not formed correctly");
                break;
            }
            let Some(end) = end else { break };
            let document: Vec<u8> = self.pending.drain(..end + CLOSING.len()).collect();
            self.take_document(world, &document);
            if !matches!(self.state, State::Idle) {
                // Documents of qdl end with a line feed, which is no raw byte (linux-msm/qdl a8d10da:firehose.c).
                let rest = std::mem::take(&mut self.pending);
                return rest.trim_ascii_start().to_vec();
            }
        }
        Vec::new()
    }

    fn take_document(&mut self, world: &mut World, document: &[u8]) {
        let mut scanner = Scanner::default();
        scanner.push(document);
        // A tag must close itself (strings of eg25:prog_nand_firehose_9x07.mbn).
        let element = scanner
            .next_element()
            .filter(|_| find(document, b"/>").is_some());
        match element {
            Some(element) => self.obey(world, &element),
            None => self.refuse(world, None, "xml", "XML not formed correctly"),
        }
    }

    fn obey(&mut self, world: &mut World, element: &Element) {
        let name = element.name.to_ascii_lowercase();
        match name.as_str() {
            "nop" => self.ack(world, None, TURN, &[]),
            "configure" => self.configure(world, element),
            "erase" => self.erase(world, element),
            "program" => self.program(world, element),
            "read" => self.read(world, element),
            "getsha256digest" if self.traits.digest => self.digest(world, element),
            "getstorageinfo" => self.storage(world),
            "patch" => self.patch(world, element),
            "power" => self.power(world, element),
            "setbootablestoragedrive" => {
                self.refuse(world, None, &name, "not supported on this storage");
            }
            _ => {
                let text = format!("Unknown command {name}");
                self.refuse(world, None, &name, &text);
            }
        }
    }

    /// The moment at which an answer is due that takes `time`, after everything asked before.
    fn due(&mut self, world: &World, fault: Option<FaultKind>, time: Duration) -> Duration {
        self.busy_until = self.busy_until.max(world.now) + slowed(time, fault);
        self.busy_until
    }

    fn ack(
        &mut self,
        world: &mut World,
        fault: Option<FaultKind>,
        time: Duration,
        attributes: &[(&str, String)],
    ) {
        let due = self.due(world, fault, time);
        reply(world, due, fault, response("ACK", attributes));
    }

    fn refuse(&mut self, world: &mut World, fault: Option<FaultKind>, what: &str, because: &str) {
        world.refused(what, because);
        let due = self.due(world, fault, TURN);
        world.outbox.send(due, log(because));
        // As qdlrs reads it (protocols.md §6.4).
        let again = [("AttemptRetry", "1".to_owned())];
        let attributes: &[_] = match fault {
            Some(FaultKind::NakRetry) => &again,
            _ => &[],
        };
        world.outbox.send(due, response("NAK", attributes));
    }

    /// NAK with a smaller size than asked, ACK otherwise (protocols.md §6.3).
    fn configure(&mut self, world: &mut World, element: &Element) {
        let fault = world.strike(Operation::Configure);
        if fault == Some(FaultKind::Timeout) {
            return;
        }
        if refuses(fault) {
            return self.refuse(
                world,
                fault,
                "configure",
                "Failed to open device, type:nand",
            );
        }
        let asked: Option<u32> = element
            .attribute("MaxPayloadSizeToTargetInBytes")
            .and_then(|text| text.parse().ok());
        if fault == Some(FaultKind::NakSmallerPayload) {
            // No less than a sector, and from now on no more.
            let least = u32::try_from(world.nand.page_bytes()).unwrap_or(4096);
            let half = asked.unwrap_or(self.traits.max_payload) / 2;
            self.traits.max_payload = half.max(least);
        }
        let most = self.traits.max_payload;
        let fits = asked.is_none_or(|asked| (1..=most).contains(&asked));
        let agreed = if fits { asked.unwrap_or(most) } else { most };
        let due = self.due(world, fault, TURN);
        if !fits {
            world
                .outbox
                .send(due, log("Host's payload to target size is too large"));
        }
        let attributes = [
            ("MinVersionSupported", "1".to_owned()),
            ("MemoryName", "nand".to_owned()),
            ("Version", "1".to_owned()),
            ("MaxPayloadSizeToTargetInBytes", agreed.to_string()),
            ("MaxPayloadSizeToTargetInBytesSupported", most.to_string()),
            ("MaxXMLSizeInBytes", LONGEST_DOCUMENT.to_string()),
            ("DateTime", "Jan  1 2020 - 00:00:00".to_owned()),
        ];
        let verdict = if fits { "ACK" } else { "NAK" };
        reply(world, due, fault, response(verdict, &attributes));
    }

    fn erase(&mut self, world: &mut World, element: &Element) {
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
        world.record(super::RecordKind::Erase {
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

    fn program(&mut self, world: &mut World, element: &Element) {
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
        world.record(super::RecordKind::ProgramBegin {
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

    fn finish_raw(&mut self, world: &mut World) {
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
        world.record(super::RecordKind::Program {
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

    fn read(&mut self, world: &mut World, element: &Element) {
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
    pub(super) fn refill(&mut self, world: &mut World) {
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
    fn digest(&mut self, world: &mut World, element: &Element) {
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

    /// Names of the members as in protocols.md §6.4; that blocks are erase blocks on NAND is unverified.
    fn storage(&mut self, world: &mut World) {
        let text = format!(
            r#"INFO: {{"storage_info": {{"total_blocks":{}, "block_size":{}, "page_size":{}, "num_physical":1, "manufacturer_id":44, "serial_num":0, "fw_version":"0", "mem_type":"nand", "prod_name":"SYNTHETIC"}}}}"#,
            world.nand.blocks(),
            world.nand.block_bytes(),
            world.nand.page_bytes(),
        );
        let due = self.due(world, None, TURN);
        world.outbox.send(due, log(&text));
        world.outbox.send(due, response("ACK", &[]));
    }

    fn patch(&mut self, world: &mut World, element: &Element) {
        // Patches of host files are none of the modem's business (protocols.md §6.4).
        if element.attribute("filename") != Some("DISK") {
            return self.ack(world, None, TURN, &[]);
        }
        match command::patch(&mut world.nand, element) {
            Ok((sector, offset)) => {
                world.record(super::RecordKind::Patch { sector, offset });
                self.ack(world, None, TURN, &[]);
            }
            Err(refusal) => self.refuse(world, None, "patch", refusal.text()),
        }
    }

    fn power(&mut self, world: &mut World, element: &Element) {
        let what = element.attribute("value").unwrap_or("reset").to_owned();
        let next = match what.as_str() {
            "reset" => Next::Restart,
            "off" => Next::Off,
            "reset_to_edl" => Next::BootRom {
                after: Duration::from_millis(500),
            },
            _ => return self.refuse(world, None, "power", Refusal::Value.text()),
        };
        match world.strike(Operation::Power) {
            Some(FaultKind::Timeout) => return,
            Some(FaultKind::ErrorOnReset) => {
                return self.refuse(world, None, "power", "Failed to reset");
            }
            fault if fault.is_some_and(leaves) => return,
            _ => {}
        }
        world.record(super::RecordKind::Power { what });
        let wait = element
            .attribute("DelayInSeconds")
            .and_then(|text| text.parse::<u8>().ok())
            .map_or(Duration::ZERO, |seconds| {
                Duration::from_secs(u64::from(seconds))
            });
        self.ack(world, None, TURN, &[]);
        let due = self.busy_until;
        world.outbox.send(due, log("Will issue reset/power off 100 useconds, if this hangs check if watchdog is enabled"));
        world.outbox.send(due, log("bsp_target_reset() 1"));
        self.state = State::Leaving;
        world.want = Some(Want::Leave {
            at: due + wait + LEAVING,
            next,
        });
    }
}

fn refuses(fault: Option<FaultKind>) -> bool {
    matches!(fault, Some(FaultKind::Nak | FaultKind::NakRetry))
}

/// Whether the modem goes in the middle of the command.
fn leaves(fault: FaultKind) -> bool {
    matches!(
        fault,
        FaultKind::Unplug | FaultKind::Vanish | FaultKind::WrongMode
    )
}

/// Sends a response, and log lines where a fault says so.
fn reply(world: &mut World, due: Duration, fault: Option<FaultKind>, response: Vec<u8>) {
    let remark = log("Calling handler");
    match fault {
        Some(FaultKind::TwoDocuments) => world.outbox.send(due, [remark, response].concat()),
        Some(FaultKind::LogWithoutResponse) => world.outbox.send(due, remark),
        Some(FaultKind::LateLog) => {
            world.outbox.send(due, response);
            world.outbox.send(due + LATE_LOG, remark);
        }
        _ => world.answer(due, fault, response),
    }
}

fn log(text: &str) -> Vec<u8> {
    Element::new("log").with("value", text).document()
}

fn response(value: &str, attributes: &[(&str, String)]) -> Vec<u8> {
    let element = Element::new("response").with("value", value);
    attributes
        .iter()
        .fold(element, |element, (name, value)| element.with(name, value))
        .document()
}

/// How long so many bytes take at a rate.
fn at_rate(bytes: u64, rate: u64) -> Duration {
    scaled(Duration::from_secs(1), bytes, rate)
}

/// `time` times `part` of `whole`.
fn scaled(time: Duration, part: u64, whole: u64) -> Duration {
    let nanos = time.as_nanos() * u128::from(part) / u128::from(whole.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
