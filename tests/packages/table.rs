//! Partition tables that lie, with a right checksum where the lie is elsewhere.

use crate::judged::Row;
use crate::rows;
use crate::sound::{PAGE, PARTS, PATCH, Sound, TABLE};

/// protocols.md §7.2 and §12.4, written down a second time: four pages, of which the last holds the checksum.
pub(crate) fn made(parts: &[(&str, u32, u32)]) -> Vec<u8> {
    let mut image = vec![0xff; 4 * PAGE];
    put(&mut image, 0, &[0xfe56_9fac, 0xcd7f_127a, 4, 1]);
    let count = u32::try_from(parts.len()).unwrap();
    put(&mut image, PAGE, &[0x55ee_73aa, 0xe35e_bddb, 4, count]);
    for (index, (name, start, blocks)) in parts.iter().enumerate() {
        let at = PAGE + 16 + index * 28;
        image[at..at + 16].fill(0);
        image[at..at + name.len()].copy_from_slice(name.as_bytes());
        put(&mut image, at + 16, &[*start, *blocks, 0xff]);
    }
    put(&mut image, 3 * PAGE, &[0x9d41_bea1, 0xf1de_d2ea, 1, 0]);
    summed(image)
}

fn put(image: &mut [u8], at: usize, words: &[u32]) {
    for (index, word) in words.iter().enumerate() {
        image[at + 4 * index..at + 4 * index + 4].copy_from_slice(&word.to_le_bytes());
    }
}

/// With the right checksum: most significant bit first, no reflection, initial 0, no final xor.
fn summed(mut image: Vec<u8>) -> Vec<u8> {
    let mut crc = 0_u32;
    for byte in &image[..2 * PAGE] {
        crc ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            crc = if crc >> 31 == 1 {
                crc << 1 ^ 0x04c1_1db7
            } else {
                crc << 1
            };
        }
    }
    put(&mut image, 3 * PAGE + 12, &[crc]);
    image
}

/// Other words at a place, and a checksum that is right again.
fn words(at: usize, words: &'static [u32]) -> impl Fn(&mut Sound) {
    move |s| {
        let mut image = s.files[TABLE].clone();
        put(&mut image, at, words);
        plain(s, summed(image));
    }
}

/// Without patches, which would mend some lies.
fn plain(s: &mut Sound, image: Vec<u8>) {
    s.file(PATCH, "<patches></patches>");
    s.file(TABLE, image);
}

fn parts(parts: &'static [(&'static str, u32, u32)]) -> impl Fn(&mut Sound) {
    move |s| plain(s, made(parts))
}

