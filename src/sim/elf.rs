//! Which parts of a programmer the boot ROM reads, derived from its ELF headers (protocols.md §5.2).

use std::collections::VecDeque;

/// Statuses of `END_OF_IMAGE` (protocols.md §5.7).
const BAD_ELF_HEADER: u32 = 0x14;
const BAD_SEGMENT_COUNT: u32 = 0x0e;
const BAD_SEGMENT_SIZE: u32 = 0x0f;
const BAD_IMAGE_SIZE: u32 = 0x08;
const NO_HASH_TABLE: u32 = 0x23;

/// Longest piece that is asked for at once (measured on SDX24 and SDX55).
pub(super) const PIECE: u64 = 0x1000;
/// No programmer is this long; more is refused before it is read.
const LONGEST: u64 = 16 * 1024 * 1024;
/// More segments than any programmer has.
const MOST_SEGMENTS: u64 = 64;

/// The two forms of ELF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Elf32,
    Elf64,
}

impl Class {
    /// Bytes of the ELF header.
    pub(super) fn header(self) -> u64 {
        match self {
            Self::Elf32 => 0x34,
            Self::Elf64 => 0x40,
        }
    }

    fn segment(self) -> u64 {
        match self {
            Self::Elf32 => 0x20,
            Self::Elf64 => 0x38,
        }
    }
}

/// Part of a file: offset and length in bytes.
pub(super) type Part = (u64, u64);

/// Where the program headers stand, from the ELF header; or the status to end with.
pub(super) fn program_headers(header: &[u8]) -> Result<(Class, Part), u32> {
    let class = match header.get(..6) {
        Some([0x7f, b'E', b'L', b'F', 1, 1]) => Class::Elf32,
        Some([0x7f, b'E', b'L', b'F', 2, 1]) => Class::Elf64,
        _ => return Err(BAD_ELF_HEADER),
    };
    let (offset, size, count) = match class {
        Class::Elf32 => (
            number(header, 0x1c, 4),
            number(header, 0x2a, 2),
            number(header, 0x2c, 2),
        ),
        Class::Elf64 => (
            number(header, 0x20, 8),
            number(header, 0x36, 2),
            number(header, 0x38, 2),
        ),
    };
    let (Some(offset), Some(size), Some(count)) = (offset, size, count) else {
        return Err(BAD_ELF_HEADER);
    };
    if size != class.segment() {
        return Err(BAD_SEGMENT_SIZE);
    }
    if !(1..=MOST_SEGMENTS).contains(&count) {
        return Err(BAD_SEGMENT_COUNT);
    }
    if offset > LONGEST {
        return Err(BAD_ELF_HEADER);
    }
    Ok((class, (offset, size * count)))
}

/// The pieces to read, hash segment first, from the program headers.
pub(super) fn pieces(class: Class, headers: &[u8]) -> Result<VecDeque<Part>, u32> {
    let size = usize::try_from(class.segment()).unwrap_or(usize::MAX);
    let mut hash = None;
    let mut others = Vec::new();
    for header in headers.chunks_exact(size) {
        let fields = match class {
            Class::Elf32 => (
                number(header, 4, 4),
                number(header, 16, 4),
                number(header, 24, 4),
            ),
            Class::Elf64 => (
                number(header, 8, 8),
                number(header, 32, 8),
                number(header, 4, 4),
            ),
        };
        let (Some(offset), Some(length), Some(flags)) = fields else {
            return Err(BAD_ELF_HEADER);
        };
        // Bits 24 to 26 say what a segment of a signed image is: 2 its hashes, 7 the headers once more.
        match (flags >> 24) & 7 {
            2 => hash = Some((offset, length)),
            7 => {}
            _ if length == 0 => {}
            _ => others.push((offset, length)),
        }
    }
    let hash = hash.ok_or(NO_HASH_TABLE)?;
    let mut pieces = VecDeque::new();
    let mut total: u64 = 0;
    for (offset, length) in std::iter::once(hash).chain(others) {
        total = total.saturating_add(length);
        if total > LONGEST || offset > LONGEST {
            return Err(BAD_IMAGE_SIZE);
        }
        let mut done = 0;
        while done < length {
            let piece = PIECE.min(length - done);
            pieces.push_back((offset + done, piece));
            done += piece;
        }
    }
    Ok(pieces)
}

fn number(bytes: &[u8], at: usize, count: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + count)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value << 8 | u64::from(*byte)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::package::programmer::programmer;

    /// Shape of the measured transfer: 0/0x34, 0x34/0x80, then from 0x1000 on.
    #[test]
    fn the_parts_of_a_made_programmer_are_those_of_the_recorded_run() {
        let file = programmer("sdx55");
        let (class, headers) = program_headers(&file[..0x34]).unwrap();
        assert_eq!((class, headers), (Class::Elf32, (0x34, 0x80)));
        let pieces = pieces(class, &file[0x34..0x34 + 0x80]).unwrap();
        assert_eq!(pieces[0].0, 0x1000);
        assert!(pieces.iter().all(|(_, length)| *length <= PIECE));
        let end = pieces.iter().map(|(offset, length)| offset + length).max();
        assert_eq!(end, Some(file.len() as u64));
    }

    #[test]
    fn what_is_no_programmer_ends_with_its_status() {
        assert_eq!(program_headers(&[0; 0x34]), Err(BAD_ELF_HEADER));
        assert_eq!(program_headers(b"\x7fELF\x01\x01"), Err(BAD_ELF_HEADER));
        let mut file = programmer("sdx55");
        file[0x2c] = 0;
        assert_eq!(program_headers(&file[..0x34]), Err(BAD_SEGMENT_COUNT));
        file[0x2a] = 0x21;
        assert_eq!(program_headers(&file[..0x34]), Err(BAD_SEGMENT_SIZE));
        assert_eq!(pieces(Class::Elf32, &[0; 0x80]), Err(NO_HASH_TABLE));
        let mut headers = [0; 0x20];
        headers[27] = 2;
        headers[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(pieces(Class::Elf32, &headers), Err(BAD_IMAGE_SIZE));
    }
}
