//! Whatever is read, it is understood or refused: it never panics.

use camino::Utf8Path;
use proptest::prelude::*;
use unbrick::calibration::Xqcn;
use unbrick::check;
use unbrick::files::Root;
use unbrick::firmware::{Extent, Package};
use unbrick::plan::library;

const PLAN: &str = include_str!("../../plans/quectel/rm502q-gl/unbrick-900e.yaml");
const SCENARIO: &str = include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml");
const XQCN: &[u8] = include_bytes!("../data/sample.xqcn");

/// A text with some bytes replaced, taken out and put in.
fn bent(whole: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    prop::collection::vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = whole.to_vec();
        for (place, byte, how) in changes {
            let at = place.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}

fn random() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

/// Writes the bytes to a file and reads it as what the name says.
fn read_as(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    let text = path.to_str().unwrap();
    if name.starts_with("scenarios") {
        let _ = library::load_scenario(text);
    } else {
        let _ = check::load(text);
    }
}

fn inspect(rawprogram: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let firehose = folder.path().join("update/firehose");
    std::fs::create_dir_all(&firehose).unwrap();
    let name = "rawprogram_nand_p4K_b256K_update.xml";
    std::fs::write(firehose.join(name), rawprogram).unwrap();
    std::fs::write(folder.path().join("md5.txt"), "").unwrap();
    let (_, profile) = library::load_profile("quectel/rm502q-gl", None).unwrap();
    let chip = profile.flash_chip(&[]).unwrap();
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    assert!(Package::inspect(&root, &chip, Extent::Update).is_err());
}

const RAWPROGRAM: &[u8] = br#"<?xml version="1.0"?><data>
<erase PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="4096" num_partition_sectors="640" start_sector="0"/>
<program PAGES_PER_BLOCK="64" SECTOR_SIZE_IN_BYTES="4096" filename="..\sbl1.mbn" num_partition_sectors="640"
 physical_partition_number="0" start_sector="0"/></data>"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bent_plan_is_read_or_refused(bytes in prop_oneof![bent(PLAN.as_bytes()), random()]) {
        read_as("a/b/plan.yaml", &bytes);
    }

    #[test]
    fn a_bent_scenario_is_read_or_refused(bytes in prop_oneof![bent(SCENARIO.as_bytes()), random()]) {
        read_as("scenarios/a.yaml", &bytes);
    }

    #[test]
    fn a_bent_calibration_file_is_read_or_refused(bytes in prop_oneof![bent(XQCN), random()]) {
        let _ = Xqcn::read(&bytes);
    }

    #[test]
    fn a_bent_rawprogram_is_refused(bytes in prop_oneof![bent(RAWPROGRAM), random()]) {
        inspect(&bytes);
    }
}
