//! Good zips unpack to what was packed; broken ones leave nothing but a reason.

mod broken;
mod independent;
mod made;
mod mutated;

use super::{Fault, Unpacked, unpack};
use crate::files::{self, Root};
use crate::transport::Interrupt;
use camino::{Utf8Path, Utf8PathBuf};
use made::{Made, Piece};
use std::collections::BTreeMap;
use std::io::Read as _;

const TOP: &str = "RM502QGLAAR11A03M4G_01.200.01.200";

/// A small package as vendors pack it: stored and deflated, with folders of their own and without.
fn good() -> Made {
    let file = |name: &str, plain: &[u8]| Piece::file(&format!("{TOP}/{name}"), plain);
    let stored = Piece {
        method: 0,
        ..file("update/sbl1.mbn", b"\x7fELF of a boot loader")
    };
    let streamed = Piece {
        flags: 8,
        local_crc: Some(0),
        local_length: Some(0),
        local_packed_length: Some(0),
        ..file("update/firehose/prog_firehose_sdx55.mbn", &[7; 300])
    };
    Made {
        pieces: vec![
            Piece::folder(&format!("{TOP}/")),
            file("md5.txt", b"FILE:\\update\\sbl1.mbn"),
            Piece::folder(&format!("{TOP}/update/")),
            stored,
            streamed,
        ],
        ..Made::default()
    }
}

fn good_files() -> BTreeMap<Utf8PathBuf, Vec<u8>> {
    let pieces = good().pieces.into_iter();
    pieces
        .filter(|piece| !piece.name.ends_with(b"/"))
        .map(|piece| {
            let name = String::from_utf8(piece.name).unwrap();
            let path = Utf8Path::new(&name).strip_prefix(TOP).unwrap().to_owned();
            (path, piece.plain)
        })
        .collect()
}

/// A folder with the zip in it, and one to unpack into.
struct Place {
    folder: tempfile::TempDir,
    into: Root,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let into = Utf8Path::from_path(folder.path()).unwrap().join("into");
        let into = Root::create(&into).unwrap();
        Self { folder, into }
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Utf8PathBuf {
        let root = Root::open(&self.path("")).unwrap();
        files::write_new(&root, Utf8Path::new(name), bytes).unwrap();
        self.path(name)
    }

    fn unpack(&self, zip: &Utf8Path) -> Result<Unpacked, Fault> {
        let wanted = ["md5.txt".to_owned(), "update".to_owned()];
        unpack(zip, &self.into, &wanted, &Interrupt::default())
    }

    /// Every file below a folder.
    fn files(&self, below: &Utf8Path) -> BTreeMap<Utf8PathBuf, Vec<u8>> {
        let root = self.into.folder(below).unwrap();
        let mut found = BTreeMap::new();
        let mut waiting = vec![Utf8PathBuf::new()];
        while let Some(folder) = waiting.pop() {
            for name in root.names(&folder).unwrap() {
                let path = folder.join(name);
                if root.is_folder(&path) {
                    waiting.push(path);
                } else {
                    let mut bytes = Vec::new();
                    root.read(&path).unwrap().read_to_end(&mut bytes).unwrap();
                    found.insert(path, bytes);
                }
            }
        }
        found
    }

    /// There is nothing but the zip and the folder, and nothing in the folder.
    fn is_clean(&self) -> bool {
        let root = Root::open(&self.path("")).unwrap();
        let beside = root.names(Utf8Path::new("")).unwrap();
        beside == ["into", "x.zip"] && self.into.names(Utf8Path::new("")).unwrap().is_empty()
    }
}

#[test]
fn a_package_unpacks_to_what_was_packed_and_goes_by_the_name_of_its_folder() {
    let place = Place::new();
    let bytes = good().bytes();
    let zip = place.write("download.zip", &bytes);
    let unpacked = place.unpack(&zip).unwrap();
    assert_eq!(unpacked.folder, TOP);
    assert_eq!(place.files(&unpacked.folder), good_files());
    assert_eq!(unpacked.sha256, files::sha256(bytes.as_slice()).unwrap().0);
}

