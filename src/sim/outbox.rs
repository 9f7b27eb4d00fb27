//! What waits for the host on one endpoint: whole transfers, each from its time on.

use std::collections::VecDeque;
use std::time::Duration;

/// Transfers to the host, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<(Duration, Vec<u8>)>,
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

    /// Bytes of the next transfer that is there; never of two, as on USB.
    pub(super) fn take(&mut self, now: Duration, buffer: &mut [u8]) -> usize {
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

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.queue.front().map(|(due, _)| *due)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }
}
