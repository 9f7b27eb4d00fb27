//! Small zips that would fill the disk or the memory.

use super::*;

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
            for number in 0..=crate::firmware::archive::MAX_ENTRIES {
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

const LONG: usize = 5 * 1024 * 1024;
