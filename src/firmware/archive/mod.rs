//! Packages that are zips. A zip is judged as a whole before a byte of it is unpacked, and by one reading: the directory
//! at its end and the headers in front of the data must say the same, and every byte of the file belongs to one of them.
//!
//! The format is PKWARE's APPNOTE.TXT 6.3.10; section numbers in this room are of that text. A package needs little of
//! it: stored and deflated files of less than 4 GiB. What is more than that is refused, because two programs that read it
//! in two ways would unpack two packages.

mod directory;
mod fault;
mod header;
mod name;
#[cfg(test)]
pub(crate) mod tests;
mod unpack;

pub use fault::Fault;

use super::Version;
use crate::files::{self, Root};
use crate::transport::Interrupt;
use camino::{Utf8Path, Utf8PathBuf};
use directory::Entry;
use std::io::{Read, Seek};

/// Most files and folders. The packages of quectel.md §5 have some dozens.
const MAX_ENTRIES: usize = 10_000;
/// Most bytes of all files together: several times the largest flash of these modems.
const MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024 - 1;
/// How many times its own size a file may unpack to. Deflate reaches 1032; images of code reach 3, blank ones more.
const MAX_RATIO: u64 = 256;
/// Shorter files may unpack to anything: blank tables of some pages do no harm.
const FREE_RATIO: u64 = 4 * 1024 * 1024;

/// Whether a path names a zip rather than a folder.
pub fn is_named_like_one(path: &Utf8Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"))
}

/// A zip that was unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// Of the zip itself.
    pub sha256: String,
    /// Beneath the folder that was given: what a person who unpacks the zip would have called the package's folder.
    pub folder: Utf8PathBuf,
}

/// Judges a zip and unpacks it into a new folder of `into`, which is empty. `wanted` says which names the package's own
/// folder holds; a folder that is alone at its level is gone into until one of them is there. After an error nothing of
/// the zip is left.
pub fn unpack(
    zip: &Utf8Path,
    into: &Root,
    wanted: &[String],
    interrupt: &Interrupt,
) -> Result<Unpacked, Fault> {
    // One handle from here to the end: what is hashed and judged is what is unpacked.
    let mut file = files::open(zip)?;
    let unread = |error: std::io::Error| Fault::Read {
        reason: error.to_string(),
    };
    let (sha256, bytes) = files::sha256(unpack::Stopping::new(&mut file, interrupt))
        .map_err(|error| unpack::stopped(interrupt).unwrap_or_else(|| unread(error)))?;
    let archive = Archive::judge(&mut file, bytes)?;
    archive.fits(into)?;
    let inner = archive.inner(wanted);
    let name = folder_name(zip, &inner);
    let path = Utf8Path::new(&name);
    let unpacked = into
        .make_own_folder(path)
        .and_then(|()| into.folder(path))
        .map_err(Fault::Write)
        .and_then(|root| archive.unpack(&mut file, &root, &inner, interrupt));
    if let Err(fault) = unpacked {
        // What is wrong with the zip matters more than what could not be removed; the caller's folder goes as well.
        let _ = into.remove_folder(path);
        return Err(fault);
    }
    Ok(Unpacked {
        sha256,
        folder: path.to_owned(),
    })
}

/// Names of folders say which hardware a package is for: the folder in the zip, else the zip itself.
fn folder_name(zip: &Utf8Path, inner: &Utf8Path) -> String {
    let names = [inner.file_name(), zip.file_stem()];
    let version = |name: &&str| Version::parse(name).is_some();
    let mut there = names.into_iter().flatten();
    let first = there.clone().find(version).or_else(|| there.next());
    first.unwrap_or("package").to_owned()
}

/// A zip that can be unpacked, as far as can be told without unpacking it.
#[derive(Debug)]
pub(super) struct Archive {
    entries: Vec<Entry>,
}

impl Archive {
    /// Reads everything but the data.
    pub(super) fn judge(file: &mut (impl Read + Seek), bytes: u64) -> Result<Self, Fault> {
        let mut entries = directory::read(file, bytes)?;
        name::judge_all(&entries)?;
        sizes(&entries)?;
        header::judge_all(file, &mut entries)?;
        Ok(Self { entries })
    }

    /// Whether the disk of a folder has room for all of it.
    fn fits(&self, into: &Root) -> Result<(), Fault> {
        const BLOCK: u64 = 4096;
        let blocks = |entry: &Entry| entry.bytes.next_multiple_of(BLOCK) + BLOCK;
        let needs = self.entries.iter().map(blocks).sum();
        match into.free(Utf8Path::new("")) {
            Some(has) if has < needs => Err(Fault::NoRoom {
                folder: into.path().to_owned(),
                needs,
                has,
            }),
            _ => Ok(()),
        }
    }

    /// The package's own folder within the zip. Vendors pack a folder with the version's name.
    fn inner(&self, wanted: &[String]) -> Utf8PathBuf {
        let mut inner = Utf8PathBuf::new();
        loop {
            let mut names: Vec<&str> = Vec::new();
            let mut is_folder = false;
            for entry in &self.entries {
                let Ok(rest) = entry.path().strip_prefix(&inner) else {
                    continue;
                };
                let mut parts = rest.components();
                let Some(first) = parts.next() else {
                    continue;
                };
                is_folder = entry.is_folder || parts.next().is_some();
                if !names.contains(&first.as_str()) {
                    names.push(first.as_str());
                }
                if names.len() > 1 {
                    return inner;
                }
            }
            match names.first() {
                Some(only) if is_folder && !wanted.iter().any(|name| name == only) => {
                    inner.push(only);
                }
                _ => return inner,
            }
        }
    }
}

/// A zip that unpacks to more than any package is.
fn sizes(entries: &[Entry]) -> Result<(), Fault> {
    let mut bytes = 0_u64;
    for entry in entries {
        let allowed = entry.packed.saturating_mul(MAX_RATIO).max(FREE_RATIO);
        if entry.bytes > allowed {
            return Err(Fault::Ratio {
                name: entry.name.clone(),
                packed: entry.packed,
                bytes: entry.bytes,
            });
        }
        bytes = bytes.saturating_add(entry.bytes);
    }
    if bytes > MAX_BYTES {
        return Err(Fault::TooLarge { bytes });
    }
    Ok(())
}
