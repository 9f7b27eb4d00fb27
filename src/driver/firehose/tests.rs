//! A scripted programmer over a small NAND, and what the driver makes of it.

use super::*;
use crate::protocol::firehose::Scanner;
use crate::protocol::nand::Sector;
use crate::transport::StandingClock;
use crate::transport::memory::{FarEnd, Memory};
use crate::transport::{self, Clock};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

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
    zero_length_packets: usize,
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

    fn log(&mut self, text: &str) {
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

pub(crate) type Shared = Arc<Mutex<State>>;

pub(crate) fn port(adjust: impl FnOnce(&mut State)) -> (Port, Shared) {
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

fn late(firehose: &Firehose) -> Deadline {
    firehose.within(Duration::from_secs(600))
}

fn range(start: u32, count: u32) -> Sectors {
    Sectors::new(Sector(start), count).unwrap()
}

fn write(firehose: &mut Firehose, start: u32, count: u32, mut bytes: &[u8]) -> Result<u64, Error> {
    let writing = Writing {
        sectors: range(start, count),
        name: "x.mbn",
        last_sector: None,
    };
    let deadline = late(firehose);
    firehose.program(small_chip(), &writing, &mut bytes, deadline, &mut |_, _| {})
}

#[test]
fn start_hears_the_banner_and_takes_the_size_of_a_refusal() {
    let (firehose, state) = started(|_| {});
    assert_eq!(firehose.payload(), 1024);
    assert_eq!(firehose.offers().has("getsha256digest"), Some(true));
    assert_eq!(firehose.offers().has("peek"), Some(false));
    let configures = state.lock().unwrap().record.len();
    assert_eq!(configures, 2);
}

#[test]
fn a_banner_in_one_log_is_understood() {
    let (port, _) = port(|state| {
        state.log("INFO: Supported Functions: program configure power benchmark read getstorageinfo erase nop ");
    });
    let deadline = port.within(Duration::from_secs(60));
    let firehose = Firehose::start(port, deadline).unwrap();
    assert_eq!(firehose.offers().has("erase"), Some(true));
    assert_eq!(firehose.offers().has("getsha256digest"), Some(false));
}

#[test]
fn a_programmer_that_runs_already_is_taken_up_without_its_banner() {
    let (port, state) = port(|_| {});
    let deadline = port.within(Duration::from_secs(60));
    let firehose = Firehose::take_up(port, deadline).unwrap();
    assert_eq!(firehose.offers().has("erase"), None);
    assert_eq!(state.lock().unwrap().record[0].0, "nop");
}

#[test]
fn a_refusal_without_a_size_ends_the_negotiation() {
    let (port, _) = port(|state| state.nak = Some(("configure", 1)));
    let deadline = port.within(Duration::from_secs(60));
    let error = Firehose::start(port, deadline).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Nak {
                command: "configure",
                ..
            }
        ) && error.in_step()
    );
    assert!(error.to_string().contains("it <cannot> be"), "{error}");
}

#[test]
fn what_is_written_is_read_back_however_the_bytes_are_cut() {
    for (piece, late_logs) in [(usize::MAX, false), (1, false), (7, false), (512, false)] {
        let (mut firehose, state) = started(|state| {
            state.piece = piece;
            state.late_logs = late_logs;
        });
        let deadline = late(&firehose);
        let image: Vec<u8> = (0..=255u8).cycle().take(1300).collect();
        firehose.erase(small_chip(), range(4, 4), deadline).unwrap();
        assert_eq!(write(&mut firehose, 4, 3, &image).unwrap(), 1300);
        let mut padded = image.clone();
        padded.resize(1536, 0);
        let mut back = Vec::new();
        firehose
            .read(
                small_chip(),
                range(4, 3),
                &mut back,
                deadline,
                &mut |_, _| {},
            )
            .unwrap();
        assert_eq!(back, padded);
        let digest = firehose
            .sha256(small_chip(), range(4, 3), deadline)
            .unwrap();
        assert_eq!(digest, crate::files::hex(&Sha256::digest(&padded)));
        assert!(
            firehose
                .storage(deadline)
                .unwrap()
                .unwrap()
                .is(small_chip())
        );
        assert_eq!(state.lock().unwrap().zero_length_packets, 0);
    }
}

#[test]
fn logs_behind_a_response_do_not_answer_the_next_command() {
    let (mut firehose, _) = started(|state| state.late_logs = true);
    let deadline = late(&firehose);
    for block in 0..8 {
        firehose
            .erase(small_chip(), range(block * 4, 4), deadline)
            .unwrap();
        write(&mut firehose, block * 4, 4, &[7; 2048]).unwrap();
    }
    firehose.reset(deadline).unwrap();
}

#[test]
fn an_erase_that_is_not_of_whole_blocks_is_never_sent() {
    let (mut firehose, state) = started(|_| {});
    let deadline = late(&firehose);
    let before = state.lock().unwrap().record.len();
    for bad in [range(1, 4), range(0, 3), range(128, 4)] {
        let error = firehose.erase(small_chip(), bad, deadline).unwrap_err();
        assert!(matches!(error, Error::Request { .. }));
    }
    assert_eq!(state.lock().unwrap().record.len(), before);
}

