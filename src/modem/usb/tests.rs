//! The pinned modem on made trees: what is taken for it, and what never is.

use super::super::sysfs::fixture::{Device, Tree, boot_rom, running};
use super::*;
use crate::plan::library;
use crate::transport::StandingClock;

fn tree() -> Tree {
    let tree = Tree::new(&[("0000:00:14.0", &[1, 2]), ("0000:03:00.0", &[3, 4])]);
    tree.peers(("1-0:1.0", "usb1-port5"), ("2-0:1.0", "usb2-port1"));
    tree
}

fn bus(tree: &Tree, place: Option<&str>) -> UsbBus {
    bus_of("quectel/rm502q-gl", tree, place)
}

fn bus_of(model: &str, tree: &Tree, place: Option<&str>) -> UsbBus {
    let (_, profile) = library::load_profile_file(model).unwrap();
    UsbBus::on(
        Topology::beneath(tree.root()).unwrap(),
        Arrivals::none(),
        Arc::new(profile),
        place.map(|text| Place::parse(text).unwrap()),
        Arc::new(StandingClock::default()),
    )
}

fn with_ttys(tree: &Tree, place: &str) {
    tree.bind(&format!("{place}:1.0"), "option", Some("ttyUSB0"));
    tree.bind(&format!("{place}:1.2"), "option", Some("ttyUSB2"));
}

#[test]
fn the_modem_is_followed_to_the_other_bus_of_its_socket_and_back() {
    let tree = tree();
    tree.plug(&running("2-1", 5));
    with_ttys(&tree, "2-1");
    let mut bus = bus(&tree, None);
    let first = bus.look().unwrap();
    assert_eq!(first.roles, [Role::At, Role::Diag]);
    tree.unplug("2-1");
    let gone = bus.look().unwrap();
    assert_eq!((gone.usb, gone.roles), (None, vec![]));
    tree.plug(&boot_rom("1-5", 9));
    let edl = bus.look().unwrap();
    assert_eq!(edl.usb.unwrap().path, "1-5");
    assert_eq!(edl.roles, [Role::Edl]);
    assert_eq!(edl.pinned.as_deref(), Some("2-1"));
    assert!(first.arrival < gone.arrival && gone.arrival < edl.arrival);
}

#[test]
fn another_9008_is_never_taken_for_the_pinned_modem() {
    let tree = tree();
    tree.plug(&running("2-1", 5));
    let mut bus = bus(&tree, None);
    bus.look().unwrap();
    tree.unplug("2-1");
    // The same port number on another controller, another port, and one behind a hub at the same numbers.
    for other in ["3-1", "4-1", "1-1", "2-5"] {
        tree.plug(&boot_rom(other, 40));
        let seen = bus.look().unwrap();
        assert_eq!((seen.usb, seen.roles), (None, vec![]), "{other}");
        assert_eq!(seen.elsewhere.len(), 1);
        assert_eq!(seen.elsewhere[0].path, other);
        assert_eq!(bus.open(Role::Edl).err(), Some(Error::Gone));
        tree.unplug(other);
    }
}

#[test]
fn two_that_fit_are_refused_and_one_can_be_named() {
    let tree = tree();
    tree.plug(&running("2-1", 5));
    with_ttys(&tree, "2-1");
    tree.plug(&boot_rom("3-2", 6));
    let Err(LookError::Several(found)) = bus(&tree, None).look() else {
        panic!("one of two was taken");
    };
    assert_eq!(
        found,
        [
            "2c7c:0800 with 5 interfaces at 2-1, product `RM502Q-GL`, /dev/ttyUSB0 /dev/ttyUSB2",
            "05c6:9008 with 1 interface at 3-2, product `QUSB_BULK_CID:0410_SN:…`",
        ]
    );
    let named = bus(&tree, Some("3-2")).look().unwrap();
    assert_eq!(named.usb.unwrap().path, "3-2");
    // Either name of a socket names it.
    let named = bus(&tree, Some("1-5")).look().unwrap();
    assert_eq!(named.usb.unwrap().path, "2-1");
}

#[test]
fn what_is_at_the_socket_and_is_no_state_of_the_model_is_shown_and_not_opened() {
    let tree = tree();
    tree.plug(&Device {
        id: (0x046d, 0xc31c),
        ..boot_rom("3-2", 6)
    });
    let seen = bus(&tree, Some("3-2")).look().unwrap();
    assert_eq!(seen.usb.unwrap().vid, 0x046d);
    assert!(seen.roles.is_empty());
}

#[test]
fn a_modem_that_is_listed_on_both_of_its_buses_is_waited_for() {
    let tree = tree();
    tree.plug(&running("2-1", 5));
    let mut bus = bus(&tree, Some("2-1"));
    bus.look().unwrap();
    tree.plug(&boot_rom("1-5", 6));
    assert_eq!(bus.look().unwrap().usb, None);
    tree.unplug("2-1");
    assert_eq!(bus.look().unwrap().usb.unwrap().path, "1-5");
}

#[test]
fn a_running_modem_without_a_driver_has_no_ports_and_the_wait_for_one_ends() {
    let tree = tree();
    tree.plug(&running("2-1", 5));
    let mut bus = bus(&tree, None);
    assert!(bus.look().unwrap().roles.is_empty());
    let why = bus.open(Role::At).err().unwrap();
    assert_eq!(
        why,
        Error::Open(
            "interface 2 of 2c7c:0800 with 5 interfaces at 2-1 has no tty: no driver has taken it (tried for 2 s)"
                .to_owned()
        )
    );
    tree.bind("2-1:1.2", "qmi_wwan", None);
    let why = bus.open(Role::At).err().unwrap().to_string();
    assert!(why.contains("the driver qmi_wwan has taken it"), "{why}");
    assert_eq!(bus.clock.now(), TTY * 2);
}

/// protocols.md §2.1; the second is an adb of the same vendor, which is not the boot loader.
#[test]
fn a_boot_loader_is_known_by_its_interface_and_has_a_port_of_its_own() {
    let tree = tree();
    let loader = |interfaces| Device {
        id: (0x18d1, 0xd00d),
        bcd: 0x0100,
        product: Some("Android"),
        interfaces,
        ..boot_rom("1-5", 7)
    };
    tree.plug(&loader(&[(0, (0xff, 0x42, 0x03))]));
    let seen = bus_of("quectel/ec25", &tree, None).look().unwrap();
    assert_eq!(seen.roles, [Role::Fastboot]);
    tree.unplug("1-5");
    tree.plug(&loader(&[(0, (0xff, 0x42, 0x01))]));
    let seen = bus_of("quectel/ec25", &tree, None).look().unwrap();
    assert_eq!((seen.usb, seen.roles), (None, vec![]));
}
