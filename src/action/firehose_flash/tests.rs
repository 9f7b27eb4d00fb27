//! A flash against the scripted programmer: the order, the proof, and what is said when it ends early.

use super::flashing::flash;
use super::*;
use crate::action::Witness;
use crate::driver::firehose::tests::{Shared, State, started};
use crate::event::{BackupFile, Event, Unit};
use crate::firmware::package::tests::{Maker, chip};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Default)]
struct Heard(Vec<String>);

impl Witness for Heard {
    fn intent(&mut self, operation: &str, target: &str, _: Option<&str>) -> Result<(), Failure> {
        self.0.push(format!("intent {operation} {target}"));
        Ok(())
    }
    fn done(&mut self, operation: &str, target: &str, evidence: &str) -> Result<(), Failure> {
        let evidence = evidence.split(' ').next().unwrap();
        self.0.push(format!("done {operation} {target} {evidence}"));
        Ok(())
    }
    fn failed(&mut self, operation: &str, target: &str, _: &str) {
        self.0.push(format!("failed {operation} {target}"));
    }
    fn progress(&mut self, _: &str, _: Unit, done: u64, total: u64) {
        assert!(done <= total);
    }
    fn note(&mut self, text: &str) {
        self.0.push(format!("note {text}"));
    }
    fn backup(&mut self, _: Vec<BackupFile>, _: BTreeMap<String, u64>) -> Result<(), Failure> {
        Ok(())
    }
    fn event(&mut self, _: Event) {}
}

const BEST: Options = Options {
    verify: None,
    skip_same: false,
    erase_all: false,
};

fn adjusted(state: &mut State, adjust: impl FnOnce(&mut State)) {
    state.chip = chip().geometry;
    state.flash = vec![0xff; 128 * 1024];
    state.flash[16 * 1024..32 * 1024].fill(0x5a);
    adjust(state);
}

fn flashed(
    options: Options,
    adjust: impl FnOnce(&mut State),
) -> (Result<Report, Failure>, Heard, Shared) {
    let (_folder, root) = Maker::whole().write();
    let package = Package::inspect(&root, &chip(), Extent::Update).unwrap();
    let (mut firehose, state) = started(|state| adjusted(state, adjust));
    let mut heard = Heard::default();
    let deadline = firehose.within(Duration::from_secs(3600));
    let result = flash(
        &mut firehose,
        &mut heard,
        chip().geometry,
        package,
        options,
        deadline,
    );
    (result, heard, state)
}

fn sent(state: &Shared) -> Vec<String> {
    let state = state.lock().unwrap();
    let changes = state
        .record
        .iter()
        .filter(|(name, ..)| name == "erase" || name == "program");
    changes
        .map(|(name, start, _)| format!("{name} {start}"))
        .collect()
}

#[test]
fn the_boot_loader_goes_first_and_comes_last_and_calibration_stays() {
    let (result, heard, state) = flashed(BEST, |_| {});
    let report = result.unwrap();
    assert_eq!(
        (report.erased, report.written, report.unverified.len()),
        (5, 4, 0)
    );
    assert_eq!(
        sent(&state),
        [
            "erase 0",
            "erase 8",
            "erase 32",
            "erase 40",
            "erase 100",
            "program 8",
            "program 32",
            "program 40",
            "program 0"
        ]
    );
    assert!(
        heard
            .0
            .contains(&"done program sectors 0..3 (sbl) digest".to_owned()),
        "{heard:?}",
        heard = heard.0
    );
    let state = state.lock().unwrap();
    assert!(state.flash[16 * 1024..32 * 1024].iter().all(|b| *b == 0x5a));
    assert_eq!(state.flash[..3000], [1; 3000]);
}

