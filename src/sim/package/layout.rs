//! Which files a package holds, how long they are, and where they go.

use crate::plan::{Partition, Profile};
use crate::sim::image::{BOOT_LOADER, SHORTEST};
use crate::sim::nand::range_of;
use crate::sim::{Error, boot};

/// Where calibration lies, and the file that a factory writes there (protocols.md §1 fact 9).
const CALIBRATION: &str = "efs2";
const CALIBRATION_FILE: &str = "cefs.mbn";

/// One image and its partition.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub name: String,
    pub file: String,
    pub start: u32,
    pub blocks: u32,
    pub bytes: u64,
}

/// The images of a package.
#[derive(Debug)]
pub(super) struct Layout {
    parts: Vec<Part>,
    calibration: Option<Part>,
    /// Erased and not programmed.
    erased_only: Vec<Part>,
    table: Option<Part>,
    excess: u64,
    page: usize,
    word: String,
}

impl Layout {
    /// Spreads `size` bytes over the partitions, as much as each can take with slack for bad blocks.
    pub(super) fn new(profile: &Profile, size: u64) -> Result<Self, Error> {
        let mut layout = Self {
            parts: Vec::new(),
            calibration: None,
            erased_only: Vec::new(),
            table: None,
            excess: 0,
            page: usize::try_from(profile.nand.page).unwrap_or(4096),
            word: profile.nand.word(),
        };
        for partition in &profile.partitions {
            range_of(partition, profile.nand.blocks)?;
            layout.add(partition, profile);
        }
        if layout.parts.is_empty() {
            return Err(Error::Incomplete("partition to program"));
        }
        let block = u64::from(profile.nand.page) * u64::from(profile.nand.pages_per_block);
        layout.spread(size, block);
        Ok(layout)
    }

    fn add(&mut self, partition: &Partition, profile: &Profile) {
        let name = partition.name.value.clone();
        let part = Part {
            file: file_of(&name),
            start: partition.start,
            blocks: partition.blocks,
            bytes: 0,
            name,
        };
        match part.name.as_str() {
            boot::TABLE => self.table = Some(part),
            boot::FUSES => self.erased_only.push(part),
            CALIBRATION => {
                self.calibration = Some(Part {
                    bytes: u64::from(profile.nand.page) * 16,
                    ..part
                });
            }
            _ if partition.keep => {}
            _ => self.parts.push(part),
        }
    }

    fn spread(&mut self, size: u64, block: u64) {
        let all: u64 = self.parts.iter().map(|part| u64::from(part.blocks)).sum();
        let mut left = size;
        for part in &mut self.parts {
            let share = u128::from(size) * u128::from(part.blocks) / u128::from(all.max(1));
            let share = u64::try_from(share).unwrap_or(u64::MAX);
            part.bytes = share.clamp(SHORTEST, room(part, block));
            left = left.saturating_sub(part.bytes);
        }
        // What rounding left over goes where there is room, to the largest first.
        let mut largest: Vec<&mut Part> = self.parts.iter_mut().collect();
        largest.sort_by_key(|part| std::cmp::Reverse(part.blocks));
        for part in largest {
            let more = left.min(room(part, block) - part.bytes);
            part.bytes += more;
            left -= more;
        }
        self.excess = left;
    }

    pub(super) fn programmed(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter()
    }

    pub(super) fn calibration(&self) -> Option<&Part> {
        self.calibration.as_ref()
    }

    pub(super) fn erased_only(&self) -> impl Iterator<Item = &Part> {
        self.erased_only.iter()
    }

    pub(super) fn table(&self) -> Option<&Part> {
        self.table.as_ref()
    }

    pub(super) fn has_table(&self) -> bool {
        self.table.is_some()
    }

    pub(super) fn table_file(&self) -> String {
        format!("partition_complete_{}.mbn", self.word)
    }

    /// What the chip has no room for.
    pub(super) fn excess(&self) -> u64 {
        self.excess
    }

    pub(super) fn page(&self) -> usize {
        self.page
    }

    /// The partition whose image is spoilt in a broken package.
    pub(super) fn victim(&self) -> &str {
        self.victim_part().map_or("", |part| part.name.as_str())
    }

    pub(super) fn victim_file(&self) -> &str {
        self.victim_part().map_or("", |part| part.file.as_str())
    }

    fn victim_part(&self) -> Option<&Part> {
        let middle = self.parts.len() / 2;
        self.parts.get(middle)
    }
}

/// Bytes that fit beside the blocks kept for bad ones.
fn room(part: &Part, block: u64) -> u64 {
    let slack = (part.blocks / 16).max(1);
    (u64::from(part.blocks.saturating_sub(slack).max(1)) * block).max(SHORTEST)
}

/// File names of stock packages where the reference has them (quectel.md §9), the partition's name elsewhere.
fn file_of(name: &str) -> String {
    match name {
        BOOT_LOADER => "sbl1.mbn".to_owned(),
        "modem" => "NON-HLOS.ubi".to_owned(),
        "recoveryfs" | "usrdata" | "oemdata" | "system" => format!("{name}.ubi"),
        "boot" | "recovery" => format!("{name}.img"),
        CALIBRATION => CALIBRATION_FILE.to_owned(),
        _ => format!("{name}.mbn"),
    }
}
