//! What the driver makes of a scripted loader: good frames, wrong ones, and none. Frames stand as other tools have them,
//! or as `openpst:streaming_dload.h` lays them out.

use super::*;
use crate::driver::scripted::{self, partition};
use crate::protocol::dload::{Entry, Size};
use crate::protocol::hdlc::{self, Deframer};
use crate::transport::memory::FarEnd;
use crate::transport::{self, Clock, StandingClock};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What the loader does with one request of the host.
#[derive(Debug, Clone)]
enum Act {
    /// Sends these bytes.
    Say(Vec<u8>),
    Nothing,
    Leave,
}

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    waiting: VecDeque<u8>,
    transfers: Vec<Vec<u8>>,
    requests: Vec<Vec<u8>>,
    deframer: Deframer,
    gone: bool,
}

struct Scripted {
    state: Arc<Mutex<State>>,
    clock: Arc<StandingClock>,
    /// Bytes of one read.
    piece: usize,
}

impl FarEnd for Scripted {
    fn host_reads(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, transport::Error> {
        let mut state = self.state.lock().unwrap();
        if state.waiting.is_empty() && state.gone {
            return Err(transport::Error::Gone);
        }
        scripted::says(
            &mut state.waiting,
            self.piece,
            buffer,
            (&self.clock, timeout),
        )
    }

    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, transport::Error> {
        let mut state = self.state.lock().unwrap();
        if state.gone {
            return Err(transport::Error::Gone);
        }
        state.transfers.push(bytes.to_vec());
        state.deframer.push(bytes);
        while let Some(request) = state.deframer.next_frame() {
            state.requests.push(request.unwrap());
            match state.acts.pop_front() {
                Some(Act::Say(bytes)) => state.waiting.extend(bytes),
                Some(Act::Leave) => state.gone = true,
                Some(Act::Nothing) | None => {}
            }
        }
        Ok(bytes.len())
    }

    fn transfer_ended(&mut self) -> Result<(), transport::Error> {
        panic!("no packet of no length is sent");
    }
}

fn port(acts: Vec<Act>, piece: usize) -> (Port, Arc<Mutex<State>>, Arc<StandingClock>) {
    let state = Arc::new(Mutex::new(State {
        acts: acts.into(),
        ..State::default()
    }));
    let clock = Arc::new(StandingClock::default());
    let far_end = Scripted {
        state: Arc::clone(&state),
        clock: Arc::clone(&clock),
        piece,
    };
    (scripted::wired(far_end, clock.clone()), state, clock)
}

/// As a loader frames it: a flag in front, too.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x7e];
    frame.extend(hdlc::encode(payload));
    frame
}

fn say(payload: &[u8]) -> Act {
    Act::Say(frame(payload))
}

fn greets(window: u8) -> Act {
    let mut hello = b"\x02QCOM fast download protocol targ\x04\x02".to_vec();
    hello.extend([0x00, 0x04, 0x00, 0x00, 0, 0, 0, 0]);
    hello.extend(b"\x04NAND");
    hello.extend([window, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00]);
    say(&hello)
}

/// A loader that was greeted, and what it does next.
fn loader(window: u8, acts: Vec<Act>) -> (Dload, Arc<Mutex<State>>) {
    let mut all = vec![greets(window)];
    all.extend(acts);
    let (port, state, clock) = port(all, 4096);
    let deadline = Deadline::after(clock.now(), Duration::from_secs(3600));
    (Dload::start(port, deadline).unwrap(), state)
}

fn hour(loader: &Dload) -> Deadline {
    loader.within(Duration::from_secs(3600))
}

fn entry(name: &str) -> Entry {
    let size = Size::Blocks { size: 8, pad: 2 };
    Entry {
        name: name.to_owned(),
        size,
    }
}

fn sbl() -> Target {
    Target::of(&partition("sbl", false), &entry("0:SBL")).unwrap()
}

fn written(address: u32) -> Vec<u8> {
    let mut payload = vec![0x08];
    payload.extend(address.to_le_bytes());
    payload
}

