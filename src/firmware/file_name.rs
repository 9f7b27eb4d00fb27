//! Names inside packages were written on Windows: `..\sbl1.mbn`, `\update\sbl1.mbn` (quectel.md §9). They are
//! resolved by their own small rules and never joined to a path as they are.

use super::fault::Fault;
use crate::files::Root;
use camino::Utf8PathBuf;

/// The folder of the rawprogram file.
pub(super) const FIREHOSE: &str = "update/firehose";
const UPDATE: &str = "update";

/// A path in md5.txt: from the root of the package, each component plain.
pub(super) fn listed(name: &str) -> Option<Utf8PathBuf> {
    let name = name.strip_prefix(['\\', '/']).unwrap_or(name);
    let parts: Vec<&str> = name.split(['\\', '/']).collect();
    (parts.len() <= 16 && parts.iter().all(|part| is_plain(part))).then(|| parts.join("/").into())
}

/// A file name in rawprogram: `name` or `..\name`; the name is looked up in `update/firehose` and `update`, in
/// the order that it suggests.
pub(super) fn programmed(root: &Root, name: &str) -> Result<Utf8PathBuf, Fault> {
    let above = name
        .strip_prefix("..\\")
        .or_else(|| name.strip_prefix("../"));
    let plain = above.unwrap_or(name);
    if !is_plain(plain) {
        return Err(Fault::Name {
            name: name.to_owned(),
        });
    }
    let folders = if above.is_some() {
        [UPDATE, FIREHOSE]
    } else {
        [FIREHOSE, UPDATE]
    };
    let paths = folders.map(|folder| Utf8PathBuf::from(format!("{folder}/{plain}")));
    let [wanted, other] = paths;
    if !root.exists(&wanted) && root.exists(&other) {
        Ok(other)
    } else {
        Ok(wanted)
    }
}

fn is_plain(name: &str) -> bool {
    let strange = |c: char| {
        c.is_control() || matches!(c, '\\' | '/' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    !name.is_empty() && name.len() <= 255 && name != "." && name != ".." && !name.contains(strange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8Path;

    #[test]
    fn only_plain_names_are_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        for name in [
            "/etc/passwd",
            "C:\\x.mbn",
            "..\\..\\x.mbn",
            "..",
            "..\\..",
            "",
            "a/b",
            "..\\a\\b",
            "a\0b",
            "\\\\server\\x",
        ] {
            assert!(programmed(&root, name).is_err(), "{name:?}");
        }
        assert_eq!(
            programmed(&root, "..\\sbl1.mbn").unwrap(),
            "update/sbl1.mbn"
        );
        assert_eq!(
            programmed(&root, "mibib.mbn").unwrap(),
            "update/firehose/mibib.mbn"
        );
        root.create_new(Utf8Path::new("update/mibib.mbn")).unwrap();
        assert_eq!(programmed(&root, "mibib.mbn").unwrap(), "update/mibib.mbn");
        for name in ["\\..\\x", "C:\\x", "", "a//b", "..", "\\\\x"] {
            assert_eq!(listed(name), None, "{name:?}");
        }
        assert_eq!(
            listed("\\update\\firehose\\a.xml").unwrap(),
            "update/firehose/a.xml"
        );
    }
}
