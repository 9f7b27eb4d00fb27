//! MIBIB: the partition table of a NAND modem (protocols.md §7.2, §12.4; decoded there from a published EG25-G
//! package). The layout is that of one chip family; on others it is unverified.

use crate::protocol::nand::{Geometry, Sectors};
use crc::{Algorithm, Crc};

const HEADER: [u32; 2] = [0xfe56_9fac, 0xcd7f_127a];
const SYSTEM_TABLE: [u32; 2] = [0x55ee_73aa, 0xe35e_bddb];
const CHECKSUM_PAGE: [u32; 2] = [0x9d41_bea1, 0xf1de_d2ea];
/// Where the table's entries begin in its page, and how long one is.
const ENTRIES: usize = 16;
const ENTRY: usize = 28;
/// Most entries by version of the table; others are unknown (linux:drivers/mtd/parsers/qcomsmempart.c, which reads the
/// same table out of shared memory; EG25-G has 17 of version 4).
const MAX_ENTRIES: [(u32, u32); 2] = [(3, 16), (4, 48)];

/// Not reflected, no final xor (computed on 11 of 11 packages).
const ALGORITHM: Algorithm<u32> = Algorithm {
    width: 32,
    poly: 0x04c1_1db7,
    init: 0,
    refin: false,
    refout: false,
    xorout: 0,
    check: 0x89a1_897f,
    residue: 0,
};

/// A decoded table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mibib {
    pub parts: Vec<Part>,
    pub checksum: Checksum,
}

/// A named range of the chip. Names are lower case and without the `0:` that Qualcomm puts before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    pub sectors: Sectors,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    Right,
    /// The image has no page for it.
    Absent,
}

/// Why an image is no partition table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("it does not begin with the magic of MIBIB")]
    Header,
    #[error("its second page holds no system table")]
    Table,
    #[error("its table is of version {0}; 3 and 4 are known")]
    Version(u32),
    #[error("its table claims {0} entries, which is more than it can hold")]
    Entries(u32),
    #[error("entry {0} of its table leaves the chip or has no name")]
    Entry(u32),
    #[error("its table names `{0}` twice")]
    Twice(String),
    #[error("its partitions `{0}` and `{1}` overlap")]
    Overlap(String, String),
    #[error("its checksum is {found:#010x}, computed {computed:#010x}")]
    Checksum { found: u32, computed: u32 },
}

/// Whether these are the first bytes of a partition table.
pub fn begins(head: &[u8]) -> bool {
    magic(head, 0) == Some(HEADER)
}

impl Mibib {
    pub fn decode(image: &[u8], chip: Geometry) -> Result<Self, Invalid> {
        if !begins(image) {
            return Err(Invalid::Header);
        }
        let page = chip.page() as usize;
        if magic(image, page) != Some(SYSTEM_TABLE) {
            return Err(Invalid::Table);
        }
        let count = entries(image, page)?;
        let parts = (0..count)
            .map(|index| {
                let at = page + ENTRIES + index as usize * ENTRY;
                entry(image, at, chip).ok_or(Invalid::Entry(index))
            })
            .collect::<Result<Vec<Part>, _>>()?;
        distinct(&parts)?;
        Ok(Self {
            parts,
            checksum: check(image, page)?,
        })
    }
}

fn entries(image: &[u8], page: usize) -> Result<u32, Invalid> {
    let version = word(image, page + 8).ok_or(Invalid::Table)?;
    let count = word(image, page + 12).ok_or(Invalid::Table)?;
    let (_, most) = MAX_ENTRIES
        .into_iter()
        .find(|(known, _)| *known == version)
        .ok_or(Invalid::Version(version))?;
    // The checksum covers this page and none behind it.
    let fits = ENTRIES + (count as usize).saturating_mul(ENTRY) <= page;
    if count <= most && fits {
        Ok(count)
    } else {
        Err(Invalid::Entries(count))
    }
}

/// Each partition once, each block in one of them.
fn distinct(parts: &[Part]) -> Result<(), Invalid> {
    for (index, part) in parts.iter().enumerate() {
        for other in parts.get(index + 1..).unwrap_or_default() {
            if part.name == other.name {
                return Err(Invalid::Twice(part.name.clone()));
            }
            if part.sectors.overlaps(other.sectors) {
                return Err(Invalid::Overlap(part.name.clone(), other.name.clone()));
            }
        }
    }
    Ok(())
}

/// The sum that patch files call `CRC32(start,length)` and that MIBIB is checked by.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    Crc::<u32>::new(&ALGORITHM).checksum(bytes)
}

/// `0:EFS2` becomes `efs2`.
pub fn plain_name(name: &str) -> String {
    name.strip_prefix("0:").unwrap_or(name).to_lowercase()
}

