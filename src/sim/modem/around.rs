//! What comes from around the simulated modem: hands that move it, the step of the plan that runs, and faults.

use super::{Event, Modem};
use crate::plan::Hand;
use crate::sim::world::{Next, Zlp};

impl Modem {
    /// A step asks for hands: the scenario's movements follow, the last of them when its time is over.
    pub fn asked(&mut self, step: &str) {
        let found = self
            .scenario
            .hands
            .0
            .iter()
            .find(|(id, _)| id.value == step);
        let Some((_, hands)) = found else { return };
        let count = u32::try_from(hands.does.len()).unwrap_or(u32::MAX);
        for (number, hand) in (1..).zip(&hands.does) {
            let after = hands.after.0.saturating_mul(number) / count.max(1);
            let due = self.world.now.saturating_add(after);
            self.schedule.push((due, Event::Hand(*hand)));
        }
    }

    /// A step of the plan runs now, or none: some faults strike in one step only.
    pub fn entered(&mut self, step: Option<&str>) {
        self.world.faults.entered(step);
        self.radio.entered(step);
    }

    /// Places in the scenario's list of the faults that have struck.
    pub fn struck(&self) -> Vec<usize> {
        let world = self.world.faults.struck().iter();
        world.chain(self.radio.struck()).copied().collect()
    }

    /// Places in the scenario's list of the host's faults whose moment has come since the last call. What follows from
    /// them is not this modem's business.
    pub fn take_faults_of_the_host(&mut self) -> Vec<usize> {
        let mut places = self.world.faults.take_of_the_host();
        places.extend(self.radio.take_of_the_host());
        places
    }

    /// One movement of a hand, now.
    pub fn hand(&mut self, hand: Hand) {
        match hand {
            Hand::Unplug => self.leave(Next::Unplugged),
            Hand::Plug if !self.plugged => {
                self.plugged = true;
                self.power_up();
            }
            Hand::BootPinOn => self.boot_pin = true,
            Hand::BootPinOff => self.boot_pin = false,
            Hand::Plug | Hand::Nothing => {}
        }
    }

    /// No fault strikes from now on: a rehearsal resumes on the same modem.
    pub fn end_faults(&mut self) {
        self.world.faults.clear();
        self.world.looping = None;
        self.world.stays_in_dump = false;
        self.world.zlp = Zlp::Swallowed;
        self.world.short_write = None;
        self.radio.end_faults();
    }
}
