//! Descriptors and standard requests, byte for byte.

use super::lab::Lab;
use crate::modem::UsbIdentity;
use crate::modem::identity::Interface;
use crate::plan::library;
use crate::sim::usb::{
    Answer, Device, Engine, Setup, Speed, corrupt_firmware, device_of, foreign_boot_rom,
};
use crate::sim::{Modem, Options};

fn running() -> UsbIdentity {
    UsbIdentity {
        vid: 0x2c7c,
        pid: 0x0801,
        bcd: 0x0504,
        product: Some("RM520N-GL".to_owned()),
        interfaces: vec![
            Interface::new(0, (0xff, 0xff, 0x30)),
            Interface::new(1, (0xff, 0x00, 0x40)),
            Interface::new(2, (0xff, 0x00, 0x00)),
            Interface::new(3, (0xff, 0x00, 0x00)),
            Interface::new(4, (0xff, 0xff, 0xff)),
        ],
        path: "1-1".to_owned(),
    }
}

/// What a device answers to a control request of 4096 bytes.
fn ask(engine: &mut Engine, kind: u8, request: u8, value: u16, index: u16) -> Answer {
    let setup = Setup {
        kind,
        request,
        value,
        index,
        length: 4096,
    };
    engine.control(setup, &[], &mut Lab::default())
}

