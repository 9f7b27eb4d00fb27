//! A scripted programmer over a small NAND: it keeps what it is told, and does what a test wants of it.

use super::*;
use crate::protocol::firehose::Scanner;
use crate::transport::memory::{FarEnd, Memory};
use crate::transport::{self, Clock, StandingClock};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

pub(crate) type Shared = Arc<Mutex<State>>;

/// A programmer after its banner.
pub(crate) fn started(adjust: impl FnOnce(&mut State)) -> (Firehose, Shared) {
    let (port, state) = port(|state| {
        adjust(state);
        state.banner();
    });
    let deadline = port.within(Duration::from_secs(600));
    let firehose = Firehose::start(port, deadline).unwrap();
    (firehose, state)
}

pub(super) fn port(adjust: impl FnOnce(&mut State)) -> (Port, Shared) {
    let mut state = State::new();
    adjust(&mut state);
    let (state, clock) = (
        Arc::new(Mutex::new(state)),
        Arc::new(StandingClock::default()),
    );
    let wire = Wire(state.clone(), clock.clone());
    let memory = Memory::new(Box::new(wire), "simulated");
    (
        Port::new(Box::new(memory), clock, Interrupt::default()),
        state,
    )
}

/// 4 pages of 512 bytes in a block, 32 blocks.
pub(crate) fn small_chip() -> Geometry {
    Geometry::new(512, 4, 32).unwrap()
}

