//! The bulk pair of a modem in EDL, over libusb (dependencies.md §1.3, protocols.md §3).
//!
//! Only contexts of our own: the functions on the global one panic where libusb cannot start.

mod arrivals;
mod bulk;

pub use arrivals::Arrivals;

use super::{Clock, Deadline, Error, Transport};
use bulk::{Bulk, Pipe, Way};
use rusb::InterfaceDescriptor as InterfaceDescriptorOf;
use rusb::{ConfigDescriptor, Context, Device, DeviceHandle, Direction, TransferType, UsbContext};
use std::time::Duration;

/// A device is visible before its configuration is set, so a claim is tried again for about a second.
const CLAIM: Duration = Duration::from_secs(1);
const CLAIM_PAUSE: Duration = Duration::from_millis(100);
/// The largest packet of a bulk endpoint, on USB 3.
const PACKET: u16 = 1024;
/// For string descriptors.
const DESCRIPTOR: Duration = Duration::from_millis(500);

/// Number of an interface, its class, subclass and protocol, and its bulk pair where it has exactly one.
pub type InterfaceDescriptor = (u8, (u8, u8, u8), Option<(u8, u8)>);

/// What a device shows of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptors {
    pub vid: u16,
    pub pid: u16,
    /// bcdDevice.
    pub bcd: u16,
    /// Absent where it has none, or may not be opened to ask.
    pub product: Option<String>,
    /// Number, class triple and bulk pair of each interface, by number.
    pub interfaces: Vec<InterfaceDescriptor>,
    /// Bus and ports, such as `1-2.3`.
    pub path: String,
    /// The device's address: another one after it left and came back.
    pub address: u8,
}

/// Everything on the bus that can be looked at.
pub fn list() -> Result<Vec<Descriptors>, Error> {
    let devices = context()?.devices().map_err(to_open)?;
    // A device that leaves while it is looked at is not there.
    Ok(devices.iter().filter_map(|d| describe(&d).ok()).collect())
}

/// Opens the bulk pair of the device at a place such as `1-2.3`, with the interface that has one.
pub fn open(
    vid: u16,
    pid: u16,
    path: &str,
    clock: &dyn Clock,
) -> Result<Box<dyn Transport>, Error> {
    let devices = context()?.devices().map_err(to_open)?;
    let device = devices.iter().find(|device| {
        let ids = device.device_descriptor();
        ids.is_ok_and(|d| d.vendor_id() == vid && d.product_id() == pid) && place(device) == path
    });
    let device =
        device.ok_or_else(|| Error::Open(format!("no {vid:04x}:{pid:04x} at usb {path}")))?;
    let bulk = patiently(clock, || claim(&device, path))?;
    Ok(Box::new(bulk))
}

/// Tries for about a second: right after its arrival a device has no configuration yet, and whoever had it may still be
/// letting go. Only a denial lasts.
fn patiently<T>(
    clock: &dyn Clock,
    mut attempt: impl FnMut() -> rusb::Result<T>,
) -> Result<T, Error> {
    let until = Deadline::after(clock.now(), CLAIM);
    loop {
        match attempt() {
            Ok(done) => return Ok(done),
            Err(error @ rusb::Error::Access) => return Err(to_open(error)),
            Err(error) if until.passed(clock.now()) => {
                let tried = CLAIM.as_secs();
                return Err(Error::Open(format!("{} (tried for {tried} s)", why(error))));
            }
            Err(_) => clock.sleep(CLAIM_PAUSE),
        }
    }
}

fn context() -> Result<Context, Error> {
    Context::new().map_err(|error| match error {
        rusb::Error::Other => Error::NoUsb,
        other => to_open(other),
    })
}

fn describe(device: &Device<Context>) -> rusb::Result<Descriptors> {
    let descriptor = device.device_descriptor()?;
    let config = device.active_config_descriptor()?;
    let mut interfaces: Vec<InterfaceDescriptor> = config
        .interfaces()
        .filter_map(|interface| interface.descriptors().next())
        .map(|i| {
            let class = (i.class_code(), i.sub_class_code(), i.protocol_code());
            (i.interface_number(), class, bulk_pair(&i))
        })
        .collect();
    interfaces.sort_unstable();
    let product = device.open().ok().and_then(|handle| {
        let language = *handle.read_languages(DESCRIPTOR).ok()?.first()?;
        let product = handle.read_product_string(language, &descriptor, DESCRIPTOR);
        product.ok()
    });
    let version = descriptor.device_version();
    let digits = [
        version.major() / 10,
        version.major() % 10,
        version.minor(),
        version.sub_minor(),
    ];
    Ok(Descriptors {
        vid: descriptor.vendor_id(),
        pid: descriptor.product_id(),
        bcd: digits
            .iter()
            .fold(0, |bcd, digit| bcd << 4 | u16::from(digit & 0xf)),
        product,
        interfaces,
        path: place(device),
        address: device.address(),
    })
}

