//! The sound package that every row spoils in one place, and the chip that it is for.

use camino::Utf8Path;
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;
use unbrick::files::{Root, hex};
use unbrick::firmware::{Chip, Extent, Fault, Package};
use unbrick::plan::Profile;

pub(crate) const PAGE: usize = 2048;
pub(crate) const RAWPROGRAM: &str = "update/firehose/rawprogram_nand_p2K_b8K_update.xml";
pub(crate) const PATCH: &str = "update/firehose/patch_p2K_b8K.xml";
pub(crate) const TABLE: &str = "update/firehose/partition_complete_p2K_b8K.mbn";
pub(crate) const PROGRAMMER: &str = "update/firehose/prog_firehose_sdx55.mbn";

/// Pages of 2 KiB, 4 in a block, 64 blocks.
pub(crate) fn profile() -> Profile {
    serde_json::from_str(
        r#"{"profile":1,"id":"a/b","title":"t","hw":["RM502QGLAA"],"chip":"sdx55","transports":["firehose"],
        "modes":{},"ports":{"usual":{"at":2,"diag":0}},"programmers":["prog_firehose_sdx55*.mbn"],
        "nand":{"page":2048,"pages_per_block":4,"blocks":64},
        "partitions":[{"name":"sbl","start":0,"blocks":4},{"name":"mibib","start":4,"blocks":4},
        {"name":"efs2","start":8,"blocks":8,"keep":true}]}"#,
    )
    .unwrap()
}

pub(crate) fn chip() -> Chip {
    profile().flash_chip(&[]).unwrap()
}

/// Name, first block, blocks.
pub(crate) const PARTS: [(&str, u32, u32); 6] = [
    ("0:SBL", 0, 4),
    ("0:MIBIB", 4, 4),
    ("0:EFS2", 8, 8),
    ("0:TZ", 16, 4),
    ("0:MODEM", 20, 20),
    ("0:SYSTEM", 40, 24),
];

type Done = Box<dyn Fn(&Path)>;
type Changed = Box<dyn Fn(String) -> String>;

/// A package in the making. Lies are edits of it.
pub(crate) struct Sound {
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Done to the text of the list when it is written.
    list: Vec<Changed>,
    /// Done to the bytes of the list.
    list_bytes: Vec<u8>,
    /// Done to the folder when all is written.
    folder: Vec<Done>,
}

/// A `<program>` line in the form of stock files.
pub(crate) fn program(name: &str, start: u32, count: u32) -> String {
    format!(
        "<program PAGES_PER_BLOCK=\"4\" SECTOR_SIZE_IN_BYTES=\"2048\" filename=\"{name}\" \
         num_partition_sectors=\"{count}\" physical_partition_number=\"0\" start_sector=\"{start}\"/>"
    )
}

pub(crate) fn erase(start: u32, count: u32) -> String {
    format!(
        "<erase PAGES_PER_BLOCK=\"4\" SECTOR_SIZE_IN_BYTES=\"2048\" num_partition_sectors=\"{count}\" \
         physical_partition_number=\"0\" start_sector=\"{start}\"/>"
    )
}

pub(crate) fn patch(file: &str, sector: &str, offset: &str, size: &str, value: &str) -> String {
    format!(
        "<patch SECTOR_SIZE_IN_BYTES=\"2048\" byte_offset=\"{offset}\" filename=\"{file}\" \
         physical_partition_number=\"0\" size_in_bytes=\"{size}\" start_sector=\"{sector}\" value=\"{value}\" what=\"Update.\"/>"
    )
}

impl Sound {
    /// SBL, the table, TZ, a UBI image and a plain one, in the order of stock files: written before it is erased.
    pub(crate) fn new() -> Self {
        let mut ubi = b"UBI#".to_vec();
        ubi.resize(5 * PAGE + 7, 5);
        let lines = [
            program("..\\sbl1.mbn", 0, 16),
            program("partition_complete_p2K_b8K.mbn", 16, 16),
            program("..\\tz.mbn", 64, 16),
            erase(80, 80),
            program("..\\modem.ubi", 80, 80),
            erase(160, 96),
            program("..\\system.img", 160, 96),
            erase(64, 16),
            erase(16, 16),
            erase(0, 16),
        ];
        let word = |text: &str| text.as_bytes().to_vec();
        let files = [
            (
                "contents.xml",
                word("<contents><chipid>SDX55</chipid></contents>"),
            ),
            ("update/sbl1.mbn", vec![1; 3 * PAGE - 9]),
            ("update/tz.mbn", vec![3; 2 * PAGE]),
            ("update/modem.ubi", ubi),
            (
                "update/system.img",
                (0..=250).cycle().take(40_000).collect(),
            ),
            (TABLE, crate::table::made(&PARTS)),
            (PROGRAMMER, word("\x7fELF and more")),
            (
                RAWPROGRAM,
                word(&format!(
                    "<?xml version=\"1.0\" ?>\n<data>\n <!--NOTE: generated-->\n {}\n</data>\n",
                    lines.join("\n ")
                )),
            ),
            (
                PATCH,
                word(&format!(
                    "<?xml version=\"1.0\" ?>\n<patches>\n {}\n {}\n</patches>\n",
                    patch(
                        "partition_complete_p2K_b8K.mbn",
                        "1",
                        "176",
                        "4",
                        "NUM_DISK_BLOCKS-40."
                    ),
                    patch(
                        "partition_complete_p2K_b8K.mbn",
                        "3",
                        "12",
                        "4",
                        "CRC32(0,4096)"
                    ),
                )),
            ),
        ];
        let mut sound = Self::bare();
        for (name, bytes) in files {
            sound.file(name, bytes);
        }
        sound
    }

