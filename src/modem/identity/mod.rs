//! What a modem shows of itself on USB, and which mode that is evidence of.
//!
//! VID:PID alone misclassifies a dead modem (quectel.md §1): the number of interfaces, the interface protocol, the
//! product string and bcdDevice decide, as the profile says. Every decision carries the facts that it rests on.

mod rule;
mod table;
#[cfg(test)]
mod tests;

pub use rule::is_rndis;
pub use table::{Ports, Row, State, on_pci};

use crate::plan::{Evidence, Mode, PortMap, Profile};
use regex::Regex;
use rule::{ClassWord, Demand, ProductId};
use std::fmt;
use std::sync::LazyLock;

/// Class, subclass and protocol of an interface.
pub type Class = (u8, u8, u8);

/// Descriptors of a modem on USB, as far as they tell modes apart (protocols.md §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbIdentity {
    pub vid: u16,
    pub pid: u16,
    /// bcdDevice.
    pub bcd: u16,
    pub product: Option<String>,
    /// By interface number.
    pub interfaces: Vec<Interface>,
    /// Bus and ports, such as `1-2.3`.
    pub path: String,
}

/// An interface of a USB device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interface {
    pub number: u8,
    pub class: Class,
    /// Addresses of its bulk endpoints, in and out, where it has exactly one of each.
    pub bulk: Option<(u8, u8)>,
}

impl Interface {
    pub fn new(number: u8, class: Class) -> Self {
        Self {
            number,
            class,
            bulk: None,
        }
    }

    #[must_use]
    pub fn with_bulk(mut self, input: u8, output: u8) -> Self {
        self.bulk = Some((input, output));
        self
    }

    /// `ff/ff/10`.
    pub fn class_word(&self) -> String {
        ClassWord(self.class).to_string()
    }
}

impl fmt::Display for UsbIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let interfaces = rule::interfaces(self.interfaces.len());
        let (vid, pid) = (self.vid, self.pid);
        write!(f, "{vid:04x}:{pid:04x} with {interfaces} at {}", self.path)
    }
}

impl UsbIdentity {
    /// `2c7c:0800`.
    pub fn id(&self) -> String {
        format!("{:04x}:{:04x}", self.vid, self.pid)
    }

    /// The product string without the chip's serial number, which is an identity, and without control characters.
    pub fn product_shown(&self) -> Option<String> {
        let product = self.product.as_ref()?;
        let plain: String = product.chars().filter(|c| !c.is_control()).collect();
        Some(match &*SERIAL {
            Some(serial) => serial.replace_all(&plain, "SN:…").into_owned(),
            None => "…".to_owned(),
        })
    }

    /// The chip, where the product string tells its serial number: newer boot ROMs and dumps do, 9x07 does not
    /// (protocols.md §3).
    pub fn chip(&self) -> Option<Chip> {
        let serial = SERIAL.as_ref()?.captures(self.product.as_ref()?)?;
        let serial = serial.get(1)?.as_str().to_ascii_lowercase();
        let told_by = format!("{} {}", self.id(), self.product_shown()?);
        // Zeros are no number of anything.
        (serial.len() >= 8 && serial.bytes().any(|digit| digit != b'0'))
            .then_some(Chip { told_by, serial })
    }

    /// No interface has the number 0: what an RM530N with broken firmware shows (QF#56850).
    pub fn is_malformed(&self) -> bool {
        !self.interfaces.iter().any(|i| i.number == 0)
    }

    /// Why Qualcomm's commands must never be sent to it, where the table says so.
    pub fn is_not_qualcomm(&self) -> Option<Known> {
        known(self).filter(|known| known.row.state == State::NotQualcomm)
    }
}

/// Behind `SN:` stands the serial number of the chip (protocols.md §3).
static SERIAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("SN:([0-9A-Fa-f]+)").ok());

/// One chip, by its serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// In whose words. That a dump and a boot ROM tell the same number is unverified, so numbers are compared only where
    /// the same words told them.
    pub told_by: String,
    pub serial: String,
}

