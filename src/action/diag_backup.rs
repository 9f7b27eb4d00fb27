//! `diag.backup`: saves the calibration of the running modem as an XQCN file (diag-and-xqcn.md §9, R1).
//!
//! Any error fails it, and then no file stands under the final name. Reading needs no offline mode, so the modem
//! stays online.

use super::{Cause, Context, Failure, Witness};
use crate::calibration::manifest::{Link, Manifest, Origin, digest};
use crate::calibration::scan::Scan;
use crate::calibration::{EfsFile, NvRecord, Property, Section, Xqcn};
use crate::driver::diag::Diag;
use crate::event::{BackupFile, Unit};
use crate::files::{self, Root};
use crate::protocol::diag::NvId;
use crate::protocol::efs::{DirectoryEntry, EntryKind};
use crate::transport::Deadline;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

/// Where the RF calibration files lie (quectel.md §8).
const RFNV: &str = "/nv/item_files/rfnv";
/// Most files and directories that are walked.
const MAX_PATHS: usize = 200_000;
/// Leftovers of one name that are put aside.
const MOST_ASIDE: u32 = 99;
/// Progress is told once in so many items.
const PROGRESS: u64 = 256;

/// Writes `to` and its manifest below `to_root`.
pub fn run(ctx: &mut Context<'_>, to_root: &Root, to: &Utf8Path) -> Result<(), Failure> {
    let deadline = ctx.deadline;
    let (diag, witness) = ctx.diag_and_witness()?;
    make_way(witness, to_root, to)?;
    backup(diag, witness, &Scan::default(), to_root, to, deadline)
}

/// How many RF calibration files the running modem holds, for scripts.
pub fn rfnv_count(ctx: &mut Context<'_>) -> Result<i64, Failure> {
    let deadline = ctx.deadline;
    let entries = ctx.diag()?.efs_list(RFNV, deadline)?;
    Ok(i64::try_from(entries.len()).unwrap_or(i64::MAX))
}

/// The whole of it below the context: read, write, verify, tell.
fn backup(
    diag: &mut Diag,
    witness: &mut dyn Witness,
    scan: &Scan,
    to_root: &Root,
    to: &Utf8Path,
    deadline: Deadline,
) -> Result<(), Failure> {
    let mut taking = Taking {
        diag,
        witness,
        deadline,
        xqcn: Xqcn::empty(to.file_name().unwrap_or("backup.xqcn")),
        links: Vec::new(),
        seen: BTreeSet::new(),
    };
    let firmware = taking.take(scan)?;
    let Taking { xqcn, links, .. } = taking;
    let origin = Origin {
        firmware: Some(firmware),
        ..Origin::default()
    };
    let (items, paths) = (xqcn.nv.len(), xqcn.efs.len());
    let files = store(&xqcn, links, origin, to_root, to)?;
    witness.note(&format!(
        "saved {items} NV items and {paths} files to `{to}`"
    ));
    witness.backup(files, BTreeMap::new())
}

/// A backup is never overwritten. What a run left that was killed while it stored one is put aside, not removed: it may
/// be all that is left of the calibration.
fn make_way(witness: &mut dyn Witness, root: &Root, to: &Utf8Path) -> Result<(), Failure> {
    if root.exists(to) {
        return Err(in_the_way(root, to));
    }
    for path in [part(to), Manifest::path(to)] {
        if !root.exists(&path) {
            continue;
        }
        let aside = (1..=MOST_ASIDE)
            .map(|number| Utf8PathBuf::from(format!("{path}.left-{number}")))
            .find(|free| !root.exists(free))
            .ok_or_else(|| in_the_way(root, &path))?;
        root.rename_new(&path, &aside)?;
        witness.note(&format!(
            "`{path}` was left by a run that was cut short, and is `{aside}` now"
        ));
    }
    Ok(())
}

fn in_the_way(root: &Root, path: &Utf8Path) -> Failure {
    let path = root.path().join(path);
    let message = format!("`{path}` exists already");
    Failure::new("backup::exists", Cause::Host, message)
        .help("move it away, or name another file; backups are never overwritten")
}

