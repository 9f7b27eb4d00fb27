//! What Linux tells of USB and of PCI modems in `/sys`, without opening a device: descriptors, drivers, ttys, ports and
//! their siblings. The root can be another folder, so that all of it is tested on made trees.

mod descriptors;
#[cfg(test)]
pub(crate) mod fixture;
mod siblings;
#[cfg(test)]
mod tests;
mod wwan;

pub use wwan::{WwanDevice, WwanPort};

use super::Place;
use super::identity::UsbIdentity;
use crate::files::{Error, Root};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::io::Read as _;

/// Where Linux keeps it.
const HERE: &str = "/sys";
const DEVICES: &str = "bus/usb/devices";
/// Longest file that is read; descriptors of 65,535 bytes are the most that USB allows for one configuration.
const MOST: u64 = 256 * 1024;

/// A tree like `/sys`.
#[derive(Debug)]
pub struct Sysfs {
    root: Root,
}

/// A USB device that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugged {
    pub usb: UsbIdentity,
    pub place: Place,
    /// Another one after it left and came back.
    pub address: u8,
    /// Megabits per second, in the kernel's words.
    pub speed: Option<String>,
    /// What the host has made of each interface, by its number.
    pub attached: BTreeMap<u8, Attached>,
}

/// What the host has made of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attached {
    pub driver: Option<String>,
    pub tty: Option<Utf8PathBuf>,
    /// Network interfaces, control nodes and WWAN ports: `wwan0`, `cdc-wdm0`, `wwan0qmi0`.
    pub others: Vec<String>,
}

impl Plugged {
    /// The tty of an interface; never chosen by tty number, which shifts after re-enumeration (protocols.md §2.2).
    pub fn tty(&self, interface: u8) -> Option<&Utf8Path> {
        self.attached.get(&interface)?.tty.as_deref()
    }
}

impl Sysfs {
    /// This computer's; `None` where there is none, or one that knows neither of USB nor of WWAN ports.
    pub fn here() -> Option<Self> {
        let sysfs = Self::beneath(Utf8Path::new(HERE)).ok()?;
        (sysfs.has_usb() || sysfs.has_wwan()).then_some(sysfs)
    }

    pub fn beneath(root: &Utf8Path) -> Result<Self, Error> {
        Ok(Self {
            root: Root::open(root)?,
        })
    }

    /// Whether the kernel has USB at all.
    pub fn has_usb(&self) -> bool {
        self.root.is_folder(Utf8Path::new(DEVICES))
    }

    /// Every device but the root hubs, by place. One that leaves while it is looked at is not there.
    pub fn usb(&self) -> Vec<Plugged> {
        let names = self.names(Utf8Path::new(DEVICES));
        let mut all: Vec<Plugged> = names
            .iter()
            .filter_map(|name| self.device(&Place::parse(name)?))
            .collect();
        all.sort_by(|a, b| a.place.cmp(&b.place));
        all
    }

    fn device(&self, place: &Place) -> Option<Plugged> {
        let folder = Utf8Path::new(DEVICES).join(place.to_string());
        let text = |name: &str| self.text(&folder.join(name));
        let active = text("bConfigurationValue").and_then(|value| value.parse().ok());
        let raw = self.bytes(&folder.join("descriptors"))?;
        let parsed = descriptors::parse(&raw, active)?;
        let attached = (parsed.interfaces.iter())
            .map(|interface| (interface.number, self.attached(place, interface.number)))
            .collect();
        Some(Plugged {
            usb: UsbIdentity {
                vid: parsed.vid,
                pid: parsed.pid,
                bcd: parsed.bcd,
                product: text("product"),
                interfaces: parsed.interfaces,
                path: place.to_string(),
            },
            place: place.clone(),
            address: text("devnum")?.parse().ok()?,
            speed: text("speed"),
            attached,
        })
    }

    /// The kernel names an interface `1-2.3:1.0`: place, configuration, number.
    fn attached(&self, place: &Place, number: u8) -> Attached {
        let devices = Utf8Path::new(DEVICES);
        let prefix = format!("{place}:");
        let suffix = format!(".{number}");
        let names = self.names(devices);
        let name = names.iter().find(|name| {
            name.strip_prefix(&prefix)
                .is_some_and(|rest| rest.ends_with(&suffix))
        });
        let Some(folder) = name.map(|name| devices.join(name)) else {
            return Attached::default();
        };
        let entries = self.names(&folder);
        // usb-serial puts `ttyUSB2` right below the interface, cdc-acm puts `tty/ttyACM0` there.
        let usb_serial = entries
            .iter()
            .find(|name| name.starts_with("ttyUSB"))
            .cloned();
        let tty = usb_serial.or_else(|| self.names(&folder.join("tty")).into_iter().next());
        let others = ["net", "usbmisc"].into_iter();
        Attached {
            driver: self.last_of_link(&folder.join("driver")),
            tty: tty.map(|tty| Utf8Path::new("/dev").join(tty)),
            others: others
                .flat_map(|kind| self.names(&folder.join(kind)))
                .chain(self.wwan_ports(&folder))
                .collect(),
        }
    }

    fn last_of_link(&self, path: &Utf8Path) -> Option<String> {
        let target = self.root.target(path).ok()?;
        target.file_name().map(str::to_owned)
    }

    fn names(&self, folder: &Utf8Path) -> Vec<String> {
        self.root.names(folder).unwrap_or_default()
    }

    fn bytes(&self, path: &Utf8Path) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = self.root.read(path).ok()?;
        file.take(MOST).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// A line of text; `None` where it is empty.
    fn text(&self, path: &Utf8Path) -> Option<String> {
        let text = String::from_utf8_lossy(&self.bytes(path)?)
            .trim()
            .to_owned();
        (!text.is_empty()).then_some(text)
    }
}
