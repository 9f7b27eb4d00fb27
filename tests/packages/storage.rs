//! Packages for another chip, or for other storage than NAND.

use crate::judged::Row;
use crate::rows;
use crate::sound::{PROGRAMMER, RAWPROGRAM, Sound};

/// A package whose only descriptions are these, with the programmer of its storage.
fn only(name: &'static str, programmer: &'static str, text: &'static str) -> impl Fn(&mut Sound) {
    move |s| {
        s.files.remove(RAWPROGRAM);
        let elf = s.files.remove(PROGRAMMER).unwrap();
        s.file(&format!("update/firehose/{programmer}"), elf);
        s.file(&format!("update/firehose/{name}"), text);
    }
}

/// A line of an eMMC package as qdl's documentation and Android packages have it: sectors of 512 bytes, a label, and the
/// number of a physical partition.
const EMMC: &str = "<?xml version=\"1.0\" ?>\n<data>\n <program SECTOR_SIZE_IN_BYTES=\"512\" file_sector_offset=\"0\" \
    filename=\"sbl1.mbn\" label=\"sbl1\" num_partition_sectors=\"1024\" partofsingleimage=\"false\" \
    physical_partition_number=\"0\" readbackverify=\"false\" size_in_KB=\"512.0\" sparse=\"false\" \
    start_byte_hex=\"0x4000000\" start_sector=\"131072\" />\n <program SECTOR_SIZE_IN_BYTES=\"512\" \
    file_sector_offset=\"0\" filename=\"gpt_backup0.bin\" label=\"BackupGPT\" num_partition_sectors=\"33\" \
    partofsingleimage=\"true\" physical_partition_number=\"0\" readbackverify=\"false\" size_in_KB=\"16.5\" \
    sparse=\"false\" start_byte_hex=\"(512*NUM_DISK_SECTORS)-16896.\" start_sector=\"NUM_DISK_SECTORS-33.\" />\n</data>\n";
const UFS: &str = "<?xml version=\"1.0\" ?>\n<data>\n <program SECTOR_SIZE_IN_BYTES=\"4096\" file_sector_offset=\"0\" \
    filename=\"xbl.elf\" label=\"xbl_a\" num_partition_sectors=\"896\" partofsingleimage=\"false\" \
    physical_partition_number=\"1\" readbackverify=\"false\" size_in_KB=\"3584.0\" sparse=\"false\" \
    start_byte_hex=\"0x8000\" start_sector=\"8\" />\n</data>\n";

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        "package for emmc", "package::other-storage", "`update/firehose/rawprogram0.xml` is for eMMC storage", only("rawprogram0.xml", "prog_emmc_firehose_sdx55.mbn", EMMC);
        "package for ufs", "package::other-storage", "`update/firehose/rawprogram1.xml` is for UFS storage", only("rawprogram1.xml", "prog_ufs_firehose_sdx55.elf", UFS);
        "lines for emmc under the name of nand", "package::other-storage", "is for eMMC storage", |s| s.file(RAWPROGRAM, EMMC);
        "lines for ufs under the name of nand", "package::other-storage", "is for UFS storage", |s| s.file(RAWPROGRAM, UFS);
        "line for emmc among those for nand", "package::xml", "a line has no PAGES_PER_BLOCK", |s| s.line("<erase SECTOR_SIZE_IN_BYTES=\"2048\" start_sector=\"0\" num_partition_sectors=\"4\"/>");
        "package for other pages", "package::geometry", "no rawprogram file for p2K_b8K, but rawprogram_nand_p4K_b256K_update.xml", |s| { let t = s.files.remove(RAWPROGRAM).unwrap(); s.file("update/firehose/rawprogram_nand_p4K_b256K_update.xml", t); };
        "no description", "package::geometry", "but none at all", |s| { s.files.remove(RAWPROGRAM); };
        "description of another name", "package::geometry", "but rawprogram0.xml", |s| { let t = s.files.remove(RAWPROGRAM).unwrap(); s.file("update/firehose/rawprogram0.xml", t); };
        "description in capitals", "package::geometry", "no rawprogram file for p2K_b8K", |s| { let t = s.files.remove(RAWPROGRAM).unwrap(); s.file("update/firehose/RAWPROGRAM_NAND_p2K_b8K_update.xml", t); };
        "factory variant only", "package::factory-only", "erases calibration", |s| { let t = s.files.remove(RAWPROGRAM).unwrap(); s.file(&RAWPROGRAM.replace("update.xml", "factory.xml"), t); };
    ]
}