#[test]
fn a_reader_that_fails_leaves_the_programmer_in_step_and_is_told() {
    struct Failing(usize);
    impl std::io::Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(std::io::Error::other("disk"))?;
            buffer.fill(1);
            Ok(buffer.len())
        }
    }
    let (mut firehose, _) = started(|_| {});
    let deadline = late(&firehose);
    let writing = Writing {
        sectors: range(0, 16),
        name: "x",
        last_sector: None,
    };
    let error = firehose
        .program(
            small_chip(),
            &writing,
            &mut Failing(2),
            deadline,
            &mut |_, _| {},
        )
        .unwrap_err();
    assert!(matches!(error, Error::File { .. }) && error.in_step());
    firehose.nop(deadline).unwrap();
}

#[test]
fn a_file_that_grew_is_told() {
    let (mut firehose, _) = started(|_| {});
    assert!(matches!(
        write(&mut firehose, 0, 1, &[0; 513]),
        Err(Error::File { .. })
    ));
}

#[test]
fn every_way_to_fail_says_whether_the_conversation_is_in_step() {
    let (mut firehose, _) = started(|state| state.nak = Some(("program", 1)));
    let error = write(&mut firehose, 0, 4, &[0; 2048]).unwrap_err();
    assert!(matches!(error, Error::Nak { .. }) && error.in_step());
    write(&mut firehose, 0, 4, &[0; 2048]).unwrap();

    let (mut firehose, _) = started(|state| state.mute = Some("erase"));
    let deadline = late(&firehose);
    let error = firehose
        .erase(small_chip(), range(0, 4), deadline)
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && !error.in_step());

    let (mut firehose, _) = started(|state| state.leave = Some(("program", 1)));
    let error = write(&mut firehose, 0, 4, &[0; 2048]).unwrap_err();
    assert!(matches!(error, Error::Gone { .. }) && !error.in_step());

    let (mut firehose, _) = started(|state| state.stall_after = Some(1024));
    let error = write(&mut firehose, 0, 4, &[0; 2048]).unwrap_err();
    assert!(
        matches!(error, Error::Stopped { sent: 1024, .. }) && !error.in_step(),
        "{error:?}"
    );
}

#[test]
fn three_wishes_stop_in_the_middle_of_raw_data_and_say_so() {
    let (mut firehose, state) = started(|state| state.accepts = 1024);
    firehose.interrupt().set_urgency(transport::Urgency::Hold);
    state.lock().unwrap().hasty = Some(firehose.interrupt().clone());
    let error = write(&mut firehose, 0, 16, &[1; 8192]).unwrap_err();
    assert!(
        matches!(
            error,
            Error::OutOfStep {
                sent: 3072,
                announced: 8192,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_reset_is_done_when_it_is_acknowledged_or_the_modem_is_gone() {
    for leave in [None, Some(("power", 1))] {
        let (mut firehose, _) = started(|state| state.leave = leave);
        let deadline = late(&firehose);
        firehose.reset(deadline).unwrap();
    }
    let (mut firehose, _) = started(|state| state.nak = Some(("power", 1)));
    let deadline = late(&firehose);
    assert!(firehose.reset(deadline).is_err());
}

/// Says the same bytes for ever, and time passes only when it has nothing to say.
struct Babble(Vec<u8>, usize, Arc<StandingClock>, bool);

impl FarEnd for Babble {
    fn host_reads(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, transport::Error> {
        if self.1 >= self.0.len() {
            if self.0.is_empty() || !self.3 {
                self.2.sleep(timeout.max(Duration::from_millis(1)));
                return Err(transport::Error::Timeout);
            }
            self.1 = 0;
        }
        let count = buffer.len().min(self.0.len() - self.1);
        buffer[..count].copy_from_slice(&self.0[self.1..self.1 + count]);
        self.1 += count;
        Ok(count)
    }
    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, transport::Error> {
        Ok(bytes.len())
    }
    fn transfer_ended(&mut self) -> Result<(), transport::Error> {
        Ok(())
    }
}

pub(crate) fn babble(bytes: Vec<u8>, for_ever: bool) -> Port {
    let clock = Arc::new(StandingClock::default());
    let memory = Memory::new(
        Box::new(Babble(bytes, 0, clock.clone(), for_ever)),
        "babble",
    );
    Port::new(Box::new(memory), clock, Interrupt::default())
}

fn document() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        "<?xml?><data>",
        "</data>",
        "<log value=\"x\"/>",
        "<response value=\"ACK\"/>",
        "<response value=\"NAK\"/>",
        "<response value=\"ACK\" rawmode=\"true\"/>",
        "MaxPayloadSizeToTargetInBytes=\"0\"",
        "<",
        ">",
        "\"",
        "\0",
        "<response value=\"NAK\" MaxPayloadSizeToTargetInBytes=\"99999999999999999999\"/>",
        "<response value=\"NAK\" MaxPayloadSizeToTargetInBytes=\"1\"/>",
        "{}",
        "supported functions",
        "\u{ff}",
    ]);
    prop_oneof![
        prop::collection::vec(word, 0..20).prop_map(|words| words.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..300),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn no_bytes_of_a_modem_make_the_driver_panic_or_run_for_ever(bytes in document(), for_ever in any::<bool>()) {
        let port = babble(bytes, for_ever);
        let deadline = port.within(Duration::from_secs(600));
        if let Ok(mut firehose) = Firehose::start(port, deadline) {
            let _ = firehose.storage(deadline);
            let _ = firehose.erase(small_chip(), range(0, 4), deadline);
            let _ = write(&mut firehose, 0, 4, &[0; 2048]);
            let _ = firehose.read(small_chip(), range(0, 4), &mut std::io::sink(), deadline, &mut |_, _| {});
            let _ = firehose.sha256(small_chip(), range(0, 4), deadline);
            let _ = firehose.reset(deadline);
        }
    }
}
