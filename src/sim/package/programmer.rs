//! A synthetic programmer: an ELF file with a hash segment, of the shape that boot ROMs read (protocols.md §5.2).

use crate::sim::dload::WORDS;
use crate::sim::elf::PIECE;
use crate::sim::image::Noise;

/// Segments of the recorded transfer: the headers once more, the hashes, and two to load.
const SEGMENTS: [(u32, u32, u32, u32); 4] = [
    // Type, flags, offset, length.
    (0, 0x0700_0000, 0, 0xb4),
    (0, 0x0220_0000, 0x1000, 0x1a00),
    (1, 0x0000_0007, 0x3000, 0x1_2000),
    (1, 0x0000_0006, 0x1_5000, 0x4321),
];
const MACHINE_ARM: u16 = 40;
const EXECUTABLE: u16 = 2;
/// Load addresses; synthetic.
const BASE: u32 = 0x1468_0000;

/// The streaming loader of a chip: as the programmer, with the words in it that make it one.
pub(in crate::sim) fn loader(chip: &str) -> Vec<u8> {
    let mut file = programmer(&format!("{chip} streaming"));
    let at = usize::try_from(PIECE).unwrap_or(0) * 5;
    file[at..at + WORDS.len()].copy_from_slice(WORDS);
    file
}

/// The programmer of a chip: always the same bytes.
pub(in crate::sim) fn programmer(chip: &str) -> Vec<u8> {
    let length = SEGMENTS.iter().map(|(_, _, o, l)| o + l).max().unwrap_or(0);
    let mut file = vec![0; usize::try_from(length).unwrap_or(0)];
    let noise = Noise::named(&format!("programmer {chip}"));
    for (_, _, offset, length) in &SEGMENTS[1..] {
        let from = usize::try_from(*offset).unwrap_or(0);
        let to = usize::try_from(offset + length).unwrap_or(0);
        noise.fill(u64::from(*offset), &mut file[from..to]);
    }
    let label = format!("UNBRICK-SYNTHETIC programmer chip={chip}\n");
    let at = usize::try_from(PIECE).unwrap_or(0) * 3;
    file[at..at + label.len()].copy_from_slice(label.as_bytes());
    let headers = headers();
    file[..headers.len()].copy_from_slice(&headers);
    file
}

fn headers() -> Vec<u8> {
    let mut bytes = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    let halves = |bytes: &mut Vec<u8>, values: &[u16]| {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    };
    let words = |bytes: &mut Vec<u8>, values: &[u32]| {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    };
    let count = u16::try_from(SEGMENTS.len()).unwrap_or(0);
    halves(&mut bytes, &[EXECUTABLE, MACHINE_ARM]);
    // Version, entry, program headers, section headers, flags.
    words(&mut bytes, &[1, BASE, 0x34, 0, 0]);
    halves(&mut bytes, &[0x34, 0x20, count, 0, 0, 0]);
    for (kind, flags, offset, length) in SEGMENTS {
        let address = BASE + offset;
        words(
            &mut bytes,
            &[
                kind, offset, address, address, length, length, flags, 0x1000,
            ],
        );
    }
    bytes
}
