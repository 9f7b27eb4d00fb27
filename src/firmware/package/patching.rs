//! Patches of files inside the package. Others skip them or send them to the modem (protocols.md §7.2); the
//! partition table of an EG25-G is right without them only because it ships patched for one size of chip.

use super::super::expression;
use super::super::fault::Fault;
use super::super::file_name;
use super::super::image::Source;
use super::super::mibib;
use super::super::rawprogram::PatchLine;
use super::{Patch, Program};
use crate::files::Root;
use crate::protocol::nand::{Geometry, Sectors};
use camino::{Utf8Path, Utf8PathBuf};

/// Partition tables are some pages long; nothing longer is patched in memory.
const MAX_PATCHED: u64 = 4 * 1024 * 1024;
/// A name for the chip itself in patch files.
const DISK: &str = "DISK";

pub(super) struct Patching<'a> {
    pub(super) root: &'a Root,
    pub(super) chip: Geometry,
    pub(super) faults: Vec<Fault>,
}

impl Patching<'_> {
    /// Changes images, and gives the patches that the programmer applies itself.
    pub(super) fn apply(
        &mut self,
        patches: Vec<PatchLine>,
        programs: &mut [Program],
    ) -> Vec<Patch> {
        let (on_chip, in_files): (Vec<_>, Vec<_>) =
            patches.into_iter().partition(|patch| patch.name == DISK);
        let mut by_path = Vec::new();
        for patch in &in_files {
            match self.path(patch, programs) {
                Ok(path) => by_path.push((path, patch)),
                Err(fault) => self.faults.push(fault),
            }
        }
        for program in programs {
            let mine: Vec<&PatchLine> = by_path
                .iter()
                .filter(|(path, _)| *path == program.image.path)
                .map(|(_, patch)| *patch)
                .collect();
            if let Err(reason) = patch_image(self.chip, &mine, program) {
                self.faults.push(fault(&program.image.path, reason));
            }
        }
        on_chip
            .into_iter()
            .filter_map(|patch| self.on_chip(patch))
            .collect()
    }

    /// The file that a patch is about. One that is there and is not written, as in a package whose update variant leaves
    /// the partition table alone, is changed in vain.
    fn path(&self, line: &PatchLine, programs: &[Program]) -> Result<Utf8PathBuf, Fault> {
        let path = file_name::programmed(self.root, &line.name)?;
        let written = programs.iter().any(|program| program.image.path == path);
        if written || self.root.exists(&path) {
            Ok(path)
        } else {
            Err(fault(&path, "there is no such file".to_owned()))
        }
    }

    fn on_chip(&mut self, patch: PatchLine) -> Option<Patch> {
        let place = format!("sector {} of the chip", patch.sector.0);
        let mut refuse = |reason: String| {
            self.faults
                .push(fault(Utf8Path::new(DISK), format!("{place}: {reason}")));
        };
        let inside = (1..=8).contains(&patch.size)
            && patch
                .byte_offset
                .checked_add(patch.size)
                .is_some_and(|end| end <= self.chip.page());
        let Some(sector) = Sectors::new(patch.sector, 1).filter(|_| inside) else {
            let (size, offset) = (patch.size, patch.byte_offset);
            refuse(format!("{size} bytes at {offset} are none, or leave it"));
            return None;
        };
        // The programmer evaluates it, and whatever it does not understand is somebody else's language.
        let fits = match expression::number(&patch.value, self.chip) {
            Some(value) => patch.size == 8 || value >> (8 * patch.size) == 0,
            None => patch.size == 4 && expression::checksum(&patch.value, self.chip).is_some(),
        };
        if !fits {
            let (size, value) = (patch.size, &patch.value);
            refuse(format!("{value:?} is no value of {size} bytes"));
            return None;
        }
        Some(Patch {
            sector,
            byte_offset: patch.byte_offset,
            size: patch.size,
            value: patch.value,
            what: patch.what,
        })
    }
}

fn fault(path: &Utf8Path, reason: String) -> Fault {
    Fault::Patch {
        path: path.to_owned(),
        reason,
    }
}

fn patch_image(
    chip: Geometry,
    patches: &[&PatchLine],
    program: &mut Program,
) -> Result<(), String> {
    if patches.is_empty() {
        return Ok(());
    }
    let image = &mut program.image;
    if matches!(image.source, Source::Part { .. }) {
        return Err("it is written in parts".to_owned());
    }
    let before = image
        .small(MAX_PATCHED)
        .map_err(|e| e.to_string())?
        .ok_or_else(|| format!("it is longer than {MAX_PATCHED} bytes"))?;
    let mut after = before.clone();
    for patch in patches {
        let value = value(chip, patch, &after)
            .ok_or_else(|| format!("{:?} has no value here", patch.value))?;
        let start = usize::try_from(
            u64::from(patch.sector.0) * u64::from(chip.page()) + u64::from(patch.byte_offset),
        )
        .map_err(|e| e.to_string())?;
        let size = patch.size as usize;
        let little_endian = value.to_le_bytes();
        let (new, cut) = little_endian
            .split_at_checked(size)
            .filter(|(new, _)| !new.is_empty())
            .ok_or_else(|| format!("it changes {size} bytes"))?;
        if cut.iter().any(|byte| *byte != 0) {
            return Err(format!("{value} does not fit {size} bytes"));
        }
        let place = start
            .checked_add(size)
            .and_then(|end| after.get_mut(start..end));
        place
            .ok_or("its bytes lie outside the file")?
            .copy_from_slice(new);
    }
    if after != before {
        *image = image.patched(after, chip).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn value(chip: Geometry, patch: &PatchLine, bytes: &[u8]) -> Option<u64> {
    let Some((start, length)) = expression::checksum(&patch.value, chip) else {
        return expression::number(&patch.value, chip);
    };
    // The first number counts sectors, of which all known files say 0.
    let start = usize::try_from(start.checked_mul(chip.page().into())?).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    bytes
        .get(start..end)
        .filter(|covered| !covered.is_empty())
        .map(|covered| mibib::checksum(covered).into())
}
