//! Modems that differ from the story's without being faulty, and defects that are there from the start.

use crate::cell::{Ran, story};
use crate::oracle;
use unbrick::engine::Outcome;
use unbrick::event::Event;
use unbrick::plan::{Banner, Calibration, Mode, Scenario, Spc};
use unbrick::yaml::Spanned;

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: 0..0 }
}

/// Runs a modem that differs, and holds it against the oracle.
fn ran(name: &str, change: impl FnOnce(&mut Scenario)) -> Ran {
    let story = story();
    let mut scenario = story.scenario.clone();
    change(&mut scenario);
    let ran = story.run(name, scenario);
    let ended = &ran.ended;
    println!(
        "{name:<38} {:<9} {:<24} {:<16} {}",
        ended.outcome.word(),
        ended.code.as_deref().unwrap_or("-"),
        ended.step.as_deref().unwrap_or("-"),
        ran.summary.mode.word()
    );
    let broken = oracle::broken(&ran);
    assert!(broken.is_empty(), "{name}: {broken:?}\n{}", ended.message);
    ran
}

fn proved(name: &str, change: impl FnOnce(&mut Scenario)) -> Ran {
    let ran = ran(name, change);
    assert_eq!(
        ran.ended.outcome,
        Outcome::Proved,
        "{name}: {}",
        ran.ended.message
    );
    ran
}

fn skipped(ran: &Ran, wanted: &str) -> bool {
    ran.events
        .iter()
        .any(|(_, event)| matches!(event, Event::StepSkip { step, .. } if step == wanted))
}

fn evidence(ran: &Ran, word: &str) -> usize {
    ran.events
        .iter()
        .filter(|(_, event)| matches!(event, Event::Done { operation, evidence, .. } if operation == "program" && evidence.starts_with(word)))
        .count()
}

#[test]
fn every_boot_rom_dialect_is_understood() {
    proved("sahara version 3", |s| s.sahara.version = 3);
    proved("sahara version 1", |s| s.sahara.version = 1);
    proved("sahara with 64-bit reads", |s| s.sahara.read64 = true);
    proved("sahara without command mode", |s| {
        s.sahara.command_mode = false;
    });
}

#[test]
fn a_boot_rom_that_wants_more_images_is_refused_before_anything_is_written() {
    let ran = ran("sahara with images pending", |s| s.sahara.pending = true);
    assert_ne!(ran.ended.outcome, Outcome::InDoubt, "{}", ran.ended.message);
}

#[test]
fn every_programmer_dialect_is_understood() {
    let ran = proved("programmer without digests", |s| {
        s.programmer.digest = false;
    });
    assert_eq!(evidence(&ran, "digest"), 0);
    assert!(evidence(&ran, "readback") > 10);
    proved("programmer with one banner", |s| {
        s.programmer.banner = Banner::One;
    });
    for most in [4096, 16384] {
        let name = format!("programmer with transfers of {most}");
        proved(&name, |s| s.programmer.max_payload = most);
    }
}

#[test]
fn a_programmer_that_is_not_signed_for_this_modem_is_told_in_words() {
    let ran = ran("programmer of another key", |s| {
        s.programmer.accepts = "00".repeat(32);
    });
    assert_eq!(ran.ended.outcome, Outcome::Failed);
    assert_eq!(ran.ended.code.as_deref(), Some("sahara::refused"));
    assert_eq!(ran.summary.mode, Mode::Edl);
    let help = ran.ended.help.unwrap();
    assert!(help.contains("not signed for this modem"), "{help}");
}

#[test]
fn bad_blocks_in_flashed_ranges_do_no_harm() {
    proved("bad blocks in flashed ranges", |s| {
        // In tz, boot, modem, usrdata and system.
        s.nand.bad_blocks = vec![140, 220, 500, 501, 1000, 1700];
    });
}

#[test]
fn unreadable_pages_of_the_calibration_are_asked_about() {
    let ran = proved("unreadable pages in efs2", |s| {
        s.nand.unreadable = vec![(14 * 4 + 3, 5)];
    });
    let asked = ran.events.iter().any(|(_, event)| {
        matches!(event, Event::Guard { guard, verdict, .. } if guard == "nand-saved" && verdict == "unknown")
    });
    assert!(asked);
    let holes = ran.events.iter().any(|(_, event)| {
        matches!(event, Event::Backup { step, holes, .. } if step == "save-nand" && holes.values().sum::<u64>() == 5)
    });
    assert!(holes, "the holes are counted");
}

#[test]
fn a_locked_modem_is_not_restored_by_halves() {
    let ran = ran("spc locked", |s| s.spc = Spc::Locked);
    assert_ne!(ran.ended.outcome, Outcome::Proved);
    assert_eq!(ran.ended.step.as_deref(), Some("restore-nv"));
    assert_eq!(ran.summary.mode, Mode::Normal);
    let written = ran
        .record
        .iter()
        .any(|r| matches!(r.kind.word(), "nv-write" | "efs-write"));
    assert!(!written);
}

#[test]
fn a_modem_without_an_imei_is_never_given_one() {
    let ran = ran("imei none", |s| s.imei = Some(spanned("none".to_owned())));
    assert_ne!(ran.ended.outcome, Outcome::Proved);
    assert_eq!(ran.summary.imei, None);
}

#[test]
fn the_factory_test_flag_is_seen_or_mended() {
    let ran = ran("factory test mode", |s| s.ftm = true);
    assert!(matches!(
        ran.ended.outcome,
        Outcome::Proved | Outcome::Unproved | Outcome::Failed
    ));
}

#[test]
fn a_modem_in_edl_is_flashed_without_a_hand() {
    let ran = ran("damage: sbl, in edl", |s| {
        s.mode = spanned(Mode::Edl);
        s.damage = vec![spanned("sbl".to_owned())];
    });
    assert!(skipped(&ran, "ground-pin-65"));
    // No wire is tied, so the modem does not come back in EDL after the flash: it runs, and the run says so.
    assert_eq!(ran.ended.step.as_deref(), Some("leave-programmer"));
    assert_eq!(ran.summary.mode, Mode::Normal);
    assert!(ran.summary.boots);
}

#[test]
fn a_modem_that_gives_nothing_to_save_is_not_restored() {
    let ran = ran("damage: abl and efs2", |s| {
        s.damage.push(spanned("efs2".to_owned()));
    });
    assert_eq!(ran.ended.code.as_deref(), Some("backup::empty"));
    let written = ran
        .record
        .iter()
        .any(|r| matches!(r.kind.word(), "nv-write" | "efs-write"));
    assert!(!written);
}

#[test]
fn calibration_that_is_there_is_left_alone() {
    let ran = proved("calibration present", |s| {
        s.calibration = Calibration::Present;
    });
    assert!(skipped(&ran, "repair-radio"));
    let written = ran
        .record
        .iter()
        .any(|r| matches!(r.kind.word(), "nv-write" | "efs-write"));
    assert!(!written);
}
