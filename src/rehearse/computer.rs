//! The computer that a rehearsed run is on, and what goes wrong with it: the disk, the program itself, the person at
//! the keyboard, a file that somebody swaps.
//!
//! The simulated modem only tells the moment, by its count of operations. Everything else happens on this side of the
//! wire.

use super::simulation::lock;
use crate::engine::Listener;
use crate::event::Event;
use crate::files::{self, Disk, Root, Trouble};
use crate::modem::{Bus, LookError, Role, Sighting};
use crate::plan::{Fault, FaultKind, Value, Values};
use crate::sim::{Modem, SimBus};
use crate::transport::{Clock, Error, Interrupt, Transport};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longest file that is swapped: those of a rehearsal are small.
const MAX_SWAPPED: u64 = 256 * 1024 * 1024;

/// The computer of one case. Clones are the same computer.
#[derive(Clone)]
pub(super) struct Computer(Arc<Inside>);

struct Inside {
    modem: Arc<Mutex<Modem>>,
    /// What goes wrong here, by its place in the modem's list of faults.
    faults: BTreeMap<usize, Wrong>,
    values: Values,
    disk: Disk,
    interrupt: Interrupt,
    struck: Mutex<BTreeSet<usize>>,
}

struct Wrong {
    kind: FaultKind,
    value: Option<String>,
}

/// What a killed run ends with instead of a result.
pub(super) struct Killed;

impl Computer {
    /// `faults` are all of the modem's, in its order.
    pub(super) fn new(modem: &Arc<Mutex<Modem>>, faults: &[Fault], values: &Values) -> Self {
        let faults = faults.iter().enumerate();
        let faults = faults.filter(|(_, fault)| fault.kind.value.is_of_the_host());
        let wrong = |fault: &Fault| Wrong {
            kind: fault.kind.value,
            value: fault.value.as_ref().map(|value| value.value.clone()),
        };
        Self(Arc::new(Inside {
            modem: Arc::clone(modem),
            faults: faults.map(|(place, fault)| (place, wrong(fault))).collect(),
            values: values.clone(),
            disk: Disk::default(),
            interrupt: Interrupt::default(),
            struck: Mutex::default(),
        }))
    }

    pub(super) fn disk(&self) -> Disk {
        self.0.disk.clone()
    }

    pub(super) fn interrupt(&self) -> Interrupt {
        self.0.interrupt.clone()
    }

    /// The bus of a modem, seen from this computer.
    pub(super) fn bus(&self, bus: SimBus) -> Box<dyn Bus> {
        Box::new(Watched {
            inner: bus,
            computer: self.clone(),
        })
    }

    /// The disk takes everything again, and nobody wishes to stop. A file that was swapped stays so.
    pub(super) fn mend(&self) {
        self.0.disk.set(None);
        self.0.interrupt.clear();
    }

    /// Places of the faults that have struck here.
    pub(super) fn struck(&self) -> BTreeSet<usize> {
        self.marks().clone()
    }

    fn marks(&self) -> MutexGuard<'_, BTreeSet<usize>> {
        self.0.struck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets strike what has come due.
    fn live(&self) {
        let due = lock(&self.0.modem).take_faults_of_the_host();
        let found = due
            .iter()
            .filter_map(|place| Some((place, self.0.faults.get(place)?)));
        for (place, wrong) in found {
            let interrupt = &self.0.interrupt;
            match wrong.kind {
                FaultKind::DiskFull => self.0.disk.set(Some(Trouble::Full)),
                FaultKind::IoError => self.0.disk.set(Some(Trouble::Broken)),
                FaultKind::Interrupt => {
                    interrupt.wish();
                }
                FaultKind::InterruptTwice => {
                    interrupt.wish();
                    interrupt.wish();
                }
                FaultKind::FileSwapped if !self.swaps_input(wrong) => continue,
                FaultKind::Killed => {
                    self.marks().insert(*place);
                    // No call of the engine returns any more, as none does in a killed process: whatever it would have
                    // sent or written next, it does not.
                    resume_unwind(Box::new(Killed));
                }
                _ => {}
            }
            self.marks().insert(*place);
        }
    }

