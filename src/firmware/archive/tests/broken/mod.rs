//! Every way in which a zip is refused, each with its code; and nothing of it is left on the disk.

use super::made::{Made, Piece, crc, deflated};
use super::{Place, TOP, good};

/// Puts one more file into the good package.
fn with(change: impl FnOnce(&mut Piece)) -> Made {
    let mut made = good();
    let mut piece = Piece::file(&format!("{TOP}/update/extra.bin"), b"one more file");
    change(&mut piece);
    made.pieces.push(piece);
    made
}

fn named(name: &[u8]) -> Made {
    with(|piece| piece.name = name.to_vec())
}

fn two(first: &str, second: &str) -> Made {
    let mut made = good();
    for name in [first, second] {
        made.pieces.push(if name.ends_with('/') {
            Piece::folder(name)
        } else {
            Piece::file(name, name.as_bytes())
        });
    }
    made
}

fn mode(mode: u32) -> Made {
    with(|piece| piece.attributes = mode << 16)
}

fn extra(id: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let head = [id.to_le_bytes(), length.to_le_bytes()];
    [head.as_flattened(), content].concat()
}

fn end(change: impl FnOnce(&mut Made)) -> Made {
    let mut made = good();
    change(&mut made);
    made
}

const LONG: usize = 5 * 1024 * 1024;

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let names: [&[u8]; 40] = [
        b"",
        b"/",
        b"//",
        b".",
        b"..",
        b"../x",
        b"../../../../etc/passwd",
        b"a/../x",
        b"a/../../x",
        b"a/..",
        b"a/../",
        b"./x",
        b"a/./x",
        b"a//x",
        b"a/x//",
        b"/etc/passwd",
        b"//server/share/x",
        b"\\x",
        b"..\\x",
        b"..\\..\\x",
        b"a\\..\\..\\x",
        b"a/..\\..\\x",
        b"\\\\server\\share\\x",
        b"\\\\?\\C:\\x",
        b"C:x",
        b"C:\\x",
        b"C:/x",
        b"x:stream",
        b"x\0",
        b"x\0.bin",
        b"..\0/x",
        b"x\n",
        b"x\x1b[2J",
        b"x\x7f",
        b"\xff\xfe",
        b"\xc0\xae\xc0\xae/x",
        b".. /x",
        b"a/.../x",
        "a\u{202e}nib.x".as_bytes(),
        "a\u{85}".as_bytes(),
    ];
    for name in names {
        refused(&String::from_utf8_lossy(name), &named(name), "zip::name");
    }
    refused("long", &named(&[b'a'; 300]), "zip::name");
    refused("longer", &named(&b"abc/".repeat(300)), "zip::name");
    refused("deep", &named(&b"a/".repeat(17)), "zip::name");
}

#[test]
fn two_entries_that_would_be_one_are_refused() {
    for (first, second, code) in [
        ("a", "a", "zip::twice"),
        ("a", "A", "zip::twice"),
        ("a/", "a/", "zip::twice"),
        ("a/", "A/", "zip::twice"),
        ("a/x", "A/y", "zip::twice"),
        ("a/", "A/y", "zip::twice"),
        ("straße", "STRASSE", ""),
        ("é", "É", "zip::twice"),
        ("a", "a/", "zip::file-and-folder"),
        ("a/", "a", "zip::file-and-folder"),
        ("a", "a/x", "zip::file-and-folder"),
        ("a/x", "a", "zip::file-and-folder"),
        ("A", "a/x", "zip::file-and-folder"),
        ("a/b/c", "a/b", "zip::file-and-folder"),
    ] {
        let made = two(first, second);
        if code.is_empty() {
            let place = Place::new();
            place.unpack(&place.write("x.zip", &made.bytes())).unwrap();
        } else {
            refused(&format!("{first} and {second}"), &made, code);
        }
    }
    let mut again = good();
    let md5 = again.pieces[1].clone();
    again.pieces.push(md5);
    refused("the list twice", &again, "zip::twice");
}

#[test]
fn whatever_is_neither_a_file_nor_a_folder_is_refused() {
    for (what, made) in [
        ("a symbolic link", mode(0o120_777)),
        ("a pipe", mode(0o010_644)),
        ("a character device", mode(0o020_644)),
        ("a block device", mode(0o060_644)),
        ("a socket", mode(0o140_644)),
        ("an unknown kind", mode(0o150_644)),
        ("a folder's mode and a file's name", mode(0o040_755)),
        (
            "a file's mode and a folder's name",
            with(|piece| {
                piece.name.push(b'/');
                piece.plain.clear();
            }),
        ),
        ("a folder of DOS", with(|piece| piece.attributes = 0x10)),
        ("a disk's name", with(|piece| piece.attributes = 0x08)),
        ("a link of Windows", with(|piece| piece.attributes = 0x400)),
    ] {
        refused(what, &made, "zip::special");
    }
}

