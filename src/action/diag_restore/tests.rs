use super::*;
use crate::action::radio_tests::{Heard, IMEI, calibrated};
use crate::calibration::manifest::{Link, Origin};
use crate::calibration::{EfsFile, NvRecord, Section};
use crate::driver::diag::tests::fake::{Bench, Fault, Picks};
use crate::protocol::diag::{IDENTITY_ITEMS, Power, Refusal, Request, imei_to_nv};
use crate::protocol::efs::{self, EntryKind};
use crate::transport::Urgency;
use proptest::prelude::*;

fn record(item: u16, index: u16, byte: u8) -> NvRecord {
    NvRecord {
        item,
        index,
        data: [byte; NV_SIZE],
    }
}

fn file(path: &str, kind: EntryKind, length: usize) -> EfsFile {
    let section = Section::of_path(path)[0];
    EfsFile {
        section,
        path: path.to_owned(),
        data: vec![0x5a; length],
        kind,
    }
}

/// This unit's own file, which also holds identity of another: nothing of that may be written.
fn own() -> Xqcn {
    let mut xqcn = Xqcn::empty("unit.xqcn");
    let mut imei = record(550, 0, 0);
    imei.data = imei_to_nv(IMEI).unwrap();
    xqcn.nv = vec![
        record(10, 0, 0x11),
        imei,
        record(453, 0, 0x12),
        record(3252, 0, 0x13),
        record(1943, 0, 0x14),
        record(10, 1, 0x15),
        record(550, 1, 0x16),
        record(10, 2, 0x17),
    ];
    xqcn.efs = vec![
        file("/nv/item_files/rfnv/00020001", EntryKind::Item, 40),
        file("/nv/item_files/rfnv/00020002", EntryKind::Item, 9000),
        file("/empty", EntryKind::File, 0),
        file("/new/deep/file", EntryKind::File, 2000),
        file("/nvm/num/550", EntryKind::File, 128),
    ];
    xqcn
}

fn links() -> Vec<Link> {
    let link = |path: &str, target: &str| Link {
        path: path.to_owned(),
        target: target.to_owned(),
    };
    vec![link("/new/link", "/empty"), link("/trap", "/nvm/num")]
}

fn go(bench: &mut Bench, heard: &mut Heard, xqcn: &Xqcn, skip: &[u16]) -> Result<(), Failure> {
    let manifest = Manifest::new("unit.xqcn", &xqcn.write(), xqcn, links(), Origin::default());
    let order = Order {
        xqcn,
        manifest: Some(&manifest),
        skip: skip.iter().copied().collect(),
        label: None,
        owner: Owner::ThisUnit,
    };
    let deadline = bench.diag.port().within(Duration::from_secs(600));
    restore(&mut bench.diag, heard, &order, deadline)
}

fn assert_no_identity_written(bench: &Bench) {
    let modem = bench.modem();
    for id in modem.nv_writes() {
        assert!(!IDENTITY_ITEMS.contains(&id.item), "{id:?}");
    }
    for request in modem.efs_record() {
        match request {
            efs::Request::Open { flags: 0, .. } => {}
            efs::Request::Open { path, .. }
            | efs::Request::Put { path, .. }
            | efs::Request::Unlink { path } => assert!(!path.starts_with("/nvm"), "{path}"),
            efs::Request::Symlink { target, path } => {
                assert!(!target.starts_with("/nvm") && !path.starts_with("/nvm"));
            }
            _ => {}
        }
    }
}

#[test]
fn everything_but_identity_is_written_and_read_back() {
    let mut bench = calibrated();
    let mut heard = Heard::default();
    let xqcn = own();
    go(&mut bench, &mut heard, &xqcn, &[3252]).unwrap();
    assert_no_identity_written(&bench);
    let modem = bench.modem();
    let written: Vec<(u16, Option<u16>)> = modem
        .nv_writes()
        .iter()
        .map(|id| (id.item, id.index))
        .collect();
    assert_eq!(
        written,
        [(10, None), (453, None), (10, Some(1)), (10, Some(2))]
    );
    for file in &xqcn.efs[..4] {
        assert_eq!(modem.files[&file.path].1, file.data, "{}", file.path);
    }
    assert_eq!(
        modem.files["/nv/item_files/rfnv/00020001"].0,
        EntryKind::Item
    );
    assert_eq!(modem.files["/new/link"].1, b"/empty");
    assert!(!modem.files.contains_key("/trap"));
    assert!(modem.online);
    assert_eq!(heard.intents, heard.done);
    assert_eq!(heard.intents.len(), 4 + 4 + 1);
    assert!(
        heard.notes.iter().any(|n| n.contains("left 6 alone")),
        "{:?}",
        heard.notes
    );
}

