//! The reader of `/sys` on made trees.

use super::fixture::{Tree, boot_rom, running};
use super::*;

fn place(text: &str) -> Place {
    Place::parse(text).unwrap()
}

#[test]
fn ttys_are_found_by_interface_number_whatever_they_are_called() {
    let tree = Tree::new(&[("0000:00:14.0", &[1, 2])]);
    tree.plug(&running("2-1", 7));
    // A second composite device has taken the low numbers, and the modem's own came in disorder.
    for (interface, tty) in [
        ("2-1:1.0", "ttyUSB9"),
        ("2-1:1.2", "ttyUSB4"),
        ("2-1:1.3", "ttyACM0"),
    ] {
        tree.bind(interface, "option", Some(tty));
    }
    tree.bind("2-1:1.4", "qmi_wwan", None);
    tree.write("bus/usb/devices/2-1:1.4/net/wwan0/ifindex", "7\n");
    tree.write("bus/usb/devices/2-1:1.4/usbmisc/cdc-wdm0/dev", "180:176\n");
    let sysfs = Sysfs::beneath(tree.root()).unwrap();
    let all = sysfs.usb();
    let [modem] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!((modem.address, modem.usb.bcd), (7, 0x0414));
    assert_eq!(modem.usb.product.as_deref(), Some("RM502Q-GL"));
    assert_eq!(modem.tty(0), Some(Utf8Path::new("/dev/ttyUSB9")));
    assert_eq!(modem.tty(1), None);
    assert_eq!(modem.tty(2), Some(Utf8Path::new("/dev/ttyUSB4")));
    assert_eq!(modem.tty(3), Some(Utf8Path::new("/dev/ttyACM0")));
    assert_eq!(modem.attached[&4].driver.as_deref(), Some("qmi_wwan"));
    assert_eq!(modem.attached[&4].others, ["wwan0", "cdc-wdm0"]);
    assert_eq!(modem.attached[&1], Attached::default());
}

#[test]
fn a_device_that_is_half_gone_is_not_there() {
    let tree = Tree::new(&[("0000:00:14.0", &[1])]);
    tree.plug(&boot_rom("1-1", 3));
    let sysfs = Sysfs::beneath(tree.root()).unwrap();
    assert_eq!(sysfs.usb().len(), 1);
    tree.write("bus/usb/devices/1-1/descriptors", [18, 1]);
    assert!(sysfs.usb().is_empty());
    tree.unplug("1-1");
    assert!(sysfs.usb().is_empty());
    assert!(sysfs.has_usb());
}

#[test]
fn a_port_and_its_sibling_are_those_that_the_kernel_links() {
    let tree = Tree::new(&[("0000:00:14.0", &[1, 2])]);
    // Numbers of the two halves differ on most boards.
    tree.peers(("1-0:1.0", "usb1-port5"), ("2-0:1.0", "usb2-port1"));
    let sysfs = Sysfs::beneath(tree.root()).unwrap();
    assert_eq!(sysfs.sibling(&place("1-5")), Some(place("2-1")));
    assert_eq!(sysfs.sibling(&place("2-1")), Some(place("1-5")));
    // Behind a hub: the same port of its other half, which the kernel links as well where it is there.
    assert_eq!(sysfs.sibling(&place("1-5.3")), Some(place("2-1.3")));
    tree.peers(("1-5:1.0", "1-5-port3"), ("2-1:1.0", "2-1-port4"));
    assert_eq!(sysfs.sibling(&place("1-5.3")), Some(place("2-1.4")));
}

#[test]
fn without_links_siblings_are_on_the_same_controller_and_no_other() {
    let tree = Tree::new(&[
        ("0000:00:14.0", &[1, 2]),
        ("0000:03:00.0", &[3, 4]),
        ("0000:05:00.0", &[5]),
    ]);
    let sysfs = Sysfs::beneath(tree.root()).unwrap();
    assert_eq!(sysfs.sibling(&place("1-2")), Some(place("2-2")));
    assert_eq!(sysfs.sibling(&place("4-2.1")), Some(place("3-2.1")));
    assert_eq!(sysfs.sibling(&place("5-2")), None);
    assert_eq!(sysfs.sibling(&place("9-2")), None);
    // Three buses of one controller: nobody can say which two belong together.
    let tree = Tree::new(&[("0000:00:14.0", &[1, 2, 3])]);
    let sysfs = Sysfs::beneath(tree.root()).unwrap();
    assert_eq!(sysfs.sibling(&place("1-2")), None);
}

#[test]
fn ports_of_a_pci_modem_are_listed_with_its_ids() {
    let tree = Tree::new(&[]);
    let device = "devices/pci0000:00/0000:00:1c.0/0000:01:00.0";
    tree.write(&format!("{device}/vendor"), "0x1eac\n");
    tree.write(&format!("{device}/device"), "0x1004\n");
    for (name, kind) in [
        ("wwan0", None),
        ("wwan0at0", Some("AT")),
        ("wwan0qcdm0", None),
    ] {
        let real = format!("{device}/mhi0/wwan/{name}");
        tree.write(&format!("{real}/uevent"), "");
        if let Some(kind) = kind {
            tree.write(&format!("{real}/type"), format!("{kind}\n"));
        }
        tree.write("class/wwan/.keep", "");
        let link = tree.root().join("class/wwan").join(name);
        std::os::unix::fs::symlink(format!("../../{real}"), link).unwrap();
    }
    let sysfs = Sysfs::beneath(tree.root()).unwrap();
    assert!(sysfs.has_usb());
    let all = sysfs.wwan();
    let [modem] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(modem.name, "wwan0");
    assert_eq!(modem.pci, Some(("0000:01:00.0".to_owned(), 0x1eac, 0x1004)));
    let ports: Vec<_> = modem
        .ports
        .iter()
        .map(|p| (p.node.as_str(), p.kind.as_str()))
        .collect();
    assert_eq!(
        ports,
        [("/dev/wwan0at0", "AT"), ("/dev/wwan0qcdm0", "QCDM")]
    );
}
