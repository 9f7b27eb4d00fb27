//! ModemManager, kept away from the modem of a run.
//!
//! It opens every new tty and swallows HELLO (protocols.md §1 fact 4, linux-msm/qdl#19). `InhibitDevice` makes it close
//! the ports of one physical device until the caller leaves the bus, however it leaves. What its source says
//! (linux-mobile-broadband/ModemManager 9a2d586):
//!
//! - A device is named by the sysfs path of its USB device, unless a udev rule names it otherwise
//!   (src/kerneldevice/mm-kernel-device-udev.c, `kernel_device_get_physdev_uid`).
//! - Only a modem that it has finished probing can be inhibited: before that it answers `WrongState`, and `NotFound` for
//!   a device that it does not know, or was told to ignore (src/mm-device.c `mm_device_inhibit`, src/mm-base-manager.c).
//! - What is inhibited stays so when the modem leaves and comes back at the same place, not at another one.
//! - With polkit, its D-Bus policy lets only root call `InhibitDevice` (data/org.freedesktop.ModemManager1.conf.polkit).
//!
//! `tests/usb` runs Debian's own ModemManager against it, with udev, the system's bus and polkit.

use super::dbus::{Argument, Connection, Error};
use crate::modem::bus::Notice;
use std::collections::BTreeMap;

const NAME: &str = "org.freedesktop.ModemManager1";
const PATH: &str = "/org/freedesktop/ModemManager1";
/// Names of errors: include/ModemManager-errors.h, `MM_CORE_ERROR_DBUS_PREFIX`.
const ERRORS: &str = "org.freedesktop.ModemManager1.Error.Core.";
/// No modem has such a place, so asking for it changes nothing.
const NOWHERE: &str = "/unbrick/asks/whether/it/may";

/// What keeps ModemManager away where it cannot be asked to stay away.
pub(super) const STOP: &str = "sudo systemctl stop ModemManager";

/// Whether ModemManager is there, and whether it would let us have a modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Presence {
    Absent,
    Yields,
    /// With the reason.
    Insists(String),
    /// With the reason.
    NoBus(String),
}

/// Looks for ModemManager and asks whether this user may inhibit a modem.
pub(super) fn presence(addresses: &str) -> Presence {
    let mut connection = match Connection::open(addresses) {
        Ok(connection) => connection,
        Err(error) => return Presence::NoBus(error.to_string()),
    };
    match owner(&mut connection) {
        Ok(None) => Presence::Absent,
        Err(error) => Presence::NoBus(error.to_string()),
        Ok(Some(_)) => match inhibit(&mut connection, NOWHERE) {
            Ok(Answer::Refused(reason)) => Presence::Insists(reason),
            Ok(_) => Presence::Yields,
            Err(error) => Presence::Insists(error.to_string()),
        },
    }
}

/// Keeps ModemManager away from every place at which the modem was seen, for as long as this lives.
#[derive(Debug)]
pub(super) struct Inhibitor {
    addresses: String,
    bus: Bus,
    /// The ModemManager that was asked: another one knows nothing of it.
    owner: Option<String>,
    places: BTreeMap<String, Answer>,
}

#[derive(Debug)]
enum Bus {
    NotTried,
    Open(Connection),
    /// There is none, or it does not answer: it is not asked again.
    Lost,
}

impl Inhibitor {
    pub(super) fn new(addresses: String) -> Self {
        Self {
            addresses,
            bus: Bus::NotTried,
            owner: None,
            places: BTreeMap::new(),
        }
    }

    /// Asks for a place, again where ModemManager has not finished with the modem there. `arrived` is whether the modem
    /// has just come. Returns what a person should know.
    pub(super) fn keep_away(&mut self, place: &str, arrived: bool) -> Option<Notice> {
        match self.ask(place, arrived) {
            Ok(notice) => notice,
            Err(error) => {
                self.bus = Bus::Lost;
                Some(notice(place, &error.to_string()))
            }
        }
    }

    fn ask(&mut self, place: &str, arrived: bool) -> Result<Option<Notice>, Error> {
        if matches!(self.bus, Bus::NotTried) {
            // Without a bus there is nobody to ask, and nothing to tell: `doctor` looks for its process.
            self.bus = Connection::open(&self.addresses).map_or(Bus::Lost, Bus::Open);
        }
        let Bus::Open(connection) = &mut self.bus else {
            return Ok(None);
        };
        if arrived || self.owner.is_none() {
            let now = owner(connection)?;
            if now != self.owner {
                self.places.clear();
                self.owner = now;
            }
        }
        if self.owner.is_none() || self.places.get(place).is_some_and(Answer::is_final) {
            return Ok(None);
        }
        let answer = inhibit(connection, place)?;
        let notice = match &answer {
            Answer::Inhibited => Some(Notice {
                code: "host::modem-manager-away",
                message: format!("ModemManager is kept away from {place} until this run ends"),
                cure: None,
            }),
            Answer::Refused(reason) => Some(notice(place, reason)),
            Answer::NotYet | Answer::ByOthers => None,
        };
        self.places.insert(place.to_owned(), answer);
        Ok(notice)
    }
}

fn notice(place: &str, reason: &str) -> Notice {
    Notice {
        code: "host::modem-manager",
        message: format!("ModemManager runs and cannot be kept away from {place}: {reason}"),
        cure: Some(format!("run as root, or stop it meanwhile: {STOP}")),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Inhibited,
    /// Another program has done it already.
    ByOthers,
    /// It does not know the modem, or has not finished probing it.
    NotYet,
    Refused(String),
}

impl Answer {
    fn is_final(&self) -> bool {
        !matches!(self, Self::NotYet)
    }
}

/// The connection that is ModemManager, if one is.
fn owner(connection: &mut Connection) -> Result<Option<String>, Error> {
    match connection.ask_bus("GetNameOwner", &[Argument::Text(NAME)]) {
        Ok(owner) => Ok(owner),
        Err(Error::Answer { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn inhibit(connection: &mut Connection, place: &str) -> Result<Answer, Error> {
    let arguments = [Argument::Text(place), Argument::Flag(true)];
    match connection.call(NAME, PATH, NAME, "InhibitDevice", &arguments) {
        Ok(_) => Ok(Answer::Inhibited),
        Err(Error::Answer { name, text }) => Ok(match name.strip_prefix(ERRORS) {
            Some("NotFound" | "WrongState") => Answer::NotYet,
            Some("InProgress") => Answer::ByOthers,
            _ => Answer::Refused(format!("{name}: {text}")),
        }),
        Err(error) => Err(error),
    }
}