#[test]
fn a_partition_is_written_in_the_frames_that_quectels_tools_send() {
    let (mut loader, state) = loader(
        1,
        vec![
            say(&[0x18]),
            say(&[0x1a, 0]),
            say(&[0x1c, 0]),
            say(&written(0)),
            say(&written(1024)),
            say(&[0x16]),
            say(&[0x61, 0]),
            say(&[0x0c]),
        ],
    );
    let deadline = hour(&loader);
    assert_eq!(loader.greeting().flash, "NAND");
    loader.security(0, deadline).unwrap();
    let status = loader.table(&[0x9a, 0x1b], Replace::Never, deadline);
    assert_eq!(status.unwrap(), TableStatus::Accepted);
    loader.open(&sbl(), deadline).unwrap();
    let image: Vec<u8> = (0..=255).cycle().take(1030).collect();
    let mut told = Vec::new();
    let sent = loader.write(&mut image.as_slice(), &mut |done| told.push(done));
    assert_eq!(sent.unwrap(), 1030);
    assert_eq!(told, [1024, 1030]);
    loader.close(deadline).unwrap();
    assert!(loader.download_flag(true, deadline).unwrap());
    loader.reset(deadline).unwrap();
    let state = state.lock().unwrap();
    let hello = b"\x01QCOM fast download protocol host\x04\x02\x00";
    assert_eq!(state.requests[0], hello);
    assert_eq!(state.requests[2], [0x19, 0x00, 0x9a, 0x1b]);
    assert_eq!(state.requests[3], b"\x1b\x0e0:SBL\0");
    assert_eq!(state.requests[4][..6], [0x07, 0, 0, 0, 0, 0]);
    assert_eq!(state.requests[5][..5], [0x07, 0, 4, 0, 0]);
    let data: Vec<u8> = state.requests[4..6]
        .iter()
        .flat_map(|request| request[5..].to_vec())
        .collect();
    assert_eq!(data, image);
    // Constants of `uc15_upgrade.c`.
    for (number, wire) in [
        (1, &[0x7e, 0x17, 0x00, 0xde, 0xd7, 0x7e][..]),
        (6, &[0x7e, 0x15, 0x54, 0xb7, 0x7e]),
        (7, &[0x7e, 0x60, 0x01, 0x9b, 0x7b, 0x7e]),
        (8, &[0x7e, 0x0b, 0xab, 0x4e, 0x7e]),
    ] {
        assert_eq!(state.transfers[number], wire);
    }
}

#[test]
fn no_transfer_is_one_of_whole_packets() {
    for length in 480..560 {
        let table = vec![0x55; length];
        let (mut loader, state) = loader(1, vec![say(&[0x1a, 0])]);
        let deadline = hour(&loader);
        loader.table(&table, Replace::Never, deadline).unwrap();
        let state = state.lock().unwrap();
        assert!(!state.transfers[1].len().is_multiple_of(512), "{length}");
        assert_eq!(state.requests[1][2..], table);
    }
}

#[test]
fn several_writes_are_under_way_and_each_is_answered_with_its_own_address() {
    let answers: Vec<u8> = (0..6).flat_map(|n| frame(&written(n * 1024))).collect();
    // Nothing is answered before the sixth write.
    let mut acts = vec![Act::Nothing; 5];
    acts.push(Act::Say(answers));
    acts.push(say(&written(6 * 1024)));
    let (mut loader, _) = loader(6, acts);
    let image = vec![0x7d; 7 * 1024];
    assert_eq!(
        loader.write(&mut image.as_slice(), &mut |_| {}).unwrap(),
        7168
    );

    let (mut loader, _) = self::loader(1, vec![say(&written(1024))]);
    let error = loader
        .write(&mut [0; 10].as_slice(), &mut |_| {})
        .unwrap_err();
    assert_eq!(error.code(), "dload::unexpected");
    assert!(!error.in_step());
}

