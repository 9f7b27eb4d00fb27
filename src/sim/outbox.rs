//! What waits for the host on one endpoint: whole transfers, each from its time on.

use super::delivery::{Order, Piece};
use std::collections::VecDeque;
use std::time::Duration;

/// Transfers to the host, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<(Duration, Vec<u8>)>,
    /// Late ones, which others may overtake.
    late: Vec<(Duration, Vec<u8>)>,
}

impl Outbox {
    /// Queues one transfer that is there from `due` on, but never before those queued earlier.
    pub(super) fn send(&mut self, due: Duration, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let due = self.queue.back().map_or(due, |(last, _)| due.max(*last));
        self.queue.push_back((due, bytes));
    }

    /// Queues a piece where its order puts it.
    pub(super) fn deliver(&mut self, piece: Piece) {
        match (piece.order, self.queue.back_mut()) {
            (Order::Joined, Some((due, bytes))) => {
                *due = piece.due.max(*due);
                bytes.extend(piece.bytes);
            }
            (Order::Alone, _) => self.late.push((piece.due, piece.bytes)),
            _ => self.send(piece.due, piece.bytes),
        }
    }

    /// Bytes of the next transfer that is there; never of two, as on USB.
    pub(super) fn take(&mut self, now: Duration, buffer: &mut [u8]) -> usize {
        if let Some(place) = self.late.iter().position(|(due, _)| *due <= now) {
            // It comes in one piece from now on, before what is queued.
            let (due, bytes) = self.late.remove(place);
            self.queue.push_front((due, bytes));
        }
        let Some((due, bytes)) = self.queue.front_mut() else {
            return 0;
        };
        if *due > now {
            return 0;
        }
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        bytes.drain(..count);
        if bytes.is_empty() {
            self.queue.pop_front();
        }
        count
    }

    /// The whole of the next transfer that is there, or what is left of it.
    pub(super) fn take_transfer(&mut self, now: Duration) -> Option<Vec<u8>> {
        if let Some(place) = self.late.iter().position(|(due, _)| *due <= now) {
            return Some(self.late.remove(place).1);
        }
        let is_there = self.queue.front().is_some_and(|(due, _)| *due <= now);
        is_there
            .then(|| self.queue.pop_front())
            .flatten()
            .map(|(_, bytes)| bytes)
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        let late = self.late.iter().map(|(due, _)| *due);
        let queued = self.queue.front().map(|(due, _)| *due);
        late.chain(queued).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.late.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.late.clear();
    }
}
