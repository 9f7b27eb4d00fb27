//! The modem on this computer's USB: found by the profile's evidence, pinned by its port path.
//!
//! Once pinned, nothing that is plugged in elsewhere is ever taken for it: 05c6:9008 is one id for every vendor
//! (protocols.md §1 fact 3). Unverified on hardware; the byte paths above and below it are the ones that the simulated
//! modem exercises.

#[cfg(test)]
mod tests;

use super::identity::{UsbIdentity, mode_of, ports_of};
use super::sysfs::Plugged;
use super::topology::Topology;
use super::{Bus, LookError, Place, Role, Sighting};
use crate::plan::{Mode, Profile};
use crate::transport::usb::Arrivals;
use crate::transport::{self, Clock, Deadline, Error, Transport, serial};
use camino::Utf8PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a tty may take to be there and to be opened: the driver binds, and udev gives it its group, after the modem
/// can be seen.
const TTY: Duration = Duration::from_secs(2);
const TTY_PAUSE: Duration = Duration::from_millis(100);

/// One modem on USB.
pub struct UsbBus {
    profile: Arc<Profile>,
    topology: Topology,
    arrivals: Arrivals,
    pinned: Option<Pin>,
    last: Option<Plugged>,
    arrival: u64,
    clock: Arc<dyn Clock>,
}

/// The socket in which the modem is, under both of its names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pin {
    place: Place,
    sibling: Option<Place>,
}

impl Pin {
    fn is(&self, place: &Place) -> bool {
        self.place == *place || self.sibling.as_ref() == Some(place)
    }
}

impl UsbBus {
    /// Says at once where there is no USB at all.
    pub fn new(
        profile: Arc<Profile>,
        place: Option<Place>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let bus = Self::on(Topology::here(), Arrivals::listen(), profile, place, clock);
        bus.topology.list()?;
        Ok(bus)
    }

    fn on(
        topology: Topology,
        arrivals: Arrivals,
        profile: Arc<Profile>,
        place: Option<Place>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            profile,
            topology,
            arrivals,
            pinned: place.map(|place| Pin {
                place,
                sibling: None,
            }),
            last: None,
            arrival: 0,
            clock,
        }
    }

    /// Where the modem is pinned, as it was named or first seen.
    pub fn pinned(&self) -> Option<&Place> {
        self.pinned.as_ref().map(|pin| &pin.place)
    }

    /// What is at the pinned socket, and what fits elsewhere.
    fn find(&mut self) -> Result<Found, LookError> {
        let all = self.topology.list()?;
        if let Some(pin) = &mut self.pinned
            && pin.sibling.is_none()
        {
            // Known only while the hub is there, and kept after that.
            pin.sibling = self.topology.sibling(&pin.place);
        }
        let fits = |seen: &Plugged| mode_of(&seen.usb, &self.profile).is_some();
        let Some(pin) = &self.pinned else {
            return match &all.into_iter().filter(fits).collect::<Vec<_>>()[..] {
                [] => Ok(Found::default()),
                [only] => {
                    self.pinned = Some(Pin {
                        sibling: self.topology.sibling(&only.place),
                        place: only.place.clone(),
                    });
                    Ok(Found::here(only.clone()))
                }
                several => Err(LookError::Several(several.iter().map(tell_apart).collect())),
            };
        };
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|seen| pin.is(&seen.place));
        // A modem that moves to its other bus may be listed twice for a moment; hubs have two halves, and no modem is
        // one.
        let mut ours: Vec<Plugged> = here.iter().filter(|seen| fits(seen)).cloned().collect();
        let (one, strangers) = match (ours.pop(), ours.is_empty()) {
            (one, true) => (one, here),
            (_, false) => (None, Vec::new()),
        };
        let stranger = strangers.into_iter().find(|seen| !fits(seen));
        Ok(Found {
            elsewhere: (elsewhere.into_iter().filter(fits))
                .map(|seen| seen.usb)
                .collect(),
            here: one.or(stranger),
        })
    }

    /// The roles that can be opened.
    fn roles(&self, seen: &Plugged) -> Vec<Role> {
        match mode_of(&seen.usb, &self.profile) {
            None => Vec::new(),
            Some(Mode::Normal) => {
                // Without a tty nothing can be said to it: no driver has taken it yet, or none will.
                let ports = ports_of(&seen.usb, &self.profile);
                let has_tty = seen.tty(ports.at).or(seen.tty(ports.diag)).is_some();
                if has_tty {
                    vec![Role::At, Role::Diag]
                } else {
                    Vec::new()
                }
            }
            Some(Mode::Fastboot) => vec![Role::Fastboot],
            Some(_) => vec![Role::Edl],
        }
    }

    fn tty(&self, usb: &UsbIdentity, role: Role) -> Result<Utf8PathBuf, Error> {
        let ports = ports_of(usb, &self.profile);
        let interface = if role == Role::At {
            ports.at
        } else {
            ports.diag
        };
        let all = self.topology.list()?;
        let seen = all.iter().find(|seen| seen.usb.path == usb.path);
        let seen = seen.ok_or(Error::Gone)?;
        // By interface number, never by tty number: it shifts after re-enumeration (protocols.md §2.2).
        let tty = seen.tty(interface).map(ToOwned::to_owned);
        tty.ok_or_else(|| {
            let driver = (seen.attached.get(&interface)).and_then(|a| a.driver.as_deref());
            Error::Open(match driver {
                Some(driver) => format!(
                    "interface {interface} of {usb} has no tty, because the driver {driver} has taken it"
                ),
                None => format!("interface {interface} of {usb} has no tty: no driver has taken it"),
            })
        })
    }
}

