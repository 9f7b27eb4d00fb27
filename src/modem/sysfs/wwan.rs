//! Ports of the kernel's WWAN framework: modems on PCI Express have no ttys, but `/dev/wwan0at0` and the like
//! (protocols.md §2.2; kernel: `drivers/net/wwan/wwan_core.c` names the ports and their types).
//!
//! Modems on USB have such ports, too (kernel: `drivers/usb/class/cdc-wdm.c`, `wdm_wwan_init`). They are shown with their
//! interface, and never as modems of their own.

use super::{Place, Sysfs};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;

const CLASS: &str = "class/wwan";

/// A modem with WWAN ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WwanDevice {
    /// Such as `wwan0`.
    pub name: String,
    /// PCI address and vendor and device id; `None` where it hangs on something else.
    pub pci: Option<(String, u16, u16)>,
    pub ports: Vec<WwanPort>,
}

/// One of its ports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WwanPort {
    pub node: Utf8PathBuf,
    /// `AT`, `QCDM`, `FIREHOSE`, `MBIM`, `QMI`, in the kernel's words.
    pub kind: String,
}

impl Sysfs {
    /// Whether the kernel has the framework at all.
    pub(super) fn has_wwan(&self) -> bool {
        self.root.is_folder(Utf8Path::new(CLASS))
    }

    /// Every modem with WWAN ports that is not on USB, by name.
    pub fn wwan(&self) -> Vec<WwanDevice> {
        let class = Utf8Path::new(CLASS);
        let mut devices: BTreeMap<String, WwanDevice> = BTreeMap::new();
        for name in self.names(class) {
            let Some((device, suffix)) = split(&name) else {
                continue;
            };
            let pci = match self.above(&class.join(&name)) {
                Above::Usb => continue,
                Above::Pci(address, vendor, id) => Some((address, vendor, id)),
                Above::Other => None,
            };
            let found = devices
                .entry(device.to_owned())
                .or_insert_with(|| WwanDevice {
                    name: device.to_owned(),
                    pci,
                    ports: Vec::new(),
                });
            if !suffix.is_empty() {
                // Older kernels have no file `type`; the name says it as well.
                let kind = self.text(&class.join(&name).join("type"));
                let word = || suffix.trim_end_matches(|c: char| c.is_ascii_digit());
                found.ports.push(WwanPort {
                    node: Utf8Path::new("/dev").join(&name),
                    kind: kind.unwrap_or_else(|| word().to_uppercase()),
                });
            }
        }
        devices.into_values().collect()
    }

    /// Nodes of the ports that an interface of a USB device has.
    pub(super) fn wwan_ports(&self, interface: &Utf8Path) -> Vec<String> {
        let folder = interface.join("wwan");
        let devices = self.names(&folder).into_iter();
        let ports = devices.flat_map(|device| {
            let names = self.names(&folder.join(&device)).into_iter();
            names.filter(move |name| {
                split(name).is_some_and(|(of, suffix)| of == device && !suffix.is_empty())
            })
        });
        ports.collect()
    }

    /// What it hangs on: the nearest device above that tells. A USB device hangs on PCI itself, by its host controller.
    fn above(&self, path: &Utf8Path) -> Above {
        let real = self.root.real(path).unwrap_or_default();
        let told = real.ancestors().skip(1).find_map(|above| {
            let name = above.file_name()?;
            if Place::parse(name).is_some() && self.root.is_file(&above.join("descriptors")) {
                return Some(Above::Usb);
            }
            let hex = |name| {
                let text = self.text(&above.join(name))?;
                u16::from_str_radix(text.strip_prefix("0x")?, 16).ok()
            };
            Some(Above::Pci(name.to_owned(), hex("vendor")?, hex("device")?))
        });
        told.unwrap_or(Above::Other)
    }
}

/// What a modem hangs on.
enum Above {
    /// With its address, and its vendor and device id.
    Pci(String, u16, u16),
    Usb,
    Other,
}

/// `wwan0at1` is port `at1` of `wwan0`.
fn split(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix("wwan")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| name.split_at("wwan".len() + digits))
}
