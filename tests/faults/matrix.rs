//! Every kind of fault at every operation, at the first, second, third and last of each.

use crate::cell::{Ran, story};
use crate::oracle;
use unbrick::engine::Outcome;
use unbrick::plan::{Fault, FaultKind, Mode, Operation};
use unbrick::yaml::Spanned;

use FaultKind::{AckButLost, BitFlip, EndStatus, Garbage, LostReply, Nak, NoHello, Slow, Unplug};

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: 0..0 }
}

pub(crate) fn fault(kind: FaultKind, on: Operation, nth: u32) -> Fault {
    Fault {
        kind: spanned(kind),
        on: Some(spanned(on)),
        step: None,
        nth: Some(nth),
        value: None,
    }
}

pub(crate) fn strike(kind: FaultKind, on: Operation, nth: u32) -> Ran {
    let story = story();
    let mut scenario = story.scenario.clone();
    scenario.faults = vec![fault(kind, on, nth)];
    story.run(&format!("{kind:?} at {on:?} {nth}"), scenario)
}

/// What a fault at an operation may come to, by the part of the run that the operation belongs to.
fn expected(kind: FaultKind, on: Operation) -> &'static [Outcome] {
    use Outcome::{Failed, InDoubt, NoModem, Proved, Unproved};
    match (kind, on) {
        // Slowness is no failure, and one lost answer is asked for again.
        // Pages that cannot be read are holes, and a person is asked.
        (Slow, _) | (LostReply | Garbage | Nak, Operation::At) | (Nak, Operation::Read) => {
            &[Proved]
        }
        // The first HELLO is that of the dump state, and the last comes when nobody needs it any more.
        (Unplug, Operation::Hello) => &[Failed, NoModem],
        (_, Operation::Hello) => &[Failed, Proved],
        (
            _,
            Operation::ReadData
            | Operation::Configure
            | Operation::Read
            | Operation::NvRead
            | Operation::EfsRead
            | Operation::At
            | Operation::Power
            | Operation::Edl,
        ) => &[Failed],
        // Old bits may be those of the image, or the item's old value the new one: then nothing is lost.
        (AckButLost, Operation::Erase) => &[InDoubt, Proved],
        (AckButLost | BitFlip, Operation::NvWrite | Operation::EfsWrite) => &[Unproved, Proved],
        (
            _,
            Operation::Erase
            | Operation::Program
            | Operation::Raw
            | Operation::Digest
            | Operation::NvWrite
            | Operation::EfsWrite,
        ) => &[InDoubt],
        // This modem has neither fastboot nor streaming loaders: `examples/rehearsals` strikes there.
        (
            _,
            Operation::Getvar
            | Operation::Download
            | Operation::Data
            | Operation::Flash
            | Operation::FastbootErase
            | Operation::FastbootReboot
            | Operation::DloadTable
            | Operation::DloadOpen
            | Operation::DloadWrite
            | Operation::DloadClose,
        ) => &[],
    }
}

/// Seed of the sample, printed by each row: `FAULTS_SEED=n` takes another one, `FAULTS_SEED=all` every place.
fn sample(on: Operation, kind: FaultKind, last: u32) -> Vec<u32> {
    let given = std::env::var("FAULTS_SEED").unwrap_or_else(|_| "1".to_owned());
    let Ok(seed) = given.parse::<u32>() else {
        return (1..=last).collect();
    };
    // Any spread will do.
    let mixed = (seed ^ (on as u32) << 8 ^ (kind as u32) << 16).wrapping_mul(0x9e37_79b1) >> 16;
    let other = 2 + mixed % (last - 1);
    println!("{on:?} {kind:?}: place {other} of {last} by seed {seed}");
    // What strikes late, or changes nothing, goes through most of the story, which takes longest.
    let late = matches!(on, Operation::NvWrite | Operation::EfsWrite);
    if late || expected(kind, on) == [Outcome::Proved] {
        vec![other]
    } else {
        vec![1, other]
    }
}

