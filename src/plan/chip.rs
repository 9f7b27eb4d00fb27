//! The flash chip of a profile in the words of the room that judges packages.

use super::Profile;
use crate::firmware::Chip;
use crate::firmware::Part;
use crate::firmware::mibib::plain_name;
use crate::protocol::nand::Geometry;

impl Profile {
    /// The chip, its partitions, and those to be kept: the profile's own and `more`. `None` where the geometry
    /// makes no sense.
    pub fn flash_chip(&self, more: &[String]) -> Option<Chip> {
        let geometry = Geometry::new(self.nand.page, self.nand.pages_per_block, self.nand.blocks)?;
        let parts = self
            .partitions
            .iter()
            .filter_map(|partition| {
                Some(Part {
                    name: plain_name(&partition.name),
                    sectors: geometry.of_blocks(partition.start, partition.blocks)?,
                })
            })
            .collect();
        let own = self.partitions.iter().filter(|partition| partition.keep);
        let own = own.map(|partition| plain_name(&partition.name));
        Some(Chip {
            geometry,
            parts,
            keep: own
                .chain(more.iter().map(|name| plain_name(name)))
                .collect(),
        })
    }
}
