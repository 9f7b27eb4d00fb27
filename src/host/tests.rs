//! A made computer in a folder: sysfs, procfs and nodes as a test wants them.

#![expect(
    clippy::disallowed_methods,
    reason = "lays files out as a kernel would show them"
)]

use super::Host;
use camino::{Utf8Path, Utf8PathBuf};

/// Files beneath a root that goes away with the test.
pub(super) struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    pub(super) fn host(&self) -> Host {
        Host::beneath(self.root()).unwrap()
    }

    pub(super) fn folder(&self, path: &str) -> Utf8PathBuf {
        let path = self.root().join(path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// A link as sysfs has them: `target` is beneath the root, and the link leads there by `..`.
    pub(super) fn link(&self, path: &str, target: &str) {
        let place = self.root().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        let ups = Utf8Path::new(path).components().count() - 1;
        std::os::unix::fs::symlink(format!("{}{target}", "../".repeat(ups)), place).unwrap();
    }

    /// The root hub of a bus, below its controller.
    pub(super) fn bus(&self, controller: &str, bus: u8) {
        let hub = format!("sys/devices/pci0000:00/{controller}/usb{bus}");
        self.folder(&hub);
        self.link(&format!("sys/bus/usb/devices/usb{bus}"), &hub);
        let ports = format!("{hub}/{bus}-0:1.0");
        self.folder(&ports);
        self.link(&format!("sys/bus/usb/devices/{bus}-0:1.0"), &ports);
    }

    /// Two ports of root hubs that are one connector.
    pub(super) fn peers(&self, one: (u8, &str), other: (u8, &str)) {
        let port = |(bus, port): (u8, &str)| format!("usb{bus}-port{port}");
        for (one, other) in [(one, other), (other, one)] {
            let bus = one.0;
            let hub = self.root().join(format!("sys/bus/usb/devices/usb{bus}"));
            let hub = hub.canonicalize_utf8().unwrap();
            let hub = hub.strip_prefix(self.root().canonicalize_utf8().unwrap());
            let hub = hub.unwrap().to_owned();
            let link = format!("{hub}/{bus}-0:1.0/{}/peer", port(one));
            self.link(&link, &format!("some/where/{}", port(other)));
        }
    }
}
