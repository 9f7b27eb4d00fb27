//! Bytes of a description that are changed by chance.

use crate::sound::{PATCH, RAWPROGRAM, Sound, TABLE, ranges};
use proptest::prelude::*;
use std::sync::OnceLock;
use unbrick::firmware::Package;
use unbrick::firmware::mibib::Checksum;

/// Replaced, taken out, put in, doubled, or cut off.
#[derive(Debug, Clone)]
enum Change {
    Byte(u8),
    Digit(u8),
    Out,
    In(u8),
    Twice(usize),
    Cut,
}

fn change() -> impl Strategy<Value = (prop::sample::Index, Change)> {
    let change = prop_oneof![
        4 => any::<u8>().prop_map(Change::Byte),
        6 => (b'0'..=b'9').prop_map(Change::Digit),
        3 => Just(Change::Out),
        3 => any::<u8>().prop_map(Change::In),
        1 => (1..60_usize).prop_map(Change::Twice),
        1 => Just(Change::Cut),
    ];
    (any::<prop::sample::Index>(), change)
}

fn bent(bytes: &[u8], changes: &[(prop::sample::Index, Change)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, change) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = place.index(bytes.len());
        match change {
            Change::Byte(byte) | Change::Digit(byte) => bytes[at] = *byte,
            Change::Out => drop(bytes.remove(at)),
            Change::In(byte) => bytes.insert(at, *byte),
            Change::Twice(length) => {
                let end = (at + length).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            Change::Cut => bytes.truncate(at),
        }
    }
    bytes
}

/// The numbers in quotes, and the names: what a description can say about ranges.
fn said(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut words: Vec<String> = text
        .split(['"', '\''])
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    words.sort();
    words
}

/// What the sound package does.
fn done() -> &'static [String] {
    static DONE: OnceLock<Vec<String>> = OnceLock::new();
    DONE.get_or_init(|| ranges(&Sound::new().inspect().unwrap()))
}

fn judged(spoilt: &Sound) -> Option<Package> {
    let package = spoilt.inspect().ok()?;
    // Whatever was said, nothing kept is touched and the boot loader is erased first and written last.
    let kept = 32..64;
    let touched = package.erases.iter().map(|e| e.sectors);
    for range in touched.chain(package.programs.iter().map(|p| p.room)) {
        assert!(range.end().0 <= kept.start || range.start().0 >= kept.end);
    }
    assert_eq!(package.erases[0].sectors.start().0, 0);
    assert_eq!(package.programs.last().unwrap().room.start().0, 0);
    Some(package)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// What passes does what it did before, unless a number or a name in it was changed.
    #[test]
    fn a_bent_description_is_refused_or_does_what_it_says(changes in prop::collection::vec(change(), 1..4), patch in any::<bool>()) {
        let name = if patch { PATCH } else { RAWPROGRAM };
        let mut spoilt = Sound::new();
        let whole = spoilt.files[name].clone();
        let bytes = bent(&whole, &changes);
        spoilt.file(name, &bytes);
        if let Some(package) = judged(&spoilt) {
            prop_assert!(ranges(&package) == done() || said(&bytes) != said(&whole), "{}", String::from_utf8_lossy(&bytes));
        }
    }

    /// A table has a checksum: what passes says what it said before, where no patch makes the checksum anew.
    #[test]
    fn a_bent_table_is_refused(changes in prop::collection::vec(change(), 1..4)) {
        let mut spoilt = Sound::new();
        spoilt.file(PATCH, "<patches></patches>");
        let whole = spoilt.inspect().unwrap().table.unwrap();
        let bytes = bent(&spoilt.files[TABLE], &changes);
        spoilt.file(TABLE, bytes);
        if let Some(package) = judged(&spoilt) {
            let found = package.table.unwrap();
            prop_assert!(found.parts == whole.parts || found.checksum == Checksum::Absent);
        }
    }
}
