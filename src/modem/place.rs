//! Where a USB device is plugged in: the bus, and the chain of ports from its root hub, such as `1-2.3`.

use std::fmt;

/// A port path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub bus: u16,
    /// At least one.
    ports: Vec<u8>,
}

impl Place {
    /// Reads `1-2.3`.
    pub fn parse(text: &str) -> Option<Self> {
        let (bus, ports) = text.split_once('-')?;
        let ports: Option<Vec<u8>> = ports
            .split('.')
            .map(|port| digits(port)?.parse().ok())
            .collect();
        Some(Self {
            bus: digits(bus)?.parse().ok()?,
            ports: ports?,
        })
    }

    /// The port of the last hub in the chain.
    pub fn port(&self) -> u8 {
        self.ports.last().copied().unwrap_or_default()
    }

    /// Where the hub is that it is plugged into; `None` for a root hub.
    pub fn hub(&self) -> Option<Self> {
        let (_, above) = self.ports.split_last()?;
        (!above.is_empty()).then(|| Self {
            bus: self.bus,
            ports: above.to_vec(),
        })
    }

    /// A port of a hub.
    #[must_use]
    pub fn below(&self, port: u8) -> Self {
        let mut ports = self.ports.clone();
        ports.push(port);
        Self {
            bus: self.bus,
            ports,
        }
    }

    /// A port of a root hub.
    pub fn of_root(bus: u16, port: u8) -> Self {
        Self {
            bus,
            ports: vec![port],
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports: Vec<String> = self.ports.iter().map(ToString::to_string).collect();
        write!(f, "{}-{}", self.bus, ports.join("."))
    }
}

/// Digits only: `parse` alone would take a sign.
fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|b| b.is_ascii_digit()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bus_and_ports() {
        for text in ["1-1", "1-2.3", "12-1.4.2"] {
            let place = Place::parse(text).unwrap();
            assert_eq!(place.to_string(), text);
        }
        for wrong in [
            "", "1", "usb1", "1-", "1-2.", "1-2:1.0", "-1", "1-+2", "1-999", "1-0:1.0",
        ] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
        let place = Place::parse("1-2.3").unwrap();
        assert_eq!(place.hub().unwrap().below(3), place);
        assert_eq!(place.hub().unwrap().hub(), None);
        assert_eq!(place.port(), 3);
    }
}
