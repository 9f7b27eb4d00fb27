//! The dump state: a table of memory regions, and what they hold (protocols.md §10).

use crate::protocol::sahara::Packet;
use crate::sim::image::Noise;

const INVALID_MEMORY_READ: u32 = 0x19;
/// Where the table stands; no source gives real addresses, so these are synthetic.
const TABLE: u64 = 0x0080_0000;
/// Longest single read.
const LONGEST: u64 = 0x10_0000;

struct Region {
    base: u64,
    length: u64,
    description: &'static str,
    file: &'static str,
}

const REGIONS: [Region; 3] = [
    Region {
        base: 0x0860_0000,
        length: 0x1000,
        description: "OCIMEM",
        file: "OCIMEM.BIN",
    },
    Region {
        base: 0x0c10_0000,
        length: 0x4000,
        description: "CODERAM",
        file: "CODERAM.BIN",
    },
    Region {
        base: 0x8000_0000,
        length: 0x4_0000,
        description: "DDR CS0",
        file: "DDRCS0.BIN",
    },
];

/// `MEMORY_DEBUG`: where the table is.
pub(super) fn announcement(wide: bool) -> Packet {
    let length = table(wide).len() as u64;
    if wide {
        return Packet::MemoryDebug64 {
            table: TABLE,
            length,
        };
    }
    Packet::MemoryDebug {
        table: u32::try_from(TABLE).unwrap_or(0),
        length: u32::try_from(length).unwrap_or(0),
    }
}

/// What stands at an address, or the status to end with.
pub(super) fn read(wide: bool, address: u64, length: u64) -> Result<Vec<u8>, u32> {
    if length == 0 || length > LONGEST {
        return Err(INVALID_MEMORY_READ);
    }
    let table = table(wide);
    if let Some(bytes) = part(&table, TABLE, address, length) {
        return Ok(bytes);
    }
    let end = address.checked_add(length).ok_or(INVALID_MEMORY_READ)?;
    let inside = REGIONS
        .iter()
        .any(|region| address >= region.base && end <= region.base + region.length);
    if !inside {
        return Err(INVALID_MEMORY_READ);
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    Noise::named("memory").fill(address, &mut bytes);
    Ok(bytes)
}

fn part(bytes: &[u8], base: u64, address: u64, length: u64) -> Option<Vec<u8>> {
    let from = usize::try_from(address.checked_sub(base)?).ok()?;
    let to = from.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(from..to).map(<[u8]>::to_vec)
}

/// Entries of 64 bytes with wide fields, or of 52 with narrow ones: preference, base, length, two names.
fn table(wide: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for region in &REGIONS {
        for value in [1, region.base, region.length] {
            let value = value.to_le_bytes();
            bytes.extend_from_slice(if wide { &value } else { &value[..4] });
        }
        for name in [region.description, region.file] {
            let mut field = [0; 20];
            field[..name.len()].copy_from_slice(name.as_bytes());
            bytes.extend_from_slice(&field);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_52_bytes_narrow_and_64_wide() {
        assert_eq!(table(false).len(), 3 * 52);
        assert_eq!(table(true).len(), 3 * 64);
        assert_eq!(read(false, TABLE, 3 * 52).unwrap(), table(false));
        assert!(read(false, TABLE, 3 * 52 + 1).is_err());
        assert!(read(true, u64::MAX, 2).is_err());
        assert_eq!(read(true, 0x8000_0010, 16).unwrap().len(), 16);
    }
}
