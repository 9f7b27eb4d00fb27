//! Made descriptors against the table of ids and the built-in profiles: one per class of rows, and every trap.

use super::*;
use crate::plan::library;

fn device(id: &str, bcd: u16, product: Option<&str>, classes: &[Class]) -> UsbIdentity {
    let (vid, pid) = id.split_once(':').unwrap();
    let interfaces = (0..).zip(classes);
    UsbIdentity {
        vid: u16::from_str_radix(vid, 16).unwrap(),
        pid: u16::from_str_radix(pid, 16).unwrap(),
        bcd,
        product: product.map(str::to_owned),
        interfaces: interfaces
            .map(|(number, class)| Interface::new(number, *class).with_bulk(0x81, 0x01))
            .collect(),
        path: "1-1".to_owned(),
    }
}

const VENDOR: Class = (0xff, 0xff, 0xff);
const DUMP: Class = (0xff, 0xff, 0x10);
const PORT: Class = (0xff, 0x00, 0x00);
const RUNNING: [Class; 5] = [(0xff, 0xff, 0x30), PORT, PORT, PORT, VENDOR];
const RNDIS: [Class; 6] = [
    (0xe0, 0x01, 0x03),
    (0x0a, 0x00, 0x00),
    (0xff, 0xff, 0x30),
    PORT,
    PORT,
    PORT,
];

fn state(usb: &UsbIdentity) -> Option<State> {
    known(usb).map(|known| known.row.state)
}

/// Id, bcdDevice, product, classes of the interfaces, and the state that they are evidence of.
const CASES: &str = "
# The boot ROM of three generations. With two interfaces it is none that anybody has seen.
05c6:9008 0000 -                                ff/ff/ff           edl
05c6:9008 0000 -                                ff/ff/10           edl
05c6:9008 0000 QUSB_BULK_CID:0410_SN:0BADCAFE   ff/ff/11           edl
05c6:9008 0000 -                                ff/ff/10,ff/ff/10  vendor-guess
105b:e0ab 0000 Foxconn_QUSB_BULK                ff/ff/ff           edl
105b:e0ab 0000 Camera                           ff/ff/ff           -
05c6:900e 0000 -                                ff/ff/10           dump
05c6:9006 0000 -                                ff/ff/10,08/06/50  dump
# One id runs with five interfaces, and dumps with one that says so by class and product.
2c7c:0800 0414 RM502Q-GL                        running            running
2c7c:0800 0000 QUSB_BULK_SN:0BADCAFE            ff/ff/10           dump
2c7c:0800 0000 -                                ff/ff/10           vendor-guess
# A crashed EC25 keeps its id and shows bcdDevice 0000.
2c7c:0125 0318 EC25                             running            running
2c7c:0125 0000 QHSUSB__BULK                     ff/ff/ff           dump
2c7c:0125 0000 EC25                             running            vendor-guess
2c7c:0801 0504 -                                rndis              running
2c7c:0801 0504 -                                -                  corrupt
2c7c:0128 0504 -                                running            running
# A phone's adb has the vendor of fastboot, and is no modem.
18d1:d00d 0100 -                                ff/42/03           fastboot
18d1:d00d 0100 -                                ff/42/01           -
413c:81d6 0100 -                                ff/42/03           fastboot
1199:9070 0006 -                                ff/00/00           boothold
413c:81b5 0006 -                                ff/00/00           boothold
1bc7:9010 0000 -                                ff/00/00           vendor-flash
1bc7:9000 0000 -                                ff/00/00           dump
# Other chips under Quectel's vendor id, exactly and by pattern, but for two of the pattern.
2c7c:6002 0318 -                                running            not-qualcomm
2c7c:7001 0318 -                                running            not-qualcomm
2c7c:0901 0318 -                                running            not-qualcomm
2c7c:6abc 0318 -                                running            not-qualcomm
2c7c:8123 0318 -                                running            not-qualcomm
2c7c:6008 0318 -                                running            running
2c7c:6009 0318 -                                running            running
2c7c:5555 0318 -                                running            vendor-guess
046d:c31c 6400 Keyboard                         03/01/01           -
# Numbers that are known on PCI Express say nothing on USB.
1eac:1002 0000 -                                running            -
";

#[test]
fn the_table_tells_each_state_by_its_evidence() {
    let mut seen = std::collections::BTreeSet::new();
    let lines = CASES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [id, bcd, product, classes, wanted] = words[..] else {
            panic!("{line}");
        };
        let classes = match classes {
            "-" => Vec::new(),
            "running" => RUNNING.to_vec(),
            "rndis" => RNDIS.to_vec(),
            some => some.split(',').map(|c| rule::class(c).unwrap()).collect(),
        };
        let product = (product != "-").then(|| product.replace("Foxconn_", "Foxconn "));
        let bcd = u16::from_str_radix(bcd, 16).unwrap();
        let state = state(&device(id, bcd, product.as_deref(), &classes));
        assert_eq!(state.map_or("-", State::word), wanted, "{line}");
        seen.extend(state.map(State::word));
    }
    // All that USB can show.
    assert_eq!(seen.len(), State::ALL.len() - 1, "{seen:?}");
}

