use super::*;
use crate::sim::fixture::{self, NEWER, spanned};
use std::collections::BTreeMap;
use std::io::Read as _;

fn make(size: &str, variant: Variant, broken: Option<Broken>) -> (tempfile::TempDir, PackageMade) {
    let folder = tempfile::tempdir().unwrap();
    let root = root_of(&folder);
    let order = MakePackage {
        firmware: spanned(NEWER.to_owned()),
        variant,
        size: Some(spanned(size.to_owned())),
        broken: broken.map(spanned),
    };
    let made = make_package(&root, &order, &fixture::profile()).unwrap();
    (folder, made)
}

fn root_of(folder: &tempfile::TempDir) -> Root {
    Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap()
}

fn bytes(folder: &tempfile::TempDir, path: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = root_of(folder).read(Utf8Path::new(path)).ok()?;
    file.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn text(folder: &tempfile::TempDir, path: &str) -> String {
    String::from_utf8(bytes(folder, path).unwrap()).unwrap()
}

/// Path and whether its sum is true; a missing file counts as wrong.
fn sums(folder: &tempfile::TempDir) -> BTreeMap<String, bool> {
    let list = text(folder, "md5.txt");
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[..2], ["VERSION:1.0", "FILE:START"]);
    assert_eq!(lines.last(), Some(&"FILE:END"));
    let line = |line: &&str| {
        let (path, sum) = line
            .strip_prefix("FILE:\\")
            .unwrap()
            .rsplit_once(':')
            .unwrap();
        let path = path.replace('\\', "/");
        let content = bytes(folder, &path);
        let is_true = content.is_some_and(|content| {
            hex(&Md5::digest(content)).eq_ignore_ascii_case(sum) && sum.len() == 32
        });
        (path, is_true)
    };
    lines[2..lines.len() - 1].iter().map(line).collect()
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (a, made) = make("1M", Variant::Update, None);
    let (b, again) = make("1M", Variant::Update, None);
    assert_eq!(made, again);
    for file in &made.files {
        assert_eq!(bytes(&a, file.as_str()), bytes(&b, file.as_str()), "{file}");
    }
}

#[test]
fn every_sum_is_true_and_every_file_is_listed() {
    let (folder, made) = make("2M", Variant::Update, None);
    let sums = sums(&folder);
    assert!(sums.values().all(|is_true| *is_true), "{sums:?}");
    assert_eq!(sums.len() + 1, made.files.len());
    for path in [
        "contents.xml",
        "update/partition_nand.xml",
        "update/sbl1.mbn",
        "update/NON-HLOS.ubi",
        "update/firehose/prog_firehose_sdx55.mbn",
        "update/firehose/rawprogram_nand_p4K_b256K_update.xml",
        "update/firehose/rawprogram_nand_p4K_b256K_factory.xml",
        "update/firehose/patch_p4K_b256K.xml",
        "update/firehose/partition_complete_p4K_b256K.mbn",
    ] {
        assert!(sums.contains_key(path), "{path}");
    }
}

#[test]
fn broken_packages_are_broken_in_one_place() {
    let (folder, _) = make("1M", Variant::Update, Some(Broken::WrongMd5));
    assert_eq!(sums(&folder).values().filter(|t| !**t).count(), 1);
    let (folder, _) = make("1M", Variant::Update, Some(Broken::MissingImage));
    let missing: Vec<String> = sums(&folder)
        .into_iter()
        .filter_map(|(path, is_true)| (!is_true).then_some(path))
        .collect();
    assert_eq!(missing.len(), 1);
    assert_eq!(bytes(&folder, &missing[0]), None);
}

#[test]
fn only_factory_and_broken_files_touch_calibration() {
    let update = "update/firehose/rawprogram_nand_p4K_b256K_update.xml";
    let factory = "update/firehose/rawprogram_nand_p4K_b256K_factory.xml";
    let touches = |folder, path| text(folder, path).contains(r#"start_sector="896""#);
    let (folder, _) = make("1M", Variant::Update, None);
    assert!(!touches(&folder, update) && touches(&folder, factory));
    let (folder, _) = make("1M", Variant::Update, Some(Broken::ErasesCalibration));
    assert!(touches(&folder, update));
    assert!(!text(&folder, update).contains("cefs.mbn"));
    let (folder, _) = make("1M", Variant::Factory, None);
    assert_eq!(bytes(&folder, update), None);
    assert!(text(&folder, factory).contains("cefs.mbn"));
}

/// protocols.md §1 fact 1.
#[test]
fn lines_stand_in_the_fatal_order_of_stock_files() {
    let (folder, _) = make("1M", Variant::Update, None);
    let xml = text(
        &folder,
        "update/firehose/rawprogram_nand_p4K_b256K_update.xml",
    );
    let lines: Vec<&str> = xml.lines().filter(|l| l.contains("start_sector")).collect();
    let is = |line: &str, name: &str, start: u32| {
        line.contains(&format!("<{name} ")) && line.contains(&format!("start_sector=\"{start}\""))
    };
    for (line, start) in lines.iter().zip([0, 640, 136 * 64]) {
        assert!(is(line, "program", start), "{line}");
    }
    let end = lines.len();
    for (line, start) in lines[end - 4..].iter().zip([136 * 64, 640, 0]) {
        assert!(is(line, "erase", start), "{line}");
    }
    assert!(lines[end - 1].contains("<program "));
    assert!(lines[0].contains(r#"filename="..\sbl1.mbn""#));
}

#[test]
fn images_have_the_size_that_was_asked_for_and_the_rest_is_no_image() {
    let images = |profile, size| {
        let layout = Layout::new(profile, size).unwrap();
        let images: u64 = layout.programmed().map(|part| part.bytes).sum();
        for part in layout.programmed() {
            assert!(part.bytes <= u64::from(part.blocks.saturating_sub(1)) * 262_144);
        }
        (images, layout.excess())
    };
    let profile = fixture::profile();
    assert_eq!(images(&profile, 32 << 20), (32 << 20, 0));
    let (most, excess) = images(&profile, 1 << 30);
    assert_eq!(most + excess, 1 << 30);
    assert!(most > 400 << 20 && most < 512 << 20);
}

#[test]
fn sizes_have_units() {
    let table = [
        ("32M", Some(32 << 20)),
        ("64K", Some(65536)),
        ("1G", Some(1 << 30)),
        ("7", Some(7)),
        ("", None),
        ("M", None),
        ("1MK", None),
        ("-1M", None),
        ("+1M", None),
        ("1 M", None),
        ("99999999999G", None),
    ];
    for (text, size) in table {
        assert_eq!(parse_size(text), size, "{text}");
    }
}