#[test]
fn a_package_without_a_folder_goes_by_the_name_of_its_zip() {
    let place = Place::new();
    let mut made = good();
    made.pieces.retain(|piece| !piece.name.ends_with(b"/"));
    for piece in &mut made.pieces {
        piece.name.drain(..=TOP.len());
    }
    let zip = place.write(&format!("{TOP}.ZIP"), &made.bytes());
    let unpacked = place.unpack(&zip).unwrap();
    assert_eq!(unpacked.folder, TOP);
    assert_eq!(place.files(&unpacked.folder), good_files());
}

#[test]
fn a_folder_that_the_plan_looks_for_is_not_gone_into() {
    for (names, inner, name) in [
        (&["update/a"][..], "", "x"),
        (&["p/update/a"], "p", "p"),
        (&["p/q/update/a"], "p/q", "q"),
        (&["p/update/a", "p/md5.txt"], "p", "p"),
        (&["p/update/a", "readme.txt"], "", "x"),
        (&["a"], "", "x"),
        (&["p/a"], "p", "p"),
    ] {
        let pieces = names.iter().map(|name| Piece::file(name, b"abc"));
        let made = Made {
            pieces: pieces.collect(),
            ..Made::default()
        };
        let place = Place::new();
        let unpacked = place.unpack(&place.write("x.zip", &made.bytes())).unwrap();
        assert_eq!(unpacked.folder, name, "{names:?}");
        let wanted = names.iter().map(|name| {
            let path = Utf8Path::new(name).strip_prefix(inner).unwrap();
            (path.to_owned(), b"abc".to_vec())
        });
        assert_eq!(place.files(&unpacked.folder), wanted.collect(), "{names:?}");
    }
}

#[test]
fn what_is_unpacked_is_for_its_owner_alone() {
    let place = Place::new();
    let unpacked = place
        .unpack(&place.write("x.zip", &good().bytes()))
        .unwrap();
    let mode = |path: &str| {
        let rights = place.into.rights(&unpacked.folder.join(path)).unwrap();
        format!("{:o}", rights.mode)
    };
    for folder in ["", "update", "update/firehose"] {
        assert_eq!(mode(folder), "700", "{folder}");
    }
    for file in ["md5.txt", "update/sbl1.mbn"] {
        assert_eq!(mode(file), "600", "{file}");
    }
}

#[test]
fn whoever_wishes_to_stop_finds_nothing_half_unpacked() {
    let place = Place::new();
    let zip = place.write("x.zip", &good().bytes());
    let interrupt = Interrupt::default();
    interrupt.wish();
    let fault = unpack(&zip, &place.into, &[], &interrupt).unwrap_err();
    assert_eq!(fault.code(), "run::interrupted");
    assert!(place.is_clean());
}

#[test]
fn a_disk_that_is_full_in_the_middle_keeps_nothing() {
    let place = Place::new();
    let zip = place.write("x.zip", &good().bytes());
    let disk = files::Disk::default();
    let into = Root::open(place.into.path()).unwrap().on(disk.clone());
    disk.set(Some(files::Trouble::Full));
    let fault = unpack(&zip, &into, &[], &Interrupt::default()).unwrap_err();
    assert_eq!(fault.code(), "host::file");
    assert!(place.is_clean());
}

#[test]
fn a_disk_without_room_is_told_before_anything_is_written() {
    let place = Place::new();
    let archive = super::Archive {
        entries: vec![super::directory::Entry {
            name: "a".to_owned(),
            raw: b"a".to_vec(),
            is_folder: false,
            method: super::directory::Method::Stored,
            flags: 0,
            crc: 0,
            packed: u64::MAX / 4,
            bytes: u64::MAX / 4,
            at: 0,
            data: 0,
            next: 0,
        }],
    };
    let fault = archive.fits(&place.into).unwrap_err();
    assert_eq!(fault.code(), "host::no-room");
    assert!(fault.to_string().contains("free"), "{fault}");
}
