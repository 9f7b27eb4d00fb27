//! HDLC framing of DIAG and Streaming DLOAD (protocols.md §8; edl:hdlc.py, `openpst:hdlc_encoder.cpp`, mm:libqcdm).
//!
//! A frame is payload and CRC-16/X.25, low byte first; both escaped; ended by 0x7e. A leading 0x7e is allowed.

use crc::{CRC_16_IBM_SDLC, Crc};

const FLAG: u8 = 0x7e;
const ESCAPE: u8 = 0x7d;
const FLIP: u8 = 0x20;
/// Check value 0x906e over "123456789".
const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_SDLC);
/// Longest frame that is kept while waiting for its end, escapes included. The largest DIAG message in use is an
/// EFS PUT of 6,144 bytes (diag-and-xqcn.md §5.3).
const MAX_FRAME: usize = 32 * 1024;

/// A frame whose checksum is wrong, or that is shorter than a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {length} bytes came with a wrong checksum")]
pub struct BadFrame {
    pub length: usize,
}

/// The payload as it goes over the wire, without a leading flag.
pub fn encode(payload: &[u8]) -> Vec<u8> {
    let checksum = CRC.checksum(payload).to_le_bytes();
    let mut out = Vec::with_capacity(payload.len() + 8);
    for byte in payload.iter().chain(&checksum) {
        if *byte == FLAG || *byte == ESCAPE {
            out.extend([ESCAPE, byte ^ FLIP]);
        } else {
            out.push(*byte);
        }
    }
    out.push(FLAG);
    out
}

/// Cuts a stream into frames, however the bytes are split over reads.
#[derive(Debug, Default)]
pub struct Deframer {
    pending: Vec<u8>,
}

impl Deframer {
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole frame: its payload, or why it cannot be believed. Empty frames are skipped.
    pub fn next_frame(&mut self) -> Option<Result<Vec<u8>, BadFrame>> {
        loop {
            let Some(end) = self.pending.iter().position(|b| *b == FLAG) else {
                if self.pending.len() > MAX_FRAME {
                    let length = self.pending.len();
                    self.pending.clear();
                    return Some(Err(BadFrame { length }));
                }
                return None;
            };
            let frame: Vec<u8> = self.pending.drain(..=end).take(end).collect();
            if !frame.is_empty() {
                return Some(unframe(&frame));
            }
        }
    }
}

fn unframe(frame: &[u8]) -> Result<Vec<u8>, BadFrame> {
    let bad = BadFrame {
        length: frame.len(),
    };
    let mut payload = Vec::with_capacity(frame.len());
    let mut bytes = frame.iter();
    while let Some(byte) = bytes.next() {
        if *byte == ESCAPE {
            payload.push(bytes.next().ok_or(bad)? ^ FLIP);
        } else {
            payload.push(*byte);
        }
    }
    let checksum = payload
        .len()
        .checked_sub(2)
        .filter(|length| *length > 0)
        .map(|length| payload.split_off(length))
        .ok_or(bad)?;
    if CRC.checksum(&payload).to_le_bytes()[..] == checksum[..] {
        Ok(payload)
    } else {
        Err(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Vectors of protocols.md §12.2.
    #[test]
    fn frames_match_the_published_vectors() {
        for (payload, wire) in [
            (&[0x00][..], &[0x00, 0x78, 0xf0, 0x7e][..]),
            (&[0x7c], &[0x7c, 0x93, 0x49, 0x7e]),
            (
                b"A000000",
                &[0x41, 0x30, 0x30, 0x30, 0x30, 0x30, 0x30, 0xdf, 0x8a, 0x7e],
            ),
            (
                &[0x4b, 0x65, 0x01, 0x00],
                &[0x4b, 0x65, 0x01, 0x00, 0x54, 0x0f, 0x7e],
            ),
            (
                &[0x7b, 0x7e, 0x7d],
                &[0x7b, 0x7d, 0x5e, 0x7d, 0x5d, 0x04, 0xad, 0x7e],
            ),
        ] {
            assert_eq!(encode(payload), wire);
            let mut deframer = Deframer::default();
            deframer.push(wire);
            assert_eq!(deframer.next_frame(), Some(Ok(payload.to_vec())));
        }
    }

    /// The bytes on which the crate `hdlc` panics.
    #[test]
    fn an_escape_before_the_end_is_a_bad_frame() {
        let mut deframer = Deframer::default();
        deframer.push(&[0x7d, 0x5e, 0x02, 0x7d, 0x7e, 0x7d, 0x7e]);
        assert!(matches!(deframer.next_frame(), Some(Err(_))));
        assert!(matches!(deframer.next_frame(), Some(Err(_))));
        assert_eq!(deframer.next_frame(), None);
    }

    proptest! {
        #[test]
        fn any_payload_survives_any_split(payload in proptest::collection::vec(any::<u8>(), 1..300), cut in 1usize..7) {
            let mut deframer = Deframer::default();
            for piece in encode(&payload).chunks(cut) {
                deframer.push(piece);
            }
            prop_assert_eq!(deframer.next_frame(), Some(Ok(payload)));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut deframer = Deframer::default();
            deframer.push(&bytes);
            while deframer.next_frame().is_some() {}
        }
    }
}
