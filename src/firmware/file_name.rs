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
        c.is_control()
            || is_invisible(c)
            || matches!(c, '\\' | '/' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    // What ends in a dot or a blank is another name on Windows; `.` and `..` are no names at all.
    let ends_well = !name.ends_with(['.', ' ']);
    !name.is_empty()
        && name.len() <= 255
        && ends_well
        && !name.contains(strange)
        && !is_device(name)
}

/// Signs that are not seen, or turn the reading direction: with them a person reads another name than the one that is
/// opened.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Names that are devices on Windows, whatever follows their first dot
/// (learn.microsoft.com/windows/win32/fileio/naming-a-file).
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let numbered = ["COM", "LPT"].iter().any(|device| {
        let rest = stem
            .split_at_checked(3)
            .filter(|(head, _)| head.eq_ignore_ascii_case(device));
        rest.is_some_and(|(_, number)| matches!(number.as_bytes(), [b'1'..=b'9']))
    });
    numbered
        || ["CON", "PRN", "AUX", "NUL"]
            .iter()
            .any(|device| stem.eq_ignore_ascii_case(device))
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
            "..\\NUL",
            "aux.mbn",
            "com1 .mbn",
            "tz.mbn.",
            "tz.mbn ",
            "tz\u{202e}nbm.exe",
        ] {
            assert!(programmed(&root, name).is_err(), "{name:?}");
        }
        for name in ["console.mbn", "com0.mbn", "COM10", "nul1"] {
            assert!(programmed(&root, name).is_ok(), "{name}");
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
