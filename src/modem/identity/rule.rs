//! What a rule demands of a modem on USB, and which fact of the modem meets it.
//!
//! Rules come from profiles and from the table of ids; they are read into the same demands, so that both mean the same
//! by the same words.

use super::{Class, UsbIdentity};
use regex::Regex;
use std::fmt;

/// Class of interface 0 in the RNDIS composition (kernel: `drivers/net/usb/rndis_host.c`);
/// protocols.md §2.2: interfaces 0 and 1 are RNDIS, and all others move up by two.
const RNDIS: Class = (0xe0, 0x01, 0x03);
/// Class of the data interface behind it: its own, or CDC data.
const RNDIS_DATA: [u8; 2] = [0xe0, 0x0a];

/// One thing that a rule demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Demand {
    Vendor(u16),
    Product(ProductId),
    /// The number of interfaces is one of these.
    Count(Vec<usize>),
    AtLeast(usize),
    /// Any interface has any of these classes.
    Class(Vec<Class>),
    /// The only bulk pair of an interface.
    Endpoints(u8, u8),
    /// A pattern of the whole product string.
    Text(String),
    Bcd {
        value: u16,
        differs: bool,
    },
    Rndis,
    /// No interface has the number 0, or the descriptors break off.
    Malformed,
}

/// A product id, or a pattern of one in which `x` stands for any digit; `*` is `xxxx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProductId {
    digits: u16,
    mask: u16,
}

impl ProductId {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = if text == "*" { "xxxx" } else { text };
        if text.len() != 4 {
            return None;
        }
        let nothing = Self { digits: 0, mask: 0 };
        text.chars().try_fold(nothing, |id, digit| {
            let (digit, mask) = match digit {
                'x' => (0, 0),
                other => (u16::try_from(other.to_digit(16)?).ok()?, 0xf),
            };
            Some(Self {
                digits: id.digits << 4 | digit,
                mask: id.mask << 4 | mask,
            })
        })
    }

    pub(super) fn exactly(pid: u16) -> Self {
        Self {
            digits: pid,
            mask: 0xffff,
        }
    }

    pub(super) fn covers(self, pid: u16) -> bool {
        pid & self.mask == self.digits
    }

    /// How many digits it gives.
    pub(super) fn digits(self) -> u32 {
        self.mask.count_ones() / 4
    }
}

impl Demand {
    /// The fact that meets the demand; `None` where none does.
    pub(super) fn met(&self, usb: &UsbIdentity) -> Option<String> {
        let count = usb.interfaces.len();
        let (met, fact) = match self {
            Self::Vendor(vid) => (usb.vid == *vid, format!("vendor {vid:04x}")),
            Self::Product(pid) => (pid.covers(usb.pid), format!("product {:04x}", usb.pid)),
            Self::Count(any) => (any.contains(&count), interfaces(count)),
            Self::AtLeast(least) => (count >= *least, interfaces(count)),
            Self::Class(any) => {
                let found = (usb.interfaces.iter()).find(|i| any.contains(&i.class))?;
                (true, format!("an interface {}", ClassWord(found.class)))
            }
            Self::Endpoints(input, output) => {
                let pair = Some((*input, *output));
                let found = usb.interfaces.iter().any(|i| i.bulk == pair);
                (found, format!("the bulk pair {input:02x}/{output:02x}"))
            }
            Self::Text(pattern) => {
                let whole = Regex::new(&format!("^(?:{pattern})$"));
                let product = usb.product.as_ref()?;
                let met = whole.is_ok_and(|whole| whole.is_match(product));
                (met, format!("product `{}`", usb.product_shown()?))
            }
            Self::Bcd { value, differs } => (
                (usb.bcd == *value) != *differs,
                format!("bcdDevice {:04x}", usb.bcd),
            ),
            Self::Rndis => (is_rndis(usb), "interfaces 0 and 1 are RNDIS".to_owned()),
            Self::Malformed => (
                usb.is_malformed(),
                "no interface has the number 0".to_owned(),
            ),
        };
        met.then_some(fact)
    }

    /// How much it demands: the most specific rule that is met decides.
    pub(super) fn weight(&self) -> u32 {
        match self {
            Self::Vendor(_) | Self::Product(_) | Self::AtLeast(_) => 0,
            _ => 1,
        }
    }

    /// Whether [`UsbIdentity`]'s own words tell it already.
    pub(super) fn is_told_by_every_identity(&self) -> bool {
        matches!(
            self,
            Self::Vendor(_) | Self::Product(_) | Self::Count(_) | Self::AtLeast(_)
        )
    }
}

/// What is demanded, for people.
impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vendor(vid) => write!(f, "vendor {vid:04x}"),
            Self::Product(pid) if pid.mask == 0xffff => write!(f, "product {:04x}", pid.digits),
            Self::Product(_) => f.write_str("a product of the pattern"),
            Self::Count(any) => {
                let any: Vec<String> = any.iter().map(|count| interfaces(*count)).collect();
                f.write_str(&any.join(" or "))
            }
            Self::AtLeast(least) => write!(f, "at least {least} interfaces"),
            Self::Class(any) => {
                let any: Vec<String> = any.iter().map(|c| ClassWord(*c).to_string()).collect();
                write!(f, "an interface {}", any.join(" or "))
            }
            Self::Endpoints(input, output) => write!(f, "the bulk pair {input:02x}/{output:02x}"),
            Self::Text(pattern) => write!(f, "product `{pattern}`"),
            Self::Bcd { value, differs } => {
                let but = if *differs { "other than " } else { "" };
                write!(f, "bcdDevice {but}{value:04x}")
            }
            Self::Rndis => f.write_str("interfaces 0 and 1 that are RNDIS"),
            Self::Malformed => f.write_str("no interface with the number 0"),
        }
    }
}

/// Whether a running modem is in its RNDIS composition, in which every port has another interface number.
pub fn is_rndis(usb: &UsbIdentity) -> bool {
    let class = |number| {
        let found = usb.interfaces.iter().find(|i| i.number == number);
        found.map(|i| i.class)
    };
    class(0) == Some(RNDIS) && class(1).is_some_and(|class| RNDIS_DATA.contains(&class.0))
}

pub(super) fn interfaces(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} interface{plural}")
}

/// Class, subclass and protocol as the protocol's documents write them: `ff/ff/10`.
pub(super) struct ClassWord(pub(super) Class);

impl fmt::Display for ClassWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, subclass, protocol) = self.0;
        write!(f, "{class:02x}/{subclass:02x}/{protocol:02x}")
    }
}

/// Reads `ff/ff/10`.
pub(super) fn class(text: &str) -> Option<Class> {
    let mut parts = text.splitn(3, '/').map(|p| u8::from_str_radix(p, 16).ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}