fn check(image: &[u8], page: usize) -> Result<Checksum, Invalid> {
    if magic(image, page * 3) != Some(CHECKSUM_PAGE) {
        return Ok(Checksum::Absent);
    }
    let (Some(found), Some(covered)) = (word(image, page * 3 + 12), image.get(..page * 2)) else {
        return Ok(Checksum::Absent);
    };
    let computed = checksum(covered);
    if found == computed {
        Ok(Checksum::Right)
    } else {
        Err(Invalid::Checksum { found, computed })
    }
}

fn entry(image: &[u8], at: usize, chip: Geometry) -> Option<Part> {
    let name = image.get(at..at + 16)?;
    let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
    let name = std::str::from_utf8(name.get(..end)?).ok()?;
    let (start, blocks) = (word(image, at + 16)?, word(image, at + 20)?);
    // A last partition that grows is all ones before it is patched (unverified); it ends with the chip.
    let blocks = if blocks == u32::MAX {
        chip.blocks().checked_sub(start)?
    } else {
        blocks
    };
    let sectors = chip.of_blocks(start, blocks).filter(|s| chip.has(*s))?;
    let plain = plain_name(name);
    let readable = !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_graphic());
    readable.then_some(Part {
        name: plain,
        sectors,
    })
}

fn word(image: &[u8], at: usize) -> Option<u32> {
    let bytes = image.get(at..at.checked_add(4)?)?;
    bytes.try_into().ok().map(u32::from_le_bytes)
}

fn magic(image: &[u8], at: usize) -> Option<[u32; 2]> {
    Some([word(image, at)?, word(image, at + 4)?])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A table of four pages as protocols.md §7.2 describes it.
    pub(crate) fn made(chip: Geometry, parts: &[(&str, u32, u32)]) -> Vec<u8> {
        let page = chip.page() as usize;
        let mut image = vec![0xff; page * 4];
        let mut put = |at: usize, words: &[u32]| {
            for (i, word) in words.iter().enumerate() {
                image[at + i * 4..at + i * 4 + 4].copy_from_slice(&word.to_le_bytes());
            }
        };
        put(0, &[HEADER[0], HEADER[1], 4, 1]);
        put(
            page,
            &[
                SYSTEM_TABLE[0],
                SYSTEM_TABLE[1],
                4,
                u32::try_from(parts.len()).unwrap(),
            ],
        );
        for (i, (_, start, blocks)) in parts.iter().enumerate() {
            put(
                page + ENTRIES + i * ENTRY + 16,
                &[*start, *blocks, 0x00ff_ffff],
            );
        }
        put(page * 3, &[CHECKSUM_PAGE[0], CHECKSUM_PAGE[1], 1]);
        for (i, (name, ..)) in parts.iter().enumerate() {
            let at = page + ENTRIES + i * ENTRY;
            image[at..at + 16].fill(0);
            image[at..at + name.len()].copy_from_slice(name.as_bytes());
        }
        let sum = checksum(&image[..page * 2]).to_le_bytes();
        image[page * 3 + 12..page * 3 + 16].copy_from_slice(&sum);
        image
    }

    fn chip() -> Geometry {
        Geometry::new(2048, 64, 2048).unwrap()
    }

    #[test]
    fn the_checksum_has_the_published_parameters() {
        // CRC-32/CKSUM of the same bytes is 0x765e7680 and differs by its final xor only.
        assert_eq!(checksum(b"123456789"), !0x765e_7680_u32);
    }

    #[test]
    fn the_table_of_the_eg25_reads_back() {
        let image = made(
            chip(),
            &[
                ("0:SBL", 0, 10),
                ("0:MIBIB", 10, 10),
                ("0:EFS2", 20, 136),
                ("0:system", 1458, 590),
            ],
        );
        let table = Mibib::decode(&image, chip()).unwrap();
        assert_eq!(table.checksum, Checksum::Right);
        let efs = &table.parts[2];
        assert_eq!(
            (efs.name.as_str(), efs.sectors.to_string()),
            ("efs2", "1280..9984".to_owned())
        );
    }

    #[test]
    fn a_flipped_bit_in_header_or_table_is_noticed() {
        let image = made(chip(), &[("0:SBL", 0, 10), ("0:EFS2", 20, 136)]);
        for at in (0..4096).step_by(37) {
            let mut broken = image.clone();
            broken[at] ^= 1;
            assert!(Mibib::decode(&broken, chip()).is_err(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn no_image_makes_the_decoder_panic(tail in prop::collection::vec(any::<u8>(), 0..200), count in any::<u32>(), cut in 0usize..9000) {
            let mut image = made(chip(), &[("0:SBL", 0, 10)]);
            image[2048 + 12..2048 + 16].copy_from_slice(&count.to_le_bytes());
            image[2048 + 16..2048 + 16 + tail.len()].copy_from_slice(&tail);
            image.truncate(cut);
            let _ = Mibib::decode(&image, chip());
        }
    }
}
