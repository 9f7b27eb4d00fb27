//! A package with a sparse image, end to end on the simulated modem.

use crate::bad_files::edit;
use crate::bench::{Bench, SCENARIO, of_kind};
use std::path::Path;

const PAGE: usize = 4096;
const RAWPROGRAM: &str = "update/firehose/rawprogram_nand_p4K_b256K_update.xml";
/// Where `boot` begins, in pages (quectel.md §9).
const BOOT: u32 = 214 * 64;

/// Pages of the plain image as data, then three pages that nobody cares for (`sparse_format.h` of libsparse).
fn sparse(plain: &[u8]) -> Vec<u8> {
    let pages = u32::try_from(plain.len().div_ceil(PAGE)).unwrap();
    let mut data = plain.to_vec();
    data.resize(pages as usize * PAGE, 0);
    let word = |number: u32| number.to_le_bytes();
    let length = u32::try_from(data.len()).unwrap();
    let head = [0xed26_ff3a, 1, 0x000c_001c, 4096, pages + 3, 2, 0].map(word);
    let raw = [0xcac1, pages, 12 + length].map(word);
    let hole = [0xcac3, 3, 12].map(word);
    [head.concat(), raw.concat(), data, hole.concat()].concat()
}

#[test]
fn a_sparse_image_is_flashed_expanded_and_the_modem_boots_from_it() {
    let bench = Bench::new();
    let whole = bench.text("whole");
    let made = bench.run(&["sim", SCENARIO, "--package", &whole, "--size", "2M"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let package = Path::new(&whole);
    let plain = std::fs::read(package.join("update/boot.img")).unwrap();
    edit(package, "update/boot.img", |plain| sparse(&plain));
    edit(package, RAWPROGRAM, |text| {
        let text = String::from_utf8(text).unwrap();
        let said = "filename=\"..\\boot.img\"";
        assert!(text.contains(said), "the rawprogram has changed");
        text.replace(said, &format!("{said} sparse=\"true\""))
            .into_bytes()
    });
    let input = format!("package={whole}");
    let (said, record) = bench.story(SCENARIO, &["--input", &input]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("PROVED."), "{}", said.stdout);
    let programmed = of_kind(&record, &["program"]);
    let boot = programmed
        .iter()
        .find(|line| line["start"] == BOOT)
        .unwrap();
    assert_eq!(boot["count"], plain.len().div_ceil(PAGE));
}
