//! Small packages with one lie each, and the rule that finds it.

use super::*;
use crate::files;
use crate::firmware::mibib::tests::made;
use crate::protocol::nand::Sector;
use camino::Utf8Path;
use md5::{Digest, Md5};
use std::fmt::Write as _;

/// Pages of 1 KiB, 4 in a block, 32 blocks.
pub(crate) fn chip() -> Chip {
    let geometry = Geometry::new(1024, 4, 32).unwrap();
    let part = |name: &str, start, blocks| Part {
        name: name.to_owned(),
        sectors: geometry.of_blocks(start, blocks).unwrap(),
    };
    Chip {
        geometry,
        parts: vec![part("sbl", 0, 2), part("mibib", 2, 2), part("efs2", 4, 4)],
        keep: vec!["efs2".to_owned()],
    }
}

/// A package in the making.
pub(crate) struct Maker {
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) lines: Vec<String>,
    pub(crate) patches: Vec<String>,
    pub(crate) variant: &'static str,
    pub(crate) unlisted: Vec<String>,
    pub(crate) wrong_md5: Option<String>,
}

impl Maker {
    /// SBL, MIBIB, a UBI image and an erased range, in the fatal order of a stock file.
    pub(crate) fn whole() -> Self {
        let table = made(
            chip().geometry,
            &[
                ("0:SBL", 0, 2),
                ("0:MIBIB", 2, 2),
                ("0:EFS2", 4, 4),
                ("0:tz", 8, 2),
                ("0:system", 10, 10),
            ],
        );
        let mut ubi = b"UBI#".to_vec();
        ubi.resize(9000, 5);
        let mut maker = Self {
            files: Vec::new(),
            lines: Vec::new(),
            patches: Vec::new(),
            variant: "update",
            unlisted: Vec::new(),
            wrong_md5: None,
        };
        maker.file("update/sbl1.mbn", vec![1; 3000]);
        maker.file("update/firehose/partition_complete.mbn", table);
        maker.file("update/tz.mbn", vec![3; 4096]);
        maker.file("update/system.ubi", ubi);
        maker.file(
            "update/firehose/prog_firehose_sdx55.mbn",
            b"\x7fELF".to_vec(),
        );
        maker.program("..\\sbl1.mbn", 0, 8);
        maker.program("partition_complete.mbn", 8, 8);
        maker.program("..\\tz.mbn", 32, 8);
        maker.erase(40, 40);
        maker.program("..\\system.ubi", 40, 40);
        maker.erase(100, 8);
        maker.erase(32, 8);
        maker.erase(8, 8);
        maker.erase(0, 8);
        maker
    }

    pub(crate) fn file(&mut self, path: &str, bytes: Vec<u8>) {
        self.files.retain(|(name, _)| name != path);
        self.files.push((path.to_owned(), bytes));
    }

    pub(crate) fn program(&mut self, name: &str, start: u32, count: u32) {
        self.lines.push(format!("<program PAGES_PER_BLOCK=\"4\" SECTOR_SIZE_IN_BYTES=\"1024\" filename=\"{name}\" num_partition_sectors=\"{count}\" physical_partition_number=\"0\" start_sector=\"{start}\"/>"));
    }

    pub(crate) fn erase(&mut self, start: u32, count: u32) {
        self.lines.push(format!("<erase PAGES_PER_BLOCK=\"4\" SECTOR_SIZE_IN_BYTES=\"1024\" num_partition_sectors=\"{count}\" physical_partition_number=\"0\" start_sector=\"{start}\"/>"));
    }