#[test]
fn what_needs_more_than_stored_or_deflated_is_refused() {
    for (what, code, made) in [
        ("encrypted", "zip::encrypted", with(|p| p.flags = 1)),
        ("strongly", "zip::encrypted", with(|p| p.flags = 1 << 6)),
        ("masked", "zip::encrypted", with(|p| p.flags = 1 << 13)),
        ("AES", "zip::encrypted", with(|p| p.method = 99)),
        (
            "AES, told aside",
            "zip::encrypted",
            with(|p| p.extra = extra(0x9901, &[2, 0])),
        ),
        ("shrunk", "zip::method", with(|p| p.method = 1)),
        ("imploded", "zip::method", with(|p| p.method = 6)),
        ("deflate64", "zip::method", with(|p| p.method = 9)),
        ("bzip2", "zip::method", with(|p| p.method = 12)),
        ("lzma", "zip::method", with(|p| p.method = 14)),
        ("zstd", "zip::method", with(|p| p.method = 93)),
        ("a patch", "zip::feature", with(|p| p.flags = 1 << 5)),
        ("unused flag", "zip::feature", with(|p| p.flags = 1 << 15)),
        (
            "64-bit sizes",
            "zip::zip64",
            with(|p| p.extra = extra(1, &[0; 16])),
        ),
        (
            "64-bit, in front",
            "zip::zip64",
            with(|p| p.local_extra = extra(1, &[0; 16])),
        ),
        (
            "64-bit length",
            "zip::zip64",
            with(|p| p.length = Some(u32::MAX)),
        ),
        (
            "64-bit place",
            "zip::zip64",
            with(|p| p.at = Some(u32::MAX)),
        ),
        (
            "64-bit count",
            "zip::zip64",
            end(|m| m.end.entries = Some(u16::MAX)),
        ),
        (
            "64-bit end",
            "zip::zip64",
            end(|m| {
                m.behind_directory = [b"PK\x06\x07".as_slice(), &[0; 16]].concat();
            }),
        ),
        ("a second disk", "zip::parts", with(|p| p.disk = 1)),
        ("the second part", "zip::parts", end(|m| m.end.disk = 1)),
        (
            "half of the entries",
            "zip::parts",
            end(|m| m.end.entries_here = Some(2)),
        ),
    ] {
        refused(what, &made, code);
    }
}

#[test]
fn what_is_said_twice_must_be_the_same() {
    let name = |name: &[u8]| Some(name.to_vec());
    let unicode = |name: &[u8]| extra(0x7075, &[&[1, 0, 0, 0, 0], name].concat());
    for (what, made) in [
        ("another name", with(|p| p.local_name = name(b"../../x"))),
        ("a shorter name", with(|p| p.local_name = name(b"x"))),
        ("no name", with(|p| p.local_name = name(b""))),
        ("a third name", with(|p| p.extra = unicode(b"../x"))),
        (
            "a third name, in front",
            with(|p| p.local_extra = unicode(b"../x")),
        ),
        ("another method", with(|p| p.local_method = Some(0))),
        ("other flags", with(|p| p.local_flags = Some(1))),
        ("sizes behind, for one", with(|p| p.local_flags = Some(8))),
        ("another CRC", with(|p| p.local_crc = Some(1))),
        ("another length", with(|p| p.local_length = Some(1))),
        (
            "another packed length",
            with(|p| p.local_packed_length = Some(1)),
        ),
        ("no length", with(|p| p.local_length = Some(0))),
        (
            "another CRC behind",
            with(|p| {
                p.flags = 8;
                p.behind = Some([b"PK\x07\x08".as_slice(), &[1; 12]].concat());
            }),
        ),
        (
            "another length behind, unsigned",
            with(|p| {
                p.flags = 8;
                p.behind = Some(vec![1; 12]);
            }),
        ),
        (
            "a stored file of two lengths",
            with(|p| {
                p.method = 0;
                p.length = Some(5);
            }),
        ),
        (
            "a folder that holds something",
            with(|p| {
                *p = Piece::folder("a/");
                p.plain = b"abc".to_vec();
            }),
        ),
    ] {
        refused(what, &made, "zip::two-truths");
    }
}

