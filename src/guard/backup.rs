//! `backup`: a backup step has run, and its files are still as they were (plan-language.md §6, reliability.md P11).

use super::Verdict;
use crate::event::BackupFile;
use crate::files;
use camino::Utf8Path;
use std::collections::BTreeMap;

const RULE: &str = "backup";
const SOURCE: &str = "quectel.md §10: only the unit's own backup brings calibration back";
const NAND_SOURCE: &str =
    "bkerler/edl#408, #663: loaders return filler for pages that they cannot read";

/// `files` is what the step recorded, or `None` where it has not run. `holes` counts unreadable pages per file.
pub fn judge(
    files: Option<&[BackupFile]>,
    holes: &BTreeMap<String, u64>,
    is_nand_copy: bool,
) -> Verdict {
    let Some(files) = files.filter(|files| !files.is_empty()) else {
        return refused("no backup was made in this run".to_owned());
    };
    if let Some(message) = files.iter().find_map(changed) {
        return refused(message);
    }
    if !is_nand_copy && holes.is_empty() {
        return Verdict::Allowed {
            rule: RULE.to_owned(),
            source: SOURCE.to_owned(),
            warnings: Vec::new(),
        };
    }
    Verdict::Unknown {
        rule: "backup: a copy of the flash is no backup of calibration".to_owned(),
        source: NAND_SOURCE.to_owned(),
        message: missing_pages(files, holes),
    }
}

/// What is wrong with a file of the backup; `None` if it is as recorded.
fn changed(file: &BackupFile) -> Option<String> {
    let path = &file.path;
    let opened = match files::open(Utf8Path::new(path)) {
        Ok(opened) => opened,
        Err(error) => return Some(error.to_string()),
    };
    match files::sha256(opened) {
        Ok((sha256, bytes)) if sha256 == file.sha256 && bytes == file.bytes => None,
        Ok(_) => Some(format!("`{path}` is not what the backup step wrote")),
        Err(error) => Some(format!("cannot read `{path}`: {error}")),
    }
}

fn missing_pages(files: &[BackupFile], holes: &BTreeMap<String, u64>) -> String {
    let missing: Vec<String> = holes
        .iter()
        .filter(|(_, pages)| **pages > 0)
        .map(|(file, pages)| format!("{pages} pages of `{file}`"))
        .collect();
    if missing.is_empty() {
        let files = files.len();
        return format!(
            "all pages of {files} files were read, but nothing proves that they are calibration that works"
        );
    }
    format!("could not be read: {}", missing.join(", "))
}

fn refused(message: String) -> Verdict {
    Verdict::Refused {
        rule: RULE.to_owned(),
        source: SOURCE.to_owned(),
        message,
        help: "make the backup again, and leave its files alone".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::manifest::digest;
    use crate::files::{Root, write_new};

    #[test]
    fn only_a_whole_and_unchanged_backup_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        write_new(&root, Utf8Path::new("unit.xqcn"), b"calibration").unwrap();
        let file = BackupFile {
            path: root.path().join("unit.xqcn").into_string(),
            bytes: 11,
            sha256: digest(b"calibration"),
        };
        let none = BTreeMap::new();
        let holes = BTreeMap::from([("efs2.bin".to_owned(), 3)]);
        let files = [file.clone()];
        assert!(matches!(
            judge(Some(&files), &none, false),
            Verdict::Allowed { .. }
        ));
        assert!(matches!(
            judge(Some(&files), &none, true),
            Verdict::Unknown { .. }
        ));
        let Verdict::Unknown { message, .. } = judge(Some(&files), &holes, true) else {
            panic!("a copy with holes is no backup");
        };
        assert!(message.contains("3 pages of `efs2.bin`"), "{message}");
        assert!(matches!(judge(None, &none, false), Verdict::Refused { .. }));
        assert!(matches!(
            judge(Some(&[]), &none, false),
            Verdict::Refused { .. }
        ));
        for changed in [
            BackupFile {
                sha256: digest(b"other"),
                ..file.clone()
            },
            BackupFile {
                bytes: 12,
                ..file.clone()
            },
            BackupFile {
                path: format!("{}x", file.path),
                ..file
            },
        ] {
            let verdict = judge(Some(&[changed]), &none, false);
            assert!(matches!(verdict, Verdict::Refused { .. }), "{verdict:?}");
        }
    }
}