/// The loader's own words (strings of `eg25:update/ENPRG9x07.mbn`), logged before each error.
#[test]
fn a_refusal_is_told_in_the_loaders_words_once() {
    let words = "No partition table received before open multi";
    let mut both = frame(format!("\x0e{words}\n").as_bytes());
    both.extend(frame(format!("\x0d\x0f\0\0\0{words}").as_bytes()));
    let (mut loader, _) = loader(1, vec![Act::Say(both), say(&[0x1c, 5])]);
    let deadline = hour(&loader);
    let error = loader.open(&sbl(), deadline).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the loader refused `open`: error 0x0f, command out of sequence: it said `{words}`"
        )
    );
    assert!(error.in_step());
    let error = loader.open(&sbl(), deadline).unwrap_err();
    assert_eq!(error.code(), "dload::not-opened");
    assert!(error.to_string().ends_with("no such partition"));
}

#[test]
fn a_write_that_is_refused_is_in_step_only_when_the_others_were_answered() {
    for (last, in_step) in [(say(&written(2048)), true), (Act::Nothing, false)] {
        let mut refusal = frame(&written(0));
        refusal.extend(frame(b"\x0d\x07\0\0\0Write unsuccessful"));
        let acts = vec![Act::Nothing, Act::Say(refusal), last];
        let (mut loader, _) = loader(3, acts);
        let error = loader.write(&mut [1; 3000].as_slice(), &mut |_| {});
        let error = error.unwrap_err();
        assert_eq!(error.code(), "dload::refused");
        assert_eq!(error.in_step(), in_step);
    }
}

#[test]
fn an_image_that_cannot_be_read_leaves_the_conversation_in_step() {
    struct Broken(usize);
    impl std::io::Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            if self.0 > 1 {
                return Err(std::io::Error::other("the disk is broken"));
            }
            Ok(buffer.len())
        }
    }
    let (mut loader, _) = loader(8, vec![say(&written(0)), say(&[0x16])]);
    let error = loader.write(&mut Broken(0), &mut |_| {}).unwrap_err();
    assert_eq!(error.code(), "dload::file");
    assert!(error.in_step());
    loader.close(hour(&loader)).unwrap();
}

#[test]
fn wrong_answers_are_told_by_what_is_wrong_with_them() {
    let damaged = |mut frame: Vec<u8>| {
        frame[1] ^= 1;
        Act::Say(frame)
    };
    let logs: Vec<u8> = (0..200).flat_map(|_| frame(b"\x0eagain\n")).collect();
    for (act, code) in [
        (damaged(frame(&[0x16])), "dload::damaged"),
        (say(&[0x18]), "dload::unexpected"),
        (say(&[0x1a, 0]), "dload::unexpected"),
        (say(&[0x42]), "dload::unexpected"),
        (say(&[0x08, 1]), "dload::unexpected"),
        (say(&[0x16, 0x16]), "dload::unexpected"),
        (Act::Say(logs), "dload::unexpected"),
        (Act::Say(vec![0x55; 200_000]), "dload::damaged"),
        (Act::Say(vec![0x16, 0x54]), "dload::timeout"),
        (say(b"\x0eERR: CRC invalid\n"), "dload::timeout"),
        (Act::Nothing, "dload::timeout"),
        (Act::Leave, "dload::gone"),
    ] {
        let (mut loader, _) = loader(1, vec![act]);
        let error = loader.close(hour(&loader)).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(!error.in_step(), "{error}");
    }
}

#[test]
fn what_a_loader_said_before_it_fell_silent_is_told() {
    let (mut loader, _) = loader(1, vec![say(b"\x0eERR: CRC invalid\n")]);
    let error = loader.close(hour(&loader)).unwrap_err();
    assert!(error.to_string().contains("`ERR: CRC invalid`"), "{error}");
}

