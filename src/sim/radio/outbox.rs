//! Bytes on their way to the host, each piece with the moment at which it can be read.

use super::random::Random;
use crate::sim::delivery::{Order, Piece};
use std::collections::VecDeque;
use std::time::Duration;

/// Most bytes that wait for a host that does not read; what comes after is lost, as on a real port.
const CAPACITY: usize = 1024 * 1024;

/// One wire's output. A read never crosses pieces, so that hosts meet every way to cut an answer.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pieces: VecDeque<(Duration, Vec<u8>)>,
    bytes: usize,
    /// Late ones, which others may overtake.
    late: Vec<(Duration, Vec<u8>)>,
}

impl Outbox {
    /// Sends a piece at a moment, never before what was sent earlier.
    pub(super) fn push(&mut self, due: Duration, piece: Vec<u8>) {
        if piece.is_empty() || self.bytes + piece.len() > CAPACITY {
            return;
        }
        let last = self.pieces.back().map_or(Duration::ZERO, |(due, _)| *due);
        self.bytes += piece.len();
        self.pieces.push_back((due.max(last), piece));
    }

    /// Sends a piece where its order puts it.
    pub(super) fn deliver(&mut self, piece: Piece) {
        match (piece.order, self.pieces.back_mut()) {
            (Order::Joined, Some((due, bytes))) => {
                *due = piece.due.max(*due);
                self.bytes += piece.bytes.len();
                bytes.extend(piece.bytes);
            }
            (Order::Alone, _) if self.bytes + piece.bytes.len() <= CAPACITY => {
                self.bytes += piece.bytes.len();
                self.late.push((piece.due, piece.bytes));
            }
            (Order::Alone, _) => {}
            _ => self.push(piece.due, piece.bytes),
        }
    }

    /// Sends bytes in up to three pieces that chance cuts.
    pub(super) fn push_cut(&mut self, mut due: Duration, mut bytes: &[u8], random: &mut Random) {
        for _ in 0..2 {
            if bytes.len() < 2 || !random.once_in(3) {
                break;
            }
            let (head, rest) = bytes.split_at(1 + random.below(bytes.len() - 1));
            self.push(due, head.to_vec());
            due += Duration::from_millis(1);
            bytes = rest;
        }
        self.push(due, bytes.to_vec());
    }

    /// Reads from the first piece that is due.
    pub(super) fn read(&mut self, now: Duration, buffer: &mut [u8]) -> usize {
        if let Some(place) = self.late.iter().position(|(due, _)| *due <= now) {
            let piece = self.late.remove(place);
            self.pieces.push_front(piece);
        }
        let Some((_, piece)) = self.pieces.front_mut().filter(|(due, _)| *due <= now) else {
            return 0;
        };
        let count = piece.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(piece.drain(..count)) {
            *to = from;
        }
        if piece.is_empty() {
            self.pieces.pop_front();
        }
        self.bytes -= count;
        count
    }

    /// The whole of the first piece that is due, or what is left of it.
    pub(super) fn take_piece(&mut self, now: Duration) -> Option<Vec<u8>> {
        let late = self.late.iter().position(|(due, _)| *due <= now);
        let (_, piece) = match late {
            Some(place) => self.late.remove(place),
            None if self.pieces.front()?.0 <= now => self.pieces.pop_front()?,
            None => return None,
        };
        self.bytes -= piece.len();
        Some(piece)
    }

    /// The first moment after `now` at which more can be read.
    pub(super) fn next_event(&self, now: Duration) -> Option<Duration> {
        let queued = self.pieces.iter().map(|(due, _)| *due);
        let late = self.late.iter().map(|(due, _)| *due);
        let first = |due: &Duration| *due > now;
        [{ queued }.find(first), late.filter(first).min()]
            .into_iter()
            .flatten()
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_never_sees_the_future_and_never_crosses_pieces() {
        let mut outbox = Outbox::default();
        outbox.push(Duration::from_secs(2), b"ab".to_vec());
        outbox.push(Duration::from_secs(1), b"cd".to_vec());
        let mut buffer = [0; 8];
        assert_eq!(outbox.read(Duration::from_secs(1), &mut buffer), 0);
        assert_eq!(
            outbox.next_event(Duration::ZERO),
            Some(Duration::from_secs(2))
        );
        assert_eq!(outbox.read(Duration::from_secs(2), &mut buffer), 2);
        assert_eq!(&buffer[..2], b"ab");
        assert_eq!(outbox.read(Duration::from_secs(2), &mut buffer[..1]), 1);
        assert_eq!(outbox.read(Duration::from_secs(2), &mut buffer), 1);
        assert_eq!(outbox.read(Duration::from_secs(2), &mut buffer), 0);
    }

    #[test]
    fn a_host_that_never_reads_costs_bounded_memory() {
        let mut outbox = Outbox::default();
        for _ in 0..3000 {
            outbox.push(Duration::ZERO, vec![0; 1024]);
        }
        assert!(outbox.bytes <= CAPACITY);
    }
}
