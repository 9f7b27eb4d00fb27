//! One person's wish to stop, polled by drivers between transfers; no work is done in a signal handler.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What is being done now decides how many wishes it takes to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Waiting, reading, asking: the first wish stops.
    Free,
    /// A setting or one item is being written: it is finished, then the first wish stops.
    Finish,
    /// Erasing and programming: the second wish stops at the next safe point, the third at once.
    Hold,
}

/// Shared between the signal handler, the engine and the drivers.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    wishes: AtomicU8,
    urgency: AtomicU8,
}

impl Interrupt {
    /// Counts one more wish; returns how many there are now.
    pub fn wish(&self) -> u8 {
        self.shared
            .wishes
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| {
                Some(n.saturating_add(1))
            })
            .map_or(u8::MAX, |before| before.saturating_add(1))
    }

    /// Whoever sends a termination will kill soon: it counts as two wishes, and never as the third, which would break
    /// off in the middle of a protocol.
    pub fn terminate(&self) {
        self.shared.wishes.fetch_max(2, Ordering::SeqCst);
    }

    /// Forgets the wishes so far, when a step begins that nobody wished to stop.
    pub fn clear(&self) {
        self.shared.wishes.store(0, Ordering::SeqCst);
    }

    /// Any wish at all.
    pub fn wished(&self) -> bool {
        self.shared.wishes.load(Ordering::SeqCst) > 0
    }

    pub fn set_urgency(&self, urgency: Urgency) {
        self.shared.urgency.store(urgency as u8, Ordering::SeqCst);
    }

    /// Stop now that a safe point is reached: the end of a range, of an item, of a step.
    pub fn at_safe_point(&self) -> bool {
        let needed = if self.holds() { 2 } else { 1 };
        self.shared.wishes.load(Ordering::SeqCst) >= needed
    }

    /// Stop wherever we are, out of step with the protocol if need be.
    pub fn at_once(&self) -> bool {
        let urgency = self.shared.urgency.load(Ordering::SeqCst);
        let needed = if urgency == Urgency::Free as u8 { 1 } else { 3 };
        self.shared.wishes.load(Ordering::SeqCst) >= needed
    }

    fn holds(&self) -> bool {
        self.shared.urgency.load(Ordering::SeqCst) == Urgency::Hold as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erasing_takes_two_wishes_to_stop_and_three_to_abort() {
        let interrupt = Interrupt::default();
        interrupt.set_urgency(Urgency::Hold);
        interrupt.wish();
        assert!(!interrupt.at_safe_point() && !interrupt.at_once());
        interrupt.wish();
        assert!(interrupt.at_safe_point() && !interrupt.at_once());
        interrupt.wish();
        assert!(interrupt.at_once());
    }

    #[test]
    fn waiting_stops_at_the_first_wish() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.at_once());
        interrupt.wish();
        assert!(interrupt.at_once() && interrupt.at_safe_point());
    }
}
