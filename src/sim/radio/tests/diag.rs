//! Frames on the DIAG port, after the layouts of diag-and-xqcn.md.

use super::{Bench, efs, word};
use crate::plan::{FaultKind, Operation, Spc};
use crate::protocol::hdlc;
use crate::sim::Wire;
use crate::sim::radio::Wish;
use crate::sim::radio::fixture::{fault, scenario};
use crate::sim::record::RecordKind;
use std::time::Duration;

fn nv(command: u8, item: u16, data: &[u8]) -> Vec<u8> {
    let mut payload = vec![command];
    payload.extend(item.to_le_bytes());
    payload.extend(data);
    payload.resize(133, 0);
    payload
}

fn status(answer: &[u8]) -> u16 {
    u16::from_le_bytes(answer[answer.len() - 2..].try_into().unwrap())
}

#[test]
fn the_published_vectors_are_understood() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.radio.write(Wire::Diag, &[0x7c, 0x93, 0x49, 0x7e]);
    bench.pass(Duration::from_secs(1));
    let bytes = bench.read(Wire::Diag);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains("RM502QGLAAR11A02M4G\0"), "{text:?}");
    let build = bench.diag(&[0x7c]).unwrap();
    assert!(build[12..].starts_with(b"RM502QGLAAR11A02M4G\0"));
    assert_eq!(
        bench
            .diag(&[0x46, 255, 255, 255, 255, 255, 255, 255, 254])
            .unwrap(),
        [0x46, 1]
    );
    assert_eq!(bench.diag(&[0x51]).unwrap()[..3], [0x51, 8, 0]);
    assert_eq!(bench.diag(&[0x00]).unwrap().len(), 1 + 11 + 8 + 11 + 8 + 8);
    assert_eq!(bench.diag(&[0x7b, 0x7e, 0x7d]).unwrap(), [0x7b, 0x7e, 0x7d]);
}

#[test]
fn refusals_repeat_the_request() {
    let mut bench = Bench::up(&scenario(), 1);
    assert_eq!(bench.diag(&[0x33, 1]).unwrap(), [0x13, 0x33, 1]);
    assert_eq!(bench.diag(&[0x27, 1]).unwrap(), [0x15, 0x27, 1]);
    assert_eq!(bench.diag(&[0x29, 9, 0]).unwrap(), [0x14, 0x29, 9, 0]);
}

#[test]
fn a_frame_with_a_wrong_checksum_is_not_answered() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.radio.write(Wire::Diag, &[0x7c, 0x93, 0x48, 0x7e]);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.read(Wire::Diag), b"");
}

#[test]
fn items_answer_with_their_real_status() {
    let mut bench = Bench::up(&scenario(), 1);
    // Three bytes are enough to read (qtools).
    let imei = bench.diag(&[0x26, 0x26, 0x02]).unwrap();
    assert_eq!(imei.len(), 133);
    assert_eq!(
        imei[3..12],
        [0x08, 0x4a, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81]
    );
    let mut read = |item| status(&bench.diag(&nv(0x26, item, &[])).unwrap());
    assert_eq!(read(453), 0);
    assert_eq!(read(454), 5);
    assert_eq!(read(0xffff), 6);
    bench.unlock();
    let mut write = |item| status(&bench.diag(&nv(0x27, item, &[1])).unwrap());
    assert_eq!(write(453), 0);
    assert_eq!(write(2825), 7);
    assert_eq!(write(0xffff), 6);
}

#[test]
fn an_indexed_item_is_another_than_the_plain_one() {
    let mut bench = Bench::up(&scenario(), 1);
    let read = |index: u8| {
        let mut payload = vec![0x4b, 0x30, 1, 0, 0xb9, 0x01, index, 0];
        payload.resize(138, 0);
        payload
    };
    let (zero, one) = (bench.diag(&read(0)).unwrap(), bench.diag(&read(1)).unwrap());
    assert_eq!(zero[8..10], [0xff, 0xff]);
    assert_eq!(one[8..10], [0xff, 0x0f]);
    assert_eq!(status(&bench.diag(&read(2)).unwrap()), 5);
}

#[test]
fn writes_need_the_code_and_a_locked_unit_never_takes_it() {
    let mut bench = Bench::up(&scenario(), 1);
    assert_eq!(bench.diag(&nv(0x27, 453, &[1])).unwrap()[..2], [0x42, 0x27]);
    assert_eq!(
        bench.diag(&efs(8, &[b"/boot_count\0"])).unwrap()[..2],
        [0x42, 0x4b]
    );
    assert_eq!(bench.diag(b"A123456").unwrap(), [0x41, 0]);
    bench.unlock();
    assert_eq!(status(&bench.diag(&nv(0x27, 453, &[1])).unwrap()), 0);

    let mut state = scenario();
    state.spc = Spc::Locked;
    let mut locked = Bench::up(&state, 1);
    assert_eq!(locked.diag(b"A000000").unwrap(), [0x41, 0]);
    assert_eq!(locked.diag(&nv(0x27, 453, &[1])).unwrap()[0], 0x42);
    assert!(locked.radio.take_records().is_empty());
}

