//! Ranges that hold their image already, and what is left to be written without them.

use crate::driver::firehose::{Error, Firehose};
use crate::files::hex;
use crate::firmware::{Erase, Program};
use crate::protocol::nand::{Geometry, Sector, Sectors};
use crate::transport::Deadline;
use sha2::{Digest, Sha256};

/// A blank byte of a NAND chip.
const BLANK: u8 = 0xff;

/// Whether a range holds its image.
///
/// Behind a UBI image the blocks of its room must be free as well: those of an older image, with higher sequence numbers,
/// would be taken for newer. UBI takes a block for free where its first page, which would hold the header, is blank, and
/// erases it before use (Linux: `scan_peb` in drivers/mtd/ubi/attach.c), so first pages decide. A programmer that gives
/// anything else for blank pages only has such a range written once more.
///
/// What the programmer will not digest is not the image: a write that was cut short may leave pages that nobody
/// can correct.
pub(super) fn holds(
    firehose: &mut Firehose,
    chip: Geometry,
    program: &Program,
    deadline: Deadline,
) -> Result<bool, Error> {
    let mut has = |sectors: Sectors, wanted: &str| match firehose.sha256(chip, sectors, deadline) {
        Ok(found) => Ok(found == wanted),
        Err(Error::Nak { .. }) => Ok(false),
        Err(error) => Err(error),
    };
    if !has(program.sectors, &program.image.padded_sha256)? {
        return Ok(false);
    }
    if !program.image.is_ubi() {
        return Ok(true);
    }
    let blank = hex(&Sha256::digest(vec![BLANK; chip.page() as usize]));
    for first_page in blocks_behind(chip, program) {
        if !has(first_page, &blank)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The first page of each block of the room behind the image.
fn blocks_behind(chip: Geometry, program: &Program) -> impl Iterator<Item = Sectors> {
    let block = chip.pages_per_block();
    let first = program.sectors.end().0.div_ceil(block);
    let end = program.room.end().0.div_ceil(block);
    (first..end).filter_map(move |number| Sectors::new(Sector(number.checked_mul(block)?), 1))
}

/// A package without what need not be written.
pub(super) struct Left {
    pub(super) erases: Vec<Erase>,
    pub(super) programs: Vec<Program>,
    /// What is on the chip already.
    pub(super) same: Vec<Program>,
}

/// An erase stays unless everything inside it is there already; ranges that are only erased always stay. If anything
/// stays, so does the boot loader, which goes first and comes last. `found` says of each program whether it is there.
pub(super) fn what_is_left(erases: Vec<Erase>, programs: Vec<Program>, found: &[bool]) -> Left {
    let of_erase = |erase: &Erase| {
        let mut inside = programs
            .iter()
            .zip(found)
            .filter(|(program, _)| erase.sectors.overlaps(program.room))
            .peekable();
        inside.peek().is_some() && inside.all(|(_, same)| *same)
    };
    let all = found.iter().all(|same| *same) && erases.iter().all(&of_erase);
    let is_boot_loader = |erase: &Erase| erase.sectors.start().0 == 0 && !all;
    let stays: Vec<bool> = erases
        .iter()
        .map(|erase| is_boot_loader(erase) || !of_erase(erase))
        .collect();
    let erases: Vec<Erase> = { erases.into_iter().zip(stays) }
        .filter_map(|(erase, stays)| stays.then_some(erase))
        .collect();
    let is_erased =
        |program: &Program| { erases.iter() }.any(|erase| erase.sectors.overlaps(program.room));
    let (programs, same) = programs.into_iter().partition(is_erased);
    Left {
        erases,
        programs,
        same,
    }
}
