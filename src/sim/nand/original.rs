//! What the chip held at the start: made on the fly, and the measure of what is unchanged.

use super::{BLANK, CALIBRATION, Nand, State, index};
use crate::plan::{Calibration, Partition, Profile, Scenario};
use crate::sim::image::Image;
use crate::sim::{boot, identity, mibib};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// What a partition held at the start.
#[derive(Debug)]
pub(super) struct Original {
    blocks: Range<u32>,
    image: Image,
}

impl Nand {
    /// What a partition holds at the start; `None` for nothing.
    pub(super) fn first_content(
        &self,
        partition: &Partition,
        blocks: &Range<u32>,
        scenario: &Scenario,
        profile: &Profile,
        seed: u64,
    ) -> Option<Image> {
        let name = partition.name.value.as_str();
        let damaged = scenario.damage.iter().any(|damaged| damaged.value == name);
        let lost = name == CALIBRATION && scenario.calibration == Calibration::Missing;
        let good = blocks.clone().filter(|b| !self.is_bad(*b)).count() as u64;
        // One block of slack, as images have.
        let room = good.saturating_sub(1).max(1) * self.block_bytes();
        let serial = identity::serial(scenario).unwrap_or_default();
        match name {
            _ if damaged => None,
            // An emptied file system is written anew by the firmware, so it is not blank: only its content differs.
            _ if partition.keep && lost => Some(Image::of_unit("emptied", serial, seed, room)),
            _ if partition.keep => Some(Image::of_unit(name, serial, seed, room)),
            _ if scenario.firmware.value == "none" || name == boot::FUSES => None,
            boot::TABLE => Some(Image::given(mibib::encode(&profile.partitions, self.page))),
            _ => Some(Image::of_stage(name, &scenario.firmware, room)),
        }
    }

    pub(super) fn place(&mut self, blocks: Range<u32>, image: Image) {
        let mut left = image.len().div_ceil(self.block_bytes());
        for block in blocks.clone() {
            if left > 0 && !self.is_bad(block) {
                self.states[index(block)] = State::Original;
                left -= 1;
            }
        }
        self.originals.push(Original { blocks, image });
    }

    pub(super) fn copy_original(&mut self, block: u32) -> io::Result<()> {
        let first = u64::from(block) * self.pages_per_block();
        let mut bytes = vec![BLANK; self.page];
        for page in first..first + self.pages_per_block() {
            self.fill_original(page, &mut bytes);
            self.file.write_all_at(&bytes, page * self.page as u64)?;
            self.set_stored(page, true);
        }
        Ok(())
    }

    pub(super) fn fill_original(&self, page: u64, bytes: &mut [u8]) {
        let block = self.block_of(page);
        let original = self
            .originals
            .iter()
            .find(|original| original.blocks.contains(&block));
        let Some(original) = original else {
            bytes.fill(BLANK);
            return;
        };
        let before = (original.blocks.start..block)
            .filter(|b| !self.is_bad(*b))
            .count() as u64;
        let page_in_image = before * self.pages_per_block() + page % self.pages_per_block();
        let offset = page_in_image * self.page as u64;
        if offset < original.image.len() {
            original.image.fill(offset, bytes);
        } else {
            bytes.fill(BLANK);
        }
    }

    /// Whether a range of blocks is byte for byte as it was at the start.
    pub(in crate::sim) fn is_unchanged(&self, blocks: Range<u32>) -> bool {
        blocks
            .into_iter()
            .all(|block| match self.states.get(index(block)) {
                Some(State::Original) | None => true,
                Some(State::Blank) => self.bad[index(block)] || !self.was_written(block),
                Some(State::Stored) => self.equals_original(block),
            })
    }

    /// Whether the block had content at the start.
    fn was_written(&self, block: u32) -> bool {
        let before = |original: &Original| {
            (original.blocks.start..block)
                .filter(|b| !self.is_bad(*b))
                .count() as u64
        };
        self.originals
            .iter()
            .find(|original| original.blocks.contains(&block))
            .is_some_and(|original| before(original) * self.block_bytes() < original.image.len())
    }

    fn equals_original(&self, block: u32) -> bool {
        let first = u64::from(block) * self.pages_per_block();
        let (mut was, mut is) = (vec![0; self.page], vec![0; self.page]);
        (first..first + self.pages_per_block()).all(|page| {
            self.fill_original(page, &mut was);
            self.read(page, &mut is).is_ok() && was == is
        })
    }
}
