//! Made trees like `/sys`, with links as Linux makes them.

use camino::{Utf8Path, Utf8PathBuf};
use std::os::unix::fs::symlink;

/// A made tree.
pub(crate) struct Tree {
    folder: tempfile::TempDir,
}

/// A device to plug into it.
#[derive(Clone)]
pub(crate) struct Device<'a> {
    pub(crate) place: &'a str,
    pub(crate) address: u8,
    pub(crate) id: (u16, u16),
    pub(crate) bcd: u16,
    pub(crate) product: Option<&'a str>,
    /// Number and class; each gets a bulk pair of its own.
    pub(crate) interfaces: &'a [(u8, (u8, u8, u8))],
}

#[expect(clippy::disallowed_methods, reason = "a made tree is written as it is")]
impl Tree {
    /// Controllers and the buses of each.
    pub(crate) fn new(controllers: &[(&str, &[u16])]) -> Self {
        let tree = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir_all(tree.path("bus/usb/devices")).unwrap();
        for (controller, buses) in controllers {
            for bus in *buses {
                let hub = format!("devices/pci0000:00/{controller}/usb{bus}");
                std::fs::create_dir_all(tree.path(&format!("{hub}/{bus}-0:1.0"))).unwrap();
                tree.link_device(&hub, &format!("usb{bus}"));
                tree.link_device(&format!("{hub}/{bus}-0:1.0"), &format!("{bus}-0:1.0"));
            }
        }
        tree
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    fn path(&self, below: &str) -> Utf8PathBuf {
        self.root().join(below)
    }

    fn link_device(&self, real: &str, name: &str) {
        symlink(
            format!("../../../{real}"),
            self.path(&format!("bus/usb/devices/{name}")),
        )
        .unwrap();
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Links two ports of hubs, such as `usb1-port2` below `1-0:1.0`.
    pub(crate) fn peers(&self, one: (&str, &str), other: (&str, &str)) {
        for (from, to) in [(one, other), (other, one)] {
            let folder = self.path(&format!("bus/usb/devices/{}/{}", from.0, from.1));
            std::fs::create_dir_all(&folder).unwrap();
            // The kernel's link goes over the devices; only its end counts.
            symlink(format!("../../../{}/{}", to.0, to.1), folder.join("peer")).unwrap();
        }
    }

    pub(crate) fn plug(&self, device: &Device<'_>) {
        let place = device.place;
        // The hub above: of the same chain, or the root hub of the bus.
        let hub = match place.rsplit_once('.') {
            Some((hub, _)) => hub.to_owned(),
            None => format!("usb{}", place.split('-').next().unwrap()),
        };
        let hub = self.path(&format!("bus/usb/devices/{hub}"));
        let hub = hub.canonicalize_utf8().unwrap();
        let hub = hub
            .strip_prefix(self.root().canonicalize_utf8().unwrap())
            .unwrap();
        let real = format!("{hub}/{place}");
        let file = |name: &str, bytes: &[u8]| self.write(&format!("{real}/{name}"), bytes);
        file("descriptors", &descriptors(device));
        file("devnum", format!("{}\n", device.address).as_bytes());
        file("bConfigurationValue", b"1\n");
        file("speed", b"480\n");
        if let Some(product) = device.product {
            file("product", format!("{product}\n").as_bytes());
        }
        for (number, _) in device.interfaces {
            let name = format!("{place}:1.{number}");
            file(
                &format!("{name}/bInterfaceNumber"),
                format!("{number:02x}\n").as_bytes(),
            );
            self.link_device(&format!("{real}/{name}"), &name);
        }
        // Whoever looks meanwhile sees the whole device or none.
        self.link_device(&real, device.place);
    }

    pub(crate) fn unplug(&self, place: &str) {
        let link = self.path(&format!("bus/usb/devices/{place}"));
        let real = link.canonicalize_utf8().unwrap();
        // Whoever looks meanwhile sees the whole device or none.
        std::fs::remove_file(&link).unwrap();
        std::fs::remove_dir_all(real).unwrap();
        for entry in std::fs::read_dir(self.path("bus/usb/devices")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with(&format!("{place}:")) {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    /// Binds a driver to an interface such as `1-1:1.2`, which then has a tty.
    pub(crate) fn bind(&self, interface: &str, driver: &str, tty: Option<&str>) {
        let folder = format!("bus/usb/devices/{interface}");
        self.write(&format!("bus/usb/drivers/{driver}/bind"), "");
        symlink(
            format!("../../../../../../bus/usb/drivers/{driver}"),
            self.path(&format!("{folder}/driver")),
        )
        .unwrap();
        match tty {
            Some(tty) if tty.starts_with("ttyUSB") => {
                self.write(&format!("{folder}/{tty}/tty/{tty}/dev"), "188:0\n");
            }
            Some(tty) => self.write(&format!("{folder}/tty/{tty}/dev"), "166:0\n"),
            None => {}
        }
    }
}

/// An RM502Q-GL that runs.
pub(crate) const RUNNING: [(u8, (u8, u8, u8)); 5] = [
    (0, (0xff, 0xff, 0x30)),
    (1, (0xff, 0x00, 0x00)),
    (2, (0xff, 0x00, 0x00)),
    (3, (0xff, 0x00, 0x00)),
    (4, (0xff, 0xff, 0xff)),
];
/// A boot ROM.
pub(crate) const BOOT_ROM: [(u8, (u8, u8, u8)); 1] = [(0, (0xff, 0xff, 0x11))];

pub(crate) fn running(place: &str, address: u8) -> Device<'_> {
    Device {
        place,
        address,
        id: (0x2c7c, 0x0800),
        bcd: 0x0414,
        product: Some("RM502Q-GL"),
        interfaces: &RUNNING,
    }
}

pub(crate) fn boot_rom(place: &str, address: u8) -> Device<'_> {
    Device {
        place,
        address,
        id: (0x05c6, 0x9008),
        bcd: 0,
        product: Some("QUSB_BULK_CID:0410_SN:0BADCAFE"),
        interfaces: &BOOT_ROM,
    }
}

fn descriptors(device: &Device<'_>) -> Vec<u8> {
    let (vid, pid) = (device.id.0.to_le_bytes(), device.id.1.to_le_bytes());
    let bcd = device.bcd.to_le_bytes();
    let mut bytes = vec![18, 1, 0, 2, 0, 0, 0, 64];
    bytes.extend([vid[0], vid[1], pid[0], pid[1], bcd[0], bcd[1], 1, 2, 0, 1]);
    let count = u8::try_from(device.interfaces.len()).unwrap();
    let total = u16::from(count) * 23 + 9;
    bytes.extend([
        9,
        2,
        total.to_le_bytes()[0],
        total.to_le_bytes()[1],
        count,
        1,
        0,
        0x80,
        1,
    ]);
    for (at, (number, class)) in (0..).zip(device.interfaces) {
        bytes.extend([9, 4, *number, 0, 2, class.0, class.1, class.2, 0]);
        bytes.extend([7, 5, 0x81 + at, 2, 0, 2, 0]);
        bytes.extend([7, 5, 0x01 + at, 2, 0, 2, 0]);
    }
    bytes
}
