//! Names that lead elsewhere, and names that would be one on the disk.

use super::*;

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