/// The digest is of the expanded data, what follows the last data stays blank, and each method proves it.
#[test]
fn a_sparse_image_is_written_and_proved_expanded() {
    // Two blocks of one repeated word, a gap, a block of data and an end that nobody cares for, in blocks of a page.
    let word = |number: u32| number.to_le_bytes();
    let chunk = |kind: u32, blocks: u32, data: &[u8]| {
        let total = 12 + u32::try_from(data.len()).unwrap();
        [&word(kind)[..], &word(blocks), &word(total), data].concat()
    };
    let numbers = [0xed26_ff3a, 1, 0x000c_001c, 1024, 8, 4, 0];
    let image = [
        numbers.map(word).concat(),
        chunk(0xcac2, 2, b"word"),
        chunk(0xcac3, 1, b""),
        chunk(0xcac1, 1, &[7; 1024]),
        chunk(0xcac3, 4, b""),
    ]
    .concat();
    for verify in [Verify::Digest, Verify::Readback] {
        let mut maker = Maker::whole();
        maker.file("update/tz.mbn", image.clone());
        for line in &mut maker.lines {
            if line.contains("<program") && line.contains("tz.mbn") {
                *line = line.replace("/>", " sparse=\"true\"/>");
            }
        }
        let (_folder, root) = maker.write();
        let package = Package::inspect(&root, &chip(), Extent::Update).unwrap();
        let (mut firehose, state) = started(|state| adjusted(state, |_| {}));
        let deadline = firehose.within(Duration::from_secs(3600));
        let options = Options {
            verify: Some(verify),
            ..BEST
        };
        let mut heard = Heard::default();
        let geometry = chip().geometry;
        let report = flash(
            &mut firehose,
            &mut heard,
            geometry,
            package,
            options,
            deadline,
        );
        assert_eq!(report.unwrap().unverified, Vec::<String>::new());
        let state = state.lock().unwrap();
        let tz = &state.flash[32 * 1024..40 * 1024];
        assert_eq!(&tz[..2048], b"word".repeat(512));
        assert_eq!(tz[2048..3072], [0xff; 1024]);
        assert_eq!(tz[3072..4096], [7; 1024]);
        assert_eq!(tz[4096..], [0xff; 4096]);
        let sent = |(name, start, count): &&(String, u32, u32)| {
            name == "program" && (*start, *count) == (32, 4)
        };
        assert_eq!(state.record.iter().filter(sent).count(), 1);
    }
}

#[test]
fn each_intent_stands_before_its_packet() {
    for (kind, nth) in [("erase", 1), ("erase", 3), ("program", 2), ("program", 4)] {
        let (result, heard, state) = flashed(BEST, |state| state.leave = Some((kind, nth)));
        let failure = result.unwrap_err();
        assert_eq!(failure.cause, Cause::Modem);
        let intents = heard
            .0
            .iter()
            .filter(|line| line.starts_with("intent"))
            .count();
        assert_eq!(intents, sent(&state).len());
        assert!(heard.0.last().unwrap().starts_with("failed"));
    }
}

#[test]
fn after_a_failure_nothing_resets_the_modem_and_it_is_to_stay_powered() {
    let (result, _, state) = flashed(BEST, |state| state.nak = Some(("program", 2)));
    let failure = result.unwrap_err();
    assert_eq!(failure.code, "firehose::refused");
    assert!(
        failure
            .help
            .unwrap()
            .contains("keep it powered, do not unplug")
    );
    assert!(
        state
            .lock()
            .unwrap()
            .record
            .iter()
            .all(|(name, ..)| name != "power")
    );
}

#[test]
fn one_flipped_bit_fails_the_range_by_either_proof() {
    for verify in [None, Some(Verify::Digest), Some(Verify::Readback)] {
        let options = Options { verify, ..BEST };
        let (result, ..) = flashed(options, |state| state.flip = true);
        let failure = result.unwrap_err();
        assert_eq!(failure.code, "flash::not-as-written");
        assert!(
            failure.message.contains("sectors 8..12 (mibib)"),
            "{}",
            failure.message
        );
    }
}

#[test]
fn without_digests_every_sector_is_read_back() {
    let (result, heard, _) = flashed(BEST, |state| state.digest = false);
    assert!(result.unwrap().unverified.is_empty());
    assert!(
        heard
            .0
            .contains(&"done program sectors 32..36 (tz) readback".to_owned())
    );
    let options = Options {
        verify: Some(Verify::Digest),
        ..BEST
    };
    let (result, _, state) = flashed(options, |state| state.digest = false);
    assert_eq!(result.unwrap_err().code, "flash::no-digest");
    assert!(sent(&state).is_empty());
}

#[test]
fn pages_that_read_as_filler_are_not_verified_and_not_equal() {
    let (result, ..) = flashed(
        Options {
            verify: Some(Verify::Readback),
            ..BEST
        },
        |state| state.filler = Some(33),
    );
    assert_eq!(result.unwrap().unverified, ["sectors 32..36 (tz)"]);
}

#[test]
fn verifying_nothing_is_told_range_by_range() {
    let (result, ..) = flashed(
        Options {
            verify: Some(Verify::None),
            ..BEST
        },
        |state| state.flip = true,
    );
    assert_eq!(result.unwrap().unverified.len(), 4);
}

#[test]
fn another_chip_is_noticed_before_the_first_erase() {
    let (result, _, state) = flashed(BEST, |state| state.blocks_told = 64);
    assert_eq!(result.unwrap_err().code, "flash::geometry");
    assert!(sent(&state).is_empty());
}

