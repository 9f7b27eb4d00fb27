//! The NAND chip: programming only clears bits, erasing sets a whole block, bad blocks stay out of use.
//!
//! What was there at the start is made on the fly, what was programmed lies in a sparse temporary file, so memory
//! grows with neither chip nor package.

mod good;
mod original;

pub(super) use good::GoodPages;

use super::Error;
use crate::plan::{Partition, Profile, Scenario};
use original::Original;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// What an erased byte reads as.
pub(super) const BLANK: u8 = 0xff;
/// What loaders return for pages that they cannot read (protocols.md §7.1: bkerler/edl#408).
pub(super) const UNREADABLE: u8 = 0xee;
/// Where calibration lies.
const CALIBRATION: &str = "efs2";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Blank,
    /// As it was at the start.
    Original,
    /// Some pages lie in the file.
    Stored,
}

#[derive(Debug)]
pub(super) struct Nand {
    page: usize,
    pages_per_block: u32,
    states: Vec<State>,
    /// Blocks whose content is not what was sent: bits were left from before, flipped or lost.
    corrupt: Vec<bool>,
    bad: Vec<bool>,
    /// One bit per page: it lies in the file.
    stored: Vec<u64>,
    file: File,
    originals: Vec<Original>,
    unreadable: Vec<(u32, u32)>,
    calibration: Range<u32>,
    calibration_touched: bool,
}

impl Nand {
    pub(super) fn new(scenario: &Scenario, profile: &Profile, seed: u64) -> Result<Self, Error> {
        let geometry = &profile.nand;
        let page = usize::try_from(geometry.page).unwrap_or(0);
        let total = usize::try_from(geometry.blocks).unwrap_or(usize::MAX);
        let sound = page.is_power_of_two()
            && (512..=65536).contains(&page)
            && (1..=1024).contains(&geometry.pages_per_block)
            && (1..=1 << 20).contains(&geometry.blocks);
        if !sound {
            return Err(Error::Geometry {
                page: geometry.page,
                pages_per_block: geometry.pages_per_block,
                blocks: geometry.blocks,
            });
        }
        let pages = u64::from(geometry.blocks) * u64::from(geometry.pages_per_block);
        let words = usize::try_from(pages.div_ceil(64)).unwrap_or(0);
        let mut nand = Self {
            page,
            pages_per_block: geometry.pages_per_block,
            states: vec![State::Blank; total],
            corrupt: vec![false; total],
            bad: vec![false; total],
            stored: vec![0; words],
            file: tempfile::tempfile().map_err(Error::Temporary)?,
            originals: Vec::new(),
            unreadable: scenario.nand.unreadable.clone(),
            calibration: 0..0,
            calibration_touched: false,
        };
        for block in &scenario.nand.bad_blocks {
            if let Some(bad) = nand.bad.get_mut(index(*block)) {
                *bad = true;
            }
        }
        for partition in &profile.partitions {
            let blocks = range_of(partition, geometry.blocks)?;
            if partition.name.value == CALIBRATION {
                nand.calibration = blocks.clone();
            }
            if let Some(image) = nand.first_content(partition, &blocks, scenario, profile, seed) {
                nand.place(blocks, image);
            }
        }
        Ok(nand)
    }

    pub(super) fn page_bytes(&self) -> usize {
        self.page
    }

    pub(super) fn pages_per_block(&self) -> u64 {
        u64::from(self.pages_per_block)
    }

    pub(super) fn block_bytes(&self) -> u64 {
        self.page as u64 * self.pages_per_block()
    }

