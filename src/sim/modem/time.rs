//! The simulated modem lives through time: what is due happens in its order.

use super::{Body, Event, Modem};
use std::time::Duration;

impl Modem {
    /// Time of the modem.
    pub fn now(&self) -> Duration {
        self.world.now
    }

    /// Lives through everything that is due until then.
    pub fn advance(&mut self, now: Duration) {
        loop {
            let scheduled = self.next_scheduled().filter(|(_, due)| *due <= now);
            // What the firmware does by itself has its own moment: a wish to leave is heard then, not later.
            let radio = self
                .radio
                .next_event()
                .filter(|due| *due > self.world.now && *due <= now);
            match (scheduled, radio) {
                (Some((_, due)), Some(earlier)) if earlier < due => self.live_until(earlier),
                (Some((index, due)), _) => {
                    self.live_until(due);
                    self.happen_scheduled(index, due);
                }
                (None, Some(due)) => self.live_until(due),
                (None, None) => break,
            }
        }
        self.live_until(now);
    }

    /// The firmware may have left the bus at that very moment, and with it what was planned for the bus.
    fn happen_scheduled(&mut self, index: usize, due: Duration) {
        if self.schedule.get(index).is_some_and(|(at, _)| *at == due) {
            let (_, event) = self.schedule.remove(index);
            self.happen(event);
        }
    }

    fn live_until(&mut self, now: Duration) {
        self.world.live_until(now);
        self.radio.advance(self.world.now);
        self.hear_radio();
    }

    /// When something will happen by itself: an answer, a movement, an arrival.
    pub fn next_event(&self) -> Option<Duration> {
        let scheduled = self.next_scheduled().map(|(_, due)| due);
        let answer = match self.body {
            Body::Absent => None,
            _ if self.inlet.is_deaf() => None,
            Body::Running => self.radio.next_event(),
            // What is there already waits for the host.
            _ => self
                .world
                .outbox
                .next_due()
                .filter(|due| *due > self.world.now),
        };
        match (scheduled, answer) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// The first of what will happen; of two at one moment that which was planned first.
    fn next_scheduled(&self) -> Option<(usize, Duration)> {
        let places = self.schedule.iter().enumerate();
        places
            .map(|(index, (due, _))| (index, *due))
            .min_by_key(|(index, due)| (*due, *index))
    }

    /// Until when the endpoint takes no more raw data, because the flash must swallow what came: a host that
    /// respects it feels the modem's speed.
    pub fn busy_until(&self) -> Duration {
        match &self.body {
            Body::Programmer(programmer) => programmer.swallows_until().unwrap_or(self.world.now),
            _ => self.world.now,
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Hand(hand) => self.hand(hand),
            Event::Leave(next) => self.leave(next),
            Event::Arrive(mode) => self.arrive(mode),
        }
    }
}
