//! What is judged before the modem is spoken to, by the same judge in a dry run and in a run.

use super::*;
use crate::files::Root;
use crate::plan::{MakePackage, library};
use crate::protocol::dload::{Size, UserTable};
use crate::sim::make_package;
use crate::yaml::Spanned;
use camino::Utf8PathBuf;
use md5::{Digest, Md5};
use tempfile::TempDir;

const TABLE: &str = "update/partition.mbn";

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: 0..0 }
}

struct Bench {
    _folder: TempDir,
    path: Utf8PathBuf,
    profile: Profile,
}

impl Bench {
    fn new() -> Self {
        let (_, profile) = library::load_profile("quectel/ec25", None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        let make = MakePackage {
            firmware: spanned("EC25EFAR06A11M4G_01.002.01.002".to_owned()),
            variant: crate::plan::Variant::Update,
            size: Some(spanned("1M".to_owned())),
            broken: None,
        };
        make_package(&Root::open(&path).unwrap(), &make, &profile).unwrap();
        Self {
            _folder: folder,
            path,
            profile,
        }
    }

    fn judged(&self) -> Result<Vec<String>, &'static str> {
        preview(&self.path, &self.profile, Replace::Never, None).map_err(|failure| failure.code)
    }

    fn table(&self) -> UserTable {
        UserTable::decode(&self.read(TABLE)).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a test spoils a package")]
    fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path.join(path)).unwrap()
    }

    /// Puts other bytes into the package, and their sum into its list.
    #[expect(clippy::disallowed_methods, reason = "a test spoils a package")]
    fn write(&self, path: &str, bytes: &[u8]) {
        let sum = |bytes: &[u8]| crate::files::hex(&Md5::digest(bytes)).to_ascii_uppercase();
        let list = String::from_utf8(self.read("md5.txt")).unwrap();
        let list = list.replace(&sum(&self.read(path)), &sum(bytes));
        std::fs::write(self.path.join(path), bytes).unwrap();
        std::fs::write(self.path.join("md5.txt"), list).unwrap();
    }
}

#[test]
fn the_boot_loader_is_made_invalid_first_and_written_last_and_nothing_kept_is_named() {
    let bench = Bench::new();
    let lines = bench.judged().unwrap();
    let written: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split_once("write partition ")?.1.split(' ').next())
        .collect();
    assert_eq!(written.last(), Some(&"sbl"));
    assert_eq!(written.len(), 11);
    for never in ["efs2", "sys_rev", "rawdata", "cust_info", "mibib", "sec"] {
        assert!(!written.contains(&never), "{never}");
    }
    let invalid = lines
        .iter()
        .position(|line| line.starts_with("make partition sbl invalid"));
    let first = lines
        .iter()
        .position(|line| line.starts_with("write partition"));
    assert!(invalid.unwrap() < first.unwrap());
    assert!(lines.iter().any(|line| line.contains("`0:TZ`")));
    assert!(lines.last().unwrap().starts_with("verify nothing"));
}

#[test]
fn a_table_that_is_not_this_models_is_refused() {
    let changes: [fn(&mut UserTable); 5] = [
        |table| table.entries.swap(5, 6),
        |table| drop(table.entries.pop()),
        |table| table.entries[2].name = "0:EFS3".to_owned(),
        // A block of the calibration would belong to the next one.
        |table| table.entries[2].size = Size::Blocks { size: 135, pad: 0 },
        |table| table.entries[16].size = Size::Blocks { size: 591, pad: 0 },
    ];
    for (number, change) in changes.iter().enumerate() {
        let bench = Bench::new();
        let mut table = bench.table();
        change(&mut table);
        bench.write(TABLE, &table.encode());
        assert_eq!(bench.judged(), Err("dload::other-table"), "{number}");
    }
    let bench = Bench::new();
    bench.write(TABLE, b"no table");
    assert_eq!(bench.judged(), Err("dload::other-table"));
}

/// Sizes in KiB and pads of their own, as the package of an EG25-G has them, are the same table.
#[test]
fn a_table_in_kib_with_pads_is_the_same() {
    let bench = Bench::new();
    let mut table = bench.table();
    for entry in &mut table.entries[2..16] {
        if let Size::Blocks { size, .. } = entry.size {
            entry.size = Size::Kib {
                size: (size - 1) * 128,
                pad: 128,
            };
        }
    }
    table.entries[16].size = Size::Rest;
    bench.write(TABLE, &table.encode());
    assert!(bench.judged().is_ok());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test spoils a package")]
fn a_package_without_its_table_or_with_another_than_its_list_says_is_refused() {
    let bench = Bench::new();
    let list = String::from_utf8(bench.read("md5.txt")).unwrap();
    let unlisted: Vec<&str> = list
        .lines()
        .filter(|line| !line.contains("partition.mbn"))
        .collect();
    std::fs::write(bench.path.join("md5.txt"), unlisted.join("\n")).unwrap();
    assert_eq!(bench.judged(), Err("dload::table"));

    let bench = Bench::new();
    let mut bytes = bench.read(TABLE);
    bytes[40] ^= 1;
    std::fs::write(bench.path.join(TABLE), bytes).unwrap();
    assert_eq!(bench.judged(), Err("package::wrong-md5"));

    let bench = Bench::new();
    std::fs::remove_file(bench.path.join("update/tz.mbn")).unwrap();
    assert_eq!(bench.judged(), Err("package::missing-image"));
}