/// With another entry in the place of the last one.
fn last(entry: (&'static str, u32, u32)) -> impl Fn(&mut Sound) {
    move |s| {
        let mut parts = PARTS;
        parts[5] = entry;
        plain(s, made(&parts));
    }
}

const ENTRY: usize = PAGE + 16;

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        "table is something else", "package::mibib", "does not begin with the magic of MIBIB", |s| plain(s, vec![9; 4 * PAGE]);
        "first magic of the header", "package::mibib", TABLE, words(0, &[0xfe56_9fad]);
        "second magic of the header", "package::mibib", "does not begin with the magic", words(4, &[0]);
        "first magic of the table", "package::mibib", "its second page holds no system table", words(PAGE, &[0]);
        "second magic of the table", "package::mibib", "its second page holds no system table", words(PAGE + 4, &[0]);
        "table in another page", "package::mibib", "its second page holds no system table", |s| { let mut t = s.files[TABLE].clone(); t.insert(PAGE, 0); plain(s, t); };
        "cut behind the header", "package::mibib", "holds no system table", |s| plain(s, made(&PARTS)[..PAGE].to_vec());
        "cut within an entry", "package::mibib", "entry 1 of its table", |s| plain(s, made(&PARTS)[..ENTRY + 40].to_vec());
        "version 0", "package::mibib", "its table is of version 0", words(PAGE + 8, &[0]);
        "version 5", "package::mibib", "its table is of version 5", words(PAGE + 8, &[5]);
        "version of all ones", "package::mibib", "its table is of version 4294967295", words(PAGE + 8, &[u32::MAX]);
        "more entries than it has", "package::mibib", "entry 6 of its table", words(PAGE + 12, &[7]);
        "more entries than are known", "package::mibib", "claims 49 entries", words(PAGE + 12, &[49]);
        "more entries than the older version holds", "package::mibib", "claims 17 entries", words(PAGE + 8, &[3, 17]);
        "very many entries", "package::mibib", "claims 4294967295 entries", words(PAGE + 12, &[u32::MAX]);
        "entry leaves the chip", "package::mibib", "entry 5 of its table", last(("0:SYSTEM", 40, 25));
        "entry begins behind the chip", "package::mibib", "entry 5 of its table", last(("0:SYSTEM", 64, 1));
        "entry overflows", "package::mibib", "entry 5 of its table", last(("0:SYSTEM", u32::MAX, 2));
        "entry is too large to count", "package::mibib", "entry 5 of its table", last(("0:SYSTEM", 40, u32::MAX - 1));
        "entry is empty", "package::mibib", "entry 5 of its table", last(("0:SYSTEM", 40, 0));
        "entry grows from behind the chip", "package::mibib", "entry 5 of its table", last(("0:SYSTEM", 65, u32::MAX));
        "entry without a name", "package::mibib", "entry 5 of its table", last(("", 40, 24));
        "entry with a prefix and no name", "package::mibib", "entry 5 of its table", last(("0:", 40, 24));
        "entry with a control sign", "package::mibib", "entry 5 of its table", last(("0:SYS\u{1b}", 40, 24));
        "entry with a blank", "package::mibib", "entry 5 of its table", last(("0:SYS TEM", 40, 24));
        "entry that is not UTF-8", "package::mibib", "entry 0 of its table", words(ENTRY, &[0xffff_ffff]);
        "partitions overlap", "package::mibib", "its partitions `modem` and `system` overlap", last(("0:SYSTEM", 39, 25));
        "partition within another", "package::mibib", "its partitions `sbl` and `system` overlap", last(("0:SYSTEM", 1, 1));
        "partition over calibration", "package::mibib", "its partitions `efs2` and `system` overlap", last(("0:SYSTEM", 12, 4));
        "two grow", "package::mibib", "its partitions `a` and `b` overlap", parts(&[("0:SBL", 0, 4), ("0:MIBIB", 4, 4), ("0:A", 16, u32::MAX), ("0:B", 20, u32::MAX)]);
        "partition named twice", "package::mibib", "names `tz` twice", last(("0:TZ", 40, 24));
        "name twice in other capitals", "package::mibib", "names `tz` twice", last(("0:tz", 40, 24));
        "name twice without its prefix", "package::mibib", "names `efs2` twice", last(("EFS2", 40, 24));
        "checksum is wrong", "package::mibib", "its checksum is", |s| { let mut t = made(&PARTS); t[3 * PAGE + 12] ^= 1; plain(s, t); };
        "checksum is zero", "package::mibib", "its checksum is 0x00000000", |s| { let mut t = made(&PARTS); put(&mut t, 3 * PAGE + 12, &[0]); plain(s, t); };
        "attribute differs from the checksum", "package::mibib", "its checksum is", |s| { let mut t = made(&PARTS); t[ENTRY + 24] ^= 1; plain(s, t); };
        "calibration of the profile lies elsewhere in the table", "package::kept-partition", "`efs2` (64..80)", parts(&[("0:SBL", 0, 4), ("0:MIBIB", 4, 4), ("0:TZ", 8, 8), ("0:EFS2", 16, 4), ("0:MODEM", 20, 20), ("0:SYSTEM", 40, 24)]);
        "boot loader is larger in the table", "package::beyond-partition", "begin in `sbl` (0..8)", parts(&[("0:SBL", 0, 2), ("0:X", 2, 2), ("0:MIBIB", 4, 4), ("0:EFS2", 8, 8), ("0:TZ", 16, 4), ("0:MODEM", 20, 20), ("0:SYSTEM", 40, 24)]);
    ]
}

#[test]
fn a_table_whose_last_partition_grows_is_right() {
    for blocks in [24, u32::MAX] {
        let mut sound = Sound::new();
        last(("0:SYSTEM", 40, blocks))(&mut sound);
        let table = sound.inspect().unwrap().table.unwrap();
        assert_eq!(table.parts[5].sectors.to_string(), "160..256");
    }
}