    pub(super) fn blocks(&self) -> u32 {
        u32::try_from(self.states.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn is_bad(&self, block: u32) -> bool {
        self.bad.get(index(block)).copied().unwrap_or(true)
    }

    /// The first good block of a range turns bad.
    pub(super) fn wear_out(&mut self, blocks: Range<u32>) {
        let good = self.good_blocks(blocks).first().copied();
        if let Some(bad) = good.and_then(|block| self.bad.get_mut(index(block))) {
            *bad = true;
        }
    }

    /// Whether nothing was programmed since the block was erased.
    pub(super) fn is_blank(&self, block: u32) -> bool {
        self.states.get(index(block)) == Some(&State::Blank)
    }

    pub(super) fn is_corrupt(&self, block: u32) -> bool {
        self.corrupt.get(index(block)).copied().unwrap_or(true)
    }

    /// The block holds what nobody sent: a fault lost data.
    pub(super) fn corrupt(&mut self, page: u64) {
        let block = index(self.block_of(page));
        if let Some(corrupt) = self.corrupt.get_mut(block) {
            *corrupt = true;
        }
    }

    /// Whether calibration was erased or programmed since the last call.
    pub(super) fn take_calibration_touched(&mut self) -> bool {
        std::mem::take(&mut self.calibration_touched)
    }

    fn block_of(&self, page: u64) -> u32 {
        u32::try_from(page / self.pages_per_block()).unwrap_or(u32::MAX)
    }

    /// Erases a block; a bad one stays as it is.
    pub(super) fn erase(&mut self, block: u32) {
        if self.is_bad(block) {
            return;
        }
        self.note_touch(block);
        let at = index(block);
        if self.states[at] == State::Stored {
            self.forget(block);
        }
        self.states[at] = State::Blank;
        self.corrupt[at] = false;
    }

    /// Gives the disk space of an erased block back.
    fn forget(&mut self, block: u32) {
        let first = u64::from(block) * self.pages_per_block();
        for page in first..first + self.pages_per_block() {
            self.set_stored(page, false);
        }
        let flags = rustix::fs::FallocateFlags::PUNCH_HOLE | rustix::fs::FallocateFlags::KEEP_SIZE;
        // Where the file system cannot punch holes, the space stays in use and is never read.
        let _ = rustix::fs::fallocate(
            &self.file,
            flags,
            first * self.page as u64,
            self.block_bytes(),
        );
    }

    /// Programs one page: bits can only be cleared.
    pub(super) fn program(&mut self, page: u64, data: &[u8]) -> io::Result<()> {
        let block = self.block_of(page);
        if self.is_bad(block) {
            return Ok(());
        }
        self.note_touch(block);
        if self.states[index(block)] == State::Original {
            self.copy_original(block)?;
        }
        self.states[index(block)] = State::Stored;
        let mut bytes = vec![BLANK; self.page];
        if self.is_stored(page) {
            self.file
                .read_exact_at(&mut bytes, page * self.page as u64)?;
        }
        for (cell, wanted) in bytes.iter_mut().zip(data) {
            *cell &= wanted;
        }
        if bytes.get(..data.len()) != Some(data) {
            self.corrupt[index(block)] = true;
        }
        self.file.write_all_at(&bytes, page * self.page as u64)?;
        self.set_stored(page, true);
        Ok(())
    }

    /// Reads one page as a programmer does.
    pub(super) fn read(&self, page: u64, bytes: &mut [u8]) -> io::Result<()> {
        let block = self.block_of(page);
        match self.states.get(index(block)) {
            _ if self.is_bad(block) => bytes.fill(UNREADABLE),
            Some(State::Original) if self.is_unreadable(page) => bytes.fill(UNREADABLE),
            Some(State::Original) => self.fill_original(page, bytes),
            Some(State::Stored) if self.is_stored(page) => {
                self.file.read_exact_at(bytes, page * self.page as u64)?;
            }
            _ => bytes.fill(BLANK),
        }
        Ok(())
    }

    /// Weak pages become whole again when their block is erased, as flash cells do.
    fn is_unreadable(&self, page: u64) -> bool {
        self.unreadable.iter().any(|(first, count)| {
            (u64::from(*first)..u64::from(*first) + u64::from(*count)).contains(&page)
        })
    }

    fn note_touch(&mut self, block: u32) {
        self.calibration_touched |= self.calibration.contains(&block);
    }

    fn is_stored(&self, page: u64) -> bool {
        usize::try_from(page / 64)
            .ok()
            .and_then(|word| self.stored.get(word))
            .is_some_and(|word| word & (1 << (page % 64)) != 0)
    }

    fn set_stored(&mut self, page: u64, stored: bool) {
        let word = usize::try_from(page / 64)
            .ok()
            .and_then(|word| self.stored.get_mut(word));
        if let Some(word) = word {
            let bit = 1 << (page % 64);
            *word = if stored { *word | bit } else { *word & !bit };
        }
    }
}

/// The blocks of a partition, checked against the chip.
pub(super) fn range_of(partition: &Partition, blocks: u32) -> Result<Range<u32>, Error> {
    let end = partition.start.checked_add(partition.blocks);
    match end {
        Some(end) if end <= blocks => Ok(partition.start..end),
        _ => Err(Error::Partition(partition.name.value.clone())),
    }
}

fn index(block: u32) -> usize {
    usize::try_from(block).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::fixture;

    fn chip() -> Nand {
        let mut scenario = fixture::scenario();
        scenario.nand.bad_blocks = vec![700];
        scenario.nand.unreadable = vec![(136 * 64 + 3, 2)];
        Nand::new(&scenario, &fixture::profile(), 1).unwrap()
    }

    fn page(nand: &Nand, page: u64) -> Vec<u8> {
        let mut bytes = vec![0; nand.page_bytes()];
        nand.read(page, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn programming_only_clears_bits() {
        let mut nand = chip();
        let was = page(&nand, 214 * 64);
        nand.program(214 * 64, &[0x0f; 4096]).unwrap();
        let wanted: Vec<u8> = was.iter().map(|byte| byte & 0x0f).collect();
        assert_eq!(page(&nand, 214 * 64), wanted);
        assert!(nand.is_corrupt(214));
        assert!(!nand.is_unchanged(214..215));
        nand.erase(214);
        assert_eq!(page(&nand, 214 * 64), [BLANK; 4096]);
        nand.program(214 * 64, &[0x0f; 4096]).unwrap();
        nand.program(214 * 64, &[0x0f; 4096]).unwrap();
        assert_eq!(page(&nand, 214 * 64), [0x0f; 4096]);
        assert_eq!(page(&nand, 214 * 64 + 1), [BLANK; 4096]);
        assert!(!nand.is_corrupt(214));
    }

    #[test]
    fn the_same_bytes_again_count_as_unchanged() {
        let mut nand = chip();
        let pages: Vec<Vec<u8>> = (0..64).map(|p| page(&nand, 144 * 64 + p)).collect();
        nand.erase(144);
        assert!(!nand.is_unchanged(144..149));
        for (p, bytes) in pages.iter().enumerate() {
            nand.program(144 * 64 + p as u64, bytes).unwrap();
        }
        assert!(nand.is_unchanged(144..149));
    }

    #[test]
    fn bad_blocks_are_walked_around_and_read_as_filler() {
        let nand = chip();
        assert_eq!(page(&nand, 700 * 64), [UNREADABLE; 4096]);
        assert_eq!(page(&nand, 136 * 64 + 3), [UNREADABLE; 4096]);
        assert_ne!(page(&nand, 136 * 64 + 5), [UNREADABLE; 4096]);
        let mut pages = nand.good_pages(700 * 64 - 1, 702);
        assert_eq!(pages.next(&nand), Some(700 * 64 - 1));
        assert_eq!(pages.next(&nand), Some(701 * 64));
        assert_eq!(pages.count(&nand, 1000), 63);
    }

    #[test]
    fn only_the_calibration_partition_counts_as_calibration() {
        let mut nand = chip();
        nand.erase(13);
        nand.erase(102);
        assert!(!nand.take_calibration_touched());
        nand.erase(14);
        assert!(nand.take_calibration_touched());
        assert!(!nand.take_calibration_touched());
    }

    #[test]
    fn the_same_scenario_gives_the_same_bytes() {
        let (a, b) = (chip(), chip());
        for number in [0, 10 * 64, 14 * 64, 429 * 64 + 17, 2047 * 64] {
            assert_eq!(page(&a, number), page(&b, number));
        }
    }
}
