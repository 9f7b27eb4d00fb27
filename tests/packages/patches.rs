//! Patches that do not fit what they change.

use crate::judged::Row;
use crate::rows;
use crate::sound::{PATCH, Sound, patch};

const TABLE: &str = "partition_complete_p2K_b8K.mbn";

fn of(
    file: &'static str,
    sector: &'static str,
    offset: &'static str,
    size: &'static str,
    value: &'static str,
) -> impl Fn(&mut Sound) {
    move |s| s.patch(&patch(file, sector, offset, size, value))
}

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        "patch of nothing", "package::patch", "`update/firehose/partition_complete_p2K_b8K.mbn`", of(TABLE, "3", "12", "0", "0");
        "patch of nine bytes", "package::patch", "it changes 9 bytes", of(TABLE, "3", "12", "9", "0");
        "patch of very many bytes", "package::patch", "it changes 4294967295 bytes", of(TABLE, "3", "12", "4294967295", "0");
        "patch behind the file", "package::patch", "outside the file", of(TABLE, "4", "0", "4", "0");
        "patch over the end of the file", "package::patch", "outside the file", of(TABLE, "3", "2046", "4", "0");
        "patch far behind the file", "package::patch", "outside the file", of(TABLE, "4294967295", "4294967295", "8", "0");
        "patch of a value that is too large", "package::patch", "256 does not fit 1 bytes", of(TABLE, "2", "0", "1", "256");
        "patch of a name", "package::patch", "\"NUM_DISK_PAGES\" has no value here", of(TABLE, "2", "0", "4", "NUM_DISK_PAGES");
        "patch of python", "package::patch", "__import__", of(TABLE, "2", "0", "4", "__import__('os')");
        "patch below zero", "package::patch", "NUM_DISK_BLOCKS-65", of(TABLE, "1", "176", "4", "NUM_DISK_BLOCKS-65.");
        "checksum beyond the file", "package::patch", "CRC32(0,8193)", of(TABLE, "3", "12", "4", "CRC32(0,8193)");
        "checksum from behind the file", "package::patch", "CRC32(5,1)", of(TABLE, "3", "12", "4", "CRC32(5,1)");
        "checksum of nothing", "package::patch", "CRC32(0,0)", of(TABLE, "3", "12", "4", "CRC32(0,0)");
        "checksum that overflows", "package::patch", "CRC32(18446744073709551615,2)", of(TABLE, "3", "12", "4", "CRC32(18446744073709551615,2)");
        "checksum without an end", "package::patch", "CRC32(0,4096", of(TABLE, "3", "12", "4", "CRC32(0,4096");
        "checksum of three", "package::patch", "CRC32(0,1,2)", of(TABLE, "3", "12", "4", "CRC32(0,1,2)");
        "checksum in two bytes", "package::patch", "does not fit 2 bytes", of(TABLE, "3", "12", "2", "CRC32(0,4096)");
        "patch spoils the table", "package::mibib", TABLE, of(TABLE, "1", "0", "1", "0");
        "patch spoils the checksum", "package::mibib", "checksum", of(TABLE, "3", "12", "4", "0");
        "patch without a new checksum", "package::mibib", "checksum", |s| { s.edit(PATCH, "NUM_DISK_BLOCKS-40.", "NUM_DISK_BLOCKS-41."); let t = String::from_utf8(s.files[PATCH].clone()).unwrap(); let crc = t.lines().find(|l| l.contains("CRC32")).unwrap().to_owned(); s.edit(PATCH, &crc, ""); };
        "patch of a file that is not there", "package::patch", "`update/firehose/gpt_main0.bin`", of("gpt_main0.bin", "0", "0", "4", "0");
        "patch of the chip in small letters", "package::patch", "`update/firehose/disk`", of("disk", "64", "0", "4", "0");
        "patch of a file elsewhere", "package::file-name", "..\\\\..\\\\x", of("..\\..\\x", "0", "0", "4", "0");
        "patch of an absolute path", "package::file-name", "/etc/passwd", of("/etc/passwd", "0", "0", "4", "0");
        "patch of a file in parts", "package::patch", "it is written in parts", |s| { s.line_edit("tz.mbn", "/>", " file_sector_offset=\"1\"/>"); s.patch(&patch("..\\tz.mbn", "0", "0", "4", "0")); };
        "patch without its value", "package::xml", "a line has no value", |s| s.patch(&patch(TABLE, "2", "0", "4", "0").replace(" value=\"0\"", ""));
        "patch without its size", "package::xml", "a line has no size_in_bytes", |s| s.patch(&patch(TABLE, "2", "0", "4", "0").replace(" size_in_bytes=\"4\"", ""));
        "patch without its name", "package::xml", "a line has no filename", |s| s.patch(&patch(TABLE, "2", "0", "4", "0").replace(&format!(" filename=\"{TABLE}\""), ""));
        "patch in other sectors", "package::geometry", "patch_p2K_b8K.xml", |s| s.patch(&patch(TABLE, "2", "0", "4", "0").replace("2048", "512"));
        "patch of the chip: nothing", "package::patch", "sector 64 of the chip", of("DISK", "64", "0", "0", "0");
        "patch of the chip: nine bytes", "package::patch", "sector 64 of the chip", of("DISK", "64", "0", "9", "0");
        "patch of the chip over the end of a sector", "package::patch", "4 bytes at 2045", of("DISK", "64", "2045", "4", "0");
        "patch of the chip that overflows", "package::patch", "4294967295", of("DISK", "64", "4294967295", "4", "0");
        "patch of the chip with python", "package::patch", "__import__", of("DISK", "64", "0", "4", "__import__('os')");
        "patch of the chip with a text", "package::patch", "no value of 4 bytes", of("DISK", "64", "0", "4", "hello");
        "patch of the chip with too large a value", "package::patch", "no value of 1 bytes", of("DISK", "64", "0", "1", "256");
        "patch of the chip with a checksum in a byte", "package::patch", "no value of 1 bytes", of("DISK", "64", "0", "1", "CRC32(0,1)");
        "patch outside of the chip", "package::outside-chip", "256..257", of("DISK", "256", "0", "4", "0");
        "patch of calibration", "package::kept-partition", "`efs2`", of("DISK", "40", "0", "4", "0");
    ]
}
