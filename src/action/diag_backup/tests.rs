use super::*;
use crate::action::radio_tests::{Heard, IMEI, calibrated};
use crate::driver::diag::tests::fake::{Bench, Fault};
use std::time::Duration;

fn scan() -> Scan {
    Scan {
        items: 0..600,
        indices: vec![1],
        rfnv: 20_000..20_012,
    }
}

fn small() -> Scan {
    Scan {
        items: 450..455,
        indices: vec![],
        rfnv: 20_008..20_010,
    }
}

fn scratch() -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    (folder, root)
}

fn back_up(bench: &mut Bench, scan: &Scan, root: &Root) -> Result<Heard, Failure> {
    let mut heard = Heard::default();
    let deadline = bench.diag.port().within(Duration::from_secs(600));
    let to = Utf8Path::new("unit.xqcn");
    backup(&mut bench.diag, &mut heard, scan, root, to, deadline)?;
    Ok(heard)
}

fn stored(root: &Root, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    root.read(Utf8Path::new(name))
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

#[test]
fn everything_on_the_modem_is_in_the_file_or_its_manifest() {
    let mut bench = calibrated();
    let (_folder, root) = scratch();
    let heard = back_up(&mut bench, &scan(), &root).unwrap();
    let bytes = stored(&root, "unit.xqcn");
    let mut file = Xqcn::read(&bytes).unwrap();
    assert_eq!(file.owner().as_deref(), Some(IMEI));
    let items: Vec<(u16, u16)> = file.nv.iter().map(|r| (r.item, r.index)).collect();
    assert_eq!(items, [(10, 0), (453, 0), (550, 0), (10, 1)]);
    let manifest = Manifest::read(&stored(&root, "unit.xqcn.json"), &bytes).unwrap();
    manifest.tell_kinds(&mut file);
    for (path, (kind, data)) in &bench.modem().files {
        if *kind == EntryKind::Symlink {
            assert_eq!(manifest.links[0].path, *path);
            assert_eq!(manifest.links[0].target.as_bytes(), data);
            continue;
        }
        let sections = Section::of_path(path);
        let mut found = file.efs.iter().filter(|f| f.path == *path);
        for section in sections {
            let found = found.next().unwrap_or_else(|| panic!("{path}"));
            assert_eq!(
                (found.section, found.kind, &found.data),
                (*section, *kind, data)
            );
        }
    }
    let listed = heard.backup.unwrap();
    assert_eq!(listed[0].sha256, digest(&bytes));
    assert_eq!(listed.len(), 2);
    assert_eq!(
        root.names(Utf8Path::new("")).unwrap(),
        ["unit.xqcn", "unit.xqcn.json"]
    );
    assert!(bench.modem().online, "a backup needs no offline mode");
    assert_eq!(bench.modem().nv_writes(), []);
}

#[test]
fn nothing_is_overwritten_and_what_a_killed_run_left_is_put_aside() {
    let to = Utf8Path::new("unit.xqcn");
    let (_folder, root) = scratch();
    files::write_new(&root, to, b"mine").unwrap();
    let failure = make_way(&mut Heard::default(), &root, to).unwrap_err();
    assert_eq!(failure.code, "backup::exists");

    let (_folder, root) = scratch();
    for round in 1..=2 {
        for name in ["unit.xqcn.part", "unit.xqcn.json"] {
            let text = format!("left {round}");
            files::write_new(&root, Utf8Path::new(name), text.as_bytes()).unwrap();
        }
        make_way(&mut Heard::default(), &root, to).unwrap();
        for name in ["unit.xqcn.part", "unit.xqcn.json"] {
            let aside = stored(&root, &format!("{name}.left-{round}"));
            assert_eq!(aside, format!("left {round}").as_bytes());
            assert!(!root.exists(Utf8Path::new(name)));
        }
    }
    // The way is free: a whole backup comes to stand there.
    back_up(&mut calibrated(), &small(), &root).unwrap();
    assert!(root.exists(to));
}

/// R1: at every request, every fault fails the backup and leaves no file; what is only noise does not.
#[test]
fn a_fault_at_any_request_fails_the_backup_and_leaves_no_file() {
    let mut whole = calibrated();
    let (_folder, root) = scratch();
    back_up(&mut whole, &small(), &root).unwrap();
    let good = stored(&root, "unit.xqcn");
    let requests = whole.modem().record.len();
    for at in 0..requests {
        for (fault, harmless) in [
            (Fault::Silent, false),
            (Fault::Late(Duration::from_secs(7)), false),
            (Fault::Gone, false),
            (Fault::DamagedLog, true),
            (Fault::Logs, true),
            (Fault::Strange, true),
        ] {
            let mut bench = calibrated();
            bench.modem().faults.insert(at, fault);
            let (_folder, root) = scratch();
            let result = back_up(&mut bench, &small(), &root);
            // Silence of the first file system subsystem leads to the other one.
            let asks_hello = matches!(
                &whole.modem().record[at],
                crate::protocol::diag::Request::Other(p) if p.starts_with(&[0x4b, 0x3e, 0, 0])
            );
            let names = root.names(Utf8Path::new("")).unwrap();
            if harmless || (asks_hello && fault != Fault::Gone) {
                assert!(result.is_ok(), "{at} {fault:?}");
                assert_eq!(stored(&root, "unit.xqcn"), good, "{at} {fault:?}");
            } else {
                assert!(result.is_err(), "{at} {fault:?}");
                assert!(names.is_empty(), "{at} {fault:?}: {names:?}");
            }
        }
    }
}

#[test]
fn an_error_of_the_file_system_at_any_request_fails_the_backup() {
    let mut whole = calibrated();
    let (_folder, root) = scratch();
    back_up(&mut whole, &small(), &root).unwrap();
    let record = whole.modem().record.clone();
    for (at, request) in record.iter().enumerate() {
        let crate::protocol::diag::Request::Other(payload) = request else {
            continue;
        };
        if payload.get(2) == Some(&0) {
            continue;
        }
        let mut bench = calibrated();
        bench.modem().faults.insert(at, Fault::Errno(5));
        let (_folder, root) = scratch();
        let result = back_up(&mut bench, &small(), &root);
        // A stat of a file that is not there cannot fail in another way than by saying so.
        let absent = matches!(
            crate::protocol::efs::Request::decode(payload),
            Some((_, crate::protocol::efs::Request::Stat { path })) if path.ends_with("00020008")
        );
        assert_eq!(result.is_ok(), absent, "{at} {request:?}");
        assert_eq!(root.names(Utf8Path::new("")).unwrap().is_empty(), !absent);
    }
}

#[test]
fn a_modem_that_gives_nothing_is_no_backup() {
    let mut bench = Bench::new();
    let (_folder, root) = scratch();
    let failure = back_up(&mut bench, &small(), &root).err().unwrap();
    assert_eq!(failure.code, "backup::empty");
}

#[test]
fn a_person_stops_it_without_leaving_a_file() {
    let mut bench = calibrated();
    bench.interrupt.wish();
    let (_folder, root) = scratch();
    let failure = back_up(&mut bench, &small(), &root).err().unwrap();
    assert_eq!(failure.cause, Cause::Interrupted);
    assert!(root.names(Utf8Path::new("")).unwrap().is_empty());
}
