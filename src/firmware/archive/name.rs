//! Names in a zip: relative, plain, and each of them once, on a disk that tells capitals from small letters and on one
//! that does not.

use super::directory::Entry;
use super::fault::Fault;
use std::collections::HashMap;

const LONGEST: usize = 1024;
const LONGEST_PART: usize = 255;
const DEEPEST: usize = 16;

/// A name without the slash at its end, and whether it had one, which makes it a folder's.
pub(super) fn judge(raw: &[u8]) -> Result<(String, bool), Fault> {
    let wrong = |reason| Fault::Name {
        name: escaped(raw),
        reason,
    };
    let Ok(name) = std::str::from_utf8(raw) else {
        return Err(wrong("is no UTF-8"));
    };
    if name.len() > LONGEST {
        return Err(wrong("is too long"));
    }
    if name.starts_with('/') {
        return Err(wrong("begins at the root of the disk"));
    }
    if name.contains('\\') {
        return Err(wrong(
            "holds a backslash, which some programs take for a folder",
        ));
    }
    if name.contains(':') {
        return Err(wrong("holds a colon, as drives and streams of Windows do"));
    }
    if name.contains(is_invisible) {
        return Err(wrong("holds a control character"));
    }
    let (plain, is_folder) = match name.strip_suffix('/') {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let mut parts = 0;
    for part in plain.split('/') {
        parts += 1;
        match part {
            "" => return Err(wrong("is empty, or has an empty part")),
            "." | ".." => return Err(wrong("leads elsewhere")),
            _ if part.len() > LONGEST_PART => return Err(wrong("is too long")),
            _ if part.ends_with(['.', ' ']) || part.starts_with(' ') => {
                return Err(wrong("has a part with a blank or a dot at its border"));
            }
            _ => {}
        }
    }
    if parts > DEEPEST {
        return Err(wrong("is too deep"));
    }
    Ok((plain.to_owned(), is_folder))
}

/// Signs that make a name look like another one: controls, and what turns the direction of writing.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn escaped(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let short: String = text.chars().take(100).collect();
    format!("{short:?}")
}

/// What a path is, as far as the entries so far tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    File,
    Folder,
    /// No entry of its own, but something lies in it.
    Implied,
}

/// No name twice, no file that is a folder as well.
pub(super) fn judge_all(entries: &[Entry]) -> Result<(), Fault> {
    let mut known: HashMap<String, (&str, Is)> = HashMap::new();
    for entry in entries {
        let name = entry.name.as_str();
        let above = name
            .match_indices('/')
            .map(|(at, _)| (&name[..at], Is::Implied));
        let own = if entry.is_folder {
            Is::Folder
        } else {
            Is::File
        };
        for (path, is) in above.chain([(name, own)]) {
            let key = path.to_lowercase();
            let Some(&(other, was)) = known.get(&key) else {
                known.insert(key, (path, is));
                continue;
            };
            match (was, is) {
                (Is::File, Is::Folder | Is::Implied) => {
                    return Err(Fault::FileAndFolder {
                        name: other.to_owned(),
                        other: name.to_owned(),
                    });
                }
                (Is::Folder | Is::Implied, Is::File) => {
                    return Err(Fault::FileAndFolder {
                        name: name.to_owned(),
                        other: other.to_owned(),
                    });
                }
                (Is::Folder, Is::Folder) | (Is::File, Is::File) => {
                    return Err(twice(name, other));
                }
                _ if other != path => return Err(twice(path, other)),
                (Is::Implied, Is::Folder) => {
                    known.insert(key, (path, is));
                }
                (Is::Folder | Is::Implied, Is::Implied) => {}
            }
        }
    }
    Ok(())
}

fn twice(name: &str, other: &str) -> Fault {
    Fault::Twice {
        name: name.to_owned(),
        other: other.to_owned(),
    }
}