fn place(device: &Device<Context>) -> String {
    let ports: Vec<String> = device
        .port_numbers()
        .unwrap_or_default()
        .iter()
        .map(ToString::to_string)
        .collect();
    format!("{}-{}", device.bus_number(), ports.join("."))
}

/// Bytes of a packet of an endpoint.
fn packet_of(config: &ConfigDescriptor, endpoint: u8) -> Option<u16> {
    config
        .interfaces()
        .filter_map(|interface| interface.descriptors().next())
        .flat_map(|descriptor| descriptor.endpoint_descriptors().collect::<Vec<_>>())
        .find(|found| found.address() == endpoint)
        // The upper bits count transactions of other kinds of endpoints.
        .map(|found| found.max_packet_size() & 0x07ff)
        .filter(|packet| *packet > 0)
}

/// The only bulk endpoint in each direction.
fn bulk_pair(descriptor: &InterfaceDescriptorOf<'_>) -> Option<(u8, u8)> {
    let bulk = |direction| {
        let mut endpoints = descriptor
            .endpoint_descriptors()
            .filter(move |e| e.transfer_type() == TransferType::Bulk && e.direction() == direction);
        let only = endpoints.next()?.address();
        endpoints.next().is_none().then_some(only)
    };
    Some((bulk(Direction::In)?, bulk(Direction::Out)?))
}

/// Takes the interface with exactly one bulk endpoint in each direction; it is never assumed to be the first.
fn claim(device: &Device<Context>, path: &str) -> rusb::Result<Bulk<Claimed>> {
    let config = device.active_config_descriptor()?;
    let (interface, input, output) = config
        .interfaces()
        .filter_map(|interface| interface.descriptors().next())
        .find_map(|descriptor| {
            let (input, output) = bulk_pair(&descriptor)?;
            Some((descriptor.interface_number(), input, output))
        })
        .ok_or(rusb::Error::NotFound)?;
    let handle = device.open()?;
    // qcserial takes 05c6:9008 on ordinary hosts; it gets the device back on release. Elsewhere there is nothing to
    // detach.
    match handle.set_auto_detach_kernel_driver(true) {
        Ok(()) | Err(rusb::Error::NotSupported) => {}
        Err(error) => return Err(error),
    }
    handle.claim_interface(interface)?;
    let packet = packet_of(&config, input).unwrap_or(PACKET);
    let claimed = Claimed {
        handle,
        input,
        output,
    };
    let name = format!("usb {path} interface {interface}");
    Ok(Bulk::new(claimed, packet, name))
}

/// The claimed interface. Dropping it releases it, and gives it back to the driver that had it before.
struct Claimed {
    handle: DeviceHandle<Context>,
    input: u8,
    output: u8,
}

impl Pipe for Claimed {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> rusb::Result<usize> {
        self.handle.read_bulk(self.input, buffer, timeout)
    }

    fn write(&mut self, bytes: &[u8], timeout: Duration) -> rusb::Result<usize> {
        self.handle.write_bulk(self.output, bytes, timeout)
    }

    fn clear_halt(&mut self, way: Way) -> rusb::Result<()> {
        self.handle.clear_halt(match way {
            Way::In => self.input,
            Way::Out => self.output,
        })
    }
}

fn to_open(error: rusb::Error) -> Error {
    Error::Open(why(error))
}

fn why(error: rusb::Error) -> String {
    match error {
        rusb::Error::Access => "access denied; `unbrick doctor` tells how to get it".to_owned(),
        rusb::Error::Busy => {
            "another program or driver holds it; `unbrick doctor` names it".to_owned()
        }
        rusb::Error::NotFound => "no interface of it has exactly one bulk pair".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::StandingClock;

    #[test]
    fn a_claim_is_tried_for_a_second_and_a_denial_is_told_at_once() {
        let clock = StandingClock::default();
        let mut answers = vec![
            Ok(7),
            Err(rusb::Error::Busy),
            Err(rusb::Error::InvalidParam),
        ];
        let claimed = patiently(&clock, || answers.pop().unwrap());
        assert_eq!(claimed, Ok(7));
        assert_eq!(clock.now(), CLAIM_PAUSE * 2);

        let clock = StandingClock::default();
        let denied = patiently::<()>(&clock, || Err(rusb::Error::Access));
        assert!(matches!(denied, Err(Error::Open(text)) if text.contains("access denied")));
        assert_eq!(clock.now(), Duration::ZERO);

        let busy = patiently::<()>(&clock, || Err(rusb::Error::Busy));
        assert!(matches!(busy, Err(Error::Open(text)) if text.contains("tried for 1 s")));
        assert_eq!(clock.now(), CLAIM);
    }

    #[test]
    fn where_there_is_no_usb_a_list_says_so_and_does_not_panic() {
        // Either this computer has USB, or the message is the one that people can act on.
        if let Err(error) = list() {
            assert_eq!(error, Error::NoUsb);
        }
    }
}