#[test]
fn a_hello_that_is_lost_is_said_again_and_noise_before_it_is_nobodys() {
    let mut late = vec![0x01, 0x02, 0x7e];
    late.extend(frame(&written(7)));
    let Act::Say(hello) = greets(1) else {
        unreachable!()
    };
    late.extend(hello);
    let (port, state, clock) = port(vec![Act::Nothing, Act::Nothing, Act::Say(late)], 5);
    let deadline = Deadline::after(clock.now(), Duration::from_secs(60));
    let loader = Dload::start(port, deadline).unwrap();
    assert_eq!(loader.greeting().window, 1);
    assert_eq!(state.lock().unwrap().requests.len(), 3);
}

#[test]
fn a_silent_port_is_given_up_within_its_deadline() {
    let (port, state, clock) = port(Vec::new(), 4096);
    let deadline = Deadline::after(clock.now(), Duration::from_secs(7));
    let error = Dload::start(port, deadline).unwrap_err();
    assert_eq!(error.code(), "dload::timeout");
    assert_eq!(state.lock().unwrap().requests.len(), 3);
    assert!(clock.now() <= Duration::from_secs(8));
}

#[test]
fn a_programmer_that_speaks_firehose_is_told_from_a_loader() {
    let banner = b"\0 <?xml version=\"1.0\" ?><data><log value=\"hello\"/></data>".to_vec();
    let (port, _, clock) = port(vec![Act::Say(banner)], 4096);
    let deadline = Deadline::after(clock.now(), Duration::from_secs(60));
    assert_eq!(
        Dload::start(port, deadline).unwrap_err().code(),
        "dload::firehose"
    );
}

#[test]
fn a_loader_that_an_earlier_run_left_open_is_closed_before_anything_else() {
    let words = b"\x0d\x0f\0\0\0Cannot close when not previously opened";
    for close in [say(&[0x16]), say(words)] {
        let (port, state, clock) = port(vec![greets(1), close], 4096);
        let deadline = Deadline::after(clock.now(), Duration::from_secs(60));
        Dload::take_up(port, deadline).unwrap();
        assert_eq!(state.lock().unwrap().requests[1], [0x15]);
    }
}

#[test]
fn a_nop_tells_whether_a_loader_runs() {
    let echo = say(b"\x0aunbrick");
    let ungreeted = say(b"\x0d\x05\0\0\0Invalid Command");
    for (act, runs) in [
        (echo, true),
        (ungreeted, true),
        (say(b"\x42"), false),
        (Act::Say(b"<?xml".to_vec()), false),
        (Act::Nothing, false),
    ] {
        let (mut port, _, clock) = port(vec![act.clone()], 4096);
        let deadline = Deadline::after(clock.now(), Duration::from_secs(60));
        assert_eq!(answers(&mut port, deadline), Ok(runs), "{act:02x?}");
        assert!(clock.now() <= Duration::from_secs(1));
    }
}

#[test]
fn what_is_kept_is_no_target_and_a_flag_that_a_loader_lacks_is_no_failure() {
    let kept = Target::of(&partition("efs2", true), &entry("0:EFS2"));
    assert_eq!(kept, Err(Kept("efs2".to_owned())));
    let (mut loader, _) = loader(1, vec![say(b"\x0d\x05\0\0\0Invalid Command")]);
    let deadline = hour(&loader);
    assert!(!loader.download_flag(true, deadline).unwrap());
}

proptest! {
    /// Whatever comes, each operation ends in bounded time, and nothing but the right answer counts as one.
    #[test]
    fn any_answer_is_taken_or_refused_and_never_waited_for_without_end(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        piece in 1usize..50,
    ) {
        let (port, _, clock) = port(vec![greets(2), Act::Say(bytes.clone())], piece);
        let deadline = Deadline::after(clock.now(), Duration::from_secs(3600));
        let mut loader = Dload::start(port, deadline).unwrap();
        let end = clock.now() + Duration::from_secs(60);
        let _ = loader.write(&mut [3; 5000].as_slice(), &mut |_| {});
        prop_assert!(clock.now() <= end);
    }
}
