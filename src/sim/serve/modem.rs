//! The whole simulated modem, as it is served.

use super::{Served, Shown, Wired};
use crate::plan::Hand;
use crate::sim::{Modem, Wire};
use std::time::Duration;

impl Served for Modem {
    fn now(&self) -> Duration {
        Modem::now(self)
    }

    fn advance(&mut self, now: Duration) {
        Modem::advance(self, now);
    }

    fn next_event(&self) -> Option<Duration> {
        Modem::next_event(self)
    }

    fn asked(&mut self, step: &str) {
        Modem::asked(self, step);
    }

    fn hand(&mut self, hand: Hand) {
        Modem::hand(self, hand);
    }

    fn records_from(&self, first: usize) -> Vec<String> {
        let records = self.record().iter().skip(first);
        records.map(|record| record.json().to_string()).collect()
    }

    fn summary(&self) -> String {
        serde_json::to_string(&Modem::summary(self)).unwrap_or_default()
    }
}

impl Wired for Modem {
    fn shown(&self) -> Option<Shown> {
        self.presence().map(|presence| Shown {
            wires: presence.wires,
            arrival: presence.arrival,
        })
    }

    fn write(&mut self, wire: Wire, bytes: &[u8]) -> usize {
        // While the flash swallows raw data, the program waits as it does at a real endpoint.
        if self.busy_until() > Modem::now(self) {
            return 0;
        }
        Modem::write(self, wire, bytes).unwrap_or(0)
    }

    fn read(&mut self, wire: Wire, buffer: &mut [u8]) -> usize {
        Modem::read(self, wire, buffer).unwrap_or(0)
    }

    fn opened(&mut self, wire: Wire) {
        Modem::opened(self, wire);
    }

    fn closed(&mut self, wire: Wire) {
        Modem::closed(self, wire);
    }
}
