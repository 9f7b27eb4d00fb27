//! A device that does what a test says, and remembers what was done to it.

use crate::plan::Hand;
use crate::sim::serve::Served;
use crate::sim::usb::{
    AfterFull, Answer, Device, Ending, Function, Given, Setup, Taken, foreign_boot_rom,
};
use std::collections::VecDeque;
use std::time::Duration;

/// The endpoints of the only interface.
pub(super) const IN: u8 = 0x81;
pub(super) const OUT: u8 = 0x01;

pub(super) struct Lab {
    pub(super) device: Option<Device>,
    pub(super) arrival: u64,
    pub(super) now: Duration,
    /// What the host gets, each from its time on.
    pub(super) gives: VecDeque<(Duration, Given)>,
    /// How many more bytes it takes before it answers NAK.
    pub(super) appetite: usize,
    pub(super) stalls: bool,
    pub(super) echoes: bool,
    pub(super) taken: Vec<(Vec<u8>, Ending)>,
    pub(super) configured: u32,
}

impl Default for Lab {
    fn default() -> Self {
        Self {
            device: Some(foreign_boot_rom()),
            arrival: 1,
            now: Duration::ZERO,
            gives: VecDeque::new(),
            appetite: usize::MAX,
            stalls: false,
            echoes: false,
            taken: Vec::new(),
            configured: 0,
        }
    }
}

impl Lab {
    /// Queues a transfer for the host.
    pub(super) fn gives(&mut self, bytes: &[u8], after_full: AfterFull) {
        self.gives_at(Duration::ZERO, bytes, after_full);
    }

    pub(super) fn gives_at(&mut self, due: Duration, bytes: &[u8], after_full: AfterFull) {
        let bytes = bytes.to_vec();
        let transfer = Given::Transfer { bytes, after_full };
        self.gives.push_back((due, transfer));
    }

    pub(super) fn taken_bytes(&self) -> Vec<u8> {
        self.taken
            .iter()
            .flat_map(|(bytes, _)| bytes.clone())
            .collect()
    }
}

impl Served for Lab {
    fn now(&self) -> Duration {
        self.now
    }

    fn advance(&mut self, now: Duration) {
        self.now = now;
    }

    fn next_event(&self) -> Option<Duration> {
        let due = self.gives.front().map(|(due, _)| *due);
        due.filter(|due| *due > self.now)
    }

    fn hand(&mut self, hand: Hand) {
        match hand {
            Hand::Unplug => self.device = None,
            Hand::Plug => {
                self.arrival += 1;
                self.device = Some(foreign_boot_rom());
            }
            _ => {}
        }
    }
}

impl Function for Lab {
    fn arrival(&self) -> Option<u64> {
        self.device.is_some().then_some(self.arrival)
    }

    fn device(&mut self) -> Option<Device> {
        self.device.clone()
    }

    fn configured(&mut self) {
        self.configured += 1;
    }

    fn control(&mut self, setup: Setup, data: &[u8]) -> Answer {
        match setup.request {
            1 => Answer::Data((0..=255).collect()),
            2 => {
                self.taken.push((data.to_vec(), Ending::Short));
                Answer::Acknowledge
            }
            _ => Answer::Stall,
        }
    }

    fn take(&mut self, _endpoint: u8, bytes: &[u8], ending: Ending) -> Taken {
        if self.stalls {
            return Taken::Stall;
        }
        let count = bytes.len().min(self.appetite);
        if count < bytes.len() {
            self.appetite = 0;
            if count > 0 {
                self.taken.push((bytes[..count].to_vec(), Ending::Open));
            }
            return Taken::First(count);
        }
        self.appetite -= count;
        self.taken.push((bytes.to_vec(), ending));
        if self.echoes {
            self.gives(bytes, AfterFull::Nothing);
        }
        Taken::All
    }

    fn give(&mut self, endpoint: u8, _room: usize) -> Given {
        match self.gives.front() {
            Some((due, _)) if *due <= self.now && endpoint == IN => self
                .gives
                .pop_front()
                .map_or(Given::Nothing, |(_, given)| given),
            _ => Given::Nothing,
        }
    }
}
