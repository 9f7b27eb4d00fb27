//! Devices that a host must cope with and that are no modem in a known state.

use super::descriptor::{Device, Endpoint, EndpointKind, Interface, Speed, Strings};

/// An RM530N-GL with corrupt firmware: one interface, numbered 1, so that kernels say "config 1 has no interface
/// number 0"; a bulk pair and an interrupt endpoint, CDC descriptors inside a vendor's class (QF#56850).
pub fn corrupt_firmware() -> Device {
    Device {
        speed: Speed::High,
        vid: 0x2c7c,
        pid: 0x0801,
        bcd: 0x0504,
        strings: Strings {
            manufacturer: Some("Quectel".to_owned()),
            product: Some("RM530N-GL".to_owned()),
            serial: Some("0BADCAFE".to_owned()),
        },
        power: 250,
        remote_wakeup: true,
        interfaces: vec![Interface {
            number: 1,
            class: (0xff, 0x00, 0x40),
            endpoints: vec![
                Endpoint::interrupt(0x82, 10),
                Endpoint::bulk(0x81, Speed::High),
                Endpoint::bulk(0x01, Speed::High),
            ],
            extra: vec![
                // Header 1.10, call management, abstract control (capabilities 2), union of interface 1 with itself.
                5, 0x24, 0x00, 0x10, 0x01, //
                5, 0x24, 0x01, 0x00, 0x01, //
                4, 0x24, 0x02, 0x02, //
                5, 0x24, 0x06, 0x01, 0x01,
            ],
        }],
    }
}

/// The boot ROM of another vendor's device: 05c6:9008 is one id for all of them, and nothing in it says whose it is
/// (protocols.md §1, fact 3).
pub fn foreign_boot_rom() -> Device {
    Device {
        speed: Speed::High,
        vid: 0x05c6,
        pid: 0x9008,
        bcd: 0,
        strings: Strings {
            manufacturer: Some("Qualcomm CDMA Technologies MSM".to_owned()),
            product: Some("QUSB_BULK_CID:0412_SN:01234567".to_owned()),
            serial: None,
        },
        power: 1,
        remote_wakeup: false,
        interfaces: vec![Interface {
            number: 0,
            class: (0xff, 0xff, 0xff),
            endpoints: [0x81, 0x01].map(bulk).to_vec(),
            extra: Vec::new(),
        }],
    }
}

fn bulk(address: u8) -> Endpoint {
    Endpoint {
        address,
        kind: EndpointKind::Bulk,
        packet: 512,
        interval: 0,
    }
}