/// What the programmer does and has seen.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent faults that a test switches on"
)]
pub(crate) struct State {
    pub(crate) chip: Geometry,
    /// What getstorageinfo says; 0 is the truth.
    pub(crate) blocks_told: u32,
    /// This page reads as filler.
    pub(crate) filler: Option<u32>,
    pub(crate) flash: Vec<u8>,
    /// Commands in the order in which they came: name, first sector, sectors.
    pub(crate) record: Vec<(String, u32, u32)>,
    pub(crate) max_payload: usize,
    pub(crate) digest: bool,
    /// Answers this command with NAK when it comes for the nth time.
    pub(crate) nak: Option<(&'static str, usize)>,
    pub(crate) nak_again: Option<(&'static str, usize)>,
    /// Leaves the bus when this command comes for the nth time.
    pub(crate) leave: Option<(&'static str, usize)>,
    /// Swallows the answer to this command.
    pub(crate) mute: Option<&'static str>,
    /// Stops reading after so many raw bytes.
    pub(crate) stall_after: Option<usize>,
    /// Most raw bytes that one write of the host moves.
    pub(crate) accepts: usize,
    /// A person who wishes to stop at each raw write.
    pub(crate) hasty: Option<Interrupt>,
    /// Flips a bit of what is stored next.
    pub(crate) flip: bool,
    /// Most bytes per read of the host.
    pub(crate) piece: usize,
    /// Logs after each response, as MSM8916 does.
    pub(crate) late_logs: bool,
    out: VecDeque<u8>,
    scanner: Scanner,
    raw: Option<(usize, usize)>,
    gone: bool,
    log_first: bool,
    pub(super) zero_length_packets: usize,
}

impl State {
    fn new() -> Self {
        let chip = small_chip();
        Self {
            chip,
            blocks_told: 0,
            filler: None,
            flash: vec![0xff; usize::try_from(chip.bytes(chip.whole())).unwrap()],
            record: Vec::new(),
            max_payload: 1024,
            digest: true,
            nak: None,
            nak_again: None,
            leave: None,
            mute: None,
            stall_after: None,
            accepts: usize::MAX,
            hasty: None,
            flip: false,
            piece: usize::MAX,
            late_logs: false,
            out: VecDeque::new(),
            scanner: Scanner::default(),
            raw: None,
            gone: false,
            log_first: true,
            zero_length_packets: 0,
        }
    }

    fn say(&mut self, text: &str) {
        self.out.extend(text.bytes());
    }

    pub(super) fn log(&mut self, text: &str) {
        self.say(&format!(
            "<?xml version=\"1.0\" ?><data><log value=\"{text}\" /></data>"
        ));
    }

    fn respond(&mut self, text: &str) {
        self.say(&format!(
            "<?xml version=\"1.0\" ?>\n<data>\n<response {text} />\n</data>"
        ));
        if self.late_logs {
            self.log("INFO: and another thing");
        }
    }

    fn banner(&mut self) {
        self.log("INFO: Binary build date: Jan  1 2020");
        self.log("INFO: Supported Functions (4):");
        let mut names = vec!["program", "read", "erase", "configure"];
        if self.digest {
            names.push("getsha256digest");
        }
        for name in names {
            self.log(&format!("INFO: {name}"));
        }
        self.log("INFO: End of supported functions 4");
    }

    fn hear(&mut self, element: &Element) {
        let number = |name: &str| {
            element
                .attribute(name)
                .and_then(|v| v.parse().ok())
                .unwrap_or(0)
        };
        let (start, count): (u32, u32) = (number("start_sector"), number("num_partition_sectors"));
        let name = element.name.clone();
        let nth = 1 + self.record.iter().filter(|(n, ..)| *n == name).count();
        self.record.push((name.clone(), start, count));
        if self.leave == Some((Box::leak(name.clone().into_boxed_str()), nth)) {
            self.gone = true;
            return;
        }
        if self.mute == Some(name.as_str()) {
            return;
        }
        if self.log_first {
            self.log(&format!("INFO: Calling handler for {name}"));
        }
        let refuses = [self.nak, self.nak_again];
        if refuses
            .into_iter()
            .flatten()
            .any(|(n, at)| n == name && at == nth)
        {
            self.log("ERROR: it &lt;cannot&gt; be");
            return self.respond("value=\"NAK\" rawmode=\"false\"");
        }
        let page = self.chip.page() as usize;
        let bytes = start as usize * page..(start + count) as usize * page;
        match name.as_str() {
            "configure" => {
                let asked: usize = element
                    .attribute("MaxPayloadSizeToTargetInBytes")
                    .unwrap()
                    .parse()
                    .unwrap();
                let value = if asked > self.max_payload {
                    "NAK"
                } else {
                    "ACK"
                };
                let size = self.max_payload;
                self.respond(&format!("value=\"{value}\" MaxPayloadSizeToTargetInBytes=\"{size}\" MaxPayloadSizeToTargetInBytesSupported=\"{size}\""));
            }
            "getstorageinfo" => {
                let (page, block) = (self.chip.page(), self.chip.block());
                let blocks = if self.blocks_told == 0 {
                    self.chip.blocks()
                } else {
                    self.blocks_told
                };
                self.log(&format!("INFO: {{&quot;storage_info&quot;: {{&quot;total_blocks&quot;:{blocks}, &quot;block_size&quot;:{block}, &quot;page_size&quot;:{page}, &quot;mem_type&quot;:&quot;NAND&quot;}}}}"));
                self.respond("value=\"ACK\"");
            }
            "erase" => {
                self.flash[bytes].fill(0xff);
                self.log("INFO: Erasing start sector 0, num sectors 0");
                self.respond("value=\"ACK\"");
            }
            "program" => {
                self.raw = Some((bytes.start, bytes.end));
                self.respond("value=\"ACK\" rawmode=\"true\"");
            }
            "read" => {
                self.respond("value=\"ACK\" rawmode=\"true\"");
                // The raw bytes share their transfer with the response.
                if self.late_logs {
                    return;
                }
                let first = bytes.start / page;
                let mut data = self.flash[bytes].to_vec();
                let filler = self.filler.and_then(|at| (at as usize).checked_sub(first));
                if let Some(hole) = filler.and_then(|at| data.get_mut(at * page..(at + 1) * page)) {
                    hole.fill(0xee);
                }
                self.out.extend(data);
                self.respond("value=\"ACK\" rawmode=\"false\"");
            }
            "getsha256digest" => {
                let digest = crate::files::hex(&Sha256::digest(&self.flash[bytes]));
                self.log(&format!("Digest {}", digest.to_uppercase()));
                self.respond("value=\"ACK\" rawmode=\"false\"");
            }
            _ => self.respond("value=\"ACK\""),
        }
        if name == "power" {
            self.gone = true;
        }
    }

    fn take(&mut self, mut bytes: &[u8]) -> Result<usize, transport::Error> {
        let all = bytes.len();
        while let (Some((at, end)), false) = (self.raw, bytes.is_empty()) {
            let moved = all - bytes.len();
            if moved >= self.accepts || (moved > 0 && self.stall_after == Some(0)) {
                return Ok(moved);
            }
            if self.stall_after == Some(0) {
                self.stall_after = None;
                self.raw = None;
                self.respond("value=\"NAK\" rawmode=\"false\"");
                self.mute = Some("");
                return Err(transport::Error::Timeout);
            }
            if self.mute == Some("") {
                return Err(transport::Error::Timeout);
            }
            if let Some(person) = &self.hasty {
                person.wish();
            }
            let room = self.stall_after.unwrap_or(usize::MAX).min(self.accepts);
            let count = bytes.len().min(end - at).min(room);
            for (offset, byte) in bytes[..count].iter().enumerate() {
                self.flash[at + offset] &= byte;
            }
            if std::mem::take(&mut self.flip) {
                self.flash[at] ^= 1;
            }
            bytes = &bytes[count..];
            if let Some(left) = &mut self.stall_after {
                *left -= count;
            }
            self.raw = Some((at + count, end));
            if at + count == end {
                self.raw = None;
                self.respond("value=\"ACK\" rawmode=\"false\"");
            }
            if count == 0 {
                break;
            }
        }
        if self.mute == Some("") && self.raw.is_none() && !bytes.is_empty() {
            return Err(transport::Error::Timeout);
        }
        self.scanner.push(bytes);
        while let Some(element) = self.scanner.next_element() {
            self.hear(&element);
        }
        Ok(all)
    }
}

struct Wire(Arc<Mutex<State>>, Arc<StandingClock>);

impl FarEnd for Wire {
    fn host_reads(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, transport::Error> {
        let mut state = self.0.lock().unwrap();
        let count = buffer.len().min(state.out.len()).min(state.piece);
        if count == 0 {
            if state.gone {
                return Err(transport::Error::Gone);
            }
            self.1.sleep(timeout.max(Duration::from_millis(1)));
            return Err(transport::Error::Timeout);
        }
        for (to, from) in buffer.iter_mut().zip(state.out.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }

    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, transport::Error> {
        let mut state = self.0.lock().unwrap();
        if state.gone {
            return Err(transport::Error::Gone);
        }
        let taken = state.take(bytes);
        if taken.is_err() {
            self.1.sleep(Duration::from_millis(100));
        }
        taken
    }

    fn transfer_ended(&mut self) -> Result<(), transport::Error> {
        self.0.lock().unwrap().zero_length_packets += 1;
        Ok(())
    }
}
