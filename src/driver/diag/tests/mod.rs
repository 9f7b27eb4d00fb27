pub(crate) mod fake;
mod fake_efs;

use super::*;
use crate::protocol::diag::{IDENTITY_ITEMS, NV_SIZE};
use crate::protocol::efs::{self, EntryKind};
use fake::{Bench, Fault};
use proptest::prelude::*;

fn id(item: u16) -> NvId {
    NvId { item, index: None }
}

fn deadline(bench: &Bench) -> Deadline {
    bench.diag.port().within(Duration::from_secs(60))
}

fn filled() -> Bench {
    let bench = Bench::new();
    bench.modem().put_nv(453, None, &[1]);
    bench.modem().put_nv(10, None, &[4]);
    bench.modem().put_nv(10, Some(1), &[9]);
    bench
}

fn read(bench: &mut Bench, id: NvId) -> Result<Option<u8>, Error> {
    let deadline = deadline(bench);
    let value = bench.diag.nv_read(id, deadline)?;
    Ok(value.map(|v| v.data[0]))
}

#[test]
fn a_reply_is_found_among_logs_and_strangers_in_any_pieces() {
    for fault in [
        Fault::Logs,
        Fault::Strange,
        Fault::DamagedLog,
        Fault::Damaged,
    ] {
        for piece in [1, 3, 4096] {
            let mut bench = filled();
            bench.modem().piece = piece;
            bench.modem().faults.insert(0, fault);
            assert_eq!(read(&mut bench, id(453)), Ok(Some(1)), "{fault:?}");
            assert_eq!(read(&mut bench, id(10)), Ok(Some(4)), "{fault:?}");
        }
    }
}

#[test]
fn plain_and_indexed_items_are_told_apart() {
    let mut bench = filled();
    let indexed = NvId {
        item: 10,
        index: Some(1),
    };
    assert_eq!(read(&mut bench, id(10)), Ok(Some(4)));
    assert_eq!(read(&mut bench, indexed), Ok(Some(9)));
}

#[test]
fn an_item_that_was_never_written_is_absent_by_status_or_refusal() {
    let mut bench = filled();
    assert_eq!(read(&mut bench, id(100)), Ok(None));
    assert_eq!(read(&mut bench, id(101)), Ok(None));
}

/// The old value must not be read after a write because its answer was late.
#[test]
fn a_late_reply_never_answers_a_later_request() {
    let mut bench = filled();
    bench
        .modem()
        .faults
        .insert(0, Fault::Late(Duration::from_millis(5_100)));
    assert_eq!(
        read(&mut bench, id(453)),
        Err(Error::Timeout { request: "NV read" })
    );
    bench.modem().put_nv(453, None, &[0]);
    assert_eq!(read(&mut bench, id(453)), Ok(Some(0)));
}

#[test]
fn a_damaged_answer_to_a_write_is_an_error_and_the_write_is_sent_once() {
    let mut bench = filled();
    bench.modem().faults.insert(0, Fault::Damaged);
    let end = deadline(&bench);
    let written = bench.diag.nv_write(id(453), &[0; NV_SIZE], end);
    assert_eq!(
        written,
        Err(Error::Damaged {
            request: "NV write"
        })
    );
    assert_eq!(bench.modem().nv_writes(), [id(453)]);
    assert_eq!(read(&mut bench, id(453)), Ok(Some(0)));
}

#[test]
fn damage_without_end_is_an_error() {
    let mut bench = filled();
    bench.modem().always = Some((
        |r| matches!(r, Request::NvRead(id) if id.item == 453),
        Fault::Damaged,
    ));
    assert_eq!(
        read(&mut bench, id(453)),
        Err(Error::Damaged { request: "NV read" })
    );
    assert_eq!(read(&mut bench, id(10)), Ok(Some(4)));
}

#[test]
fn refusals_come_back_at_once_with_their_meaning() {
    for refusal in [
        Refusal::BadCommand,
        Refusal::BadLength,
        Refusal::NotAccepted,
        Refusal::WrongMode,
        Refusal::SpcLocked,
        Refusal::SecurityLocked,
    ] {
        let mut bench = filled();
        bench.modem().faults.insert(0, Fault::Refused(refusal));
        let wanted = Error::Refused {
            request: "NV read",
            refusal,
        };
        assert_eq!(read(&mut bench, id(453)), Err(wanted));
        assert_eq!(bench.diag.port().clock().now(), Duration::ZERO);
    }
}

#[test]
fn a_modem_that_leaves_is_gone() {
    let mut bench = filled();
    bench.modem().faults.insert(0, Fault::Gone);
    assert_eq!(
        read(&mut bench, id(453)),
        Err(Error::Port(transport::Error::Gone))
    );
}

#[test]
fn identity_is_never_sent_in_any_form() {
    let mut bench = filled();
    let end = deadline(&bench);
    for item in IDENTITY_ITEMS {
        for index in [None, Some(0), Some(1), Some(7)] {
            let id = NvId { item, index };
            let written = bench.diag.nv_write(id, &[0; NV_SIZE], end);
            assert!(matches!(written, Err(Error::Identity(_))), "{id:?}");
            let hidden = Request::Other(Request::NvWrite(id, Box::new([0; NV_SIZE])).encode());
            assert!(matches!(
                bench.diag.ask(&hidden, end),
                Err(Error::Identity(_))
            ));
        }
        for path in [format!("/nvm/num/{item}"), format!("/nvm/context1/{item}")] {
            for kind in [EntryKind::Item, EntryKind::File] {
                let written = bench.diag.efs_write(&path, kind, b"x", end);
                assert!(matches!(written, Err(Error::Identity(_))), "{path}");
            }
        }
    }
    let linked = bench.diag.efs_symlink("/nvm/num", "/tmp", end);
    assert!(matches!(linked, Err(Error::Identity(_))));
    assert_eq!(bench.modem().record, []);
}