#[test]
fn an_identity_write_is_on_record_even_if_refused() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.diag(&nv(0x27, 550, &[8]));
    let refused = RecordKind::IdentityWrite {
        what: "NV 550".into(),
    };
    assert_eq!(bench.radio.take_records(), std::slice::from_ref(&refused));
    bench.unlock();
    bench.diag(&nv(0x27, 550, &[8]));
    let written = RecordKind::NvWrite {
        item: 550,
        index: 0,
    };
    assert_eq!(bench.radio.take_records(), [refused, written]);
    assert_eq!(bench.radio.imei(), None);
}

#[test]
fn logs_share_reads_with_answers() {
    let mut bench = Bench::up(&scenario(), 1);
    let (mut shared, mut cut) = (false, false);
    for _ in 0..100 {
        bench.radio.write(Wire::Diag, &hdlc::encode(&[0x51]));
        bench.pass(Duration::from_secs(1));
        let mut buffer = [0; 512];
        let first = bench.radio.read(Wire::Diag, &mut buffer);
        shared |= buffer[..first].split(|b| *b == 0x7e).count() == 3;
        cut |= !bench.read(Wire::Diag).is_empty();
    }
    assert!(shared && cut);
}

#[test]
fn modes_are_echoed_and_obeyed() {
    let mut bench = Bench::up(&scenario(), 1);
    assert_eq!(bench.diag(&[0x29, 1, 0]).unwrap(), [0x29, 1, 0]);
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 7", "OK"]);
    assert_eq!(bench.ask("AT+CFUN=1"), ["+CME ERROR: 0"]);
    assert_eq!(bench.diag(&[0x29, 4, 0]).unwrap(), [0x29, 4, 0]);
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 1", "OK"]);
    bench.diag(&[0x29, 3, 0]).unwrap();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
    let records = bench.radio.take_records();
    assert_eq!(records[0], RecordKind::Offline);
    assert!(records.contains(&RecordKind::Online));
    bench.diag(&[0x29, 2, 0]).unwrap();
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.radio.take_wish(), Some(Wish::Reset));
}

#[test]
fn the_way_into_edl_is_echoed_or_not_but_always_taken() {
    let mut echoes = Vec::new();
    for seed in 0..20 {
        let mut bench = Bench::up(&scenario(), seed);
        echoes.push(bench.diag(&[0x4b, 0x65, 1, 0]));
        bench.pass(Duration::from_secs(1));
        assert_eq!(bench.radio.take_wish(), Some(Wish::Edl));
    }
    assert!(echoes.contains(&None) && echoes.contains(&Some(vec![0x4b, 0x65, 1, 0])));
}

#[test]
fn both_subsystems_say_hello() {
    let mut bench = Bench::up(&scenario(), 1);
    let words: Vec<u8> = [[0, 0, 0x10, 0]; 6]
        .into_iter()
        .chain([[1, 0, 0, 0]; 3])
        .chain([[0xff; 4]])
        .flatten()
        .collect();
    for subsystem in [0x13, 0x3e] {
        let hello = [&[0x4b, subsystem, 0, 0][..], &words].concat();
        assert_eq!(bench.diag(&hello).unwrap(), hello);
    }
    let vector = [0x4b, 0x13, 0x01, 0x00, 0x55, 0x59, 0x7e];
    bench.radio.write(Wire::Diag, &vector);
    bench.pass(Duration::from_secs(1));
    assert!(!bench.read(Wire::Diag).is_empty());
}

#[test]
fn a_walk_sees_what_stands_behind_a_regular_file() {
    let mut bench = Bench::up(&scenario(), 1);
    let dirp = word(&bench.diag(&efs(11, &[b"/\0"])).unwrap(), 4);
    let entries: Vec<(i32, String)> = (1_u32..1000)
        .map(|sequence| {
            let read = efs(12, &[&dirp.to_le_bytes(), &sequence.to_le_bytes()]);
            let answer = bench.diag(&read).unwrap();
            assert_eq!(word(&answer, 12), 0);
            let name = answer[40..].split(|b| *b == 0).next().unwrap();
            (
                word(&answer, 16),
                String::from_utf8_lossy(name).into_owned(),
            )
        })
        .take_while(|(_, name)| !name.is_empty())
        .collect();
    assert_eq!(entries[0], (0, "boot_count".into()));
    assert!(entries.contains(&(1, "nv".into())), "{entries:?}");
    assert_eq!(
        word(&bench.diag(&efs(13, &[&dirp.to_le_bytes()])).unwrap(), 4),
        0
    );
}

