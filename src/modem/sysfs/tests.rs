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

/// Trees as `wwan_core.c` makes them: a port is below its modem, and both are linked in the class.
fn wwan(tree: &Tree, parent: &str, modem: &str, ports: &[(&str, Option<&str>)]) {
    tree.write("class/wwan/.keep", "");
    let link = |real: String, name: &str| {
        let link = tree.root().join("class/wwan").join(name);
        std::os::unix::fs::symlink(format!("../../{real}"), link).unwrap();
    };
    let folder = format!("{parent}/wwan/{modem}");
    tree.write(&format!("{folder}/uevent"), "");
    link(folder.clone(), modem);
    for (port, kind) in ports {
        tree.write(&format!("{folder}/{port}/dev"), "510:0\n");
        if let Some(kind) = kind {
            tree.write(&format!("{folder}/{port}/type"), format!("{kind}\n"));
        }
        link(format!("{folder}/{port}"), port);
    }
}

fn pci(tree: &Tree, folder: &str, vendor: &str, device: &str) {
    tree.write(&format!("{folder}/vendor"), format!("{vendor}\n"));
    tree.write(&format!("{folder}/device"), format!("{device}\n"));
}

/// A modem, its PCI address and ids, and its ports.
fn listed(tree: &Tree) -> Vec<String> {
    let sysfs = Sysfs::beneath(tree.root()).unwrap();
    let line = |modem: &WwanDevice| {
        let pci = modem.pci.as_ref();
        let pci = pci.map(|(at, vendor, id)| format!("{vendor:04x}:{id:04x} at {at}"));
        let ports: Vec<String> = (modem.ports.iter())
            .map(|port| format!("{}={}", port.kind, port.node))
            .collect();
        let pci = pci.unwrap_or_else(|| "elsewhere".to_owned());
        format!("{} {pci}: {}", modem.name, ports.join(" "))
    };
    sysfs.wwan().iter().map(line).collect()
}

#[test]
fn modems_with_wwan_ports_are_listed_by_what_they_hang_on() {
    let tree = Tree::new(&[("0000:00:14.0", &[1, 2])]);
    let port = "devices/pci0000:00/0000:00:1c.0";
    pci(&tree, port, "0x8086", "0x9dbc");
    assert_eq!(listed(&tree), [""; 0]);
    // MHI (drivers/net/wwan/mhi_wwan_ctrl.c): below the controller of the modem, which tells identities of its own.
    let mhi = format!("{port}/0000:01:00.0");
    pci(&tree, &mhi, "0x1eac", "0x1004");
    tree.write(
        &format!("{mhi}/mhi0/serialnumber"),
        "Serial Number: 195939070\n",
    );
    let ports = [
        ("wwan0at0", Some("AT")),
        ("wwan0at1", Some("AT")),
        ("wwan0mbim0", Some("MBIM")),
        // Without the file `type` the name says it.
        ("wwan0qcdm0", None),
    ];
    wwan(&tree, &format!("{mhi}/mhi0"), "wwan0", &ports);
    // In EDL it has one port, and another chip's id (protocols.md §2.2).
    let edl = "devices/pci0000:00/0000:00:1d.0/0000:02:00.0";
    pci(&tree, edl, "0x17cb", "0x0308");
    wwan(
        &tree,
        &format!("{edl}/mhi1"),
        "wwan1",
        &[("wwan1firehose0", Some("FIREHOSE"))],
    );
    // A phone's own modem hangs on no bus that has ids.
    wwan(
        &tree,
        "devices/platform/soc/remoteproc0",
        "wwan2",
        &[("wwan2at0", Some("AT"))],
    );
    // Names that are none of the framework's.
    wwan(
        &tree,
        "devices/virtual/hwsim",
        "wwan",
        &[("wwan_hwsim0", None), ("wlan0at0", None)],
    );
    assert_eq!(
        listed(&tree),
        [
            "wwan0 1eac:1004 at 0000:01:00.0: AT=/dev/wwan0at0 AT=/dev/wwan0at1 MBIM=/dev/wwan0mbim0 QCDM=/dev/wwan0qcdm0",
            "wwan1 17cb:0308 at 0000:02:00.0: FIREHOSE=/dev/wwan1firehose0",
            "wwan2 elsewhere: AT=/dev/wwan2at0",
        ]
    );
}

/// Its host controller is on PCI, and has ids like any modem there.
#[test]
fn wwan_ports_of_a_usb_modem_are_its_interfaces_and_no_other_modem() {
    let tree = Tree::new(&[("0000:00:14.0", &[1, 2])]);
    let controller = "devices/pci0000:00/0000:00:14.0";
    pci(&tree, controller, "0x8086", "0x9ded");
    tree.plug(&running("1-4", 9));
    tree.bind("1-4:1.4", "qmi_wwan", None);
    let interface = format!("{controller}/usb1/1-4/1-4:1.4");
    tree.write(&format!("{interface}/net/wwan0/ifindex"), "7\n");
    wwan(&tree, &interface, "wwan0", &[("wwan0qmi0", Some("QMI"))]);
    assert_eq!(listed(&tree), [""; 0]);
    let sysfs = Sysfs::beneath(tree.root()).unwrap();
    assert_eq!(sysfs.usb()[0].attached[&4].others, ["wwan0", "wwan0qmi0"]);
}