/// What a look found.
#[derive(Default)]
struct Found {
    /// At the pinned socket; not always a modem.
    here: Option<Plugged>,
    /// Looks like the modem, and is not at its socket.
    elsewhere: Vec<UsbIdentity>,
}

impl Found {
    fn here(seen: Plugged) -> Self {
        Self {
            here: Some(seen),
            elsewhere: Vec::new(),
        }
    }
}

/// What tells a candidate from another.
fn tell_apart(seen: &Plugged) -> String {
    let mut words = vec![seen.usb.to_string()];
    words.extend(seen.usb.product_shown().map(|p| format!("product `{p}`")));
    let ttys: Vec<&str> = (seen.attached.values())
        .filter_map(|attached| Some(attached.tty.as_ref()?.as_str()))
        .collect();
    if !ttys.is_empty() {
        words.push(ttys.join(" "));
    }
    words.join(", ")
}

impl Bus for UsbBus {
    fn look(&mut self) -> Result<Sighting, LookError> {
        let found = self.find()?;
        // Its place and address tell one arrival from the next; drivers and ttys come later.
        let key = |seen: &Option<Plugged>| {
            let seen = seen.as_ref()?;
            Some((seen.place.clone(), seen.address, seen.usb.id()))
        };
        if key(&found.here) != key(&self.last) {
            self.arrival += 1;
        }
        self.last.clone_from(&found.here);
        Ok(Sighting {
            roles: found.here.as_ref().map_or_else(Vec::new, |s| self.roles(s)),
            usb: found.here.map(|seen| seen.usb),
            arrival: self.arrival,
            pinned: self.pinned().map(ToString::to_string),
            elsewhere: found.elsewhere,
        })
    }

    fn open(&mut self, role: Role) -> Result<Box<dyn Transport>, Error> {
        let Some(seen) = &self.last else {
            return Err(Error::Gone);
        };
        let usb = seen.usb.clone();
        if matches!(role, Role::Edl | Role::Fastboot) {
            // What took the modem's socket meanwhile is not opened for it.
            if !self.roles(seen).contains(&role) {
                return Err(Error::Gone);
            }
            return transport::usb::open(usb.vid, usb.pid, &usb.path, &*self.clock);
        }
        let until = Deadline::after(self.clock.now(), TTY);
        loop {
            let opened = self.tty(&usb, role).and_then(|tty| serial::open(&tty));
            match opened {
                Err(Error::Open(why)) if until.passed(self.clock.now()) => {
                    let tried = TTY.as_secs();
                    return Err(Error::Open(format!("{why} (tried for {tried} s)")));
                }
                Err(Error::Open(_)) => self.clock.sleep(TTY_PAUSE),
                other => return other,
            }
        }
    }

    fn pause(&mut self, clock: &dyn Clock, time: Duration) {
        self.arrivals.wait(clock, time);
    }
}
