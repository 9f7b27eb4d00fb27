//! The user partition table, `partition.mbn`: what a loader is told of the flash before it opens a partition.
//!
//! Decoded from `eg25:update/partition.mbn` (492 bytes) with `eg25:update/partition_nand.xml` beside it. Four words of head,
//! then 28 bytes for each partition: 16 of name, its size, its pad for bad blocks, four attributes. The last attribute says
//! in what the size counts: 0xfe in blocks, 0xff in KiB (`size_blks` and `size_kb` of the XML). Both ways the sums are the
//! places of the chip's own table (quectel.md §9). The MIBIB of the flash holds another table, with first blocks.

use crate::protocol::wire::{Fields, Message};

/// The longest that a loader takes (hostdl; openpst).
pub const MAX_TABLE: usize = 512;
const MAGIC: [u32; 2] = [0xaa7d_1b9a, 0x1f7d_48bc];
/// That of the package; others are unverified and refused.
const VERSION: u32 = 4;
const NAME: usize = 16;
const IN_BLOCKS: u8 = 0xfe;
const IN_KIB: u8 = 0xff;
/// The rest of the chip.
const REST: u32 = u32::MAX;
/// What stands before the names, as in the MIBIB.
const PREFIX: &str = "0:";

/// The partitions of a chip, in their order, without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTable {
    pub entries: Vec<Entry>,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As the loader knows it: `0:SBL`.
    pub name: String,
    pub size: Size,
}

/// How long a partition is, with its pad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Blocks { size: u32, pad: u32 },
    Kib { size: u32, pad: u32 },
    Rest,
}

/// Why bytes are no such table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("it has {0} bytes, and a loader takes {MAX_TABLE} at most")]
    Length(usize),
    #[error("it does not begin as one")]
    Magic,
    #[error("its version {0} is not known")]
    Version(u32),
    #[error("it ends in the middle of an entry, or behind its last one")]
    Cut,
    #[error("entry {0} has no name of printable letters that begins with `0:`")]
    Name(usize),
    #[error("`{0}` stands in it twice")]
    Twice(String),
    #[error("the size of `{0}` counts in no known unit, or in less than a block")]
    Unit(String),
    #[error("`{0}` leaves the chip")]
    Outside(String),
}

impl UserTable {
    pub fn decode(bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.len() > MAX_TABLE {
            return Err(Invalid::Length(bytes.len()));
        }
        let mut fields = Fields::new(bytes);
        for magic in MAGIC {
            if fields.u32() != Some(magic) {
                return Err(Invalid::Magic);
            }
        }
        let version = fields.u32().ok_or(Invalid::Cut)?;
        if version != VERSION {
            return Err(Invalid::Version(version));
        }
        let count = fields.u32().ok_or(Invalid::Cut)?;
        let mut entries: Vec<Entry> = Vec::new();
        for number in 0..usize::try_from(count).map_err(|_| Invalid::Cut)? {
            let name = fields.take(NAME).ok_or(Invalid::Cut)?;
            let name = name_of(name).ok_or(Invalid::Name(number))?;
            let size = fields.u32().ok_or(Invalid::Cut)?;
            let pad = fields.u32().ok_or(Invalid::Cut)?;
            let attributes = fields.take(4).ok_or(Invalid::Cut)?;
            if entries
                .iter()
                .any(|entry| entry.name.eq_ignore_ascii_case(&name))
            {
                return Err(Invalid::Twice(name));
            }
            let size = match attributes.last() {
                _ if size == REST => Size::Rest,
                Some(&IN_BLOCKS) => Size::Blocks { size, pad },
                Some(&IN_KIB) => Size::Kib { size, pad },
                _ => return Err(Invalid::Unit(name)),
            };
            entries.push(Entry { name, size });
        }
        if fields.rest().is_empty() {
            Ok(Self { entries })
        } else {
            Err(Invalid::Cut)
        }
    }

    /// The bytes of a table, with the attributes that most partitions of the package have.
    pub fn encode(&self) -> Vec<u8> {
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut message = Message::default()
            .u32(MAGIC[0])
            .u32(MAGIC[1])
            .u32(VERSION)
            .u32(count);
        for entry in &self.entries {
            let mut name = entry.name.clone().into_bytes();
            name.resize(NAME, 0);
            let (size, pad, unit) = match entry.size {
                Size::Blocks { size, pad } => (size, pad, IN_BLOCKS),
                Size::Kib { size, pad } => (size, pad, IN_KIB),
                // The pad of the package's last entry.
                Size::Rest => (REST, 0xffff, IN_KIB),
            };
            message = message
                .bytes(&name)
                .u32(size)
                .u32(pad)
                .bytes(&[0xff, 0x01, 0x00, unit]);
        }
        message.0
    }

    /// First block and blocks of each partition on a chip of so many blocks of so many KiB.
    pub fn places(&self, block_kib: u32, blocks: u32) -> Result<Vec<(u32, u32)>, Invalid> {
        let mut places = Vec::new();
        let mut next = 0_u32;
        for entry in &self.entries {
            let outside = || Invalid::Outside(entry.name.clone());
            let length = match entry.size {
                Size::Blocks { size, pad } => size.checked_add(pad).ok_or_else(outside)?,
                Size::Kib { size, pad } => {
                    let kib = size.checked_add(pad).ok_or_else(outside)?;
                    if block_kib == 0 || !kib.is_multiple_of(block_kib) {
                        return Err(Invalid::Unit(entry.name.clone()));
                    }
                    kib / block_kib
                }
                Size::Rest => blocks.saturating_sub(next),
            };
            let end = next.checked_add(length).filter(|end| *end <= blocks);
            let end = end.filter(|_| length > 0).ok_or_else(outside)?;
            places.push((next, length));
            next = end;
        }
        Ok(places)
    }
}

impl Entry {
    /// The name without what stands before it.
    pub fn plain(&self) -> &str {
        self.name.strip_prefix(PREFIX).unwrap_or(&self.name)
    }
}

/// A name of printable letters, filled up with zeros.
fn name_of(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0);
    let (name, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    let plain = name.strip_prefix(PREFIX.as_bytes())?;
    let printable = !plain.is_empty() && plain.iter().all(u8::is_ascii_graphic);
    let filled = rest.iter().all(|byte| *byte == 0);
    (printable && filled).then(|| String::from_utf8_lossy(name).into_owned())
}
