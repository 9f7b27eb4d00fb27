//! Ports of the kernel's WWAN framework: modems on PCI Express have no ttys, but `/dev/wwan0at0` and the like
//! (protocols.md §2.2; kernel: `drivers/net/wwan/wwan_core.c` names the ports and their types).

use super::Sysfs;
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
    /// Every modem with WWAN ports, by name.
    pub fn wwan(&self) -> Vec<WwanDevice> {
        let class = Utf8Path::new(CLASS);
        let mut devices: BTreeMap<String, WwanDevice> = BTreeMap::new();
        for name in self.names(class) {
            let Some((device, suffix)) = split(&name) else {
                continue;
            };
            let found = devices
                .entry(device.to_owned())
                .or_insert_with(|| WwanDevice {
                    name: device.to_owned(),
                    pci: self.pci(&class.join(&name)),
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

    /// The nearest device above that has PCI ids.
    fn pci(&self, path: &Utf8Path) -> Option<(String, u16, u16)> {
        let real = self.root.real(path).ok()?;
        real.ancestors().find_map(|above| {
            let hex = |name| {
                let text = self.text(&above.join(name))?;
                u16::from_str_radix(text.strip_prefix("0x")?, 16).ok()
            };
            let ids = (hex("vendor")?, hex("device")?);
            Some((above.file_name()?.to_owned(), ids.0, ids.1))
        })
    }
}

/// `wwan0at1` is port `at1` of `wwan0`.
fn split(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix("wwan")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| name.split_at("wwan".len() + digits))
}