fn bytes(answer: Answer) -> Vec<u8> {
    match answer {
        Answer::Data(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_boot_rom_shows_what_a_recorded_one_showed() {
    // fwupd:plugins/qc-firehose/tests/qc-ec25au-setup.json: USB 2.0, bcdDevice 0, no serial number, one ff/ff/ff
    // interface, bulk 81 and 01 of 512 bytes, bus powered with 2 mA.
    let mut engine = Engine::new(foreign_boot_rom());
    let device = bytes(ask(&mut engine, 0x80, 6, 0x0100, 0));
    assert_eq!(
        device,
        [
            18, 1, 0, 2, 0, 0, 0, 64, 0xc6, 0x05, 0x08, 0x90, 0, 0, 1, 2, 0, 1
        ]
    );
    let configuration = bytes(ask(&mut engine, 0x80, 6, 0x0200, 0));
    assert_eq!(
        configuration,
        [
            9, 2, 32, 0, 1, 1, 0, 0x80, 1, //
            9, 4, 0, 0, 2, 0xff, 0xff, 0xff, 0, //
            7, 5, 0x81, 2, 0, 2, 0, //
            7, 5, 0x01, 2, 0, 2, 0,
        ]
    );
    assert_eq!(ask(&mut engine, 0x80, 6, 0x0303, 0), Answer::Stall);
}

#[test]
fn a_running_modem_has_the_endpoints_of_a_real_one() {
    // Kernel commit `option: Add Quectel RM520N`.
    let device = device_of(&running(), Some("384af524".to_owned()), Speed::High);
    let shown: Vec<Vec<(u8, u16)>> = { device.interfaces.iter() }
        .map(|i| i.endpoints.iter().map(|e| (e.address, e.packet)).collect())
        .collect();
    assert_eq!(
        shown,
        [
            vec![(0x81, 512), (0x01, 512)],
            vec![(0x83, 10), (0x82, 512), (0x02, 512)],
            vec![(0x85, 10), (0x84, 512), (0x03, 512)],
            vec![(0x87, 10), (0x86, 512), (0x04, 512)],
            vec![(0x88, 8), (0x8e, 512), (0x0f, 512)],
        ]
    );
    let configuration = device.configuration();
    assert_eq!(usize::from(configuration[2]), configuration.len());
    assert_eq!(configuration[7..9], [0xa0, 250]);
    let serial = device.string(3).unwrap();
    assert_eq!(
        (serial[0], serial[1], serial[2], serial[3]),
        (18, 3, b'3', 0)
    );
}

/// As the kernel's driver demands them for a tty (its `NUMEP2`; kernel commit 2bb70f0a4b23).
#[test]
fn diag_of_an_ec25_has_the_class_of_its_network_interface_and_two_endpoints() {
    let (_, profile) = library::load_profile("quectel/ec25", None).unwrap();
    let scenario = library::load_scenario("quectel/ec25/ftm").unwrap().1;
    let modem = Modem::new(&scenario, &profile, Options::default()).unwrap();
    let device = device_of(&modem.presence().unwrap().usb, None, Speed::High);
    let endpoints = { device.interfaces.iter() }.map(|i| (i.class, i.endpoints.len()));
    let port = ((0xff, 0, 0), 3);
    let shown = [
        ((0xff, 0xff, 0xff), 2),
        port,
        port,
        port,
        ((0xff, 0xff, 0xff), 3),
    ];
    assert_eq!(endpoints.collect::<Vec<_>>(), shown);
}

#[test]
fn a_device_at_super_speed_has_companions_and_an_object_store() {
    let device = device_of(&running(), None, Speed::Super);
    assert_eq!(device.descriptor()[2..8], [0x20, 3, 0, 0, 0, 9]);
    let configuration = device.configuration();
    let total = u16::from_le_bytes([configuration[2], configuration[3]]);
    assert_eq!(usize::from(total), configuration.len());
    let bulk = [7, 5, 0x81, 2, 0, 4, 0, 6, 48, 0, 0, 0, 0];
    assert_eq!(configuration[18..31], bulk);
    let mut engine = Engine::new(device);
    let store = bytes(ask(&mut engine, 0x80, 6, 0x0f00, 0));
    assert_eq!((store.len(), store[2]), (22, 22));
    let mut high = Engine::new(foreign_boot_rom());
    assert_eq!(ask(&mut high, 0x80, 6, 0x0f00, 0), Answer::Stall);
}

#[test]
fn a_corrupt_modem_has_no_interface_zero() {
    let configuration = corrupt_firmware().configuration();
    assert_eq!(configuration[4], 1);
    assert_eq!(configuration[9..14], [9, 4, 1, 0, 3]);
    assert_eq!(usize::from(configuration[2]), configuration.len());
}

#[test]
fn an_answer_is_never_longer_than_asked_for() {
    let mut engine = Engine::new(foreign_boot_rom());
    let setup = Setup {
        kind: 0x80,
        request: 6,
        value: 0x0200,
        index: 0,
        length: 9,
    };
    let answer = engine.control(setup, &[], &mut Lab::default());
    assert_eq!(bytes(answer), [9, 2, 32, 0, 1, 1, 0, 0x80, 1]);
}

#[test]
fn standard_requests_are_answered_as_the_standard_says() {
    let mut engine = configured(device_of(&running(), None, Speed::High));
    let data = |bytes: &[u8]| Answer::Data(bytes.to_vec());
    let yes = Answer::Acknowledge;
    // Requests in order on one configured device: kind, request, value, index, answer.
    for (kind, request, value, index, answer) in [
        (0x80, 0, 0, 0, data(&[0, 0])),
        (0x00, 3, 1, 0, yes.clone()),
        (0x80, 0, 0, 0, data(&[2, 0])),
        (0x00, 1, 1, 0, yes.clone()),
        (0x80, 0, 0, 0, data(&[0, 0])),
        (0x80, 8, 0, 0, data(&[1])),
        (0x81, 10, 0, 4, data(&[0])),
        (0x81, 10, 0, 5, Answer::Stall),
        (0x01, 11, 0, 4, yes.clone()),
        (0x01, 11, 1, 4, Answer::Stall),
        (0x81, 0, 0, 4, data(&[0, 0])),
        (0x82, 0, 0, 0x84, data(&[0, 0])),
        (0x82, 0, 0, 0x0e, Answer::Stall),
        (0x02, 1, 0, 0x0e, Answer::Stall),
        (0x02, 3, 1, 0x84, Answer::Stall),
        (0x00, 9, 2, 0, Answer::Stall),
        (0x00, 9, 0, 0, yes.clone()),
        (0x80, 8, 0, 0, data(&[0])),
        (0x00, 5, 9, 0, yes),
        (0x80, 6, 0x0600, 0, Answer::Stall),
        (0x80, 6, 0x0201, 0, Answer::Stall),
        (0x00, 7, 0x0100, 0, Answer::Stall),
    ] {
        let got = ask(&mut engine, kind, request, value, index);
        assert_eq!(got, answer, "{kind:02x} {request} {value:04x} {index}");
    }
}

fn configured(device: Device) -> Engine {
    let mut engine = Engine::new(device);
    assert_eq!(ask(&mut engine, 0, 9, 1, 0), Answer::Acknowledge);
    engine
}

#[test]
fn a_text_that_is_too_long_for_a_descriptor_is_cut() {
    let mut device = foreign_boot_rom();
    device.strings.product = Some("ü".repeat(300));
    let text = device.string(2).unwrap();
    assert_eq!((text.len(), usize::from(text[0])), (254, 254));
    assert_eq!(device.string(0).unwrap(), [4, 3, 9, 4]);
    assert_eq!(device.string(9), None);
}
