//! MIBIB, the partition table of a NAND chip (protocols.md §7.2; decoded from
//! `eg25:update/firehose/partition_complete_p2K_b128K.mbn`).

use crate::plan::Partition;
use crc::{Algorithm, Crc};

/// Pages of a written MIBIB: header, system table, user table, CRC.
const PAGES: usize = 4;
const HEADER_MAGIC: [u32; 4] = [0xfe56_9fac, 0xcd7f_127a, 4, 1];
const TABLE_MAGIC: [u32; 3] = [0x55ee_73aa, 0xe35e_bddb, 4];
const CRC_MAGIC: [u32; 3] = [0x9d41_bea1, 0xf1de_d2ea, 1];
/// Bytes of a partition's entry: name, first block, blocks, attributes.
const ENTRY: usize = 28;
/// Attributes of every entry. The value is not in the reference, and nothing here reads it: unverified.
const ATTRIBUTES: u32 = 0xff00_01ff;

/// The CRC that stands at byte 12 of page 3: not reflected, initial 0, no final xor.
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

/// The table of `partitions` as it lies on the chip and in `partition_complete_*.mbn`.
pub(super) fn encode(partitions: &[Partition], page: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; page * PAGES];
    put(&mut bytes, 0, &HEADER_MAGIC);
    let mut at = page + put(&mut bytes, page, &TABLE_MAGIC);
    let entries = partitions.len().min((page - 16) / ENTRY);
    at += put(&mut bytes, at, &[u32::try_from(entries).unwrap_or(0)]);
    for partition in &partitions[..entries] {
        let mut name = [0; 16];
        for (target, byte) in name.iter_mut().zip(entry_name(&partition.name).bytes()) {
            *target = byte;
        }
        if let Some(target) = bytes.get_mut(at..at + name.len()) {
            target.copy_from_slice(&name);
        }
        put(
            &mut bytes,
            at + name.len(),
            &[partition.start, partition.blocks, ATTRIBUTES],
        );
        at += ENTRY;
    }
    let crc = checksum(&bytes[..2 * page]);
    let [a, b, c] = CRC_MAGIC;
    put(&mut bytes, 3 * page, &[a, b, c, crc]);
    bytes
}

/// Where the length of the last partition stands within the table's page, for the package's patch file.
pub(super) fn last_length_at(partitions: usize) -> usize {
    16 + partitions.saturating_sub(1) * ENTRY + 20
}

/// The name of a partition in the table.
pub(super) fn entry_name(name: &str) -> String {
    format!("0:{}", name.to_ascii_uppercase())
}

/// Whether the first pages of the partition hold a table that a boot loader takes.
pub(super) fn is_whole(bytes: &[u8], page: usize) -> bool {
    let word = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    };
    let starts = |at: usize, magic: &[u32]| {
        magic
            .iter()
            .enumerate()
            .all(|(i, value)| word(at + 4 * i) == Some(*value))
    };
    let covered = bytes.get(..2 * page).map(checksum);
    starts(0, &HEADER_MAGIC[..2])
        && starts(page, &TABLE_MAGIC[..2])
        && starts(3 * page, &CRC_MAGIC[..2])
        && covered.is_some()
        && covered == word(3 * page + 12)
}

fn checksum(bytes: &[u8]) -> u32 {
    Crc::<u32>::new(&ALGORITHM).checksum(bytes)
}

fn put(bytes: &mut [u8], at: usize, words: &[u32]) -> usize {
    for (i, word) in words.iter().enumerate() {
        if let Some(target) = bytes.get_mut(at + 4 * i..at + 4 * i + 4) {
            target.copy_from_slice(&word.to_le_bytes());
        }
    }
    words.len() * 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::fixture;

    #[test]
    fn the_crc_is_the_unreflected_one() {
        assert_eq!(checksum(b"123456789"), ALGORITHM.check);
    }

    /// protocols.md §7.2: byte 484 of page 1 for 17 entries.
    #[test]
    fn the_last_length_of_seventeen_entries_stands_at_byte_484() {
        assert_eq!(last_length_at(17), 484);
    }

    #[test]
    fn a_table_is_whole_until_one_bit_of_it_is_cleared() {
        let profile = fixture::profile();
        for page in [2048, 4096] {
            let bytes = encode(&profile.partitions, page);
            assert!(is_whole(&bytes, page));
            for at in [0, page, page + 20, 3 * page, 3 * page + 12] {
                let mut broken = bytes.clone();
                broken[at] ^= 1;
                assert!(!is_whole(&broken, page), "{at}");
            }
        }
        assert!(!is_whole(&[0xff; 16384], 4096));
        assert!(!is_whole(&[], 4096));
    }
}
