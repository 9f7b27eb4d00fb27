//! Where a command reaches on the flash, and why it is refused (protocols.md §7.1: strings of
//! `eg25:update/firehose/prog_nand_firehose_9x07.mbn`).

use crate::protocol::firehose::Element;
use crate::sim::nand::{GoodPages, Nand};
use std::ops::Range;

/// Why a command is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    SectorSize,
    PagesPerBlock,
    Drive,
    Value,
    StartUnaligned,
    CountUnaligned,
    NoBlocks,
    BeyondTheEnd,
    Storage,
}

impl Refusal {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::SectorSize => "SECTOR_SIZE_IN_BYTES does not match the page size",
            Self::PagesPerBlock => "PAGES_PER_BLOCK does not match the device",
            Self::Drive => "physical_partition_number is not valid",
            Self::Value => "attribute is missing or is no number",
            Self::StartUnaligned => "start_sector unaligned",
            Self::CountUnaligned => "num_partition_sectors unaligned",
            Self::NoBlocks => "num_blocks to erase are ZERO",
            Self::BeyondTheEnd => "Programming region exceeds total block count",
            Self::Storage => "the storage failed",
        }
    }
}

/// Sectors that a command is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub start: u64,
    pub count: u64,
    pub pages: GoodPages,
}

impl Place {
    /// Data go round bad blocks, so the range needs room for them.
    pub(super) fn to_program(
        nand: &Nand,
        element: &Element,
        partitions: &[Range<u32>],
    ) -> Result<Self, Refusal> {
        let place = Self::new(nand, element, partitions)?;
        if !place.start.is_multiple_of(nand.pages_per_block()) {
            return Err(Refusal::StartUnaligned);
        }
        if place.pages.count(nand, place.count) < place.count {
            return Err(Refusal::BeyondTheEnd);
        }
        Ok(place)
    }

    pub(super) fn to_read(
        nand: &Nand,
        element: &Element,
        partitions: &[Range<u32>],
    ) -> Result<Self, Refusal> {
        Self::new(nand, element, partitions)
    }

    fn new(nand: &Nand, element: &Element, partitions: &[Range<u32>]) -> Result<Self, Refusal> {
        check_geometry(nand, element)?;
        let start = number(element, "start_sector")?.ok_or(Refusal::Value)?;
        let count = number(element, "num_partition_sectors")?.ok_or(Refusal::Value)?;
        let total = u64::from(nand.blocks()) * nand.pages_per_block();
        let end = start.checked_add(count).ok_or(Refusal::BeyondTheEnd)?;
        if count == 0 {
            return Err(Refusal::Value);
        }
        if end > total {
            return Err(Refusal::BeyondTheEnd);
        }
        let limit = limit(nand, element, partitions, start, end)?;
        Ok(Self {
            start,
            count,
            pages: nand.good_pages(start, limit),
        })
    }
}

/// The block behind the last one that may be used for bad blocks' sake: that of `last_sector`, which qdl sends as 0
/// where a package names none (protocols.md §7.1); else the end of the partition. That programmers know the
/// partition is unverified.
fn limit(
    nand: &Nand,
    element: &Element,
    partitions: &[Range<u32>],
    start: u64,
    end: u64,
) -> Result<u32, Refusal> {
    let per_block = nand.pages_per_block();
    let block = |sector: u64| u32::try_from(sector / per_block).map_err(|_| Refusal::BeyondTheEnd);
    let (first, last) = (block(start)?, block(end - 1)?);
    if let Some(given) = number(element, "last_sector")?.filter(|last| *last > 0) {
        return if given + 1 < end {
            Err(Refusal::BeyondTheEnd)
        } else {
            block(given)?.checked_add(1).ok_or(Refusal::BeyondTheEnd)
        };
    }
    let partition = partitions
        .iter()
        .find(|partition| partition.contains(&first) && partition.contains(&last));
    Ok(partition.map_or(last + 1, |partition| partition.end))
}

/// Blocks of an erase command; all of them where it names none.
pub(super) fn blocks_to_erase(nand: &Nand, element: &Element) -> Result<Range<u32>, Refusal> {
    check_geometry(nand, element)?;
    let start = number(element, "start_sector")?;
    let count = number(element, "num_partition_sectors")?;
    let (start, count) = match (start, count) {
        (None, None) => return Ok(0..nand.blocks()),
        (Some(start), Some(count)) => (start, count),
        _ => return Err(Refusal::Value),
    };
    let per_block = nand.pages_per_block();
    if !start.is_multiple_of(per_block) {
        return Err(Refusal::StartUnaligned);
    }
    if !count.is_multiple_of(per_block) {
        return Err(Refusal::CountUnaligned);
    }
    if count == 0 {
        return Err(Refusal::NoBlocks);
    }
    let end = start.checked_add(count).ok_or(Refusal::BeyondTheEnd)? / per_block;
    let block = |block: u64| u32::try_from(block).map_err(|_| Refusal::BeyondTheEnd);
    let (first, end) = (block(start / per_block)?, block(end)?);
    if end > nand.blocks() {
        return Err(Refusal::BeyondTheEnd);
    }
    Ok(first..end)
}

/// Changes bytes of one sector where bits can be cleared; gives sector and offset.
pub(super) fn patch(nand: &mut Nand, element: &Element) -> Result<(u64, u64), Refusal> {
    check_sector_size(nand, element)?;
    let sector = number(element, "start_sector")?.ok_or(Refusal::Value)?;
    let offset = number(element, "byte_offset")?.ok_or(Refusal::Value)?;
    let value = number(element, "value")?.ok_or(Refusal::Value)?;
    let size = number(element, "size_in_bytes")?.ok_or(Refusal::Value)?;
    let total = u64::from(nand.blocks()) * nand.pages_per_block();
    let range = usize::try_from(offset)
        .ok()
        .zip(usize::try_from(size).ok())
        .and_then(|(from, size)| Some(from..from.checked_add(size)?))
        .filter(|range| range.end <= nand.page_bytes() && range.len() <= 8 && sector < total)
        .ok_or(Refusal::Value)?;
    let mut page = vec![0; nand.page_bytes()];
    nand.read(sector, &mut page).map_err(|_| Refusal::Storage)?;
    let bytes = value.to_le_bytes();
    let count = range.len();
    page[range].copy_from_slice(&bytes[..count]);
    nand.program(sector, &page).map_err(|_| Refusal::Storage)?;
    Ok((sector, offset))
}

/// Both are checked by the programmer (protocols.md §7.1). A missing drive counts as 0, as `fh_loader` means it
/// (iamromulan/qfenix#5).
fn check_geometry(nand: &Nand, element: &Element) -> Result<(), Refusal> {
    check_sector_size(nand, element)?;
    if number(element, "PAGES_PER_BLOCK")?.is_some_and(|given| given != nand.pages_per_block()) {
        return Err(Refusal::PagesPerBlock);
    }
    match number(element, "physical_partition_number")? {
        None | Some(0) => Ok(()),
        Some(_) => Err(Refusal::Drive),
    }
}

fn check_sector_size(nand: &Nand, element: &Element) -> Result<(), Refusal> {
    if number(element, "SECTOR_SIZE_IN_BYTES")? == Some(nand.page_bytes() as u64) {
        Ok(())
    } else {
        Err(Refusal::SectorSize)
    }
}

fn number(element: &Element, name: &str) -> Result<Option<u64>, Refusal> {
    element
        .attribute(name)
        .map(|text| text.trim().parse().map_err(|_| Refusal::Value))
        .transpose()
}