    fn swaps_input(&self, wrong: &Wrong) -> bool {
        let value = wrong
            .value
            .as_ref()
            .and_then(|name| self.0.values.get(name));
        match value {
            Some(Value::File(path)) => swap(path).is_ok(),
            Some(Value::Folder(path)) => largest(path)
                .ok()
                .flatten()
                .is_some_and(|file| swap(&file).is_ok()),
            _ => false,
        }
    }
}

impl Listener for Computer {
    /// A backup has been made: from its end to the question of its guard the modem is asked nothing, so this moment has
    /// a name of its own.
    fn hear(&mut self, event: &Event) {
        let Event::Backup { step, files, .. } = event else {
            return;
        };
        for (place, wrong) in &self.0.faults {
            let meant = wrong.kind == FaultKind::FileSwapped && wrong.value.as_ref() == Some(step);
            let file = files.iter().max_by_key(|file| file.bytes);
            if meant && file.is_some_and(|file| swap(Utf8Path::new(&file.path)).is_ok()) {
                self.marks().insert(*place);
            }
        }
    }
}

/// Puts another file of the same length under the same name.
fn swap(path: &Utf8Path) -> Result<(), files::Error> {
    let mut bytes = files::read_capped(path, MAX_SWAPPED)?.unwrap_or_default();
    match bytes.last_mut() {
        Some(last) => *last ^= 0xff,
        None => bytes.push(0),
    }
    let folder = Root::open(path.parent().unwrap_or(Utf8Path::new("")))?;
    let name = Utf8Path::new(path.file_name().unwrap_or_default());
    folder.remove_file(name)?;
    files::write_new(&folder, name, &bytes)
}

/// The largest file below a folder, the first by name where there are several.
fn largest(folder: &Utf8Path) -> Result<Option<Utf8PathBuf>, files::Error> {
    let root = Root::open(folder)?;
    let mut found: Option<(u64, Utf8PathBuf)> = None;
    let mut waiting = vec![Utf8PathBuf::new()];
    while let Some(inner) = waiting.pop() {
        for name in root.names(&inner)? {
            let path = inner.join(name);
            if root.is_folder(&path) {
                waiting.push(path);
                continue;
            }
            let bytes = root.read(&path)?.metadata().map_or(0, |found| found.len());
            let is_larger = found
                .as_ref()
                .is_none_or(|(most, first)| (bytes, first) > (*most, &path));
            if is_larger {
                found = Some((bytes, path));
            }
        }
    }
    Ok(found.map(|(_, path)| folder.join(path)))
}

/// A bus whose every use lets the computer live on.
struct Watched {
    inner: SimBus,
    computer: Computer,
}

impl Bus for Watched {
    fn look(&mut self) -> Result<Sighting, LookError> {
        self.computer.live();
        self.inner.look()
    }

    fn open(&mut self, role: Role) -> Result<Box<dyn Transport>, Error> {
        let inner = self.inner.open(role)?;
        self.computer.live();
        Ok(Box::new(Wire {
            inner,
            computer: self.computer.clone(),
        }))
    }

    fn pause(&mut self, clock: &dyn Clock, time: Duration) {
        self.inner.pause(clock, time);
        self.computer.live();
    }

    fn asked(&mut self, step: &str) {
        self.inner.asked(step);
    }

    fn entered(&mut self, step: Option<&str>) {
        self.inner.entered(step);
    }

    fn is_simulated(&self) -> bool {
        self.inner.is_simulated()
    }
}

struct Wire {
    inner: Box<dyn Transport>,
    computer: Computer,
}

impl Transport for Wire {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        let read = self.inner.read(buffer, timeout);
        self.computer.live();
        read
    }

    fn write(&mut self, bytes: &[u8], timeout: Duration) -> Result<usize, Error> {
        let written = self.inner.write(bytes, timeout);
        self.computer.live();
        written
    }

    fn end_transfer(&mut self, timeout: Duration) -> Result<(), Error> {
        self.inner.end_transfer(timeout)
    }

    fn name(&self) -> String {
        self.inner.name()
    }
}
