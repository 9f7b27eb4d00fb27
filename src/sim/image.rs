//! Synthetic images: a realistic magic, a marker that says what the image is, and noise. Any part can be made on
//! the fly, so that neither a chip nor a package is ever held in memory.

/// First words of a boot loader (protocols.md §12.4: 9x07 sbl1.mbn).
const SBL_MAGIC: [u32; 2] = [0x844b_dcd1, 0x73d7_1034];
/// Identification of a 32-bit little-endian ELF file.
const ELF_MAGIC: [u8; 16] = *b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0";
/// First bytes of what Android's boot loaders start (`Biktorgj/quectel_lk`, `app/aboot/bootimg.h`).
pub(super) const BOOT_MAGIC: [u8; 8] = *b"ANDROID!";
/// Partitions that hold such an image.
pub(super) const BOOTED: [&str; 2] = ["boot", "recovery"];
const HEAD_WORD: &str = "UNBRICK-SYNTHETIC";
const TAIL_WORD: &str = "UNBRICK-END";
/// The marker lies within this many bytes at the front.
pub(super) const HEAD: usize = 512;
/// The closing marker begins this many bytes before the end.
pub(super) const TAIL: usize = 256;
/// Shortest image that holds both markers.
pub(super) const SHORTEST: u64 = 1024;

/// Partition name of the first stage, which the boot ROM itself loads.
pub(super) const BOOT_LOADER: &str = "sbl";

/// A content of which any part can be made.
#[derive(Debug, Clone)]
pub(super) struct Image {
    bytes: u64,
    noise: Noise,
    head: Vec<u8>,
    tail: Vec<u8>,
}

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marker {
    pub stage: String,
    pub firmware: String,
    pub bytes: u64,
}

impl Image {
    /// The image of a boot stage or a file system.
    pub(super) fn of_stage(stage: &str, firmware: &str, bytes: u64) -> Self {
        let bytes = bytes.max(SHORTEST);
        let mut head = match stage {
            BOOT_LOADER => SBL_MAGIC.iter().flat_map(|w| w.to_le_bytes()).collect(),
            _ if BOOTED.contains(&stage) => BOOT_MAGIC.to_vec(),
            _ => ELF_MAGIC.to_vec(),
        };
        let text = format!("{HEAD_WORD} stage={stage} firmware={firmware} bytes={bytes}\n");
        head.extend_from_slice(text.as_bytes());
        head.resize(HEAD, 0);
        let mut tail = tail_of(stage, firmware).into_bytes();
        tail.resize(TAIL, 0);
        Self {
            bytes,
            noise: Noise::named(&format!("{stage} {firmware} {bytes}")),
            head,
            tail,
        }
    }

    /// Bytes that only this unit has: calibration and identity.
    pub(super) fn of_unit(name: &str, serial: u32, seed: u64, bytes: u64) -> Self {
        Self {
            bytes,
            noise: Noise::named(&format!("{name} {serial:08x} {seed}")),
            head: Vec::new(),
            tail: Vec::new(),
        }
    }