/// Runs one operation's rows of the table: the first place of each kind, and one of the others up to the last.
fn rows(on: Operation, kinds: &[FaultKind], last: u32) {
    let mut wrong = Vec::new();
    for kind in kinds {
        for nth in sample(on, *kind, last) {
            let ran = strike(*kind, on, nth);
            let ended = &ran.ended;
            let mut broken = oracle::broken(&ran);
            if !expected(*kind, on).contains(&ended.outcome) {
                broken.push(format!("it must be one of {:?}", expected(*kind, on)));
            }
            if (*kind == Unplug) != (ran.summary.mode == Mode::Off) {
                broken.push("only an unplugged modem is off".to_owned());
            }
            println!(
                "{:<10} {:<10} {nth:>3}  {:<9} {:<23} {:<16} {:<8} {:>4} s  {}",
                format!("{on:?}"),
                format!("{kind:?}"),
                ended.outcome.word(),
                ended.code.as_deref().unwrap_or("-"),
                ended.step.as_deref().unwrap_or("-"),
                ran.summary.mode.word(),
                ran.took.as_secs(),
                if broken.is_empty() { "" } else { "BROKEN" },
            );
            if !broken.is_empty() {
                wrong.push(format!(
                    "{kind:?} at {on:?} {nth}: {broken:?}\n    {}\n    {:?}",
                    ended.message, ended.help
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn hello() {
    let kinds = [Unplug, LostReply, Garbage, EndStatus, NoHello, Slow];
    rows(Operation::Hello, &kinds, 3);
}

#[test]
fn read_data() {
    let kinds = [Unplug, LostReply, Garbage, EndStatus, Slow];
    rows(Operation::ReadData, &kinds, 3);
}

#[test]
fn configure() {
    let kinds = [Unplug, LostReply, Garbage, Nak, Slow];
    rows(Operation::Configure, &kinds, 2);
}

#[test]
fn erase() {
    let kinds = [Unplug, LostReply, Garbage, Nak, AckButLost, Slow];
    rows(Operation::Erase, &kinds, 20);
}

#[test]
fn program() {
    let kinds = [Unplug, LostReply, Garbage, Nak, AckButLost, BitFlip, Slow];
    rows(Operation::Program, &kinds, 19);
}

#[test]
fn raw() {
    let kinds = [Unplug, LostReply, Garbage, Nak, AckButLost, BitFlip];
    rows(Operation::Raw, &kinds, 100);
}

#[test]
fn digest() {
    let kinds = [Unplug, LostReply, Garbage, Nak, Slow];
    rows(Operation::Digest, &kinds, 19);
}

#[test]
fn read() {
    let kinds = [Unplug, LostReply, Garbage, Nak, Slow];
    rows(Operation::Read, &kinds, 3);
}

#[test]
fn nv_read() {
    let kinds = [Unplug, LostReply, Garbage, Nak, Slow];
    rows(Operation::NvRead, &kinds, 7000);
}

#[test]
fn nv_write() {
    let kinds = [Unplug, LostReply, Garbage, Nak, AckButLost, BitFlip, Slow];
    rows(Operation::NvWrite, &kinds, 9);
}

#[test]
fn efs_read() {
    rows(Operation::EfsRead, &[Unplug, LostReply, Nak, Slow], 3);
}

#[test]
fn efs_write() {
    let kinds = [Unplug, LostReply, Garbage, Nak, AckButLost, BitFlip, Slow];
    rows(Operation::EfsWrite, &kinds, 60);
}

#[test]
fn at() {
    rows(Operation::At, &[Unplug, LostReply, Garbage, Nak, Slow], 7);
}

#[test]
fn without_a_fault_the_run_is_proved_and_keeps_every_promise() {
    let story = story();
    let ran = story.run("no fault", story.scenario.clone());
    assert_eq!(ran.ended.outcome, Outcome::Proved, "{}", ran.ended.message);
    assert_eq!(oracle::broken(&ran), Vec::<String>::new());
}
