use super::host::{Answer, Host, PAGE};
use crate::files::Root;
use crate::modem::{Bus, Role};
use crate::plan::{Duration as Span, Hand, Hands, MakePackage, Mode, Variant};
use crate::protocol::firehose::{Element, Scanner};
use crate::sim::fixture::{self, FIRMWARE, NEWER, spanned};
use crate::sim::{Modem, Options, SimBus, make_package};
use crate::transport::Error;
use camino::{Utf8Path, Utf8PathBuf};
use std::io::Read as _;
use std::time::Duration;

/// A package and the lines of its update file.
fn package() -> (tempfile::TempDir, Root, Vec<Element>) {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    let make = MakePackage {
        firmware: spanned(NEWER.to_owned()),
        variant: Variant::Update,
        size: Some(spanned("3M".to_owned())),
        broken: None,
    };
    make_package(&root, &make, &fixture::profile()).unwrap();
    let xml = bytes(
        &root,
        "update/firehose/rawprogram_nand_p4K_b256K_update.xml",
    );
    let mut scanner = Scanner::default();
    scanner.push(&xml);
    let lines = std::iter::from_fn(|| scanner.next_element()).collect();
    (folder, root, lines)
}

fn bytes(root: &Root, path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut file = root.read(Utf8Path::new(path)).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn run(host: &mut Host, root: &Root, line: &Element) {
    let number = |name: &str| line.attribute(name).unwrap().parse::<u64>().unwrap();
    let (start, count) = (number("start_sector"), number("num_partition_sectors"));
    let answer = if line.name == "erase" {
        host.erase(start, count)
    } else {
        let name = line.attribute("filename").unwrap().replace('\\', "/");
        let path = match name.strip_prefix("../") {
            Some(name) => Utf8PathBuf::from(format!("update/{name}")),
            None => Utf8PathBuf::from(format!("update/firehose/{name}")),
        };
        host.program(start, &bytes(root, path.as_str()))
    };
    assert_eq!(answer, Answer::Ack, "{line:?}");
}

/// protocols.md §1 fact 1.
#[test]
fn a_package_in_the_order_of_its_file_ends_in_9008() {
    let (_folder, root, lines) = package();
    let mut host = Host::in_firehose(|_| ());
    for line in &lines {
        run(&mut host, &root, line);
    }
    assert_eq!(host.reset(), Mode::Edl);
    assert!(!host.modem.summary().boots);
}

#[test]
fn a_package_with_its_erases_first_boots_the_new_version() {
    let (_folder, root, lines) = package();
    let mut host = Host::in_firehose(|scenario| scenario.nand.bad_blocks = vec![700, 1203]);
    for name in ["erase", "program"] {
        for line in lines.iter().filter(|line| line.name == name) {
            run(&mut host, &root, line);
        }
    }
    let summary = host.modem.summary();
    assert_eq!(summary.firmware.as_deref(), Some(NEWER));
    // The table was programmed anew with the same bytes.
    assert_eq!(
        summary.unchanged,
        ["mibib", "efs2", "sys_rev", "rawdata", "sec"]
    );
    assert!(summary.calibration);
    host.reset();
    assert_eq!(host.modem.summary().mode, Mode::Normal);
}

#[test]
fn one_stage_left_out_ends_in_900e() {
    let (_folder, root, lines) = package();
    let mut host = Host::in_firehose(|_| ());
    for line in lines.iter().filter(|line| line.name == "erase") {
        run(&mut host, &root, line);
    }
    let left_out = |line: &&Element| line.attribute("filename") != Some("..\\abl.mbn");
    for line in lines
        .iter()
        .filter(|l| l.name == "program")
        .filter(left_out)
    {
        run(&mut host, &root, line);
    }
    assert_eq!(host.reset(), Mode::Ramdump);
}

#[test]
fn a_foreign_stage_ends_in_900e() {
    let mut host = Host::in_firehose(|_| ());
    assert_eq!(host.erase(179 * 64, 5 * 64), Answer::Ack);
    assert_eq!(host.program(179 * 64, &[0x55; 3 * PAGE]), Answer::Ack);
    assert_eq!(host.reset(), Mode::Ramdump);
}

fn hands(does: &[Hand], after: u64) -> Hands {
    Hands {
        does: does.to_vec(),
        after: spanned(Span(Duration::from_secs(after))),
    }
}

#[test]
fn hands_with_the_boot_pin_lead_from_900e_to_9008_and_back() {
    let mut host = Host::new(|scenario| {
        scenario.mode = spanned(Mode::Ramdump);
        scenario.damage = vec![spanned("abl".into())];
        let on = hands(&[Hand::Unplug, Hand::BootPinOn, Hand::Plug], 20);
        let off = hands(&[Hand::Unplug, Hand::BootPinOff, Hand::Plug], 15);
        scenario.hands.0 = vec![
            (spanned("ground".to_owned()), on),
            (spanned("free".to_owned()), off),
        ];
    });
    host.modem.asked("another-step");
    host.wait(Duration::from_secs(60));
    assert_eq!(host.modem.summary().mode, Mode::Ramdump);
    host.modem.asked("ground");
    host.wait(Duration::from_secs(6));
    assert_eq!(host.modem.summary().mode, Mode::Ramdump);
    host.wait(Duration::from_secs(13));
    assert_eq!(host.modem.presence(), None);
    host.wait(Duration::from_secs(2));
    assert_eq!(host.modem.summary().mode, Mode::Edl);
    host.modem.asked("free");
    host.wait(Duration::from_secs(20));
    assert_eq!(host.modem.summary().mode, Mode::Ramdump);
}

#[test]
fn a_plug_pulled_and_put_back_boots() {
    let mut host = Host::new(|scenario| scenario.mode = spanned(Mode::Off));
    assert_eq!(host.modem.presence(), None);
    host.wait(Duration::from_secs(60));
    host.modem.hand(Hand::Plug);
    host.wait(Duration::from_secs(20));
    let first = host.modem.presence().unwrap();
    host.modem.hand(Hand::Unplug);
    assert_eq!(host.modem.presence(), None);
    host.modem.hand(Hand::BootPinOn);
    host.modem.hand(Hand::Plug);
    host.wait(Duration::from_secs(1));
    let second = host.modem.presence().unwrap();
    assert_eq!(second.usb.pid, 0x9008);
    assert!(second.arrival > first.arrival);
    assert_ne!(second.usb.path, first.usb.path);
}

#[test]
fn switched_off_by_the_programmer_it_stays_off() {
    let mut host = Host::in_firehose(|_| ());
    let power = Element::new("power").with("value", "off");
    assert_eq!(host.command(&power), Answer::Ack);
    host.wait(Duration::from_secs(100));
    assert_eq!(host.modem.presence(), None);
    host.modem.hand(Hand::Unplug);
    host.modem.hand(Hand::Plug);
    host.wait(Duration::from_secs(20));
    assert_eq!(host.modem.summary().mode, Mode::Normal);
}

#[test]
fn the_bus_lets_time_pass_only_while_somebody_waits() {
    let mut scenario = fixture::scenario();
    scenario.mode = spanned(Mode::Edl);
    let modem = Modem::new(&scenario, &fixture::profile(), Options::default()).unwrap();
    let (mut bus, clock, modem) = SimBus::new(modem);
    assert_eq!(bus.look().unwrap().roles, [Role::Edl]);
    assert!(matches!(bus.open(Role::At), Err(Error::Gone)));
    let mut port = bus.open(Role::Edl).unwrap();
    let mut buffer = [0; 64];
    assert_eq!(port.read(&mut buffer, Duration::ZERO), Err(Error::Timeout));
    assert_eq!(clock.now(), Duration::ZERO);
    assert_eq!(port.read(&mut buffer, Duration::from_secs(5)), Ok(0x30));
    assert!(clock.now() < Duration::from_millis(10));
    assert_eq!(
        port.read(&mut buffer, Duration::from_secs(5)),
        Err(Error::Timeout)
    );
    assert!(clock.now() >= Duration::from_secs(5));
    modem.lock().unwrap().hand(Hand::Unplug);
    modem.lock().unwrap().hand(Hand::BootPinOn);
    modem.lock().unwrap().hand(Hand::Plug);
    clock.sleep(Duration::from_secs(1));
    assert_eq!(bus.look().unwrap().roles, [Role::Edl]);
    assert_eq!(port.read(&mut buffer, Duration::ZERO), Err(Error::Gone));
    assert_eq!(port.write(&[1], Duration::ZERO), Err(Error::Gone));
    let mut port = bus.open(Role::Edl).unwrap();
    assert_eq!(port.read(&mut buffer, Duration::ZERO), Ok(0x30));
}

#[test]
fn the_same_bytes_at_the_same_times_give_the_same_modem() {
    let story = || {
        let mut host = Host::in_firehose(|_| ());
        host.erase(136 * 64, 64);
        host.program(136 * 64, &[0x5a; 3 * PAGE]);
        (
            host.modem.now(),
            host.modem.record().to_vec(),
            host.modem.summary(),
        )
    };
    assert_eq!(story(), story());
    assert_eq!(story().2.firmware, None);
    assert_ne!(FIRMWARE, NEWER);
}
