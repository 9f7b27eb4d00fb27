//! What an entry says twice, and what its data are.

use super::*;

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