#[test]
fn the_order_is_items_then_files_with_a_sync_between() {
    let mut bench = calibrated();
    go(&mut bench, &mut Heard::default(), &own(), &[]).unwrap();
    let modem = bench.modem();
    let words: Vec<&str> = modem
        .record
        .iter()
        .filter_map(|request| match request {
            Request::Power(Power::Offline) => Some("offline"),
            Request::Power(Power::Online) => Some("online"),
            Request::NvWrite(..) => Some("nv"),
            Request::Other(payload) => match efs::Request::decode(payload)?.1 {
                efs::Request::Put { .. } | efs::Request::Write { .. } => Some("file"),
                efs::Request::SyncNoWait { .. } => Some("sync"),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let mut short = words.clone();
    short.dedup();
    assert_eq!(
        short,
        [
            "offline", "nv", "sync", "file", "sync", "file", "sync", "online"
        ]
    );
}

#[test]
fn a_foreign_file_changes_nothing() {
    let mut bench = calibrated();
    let mut xqcn = own();
    xqcn.nv[1].data = imei_to_nv("356938035643809").unwrap();
    let failure = go(&mut bench, &mut Heard::default(), &xqcn, &[]).unwrap_err();
    assert_eq!(failure.code, "restore::foreign");
    let modem = bench.modem();
    assert!(modem.record.iter().all(|r| matches!(r, Request::NvRead(_))));
}

#[test]
fn a_locked_modem_is_told_before_it_goes_offline() {
    let mut bench = calibrated();
    bench.modem().spc_ok = false;
    let failure = go(&mut bench, &mut Heard::default(), &own(), &[]).unwrap_err();
    assert_eq!(failure.code, "restore::locked");
    assert!(
        !bench
            .modem()
            .record
            .contains(&Request::Power(Power::Offline))
    );
}

#[test]
fn refused_items_are_counted_and_do_not_stop_the_restore() {
    let mut bench = calibrated();
    bench.modem().read_only.push(453);
    let mut heard = Heard::default();
    go(&mut bench, &mut heard, &own(), &[]).unwrap();
    assert_eq!(heard.failed, ["nv 453"]);
    assert!(
        heard
            .notes
            .iter()
            .any(|n| n.contains("refused nv 453: status 7"))
    );
}

#[test]
fn a_modem_that_refuses_every_item_is_no_success() {
    let mut bench = calibrated();
    bench.modem().read_only.extend([10, 453, 3252]);
    let failure = go(&mut bench, &mut Heard::default(), &own(), &[]).unwrap_err();
    assert_eq!(failure.code, "restore::refused");
    assert!(bench.modem().online);
}

#[test]
fn a_write_that_reads_back_differently_is_unverified() {
    for picks in [
        (|r: &Request| matches!(r, Request::NvWrite(..))) as Picks,
        |r: &Request| matches!(r, Request::Other(p) if matches!(efs::Request::decode(p), Some((_, efs::Request::Put { .. })))),
    ] {
        let mut bench = calibrated();
        bench.modem().always = Some((picks, Fault::FlipsBit));
        let mut heard = Heard::default();
        let failure = go(&mut bench, &mut heard, &own(), &[]).unwrap_err();
        assert_eq!(failure.cause, Cause::Unverified);
        assert_eq!(heard.failed.len(), 1);
        assert!(bench.modem().online);
    }
}

#[test]
fn a_full_journal_is_emptied_once_and_then_an_error() {
    let picks = |r: &Request| matches!(r, Request::Other(p) if matches!(efs::Request::decode(p), Some((_, efs::Request::Put { .. }))));
    let mut bench = calibrated();
    bench.modem().always = Some((picks, Fault::Errno(efs::ENOSPC)));
    let failure = go(&mut bench, &mut Heard::default(), &own(), &[]).unwrap_err();
    assert_eq!(failure.code, "diag::efs");
    let puts = bench.modem().record.iter().filter(|r| picks(r)).count();
    assert_eq!(puts, 2);
    assert!(bench.modem().online);
}

/// R9, and the journal: at every request, every fault ends in an error or in a whole restore; the modem is online
/// unless it left; nothing is written without an intent; identity is left alone.
#[test]
fn a_fault_at_any_request_leaves_the_modem_online_and_the_journal_true() {
    let mut whole = calibrated();
    go(&mut whole, &mut Heard::default(), &own(), &[]).unwrap();
    let requests = whole.modem().record.len();
    for at in 0..requests {
        for fault in [
            Fault::Silent,
            Fault::Late(Duration::from_secs(7)),
            Fault::Gone,
            Fault::Damaged,
            Fault::DamagedLog,
            Fault::Strange,
            Fault::Refused(Refusal::WrongMode),
            Fault::Refused(Refusal::SpcLocked),
        ] {
            let mut bench = calibrated();
            bench.modem().faults.insert(at, fault);
            let mut heard = Heard::default();
            let result = go(&mut bench, &mut heard, &own(), &[]);
            assert_no_identity_written(&bench);
            let modem = bench.modem();
            if result.is_ok() {
                assert_eq!(heard.intents, heard.done, "{at} {fault:?}");
            }
            let told = matches!(&result, Err(f) if f.code == "restore::offline");
            assert!(
                modem.online || modem.gone || told,
                "{at} {fault:?} {result:?}"
            );
            let items = modem.nv_writes().len();
            let intents = heard
                .intents
                .iter()
                .filter(|t| t.starts_with("nv "))
                .count();
            assert!(items <= intents, "{at} {fault:?}");
        }
    }
}

#[test]
fn nothing_is_sent_when_the_intent_is_not_on_disk() {
    for at in 0..9 {
        let mut bench = calibrated();
        let mut heard = Heard {
            disk_full_at: Some(at),
            ..Heard::default()
        };
        let failure = go(&mut bench, &mut heard, &own(), &[3252]).unwrap_err();
        assert_eq!(failure.code, "journal::full");
        assert_eq!(bench.modem().nv_writes().len(), at.min(4));
        assert!(bench.modem().online);
    }
}

#[test]
fn a_wish_to_stop_finishes_the_item_and_brings_the_modem_online() {
    for at in 0..8 {
        let mut bench = calibrated();
        bench.interrupt.set_urgency(Urgency::Finish);
        let mut heard = Heard {
            wish_at: Some((at, bench.interrupt.clone())),
            ..Heard::default()
        };
        let failure = go(&mut bench, &mut heard, &own(), &[3252]).unwrap_err();
        assert_eq!(failure.cause, Cause::Interrupted);
        assert_eq!(heard.intents.len(), at + 1);
        assert_eq!(heard.done, heard.intents);
        assert!(bench.modem().online);
    }
}

#[test]
fn a_file_is_checked_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let root = files::Root::open(folder).unwrap();
    let path = folder.join("unit.xqcn");
    assert!(load(&path).is_err());
    files::write_new(&root, Utf8Path::new("empty.xqcn"), b"").unwrap();
    assert_eq!(
        load(&folder.join("empty.xqcn")).unwrap_err().code,
        "restore::broken-file"
    );
    let mut xqcn = own();
    xqcn.efs.sort_by_key(|f| f.section);
    files::write_new(&root, Utf8Path::new("unit.xqcn"), &xqcn.write()).unwrap();
    assert!(load(&path).unwrap().1.is_none());
    files::write_new(&root, Utf8Path::new("unit.xqcn.json"), b"{}").unwrap();
    assert_eq!(load(&path).unwrap_err().code, "restore::broken-file");
    root.remove_file(Utf8Path::new("unit.xqcn.json")).unwrap();
    let manifest = Manifest::new(
        "unit.xqcn",
        &xqcn.write(),
        &xqcn,
        links(),
        Origin::default(),
    );
    files::write_new(&root, Utf8Path::new("unit.xqcn.json"), &manifest.write()).unwrap();
    let (read, manifest) = load(&path).unwrap();
    assert_eq!(read, xqcn);
    assert_eq!(manifest.unwrap().links.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_gets_identity_written(
        items in proptest::collection::vec((prop_oneof![Just(0u16), Just(1), Just(550), Just(1943), Just(1992), Just(5598), any::<u16>()], 0u16..3), 0..20),
        names in proptest::collection::vec("/(nvm|NVM|nv|tmp)/(num|context[0-9]|x)/(550|0550|1943|0|[a-z0-9]{1,4})", 0..6),
    ) {
        let mut bench = calibrated();
        let mut xqcn = own();
        xqcn.nv.extend(items.into_iter().map(|(item, index)| record(item, index, 1)));
        for name in names {
            for kind in [EntryKind::Item, EntryKind::File] {
                xqcn.efs.push(file(&name, kind, 4));
            }
        }
        let _ = go(&mut bench, &mut Heard::default(), &xqcn, &[]);
        let modem = bench.modem();
        for id in modem.nv_writes() {
            prop_assert!(!IDENTITY_ITEMS.contains(&id.item));
        }
        prop_assert_eq!(&modem.nv[&NvId { item: 550, index: None }][..], &imei_to_nv(IMEI).unwrap()[..]);
        prop_assert!(modem.online);
        let untouched = modem.files["/nvm/num/550"].1.len() == 128 && modem.files["/nvm/num/550"].1[1] == 1;
        prop_assert!(untouched);
    }
}