fn part(to: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{to}.part"))
}

/// A backup while it is taken.
struct Taking<'a> {
    diag: &'a mut Diag,
    witness: &'a mut dyn Witness,
    deadline: Deadline,
    xqcn: Xqcn,
    links: Vec<Link>,
    /// Every path that was met.
    seen: BTreeSet<String>,
}

impl Taking<'_> {
    /// Reads everything; gives the firmware version.
    fn take(&mut self, scan: &Scan) -> Result<String, Failure> {
        let firmware = self.diag.build(self.deadline)?;
        self.xqcn.feature_mask = self.diag.feature_mask(self.deadline)?;
        self.xqcn.property = Some(Property {
            software: firmware.clone(),
            tool: concat!("unbrick ", env!("CARGO_PKG_VERSION")).to_owned(),
            ..Property::default()
        });
        self.take_items(scan)?;
        self.walk()?;
        self.probe(scan)?;
        // The order of XQCN: section by section.
        self.xqcn
            .efs
            .sort_by(|a, b| (a.section, &a.path).cmp(&(b.section, &b.path)));
        if self.xqcn.nv.is_empty() || self.xqcn.efs.is_empty() {
            let message = format!(
                "the modem gave {} NV items and {} files, which is no backup",
                self.xqcn.nv.len(),
                self.xqcn.efs.len()
            );
            return Err(Failure::new("backup::empty", Cause::Modem, message));
        }
        Ok(firmware)
    }

    fn take_items(&mut self, scan: &Scan) -> Result<(), Failure> {
        let indices = std::iter::once(None).chain(scan.indices.iter().copied().map(Some));
        let ids =
            indices.flat_map(|index| scan.items.clone().map(move |item| NvId { item, index }));
        for (done, id) in (0..).zip(ids) {
            if let Some(value) = self.diag.nv_read(id, self.deadline)? {
                self.xqcn.nv.push(NvRecord {
                    item: id.item,
                    index: id.index.unwrap_or(0),
                    data: *value.data,
                });
            }
            if done % PROGRESS == 0 {
                self.witness
                    .progress("NV items", Unit::Items, done, scan.item_reads());
            }
        }
        Ok(())
    }

    /// The whole tree, without recursion: modems have about four directory handles (diag-and-xqcn.md §6).
    fn walk(&mut self) -> Result<(), Failure> {
        let mut waiting = vec!["/".to_owned()];
        while let Some(directory) = waiting.pop() {
            for entry in self.diag.efs_list(&directory, self.deadline)? {
                let path = format!("{}/{}", directory.trim_end_matches('/'), entry.name);
                if !self.seen.insert(path.clone()) {
                    return Err(unreadable(&path, "is listed twice"));
                }
                if self.seen.len() > MAX_PATHS {
                    return Err(unreadable(&path, "is one of too many"));
                }
                match kind(&entry) {
                    EntryKind::Directory => waiting.push(path),
                    EntryKind::Symlink => {
                        let target = self.diag.efs_readlink(&path, self.deadline)?;
                        self.links.push(Link { path, target });
                    }
                    kind @ (EntryKind::File | EntryKind::Item) => self.take_file(&path, kind)?,
                    EntryKind::Unknown => return Err(unreadable(&path, "is of no known kind")),
                }
            }
        }
        Ok(())
    }

    /// rfnv files that no directory lists.
    fn probe(&mut self, scan: &Scan) -> Result<(), Failure> {
        for number in scan.rfnv.clone() {
            let path = Scan::rfnv_path(number);
            if self.seen.contains(&path) {
                continue;
            }
            if let Some(found) = self.diag.efs_stat(&path, self.deadline)?
                && matches!(found.kind, EntryKind::File | EntryKind::Item)
            {
                self.take_file(&path, found.kind)?;
            }
        }
        Ok(())
    }

    fn take_file(&mut self, path: &str, kind: EntryKind) -> Result<(), Failure> {
        let data = self.diag.efs_read(path, self.deadline)?;
        for section in Section::of_path(path) {
            self.xqcn.efs.push(EfsFile {
                section: *section,
                path: path.to_owned(),
                data: data.clone(),
                kind,
            });
        }
        let done = self.xqcn.efs.len() as u64;
        // How many there are is not known before the end.
        self.witness.progress("files", Unit::Items, done, 0);
        Ok(())
    }
}

