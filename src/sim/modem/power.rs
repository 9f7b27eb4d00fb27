//! Power and bus: when the simulated modem leaves, when it comes back, and as what.

use super::{Body, Event, Modem};
use crate::plan::{Hand, Mode};
use crate::sim::boot::{self, Verdict};
use crate::sim::boot_rom::{BootRom, Nature};
use crate::sim::dload::Loader;
use crate::sim::fastboot::Lk;
use crate::sim::inlet::Inlet;
use crate::sim::programmer::Programmer;
use crate::sim::radio::Wish;
use crate::sim::record::RecordKind;
use crate::sim::world::{Next, Want};
use std::time::Duration;

/// From power to the boot ROM on the bus; unverified.
const BOOT_ROM_APPEARS: Duration = Duration::from_millis(400);
/// From power to the dump state on the bus; unverified.
const DUMP_APPEARS: Duration = Duration::from_millis(1500);
/// From power to fastboot on the bus; unverified.
const FASTBOOT_APPEARS: Duration = Duration::from_millis(1500);
/// What LK loads. Where it cannot, it waits in fastboot (`Could not do normal boot. Reverting to fastboot mode`:
/// `Biktorgj/quectel_lk`, `app/aboot/aboot.c`, `aboot_init`; T99W175: `t99:Flash_procedure.md`).
const KERNEL: &str = "boot";

impl Modem {
    /// Acts on what the last call led to.
    pub(super) fn settle(&mut self) {
        if self.world.nand.take_calibration_touched() {
            self.radio.calibration_partition_erased();
        }
        match self.world.want.take() {
            Some(Want::Programmer) => {
                // A boot ROM that leaves every so often has been left.
                self.schedule
                    .retain(|(_, event)| matches!(event, Event::Hand(_)));
                let traits = self.scenario.programmer.clone();
                let programmer =
                    Programmer::start(traits, &self.profile, self.serial, &mut self.world);
                self.body = Body::Programmer(programmer);
            }
            Some(Want::Loader) => {
                self.schedule
                    .retain(|(_, event)| matches!(event, Event::Hand(_)));
                self.body = Body::Loader(Loader::new(&self.profile, &self.world));
            }
            Some(Want::Leave { at, next }) => self.plan_leave(at, next),
            None => {}
        }
        self.hear_radio();
    }

    pub(super) fn hear_radio(&mut self) {
        for kind in self.radio.take_records() {
            self.world.record(kind);
        }
        let Some(wish) = self.radio.take_wish() else {
            return;
        };
        if !matches!(self.body, Body::Running) {
            return;
        }
        // The moment of a wish has come when it is heard.
        let next = match wish {
            Wish::Reset => Next::Restart,
            Wish::Off => Next::Off,
            Wish::Unplug => Next::Unplugged,
            Wish::Vanish { after } => Next::Away { after },
            Wish::Elsewhere { after } => Next::Elsewhere { after },
            Wish::Into(mode) => Next::Into { mode },
            // A model without it restarts.
            Wish::Fastboot if !self.has_fastboot() => Next::Restart,
            Wish::Fastboot => {
                let mode = Mode::Fastboot;
                let to = mode.word().to_owned();
                self.world.record(RecordKind::ModeSwitch { to });
                Next::Into { mode }
            }
            Wish::Edl => {
                let to = Mode::Edl.word().to_owned();
                self.world.record(RecordKind::ModeSwitch { to });
                Next::BootRom {
                    after: self.profile.timing.edl_return.0,
                }
            }
        };
        self.leave(next);
    }

    fn plan_leave(&mut self, at: Duration, next: Next) {
        if at <= self.world.now {
            return self.leave(next);
        }
        let planned = self
            .schedule
            .iter()
            .any(|(_, event)| matches!(event, Event::Leave(_)));
        if !planned {
            self.schedule.push((at, Event::Leave(next)));
        }
    }

