//! Everything that is plugged in, with what it is evidence of and the plans that fit. Reads descriptors, opens nothing.

use super::Place;
use super::identity::{self, Known, Recognised, Row, State};
use super::sysfs::{Plugged, WwanDevice};
use super::topology::Topology;
use crate::diagnostic::Problem;
use crate::plan::library::{self, EntryKind};
use crate::plan::{Mode, Profile};
use crate::transport::Error;
use std::collections::BTreeMap;

/// Class of an interface that only its vendor knows: what serial ports and bulk pairs of modems have.
const VENDOR_SPECIFIC: u8 = 0xff;

/// What one look found.
#[derive(Debug)]
pub struct Survey {
    /// Why USB cannot be looked at, where it cannot.
    pub no_usb: Option<Error>,
    pub devices: Vec<Device>,
    /// Modems that are not on USB.
    pub wwan: Vec<WwanDevice>,
}

/// A USB device.
#[derive(Debug)]
pub struct Device {
    pub plugged: Plugged,
    /// The other name of its socket.
    pub sibling: Option<Place>,
    /// The row of the table whose every condition is met.
    pub known: Option<Known>,
    /// Rows about its id that are not met, and what they lack.
    pub nearly: Vec<(&'static Row, Vec<String>)>,
    /// Profiles whose evidence it meets.
    pub fits: Vec<Fit>,
}

/// A profile whose evidence a device meets.
#[derive(Debug)]
pub struct Fit {
    pub profile: String,
    pub by: Recognised,
    /// Name and title of each plan that begins in that mode.
    pub plans: Vec<(String, String)>,
    /// The interface numbers of AT and DIAG.
    at: u8,
    diag: u8,
}

impl Device {
    /// The mode by its evidence, where there is one: a profile's word comes before the table's. Between the boot ROM and
    /// a programmer only the first bytes decide, and whoever reads HELLO takes it from the run that follows.
    pub fn mode(&self) -> Option<Mode> {
        let by_table = || match self.known.as_ref()?.row.state {
            State::Edl => Some(Mode::Edl),
            State::Dump => Some(Mode::Ramdump),
            State::Fastboot => Some(Mode::Fastboot),
            State::Running => Some(Mode::Normal),
            _ => None,
        };
        match self.fits.first() {
            Some(fit) => self
                .fits
                .iter()
                .all(|f| f.by.mode == fit.by.mode)
                .then_some(fit.by.mode),
            None => by_table(),
        }
    }

    /// Whether it is a modem for all that is known. A vendor alone makes one only where an interface could be one: the
    /// table's vendors make keyboards, too.
    pub fn is_modem(&self) -> bool {
        let speaks = || {
            let interfaces = &self.plugged.usb.interfaces;
            interfaces.iter().any(|i| i.class.0 == VENDOR_SPECIFIC)
        };
        match &self.known {
            _ if !self.fits.is_empty() => true,
            Some(known) if known.row.state == State::VendorGuess => {
                speaks() || !self.nearly.is_empty()
            }
            Some(_) => true,
            None => !self.nearly.is_empty(),
        }
    }

    /// What is spoken on an interface, where that is known.
    pub fn role(&self, interface: u8) -> Option<&'static str> {
        if self.mode() == Some(Mode::Normal)
            && let Some(fit) = self.fits.first()
        {
            if interface == fit.at {
                return Some("at");
            }
            if interface == fit.diag {
                return Some("diag");
            }
        }
        let known = self.known.as_ref()?;
        let ports = &known.row.ports;
        let guess = known.row.state == State::VendorGuess;
        let usb = &self.plugged.usb;
        if guess
            && !usb
                .interfaces
                .iter()
                .any(|i| i.number == interface && i.class.0 == VENDOR_SPECIFIC)
        {
            return None;
        }
        if ports.at.contains(&interface) {
            Some(if ports.at.len() == 1 { "at" } else { "at?" })
        } else if ports.diag == Some(interface) {
            Some(if guess { "diag?" } else { "diag" })
        } else if ports.nmea == Some(interface) {
            Some("nmea")
        } else {
            None
        }
    }
}

/// The built-in plans and their profiles, read once.
pub struct Plans {
    profiles: BTreeMap<String, Profile>,
    /// Name, title, profile and the modes in which it begins.
    plans: Vec<(String, String, String, Vec<Mode>)>,
}

impl Plans {
    pub fn built_in() -> Result<Self, Vec<Problem>> {
        let mut all = Self {
            profiles: BTreeMap::new(),
            plans: Vec::new(),
        };
        for entry in library::list() {
            match entry.kind {
                EntryKind::Profile => {
                    let (_, profile) = library::load_profile_file(&entry.name)?;
                    all.profiles.insert(profile.id.value.clone(), profile);
                }
                EntryKind::Plan => {
                    let (_, plan, _) = library::load_plan(&entry.name)?;
                    let starts = plan.starts_in.iter().map(|mode| mode.value).collect();
                    all.plans
                        .push((entry.name, plan.title, plan.modem.value.clone(), starts));
                }
                _ => {}
            }
        }
        Ok(all)
    }

    fn fits(&self, plugged: &Plugged) -> Vec<Fit> {
        let usb = &plugged.usb;
        let fit = |(id, profile): (&String, &Profile)| {
            let by = identity::recognise(usb, profile)?;
            let ports = identity::ports_of(usb, profile);
            let plans = self.plans.iter().filter(|(_, _, of, starts)| {
                // A programmer that runs looks like the boot ROM.
                let begins = |mode: &Mode| *mode == by.mode || mode.on_usb() == by.mode;
                of == id && starts.iter().any(begins)
            });
            let plans = plans
                .map(|(name, title, ..)| (name.clone(), title.clone()))
                .collect();
            Some(Fit {
                profile: id.clone(),
                plans,
                at: ports.at,
                diag: ports.diag,
                by,
            })
        };
        self.profiles.iter().filter_map(fit).collect()
    }
}

/// Looks once. With `Every::Device` what is no modem is listed as well.
pub fn survey(topology: &Topology, plans: &Plans, every: Every) -> Survey {
    let (all, no_usb) = match topology.list() {
        Ok(all) => (all, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let devices = all.into_iter().map(|plugged| Device {
        sibling: topology.sibling(&plugged.place),
        known: identity::known(&plugged.usb),
        nearly: identity::nearly(&plugged.usb),
        fits: plans.fits(&plugged),
        plugged,
    });
    Survey {
        no_usb,
        devices: devices
            .filter(|device| every == Every::Device || device.is_modem())
            .collect(),
        wwan: topology.wwan(),
    }
}

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    Modem,
    Device,
}
