//! Every kind of fault once, at an operation that it fits: the run ends in a documented way, and nothing unsafe was sent.

use crate::cell::story;
use crate::matrix::{fault, strike};
use crate::oracle;
use std::collections::BTreeSet;
use unbrick::engine::Outcome;
use unbrick::plan::{FaultKind, Operation};

use FaultKind as F;
use Operation as O;

/// Those of the matrix: there they strike at every operation.
const MATRIX: [FaultKind; 9] = [
    F::Unplug,
    F::LostReply,
    F::Garbage,
    F::Nak,
    F::AckButLost,
    F::BitFlip,
    F::EndStatus,
    F::NoHello,
    F::Slow,
];
/// The story is in EDL by a pin, so nobody sends the DIAG command: the modem's own tests have this one.
const ELSEWHERE: [FaultKind; 1] = [F::NoEcho];

/// The computer's own: rehearsals have these (tests/program/computer.rs).
const COMPUTER: [FaultKind; 6] = [
    F::DiskFull,
    F::IoError,
    F::Killed,
    F::Interrupt,
    F::InterruptTwice,
    F::FileSwapped,
];

/// What goes wrong on the bus.
const BUS: [(FaultKind, Operation, u32); 6] = [
    (F::OtherPort, O::Program, 3),
    (F::ZlpRequired, O::Raw, 3),
    (F::Vanish, O::Program, 3),
    (F::WrongMode, O::At, 1),
    (F::Timeout, O::Digest, 2),
    (F::Stall, O::NvRead, 9),
];
/// What goes wrong with bytes.
const BYTES: [(FaultKind, Operation, u32); 2] =
    [(F::BadCrc, O::EfsWrite, 2), (F::LateReply, O::NvRead, 4)];
const SAHARA: [(FaultKind, Operation, u32); 4] = [
    (F::HelloTwice, O::Hello, 2),
    (F::StaleEnd, O::Hello, 2),
    (F::SilenceAfterRead, O::ReadData, 2),
    (F::StayRamdump, O::Hello, 1),
];
const FIREHOSE: [(FaultKind, Operation, u32); 3] = [
    (F::NakRetry, O::Erase, 2),
    (F::LogWithoutResponse, O::Digest, 1),
    (F::ErrorOnReset, O::Power, 1),
];
const FIRMWARE: [(FaultKind, Operation, u32); 3] = [
    (F::Locked, O::NvWrite, 2),
    (F::ReadError, O::NvRead, 2),
    (F::ReadError, O::EfsRead, 1),
];

/// What is to be borne: with all of it in one run, the run ends proved.
const BORNE: [(FaultKind, Operation, u32); 17] = [
    (F::ShortWrite, O::Raw, 4),
    // Nothing here ever sends a zero-length packet.
    (F::ZlpForbidden, O::Hello, 2),
    (F::ShortRead, O::EfsRead, 2),
    (F::Split, O::Program, 2),
    (F::Join, O::Erase, 1),
    (F::StaleBytes, O::NvRead, 5),
    (F::DuplicateReply, O::NvWrite, 2),
    (F::NakSmallerPayload, O::Configure, 1),
    (F::LateLog, O::Erase, 2),
    (F::TwoDocuments, O::Raw, 3),
    (F::LateErase, O::Erase, 4),
    (F::BadBlock, O::Program, 4),
    (F::EdlLoop, O::Hello, 2),
    (F::EfsFull, O::EfsWrite, 3),
    (F::ExtraLine, O::At, 2),
    (F::HalfVersion, O::At, 1),
    (F::ReadError, O::Read, 1),
];