#[test]
fn data_that_are_not_what_was_announced_are_refused() {
    let plain = b"one more file";
    for (what, code, made) in [
        ("another CRC", "zip::crc", with(|p| p.crc = Some(1))),
        (
            "another CRC, stored",
            "zip::crc",
            with(|p| {
                p.method = 0;
                p.crc = Some(crc(plain) ^ 1);
            }),
        ),
        (
            "more than said",
            "zip::length",
            with(|p| p.length = Some(5)),
        ),
        ("nothing said", "zip::length", with(|p| p.length = Some(0))),
        (
            "less than said",
            "zip::length",
            with(|p| p.length = Some(14)),
        ),
        (
            "no deflate",
            "zip::damaged",
            with(|p| p.packed = Some(vec![0xff; 20])),
        ),
        (
            "no data",
            "zip::damaged",
            with(|p| p.packed = Some(Vec::new())),
        ),
        (
            "half of the data",
            "zip::damaged",
            with(|p| {
                let packed = deflated(plain);
                p.packed = Some(packed[..packed.len() / 2].to_vec());
            }),
        ),
        (
            "data behind the data",
            "zip::damaged",
            with(|p| {
                p.packed = Some([deflated(plain), b"more".to_vec()].concat());
            }),
        ),
        (
            "a second stream behind",
            "zip::damaged",
            with(|p| {
                p.packed = Some([deflated(plain), deflated(plain)].concat());
            }),
        ),
        (
            "a stream that has no end",
            "zip::damaged",
            with(|p| {
                // A stored block (RFC 1951 §3.2.4) that is not the last one.
                p.packed = Some([&[0, 13, 0, !13, 0xff], plain.as_slice()].concat());
            }),
        ),
    ] {
        refused(what, &made, code);
    }
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![0; LONG];
    for (what, code, made) in [
        ("a ratio", "zip::ratio", with(|p| p.plain = zeros)),
        (
            "a ratio that is said",
            "zip::ratio",
            with(|p| p.length = Some(1 << 30)),
        ),
        (
            "a length that is a lie",
            "zip::length",
            with(|p| {
                p.packed = Some(deflated(&vec![0; LONG]));
                p.length = Some(1000);
            }),
        ),
        ("five times a gibibyte", "zip::too-large", {
            let mut made = good();
            for number in 0..5 {
                made.pieces.push(Piece {
                    length: Some(1 << 30),
                    packed_length: Some(1 << 30),
                    packed: Some(Vec::new()),
                    ..Piece::file(&number.to_string(), b"")
                });
            }
            made
        }),
        (
            "a directory that would fill the memory",
            "zip::directory",
            {
                let mut made = good();
                for number in 0..200 {
                    let mut piece = Piece::file(&number.to_string(), b"");
                    piece.extra = extra(0xcafe, &vec![0; 60_000]);
                    made.pieces.push(piece);
                }
                made
            },
        ),
        ("many files", "zip::too-many", {
            let mut made = Made::default();
            for number in 0..=super::super::MAX_ENTRIES {
                made.pieces.push(Piece::file(&number.to_string(), b""));
            }
            made
        }),
        ("one file under two names", "zip::overlap", {
            let mut made = good();
            let at = Some(0);
            let first = made.pieces[0].clone();
            made.pieces.push(Piece {
                is_listed_only: true,
                name: b"other/".to_vec(),
                at,
                ..first
            });
            made
        }),
        ("a file in a file", "zip::overlap", {
            // The outer one's data are the inner one, header and all.
            let inner = Made {
                pieces: vec![Piece::file("inner", b"abc")],
                ..Made::default()
            };
            let header = 30 + b"outer".len();
            let bytes = inner.bytes();
            let mut made = Made::default();
            made.pieces.push(Piece {
                method: 0,
                ..Piece::file("outer", &bytes)
            });
            made.pieces.push(Piece {
                is_listed_only: true,
                at: u32::try_from(header).ok(),
                ..Piece::file("inner", b"abc")
            });
            made
        }),
        (
            "an end in the directory",
            "zip::overlap",
            with(|p| {
                p.method = 0;
                p.length = Some(500);
                p.packed_length = Some(500);
            }),
        ),
    ] {
        refused(what, &made, code);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
fn a_file_that_is_not_one_zip_from_its_first_byte_to_its_last_is_refused() {
    let bytes = good().bytes();
    let half = bytes.len() / 2;
    let all = bytes.len();
    let doubled = bytes.repeat(2);
    let commented = |comment: &[u8]| end(|m| m.comment = comment.to_vec()).bytes();
    for (what, code, bytes) in [
        ("no header", "zip::directory", [b"Q", &bytes[1..]].concat()),
        ("no byte", "zip::no-zip", Vec::new()),
        ("one byte", "zip::no-zip", vec![b'P']),
        ("text", "zip::no-zip", b"this is no zip".repeat(10)),
        ("zeros", "zip::no-zip", vec![0; 1000]),
        (
            "7z",
            "zip::no-zip",
            [b"7z\xbc\xaf\x27\x1c".as_slice(), &[0; 100]].concat(),
        ),
        (
            "rar",
            "zip::no-zip",
            [b"Rar!\x1a\x07\x01\x00".as_slice(), &[0; 100]].concat(),
        ),
        (
            "gzip",
            "zip::no-zip",
            [b"\x1f\x8b\x08".as_slice(), &[0; 100]].concat(),
        ),
        (
            "the end record alone",
            "zip::no-file",
            Made::default().bytes(),
        ),
        ("half of it", "zip::cut", bytes[..half].to_vec()),
        ("all but a byte", "zip::cut", bytes[..all - 1].to_vec()),
        ("all but the end", "zip::cut", bytes[..all - 22].to_vec()),
        ("its first bytes", "zip::cut", bytes[..40].to_vec()),
        (
            "something behind",
            "zip::cut",
            end(|m| m.behind = b"x".to_vec()).bytes(),
        ),
        (
            "zeros behind",
            "zip::cut",
            end(|m| m.behind = vec![0; 70_000]).bytes(),
        ),
        (
            "a comment that is shorter",
            "zip::cut",
            end(|m| m.end.comment = Some(3)).bytes(),
        ),
        ("something in front", "zip::foreign-bytes", {
            let mut made = good();
            made.before = b"#!/bin/sh\n".to_vec();
            made.bytes()
        }),
        ("something in front, not counted", "zip::foreign-bytes", {
            [b"MZ\x90\x00".as_slice(), &good().bytes()].concat()
        }),
        ("a whole zip in front", "zip::foreign-bytes", doubled),
        (
            "something between files",
            "zip::foreign-bytes",
            with(|p| {
                p.behind = Some(b"hidden".to_vec());
            })
            .bytes(),
        ),
        ("something before the directory", "zip::foreign-bytes", {
            end(|m| m.before_directory = b"hidden".to_vec()).bytes()
        }),
        ("something behind the directory", "zip::foreign-bytes", {
            end(|m| m.behind_directory = b"hidden".to_vec()).bytes()
        }),
        ("a file that is not listed", "zip::foreign-bytes", {
            let hidden = Made {
                pieces: vec![Piece::file("hidden", b"abc")],
                ..Made::default()
            };
            let local = hidden.bytes();
            let until = local.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
            end(|m| m.before_directory = local[..until].to_vec()).bytes()
        }),
        (
            "a second end in the comment",
            "zip::two-ends",
            commented(&Made::default().bytes()),
        ),
        (
            "a second zip in the comment",
            "zip::two-ends",
            commented(&good().bytes()),
        ),
        ("fewer entries than there are", "zip::directory", {
            end(|m| m.end.entries = Some(2)).bytes()
        }),
        ("more entries than there are", "zip::directory", {
            end(|m| m.end.entries = Some(9)).bytes()
        }),
        (
            "no entries, it says",
            "zip::no-file",
            end(|m| m.end.entries = Some(0)).bytes(),
        ),
        (
            "a shorter directory",
            "zip::foreign-bytes",
            end(|m| m.end.length = Some(60)).bytes(),
        ),
        (
            "a longer directory",
            "zip::directory",
            end(|m| m.end.length = Some(60_000)).bytes(),
        ),
        (
            "a directory elsewhere",
            "zip::foreign-bytes",
            end(|m| m.end.at = Some(0)).bytes(),
        ),
        ("a directory behind its end", "zip::directory", {
            end(|m| m.end.at = Some(1 << 30)).bytes()
        }),
        ("a file that begins elsewhere", "zip::overlap", {
            let mut made = good();
            made.pieces[4].at = Some(100);
            made.bytes()
        }),
    ] {
        refused_bytes(what, &bytes, code);
    }
}

fn refused(what: &str, made: &Made, code: &str) {
    refused_bytes(what, &made.bytes(), code);
}

fn refused_bytes(what: &str, bytes: &[u8], code: &str) {
    let place = Place::new();
    let zip = place.write("x.zip", bytes);
    match place.unpack(&zip) {
        Ok(_) => panic!("{what:?} is unpacked"),
        Err(fault) => assert_eq!(fault.code(), code, "{what:?}: {fault}"),
    }
    assert!(place.is_clean(), "{what:?} leaves something behind");
}
