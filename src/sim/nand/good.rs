//! Bad blocks are walked around.

use super::Nand;
use std::ops::Range;

impl Nand {
    /// The pages of `blocks` in which `start` comes first, bad blocks left out.
    pub(in crate::sim) fn good_pages(&self, start: u64, blocks_end: u32) -> GoodPages {
        GoodPages {
            next: start,
            end: u64::from(blocks_end.min(self.blocks())) * self.pages_per_block(),
        }
    }

    /// Good blocks of a range.
    pub(in crate::sim) fn good_blocks(&self, blocks: Range<u32>) -> Vec<u32> {
        blocks.filter(|block| !self.is_bad(*block)).collect()
    }
}

/// Walks over the usable pages of a range.
///
/// Programmer and firmware both leave bad blocks out and go on in the next one (protocols.md §7.1). That reading
/// and hashing do the same as programming is unverified.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct GoodPages {
    next: u64,
    end: u64,
}

impl GoodPages {
    pub(in crate::sim) fn next(&mut self, nand: &Nand) -> Option<u64> {
        while self.next < self.end && nand.is_bad(nand.block_of(self.next)) {
            self.next = (self.next / nand.pages_per_block() + 1) * nand.pages_per_block();
        }
        let page = self.next;
        (page < self.end).then(|| {
            self.next += 1;
            page
        })
    }

    /// How many pages are left.
    pub(in crate::sim) fn count(mut self, nand: &Nand, at_most: u64) -> u64 {
        let mut count = 0;
        while count < at_most && self.next(nand).is_some() {
            count += 1;
        }
        count
    }
}