/// A mode, and the facts that a profile's evidence rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    pub mode: Mode,
    /// The facts that met the demands of the evidence, in words.
    pub facts: Vec<String>,
    /// Those that say more than VID:PID and the number of interfaces.
    pub further: Vec<String>,
}

impl Recognised {
    /// Why, for people: the identity and what decided beyond it.
    pub fn evidence(&self, usb: &UsbIdentity) -> String {
        let mut words = vec![usb.to_string()];
        words.extend(self.further.iter().cloned());
        words.join(", ")
    }
}

/// What the profile's evidence says, the most specific first; `None` for a modem that is none of it.
pub fn recognise(usb: &UsbIdentity, profile: &Profile) -> Option<Recognised> {
    profile
        .modes
        .iter()
        .flat_map(|(mode, all)| all.iter().map(move |evidence| (*mode, evidence)))
        .filter_map(|(mode, evidence)| {
            let demands = demands(evidence)?;
            let facts: Vec<String> = demands.iter().map(|d| d.met(usb)).collect::<Option<_>>()?;
            let weight: u32 = demands.iter().map(Demand::weight).sum();
            let further = demands.iter().zip(&facts);
            let further = further.filter(|(demand, _)| !demand.is_told_by_every_identity());
            let further = further.map(|(_, fact)| fact.clone()).collect();
            Some((
                weight,
                Recognised {
                    mode,
                    facts,
                    further,
                },
            ))
        })
        .max_by_key(|(weight, _)| *weight)
        .map(|(_, recognised)| recognised)
}

/// The mode that the profile's evidence names.
pub fn mode_of(usb: &UsbIdentity, profile: &Profile) -> Option<Mode> {
    recognise(usb, profile).map(|recognised| recognised.mode)
}

/// The interface numbers of the ports in the composition that the modem shows.
pub fn ports_of(usb: &UsbIdentity, profile: &Profile) -> PortMap {
    match profile.ports.rndis {
        Some(rndis) if is_rndis(usb) => rndis,
        _ => profile.ports.usual,
    }
}

/// What the table of known ids says of a device.
#[derive(Debug, Clone)]
pub struct Known {
    pub row: &'static Row,
    pub facts: Vec<String>,
}

/// The most specific row whose every condition is met.
pub fn known(usb: &UsbIdentity) -> Option<Known> {
    let mut rows = table::about(usb.vid, usb.pid).into_iter();
    rows.find_map(|row| {
        let facts = row.facts(usb)?;
        Some(Known { row, facts })
    })
}

/// Rows about exactly this id whose conditions are not met, and what they lack.
pub fn nearly(usb: &UsbIdentity) -> Vec<(&'static Row, Vec<String>)> {
    table::about(usb.vid, usb.pid)
        .into_iter()
        .map(|row| (row, row.lacks(usb)))
        .filter(|(row, lacks)| !lacks.is_empty() && row.state != State::VendorGuess)
        .collect()
}

/// `None` where the evidence cannot be read; the rules of profiles refuse such.
fn demands(evidence: &Evidence) -> Option<Vec<Demand>> {
    let (vid, pid) = evidence.usb.split_once(':')?;
    let hex = |text| u16::from_str_radix(text, 16).ok();
    let count = usize::from(evidence.interfaces);
    let mut all = vec![
        Demand::Vendor(hex(vid)?),
        Demand::Product(ProductId::exactly(hex(pid)?)),
        if evidence.at_least {
            Demand::AtLeast(count)
        } else {
            Demand::Count(vec![count])
        },
    ];
    if let Some(protocol) = &evidence.protocol {
        all.push(Demand::Class(vec![rule::class(protocol)?]));
    }
    if let Some(product) = &evidence.product {
        all.push(Demand::Text(product.value.clone()));
    }
    if let Some(bcd) = &evidence.bcd {
        let differs = bcd.strip_prefix('!');
        all.push(Demand::Bcd {
            value: hex(differs.unwrap_or(bcd))?,
            differs: differs.is_some(),
        });
    }
    Some(all)
}
