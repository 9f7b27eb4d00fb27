//! The table of known ids, `usb_ids.tsv`: what is known beyond the models that have a profile. It names and warns;
//! what a run does is decided by the plan's own profile.

use super::UsbIdentity;
use super::rule::{self, Demand, ProductId};
use std::fmt;
use std::sync::LazyLock;

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("usb_ids.tsv")));

/// What a device with such an id is, in the words of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The boot ROM, or a programmer that runs.
    Edl,
    /// A memory dump, or a boot chain that stopped.
    Dump,
    /// Descriptors that no firmware means to give.
    Corrupt,
    /// Sierra's boot loader.
    Boothold,
    /// A vendor's own flashing protocol.
    VendorFlash,
    Fastboot,
    Running,
    /// No Firehose, no EDL: Qualcomm's command into EDL must never reach it.
    NotQualcomm,
    /// A modem on PCI Express.
    Pci,
    /// Known by its vendor alone. Never enough to send anything but a question.
    VendorGuess,
}

impl State {
    pub const ALL: [Self; 10] = [
        Self::Edl,
        Self::Dump,
        Self::Corrupt,
        Self::Boothold,
        Self::VendorFlash,
        Self::Fastboot,
        Self::Running,
        Self::NotQualcomm,
        Self::Pci,
        Self::VendorGuess,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Edl => "edl",
            Self::Dump => "dump",
            Self::Corrupt => "corrupt",
            Self::Boothold => "boothold",
            Self::VendorFlash => "vendor-flash",
            Self::Fastboot => "fastboot",
            Self::Running => "running",
            Self::NotQualcomm => "not-qualcomm",
            Self::Pci => "pci",
            Self::VendorGuess => "vendor-guess",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// Its line in the file.
    pub line: usize,
    pub state: State,
    pub vendor: &'static str,
    pub device: &'static str,
    pub note: &'static str,
    pub source: &'static str,
    /// `1`, `2+` or `conflict`: how many independent sources say so.
    pub certainty: &'static str,
    /// Interface numbers of the ports, where they are known.
    pub ports: Ports,
    demands: Vec<Demand>,
    vid: u16,
    pid: ProductId,
    on_pci: bool,
}

/// The interface number of each role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports {
    pub diag: Option<u8>,
    pub nmea: Option<u8>,
    /// More than one where the sources do not tell which.
    pub at: Vec<u8>,
}

impl Row {
    /// `2c7c:0800`, or the pattern of it.
    pub fn name(&self) -> String {
        format!("{} {}", self.vendor, self.device).trim().to_owned()
    }

    pub(super) fn facts(&self, usb: &UsbIdentity) -> Option<Vec<String>> {
        self.demands.iter().map(|demand| demand.met(usb)).collect()
    }

    /// What it demands and the device does not show.
    pub(super) fn lacks(&self, usb: &UsbIdentity) -> Vec<String> {
        let lacking = self.demands.iter().filter(|d| d.met(usb).is_none());
        lacking.map(ToString::to_string).collect()
    }

    /// Rows with a whole id first, then the ones that demand most.
    fn weight(&self) -> (u32, u32) {
        let demands = self.demands.iter().map(Demand::weight).sum();
        (self.pid.digits(), demands)
    }
}

/// Rows about the id of a USB device, the most specific first.
pub(super) fn about(vid: u16, pid: u16) -> Vec<&'static Row> {
    let mut rows: Vec<&Row> = TABLE
        .iter()
        .filter(|row| !row.on_pci && row.vid == vid && row.pid.covers(pid))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.weight()));
    rows
}

/// The row about a modem on PCI Express.
pub fn on_pci(vid: u16, pid: u16) -> Option<&'static Row> {
    let mut rows = TABLE.iter().filter(|row| row.on_pci);
    rows.find(|row| row.vid == vid && row.pid.covers(pid))
}

fn rows(text: &'static str) -> Vec<Row> {
    let rows = text.lines().enumerate();
    rows.filter_map(|(index, line)| row(index + 1, line))
        .collect()
}

/// `None` for comments, the head, and whatever cannot be read; a test holds that the file has none of the last.
fn row(line: usize, text: &'static str) -> Option<Row> {
    let mut columns = text.split('\t');
    let mut column = || columns.next().map(str::trim);
    let vid = u16::from_str_radix(column()?, 16).ok()?;
    let pid = ProductId::parse(column()?)?;
    let conditions = column()?;
    let state = State::parse(column()?)?;
    let (diag, nmea, at) = (column()?, column()?, column()?);
    let (vendor, device, note, source, certainty) =
        (column()?, column()?, column()?, column()?, column()?);
    let on_pci = conditions == "bus=pci";
    let conditions = if on_pci { "" } else { conditions };
    let mut demands = vec![Demand::Vendor(vid), Demand::Product(pid)];
    for condition in conditions.split(';').filter(|text| !text.is_empty()) {
        demands.push(demand(condition)?);
    }
    Some(Row {
        line,
        state,
        vendor,
        device,
        note,
        source,
        certainty,
        ports: Ports {
            diag: diag.parse().ok(),
            nmea: nmea.parse().ok(),
            at: at.split('|').filter_map(|n| n.parse().ok()).collect(),
        },
        demands,
        vid,
        pid,
        on_pci,
    })
}

fn demand(text: &str) -> Option<Demand> {
    match text {
        "rndis" => return Some(Demand::Rndis),
        "malformed" => return Some(Demand::Malformed),
        _ => {}
    }
    if let Some(least) = text.strip_prefix("ifaces>=") {
        return least.parse().ok().map(Demand::AtLeast);
    }
    let bcd = |hex, differs| {
        let value = u16::from_str_radix(hex, 16).ok()?;
        Some(Demand::Bcd { value, differs })
    };
    if let Some(hex) = text.strip_prefix("bcd!=") {
        return bcd(hex, true);
    }
    let (name, value) = text.split_once('=')?;
    match name {
        "ifaces" => {
            let any: Result<_, _> = value.split('|').map(str::parse).collect();
            any.ok().map(Demand::Count)
        }
        "if" => {
            let any: Option<_> = value.split('|').map(rule::class).collect();
            any.map(Demand::Class)
        }
        "ep" => {
            let (input, output) = value.split_once('/')?;
            let hex = |text| u8::from_str_radix(text, 16).ok();
            Some(Demand::Endpoints(hex(input)?, hex(output)?))
        }
        "bcd" => bcd(value, false),
        "product" => Some(Demand::Text(regex::escape(value).replace("\\*", ".*"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_names_its_source() {
        let text = include_str!("usb_ids.tsv");
        let wanted = text.lines().filter(|line| !line.starts_with('#')).count() - 1;
        assert_eq!(TABLE.len(), wanted);
        for row in TABLE.iter() {
            assert!(!row.source.is_empty(), "line {}", row.line);
            assert!(["1", "2+", "conflict"].contains(&row.certainty));
        }
        for state in State::ALL {
            assert!(TABLE.iter().any(|row| row.state == state), "{state}");
        }
    }
}
