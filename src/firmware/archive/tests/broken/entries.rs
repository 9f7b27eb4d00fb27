//! Entries that are no plain files or folders, or that need more than this reader does.

use super::*;

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

fn mode(mode: u32) -> Made {
    with(|piece| piece.attributes = mode << 16)
}