    /// The modem leaves the bus.
    pub(super) fn leave(&mut self, next: Next) {
        self.schedule
            .retain(|(_, event)| matches!(event, Event::Hand(_)));
        self.body = Body::Absent;
        self.world.outbox.clear();
        self.world.want = None;
        self.inlet = Inlet::default();
        self.radio.power_off();
        match next {
            Next::Restart => self.power_up(),
            Next::BootRom { after } if self.stays_in_dump() => {
                self.plan_arrival(after, Mode::Ramdump);
            }
            Next::BootRom { after } => self.plan_arrival(after, Mode::Edl),
            Next::Off => {}
            Next::Unplugged => self.plugged = false,
            Next::Away { after } | Next::Elsewhere { after } => {
                if matches!(next, Next::Elsewhere { .. }) {
                    self.port += 1;
                }
                self.plugged = false;
                let due = self.world.now.saturating_add(after);
                self.schedule.push((due, Event::Hand(Hand::Plug)));
            }
            Next::Into { mode } => self.come_back_in(mode),
        }
    }

    fn has_fastboot(&self) -> bool {
        self.profile.modes.contains_key(&Mode::Fastboot)
    }

    /// A tied boot pin is heard by the boot ROM, before anything that lies in the flash.
    fn stays_in_dump(&self) -> bool {
        self.world.stays_in_dump && !self.boot_pin
    }

    /// Whatever the flash says; a firmware that could not run shows its ports all the same.
    fn come_back_in(&mut self, mode: Mode) {
        let after = match mode {
            Mode::Normal => {
                let version = self.scenario.firmware.value.clone();
                self.radio.boot(self.world.now, &version);
                self.boot_time() / 2
            }
            Mode::Ramdump => DUMP_APPEARS,
            Mode::Fastboot => FASTBOOT_APPEARS,
            _ => BOOT_ROM_APPEARS,
        };
        self.plan_arrival(after, mode);
    }

    /// Power comes: the boot pin decides first, then the flash.
    pub(super) fn power_up(&mut self) {
        if self.boot_pin {
            return self.plan_arrival(BOOT_ROM_APPEARS, Mode::Edl);
        }
        if self.stays_in_dump() {
            return self.plan_arrival(DUMP_APPEARS, Mode::Ramdump);
        }
        match boot::verdict(&self.world.nand, &self.profile) {
            Verdict::NoBootLoader => self.plan_arrival(BOOT_ROM_APPEARS, Mode::Edl),
            Verdict::Broken(part) if part == KERNEL && self.has_fastboot() => {
                self.plan_arrival(FASTBOOT_APPEARS, Mode::Fastboot);
            }
            Verdict::Broken(_) => self.plan_arrival(DUMP_APPEARS, Mode::Ramdump),
            Verdict::Firmware(version) => {
                self.radio.boot(self.world.now, &version);
                self.plan_arrival(self.boot_time() / 2, Mode::Normal);
            }
        }
    }

    /// From power to the first AT answer. USB is there earlier: half of it is a guess, unverified.
    fn boot_time(&self) -> Duration {
        let given = self.scenario.boot_time.as_ref().map(|time| time.value.0);
        given.unwrap_or(self.profile.timing.boot.0)
    }

    fn plan_arrival(&mut self, after: Duration, mode: Mode) {
        let due = self.world.now.saturating_add(after);
        self.schedule.push((due, Event::Arrive(mode)));
    }

    pub(super) fn arrive(&mut self, mode: Mode) {
        self.arrivals += 1;
        self.body = match mode {
            Mode::Edl => Body::BootRom(BootRom::waiting(self.nature(), &mut self.world)),
            Mode::Ramdump => Body::Dump(BootRom::dumping(self.nature(), &mut self.world)),
            Mode::Firehose => {
                let traits = self.scenario.programmer.clone();
                Body::Programmer(Programmer::idle(traits, &self.profile, &self.world))
            }
            Mode::Dload => Body::Loader(Loader::new(&self.profile, &self.world)),
            Mode::Normal => Body::Running,
            Mode::Fastboot => Body::Fastboot(Lk::new(&self.profile, self.serial, &self.world)),
            Mode::Off => Body::Absent,
        };
        self.settle();
    }

    fn nature(&self) -> Nature {
        let obeys = self
            .profile
            .edl_by_diag
            .iter()
            .any(|mode| mode.value == Mode::Ramdump);
        Nature {
            traits: self.scenario.sahara.clone(),
            serial: self.serial,
            model: self.profile.id.value.clone(),
            accepts: self.scenario.programmer.accepts.clone(),
            edl_by_diag: obeys.then_some(self.profile.timing.edl_return.0),
        }
    }
}
