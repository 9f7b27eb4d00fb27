//! The simulated modem as a whole: power, plug and boot pin, and which of its states answers.

use super::boot::{self, Verdict};
use super::boot_rom::{BootRom, Nature};
use super::dload::Loader;
use super::fastboot::Lk;
use super::fault::Faults;
use super::image::Noise;
use super::inlet::Inlet;
use super::nand::{self, Nand};
use super::programmer::Programmer;
use super::radio::{Radio, Wish};
use super::record::{Record, RecordKind};
use super::world::{Next, Want, World, Zlp};
use super::{Error, Gone, Options, Wire, identity};
use crate::modem::UsbIdentity;
use crate::plan::{Hand, Mode, Profile, Scenario};
use serde::Serialize;
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

/// The simulated modem.
#[derive(Debug)]
pub struct Modem {
    scenario: Scenario,
    profile: Profile,
    serial: u32,
    world: World,
    body: Body,
    radio: Radio,
    plugged: bool,
    /// The USB port that it is plugged into.
    port: u32,
    boot_pin: bool,
    inlet: Inlet,
    /// Counts how often it appeared on the bus.
    arrivals: u64,
    /// What will happen by itself, and when.
    schedule: Vec<(Duration, Event)>,
}

/// What is on the bus, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    pub usb: UsbIdentity,
    pub wires: Vec<Wire>,
    /// Changes whenever the modem left and came back.
    pub arrival: u64,
}

/// The state of the simulated modem after a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub mode: Mode,
    /// The version that runs after the next power-up, if any does.
    pub firmware: Option<String>,
    /// Whether firmware runs after the next power-up without boot pin.
    pub boots: bool,
    pub calibration: bool,
    pub imei: Option<String>,
    /// Partitions that are byte for byte as at the start.
    pub unchanged: Vec<String>,
}

/// Which part of the modem answers.
#[derive(Debug)]
enum Body {
    /// Nothing on the bus.
    Absent,
    BootRom(BootRom),
    Dump(BootRom),
    Programmer(Programmer),
    Loader(Loader),
    Fastboot(Lk),
    Running,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Hand(Hand),
    Leave(Next),
    Arrive(Mode),
}

impl Modem {
    pub fn new(scenario: &Scenario, profile: &Profile, options: Options) -> Result<Self, Error> {
        let serial = identity::serial(scenario)?;
        for mode in [Mode::Normal, Mode::Edl, Mode::Ramdump] {
            identity::of_mode(profile, mode, serial)?;
        }
        if scenario.mode.value == Mode::Fastboot || profile.modes.contains_key(&Mode::Fastboot) {
            identity::of_mode(profile, Mode::Fastboot, serial)?;
        }
        let nand = Nand::new(scenario, profile, options.seed)?;
        let faults = Faults::new(&scenario.faults);
        let mut modem = Self {
            serial,
            world: World::new(nand, faults, Noise::new(options.seed)),
            body: Body::Absent,
            radio: Radio::new(scenario, profile, options.seed),
            plugged: true,
            port: identity::PORT,
            boot_pin: false,
            inlet: Inlet::default(),
            arrivals: 0,
            schedule: Vec::new(),
            scenario: scenario.clone(),
            profile: profile.clone(),
        };
        let calibration_lost = |name: &str| {
            name == "efs2" && scenario.damage.iter().any(|damaged| damaged.value == name)
        };
        if profile
            .partitions
            .iter()
            .any(|p| calibration_lost(&p.name.value))
        {
            modem.radio.calibration_partition_erased();
        }
        modem.begin(scenario.mode.value);
        Ok(modem)
    }

