//! Patches of files inside the package. Others skip them or send them to the modem (protocols.md §7.2); the
//! partition table of an EG25-G is right without them only because it ships patched for one size of chip.

use super::super::expression;
use super::super::fault::Fault;
use super::super::file_name;
use super::super::mibib;
use super::super::rawprogram::PatchLine;
use super::Program;
use crate::files::Root;
use crate::protocol::nand::Geometry;

/// Partition tables are some pages long; nothing longer is patched in memory.
const MAX_PATCHED: u64 = 4 * 1024 * 1024;

pub(super) fn apply(
    root: &Root,
    chip: Geometry,
    patches: &[PatchLine],
    programs: &mut [Program],
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for program in programs {
        let mine: Vec<&PatchLine> = patches
            .iter()
            .filter(|patch| {
                file_name::programmed(root, &patch.name)
                    .is_ok_and(|path| path == program.image.path)
            })
            .collect();
        if let Err(reason) = patch_image(chip, &mine, program) {
            let path = program.image.path.clone();
            faults.push(Fault::Patch { path, reason });
        }
    }
    faults
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
    let before = image
        .small(MAX_PATCHED)
        .map_err(|e| e.to_string())?
        .ok_or_else(|| format!("it is longer than {MAX_PATCHED} bytes"))?;
    let mut after = before.clone();
    for patch in patches {
        let value =
            value(chip, patch, &after).ok_or_else(|| format!("{:?} has no value", patch.value))?;
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
    let Some((start, length)) = expression::checksum(&patch.value) else {
        return expression::number(&patch.value, chip);
    };
    // The first number counts sectors, of which all known files say 0.
    let start = usize::try_from(start.checked_mul(chip.page().into())?).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    bytes
        .get(start..end)
        .map(|covered| mibib::checksum(covered).into())
}
