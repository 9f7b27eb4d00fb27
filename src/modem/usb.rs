//! The modem on this computer's USB: found by the profile's evidence, pinned by its port path.
//!
//! Unverified on hardware; the byte paths above and below it are the ones that the simulated modem exercises.

use super::identity::{Interface, UsbIdentity, mode_of, ports_of};
use super::{Bus, Role, Sighting};
use crate::plan::{Mode, Profile};
use crate::transport::{Clock, Error, Transport, serial, usb};
use std::sync::Arc;

/// One modem on USB.
pub struct UsbBus {
    profile: Arc<Profile>,
    /// The path that a person or the first sighting named, without its bus: EDL comes back on the other bus of the
    /// same physical port (RM500Q, measured: protocols.md §3).
    pinned: Option<String>,
    /// The device's address tells one arrival from the next.
    last: Option<(u8, UsbIdentity)>,
    arrival: u64,
    clock: Arc<dyn Clock>,
}

impl UsbBus {
    pub fn new(
        profile: Arc<Profile>,
        path: Option<String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        // Says at once where there is no USB at all.
        usb::list()?;
        Ok(Self {
            profile,
            pinned: path.map(|path| ports(&path).to_owned()),
            last: None,
            arrival: 0,
            clock,
        })
    }

    fn find(&mut self) -> Result<Option<(u8, UsbIdentity)>, Error> {
        let mut found: Vec<(u8, UsbIdentity)> = usb::list()?
            .into_iter()
            .map(|seen| (seen.address, identity(seen)))
            .filter(|(_, usb)| mode_of(usb, &self.profile).is_some())
            .filter(|(_, usb)| {
                self.pinned
                    .as_ref()
                    .is_none_or(|pinned| ports(&usb.path) == pinned)
            })
            .collect();
        if found.len() > 1 {
            let places: Vec<String> = found.iter().map(|(_, usb)| usb.to_string()).collect();
            return Err(Error::Open(format!(
                "more than one modem is attached: {}; name one with `--usb PATH`",
                places.join(", ")
            )));
        }
        Ok(found.pop())
    }
}

impl Bus for UsbBus {
    fn look(&mut self) -> Result<Sighting, Error> {
        let found = self.find()?;
        if found != self.last {
            self.arrival += 1;
            self.last.clone_from(&found);
        }
        let Some((_, usb)) = found else {
            return Ok(Sighting {
                arrival: self.arrival,
                ..Sighting::default()
            });
        };
        self.pinned
            .get_or_insert_with(|| ports(&usb.path).to_owned());
        let roles = match mode_of(&usb, &self.profile) {
            Some(Mode::Normal) => vec![Role::At, Role::Diag],
            Some(_) => vec![Role::Edl],
            None => Vec::new(),
        };
        Ok(Sighting {
            usb: Some(usb),
            roles,
            arrival: self.arrival,
        })
    }

    fn open(&mut self, role: Role) -> Result<Box<dyn Transport>, Error> {
        let Some((_, usb)) = self.last.clone() else {
            return Err(Error::Gone);
        };
        let interface = match role {
            Role::Edl => return usb::open(usb.vid, usb.pid, &usb.path, &*self.clock),
            Role::At => ports_of(&usb, &self.profile).at,
            Role::Diag => ports_of(&usb, &self.profile).diag,
        };
        // By interface number, never by tty number: it shifts after re-enumeration (protocols.md §2.2).
        let tty = serial::of_interface(&usb.path, interface)?;
        serial::open(&tty)
    }
}

fn identity(seen: usb::Descriptors) -> UsbIdentity {
    UsbIdentity {
        vid: seen.vid,
        pid: seen.pid,
        bcd: seen.bcd,
        product: seen.product,
        interfaces: (seen.interfaces.into_iter())
            .map(|(number, class, bulk)| Interface {
                number,
                class,
                bulk,
            })
            .collect(),
        path: seen.path,
    }
}

/// The ports of a path without its bus: `2.3` of `1-2.3`.
fn ports(path: &str) -> &str {
    path.split_once('-').map_or(path, |(_, ports)| ports)
}

#[cfg(test)]
mod tests {
    use super::ports;

    #[test]
    fn a_modem_is_the_same_on_the_other_bus_of_its_port() {
        assert_eq!(ports("1-2.3"), ports("2-2.3"));
        assert_ne!(ports("1-2.3"), ports("1-2.4"));
    }
}
