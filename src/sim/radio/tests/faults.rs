//! Each kind of fault of the running firmware really strikes.

use super::{Bench, efs};
use crate::plan::{Fault, FaultKind, Mode, Operation};
use crate::protocol::hdlc;
use crate::sim::Wire;
use crate::sim::radio::Wish;
use crate::sim::radio::fixture::{FIRMWARE, fault, scenario, spanned};
use std::time::Duration;

fn bench(faults: Vec<Fault>, seed: u64) -> Bench {
    let mut state = scenario();
    state.faults = faults;
    Bench::up(&state, seed)
}

fn at(kind: FaultKind) -> Bench {
    bench(vec![fault(kind, Operation::At, 1)], 1)
}

/// NV read of an item.
fn read_item(item: u8) -> Vec<u8> {
    let mut payload = vec![0x26, item, 0];
    payload.resize(133, 0);
    payload
}

/// NV write of an item.
fn write_item() -> Vec<u8> {
    let mut payload = vec![0x27, 0xb2, 0x03];
    payload.resize(133, 0);
    payload
}

#[test]
fn at_answers_are_spoilt_once() {
    let usual = at(FaultKind::Slow).say("AT+CFUN?");
    let lines = |text: &str| text.matches("+CFUN: 1").count();
    assert_eq!(lines(&usual), 1);
    assert_eq!(lines(&at(FaultKind::DuplicateReply).say("AT+CFUN?")), 2);
    assert!(
        at(FaultKind::ExtraLine)
            .say("AT+CFUN?")
            .contains("+QIND: SMS DONE")
    );
    let stale = at(FaultKind::StaleBytes).say("AT");
    assert!(stale.ends_with("OK\r\n") && stale.len() > "AT\r\r\nOK\r\n".len() + 10);
    assert_eq!(at(FaultKind::Timeout).say("AT+CFUN?"), "");
    let mut late = at(FaultKind::LateReply);
    assert!(!late.say("AT+CFUN?").contains("+CFUN: 1"));
    assert!(late.say("AT").contains("OK"), "overtaken");
    late.pass(Duration::from_secs(5));
    assert_eq!(lines(&String::from_utf8_lossy(&late.read(Wire::At))), 1);
    let mut stalled = at(FaultKind::Stall);
    assert!(!stalled.say("AT+CFUN?").contains("+CFUN: 1"));
    assert!(!stalled.say("AT").contains("OK"), "nothing overtakes");
}

#[test]
fn the_first_reads_of_a_cut_answer_are_short_and_a_joined_one_holds_the_echo() {
    let reads = |kind| {
        let mut bench = at(kind);
        bench.radio.write(Wire::At, b"AT+CFUN?\r");
        bench.pass(Duration::from_secs(1));
        let mut buffer = [0; 256];
        let mut sizes = Vec::new();
        while let count @ 1.. = bench.radio.read(Wire::At, &mut buffer) {
            sizes.push(count);
        }
        sizes
    };
    assert_eq!(reads(FaultKind::ShortRead)[..2], [9, 1], "echo, one byte");
    assert!(reads(FaultKind::Split)[1..].iter().all(|size| *size <= 3));
    assert_eq!(reads(FaultKind::Join).len(), 1);
}

#[test]
fn the_version_is_half_for_a_while() {
    let mut bench = at(FaultKind::HalfVersion);
    let half = bench.ask("AT+QGMR");
    assert!(half[0].ends_with(".00.000"), "{half:?}");
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.ask("AT+QGMR")[0], FIRMWARE);
}

#[test]
fn a_modem_leaves_by_its_own_way() {
    let cases = [
        (
            FaultKind::Vanish,
            None,
            Wish::Vanish {
                after: Duration::from_secs(2),
            },
        ),
        (
            FaultKind::WrongMode,
            Some("ramdump"),
            Wish::Into(Mode::Ramdump),
        ),
    ];
    for (kind, value, wish) in cases {
        let mut struck = fault(kind, Operation::At, 1);
        struck.value = value.map(|text| spanned(text.to_owned()));
        let mut bench = bench(vec![struck], 1);
        assert_eq!(bench.say("AT"), "");
        assert_eq!(bench.radio.take_wish(), Some(wish));
    }
}

#[test]
fn diag_answers_are_spoilt_once() {
    let mut bench = bench(vec![fault(FaultKind::BadCrc, Operation::NvRead, 1)], 1);
    bench.radio.write(Wire::Diag, &hdlc::encode(&read_item(10)));
    bench.pass(Duration::from_millis(50));
    let bytes = bench.read(Wire::Diag);
    bench.frames.push(&bytes);
    assert!(bench.frames.next_frame().unwrap().is_err());
    assert_eq!(bench.diag(&read_item(10)).unwrap()[0], 0x26);
}

#[test]
fn items_and_files_are_refused_once() {
    let mut bench = bench(
        vec![
            fault(FaultKind::ReadError, Operation::NvRead, 1),
            fault(FaultKind::Locked, Operation::NvWrite, 1),
            fault(FaultKind::EfsFull, Operation::EfsWrite, 1),
        ],
        1,
    );
    bench.unlock();
    let status = |answer: Vec<u8>| u16::from_le_bytes([answer[131], answer[132]]);
    assert_ne!(status(bench.diag(&read_item(10)).unwrap()), 0);
    assert_eq!(status(bench.diag(&read_item(10)).unwrap()), 0);
    // 0x42: the service programming code was not told.
    assert_eq!(bench.diag(&write_item()).unwrap()[0], 0x42);
    assert_eq!(bench.diag(&write_item()).unwrap()[0], 0x27);
    // PUT of one byte: length, two bytes unused, flags that create and truncate, mode, the byte, the path.
    let body: [&[u8]; 6] = [
        &[1, 0],
        &[0, 0],
        &0xc_0240_i32.to_le_bytes(),
        &[0xff, 1],
        &[7],
        b"/nv/item_files/x\0",
    ];
    let mut errno = || bench.diag(&efs(38, &body)).unwrap()[6];
    assert_eq!([errno(), errno()], [28, 0], "no room, and then there is");
}

#[test]
fn the_command_into_edl_is_not_echoed() {
    let edl = [0x4b, 0x65, 1, 0];
    let echoes = |faults: &dyn Fn() -> Vec<Fault>| {
        let echoed = |seed| bench(faults(), seed).diag(&edl).is_some();
        (0..20).filter(|seed| echoed(*seed)).count()
    };
    assert!(echoes(&Vec::new) > 10);
    assert_eq!(
        echoes(&|| vec![fault(FaultKind::NoEcho, Operation::Edl, 1)]),
        0
    );
}
