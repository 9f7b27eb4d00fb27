//! What is plugged into this computer: by `/sys` where there is one, else by libusb.

use super::Place;
use super::identity::{Interface, UsbIdentity};
use super::sysfs::{Plugged, Sysfs, WwanDevice};
use crate::files;
use crate::transport::{Error, usb};
use camino::Utf8Path;
use std::collections::BTreeMap;

/// Where devices are listed.
pub enum Topology {
    /// Names, drivers, ttys and siblings are known, and no device is opened to list it.
    Sysfs(Sysfs),
    /// Descriptors alone.
    Libusb,
}

impl Topology {
    /// Of this computer.
    pub fn here() -> Self {
        Sysfs::here().map_or(Self::Libusb, Self::Sysfs)
    }

    /// A tree like `/sys`.
    pub fn beneath(root: &Utf8Path) -> Result<Self, files::Error> {
        Ok(Self::Sysfs(Sysfs::beneath(root)?))
    }

    /// Every device that is plugged in, by place.
    pub fn list(&self) -> Result<Vec<Plugged>, Error> {
        match self {
            Self::Sysfs(sysfs) if sysfs.has_usb() => Ok(sysfs.usb()),
            Self::Sysfs(_) => Err(Error::NoUsb),
            Self::Libusb => {
                let mut all: Vec<Plugged> = usb::list()?.into_iter().filter_map(plugged).collect();
                all.sort_by(|a, b| a.place.cmp(&b.place));
                Ok(all)
            }
        }
    }

    /// The other name of a socket.
    pub fn sibling(&self, place: &Place) -> Option<Place> {
        match self {
            Self::Sysfs(sysfs) => sysfs.sibling(place),
            // Which buses belong together is not known.
            Self::Libusb => None,
        }
    }

    /// Modems with WWAN ports that are not on USB: those on PCI Express, mostly.
    pub fn wwan(&self) -> Vec<WwanDevice> {
        match self {
            Self::Sysfs(sysfs) => sysfs.wwan(),
            Self::Libusb => Vec::new(),
        }
    }
}

fn plugged(seen: usb::Descriptors) -> Option<Plugged> {
    // A root hub has no ports above it, and is no modem.
    let place = Place::parse(&seen.path)?;
    let interfaces = seen.interfaces.into_iter();
    Some(Plugged {
        usb: UsbIdentity {
            vid: seen.vid,
            pid: seen.pid,
            bcd: seen.bcd,
            product: seen.product,
            interfaces: interfaces
                .map(|(number, class, bulk)| Interface {
                    number,
                    class,
                    bulk,
                })
                .collect(),
            path: seen.path,
        },
        place,
        address: seen.address,
        speed: None,
        attached: BTreeMap::new(),
    })
}
