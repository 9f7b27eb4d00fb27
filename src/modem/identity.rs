//! What a modem shows of itself on USB, and which mode that is evidence of.
//!
//! VID:PID alone misclassifies a dead modem (quectel.md §1): the number of interfaces, the interface protocol, the
//! product string and bcdDevice decide, as the profile says.

use crate::plan::{Evidence, Mode, Profile};
use regex::Regex;
use std::fmt;

/// Descriptors of a modem on USB, as far as they tell modes apart (protocols.md §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbIdentity {
    pub vid: u16,
    pub pid: u16,
    /// bcdDevice.
    pub bcd: u16,
    pub product: Option<String>,
    /// Class, subclass and protocol of each interface, by interface number.
    pub interfaces: Vec<(u8, u8, u8)>,
    /// Bus and ports, such as `1-2.3`.
    pub path: String,
}

impl fmt::Display for UsbIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.interfaces.len() == 1 { "" } else { "s" };
        write!(
            f,
            "{:04x}:{:04x} with {} interface{plural} at {}",
            self.vid,
            self.pid,
            self.interfaces.len(),
            self.path
        )
    }
}

/// The mode that the profile's evidence names, the most specific first; `None` for a modem that is none of it.
pub fn mode_of(usb: &UsbIdentity, profile: &Profile) -> Option<Mode> {
    profile
        .modes
        .iter()
        .flat_map(|(mode, all)| all.iter().map(move |evidence| (*mode, evidence)))
        .filter(|(_, evidence)| agrees(usb, evidence))
        .max_by_key(|(_, evidence)| weight(evidence))
        .map(|(mode, _)| mode)
}

/// How much a piece of evidence demands: an exact number of interfaces and every further field count.
fn weight(evidence: &Evidence) -> usize {
    usize::from(!evidence.at_least)
        + usize::from(evidence.protocol.is_some())
        + usize::from(evidence.product.is_some())
        + usize::from(evidence.bcd.is_some())
}

fn agrees(usb: &UsbIdentity, evidence: &Evidence) -> bool {
    let count = usb.interfaces.len();
    let wanted = usize::from(evidence.interfaces);
    let interfaces = if evidence.at_least {
        count >= wanted
    } else {
        count == wanted
    };
    let bcd = evidence.bcd.as_ref().is_none_or(|bcd| {
        let (differs, hex) = bcd
            .strip_prefix('!')
            .map_or((false, bcd.as_str()), |hex| (true, hex));
        u16::from_str_radix(hex, 16).is_ok_and(|bcd| (usb.bcd == bcd) != differs)
    });
    let protocol = evidence.protocol.as_ref().is_none_or(|wanted| {
        usb.interfaces
            .iter()
            .any(|(c, s, p)| format!("{c:02x}/{s:02x}/{p:02x}") == wanted.value)
    });
    let product = evidence.product.as_ref().is_none_or(|pattern| {
        let whole = Regex::new(&format!("^(?:{})$", pattern.value));
        usb.product
            .as_ref()
            .is_some_and(|product| whole.is_ok_and(|whole| whole.is_match(product)))
    });
    let id = format!("{:04x}:{:04x}", usb.vid, usb.pid);
    evidence.usb.eq_ignore_ascii_case(&id) && interfaces && bcd && protocol && product
}