/// The same kinds at other operations, which mostly go through the whole story: with `FAULTS_SEED=all` only.
const MORE: [(FaultKind, Operation, u32); 23] = [
    (F::OtherPort, O::At, 1),
    (F::ZlpRequired, O::ReadData, 2),
    (F::ShortWrite, O::ReadData, 2),
    (F::ShortWrite, O::Erase, 2),
    (F::ShortWrite, O::NvWrite, 2),
    (F::ShortWrite, O::At, 1),
    (F::Vanish, O::At, 2),
    (F::ShortRead, O::Erase, 2),
    (F::Split, O::NvWrite, 2),
    (F::Split, O::ReadData, 2),
    (F::Join, O::At, 2),
    (F::Timeout, O::At, 1),
    (F::StaleBytes, O::At, 1),
    (F::StaleBytes, O::Erase, 2),
    (F::DuplicateReply, O::Erase, 2),
    (F::DuplicateReply, O::At, 1),
    (F::LateReply, O::Program, 2),
    (F::LateReply, O::At, 1),
    (F::HelloTwice, O::Hello, 1),
    (F::TwoDocuments, O::Erase, 2),
    (F::BadBlock, O::Erase, 4),
    (F::Stall, O::Erase, 2),
    (F::BadCrc, O::NvRead, 3),
];

fn each_ends_well(cells: &[(FaultKind, Operation, u32)]) {
    let mut wrong = Vec::new();
    for (kind, on, nth) in cells {
        let ran = strike(*kind, *on, *nth);
        let ended = &ran.ended;
        let mut broken = oracle::broken(&ran);
        // That it comes back in its dump state, whatever is written, is this very fault.
        if *kind == F::StayRamdump {
            broken.retain(|promise| !promise.starts_with("memory dump only"));
        }
        // At the port of the run there is nothing, and that is what is said.
        if *kind == F::OtherPort && ended.message.contains("Plug it back, or begin anew with") {
            broken.retain(|promise| promise != "the message says the modem's mode");
        }
        if ended.outcome == Outcome::Interrupted {
            broken.push("nobody stopped it".to_owned());
        }
        if ended.outcome != Outcome::Proved && ended.outcome.exit().number() <= 1 {
            broken.push("it is a fault of the program".to_owned());
        }
        println!(
            "{:<18} {:<10} {nth:>2}  {:<9} {:<23} {:<16} {:<8} {:>5} s",
            format!("{kind:?}"),
            format!("{on:?}"),
            ended.outcome.word(),
            ended.code.as_deref().unwrap_or("-"),
            ended.step.as_deref().unwrap_or("-"),
            ran.summary.mode.word(),
            ran.took.as_secs(),
        );
        if !broken.is_empty() {
            let told = &ended.message;
            wrong.push(format!("{kind:?} at {on:?} {nth}: {broken:?}\n    {told}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn what_is_to_be_borne_is_borne_all_at_once() {
    let story = story();
    let mut scenario = story.scenario.clone();
    scenario.faults = BORNE.map(|(kind, on, nth)| fault(kind, on, nth)).to_vec();
    let ran = story.run("all that is to be borne", scenario);
    assert_eq!(ran.ended.outcome, Outcome::Proved, "{}", ran.ended.message);
    assert_eq!(oracle::broken(&ran), Vec::<String>::new());
}

#[test]
fn of_the_bus() {
    each_ends_well(&BUS);
}

#[test]
fn of_bytes() {
    each_ends_well(&BYTES);
}

#[test]
fn of_sahara() {
    each_ends_well(&SAHARA);
}

#[test]
fn of_firehose() {
    each_ends_well(&FIREHOSE);
}

#[test]
fn of_the_firmware() {
    each_ends_well(&FIRMWARE);
}

#[test]
fn at_other_operations() {
    if std::env::var("FAULTS_SEED").is_ok_and(|seed| seed == "all") {
        each_ends_well(&MORE);
        each_ends_well(&BORNE);
    }
}

#[test]
fn every_kind_is_tried_somewhere() {
    let schema = unbrick::schema::schema("scenario").unwrap();
    let kinds = schema["$defs"]["FaultKind"]["oneOf"].as_array().unwrap();
    let named: BTreeSet<String> = kinds
        .iter()
        .map(|kind| kind["const"].as_str().unwrap().replace('-', ""))
        .collect();
    let cells = [&BORNE[..], &BUS, &BYTES, &SAHARA, &FIREHOSE, &FIRMWARE].concat();
    let tried: BTreeSet<String> = cells
        .iter()
        .map(|(kind, ..)| *kind)
        .chain(MATRIX)
        .chain(ELSEWHERE)
        .chain(COMPUTER)
        .map(|kind| format!("{kind:?}").to_lowercase())
        .collect();
    assert_eq!(named, tried);
}
