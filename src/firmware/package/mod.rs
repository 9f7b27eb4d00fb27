//! A package judged offline, and what it will do to the chip in the order in which it is done.
//!
//! The order is never that of the rawprogram file (protocols.md §1 fact 1): sector 0 is erased first and written
//! last, so that an interruption leaves the modem in EDL, where it can be tried again.

mod images;
mod inspect;
mod layout;
mod patching;
#[cfg(test)]
pub(crate) mod tests;

pub(super) use inspect::{MAX_LIST, read_capped};

use super::fault::Fault;
use super::image::Image;
use super::mibib::{Mibib, Part};
use crate::files::Root;
use crate::protocol::nand::{Geometry, Sectors};
use camino::Utf8PathBuf;
use std::fmt;

/// The chip that a package is judged for.
#[derive(Debug, Clone)]
pub struct Chip {
    pub geometry: Geometry,
    /// Partitions as far as they are known.
    pub parts: Vec<Part>,
    /// Names of partitions that must be neither erased nor written.
    pub keep: Vec<String>,
}

/// How much of the chip is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What the update variant names.
    Update,
    /// All of it, calibration included.
    WholeChip,
}

/// A package that fits the chip.
#[derive(Debug)]
pub struct Package {
    pub rawprogram: Utf8PathBuf,
    /// In the order in which they are erased: sector 0 first.
    pub erases: Vec<Erase>,
    /// In the order in which they are written: the partition table first, sector 0 last.
    pub programs: Vec<Program>,
    /// Patches that the programmer applies itself, after everything is written.
    pub patches: Vec<Patch>,
    /// The partition table inside the package.
    pub table: Option<Mibib>,
    /// What a person should know and no rule refuses.
    pub warnings: Vec<String>,
}

/// A range to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erase {
    pub sectors: Sectors,
    /// Name of the partition, where one is known.
    pub part: Option<String>,
}

/// An image and its place.
#[derive(Debug)]
pub struct Program {
    /// The sectors that the image fills.
    pub sectors: Sectors,
    /// The whole range that belongs to it, with its reserve for bad blocks.
    pub room: Sectors,
    pub part: Option<String>,
    pub image: Image,
    /// Sent only where the file has it (protocols.md §7.1).
    pub last_sector: Option<u32>,
}

/// A few bytes that the programmer changes on the chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    pub sector: Sectors,
    pub byte_offset: u32,
    pub size: u32,
    /// An expression of the programmer's.
    pub value: String,
    pub what: String,
}

impl Package {
    /// Judges an unpacked package. Every listed file is hashed, every range is looked at, and all faults are told.
    pub fn inspect(root: &Root, chip: &Chip, extent: Extent) -> Result<Self, Vec<Fault>> {
        inspect::inspect(root, chip, extent)
    }

    /// What says that the whole package is for eMMC or UFS, where it is.
    pub fn for_other_storage(root: &Root, chip: &Chip) -> Option<Fault> {
        inspect::other_storage(root, chip)
    }

    /// Bytes that are sent.
    pub fn bytes(&self) -> u64 {
        self.programs.iter().map(|p| p.image.bytes).sum()
    }
}

/// As it stands in journals and previews: `sectors 0..640 (sbl)`.
impl fmt::Display for Erase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, self.sectors, self.part.as_deref())
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, self.sectors, self.part.as_deref())
    }
}

impl fmt::Display for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sectors, offset, size) = (self.sector, self.byte_offset, self.size);
        write!(f, "sectors {sectors}, {size} bytes at {offset}")
    }
}

fn place(f: &mut fmt::Formatter<'_>, sectors: Sectors, part: Option<&str>) -> fmt::Result {
    write!(f, "sectors {sectors}")?;
    part.map_or(Ok(()), |part| write!(f, " ({part})"))
}