#[test]
fn a_device_without_an_interface_0_is_corrupt_and_in_no_mode() {
    let mut usb = device("2c7c:0801", 0x0504, None, &[VENDOR]);
    usb.interfaces[0].number = 4;
    assert_eq!(state(&usb), Some(State::Corrupt));
    // The same with an interface 0 is not known to be anything.
    usb.interfaces[0].number = 0;
    assert_eq!(state(&usb), Some(State::VendorGuess));
}

#[test]
fn an_endpoint_that_is_not_the_boot_roms_makes_no_boot_rom() {
    let mut usb = device("05c6:9008", 0, None, &[DUMP]);
    usb.interfaces[0].bulk = Some((0x82, 0x02));
    assert_eq!(state(&usb), Some(State::VendorGuess));
    let lacks = nearly(&usb);
    assert_eq!(lacks[0].1, ["the bulk pair 81/01"]);
}

#[test]
fn ports_are_those_of_the_composition() {
    let ports = |usb: &UsbIdentity| known(usb).unwrap().row.ports.clone();
    let usual = device("2c7c:0800", 0x0414, None, &RUNNING);
    let rndis = device("2c7c:0800", 0x0414, None, &RNDIS);
    assert_eq!((ports(&usual).diag, ports(&usual).at), (Some(0), vec![2]));
    assert_eq!((ports(&rndis).diag, ports(&rndis).at), (Some(2), vec![4]));
    let (_, profile) = library::load_profile_file("quectel/rm502q-gl").unwrap();
    let by_profile = |usb| (ports_of(usb, &profile).diag, ports_of(usb, &profile).at);
    assert_eq!(by_profile(&usual), (0, 2));
    assert_eq!(by_profile(&rndis), (2, 4));
    // One RNDIS interface that stands elsewhere moves nothing.
    let mut elsewhere = RUNNING;
    elsewhere[4] = (0xe0, 0x01, 0x03);
    let elsewhere = device("2c7c:0800", 0x0414, None, &elsewhere);
    assert_eq!(by_profile(&elsewhere), (0, 2));
}

#[test]
fn a_profile_decides_by_facts_that_it_can_name() {
    let (_, rm502q) = library::load_profile_file("quectel/rm502q-gl").unwrap();
    let (_, ec25) = library::load_profile_file("quectel/ec25").unwrap();
    let dump = device("2c7c:0800", 0, Some("QUSB_BULK_SN:0BADCAFE"), &[DUMP]);
    let seen = recognise(&dump, &rm502q).unwrap();
    assert_eq!(seen.mode, Mode::Ramdump);
    assert_eq!(
        seen.evidence(&dump),
        "2c7c:0800 with 1 interface at 1-1, an interface ff/ff/10, product `QUSB_BULK_SN:…`"
    );
    let crashed = device("2c7c:0125", 0, Some("QHSUSB__BULK"), &[VENDOR]);
    assert_eq!(mode_of(&crashed, &ec25), Some(Mode::Ramdump));
    // Running descriptors with bcdDevice 0000 are neither running nor crashed.
    assert_eq!(
        mode_of(&device("2c7c:0125", 0, None, &RUNNING), &ec25),
        None
    );
    // The table tells nothing of a mode to a profile that has no evidence for it.
    let corrupt = device("2c7c:0801", 0x0504, None, &[]);
    assert_eq!(mode_of(&corrupt, &rm502q), None);
}

#[test]
fn every_built_in_profile_agrees_with_the_table() {
    for entry in library::list() {
        if entry.kind != library::EntryKind::Profile {
            continue;
        }
        let (_, profile) = library::load_profile_file(&entry.name).unwrap();
        for (mode, all) in &profile.modes {
            for evidence in all {
                let (vid, pid) = evidence.usb.split_once(':').unwrap();
                let hex = |text| u16::from_str_radix(text, 16).unwrap();
                let rows = table::about(hex(vid), hex(pid));
                let state = match mode {
                    Mode::Normal => State::Running,
                    Mode::Ramdump => State::Dump,
                    Mode::Fastboot => State::Fastboot,
                    _ => State::Edl,
                };
                let known = rows.iter().any(|row| row.state == state);
                assert!(
                    known,
                    "{}: {} is no {state}",
                    entry.name, evidence.usb.value
                );
            }
        }
    }
}

#[test]
fn the_serial_of_the_chip_is_not_shown() {
    let product = Some("QUSB_BULK_CID:0410_SN:0BADCAFE\u{1b}[31m");
    let shown = device("05c6:9008", 0, product, &[DUMP]).product_shown();
    assert_eq!(shown.as_deref(), Some("QUSB_BULK_CID:0410_SN:…[31m"));
}
