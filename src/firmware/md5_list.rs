//! md5.txt: `FILE:START`, lines of `FILE:\path:32HEX`, `FILE:END` (eg25:md5.txt). `QFirehose` compares the first 16
//! digits only and lets missing files and missing lists pass (qfh:qfirehose.c); here every file counts whole.

use super::package::{MAX_LIST, read_capped};
use super::{fault::Fault, file_name};
use crate::files::{Root, hex};
use camino::{Utf8Path, Utf8PathBuf};
use md5::{Digest, Md5};
use std::collections::BTreeMap;

pub(super) const NAME: &str = "md5.txt";
/// Far more than any package has; the EG25-G has twenty.
const MAX_FILES: usize = 10_000;

/// A small file of the package, as its list has it.
pub fn read_listed(root: &Root, path: &Utf8Path, cap: u64) -> Result<Vec<u8>, Fault> {
    let list = read_capped(root, Utf8Path::new(NAME), MAX_LIST)?;
    let list = parse(&list)?;
    let Some(listed) = list.get(path) else {
        return Err(Fault::Unlisted {
            path: path.to_owned(),
        });
    };
    let bytes = read_capped(root, path, cap)?;
    let found = hex(&Md5::digest(&bytes));
    if *listed == found {
        Ok(bytes)
    } else {
        Err(Fault::Md5 {
            path: path.to_owned(),
            listed: listed.clone(),
            found,
        })
    }
}

/// Path from the root of the package to its md5 in lower case.
pub(super) fn parse(bytes: &[u8]) -> Result<BTreeMap<Utf8PathBuf, String>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = good.split(|byte| *byte == b'\n').count();
        Fault::List { line }
    })?;
    let mut files = BTreeMap::new();
    let mut place = Place::Before;
    let mut last = 0;
    for (index, line) in text.lines().enumerate() {
        last = index + 1;
        let line = line.trim();
        match (place, line) {
            (Place::Before, "FILE:START") => place = Place::Inside,
            (Place::Inside, "FILE:END") => place = Place::After,
            // What stands outside is for others, unless somebody would take it for a part of the list.
            (Place::Before | Place::After, entry)
                if parse_entry(entry).is_some() || matches!(entry, "FILE:START" | "FILE:END") =>
            {
                return Err(Fault::List { line: last });
            }
            (_, "") | (Place::Before | Place::After, _) => {}
            (Place::Inside, entry) => {
                let (path, md5) = parse_entry(entry).ok_or(Fault::List { line: last })?;
                if files.insert(path.clone(), md5).is_some() {
                    return Err(Fault::ListedTwice { path });
                }
                if files.len() > MAX_FILES {
                    return Err(Fault::List { line: last });
                }
            }
        }
    }
    if place == Place::After {
        Ok(files)
    } else {
        Err(Fault::List { line: last })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Before,
    Inside,
    After,
}

fn parse_entry(line: &str) -> Option<(Utf8PathBuf, String)> {
    let line = line.strip_prefix("FILE:").unwrap_or(line);
    let (path, md5) = line.rsplit_once(':')?;
    let whole = md5.len() == 32 && md5.bytes().all(|b| b.is_ascii_hexdigit());
    Some((file_name::listed(path)?, md5.to_lowercase())).filter(|_| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "5B15ED398BC0F9612B6BFB1FC8B844C8";

    #[test]
    fn a_list_is_read_with_and_without_the_word_file() {
        let list = parse(format!("VERSION:1.0\r\nFILE:START\r\nFILE:\\contents.xml:{SUM}\r\n\\update\\sbl1.mbn:{SUM}\r\nFILE:END\r\n").as_bytes()).unwrap();
        let names: Vec<_> = list.keys().map(|p| p.as_str()).collect();
        assert_eq!(names, ["contents.xml", "update/sbl1.mbn"]);
        assert_eq!(
            list[camino::Utf8Path::new("contents.xml")],
            SUM.to_lowercase()
        );
    }

    #[test]
    fn a_list_that_lies_or_is_cut_is_refused() {
        for body in [
            String::new(),
            format!("FILE:START\nFILE:\\a:{SUM}\n"),
            format!("FILE:START\nFILE:\\a:{}\nFILE:END", &SUM[..16]),
            format!("FILE:START\nFILE:\\..\\a:{SUM}\nFILE:END"),
            format!("FILE:START\nFILE:\\a:{SUM}\nFILE:\\a:{SUM}\nFILE:END"),
            "FILE:START\nhello\nFILE:END".to_owned(),
            format!("FILE:\\a:{SUM}\nFILE:START\nFILE:END"),
            format!("FILE:START\nFILE:END\nFILE:\\a:{SUM}"),
            "FILE:START\nFILE:END\nFILE:START\nFILE:END".to_owned(),
        ] {
            assert!(parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