#[test]
fn ranges_that_hold_their_image_are_left_alone_but_not_the_boot_loader() {
    let options = Options {
        skip_same: true,
        ..BEST
    };
    let (result, _, state) = flashed(options, |state| {
        state.flash[32 * 1024..36 * 1024].fill(3);
        state.flash[..3000].fill(1);
        state.flash[3000..3072].fill(0);
    });
    assert_eq!(result.unwrap().skipped, 1);
    assert_eq!(
        sent(&state),
        [
            "erase 0",
            "erase 8",
            "erase 40",
            "erase 100",
            "program 8",
            "program 40",
            "program 0"
        ]
    );
}

/// Behind a UBI image nothing may be left of an older one.
#[test]
fn a_ubi_range_is_left_alone_where_the_rest_of_its_room_is_blank() {
    let options = Options {
        skip_same: true,
        ..BEST
    };
    // The image ends within the block of sectors 48..52.
    let system = 40 * 1024;
    for (left_of_another, skipped) in [(None, 1), (Some(52 * 1024), 0)] {
        let (result, heard, state) = flashed(options, |state| {
            state.flash[system..system + 9000].fill(5);
            state.flash[system..system + 4].copy_from_slice(b"UBI#");
            state.flash[system + 9000..system + 9 * 1024].fill(0);
            if let Some(at) = left_of_another {
                state.flash[at] = 0x55;
            }
        });
        assert_eq!(result.unwrap().skipped, skipped);
        assert_eq!(
            sent(&state).contains(&"program 40".to_owned()),
            skipped == 0
        );
        let told = heard
            .0
            .iter()
            .any(|line| line.starts_with("done same sectors 40.."));
        assert_eq!(told, skipped == 1);
    }
}

/// A write that was cut short may leave pages that cannot be read: they are written again.
#[test]
fn a_range_that_the_programmer_cannot_digest_is_written() {
    let options = Options {
        skip_same: true,
        ..BEST
    };
    let (result, ..) = flashed(options, |state| {
        state.nak = Some(("getsha256digest", 1));
    });
    let report = result.unwrap();
    assert_eq!((report.skipped, report.written), (0, 4));
}

/// The digest of the modem proves the image, so nothing else hashes it; what is wrong is told all the same.
#[test]
fn an_image_that_changed_after_it_was_judged_is_told_as_such() {
    for verify in [None, Some(Verify::Readback), Some(Verify::None)] {
        let (folder, root) = Maker::whole().write();
        let package = Package::inspect(&root, &chip(), Extent::Update).unwrap();
        let path = folder.path().join("update/tz.mbn");
        #[expect(
            clippy::disallowed_methods,
            reason = "another program writes to the file"
        )]
        std::fs::write(path, vec![4; 4096]).unwrap();
        let (mut firehose, _) = started(|state| adjusted(state, |_| {}));
        let deadline = firehose.within(Duration::from_secs(60));
        let geometry = chip().geometry;
        let options = Options { verify, ..BEST };
        let mut heard = Heard::default();
        let result = flash(
            &mut firehose,
            &mut heard,
            geometry,
            package,
            options,
            deadline,
        );
        let failure = result.unwrap_err();
        assert!(
            failure.message.contains("it changed after it was judged"),
            "{verify:?}: {failure}"
        );
        assert_eq!(failure.cause, Cause::Host);
    }
}

/// What is said of the boot loader is true before the first erase, and after the last write.
#[test]
fn a_flash_that_ends_before_the_first_erase_says_that_nothing_was_erased() {
    let (_folder, root) = Maker::whole().write();
    let package = Package::inspect(&root, &chip(), Extent::Update).unwrap();
    let (mut firehose, state) = started(|state| adjusted(state, |_| {}));
    let options = Options {
        skip_same: true,
        ..BEST
    };
    state.lock().unwrap().leave = Some(("getsha256digest", 2));
    let deadline = firehose.within(Duration::from_secs(60));
    let geometry = chip().geometry;
    let mut heard = Heard::default();
    let result = flash(
        &mut firehose,
        &mut heard,
        geometry,
        package,
        options,
        deadline,
    );
    let help = result.unwrap_err().help.unwrap();
    assert!(help.contains("nothing was erased"), "{help}");
    assert!(sent(&state).is_empty());
}

#[test]
fn two_wishes_stop_between_two_ranges() {
    let (_folder, root) = Maker::whole().write();
    let package = Package::inspect(&root, &chip(), Extent::Update).unwrap();
    let (mut firehose, state) = started(|state| adjusted(state, |_| {}));
    firehose
        .interrupt()
        .set_urgency(crate::transport::Urgency::Hold);
    firehose.interrupt().wish();
    firehose.interrupt().wish();
    let deadline = firehose.within(Duration::from_secs(60));
    let result = flash(
        &mut firehose,
        &mut Heard::default(),
        chip().geometry,
        package,
        BEST,
        deadline,
    );
    assert_eq!(result.unwrap_err().cause, Cause::Interrupted);
    assert!(sent(&state).is_empty());
}