    /// No file at all.
    pub(crate) fn bare() -> Self {
        Self {
            files: BTreeMap::new(),
            list: Vec::new(),
            list_bytes: Vec::new(),
            folder: Vec::new(),
        }
    }

    pub(crate) fn file(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.files.insert(name.to_owned(), bytes.as_ref().to_vec());
    }

    /// Replaces what stands once in a file.
    pub(crate) fn edit(&mut self, name: &str, from: &str, to: &str) {
        let text = String::from_utf8(self.files[name].clone()).unwrap();
        assert!(text.contains(from), "{name} has changed: {from}");
        self.file(name, text.replacen(from, to, 1));
    }

    /// Replaces what stands once in the rawprogram file.
    pub(crate) fn raw(&mut self, from: &str, to: &str) {
        self.edit(RAWPROGRAM, from, to);
    }

    /// A further line of the rawprogram file.
    pub(crate) fn line(&mut self, line: &str) {
        self.raw("</data>", &format!("{line}\n</data>"));
    }

    /// A further line of the patch file.
    pub(crate) fn patch(&mut self, line: &str) {
        self.edit(PATCH, "</patches>", &format!("{line}\n</patches>"));
    }

    /// The one line that names this file.
    pub(crate) fn line_of(&self, name: &str) -> String {
        let text = std::str::from_utf8(&self.files[RAWPROGRAM]).unwrap();
        let line = text.lines().find(|line| line.contains(name)).unwrap();
        line.trim().to_owned()
    }

    /// One change of the line that names this file.
    pub(crate) fn line_edit(&mut self, name: &str, from: &str, to: &str) {
        let line = self.line_of(name);
        assert!(line.contains(from), "{line} has changed: {from}");
        self.raw(&line, &line.replacen(from, to, 1));
    }

    /// One change of the list, whose sums are right otherwise.
    pub(crate) fn list(&mut self, change: impl Fn(String) -> String + 'static) {
        self.list.push(Box::new(change));
    }

    pub(crate) fn list_bytes(&mut self, bytes: &[u8]) {
        self.list_bytes = bytes.to_vec();
    }

    /// What happens to the folder after all was written.
    pub(crate) fn then(&mut self, change: impl Fn(&Path) + 'static) {
        self.folder.push(Box::new(change));
    }

    pub(crate) fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut list = "VERSION:1.0\r\nFILE:START\r\n".to_owned();
        for (name, bytes) in &self.files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            let sum = hex(&Md5::digest(bytes)).to_uppercase();
            list.push_str(&["FILE:\\", &name.replace('/', "\\"), ":", &sum, "\r\n"].concat());
        }
        list += "FILE:END\r\n";
        let list = self.list.iter().fold(list, |list, change| change(list));
        let list = [list.into_bytes(), self.list_bytes.clone()].concat();
        std::fs::write(folder.path().join("md5.txt"), list).unwrap();
        for change in &self.folder {
            change(folder.path());
        }
        folder
    }

    pub(crate) fn inspect(&self) -> Result<Package, Vec<Fault>> {
        inspect(&self.write())
    }
}

pub(crate) fn inspect(folder: &TempDir) -> Result<Package, Vec<Fault>> {
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    Package::inspect(&root, &chip(), Extent::Update)
}

/// What a package does to the chip, in order.
pub(crate) fn ranges(package: &Package) -> Vec<String> {
    let erases = package.erases.iter().map(|e| format!("erase {e}"));
    let programs = package
        .programs
        .iter()
        .map(|p| format!("program {p} of {}", p.room));
    let patches = package.patches.iter().map(|p| format!("patch {p}"));
    erases.chain(programs).chain(patches).collect()
}
