//! A file as a whole: one zip from its first byte to its last, and nothing else.

use super::*;

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