/// By the mode word; where that says nothing, by the type of the entry (diag-and-xqcn.md §5.3).
fn kind(entry: &DirectoryEntry) -> EntryKind {
    match (EntryKind::of_mode(entry.mode), entry.entry_type) {
        (EntryKind::Unknown, 0 | 3) => EntryKind::File,
        (EntryKind::Unknown, 1) => EntryKind::Directory,
        (EntryKind::Unknown, 2) => EntryKind::Symlink,
        (EntryKind::Unknown, 15) => EntryKind::Item,
        (kind, _) => kind,
    }
}

fn unreadable(path: &str, why: &str) -> Failure {
    let message = format!("`{path}` in the modem's file system {why}");
    Failure::new("backup::file-system", Cause::Modem, message)
}

/// Writes under a temporary name, reads that again, and only then gives the final name.
fn store(
    xqcn: &Xqcn,
    links: Vec<Link>,
    origin: Origin,
    root: &Root,
    to: &Utf8Path,
) -> Result<Vec<BackupFile>, Failure> {
    let bytes = xqcn.write();
    let manifest = Manifest::new(&xqcn.name, &bytes, xqcn, links, origin);
    let temporary = part(to);
    let stored = write_synced(root, &temporary, &bytes)
        .and_then(|()| verify(root, &temporary, xqcn, &manifest))
        .and_then(|()| place(root, to, &manifest.write()));
    if let Err(failure) = stored {
        // The partial file is of no use; the first error is what matters.
        let _ = root.remove_file(&temporary);
        return Err(failure);
    }
    let json = Manifest::path(to);
    Ok(vec![
        listed(root, to, &bytes),
        listed(root, &json, &manifest.write()),
    ])
}

fn write_synced(root: &Root, path: &Utf8Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = root.create_new(path)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|e| host(root, path, "cannot write", &e))
}

/// What stands on the disk is what was read from the modem, as a restore would read it.
fn verify(root: &Root, path: &Utf8Path, xqcn: &Xqcn, manifest: &Manifest) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    root.read(path)?
        .read_to_end(&mut bytes)
        .map_err(|e| host(root, path, "cannot read", &e))?;
    let unfaithful = |why: String| {
        let message = format!("the backup does not read back as it was taken: {why}");
        Failure::new("backup::unfaithful", Cause::Unverified, message)
    };
    let manifest =
        Manifest::read(&manifest.write(), &bytes).map_err(|e| unfaithful(e.to_string()))?;
    let mut back = Xqcn::read(&bytes).map_err(|e| unfaithful(e.to_string()))?;
    manifest.tell_kinds(&mut back);
    if back == *xqcn {
        Ok(())
    } else {
        Err(unfaithful("items or files differ".to_owned()))
    }
}

/// The manifest first, so that a backup under its final name always has one.
fn place(root: &Root, to: &Utf8Path, manifest: &[u8]) -> Result<(), Failure> {
    let json = Manifest::path(to);
    files::write_new(root, &json, manifest)?;
    root.rename_new(&part(to), to).map_err(|error| {
        // A manifest without its backup would only puzzle.
        let _ = root.remove_file(&json);
        error.into()
    })
}

fn listed(root: &Root, path: &Utf8Path, bytes: &[u8]) -> BackupFile {
    BackupFile {
        path: root.path().join(path).into_string(),
        bytes: bytes.len() as u64,
        sha256: digest(bytes),
    }
}

fn host(root: &Root, path: &Utf8Path, verb: &str, error: &std::io::Error) -> Failure {
    let path = root.path().join(path);
    Failure::new(
        "host::file",
        Cause::Host,
        format!("{verb} `{path}`: {error}"),
    )
}

#[cfg(test)]
mod tests;