    /// Given bytes.
    pub(super) fn given(head: Vec<u8>) -> Self {
        Self {
            bytes: head.len() as u64,
            noise: Noise::new(0),
            head,
            tail: Vec::new(),
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes
    }

    /// Fills `buffer` with what stands at `offset`; past the end with zeros, as hosts pad (protocols.md §7.1).
    pub(super) fn fill(&self, offset: u64, buffer: &mut [u8]) {
        let end = offset.saturating_add(buffer.len() as u64);
        if end > self.head.len() as u64 {
            self.noise.fill(offset, buffer);
        }
        lay(buffer, offset, 0, &self.head);
        let tail_at = self.bytes.saturating_sub(self.tail.len() as u64);
        lay(buffer, offset, tail_at, &self.tail);
        let inside = usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        if let Some(past) = buffer.get_mut(inside..) {
            past.fill(0);
        }
    }
}

/// Lays `piece`, which belongs at `at`, over the part of it that `buffer` at `offset` shows.
fn lay(buffer: &mut [u8], offset: u64, at: u64, piece: &[u8]) {
    let (skip, from) = if offset > at {
        (offset - at, 0)
    } else {
        (0, at - offset)
    };
    let (Ok(skip), Ok(from)) = (usize::try_from(skip), usize::try_from(from)) else {
        return;
    };
    let (Some(source), Some(target)) = (piece.get(skip..), buffer.get_mut(from..)) else {
        return;
    };
    let count = source.len().min(target.len());
    target[..count].copy_from_slice(&source[..count]);
}

fn tail_of(stage: &str, firmware: &str) -> String {
    format!("{TAIL_WORD} stage={stage} firmware={firmware}\n")
}

impl Marker {
    /// Reads the marker at the front of an image; `None` for anything foreign.
    pub(super) fn read(front: &[u8]) -> Option<Self> {
        let front = front.get(..HEAD.min(front.len()))?;
        let magic = SBL_MAGIC.iter().flat_map(|word| word.to_le_bytes());
        let rest = if front.starts_with(&magic.collect::<Vec<u8>>()) {
            front.get(8..)?
        } else if let Some(rest) = front.strip_prefix(&BOOT_MAGIC) {
            rest
        } else {
            front.strip_prefix(&ELF_MAGIC)?
        };
        let line = rest.split(|b| *b == b'\n').next()?;
        let line = std::str::from_utf8(line).ok()?.strip_prefix(HEAD_WORD)?;
        let value = |key: &str| {
            line.split(' ')
                .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
        };
        Some(Self {
            stage: value("stage")?.to_owned(),
            firmware: value("firmware")?.to_owned(),
            bytes: value("bytes")?.parse().ok()?,
        })
    }

    /// Whether `tail`, read where the image ends, closes it: a cut image has none.
    pub(super) fn is_closed_by(&self, tail: &[u8]) -> bool {
        tail.starts_with(tail_of(&self.stage, &self.firmware).as_bytes())
    }
}

/// Noise with random access: every eight bytes follow from their place alone (splitmix64).
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(super) fn named(name: &str) -> Self {
        // FNV-1a: any stable hash would do.
        Self::new(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    pub(super) fn word(self, index: u64) -> u64 {
        mix(self
            .0
            .wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    pub(super) fn fill(self, offset: u64, buffer: &mut [u8]) {
        let mut index = offset / 8;
        // At most seven bytes to the next word.
        let ahead = usize::try_from(offset % 8).unwrap_or(0);
        let first = self.word(index).to_le_bytes();
        let front = (8 - ahead).min(buffer.len());
        let (head, rest) = buffer.split_at_mut(front);
        head.copy_from_slice(&first[ahead..ahead + front]);
        for chunk in rest.chunks_mut(8) {
            index += 1;
            let word = self.word(index).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_part_equals_the_whole_cut(offset in 0usize..5000, length in 0usize..3000, bytes in 1024u64..4000) {
            let image = Image::of_stage("abl", "X", bytes);
            let mut whole = vec![0; 8000];
            image.fill(0, &mut whole);
            let mut part = vec![0xaa; length];
            image.fill(offset as u64, &mut part);
            prop_assert_eq!(&part[..], &whole[offset..offset + length]);
        }
    }

    #[test]
    fn an_image_says_what_it_is_until_it_is_cut() {
        for stage in ["sbl", "abl", "boot"] {
            let image = Image::of_stage(stage, "RM502QGLAAR11A01M4G", 5000);
            let mut bytes = vec![0; 5000];
            image.fill(0, &mut bytes);
            let marker = Marker::read(&bytes).unwrap();
            assert_eq!((marker.stage.as_str(), marker.bytes), (stage, 5000));
            assert_eq!(marker.firmware, "RM502QGLAAR11A01M4G");
            assert!(marker.is_closed_by(&bytes[5000 - TAIL..]));
            assert!(!marker.is_closed_by(&[0xff; TAIL]));
            bytes[20] &= 0xf0;
            bytes[9] &= 0x0f;
            assert_eq!(Marker::read(&bytes), None);
        }
        assert_eq!(Marker::read(&[0xff; 4096]), None);
        assert_eq!(Marker::read(b""), None);
    }
}
