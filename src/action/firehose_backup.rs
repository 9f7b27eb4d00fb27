//! `firehose.backup`: partitions are read into files. It succeeds with holes: pages that the programmer would not
//! give, or that read as filler, are counted and listed, and what they are worth is the guard's question.

use super::sahara_load::of_firehose;
use super::{Cause, Context, Failure, Witness};
use crate::driver::firehose::{Error, Firehose};
use crate::event::{BackupFile, Unit};
use crate::files::{self, Root, hex};
use crate::firmware::mibib::plain_name;
use crate::protocol::nand::{Geometry, Sector, Sectors};
use crate::transport::Deadline;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;

/// Loaders give this for pages that are blank or cannot be corrected (bkerler/edl#408).
const FILLER: u8 = 0xee;

/// Reads partitions of the profile into a new folder below `to_root`.
pub fn run(
    ctx: &mut Context<'_>,
    parts: &[&str],
    to_root: &Root,
    to: &Utf8Path,
) -> Result<(), Failure> {
    let chip = ctx.profile.flash_chip(&[]);
    let chip = chip.ok_or_else(|| host("the profile's NAND geometry makes no sense".to_owned()))?;
    let wanted = parts
        .iter()
        .map(|name| {
            let plain = plain_name(name);
            let part = chip.parts.iter().find(|part| part.name == plain);
            part.map(|part| (part.name.clone(), part.sectors))
                .ok_or_else(|| {
                    let message = format!("the profile has no partition `{name}`");
                    Failure::new("backup::unknown-part", Cause::Plan, message)
                })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let deadline = ctx.deadline;
    let (firehose, witness) = ctx.firehose_and_witness()?;
    back_up(
        firehose,
        witness,
        chip.geometry,
        &wanted,
        to_root,
        to,
        deadline,
    )
}

#[derive(Serialize)]
struct Manifest {
    format: u32,
    page: u32,
    pages_per_block: u32,
    blocks: u32,
    files: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    partition: String,
    first_sector: u32,
    sectors: u32,
    bytes: u64,
    sha256: String,
    /// Sectors within the chip, as first and number.
    holes: Vec<(u32, u32)>,
}

fn back_up(
    firehose: &mut Firehose,
    witness: &mut dyn Witness,
    chip: Geometry,
    parts: &[(String, Sectors)],
    to_root: &Root,
    to: &Utf8Path,
    deadline: Deadline,
) -> Result<(), Failure> {
    if to_root.exists(to) {
        let message = format!("`{to}` exists already, and a backup never overwrites");
        return Err(host(message).help(
            "keep it: it may be the only copy; move it away, then go on, and this one is made anew",
        ));
    }
    // What a run that was cut short left behind is no backup.
    let part_path = Utf8PathBuf::from(format!("{to}.part"));
    if to_root.exists(&part_path) {
        to_root.remove_folder(&part_path).map_err(|e| of_file(&e))?;
    }
    to_root.make_folder(&part_path).map_err(|e| of_file(&e))?;
    let mut entries = Vec::new();
    for (name, sectors) in parts {
        entries.push(read_part(
            firehose, witness, chip, name, *sectors, to_root, &part_path, deadline,
        )?);
    }
    // Under this path the guard finds them again, whatever the working folder is then.
    let full = to_root.path().join(to);
    let holes: BTreeMap<String, u64> = entries
        .iter()
        .map(|e| {
            (
                path_of(&full, &e.name),
                e.holes.iter().map(|(_, count)| u64::from(*count)).sum(),
            )
        })
        .collect();
    let mut listed: Vec<BackupFile> = entries
        .iter()
        .map(|e| BackupFile {
            path: path_of(&full, &e.name),
            bytes: e.bytes,
            sha256: e.sha256.clone(),
        })
        .collect();
    let manifest = Manifest {
        format: 1,
        page: chip.page(),
        pages_per_block: chip.pages_per_block(),
        blocks: chip.blocks(),
        files: entries,
    };
    let json = serde_json::to_vec_pretty(&manifest).map_err(|e| host(e.to_string()))?;
    files::write_new(to_root, &part_path.join("manifest.json"), &json).map_err(|e| of_file(&e))?;
    listed.push(BackupFile {
        path: path_of(&full, "manifest.json"),
        bytes: json.len() as u64,
        sha256: hex(&Sha256::digest(&json)),
    });
    to_root.sync(&part_path).map_err(|e| of_file(&e))?;
    to_root
        .rename_new(&part_path, to)
        .map_err(|e| of_file(&e))?;
    witness.backup(listed, holes)
}

fn path_of(to: &Utf8Path, name: &str) -> String {
    to.join(name).into_string()
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is a different thing and none belongs to another"
)]
fn read_part(
    firehose: &mut Firehose,
    witness: &mut dyn Witness,
    chip: Geometry,
    partition: &str,
    sectors: Sectors,
    root: &Root,
    folder: &Utf8Path,
    deadline: Deadline,
) -> Result<Entry, Failure> {
    let name = format!("{partition}.bin");
    let mut file = root
        .create_new(&folder.join(&name))
        .map_err(|e| of_file(&e))?;
    let mut pages = Pages::new(&mut file, chip.page() as usize, sectors.start());
    let block = chip.pages_per_block();
    let mut next = sectors.start();
    while next < sectors.end() {
        let count = block.min(sectors.end().0 - next.0);
        if firehose.interrupt().at_safe_point() {
            let message = format!("stopped by a person in `{partition}`");
            return Err(Failure::new(
                "backup::interrupted",
                Cause::Interrupted,
                message,
            ));
        }
        read_block(firehose, chip, &mut pages, next, count, deadline)
            .map_err(|e| of_firehose(&e))?;
        next = Sector(next.0 + count);
        let done = u64::from(next.0 - sectors.start().0) * u64::from(chip.page());
        witness.progress(&name, Unit::Bytes, done, chip.bytes(sectors));
    }
    let (sha256, bytes, holes) = pages.finish();
    if bytes != chip.bytes(sectors) {
        return Err(host(format!(
            "`{name}` has {bytes} bytes, wanted {}",
            chip.bytes(sectors)
        )));
    }
    file.sync_all()
        .map_err(|e| host(format!("cannot sync `{name}`: {e}")))?;
    Ok(Entry {
        name,
        partition: partition.to_owned(),
        first_sector: sectors.start().0,
        sectors: sectors.count(),
        bytes,
        sha256,
        holes,
    })
}

/// A block, or page by page where the programmer refuses it whole.
fn read_block(
    firehose: &mut Firehose,
    chip: Geometry,
    pages: &mut Pages<'_>,
    start: Sector,
    count: u32,
    deadline: Deadline,
) -> Result<(), Error> {
    let mut quiet = |_, _| {};
    let mut read = |start: Sector, count: u32| -> Result<Option<Vec<u8>>, Error> {
        let Some(sectors) = Sectors::new(start, count) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        match firehose.read(chip, sectors, &mut bytes, deadline, &mut quiet) {
            Ok(()) => Ok(Some(bytes)),
            Err(Error::Nak { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    };
    if let Some(bytes) = read(start, count)? {
        return pages.take(&bytes);
    }
    for sector in start.0..start.0 + count {
        match read(Sector(sector), 1)? {
            Some(bytes) => pages.take(&bytes)?,
            None => pages.hole()?,
        }
    }
    Ok(())
}

/// Writes pages, hashes them and remembers which are holes.
struct Pages<'a> {
    file: &'a mut dyn Write,
    size: usize,
    next: Sector,
    hash: Sha256,
    bytes: u64,
    holes: Vec<(u32, u32)>,
}

impl<'a> Pages<'a> {
    fn new(file: &'a mut dyn Write, size: usize, start: Sector) -> Self {
        Self {
            file,
            size,
            next: start,
            hash: Sha256::new(),
            bytes: 0,
            holes: Vec::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for page in bytes.chunks(self.size) {
            if page.iter().all(|byte| *byte == FILLER) {
                self.mark();
            }
            self.put(page)?;
        }
        Ok(())
    }

    /// A page that was refused is filler in the file, so that the others stand where they belong.
    fn hole(&mut self) -> Result<(), Error> {
        self.mark();
        self.put(&vec![FILLER; self.size])
    }

    fn mark(&mut self) {
        match self.holes.last_mut() {
            Some((first, count)) if *first + *count == self.next.0 => *count += 1,
            _ => self.holes.push((self.next.0, 1)),
        }
    }

    fn put(&mut self, page: &[u8]) -> Result<(), Error> {
        let command = "read";
        self.file
            .write_all(page)
            .map_err(|reason| Error::File { command, reason })?;
        self.hash.update(page);
        self.bytes += page.len() as u64;
        self.next = Sector(self.next.0 + 1);
        Ok(())
    }

    fn finish(self) -> (String, u64, Vec<(u32, u32)>) {
        (hex(&self.hash.finalize()), self.bytes, self.holes)
    }
}

fn of_file(error: &files::Error) -> Failure {
    host(error.to_string())
}

fn host(message: String) -> Failure {
    Failure::new("backup::file", Cause::Host, message).help(
        "nothing was changed on the modem; free some space or give another name, and start again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::firehose::tests::{small_chip, started};
    use crate::event::Event;
    use std::io::Read as _;
    use std::time::Duration;

    #[derive(Default)]
    struct Heard(Vec<BackupFile>, BTreeMap<String, u64>);

    impl Witness for Heard {
        fn intent(&mut self, _: &str, _: &str, _: Option<&str>) -> Result<(), Failure> {
            Ok(())
        }
        fn done(&mut self, _: &str, _: &str, _: &str) -> Result<(), Failure> {
            Ok(())
        }
        fn failed(&mut self, _: &str, _: &str, _: &str) {}
        fn progress(&mut self, _: &str, _: Unit, _: u64, _: u64) {}
        fn note(&mut self, _: &str) {}
        fn backup(
            &mut self,
            files: Vec<BackupFile>,
            holes: BTreeMap<String, u64>,
        ) -> Result<(), Failure> {
            (self.0, self.1) = (files, holes);
            Ok(())
        }
        fn event(&mut self, _: Event) {}
    }

    fn parts() -> Vec<(String, Sectors)> {
        vec![("efs2".to_owned(), small_chip().of_blocks(4, 4).unwrap())]
    }

    fn scratch() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        (folder, root)
    }

    #[test]
    fn pages_that_are_refused_or_filler_are_counted_and_stand_where_they_belong() {
        let (_folder, root) = scratch();
        let (mut firehose, state) = started(|state| {
            for (index, byte) in state.flash.iter_mut().enumerate() {
                *byte = u8::try_from(index / 512).unwrap();
            }
            state.filler = Some(17);
            // The second block is refused whole, and then its third page.
            state.nak = Some(("read", 2));
            state.nak_again = Some(("read", 5));
        });
        let deadline = firehose.within(Duration::from_secs(600));
        let mut heard = Heard::default();
        let to = Utf8Path::new("backup/raw");
        back_up(
            &mut firehose,
            &mut heard,
            small_chip(),
            &parts(),
            &root,
            to,
            deadline,
        )
        .unwrap();
        assert_eq!(heard.1[root.path().join("backup/raw/efs2.bin").as_str()], 2);
        let mut bytes = Vec::new();
        root.read(&to.join("efs2.bin"))
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        let pages: Vec<u8> = bytes.chunks(512).map(|page| page[0]).collect();
        assert_eq!(
            pages,
            [
                16, FILLER, 18, 19, 20, 21, FILLER, 23, 24, 25, 26, 27, 28, 29, 30, 31
            ]
        );
        assert_eq!(heard.0[0].sha256, hex(&Sha256::digest(&bytes)));
        assert_eq!(root.names(to).unwrap(), ["efs2.bin", "manifest.json"]);
        let changes = |name: &str| name == "erase" || name == "program";
        assert!(
            !state
                .lock()
                .unwrap()
                .record
                .iter()
                .any(|(name, ..)| changes(name))
        );
    }

    #[test]
    fn a_backup_that_is_cut_short_has_no_final_name_and_nothing_is_overwritten() {
        let (_folder, root) = scratch();
        let to = Utf8Path::new("raw");
        let (mut firehose, _) = started(|state| state.leave = Some(("read", 3)));
        let deadline = firehose.within(Duration::from_secs(600));
        let mut heard = Heard::default();
        let mut run = |firehose: &mut Firehose| {
            back_up(
                firehose,
                &mut heard,
                small_chip(),
                &parts(),
                &root,
                to,
                deadline,
            )
        };
        assert_eq!(run(&mut firehose).unwrap_err().code, "firehose::gone");
        assert!(!root.exists(to));
        let (mut firehose, _) = started(|_| {});
        run(&mut firehose).unwrap();
        assert_eq!(run(&mut firehose).unwrap_err().code, "backup::file");
    }
}
