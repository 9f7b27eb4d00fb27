//! Ranges that are not on the chip, or not the package's to touch.

use crate::judged::Row;
use crate::rows;
use crate::sound::{RAWPROGRAM, Sound, erase, program};

fn erases(start: u32, count: u32) -> impl Fn(&mut Sound) {
    move |s| s.line(&erase(start, count))
}

/// The range of the last partition, which is erased, is written elsewhere.
fn system(start: &'static str, count: &'static str) -> impl Fn(&mut Sound) {
    move |s| {
        s.line_edit(
            "system.img",
            "start_sector=\"160\"",
            &format!("start_sector=\"{start}\""),
        );
        s.line_edit(
            "system.img",
            "num_partition_sectors=\"96\"",
            &format!("num_partition_sectors=\"{count}\""),
        );
    }
}

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        "erase behind the chip", "package::outside-chip", "256..260", erases(256, 4);
        "erase over the end", "package::outside-chip", "252..260", |s| s.raw(&erase(160, 96), &format!("{}{}", erase(160, 92), erase(252, 8)));
        "erase of more than the chip", "package::outside-chip", "160..260", |s| s.raw(&erase(160, 96), &erase(160, 100));
        "erase up to the last number", "package::outside-chip", "4294967295", erases(256, u32::MAX - 256);
        "erase beyond all numbers", "package::xml", "2 sectors from 4294967295 on are more than can be counted", erases(u32::MAX, 2);
        "count beyond all numbers", "package::xml", "4294967295 sectors from 64", |s| s.line_edit("tz.mbn", "num_partition_sectors=\"16\"", "num_partition_sectors=\"4294967295\"");
        "count of more than 32 bits", "package::xml", "num_partition_sectors=\"4294967296\" is too large", |s| s.line_edit("tz.mbn", "num_partition_sectors=\"16\"", "num_partition_sectors=\"4294967296\"");
        "erase of nothing", "package::xml", "a range is empty", erases(64, 0);
        "program of nothing", "package::xml", "a range is empty", |s| s.line_edit("tz.mbn", "num_partition_sectors=\"16\"", "num_partition_sectors=\"0\"");
        "erase from within a block", "package::unaligned", "162..254", |s| { s.raw(&program("..\\system.img", 160, 96), ""); s.raw(&erase(160, 96), &erase(162, 92)); };
        "erase into a block", "package::unaligned", "160..254", |s| { s.raw(&program("..\\system.img", 160, 96), ""); s.raw(&erase(160, 96), &erase(160, 94)); };
        "erase within a block", "package::unaligned", "161..163", |s| { s.raw(&program("..\\system.img", 160, 96), ""); s.raw(&erase(160, 96), &erase(161, 2)); };
        "program from within a block", "package::unaligned", "162..254", system("162", "92");
        "program into a block", "package::unaligned", "160..254", system("160", "94");
        "erase over another", "package::overlap", "160..256", |s| s.line(&erase(248, 8));
        "the same erase twice", "package::overlap", "64..80", erases(64, 16);
        "erase within another", "package::overlap", "84..88", erases(84, 4);
        "program over another", "package::overlap", "64..80", |s| s.line(&program("..\\sbl1.mbn", 72, 8));
        "the same program twice", "package::overlap", "64..80", |s| s.line(&program("..\\tz.mbn", 64, 16));
        "two images in one place", "package::overlap", "64..80", |s| s.line(&program("..\\sbl1.mbn", 64, 16));
        "calibration erased", "package::kept-partition", "`efs2` (32..64)", erases(32, 32);
        "first block of calibration erased", "package::kept-partition", "32..36", erases(32, 4);
        "last block of calibration erased", "package::kept-partition", "60..64", erases(60, 4);
        "calibration erased and written", "package::kept-partition", "`efs2`", |s| { s.line(&erase(32, 32)); s.line(&program("..\\tz.mbn", 32, 32)); };
        "calibration erased under a name only", "package::kept-partition", "`efs2`", |s| s.line_edit("tz.mbn", "/>", " label=\"0:EFS2\"/>");
        "calibration erased together with what is beside it", "package::kept-partition", "`efs2`", |s| s.raw(&erase(64, 16), &erase(32, 48));
        "all erased at once", "package::kept-partition", "`efs2`", |s| { for (start, count) in [(80, 80), (160, 96), (64, 16), (16, 16)] { s.raw(&erase(start, count), ""); } s.raw(&erase(0, 16), &erase(0, 256)); };
        "no boot loader", "package::no-boot-loader", "sector 0", |s| { let sbl = s.line_of("sbl1.mbn"); s.raw(&sbl, ""); s.raw(&erase(0, 16), ""); };
        "nothing is done", "package::no-boot-loader", "sector 0", |s| s.file(RAWPROGRAM, "<data></data>");
        "table is erased and not written", "package::left-blank", "`mibib` (16..32)", |s| { let t = s.line_of("partition_complete"); s.raw(&t, ""); };
        "pages of another size", "package::geometry", "pages of 4096 bytes and blocks of 4 pages", |s| s.line_edit("tz.mbn", "SECTOR_SIZE_IN_BYTES=\"2048\"", "SECTOR_SIZE_IN_BYTES=\"4096\"");
        "blocks of another size", "package::geometry", "blocks of 64 pages", |s| s.line_edit("tz.mbn", "PAGES_PER_BLOCK=\"4\"", "PAGES_PER_BLOCK=\"64\"");
        "pages of no size", "package::geometry", "pages of 0 bytes", |s| s.line_edit("tz.mbn", "SECTOR_SIZE_IN_BYTES=\"2048\"", "SECTOR_SIZE_IN_BYTES=\"0\"");
        "counted in pages of half the size throughout", "package::geometry", "rawprogram_nand_p2K_b8K_update.xml", |s| { let t = String::from_utf8(s.files[RAWPROGRAM].clone()).unwrap(); s.file(RAWPROGRAM, t.replace("2048", "1024")); };
        "page size is no number", "package::xml", "SECTOR_SIZE_IN_BYTES=\"2K\"", |s| s.line_edit("tz.mbn", "SECTOR_SIZE_IN_BYTES=\"2048\"", "SECTOR_SIZE_IN_BYTES=\"2K\"");
    ]
}