#[test]
fn the_fifth_directory_handle_is_refused() {
    let mut bench = Bench::up(&scenario(), 1);
    let mut open = || word(&bench.diag(&efs(11, &[b"/nv\0"])).unwrap(), 8);
    assert_eq!([open(), open(), open(), open(), open()], [0, 0, 0, 0, 13]);
    bench.diag(&efs(13, &[&2_u32.to_le_bytes()]));
    let answer = bench.diag(&efs(11, &[b"/nv\0"])).unwrap();
    assert_eq!((word(&answer, 4), word(&answer, 8)), (2, 0));
}

#[test]
fn item_files_and_symlinks_say_what_they_are() {
    let mut bench = Bench::up(&scenario(), 1);
    let item = bench
        .diag(&efs(15, &[b"/nv/item_files/rfnv/00020001\0"]))
        .unwrap();
    assert_eq!(word(&item, 4), 0);
    assert_eq!(word(&item, 8) & 0o170_000, 0o160_000);
    let link = bench.diag(&efs(7, &[b"/policyman/current\0"])).unwrap();
    assert!(link[8..].starts_with(b"/policyman/carrier.xml\0"));
    let missing = bench.diag(&efs(15, &[b"/none\0"])).unwrap();
    assert_eq!(word(&missing, 4), 2);
}

#[test]
fn the_long_calibration_file_is_read_piece_by_piece() {
    let mut bench = Bench::up(&scenario(), 1);
    let open = efs(2, &[&[0; 8], b"/nv/item_files/rfnv/00020007\0"]);
    let fd = word(&bench.diag(&open).unwrap(), 4);
    let mut length = 0_u32;
    loop {
        let body = [
            fd.to_le_bytes(),
            1024_u32.to_le_bytes(),
            length.to_le_bytes(),
        ];
        let answer = bench.diag(&efs(4, &[body.as_flattened()])).unwrap();
        let count = word(&answer, 12);
        assert_eq!(answer.len(), 20 + usize::try_from(count).unwrap());
        if count == 0 {
            break;
        }
        length += u32::try_from(count).unwrap();
    }
    assert_eq!(length, 72 * 1024);
}

#[test]
fn a_sync_takes_its_time() {
    let mut bench = Bench::up(&scenario(), 1);
    let start = bench.diag(&efs(48, &[&[1, 0], b"/\0"])).unwrap();
    assert_eq!(start[4..6], [1, 0]);
    let token = start[6..10].to_vec();
    let ask = efs(49, &[&[2, 0], &token, b"/\0"]);
    assert_eq!(bench.diag(&ask).unwrap()[6], 1);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.diag(&ask).unwrap()[4..], [2, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn item_flags_in_open_crash_it() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.unlock();
    let open = efs(2, &[&0xc0241_i32.to_le_bytes(), &[0; 4], b"/nv/x\0"]);
    assert_eq!(bench.diag(&open), None);
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.radio.take_wish(), Some(Wish::Reset));
}

#[test]
fn faults_of_storage_are_seen_by_who_reads_back() {
    let mut state = scenario();
    state.faults = vec![
        fault(FaultKind::AckButLost, Operation::NvWrite, 1),
        fault(FaultKind::BitFlip, Operation::NvWrite, 2),
        fault(FaultKind::Nak, Operation::NvWrite, 3),
        fault(FaultKind::LostReply, Operation::NvRead, 3),
    ];
    let mut bench = Bench::up(&state, 1);
    bench.unlock();
    let write = nv(0x27, 946, &[0x10]);
    let value = |bench: &mut Bench| bench.diag(&nv(0x26, 946, &[])).map(|answer| answer[3]);
    assert_eq!(status(&bench.diag(&write).unwrap()), 0);
    assert_eq!(value(&mut bench), Some(0xff));
    assert_eq!(status(&bench.diag(&write).unwrap()), 0);
    assert_eq!(value(&mut bench), Some(0x11));
    assert_eq!(status(&bench.diag(&write).unwrap()), 4);
    assert_eq!(value(&mut bench), None);
    assert_eq!(value(&mut bench), Some(0x11));
}

#[test]
fn an_erased_partition_leaves_nothing() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.radio.calibration_partition_erased();
    bench.restart();
    assert_eq!(bench.radio.imei(), None);
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
    assert_eq!(status(&bench.diag(&nv(0x26, 550, &[])).unwrap()), 5);
    // PUT without AUTODIR fails on a freshly erased file system.
    bench.unlock();
    let put = |flags: u32| {
        efs(
            38,
            &[
                &[1, 0, 0, 0],
                &flags.to_le_bytes(),
                &[0xff, 1, 7],
                b"/nv/item_files/a\0",
            ],
        )
    };
    assert_eq!(bench.diag(&put(0x4_0240)).unwrap()[6..8], [2, 0]);
    assert_eq!(bench.diag(&put(0xc_0240)).unwrap()[6..10], [0, 0, 1, 0]);
}
