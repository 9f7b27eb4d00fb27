//! Zips that other programs made: they are read as those programs meant them.

use super::Place;
use camino::Utf8PathBuf;
use std::collections::BTreeMap;

macro_rules! zips {
    ($($name:literal),*) => {
        [$(($name, include_bytes!(concat!("../../../../tests/data/zip/", $name, ".zip")).as_slice())),*]
    };
}

/// Info-ZIP 3.0 (into a file, into a pipe, stored), Python 3 (the same two), git 2, `OpenJDK`'s jar and Perl's
/// `IO::Compress::Zip`, each given the same folder `pkg`.
const ZIPS: [(&str, &[u8]); 8] = zips![
    "info-zip",
    "info-zip-streamed",
    "info-zip-stored",
    "python",
    "python-streamed",
    "git",
    "java",
    "perl"
];

#[test]
fn zips_of_other_programs_unpack_to_what_was_packed() {
    let wanted: BTreeMap<Utf8PathBuf, Vec<u8>> = [
        ("md5.txt", b"FILE:\\update\\a.mbn".to_vec()),
        ("update/a.mbn", vec![b'A'; 3000]),
        ("update/empty.bin", Vec::new()),
        ("update/firehose/p.mbn", b"x".to_vec()),
    ]
    .map(|(name, bytes)| (name.into(), bytes))
    .into();
    for (name, bytes) in ZIPS {
        let place = Place::new();
        let zip = place.write("x.zip", bytes);
        let unpacked = place
            .unpack(&zip)
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(unpacked.folder, "pkg", "{name}");
        assert_eq!(place.files(&unpacked.folder), wanted, "{name}");
    }
}