    pub(crate) fn write(mut self) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let word = chip().geometry.word();
        let xml = format!(
            "<?xml version=\"1.0\" ?>\n<data>\n{}\n</data>\n",
            self.lines.join("\n")
        );
        self.file(
            &format!(
                "update/firehose/rawprogram_nand_{word}_{}.xml",
                self.variant
            ),
            xml.into_bytes(),
        );
        if !self.patches.is_empty() {
            let xml = format!(
                "<?xml version=\"1.0\" ?>\n<patches>\n{}\n</patches>\n",
                self.patches.join("\n")
            );
            self.file(
                &format!("update/firehose/patch_{word}.xml"),
                xml.into_bytes(),
            );
        }
        let mut list = "VERSION:1.0\r\nFILE:START\r\n".to_owned();
        for (path, bytes) in &self.files {
            if self.unlisted.contains(path) {
                continue;
            }
            let mut md5 = files::hex(&Md5::digest(bytes)).to_uppercase();
            if self.wrong_md5.as_ref() == Some(path) {
                // QFirehose compares the first half only.
                md5.replace_range(31.., if md5.ends_with('0') { "1" } else { "0" });
            }
            let _ = write!(list, "FILE:\\{}:{md5}\r\n", path.replace('/', "\\"));
        }
        list.push_str("FILE:END\r\n");
        for (path, bytes) in &self.files {
            files::write_new(&root, Utf8Path::new(path), bytes).unwrap();
        }
        files::write_new(&root, Utf8Path::new("md5.txt"), list.as_bytes()).unwrap();
        (folder, root)
    }

    fn codes(self, extent: Extent) -> Vec<&'static str> {
        let (_folder, root) = self.write();
        match Package::inspect(&root, &chip(), extent) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(Fault::code).collect(),
        }
    }
}

#[test]
fn a_stock_package_is_brought_into_the_safe_order() {
    let (_folder, root) = Maker::whole().write();
    let package = Package::inspect(&root, &chip(), Extent::Update).unwrap();
    let erases: Vec<_> = package.erases.iter().map(ToString::to_string).collect();
    assert_eq!(
        erases,
        [
            "sectors 0..8 (sbl)",
            "sectors 8..16 (mibib)",
            "sectors 32..40 (tz)",
            "sectors 40..80 (system)",
            "sectors 100..108"
        ]
    );
    let programs: Vec<_> = package.programs.iter().map(ToString::to_string).collect();
    assert_eq!(
        programs,
        [
            "sectors 8..12 (mibib)",
            "sectors 32..36 (tz)",
            "sectors 40..49 (system)",
            "sectors 0..3 (sbl)"
        ]
    );
    assert_eq!(package.programs[3].image.bytes, 3000);
    assert!(package.programs[2].image.is_ubi());
    assert_eq!(package.warnings, Vec::<String>::new());
}

/// Each breaks one thing and nothing else.
#[test]
fn every_lie_has_its_rule() {
    type Lie = fn(&mut Maker);
    let table: [(&str, Lie); 23] = [
        ("package::wrong-md5", |m| {
            m.wrong_md5 = Some("update/tz.mbn".into());
        }),
        ("package::wrong-md5", |m| {
            m.wrong_md5 = Some("update/firehose/prog_firehose_sdx55.mbn".into());
        }),
        ("package::unlisted", |m| {
            m.unlisted.push("update/tz.mbn".into());
        }),
        ("package::missing-image", |m| {
            m.program("..\\gone.mbn", 84, 4);
        }),
        ("package::empty-image", |m| {
            m.file("update/tz.mbn", Vec::new());
        }),
        ("package::file-name", |m| m.program("..\\..\\tz.mbn", 84, 4)),
        ("package::file-name", |m| m.program("/etc/passwd", 84, 4)),
        ("package::file-name", |m| m.program("C:\\tz.mbn", 84, 4)),
        ("package::overlap", |m| m.program("..\\tz.mbn", 44, 8)),
        ("package::overlap", |m| m.erase(76, 8)),
        ("package::unaligned", |m| m.erase(85, 4)),
        ("package::unaligned", |m| m.erase(84, 5)),
        ("package::outside-chip", |m| m.erase(124, 8)),
        ("package::image-too-long", |m| {
            m.file("update/tz.mbn", vec![3; 8193]);
        }),
        ("package::not-erased", |m| m.program("..\\tz.mbn", 84, 8)),
        ("package::kept-partition", |m| m.erase(28, 4)),
        ("package::kept-partition", |m| {
            m.patches.push("<patch SECTOR_SIZE_IN_BYTES=\"1024\" byte_offset=\"0\" filename=\"DISK\" size_in_bytes=\"4\" start_sector=\"16\" value=\"1\"/>".into());
        }),
        ("package::mibib", |m| {
            let table = m
                .files
                .iter_mut()
                .find(|(name, _)| name.contains("partition"))
                .unwrap();
            table.1[1030] ^= 1;
        }),
        ("package::mibib", |m| {
            m.file("update/firehose/partition_complete.mbn", vec![9; 2048]);
        }),
        ("package::geometry", |m| {
            m.lines.push("<erase PAGES_PER_BLOCK=\"64\" SECTOR_SIZE_IN_BYTES=\"1024\" num_partition_sectors=\"4\" start_sector=\"84\"/>".into());
        }),
        ("package::xml", |m| {
            m.lines
                .push("<erase PAGES_PER_BLOCK=\"4\" SECTOR_SIZE_IN_BYTES=\"1024\"/>".into());
        }),
        ("package::patch", |m| {
            m.patches.push("<patch SECTOR_SIZE_IN_BYTES=\"1024\" byte_offset=\"1022\" filename=\"partition_complete.mbn\" size_in_bytes=\"4\" start_sector=\"3\" value=\"1\"/>".into());
        }),
        ("package::factory-only", |m| m.variant = "factory"),
    ];
    for (index, (code, lie)) in table.into_iter().enumerate() {
        let mut maker = Maker::whole();
        lie(&mut maker);
        let codes = maker.codes(Extent::Update);
        assert!(
            !codes.is_empty() && codes.iter().all(|found| *found == code),
            "{index} {code}: {codes:?}"
        );
    }
}