    /// The scenario says what is on the bus at the start, whatever led there.
    fn begin(&mut self, mode: Mode) {
        match mode {
            Mode::Off => self.plugged = false,
            Mode::Normal => {
                let version = match boot::verdict(&self.world.nand, &self.profile) {
                    Verdict::Firmware(version) => version,
                    _ => self.scenario.firmware.value.clone(),
                };
                self.radio.find_running(self.world.now, &version);
                self.arrive(mode);
            }
            Mode::Edl | Mode::Firehose | Mode::Dload | Mode::Ramdump | Mode::Fastboot => {
                self.arrive(mode);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn world(&self) -> &World {
        &self.world
    }

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

    /// What is on the bus; `None` for nothing.
    pub fn presence(&self) -> Option<Presence> {
        let mode = self.mode();
        let wires = match mode {
            Mode::Normal => vec![Wire::At, Wire::Diag],
            Mode::Edl | Mode::Firehose | Mode::Dload | Mode::Ramdump => vec![Wire::Edl],
            Mode::Fastboot => vec![Wire::Fastboot],
            Mode::Off => return None,
        };
        // `new` has looked up every mode that can be entered.
        let mut usb = identity::of_mode(&self.profile, mode, self.serial).ok()?;
        usb.path = identity::path(mode, self.port);
        Some(Presence {
            usb,
            wires,
            arrival: self.arrivals,
        })
    }

    /// Changes whenever the modem left and came back; `None` while nothing is on the bus.
    pub fn arrival(&self) -> Option<u64> {
        (!matches!(self.body, Body::Absent)).then_some(self.arrivals)
    }

    /// The USB interface of a wire, by number.
    pub fn interface_of(&self, wire: Wire) -> u8 {
        match wire {
            Wire::At => self.profile.ports.usual.at,
            Wire::Diag => self.profile.ports.usual.diag,
            Wire::Edl | Wire::Fastboot => 0,
        }
    }

    /// The serial number of the chip.
    pub fn serial(&self) -> u32 {
        self.serial
    }

    fn mode(&self) -> Mode {
        match self.body {
            Body::Absent => Mode::Off,
            Body::BootRom(_) => Mode::Edl,
            Body::Dump(_) => Mode::Ramdump,
            Body::Programmer(_) => Mode::Firehose,
            Body::Loader(_) => Mode::Dload,
            Body::Fastboot(_) => Mode::Fastboot,
            Body::Running => Mode::Normal,
        }
    }

    /// Bytes of one transfer of the host; how many of them are taken, which is all of them unless a fault says otherwise.
    pub fn write(&mut self, wire: Wire, bytes: &[u8]) -> Result<usize, Gone> {
        self.expect(wire)?;
        let short = match wire {
            Wire::Edl | Wire::Fastboot => self.world.short_write.take(),
            Wire::At | Wire::Diag => self.radio.take_short_write(),
        };
        let bytes = bytes.get(..short.unwrap_or(bytes.len())).unwrap_or(bytes);
        let taken = bytes.len();
        if wire == Wire::Edl {
            let Some(bytes) = self.inlet.transfer(self.world.zlp, bytes) else {
                return Ok(taken);
            };
            self.take(wire, &bytes)?;
        } else {
            self.take(wire, bytes)?;
        }
        Ok(taken)
    }

    /// One whole transfer of the host.
    fn take(&mut self, wire: Wire, bytes: &[u8]) -> Result<(), Gone> {
        match &mut self.body {
            Body::Absent => return Err(Gone),
            Body::BootRom(rom) | Body::Dump(rom) => rom.write(&mut self.world, bytes),
            Body::Programmer(programmer) => programmer.write(&mut self.world, bytes),
            Body::Loader(loader) => loader.write(&mut self.world, bytes),
            Body::Fastboot(lk) => lk.write(&mut self.world, bytes),
            Body::Running => self.radio.write(wire, bytes),
        }
        self.settle();
        Ok(())
    }

    /// Bytes of one transfer to the host; 0 for nothing now.
    pub fn read(&mut self, wire: Wire, buffer: &mut [u8]) -> Result<usize, Gone> {
        self.expect(wire)?;
        let count = match &mut self.body {
            Body::Absent => return Err(Gone),
            _ if self.inlet.is_deaf() => 0,
            Body::Running => self.radio.read(wire, buffer),
            Body::Programmer(programmer) => {
                let count = self.world.outbox.take(self.world.now, buffer);
                programmer.refill(&mut self.world);
                count
            }
            Body::BootRom(_) | Body::Dump(_) | Body::Loader(_) | Body::Fastboot(_) => {
                self.world.outbox.take(self.world.now, buffer)
            }
        };
        self.settle();
        Ok(count)
    }

    /// One whole transfer to the host, or what is left of it; `None` for nothing now.
    pub fn take_transfer(&mut self, wire: Wire) -> Result<Option<Vec<u8>>, Gone> {
        self.expect(wire)?;
        let transfer = match &mut self.body {
            Body::Absent => return Err(Gone),
            _ if self.inlet.is_deaf() => None,
            Body::Running => self.radio.take_piece(wire),
            Body::Programmer(programmer) => {
                let transfer = self.world.outbox.take_transfer(self.world.now);
                programmer.refill(&mut self.world);
                transfer
            }
            Body::BootRom(_) | Body::Dump(_) | Body::Loader(_) | Body::Fastboot(_) => {
                self.world.outbox.take_transfer(self.world.now)
            }
        };
        self.settle();
        Ok(transfer)
    }

    /// A zero-length packet from the host. Fastboot reads it; every other state swallows it, unless a fault says
    /// otherwise: Debian's qdl ends a Sahara image and raw data with one (usb-test-rig.md §7, measured).
    pub fn transfer_ended(&mut self, wire: Wire) -> Result<(), Gone> {
        self.expect(wire)?;
        if let Body::Fastboot(lk) = &mut self.body {
            lk.empty_packet(&mut self.world);
            self.settle();
            return Ok(());
        }
        if wire != Wire::Edl {
            return Ok(());
        }
        match self.inlet.zero_length(self.world.zlp) {
            Some(bytes) => self.take(wire, &bytes),
            None => Ok(()),
        }
    }

    /// The host opened a port. Nothing changes: HELLO comes once per power-up, not once per open.
    pub fn opened(&mut self, _wire: Wire) {}

    /// The host closed a port. What it did not read stays there for the next one.
    pub fn closed(&mut self, _wire: Wire) {}

    fn expect(&self, wire: Wire) -> Result<(), Gone> {
        let there = match self.body {
            Body::Absent => false,
            Body::Running => matches!(wire, Wire::At | Wire::Diag),
            Body::Fastboot(_) => wire == Wire::Fastboot,
            Body::BootRom(_) | Body::Dump(_) | Body::Programmer(_) | Body::Loader(_) => {
                wire == Wire::Edl
            }
        };
        if there { Ok(()) } else { Err(Gone) }
    }

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
        self.world.faults = Faults::new(&[]);
        self.world.looping = None;
        self.world.stays_in_dump = false;
        self.world.zlp = Zlp::Swallowed;
        self.world.short_write = None;
        self.radio.end_faults();
    }

    /// Everything that mattered, in order.
    pub fn record(&self) -> &[Record] {
        &self.world.records
    }

    pub fn summary(&self) -> Summary {
        let nand = &self.world.nand;
        let firmware = match boot::verdict(nand, &self.profile) {
            Verdict::Firmware(version) => Some(version),
            Verdict::NoBootLoader | Verdict::Broken(_) => None,
        };
        let unchanged = self.profile.partitions.iter().filter(|partition| {
            nand::range_of(partition, nand.blocks()).is_ok_and(|blocks| nand.is_unchanged(blocks))
        });
        Summary {
            mode: self.mode(),
            boots: firmware.is_some(),
            firmware,
            calibration: self.radio.calibration_present(),
            imei: self.radio.imei(),
            unchanged: unchanged.map(|p| p.name.value.clone()).collect(),
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Hand(hand) => self.hand(hand),
            Event::Leave(next) => self.leave(next),
            Event::Arrive(mode) => self.arrive(mode),
        }
    }

    /// Acts on what the last call led to.
    fn settle(&mut self) {
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

    fn hear_radio(&mut self) {
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
    fn leave(&mut self, next: Next) {
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
    fn power_up(&mut self) {
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

    fn arrive(&mut self, mode: Mode) {
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
