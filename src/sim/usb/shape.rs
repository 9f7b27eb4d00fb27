//! The device that shows an identity: what the identity leaves open is filled in as real modems have it.

use super::descriptor::{Device, Endpoint, Interface, Speed, Strings};
use super::urb::INPUT;
use crate::modem::{UsbIdentity, identity};

/// Vendor ids of Qualcomm's boot ROM, Quectel, Google (fastboot of the boot loader).
const QUALCOMM: u16 = 0x05c6;
const QUECTEL: u16 = 0x2c7c;
const GOOGLE: u16 = 0x18d1;
/// Class triple of DIAG and of the network interface; both in kernel commit `option: Add Quectel RM520N`.
const DIAG: (u8, u8, u8) = (0xff, 0xff, 0x30);
const NETWORK: (u8, u8, u8) = (0xff, 0xff, 0xff);
/// 2 mA and 500 mA (protocols.md §3 for the boot ROM; the same commit for a running modem).
const BOOT_ROM_POWER: u8 = 1;
const RUNNING_POWER: u8 = 250;
/// Interrupt endpoints of ports and of the network interface, in bytes (the same commit).
const PORT_NOTICE: u16 = 10;
const NETWORK_NOTICE: u16 = 8;

/// A device that shows this identity. `serial` is the chip's, which a running modem and its boot loader show (LK:
/// `fastboot_init`); the boot ROM has no serial number of its own (protocols.md §3).
pub fn device_of(usb: &UsbIdentity, serial: Option<String>, speed: Speed) -> Device {
    let single = usb.interfaces.len() <= 1;
    let interfaces = if single {
        let one = |shown: &identity::Interface| Interface {
            number: 0,
            class: shown.class,
            endpoints: vec![Endpoint::bulk(INPUT | 1, speed), Endpoint::bulk(1, speed)],
            extra: Vec::new(),
        };
        usb.interfaces.iter().map(one).collect()
    } else {
        let mut addresses = Addresses::default();
        (0..)
            .zip(&usb.interfaces)
            .map(|(number, shown)| addresses.interface(number, shown.class, speed))
            .collect()
    };
    let manufacturer = match usb.vid {
        QUALCOMM => Some("Qualcomm CDMA Technologies MSM"),
        QUECTEL => Some("Quectel"),
        GOOGLE => Some("Google"),
        _ => None,
    };
    Device {
        speed,
        vid: usb.vid,
        pid: usb.pid,
        bcd: usb.bcd,
        strings: Strings {
            manufacturer: manufacturer.map(str::to_owned),
            product: usb.product.clone(),
            serial: serial.filter(|_| !single || usb.vid == GOOGLE),
        },
        power: match (single, speed) {
            (true, _) => BOOT_ROM_POWER,
            // Super speed counts in units of 8 mA; 896 mA is the usual figure.
            (false, Speed::Super) => 112,
            (false, Speed::High) => RUNNING_POWER,
        },
        remote_wakeup: !single,
        interfaces,
    }
}

/// Hands out endpoint numbers as Qualcomm's gadgets do: OUT 1, 2, 3...; IN 1, 2, 3..., each port's interrupt endpoint
/// behind its bulk one. DIAG 81/01, NMEA 82 83/02, AT 84 85/03, modem 86 87/04 (kernel commit `option: Add Quectel
/// RM520N`; the same in those of EM05-G and of other vendors' modules with these chips). The network interface
/// has 8e/0f there, and its interrupt endpoint the next free number.
#[derive(Debug, Default)]
struct Addresses {
    inputs: u8,
    outputs: u8,
}

impl Addresses {
    fn interface(&mut self, number: u8, class: (u8, u8, u8), speed: Speed) -> Interface {
        let endpoints = match class {
            // DIAG of the MDM9x07 family shows the class of the network interface, and two endpoints by which the kernel
            // tells them apart (kernel commit 2bb70f0a4b23, an EC25-AF).
            NETWORK if number == 0 => vec![self.bulk_in(speed), self.bulk_out(speed)],
            DIAG => vec![self.bulk_in(speed), self.bulk_out(speed)],
            NETWORK => vec![
                self.interrupt(NETWORK_NOTICE),
                Endpoint::bulk(0x8e, speed),
                Endpoint::bulk(0x0f, speed),
            ],
            _ => {
                let bulk = self.bulk_in(speed);
                vec![self.interrupt(PORT_NOTICE), bulk, self.bulk_out(speed)]
            }
        };
        Interface {
            number,
            class,
            endpoints,
            extra: Vec::new(),
        }
    }

    fn bulk_in(&mut self, speed: Speed) -> Endpoint {
        self.inputs += 1;
        Endpoint::bulk(INPUT | (self.inputs & 0xf), speed)
    }

    fn bulk_out(&mut self, speed: Speed) -> Endpoint {
        self.outputs += 1;
        Endpoint::bulk(self.outputs & 0xf, speed)
    }

    fn interrupt(&mut self, packet: u16) -> Endpoint {
        self.inputs += 1;
        Endpoint::interrupt(INPUT | (self.inputs & 0xf), packet)
    }
}