#[test]
fn a_package_without_its_boot_loader_or_table_is_refused() {
    let mut maker = Maker::whole();
    maker.lines.retain(|line| !line.contains("sbl1"));
    assert_eq!(
        maker.codes(Extent::Update),
        ["package::no-boot-loader", "package::left-blank"]
    );
    let mut maker = Maker::whole();
    maker
        .lines
        .retain(|line| !line.contains("partition_complete"));
    assert_eq!(maker.codes(Extent::Update), ["package::left-blank"]);
}

#[test]
fn calibration_that_only_the_package_s_own_table_names_is_kept_as_well() {
    let (_folder, root) = {
        let mut maker = Maker::whole();
        maker.erase(84, 4);
        let table = made(chip().geometry, &[("0:EFS2", 21, 2)]);
        maker.file("update/firehose/partition_complete.mbn", table);
        maker.write()
    };
    let faults = Package::inspect(&root, &chip(), Extent::Update).unwrap_err();
    assert_eq!(faults[0].code(), "package::kept-partition");
}

#[test]
fn only_the_whole_chip_takes_a_factory_variant_and_still_begins_with_the_boot_loader() {
    let mut maker = Maker::whole();
    maker.variant = "factory";
    maker.erase(16, 16);
    let (_folder, root) = maker.write();
    let package = Package::inspect(&root, &chip(), Extent::WholeChip).unwrap();
    let erases: Vec<_> = package.erases.iter().map(|e| e.sectors).collect();
    let range = |start, count| Sectors::new(Sector(start), count).unwrap();
    assert_eq!(erases, [range(0, 8), range(8, 120)]);
}

#[test]
fn patches_of_files_are_applied_before_anything_is_sent() {
    let mut maker = Maker::whole();
    let patch = |sector: u32, offset: u32, value: &str| {
        format!(
            "<patch SECTOR_SIZE_IN_BYTES=\"1024\" byte_offset=\"{offset}\" filename=\"partition_complete.mbn\" physical_partition_number=\"0\" size_in_bytes=\"4\" start_sector=\"{sector}\" value=\"{value}\"/>"
        )
    };
    // Length of the last of five partitions: 16 + 4 * 28 + 20 bytes into the table's page.
    maker.patches.push(patch(1, 148, "NUM_DISK_BLOCKS-10."));
    maker.patches.push(patch(3, 12, "CRC32(0,2048)"));
    let (_folder, root) = maker.write();
    let package = Package::inspect(&root, &chip(), Extent::Update).unwrap();
    let table = package.table.unwrap();
    assert_eq!(table.parts[4].sectors.to_string(), "40..128");
    assert!(matches!(
        package.programs[0].image.source,
        crate::firmware::Source::Patched(_)
    ));
}

#[test]
fn a_folder_that_is_no_package_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    assert_eq!(
        Package::inspect(&root, &chip(), Extent::Update).unwrap_err()[0].code(),
        "package::no-md5-list"
    );
    files::write_new(&root, Utf8Path::new("md5.txt"), b"FILE:START\nFILE:END\n").unwrap();
    assert_eq!(
        Package::inspect(&root, &chip(), Extent::Update).unwrap_err()[0].code(),
        "package::unreadable"
    );
}
