//! How an answer comes to the host where a fault of the bus or of its bytes strikes at it.

use super::told::Told;
use crate::plan::FaultKind;
use std::time::Duration;

/// Between the pieces of an answer that was cut.
const BETWEEN: Duration = Duration::from_millis(1);
/// Most bytes of garbage in place of an answer, and how many come before one.
const GARBAGE: usize = 64;
const STALE: usize = 24;

/// Where a piece stands among what was queued before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// After it, however early it is due.
    Behind,
    /// In one transfer with the last of it.
    Joined,
    /// By its own time: what is queued later may come earlier.
    Alone,
}

/// Some bytes on their way to the host.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub due: Duration,
    pub bytes: Vec<u8>,
    pub order: Order,
}

/// The pieces in which an answer comes; none where it does not come. `garbage` makes random bytes.
pub(super) fn pieces(
    fault: Option<FaultKind>,
    told: &Told,
    due: Duration,
    bytes: Vec<u8>,
    mut garbage: impl FnMut(usize) -> Vec<u8>,
) -> Vec<Piece> {
    let behind = |due, bytes| Piece {
        due,
        bytes,
        order: Order::Behind,
    };
    let whole = |bytes| vec![behind(due, bytes)];
    match fault {
        Some(fault) if keeps_the_answer(fault) => Vec::new(),
        Some(FaultKind::Garbage) => whole(garbage(bytes.len().min(GARBAGE))),
        Some(FaultKind::StaleBytes) => vec![behind(due, garbage(STALE)), behind(due, bytes)],
        Some(FaultKind::BadCrc) => whole(with_a_wrong_checksum(bytes)),
        Some(FaultKind::DuplicateReply | FaultKind::HelloTwice) => {
            vec![behind(due, bytes.clone()), behind(due, bytes)]
        }
        Some(FaultKind::LateReply) => vec![Piece {
            due: due.saturating_add(told.duration(Duration::from_secs(5))),
            bytes,
            order: Order::Alone,
        }],
        Some(FaultKind::Stall) => {
            let due = due.saturating_add(told.duration(Duration::from_secs(30)));
            vec![behind(due, bytes)]
        }
        Some(FaultKind::ShortRead) => {
            let (first, rest) = bytes.split_at(told.count(1).min(bytes.len()));
            vec![
                behind(due, first.to_vec()),
                behind(due + BETWEEN, rest.to_vec()),
            ]
        }
        Some(FaultKind::Split) => (0..)
            .zip(bytes.chunks(3))
            .map(|(number, piece)| behind(due + BETWEEN * number, piece.to_vec()))
            .collect(),
        Some(FaultKind::Join) => vec![Piece {
            due,
            bytes,
            order: Order::Joined,
        }],
        _ => whole(bytes),
    }
}

/// Whether the answer never comes, because it is lost or the modem has left.
pub(super) fn keeps_the_answer(fault: FaultKind) -> bool {
    matches!(
        fault,
        FaultKind::LostReply
            | FaultKind::Unplug
            | FaultKind::Vanish
            | FaultKind::OtherPort
            | FaultKind::WrongMode
            | FaultKind::Timeout
    )
}

/// A frame of HDLC with one bit of its last bytes wrong, its end left alone.
fn with_a_wrong_checksum(mut frame: Vec<u8>) -> Vec<u8> {
    let place = frame.len().checked_sub(2);
    if let Some(byte) = place.and_then(|place| frame.get_mut(place)) {
        // The mark of the frame's end and that of an escape must not come about.
        let flipped = *byte ^ 1;
        *byte = if matches!(flipped, 0x7d | 0x7e) {
            *byte ^ 4
        } else {
            flipped
        };
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::hdlc::{self, Deframer};

    fn sent(fault: FaultKind, bytes: &[u8]) -> Vec<(Duration, Vec<u8>)> {
        let told = Told::default();
        pieces(Some(fault), &told, Duration::ZERO, bytes.to_vec(), |n| {
            vec![0xaa; n]
        })
        .into_iter()
        .map(|piece| (piece.due, piece.bytes))
        .collect()
    }

    #[test]
    fn what_is_cut_or_repeated_is_whole_again() {
        let joined = |fault| sent(fault, b"an answer").into_iter().flat_map(|(_, b)| b);
        for fault in [FaultKind::Split, FaultKind::ShortRead, FaultKind::Join] {
            assert!(joined(fault).eq(*b"an answer"), "{fault:?}");
        }
        assert!(joined(FaultKind::DuplicateReply).eq(*b"an answeran answer"));
        assert_eq!(sent(FaultKind::ShortRead, b"abc")[0].1, b"a");
        assert_eq!(sent(FaultKind::Split, b"abcdefgh").len(), 3);
        assert_eq!(sent(FaultKind::StaleBytes, b"abc")[1].1, b"abc");
        assert_eq!(sent(FaultKind::LostReply, b"abc"), []);
        assert_eq!(sent(FaultKind::LateReply, b"abc")[0].0.as_secs(), 5);
        assert_eq!(sent(FaultKind::Stall, b"abc")[0].0.as_secs(), 30);
    }

    proptest::proptest! {
        #[test]
        fn a_wrong_checksum_is_always_seen_and_ends_where_the_frame_ends(
            payload in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..60),
        ) {
            let bytes = sent(FaultKind::BadCrc, &hdlc::encode(&payload)).remove(0).1;
            let mut deframer = Deframer::default();
            deframer.push(&bytes);
            deframer.push(&hdlc::encode(b"next"));
            proptest::prop_assert!(deframer.next_frame().unwrap().is_err());
            proptest::prop_assert_eq!(deframer.next_frame().unwrap().unwrap(), b"next".to_vec());
        }
    }
}
