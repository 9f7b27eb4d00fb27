//! How Firehose counts flash: a sector is a page, a block is what can be erased (protocols.md §7.1).

use std::fmt;

/// The number of a page of the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sector(pub u32);

/// Consecutive sectors, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sectors {
    start: Sector,
    count: u32,
}

impl Sectors {
    /// `None` where the range is empty or ends beyond what can be counted.
    pub fn new(start: Sector, count: u32) -> Option<Self> {
        (count > 0 && start.0.checked_add(count).is_some()).then_some(Self { start, count })
    }

    pub fn start(self) -> Sector {
        self.start
    }

    pub fn count(self) -> u32 {
        self.count
    }

    /// The sector behind the last one.
    pub fn end(self) -> Sector {
        Sector(self.start.0 + self.count)
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end() && other.start < self.end()
    }

    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end() <= self.end()
    }
}

/// Written as a half-open range, such as `640..1280`.
impl fmt::Display for Sectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start.0, self.end().0)
    }
}

/// The shape of a NAND chip. No field is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    page: u32,
    pages_per_block: u32,
    blocks: u32,
}

impl Geometry {
    /// `None` where a field is zero or the chip has more sectors than can be counted.
    pub fn new(page: u32, pages_per_block: u32, blocks: u32) -> Option<Self> {
        let sectors = pages_per_block.checked_mul(blocks)?;
        page.checked_mul(pages_per_block)?;
        (page > 0 && sectors > 0).then_some(Self {
            page,
            pages_per_block,
            blocks,
        })
    }

    /// Bytes of a page, which is a sector.
    pub fn page(self) -> u32 {
        self.page
    }

    pub fn pages_per_block(self) -> u32 {
        self.pages_per_block
    }

    pub fn blocks(self) -> u32 {
        self.blocks
    }

    /// Bytes of a block.
    pub fn block(self) -> u32 {
        self.page * self.pages_per_block
    }

    /// Sectors of the chip.
    pub fn sectors(self) -> u32 {
        self.pages_per_block * self.blocks
    }

    pub fn whole(self) -> Sectors {
        Sectors {
            start: Sector(0),
            count: self.sectors(),
        }
    }

    /// How many sectors so many bytes fill, the last one perhaps in part.
    pub fn sectors_for(self, bytes: u64) -> Option<u32> {
        u32::try_from(bytes.div_ceil(u64::from(self.page))).ok()
    }

    /// Bytes of a range.
    pub fn bytes(self, sectors: Sectors) -> u64 {
        u64::from(sectors.count) * u64::from(self.page)
    }

    /// The sectors of consecutive blocks.
    pub fn of_blocks(self, start: u32, blocks: u32) -> Option<Sectors> {
        let start = start.checked_mul(self.pages_per_block)?;
        Sectors::new(Sector(start), blocks.checked_mul(self.pages_per_block)?)
    }

    /// Whether a range begins and ends at block borders, as an erase must (protocols.md §7.1).
    pub fn is_aligned(self, sectors: Sectors) -> bool {
        sectors.start.0.is_multiple_of(self.pages_per_block)
            && sectors.count.is_multiple_of(self.pages_per_block)
    }

    /// Whether a range lies on the chip.
    pub fn has(self, sectors: Sectors) -> bool {
        self.whole().contains(sectors)
    }

    /// The word for this geometry in Quectel's file names, such as `p4K_b256K` (quectel.md §9).
    pub fn word(self) -> String {
        format!("p{}K_b{}K", self.page / 1024, self.block() / 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_only_touch_do_not_overlap() {
        let range = |start, count| Sectors::new(Sector(start), count).unwrap();
        assert!(!range(0, 640).overlaps(range(640, 640)));
        assert!(range(0, 641).overlaps(range(640, 640)));
        assert!(range(0, 640).contains(range(0, 55)));
        assert_eq!(range(640, 640).to_string(), "640..1280");
        assert_eq!(Sectors::new(Sector(5), 0), None);
        assert_eq!(Sectors::new(Sector(u32::MAX), 1), None);
    }

    #[test]
    fn the_chip_of_the_rm502q_has_quectels_word() {
        let chip = Geometry::new(4096, 64, 2048).unwrap();
        assert_eq!(
            (chip.word().as_str(), chip.sectors()),
            ("p4K_b256K", 131_072)
        );
        assert_eq!(chip.sectors_for(4097), Some(2));
        assert!(Geometry::new(4096, 0, 2048).is_none());
    }
}
