//! The simulated modem as a whole: power, plug and boot pin, and which of its states answers.

mod around;
mod power;
mod time;
mod wires;

use super::boot::{self, Verdict};
use super::boot_rom::BootRom;
use super::dload::Loader;
use super::fastboot::Lk;
use super::fault::Faults;
use super::image::Noise;
use super::inlet::Inlet;
use super::nand::{self, Nand};
use super::programmer::Programmer;
use super::radio::Radio;
use super::record::Record;
use super::world::{Next, World};
use super::{Error, Options, Wire, identity};
use crate::modem::UsbIdentity;
use crate::plan::{Hand, Mode, Profile, Scenario};
use serde::Serialize;
use std::time::Duration;

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
}
