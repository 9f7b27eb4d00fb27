//! Keeps the modem of one run to that run: a bus that locks whatever it sees before it is opened, and keeps ModemManager
//! away from it.

use super::Host;
use super::finding::Finding;
use super::lock::{Lock, Note, Refusal};
use super::modem_manager::Inhibitor;
use crate::modem::bus::Notice;
use crate::modem::ports::Target;
use crate::modem::{Bus, LookError, Role, Sighting};
use crate::transport::{Clock, Error, Transport};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the modem of a run is, as far as it is known before the first look.
#[derive(Debug, Clone)]
pub enum Place {
    /// Somewhere on USB, or at this path.
    Usb(Option<String>),
    Ports(BTreeMap<Role, Target>),
}

/// What a run holds on this computer until it ends.
#[derive(Clone)]
pub struct Keeper(Arc<Mutex<Held>>);

struct Held {
    host: Host,
    folders: Vec<Utf8PathBuf>,
    place: Place,
    note: Note,
    locks: BTreeMap<String, Lock>,
    arrival: Option<u64>,
    /// Port paths at which the modem was seen.
    seen: BTreeSet<String>,
    inhibitor: Inhibitor,
    /// What the run has not been told yet.
    notices: Vec<Notice>,
}

impl Keeper {
    /// Takes the locks on what is named already. `dbus` are the addresses of the system's bus.
    pub fn new(
        host: Host,
        folders: Vec<Utf8PathBuf>,
        place: Place,
        plan: &str,
        dbus: String,
    ) -> Result<Self, Refusal> {
        let mut held = Held {
            host,
            folders,
            place,
            note: Note {
                pid: std::process::id(),
                run: String::new(),
                plan: plan.to_owned(),
                since: jiff::Timestamp::now()
                    .strftime("%Y-%m-%dT%H:%M:%SZ")
                    .to_string(),
            },
            locks: BTreeMap::new(),
            arrival: None,
            seen: BTreeSet::new(),
            inhibitor: Inhibitor::new(dbus),
            notices: Vec::new(),
        };
        held.lock_named()?;
        Ok(Self(Arc::new(Mutex::new(held))))
    }

    /// Takes the locks on what is there now, before anything of it is opened.
    pub fn look(&self, bus: &mut dyn Bus) -> Result<(), Refusal> {
        // What cannot be seen cannot be locked; the run tells of it when it looks.
        let Ok(sighting) = bus.look() else {
            return Ok(());
        };
        self.held().seen(&sighting)
    }

    /// The bus, kept: what shows up on it later is locked as well.
    pub fn keep(&self, bus: Box<dyn Bus>) -> Box<dyn Bus> {
        Box::new(Kept {
            bus,
            keeper: self.clone(),
        })
    }

    /// Tells those who are refused which run it is.
    pub fn begins(&self, run: &str) {
        let mut held = self.held();
        run.clone_into(&mut held.note.run);
        let Held { locks, note, .. } = &mut *held;
        for lock in locks.values_mut() {
            lock.write(note);
        }
    }

    /// Port paths of the modem, as far as they are known.
    pub fn places(&self) -> Vec<String> {
        let held = self.held();
        let mut places: Vec<String> = held.seen.iter().cloned().collect();
        if let Place::Usb(Some(path)) = &held.place {
            places.push(path.clone());
        }
        places
    }

    /// What was found in the way of the run, for its journal.
    pub fn found(&self, findings: &[Finding]) {
        let notices = findings.iter().map(|finding| Notice {
            code: "host::obstacle",
            message: format!("{}: {}", finding.what, finding.why),
            cure: finding.cure.clone(),
        });
        self.held().notices.extend(notices);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn lock_named(&mut self) -> Result<(), Refusal> {
        match self.place.clone() {
            Place::Usb(None) => Ok(()),
            Place::Usb(Some(path)) => self.lock_usb(&path),
            Place::Ports(targets) => targets.values().try_for_each(|target| self.lock(target)),
        }
    }

    fn seen(&mut self, sighting: &Sighting) -> Result<(), Refusal> {
        let arrived = self.arrival != Some(sighting.arrival);
        if arrived {
            match &sighting.usb {
                Some(usb) => self.lock_usb(&usb.path)?,
                None => self.lock_named()?,
            }
            self.arrival = Some(sighting.arrival);
        }
        for place in self.places(sighting) {
            if let Some(device) = self.host.device(&place) {
                let notice = self.inhibitor.keep_away(device.as_str(), arrived);
                self.notices.extend(notice);
            }
            self.seen.insert(place);
        }
        Ok(())
    }

    /// The USB devices that are seen: one, or those of the ttys that were named.
    fn places(&self, sighting: &Sighting) -> BTreeSet<String> {
        match (&sighting.usb, &self.place) {
            (Some(usb), _) => BTreeSet::from([usb.path.clone()]),
            (None, Place::Usb(_)) => BTreeSet::new(),
            (None, Place::Ports(targets)) => targets
                .values()
                .filter_map(|target| self.host.place_of(target))
                .collect(),
        }
    }

    fn lock_usb(&mut self, path: &str) -> Result<(), Refusal> {
        let key = format!("usb-{}", self.host.socket(path));
        self.take(key, &format!("the modem at usb {path}"))
    }

    fn lock(&mut self, target: &Target) -> Result<(), Refusal> {
        let Target::Tty(path) = target else {
            return self.take(format!("tcp-{target}"), &format!("the port `{target}`"));
        };
        let what = format!("the port `{path}`");
        self.take(format!("tty-{}", named(path)), &what)?;
        // A link such as those of /dev/serial/by-id, or of a simulated modem, leads to another tty after each arrival.
        let Ok(tty) = path.canonicalize_utf8() else {
            return Ok(());
        };
        self.take(format!("tty-{tty}"), &what)?;
        match self.host.place_of_tty(&tty) {
            Some(place) => self.lock_usb(&place),
            None => Ok(()),
        }
    }

    fn take(&mut self, key: String, what: &str) -> Result<(), Refusal> {
        if !self.locks.contains_key(&key) {
            let lock = Lock::take(&self.folders, &key, what, &self.note)?;
            self.locks.insert(key, lock);
        }
        Ok(())
    }
}

/// A path as one name, whether it leads anywhere yet or not.
fn named(path: &Utf8Path) -> Utf8PathBuf {
    let name = path.file_name().unwrap_or_default();
    let folder = match path.parent() {
        Some(folder) if !folder.as_str().is_empty() => folder,
        _ => Utf8Path::new("."),
    };
    match folder.canonicalize_utf8() {
        Ok(folder) => folder.join(name),
        Err(_) => path.to_owned(),
    }
}

/// A bus whose modem is locked as soon as it is seen.
struct Kept {
    bus: Box<dyn Bus>,
    keeper: Keeper,
}

impl Bus for Kept {
    fn look(&mut self) -> Result<Sighting, LookError> {
        let sighting = self.bus.look()?;
        let locked = self.keeper.held().seen(&sighting);
        locked.map_err(|refusal| Error::Open(refusal.to_string()))?;
        Ok(sighting)
    }

    fn pause(&mut self, clock: &dyn Clock, time: Duration) {
        self.bus.pause(clock, time);
    }

    fn open(&mut self, role: Role) -> Result<Box<dyn Transport>, Error> {
        self.bus.open(role)
    }

    fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.keeper.held().notices)
    }

    fn asked(&mut self, step: &str) {
        self.bus.asked(step);
    }

    fn entered(&mut self, step: Option<&str>) {
        self.bus.entered(step);
    }

    fn is_simulated(&self) -> bool {
        self.bus.is_simulated()
    }
}