#[test]
fn older_modems_answer_on_the_other_subsystem() {
    let mut bench = filled();
    bench.modem().newest_efs = false;
    let end = deadline(&bench);
    assert_eq!(bench.diag.efs(end), Ok(0x13));
}

#[test]
fn a_directory_is_read_to_its_end_and_closed() {
    let mut bench = filled();
    for (path, kind) in [
        ("/a", EntryKind::File),
        ("/b", EntryKind::Item),
        ("/c/d", EntryKind::File),
        ("/e", EntryKind::Symlink),
    ] {
        bench.modem().put_file(path, kind, b"x");
    }
    let end = deadline(&bench);
    for _ in 0..10 {
        let entries = bench.diag.efs_list("/", end).unwrap();
        let mut names: Vec<_> = entries.iter().map(|e| e.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b", "c", "e"]);
    }
}

#[test]
fn files_of_every_length_come_back_as_they_were_written() {
    for length in [0, 1, 1023, 1024, 1025, 6144, 6145, 73_000] {
        for kind in [EntryKind::File, EntryKind::Item] {
            let mut bench = filled();
            let end = deadline(&bench);
            let data: Vec<u8> = (0..length).map(|i: u32| i.to_le_bytes()[0]).collect();
            let path = "/nv/item_files/rfnv/00020001";
            bench.diag.efs_write(path, kind, &data, end).unwrap();
            assert_eq!(bench.diag.efs_read(path, end).unwrap(), data, "{length}");
            let wanted = if kind == EntryKind::Item && length <= 6144 {
                EntryKind::Item
            } else {
                EntryKind::File
            };
            assert_eq!(bench.modem().files[path].0, wanted);
        }
    }
}

/// No truncated file passes for a whole one.
#[test]
fn an_error_in_the_middle_of_a_file_is_an_error() {
    let count = |bench: &Bench| bench.modem().record.len();
    let mut whole = filled();
    whole.modem().put_file("/f", EntryKind::File, &[7; 5000]);
    let end = deadline(&whole);
    whole.diag.efs_read("/f", end).unwrap();
    for at in 1..count(&whole) {
        for fault in [Fault::Errno(5), Fault::Silent, Fault::Gone] {
            let mut bench = filled();
            bench.modem().put_file("/f", EntryKind::File, &[7; 5000]);
            bench.modem().faults.insert(at, fault);
            let end = deadline(&bench);
            assert!(bench.diag.efs_read("/f", end).is_err(), "{at} {fault:?}");
        }
    }
}

#[test]
fn a_modem_that_cannot_sync_is_waited_for() {
    let mut bench = filled();
    let end = deadline(&bench);
    assert_eq!(bench.diag.efs_sync(end), Ok(SyncProof::Confirmed));
    let next = bench.modem().record.len();
    bench.modem().faults.insert(next, Fault::Errno(306));
    let before = bench.diag.port().clock().now();
    assert_eq!(bench.diag.efs_sync(end), Ok(SyncProof::Waited));
    assert_eq!(
        bench.diag.port().clock().now().checked_sub(before).unwrap(),
        Duration::from_secs(5)
    );
}

#[test]
fn edl_is_reached_with_or_without_an_echo() {
    let mut bench = filled();
    let end = deadline(&bench);
    assert_eq!(bench.diag.edl(end), Ok(EdlWay::Echoed));
    let mut bench = filled();
    bench.modem().faults.insert(0, Fault::Silent);
    bench.modem().faults.insert(1, Fault::Gone);
    let end = deadline(&bench);
    assert_eq!(bench.diag.edl(end), Ok(EdlWay::Left));
    let mut bench = filled();
    bench.modem().always = Some((|_| true, Fault::Silent));
    let end = deadline(&bench);
    assert_eq!(bench.diag.edl(end), Err(Error::StillThere));
    assert_eq!(bench.modem().record.len(), 30);
    let mut bench = filled();
    bench
        .modem()
        .faults
        .insert(0, Fault::Refused(Refusal::WrongMode));
    let end = deadline(&bench);
    assert!(matches!(bench.diag.edl(end), Err(Error::Refused { .. })));
}

proptest! {
    #[test]
    fn no_frame_makes_the_driver_panic(payload in proptest::collection::vec(any::<u8>(), 0..200), pick in 0usize..8) {
        let requests = [
            Request::Build,
            Request::Spc(*b"000000"),
            Request::NvRead(id(453)),
            Request::Edl,
            Request::Other(efs::Request::Hello.encode(0x3e)),
            Request::Other(efs::Request::Readdir { dirp: 1, sequence: 1 }.encode(0x3e)),
            Request::Other(vec![]),
            Request::Other(vec![0x4b, 0x3e]),
        ];
        let _ = judge(&requests[pick], &payload);
        let mut tailored = requests[pick].encode();
        tailored.extend(&payload);
        let _ = judge(&requests[pick], &tailored);
    }

    #[test]
    fn an_answer_to_one_item_answers_no_other(a in any::<u16>(), b in any::<u16>()) {
        prop_assume!(a != b);
        let reply = Reply::NvRead(id(a), Box::new([0; NV_SIZE]), NvStatus::Done).encode();
        prop_assert_eq!(judge(&Request::NvRead(id(b)), &reply), Verdict::Stranger);
        let refused = Reply::Refused(Refusal::BadParameter, Request::NvRead(id(a)).encode()).encode();
        prop_assert_eq!(judge(&Request::NvRead(id(b)), &refused), Verdict::Stranger);
    }
}
