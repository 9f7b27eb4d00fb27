//! A made computer in a folder: sysfs, procfs and nodes as a test wants them.
#![expect(
    clippy::disallowed_methods,
    reason = "lays files out as a kernel would show them"
)]

use super::{Host, Scene};
use crate::modem::survey::{Device, Every, Plans, survey};
use crate::modem::sysfs::fixture::{Tree, boot_rom, running};
use crate::modem::topology::Topology;
use camino::Utf8Path;
use std::os::unix::fs::{PermissionsExt as _, symlink};

/// Another user than whoever runs the tests.
pub(super) const SOMEBODY: u32 = 4711;
const USB: [(&str, &[u16]); 1] = [("0000:00:14.0", &[1, 2])];

/// A computer that goes away with the test. Its `/sys` is the folder itself.
pub(super) struct Fixture {
    tree: Tree,
}

impl Fixture {
    /// Without anything.
    pub(super) fn empty() -> Self {
        let fixture = Self {
            tree: Tree::new(&[]),
        };
        std::fs::remove_dir_all(fixture.root().join("bus")).unwrap();
        fixture
    }

    /// With controllers and their buses.
    pub(super) fn new(controllers: &[(&str, &[u16])]) -> Self {
        let tree = Tree::new(controllers);
        symlink(".", tree.root().join("sys")).unwrap();
        Self { tree }
    }

    /// An ordinary computer of somebody with a modem that runs, whose ttys are all in a group that somebody is not in.
    pub(super) fn ordinary() -> Self {
        let fixture = Self::new(&USB);
        fixture.modem();
        fixture.user(SOMEBODY);
        fixture.file("proc/1/comm", "systemd\n");
        fixture.folder("proc/1/fd");
        fixture.folder("etc/udev/rules.d");
        fixture
    }

    /// An RM502Q-GL at 1-2, with ttys.
    pub(super) fn modem(&self) {
        self.tree.plug(&running("1-2", 5));
        for interface in 0..4 {
            let tty = format!("ttyUSB{interface}");
            self.tree
                .bind(&format!("1-2:1.{interface}"), "option", Some(&tty));
            let folder = "devices/pci0000:00/0000:00:14.0/usb1/1-2";
            std::fs::create_dir_all(self.root().join(format!("class/tty/{tty}"))).unwrap();
            let link = format!("../../../{folder}/1-2:1.{interface}/{tty}");
            symlink(link, self.root().join(format!("class/tty/{tty}/device"))).unwrap();
            self.node(&format!("dev/{tty}"), 0o660);
        }
        self.node("dev/bus/usb/001/005", 0o660);
    }

    /// The same modem in EDL, with qcserial on it.
    pub(super) fn boot_rom(&self) {
        self.tree.plug(&boot_rom("1-2", 6));
        self.tree.bind("1-2:1.0", "qcserial", Some("ttyUSB0"));
        self.node("dev/ttyUSB0", 0o660);
        self.node("dev/bus/usb/001/006", 0o660);
    }

    pub(super) fn root(&self) -> &Utf8Path {
        self.tree.root()
    }

    pub(super) fn host(&self) -> Host {
        Host::beneath(self.root()).unwrap()
    }

    pub(super) fn folder(&self, path: &str) {
        std::fs::create_dir_all(self.root().join(path)).unwrap();
    }

    pub(super) fn file(&self, path: &str, text: &str) {
        self.tree.write(path, text);
    }

    /// A node is an ordinary file here: it is never opened.
    pub(super) fn node(&self, path: &str, mode: u32) {
        self.file(path, "");
        let rights = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.root().join(path), rights).unwrap();
    }

    /// Whoever runs the program.
    pub(super) fn user(&self, id: u32) {
        let status = format!(
            "Name:\tunbrick\nUid:\t{id}\t{id}\t{id}\t{id}\nGid:\t{id}\t{id}\t{id}\t{id}\nGroups:\t{id} \n"
        );
        self.file("proc/self/status", &status);
    }

    /// The namespace of processes, as a link of procfs names it.
    pub(super) fn namespace(&self, name: &str) {
        self.folder("proc/self/ns");
        symlink(name, self.root().join("proc/self/ns/pid")).unwrap();
    }

    /// A program, with what it has open.
    pub(super) fn process(&self, id: u32, name: &str, open: &[&str]) {
        self.file(&format!("proc/{id}/comm"), &format!("{name}\n"));
        self.folder(&format!("proc/{id}/fd"));
        for (number, target) in open.iter().enumerate() {
            symlink(target, self.root().join(format!("proc/{id}/fd/{number}"))).unwrap();
        }
    }

    pub(super) fn modems(&self) -> Vec<Device> {
        let topology = Topology::beneath(&self.root().join("sys")).unwrap();
        survey(&topology, &Plans::built_in().unwrap(), Every::Modem).devices
    }

    /// What a person sees who sits at this computer.
    pub(super) fn scene<'a>(&self, host: &'a Host, modems: &'a [Device]) -> Scene<'a> {
        Scene {
            host,
            no_usb: None,
            modems,
            state: Some(self.root().join("state")),
            outputs: self.root().to_owned(),
            dbus: format!("unix:path={}/run/dbus/system_bus_socket", self.root()),
            now: 1_800_000_000,
        }
    }
}
