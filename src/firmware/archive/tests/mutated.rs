//! Whatever a zip is turned into: it is refused and leaves nothing, or it unpacks to what was packed.

use super::{Place, good, good_files};
use proptest::prelude::*;

/// A zip of these bytes either leaves nothing or is the good package.
fn is_harmless(bytes: &[u8], what: &str) {
    let place = Place::new();
    let zip = place.write("x.zip", bytes);
    match place.unpack(&zip) {
        Err(_) => assert!(place.is_clean(), "{what} leaves something behind"),
        Ok(unpacked) => {
            assert_eq!(place.files(&unpacked.folder), good_files(), "{what}");
            place.into.remove_folder(&unpacked.folder).unwrap();
            assert!(place.is_clean(), "{what} writes elsewhere");
        }
    }
}

#[test]
fn no_changed_byte_changes_what_is_unpacked() {
    let bytes = good().bytes();
    for at in 0..bytes.len() {
        for change in [0x01, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            is_harmless(&changed, &format!("byte {at} ^ {change:#04x}"));
        }
    }
}

#[test]
fn no_cut_and_no_missing_or_doubled_byte_changes_what_is_unpacked() {
    let bytes = good().bytes();
    for at in 0..bytes.len() {
        is_harmless(&bytes[..at], &format!("cut at {at}"));
        is_harmless(&bytes[at..], &format!("without the first {at}"));
        let mut changed = bytes.clone();
        changed.remove(at);
        is_harmless(&changed, &format!("without byte {at}"));
        changed = bytes.clone();
        changed.insert(at, bytes[at]);
        // A stored file that doubles one of two equal bytes is no other file; lengths tell it all the same.
        is_harmless(&changed, &format!("byte {at} doubled"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        is_harmless(&bytes, "random bytes");
    }

    #[test]
    fn no_number_in_the_directory_makes_it_panic(
        words in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(vec![0u32, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, 0xffff, 22, 46])), 1..4)
    ) {
        let mut bytes = good().bytes();
        for (at, word) in words {
            let at = at.index(bytes.len() - 4);
            bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        is_harmless(&bytes, "random numbers");
    }
}
