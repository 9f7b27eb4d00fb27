//! The bulk pair of a modem in EDL, over libusb (dependencies.md §1.3, protocols.md §3).
//!
//! Only contexts of our own: the functions on the global one panic where libusb cannot start.

use super::{Clock, Error, Transport};
use rusb::InterfaceDescriptor as InterfaceDescriptorOf;
use rusb::{Context, Device, DeviceHandle, Direction, TransferType, UsbContext};
use std::time::Duration;

/// A device is visible before its configuration is set, so a claim is tried again for about a second.
const CLAIM_TRIES: u32 = 10;
const CLAIM_PAUSE: Duration = Duration::from_millis(100);
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
    for _ in 1..CLAIM_TRIES {
        if let Ok(usb) = claim(&device, path) {
            return Ok(Box::new(usb));
        }
        clock.sleep(CLAIM_PAUSE);
    }
    claim(&device, path)
        .map(|usb| Box::new(usb) as Box<dyn Transport>)
        .map_err(to_open)
}

fn context() -> Result<Context, Error> {
    Context::new().map_err(|error| match error {
        rusb::Error::Other => Error::Open("there is no USB here".to_owned()),
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
fn claim(device: &Device<Context>, path: &str) -> rusb::Result<Usb> {
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
    Ok(Usb {
        handle,
        input,
        output,
        name: format!("usb {path} interface {interface}"),
    })
}

struct Usb {
    handle: DeviceHandle<Context>,
    input: u8,
    output: u8,
    name: String,
}

impl Transport for Usb {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        let timeout = at_least_a_moment(timeout);
        match self.handle.read_bulk(self.input, buffer, timeout) {
            // A zero-length packet is no byte and no end.
            Ok(0) => Err(Error::Timeout),
            other => other.map_err(to_error),
        }
    }

    /// What moved before the timeout counts: rusb then says so instead of failing.
    fn write(&mut self, bytes: &[u8], timeout: Duration) -> Result<usize, Error> {
        let timeout = at_least_a_moment(timeout);
        match self.handle.write_bulk(self.output, bytes, timeout) {
            Ok(0) => Err(Error::Timeout),
            other => other.map_err(to_error),
        }
    }

    fn end_transfer(&mut self, timeout: Duration) -> Result<(), Error> {
        let timeout = at_least_a_moment(timeout);
        let sent = self.handle.write_bulk(self.output, &[], timeout);
        sent.map(drop).map_err(to_error)
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// libusb takes zero as "for ever".
fn at_least_a_moment(timeout: Duration) -> Duration {
    timeout.max(Duration::from_millis(1))
}

/// After an unplug `NoDevice` and `Io` mean the same.
fn to_error(error: rusb::Error) -> Error {
    match error {
        rusb::Error::Timeout | rusb::Error::Interrupted => Error::Timeout,
        rusb::Error::NoDevice | rusb::Error::Io => Error::Gone,
        other => Error::Io(other.to_string()),
    }
}

fn to_open(error: rusb::Error) -> Error {
    Error::Open(match error {
        rusb::Error::Access => "access denied; install the udev rules".to_owned(),
        rusb::Error::Busy => "another program or driver holds it".to_owned(),
        other => other.to_string(),
    })
}
