//! What a device shows of itself, as data, and the descriptors that follow from it (USB 2.0 §9.6, USB 3.2 §9.6).

/// How fast it is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    High,
    Super,
}

impl Speed {
    /// Bytes of a full bulk packet.
    pub fn bulk_packet(self) -> u16 {
        match self {
            Self::High => 512,
            Self::Super => 1024,
        }
    }
}

/// A device with one configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub speed: Speed,
    pub vid: u16,
    pub pid: u16,
    /// bcdDevice.
    pub bcd: u16,
    pub strings: Strings,
    /// In units of 2 mA, 8 mA at super speed.
    pub power: u8,
    pub remote_wakeup: bool,
    pub interfaces: Vec<Interface>,
}

/// String descriptors; the index of an absent one is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strings {
    pub manufacturer: Option<String>,
    pub product: Option<String>,
    pub serial: Option<String>,
}

/// One interface, in its only alternate setting. Nothing demands that numbers begin at 0 or differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    pub number: u8,
    /// Class, subclass and protocol.
    pub class: (u8, u8, u8),
    pub endpoints: Vec<Endpoint>,
    /// Descriptors of its class, which stand before those of its endpoints.
    pub extra: Vec<u8>,
}

/// One endpoint besides the control endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// With 0x80 for IN.
    pub address: u8,
    pub kind: EndpointKind,
    /// Bytes of a full packet.
    pub packet: u16,
    pub interval: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    Bulk,
    Interrupt,
}

/// Descriptor types.
pub(super) const DEVICE: u8 = 1;
pub(super) const CONFIGURATION: u8 = 2;
pub(super) const STRING: u8 = 3;
const INTERFACE: u8 = 4;
const ENDPOINT: u8 = 5;
pub(super) const OBJECT_STORE: u8 = 15;
const CAPABILITY: u8 = 16;
const COMPANION: u8 = 48;

/// String indices.
const MANUFACTURER: u8 = 1;
const PRODUCT: u8 = 2;
const SERIAL: u8 = 3;
/// English (United States), the only language.
const LANGUAGE: u16 = 0x0409;
/// Most UTF-16 units that a string descriptor can hold.
const MAX_UNITS: usize = 126;

/// The value of the only configuration.
pub(super) const ONLY: u8 = 1;

impl Device {
    /// The device descriptor.
    pub fn descriptor(&self) -> Vec<u8> {
        // bcdUSB, and the packet size of the control endpoint: bytes, or a power of two at super speed.
        let (version, packet) = match self.speed {
            Speed::High => (0x0200_u16, 64),
            Speed::Super => (0x0320, 9),
        };
        let index = |string: &Option<String>, index| if string.is_some() { index } else { 0 };
        let mut bytes = vec![18, DEVICE];
        bytes.extend(version.to_le_bytes());
        // Class, subclass and protocol are those of the interfaces.
        bytes.extend([0, 0, 0, packet]);
        for word in [self.vid, self.pid, self.bcd] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend([
            index(&self.strings.manufacturer, MANUFACTURER),
            index(&self.strings.product, PRODUCT),
            index(&self.strings.serial, SERIAL),
            1,
        ]);
        bytes
    }

    /// The configuration with its interfaces and endpoints.
    pub fn configuration(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        for interface in &self.interfaces {
            let (class, subclass, protocol) = interface.class;
            let endpoints = u8::try_from(interface.endpoints.len()).unwrap_or(u8::MAX);
            parts.extend([9, INTERFACE, interface.number, 0, endpoints]);
            parts.extend([class, subclass, protocol, 0]);
            parts.extend(&interface.extra);
            for endpoint in &interface.endpoints {
                parts.extend(endpoint.descriptor(self.speed));
            }
        }
        let total = u16::try_from(parts.len() + 9).unwrap_or(u16::MAX);
        let interfaces = u8::try_from(self.interfaces.len()).unwrap_or(u8::MAX);
        // Bus powered; bit 7 is always set.
        let attributes = 0x80 | if self.remote_wakeup { 0x20 } else { 0 };
        let mut bytes = vec![9, CONFIGURATION];
        bytes.extend(total.to_le_bytes());
        bytes.extend([interfaces, ONLY, 0, attributes, self.power]);
        bytes.extend(parts);
        bytes
    }

    /// A string descriptor; `None` for an index that names nothing.
    pub fn string(&self, index: u8) -> Option<Vec<u8>> {
        let units: Vec<u16> = match index {
            0 => vec![LANGUAGE],
            MANUFACTURER => units(self.strings.manufacturer.as_ref()?),
            PRODUCT => units(self.strings.product.as_ref()?),
            SERIAL => units(self.strings.serial.as_ref()?),
            _ => return None,
        };
        let length = u8::try_from(2 + 2 * units.len()).ok()?;
        let mut bytes = vec![length, STRING];
        bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        Some(bytes)
    }

    /// The binary object store, which a USB 3 device must have: the two capabilities that a kernel looks for.
    pub fn object_store(&self) -> Option<Vec<u8>> {
        (self.speed == Speed::Super).then(|| {
            let mut bytes = vec![5, OBJECT_STORE, 22, 0, 2];
            // USB 2.0 extension, with link power management.
            bytes.extend([7, CAPABILITY, 2, 2, 0, 0, 0]);
            // Full, high and super speed; all functions from high speed on; no exit latency.
            bytes.extend([10, CAPABILITY, 3, 0, 0x0e, 0, 2, 0, 0, 0]);
            bytes
        })
    }

    /// The endpoint of an address.
    pub fn endpoint(&self, address: u8) -> Option<&Endpoint> {
        let mut all = self.interfaces.iter().flat_map(|i| &i.endpoints);
        all.find(|endpoint| endpoint.address == address)
    }
}

impl Endpoint {
    pub fn bulk(address: u8, speed: Speed) -> Self {
        Self {
            address,
            kind: EndpointKind::Bulk,
            packet: speed.bulk_packet(),
            interval: 0,
        }
    }

    /// An interrupt endpoint asked every 32 ms, as those of Quectel modems are (the interval is a power of two of
    /// 125 µs; "Ivl=32ms" in kernel commits of drivers/usb/serial/option.c).
    pub fn interrupt(address: u8, packet: u16) -> Self {
        Self {
            address,
            kind: EndpointKind::Interrupt,
            packet,
            interval: 9,
        }
    }

    fn descriptor(self, speed: Speed) -> Vec<u8> {
        let kind = match self.kind {
            EndpointKind::Bulk => 2,
            EndpointKind::Interrupt => 3,
        };
        let mut bytes = vec![7, ENDPOINT, self.address, kind];
        bytes.extend(self.packet.to_le_bytes());
        bytes.push(self.interval);
        if speed == Speed::Super {
            // No bursts; bytes per interval for a periodic endpoint.
            let periodic = match self.kind {
                EndpointKind::Bulk => 0,
                EndpointKind::Interrupt => self.packet,
            };
            bytes.extend([6, COMPANION, 0, 0]);
            bytes.extend(periodic.to_le_bytes());
        }
        bytes
    }
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().take(MAX_UNITS).collect()
}
