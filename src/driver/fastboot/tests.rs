//! What the driver makes of a scripted boot loader: good words, wrong ones, and none.

use super::*;
use crate::driver::scripted::{self, partition};
use crate::transport::StandingClock;
use crate::transport::memory::FarEnd;
use crate::transport::{self, Clock, Urgency};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What the boot loader does with one transfer of the host.
#[derive(Debug, Clone)]
enum Act {
    /// Sends these packets, each after so many seconds.
    Say(Vec<(u64, Vec<u8>)>),
    /// Says nothing to so many bytes of data, then this.
    Swallow(usize, Vec<u8>),
    Leave,
}

#[derive(Default)]
struct State {
    acts: VecDeque<Act>,
    packets: VecDeque<(Duration, Vec<u8>)>,
    heard: Vec<Vec<u8>>,
    data: Vec<u8>,
    swallowing: Option<(usize, Vec<u8>)>,
    empty_packets: usize,
    gone: bool,
}

struct Loader {
    state: Arc<Mutex<State>>,
    clock: Arc<StandingClock>,
}

impl FarEnd for Loader {
    fn host_reads(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, transport::Error> {
        let mut state = self.state.lock().unwrap();
        let due = state.packets.front().map(|(due, _)| *due);
        let until = self.clock.now() + timeout;
        match due {
            Some(due) if due <= until => {
                self.clock.sleep(due.saturating_sub(self.clock.now()));
                let (_, packet) = state.packets.pop_front().unwrap();
                let count = packet.len().min(buffer.len());
                buffer[..count].copy_from_slice(&packet[..count]);
                Ok(count)
            }
            _ if state.gone => Err(transport::Error::Gone),
            _ => {
                self.clock.sleep(timeout);
                Err(transport::Error::Timeout)
            }
        }
    }

    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, transport::Error> {
        let mut state = self.state.lock().unwrap();
        if state.gone {
            return Err(transport::Error::Gone);
        }
        let now = self.clock.now();
        if let Some((left, end)) = state.swallowing.take() {
            state.data.extend_from_slice(bytes);
            let full = bytes.len().is_multiple_of(PACKET);
            assert!(
                full || bytes.len() == left,
                "a short packet ends a download"
            );
            if left > bytes.len() {
                state.swallowing = Some((left - bytes.len(), end));
            } else {
                state.packets.push_back((now, end));
            }
            return Ok(bytes.len());
        }
        state.heard.push(bytes.to_vec());
        match state.acts.pop_front() {
            Some(Act::Say(packets)) => {
                let mut due = now;
                for (after, packet) in packets {
                    due += Duration::from_secs(after);
                    state.packets.push_back((due, packet));
                }
            }
            Some(Act::Swallow(bytes, end)) => {
                let ready = format!("DATA{bytes:08x}");
                state.packets.push_back((now, ready.into_bytes()));
                state.swallowing = Some((bytes, end));
            }
            Some(Act::Leave) => state.gone = true,
            None => {}
        }
        Ok(bytes.len())
    }

    fn transfer_ended(&mut self) -> Result<(), transport::Error> {
        self.state.lock().unwrap().empty_packets += 1;
        Ok(())
    }
}

fn say(text: &str) -> Act {
    Act::Say(vec![(0, text.as_bytes().to_vec())])
}

fn limit() -> Act {
    say("OKAY\t0x4000000")
}

fn loader(acts: Vec<Act>) -> (Fastboot, Arc<Mutex<State>>) {
    let state = Arc::new(Mutex::new(State {
        acts: acts.into(),
        ..State::default()
    }));
    let clock = Arc::new(StandingClock::default());
    let far_end = Loader {
        state: Arc::clone(&state),
        clock: Arc::clone(&clock),
    };
    (Fastboot::new(scripted::wired(far_end, clock)), state)
}

fn hour(fastboot: &Fastboot) -> Deadline {
    fastboot.within(Duration::from_secs(3600))
}

fn target(name: &str) -> Target {
    Target::of(&partition(name, false)).unwrap()
}

fn heard(state: &Arc<Mutex<State>>) -> Vec<String> {
    let state = state.lock().unwrap();
    let texts = state.heard.iter();
    texts
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .collect()
}

#[test]
fn an_image_is_downloaded_and_flashed_without_an_empty_packet() {
    // Twice a chunk and once a packet: where a careless host would add a packet of no length.
    for bytes in [1, 511, 512, 1024, CHUNK, 2 * CHUNK, 2 * CHUNK + 700] {
        let (mut fastboot, state) = loader(vec![
            limit(),
            Act::Swallow(bytes, b"OKAY".to_vec()),
            Act::Say(vec![
                (400, b"INFOerasing flash".to_vec()),
                (400, b"INFOwriting flash".to_vec()),
                (400, b"OKAY".to_vec()),
            ]),
        ]);
        let image: Vec<u8> = (0..=250).cycle().take(bytes).collect();
        let deadline = hour(&fastboot);
        let mut told = Vec::new();
        let sent = fastboot
            .download(
                bytes as u64,
                &mut image.as_slice(),
                deadline,
                &mut |done, total| {
                    told.push((done, total));
                },
            )
            .unwrap();
        assert_eq!(sent.sha256, hex(&Sha256::digest(&image)));
        assert_eq!(told.last(), Some(&(bytes as u64, bytes as u64)));
        fastboot.flash(&target("recovery"), deadline).unwrap();
        let size = format!("download:{bytes:08x}");
        assert_eq!(
            heard(&state),
            ["getvar:max-download-size", &size, "flash:recovery"]
        );
        let state = state.lock().unwrap();
        assert_eq!((&state.data, state.empty_packets), (&image, 0));
    }
}

#[test]
fn variables_are_read_as_lk_and_others_tell_them() {
    let (mut fastboot, state) = loader(vec![
        say("OKAYmdm9607"),
        say("OKAY"),
        say("FAILUnknown variable"),
        Act::Say(vec![
            (0, b"INFOmax-download-size:\t0x8000000".to_vec()),
            (0, b"INFOpartition-size:boot: 0x1000".to_vec()),
            (0, b"INFOno variable".to_vec()),
            (0, b"OKAY".to_vec()),
        ]),
    ]);
    let deadline = hour(&fastboot);
    let mut ask = |name| fastboot.getvar(name, deadline).unwrap();
    assert_eq!(ask("product").as_deref(), Some("mdm9607"));
    assert_eq!(ask("slot-count"), None);
    assert_eq!(ask("is-userspace"), None);
    let all = fastboot.variables(deadline).unwrap();
    let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(
        all,
        [
            ("max-download-size", "0x8000000"),
            ("partition-size:boot", "0x1000")
        ]
    );
    assert_eq!(heard(&state).last().unwrap(), "getvar:all");
}

#[test]
fn what_does_not_fit_is_refused_before_it_is_announced() {
    for (said, bytes, code) in [
        ("OKAY0x1000", 0x1001, "fastboot::too-large"),
        ("OKAY0x1ffffffff", 0x1_0000_0000, "fastboot::too-large"),
        ("OKAY0x1000", 0, "fastboot::empty"),
        ("OKAY", 1, "fastboot::no-limit"),
        ("OKAYplenty", 1, "fastboot::no-limit"),
        ("FAILUnknown variable", 1, "fastboot::no-limit"),
    ] {
        let (mut fastboot, state) = loader(vec![say(said), say("OKAYmdm9607")]);
        let deadline = hour(&fastboot);
        let mut image = std::io::repeat(1);
        let error = fastboot
            .download(bytes, &mut image, deadline, &mut |_, _| {})
            .unwrap_err();
        assert_eq!((error.code(), error.in_step()), (code, true), "{said}");
        assert_eq!(heard(&state), ["getvar:max-download-size"]);
        assert!(fastboot.getvar("product", deadline).unwrap().is_some());
    }
}

#[test]
fn what_is_kept_never_becomes_a_target() {
    let kept = Target::of(&partition("efs2", true)).unwrap_err();
    assert!(kept.to_string().contains("`efs2` holds calibration"));
    assert_eq!(target("recovery").name(), "recovery");
}

/// Wrong, missing, late and torn replies to one command, and to the next one.
#[test]
fn every_bad_reply_is_an_error_and_nothing_is_sent_after_it() {
    let long = [b"OKAY".as_slice(), &[b'x'; 300]].concat();
    let endless = vec![(0, b"INFOstill here".to_vec()); MAX_LINES + 1];
    let mut table: Vec<(Act, &str)> = vec![
        (say("OKA"), "fastboot::unexpected"),
        (say("okay"), "fastboot::unexpected"),
        (say("\0\0\0\0"), "fastboot::unexpected"),
        (
            say("<?xml version=\"1.0\" ?><data>"),
            "fastboot::unexpected",
        ),
        (say("DATA"), "fastboot::unexpected"),
        (say("DATA0000"), "fastboot::unexpected"),
        (say("DATA00000010"), "fastboot::unexpected"),
        (say("INFOand then nothing"), "fastboot::timeout"),
        (Act::Say(vec![(0, long)]), "fastboot::unexpected"),
        (Act::Say(endless), "fastboot::unexpected"),
        (Act::Say(vec![]), "fastboot::timeout"),
        (
            Act::Say(vec![(1000, b"OKAY".to_vec())]),
            "fastboot::timeout",
        ),
        (Act::Leave, "fastboot::gone"),
    ];
    for torn in 1..4 {
        table.push((say(&"FAIL"[..torn]), "fastboot::unexpected"));
    }
    let erase: fn(&mut Fastboot, Deadline) -> Result<(), Error> =
        |fastboot, deadline| fastboot.erase(&target("boot"), deadline);
    let flash: fn(&mut Fastboot, Deadline) -> Result<(), Error> =
        |fastboot, deadline| fastboot.flash(&target("boot"), deadline);
    for (act, code) in table {
        for operation in [erase, flash] {
            let (mut fastboot, state) = loader(vec![act.clone()]);
            let deadline = hour(&fastboot);
            let error = operation(&mut fastboot, deadline).unwrap_err();
            assert_eq!((error.code(), error.in_step()), (code, false), "{act:?}");
            let before = heard(&state).len();
            for again in [erase, flash] {
                let error = again(&mut fastboot, deadline).unwrap_err();
                let ends = ["fastboot::out-of-step", "fastboot::gone"];
                assert!(ends.contains(&error.code()), "{act:?}: {error}");
            }
            assert_eq!(heard(&state).len(), before, "{act:?}");
        }
    }
}

#[test]
fn a_download_that_is_answered_wrongly_sends_no_data() {
    for (act, code, in_step) in [
        (say("FAILdata too large"), "fastboot::refused", true),
        (say("DATA00000fff"), "fastboot::unexpected", false),
        (say("DATA00001001"), "fastboot::unexpected", false),
        (say("OKAY"), "fastboot::unexpected", false),
    ] {
        let (mut fastboot, state) = loader(vec![limit(), act.clone()]);
        let deadline = hour(&fastboot);
        let mut image = std::io::repeat(1);
        let error = fastboot
            .download(0x1000, &mut image, deadline, &mut |_, _| {})
            .unwrap_err();
        assert_eq!((error.code(), error.in_step()), (code, in_step), "{act:?}");
        assert_eq!(heard(&state).len(), 2);
        assert!(state.lock().unwrap().data.is_empty());
    }
}

#[test]
fn a_refusal_says_the_boot_loaders_own_words_and_stays_in_step() {
    let (mut fastboot, state) = loader(vec![
        Act::Say(vec![
            (0, b"INFOerasing flash".to_vec()),
            (0, b"FAILflash write\x1b[1m failure".to_vec()),
        ]),
        say("OKAYmdm9607"),
    ]);
    let deadline = hour(&fastboot);
    let error = fastboot.flash(&target("recovery"), deadline).unwrap_err();
    assert!(error.in_step());
    assert_eq!(
        error.to_string(),
        "the boot loader refused `flash:recovery`: it said `erasing flash`, `flash write[1m failure`"
    );
    assert!(fastboot.getvar("product", deadline).unwrap().is_some());
    assert_eq!(heard(&state).len(), 2);
}

#[test]
fn words_that_nobody_asked_for_stop_the_next_command_but_not_the_first() {
    let (mut fastboot, state) = loader(vec![
        Act::Say(vec![(0, b"OKAY".to_vec()), (0, b"OKAY".to_vec())]),
        say("OKAY"),
    ]);
    let earlier = (Duration::ZERO, b"OKAYof another run".to_vec());
    state.lock().unwrap().packets.push_back(earlier);
    let deadline = hour(&fastboot);
    fastboot.erase(&target("boot"), deadline).unwrap();
    let error = fastboot.flash(&target("boot"), deadline).unwrap_err();
    assert_eq!(
        (error.code(), error.in_step()),
        ("fastboot::unexpected", false)
    );
    assert_eq!(heard(&state), ["erase:boot"]);
}

#[test]
fn an_image_that_fails_is_finished_with_zeros_and_told() {
    let (mut fastboot, state) = loader(vec![
        limit(),
        Act::Swallow(5000, b"OKAY".to_vec()),
        say("OKAYmdm9607"),
    ]);
    let deadline = hour(&fastboot);
    let error = fastboot
        .download(5000, &mut [7_u8; 100].as_slice(), deadline, &mut |_, _| {})
        .unwrap_err();
    assert_eq!((error.code(), error.in_step()), ("fastboot::file", true));
    assert_eq!(state.lock().unwrap().data.len(), 5000);
    assert!(fastboot.getvar("product", deadline).unwrap().is_some());
}

#[test]
fn a_modem_that_leaves_in_a_download_is_out_of_step_and_one_that_reboots_is_not_missed() {
    let (mut fastboot, state) = loader(vec![limit(), Act::Swallow(1 << 20, b"OKAY".to_vec())]);
    let deadline = hour(&fastboot);
    let mut left = |done, _| {
        if done >= 1 << 17 {
            state.lock().unwrap().gone = true;
        }
    };
    let mut image = std::io::repeat(1);
    let error = fastboot
        .download(1 << 20, &mut image, deadline, &mut left)
        .unwrap_err();
    assert_eq!((error.code(), error.in_step()), ("fastboot::cut", false));
    for (to, command) in [
        (Reboot::System, "reboot"),
        (Reboot::BootLoader, "reboot-bootloader"),
    ] {
        for act in [say("OKAY"), Act::Leave] {
            let (mut fastboot, state) = loader(vec![act]);
            let deadline = hour(&fastboot);
            fastboot.reboot(to, deadline).unwrap();
            assert_eq!(heard(&state), [command]);
        }
    }
}

#[test]
fn a_wish_to_stop_before_a_command_leaves_everything_in_step() {
    let (mut fastboot, state) = loader(vec![say("OKAY")]);
    let deadline = hour(&fastboot);
    fastboot.interrupt().set_urgency(Urgency::Free);
    fastboot.interrupt().wish();
    let error = fastboot.erase(&target("boot"), deadline).unwrap_err();
    assert_eq!(
        (error.code(), error.in_step()),
        ("fastboot::interrupted", true)
    );
    assert_eq!(heard(&state).len(), 0);
    fastboot.interrupt().clear();
    fastboot.erase(&target("boot"), deadline).unwrap();
}

proptest! {
    #[test]
    fn random_replies_end_in_bounded_time(
        replies in proptest::collection::vec(
            proptest::collection::vec((0u64..40, proptest::collection::vec(any::<u8>(), 0..300)), 0..5),
            0..5,
        ),
        words in proptest::collection::vec(prop_oneof![
            Just("OKAY"), Just("FAILx"), Just("DATA00001000"), Just("INFOx"), Just("OKAY0x4000"),
        ], 0..4),
    ) {
        let random = replies.into_iter().map(Act::Say);
        let known = words.into_iter().map(say);
        let acts = known.zip(random).flat_map(|(a, b)| [a, b]).collect();
        let (mut fastboot, _) = loader(acts);
        let deadline = hour(&fastboot);
        let mut image = std::io::repeat(1);
        let _ = fastboot.download(0x1000, &mut image, deadline, &mut |_, _| {});
        let _ = fastboot.flash(&target("boot"), deadline);
        let _ = fastboot.variables(deadline);
        let _ = fastboot.reboot(Reboot::System, deadline);
        prop_assert!(fastboot.port.clock().now() <= Duration::from_secs(7200));
    }
}
