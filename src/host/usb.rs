//! USB devices as sysfs shows them. Their names there are those of libusb's ports: `1-2.3` is port 3 of the hub at port
//! 2 of bus 1.

use super::Host;
use camino::{Utf8Path, Utf8PathBuf};

const DEVICES: &str = "sys/bus/usb/devices";

impl Host {
    /// One name for a physical port, whichever of its two buses a modem shows up on.
    ///
    /// A USB 3 connector is two ports, and EDL comes back on the other one (RM500Q, measured: protocols.md §3). The
    /// kernel links the two as `peer` (Documentation/ABI/testing/sysfs-bus-usb). Where it does not, the same ports
    /// below the same controller count as one, and where there is no sysfs, the same ports.
    pub fn physical_port(&self, path: &str) -> String {
        if let Some(peer) = self.peer(path) {
            return path.min(&peer).to_owned();
        }
        let (bus, ports) = path.split_once('-').unwrap_or(("", path));
        match self.controller(bus) {
            Some(controller) => format!("{controller}-{ports}"),
            None => ports.to_owned(),
        }
    }

    /// The other path of the same connector.
    fn peer(&self, path: &str) -> Option<String> {
        let (bus, ports) = path.split_once('-')?;
        let port = match ports.rsplit_once('.') {
            Some((hub, port)) => format!("{bus}-{hub}:1.0/{bus}-{hub}-port{port}"),
            None => format!("{bus}-0:1.0/usb{bus}-port{ports}"),
        };
        let link = self
            .root
            .link_text(&Utf8Path::new(DEVICES).join(port).join("peer"))?;
        let (hub, port) = link.file_name()?.rsplit_once("-port")?;
        Some(match hub.strip_prefix("usb") {
            Some(bus) => format!("{bus}-{port}"),
            None => format!("{hub}.{port}"),
        })
    }

    /// The controller of a bus: `0000:00:14.0` has both the USB 2 and the USB 3 bus of one set of connectors.
    fn controller(&self, bus: &str) -> Option<String> {
        let hub = self.device(&format!("usb{bus}"))?;
        hub.parent()?.file_name().map(str::to_owned)
    }

    /// Where a device is in sysfs, beneath the root: `sys/devices/pci0000:00/0000:00:14.0/usb1/1-2`.
    pub(super) fn device(&self, name: &str) -> Option<Utf8PathBuf> {
        self.root.canonical(&Utf8Path::new(DEVICES).join(name))
    }

    /// The USB device to which a tty such as `/dev/ttyUSB2` belongs.
    pub(super) fn device_of_tty(&self, tty: &Utf8Path) -> Option<Utf8PathBuf> {
        // sysfs writes `!` for `/` in names of devices.
        let name = tty.strip_prefix("/dev").ok()?.as_str().replace('/', "!");
        let place = self
            .root
            .canonical(Utf8Path::new(&format!("sys/class/tty/{name}/device")))?;
        place
            .ancestors()
            .find(|folder| self.root.is_file(&folder.join("idVendor")))
            .map(Utf8Path::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use crate::host::tests::Fixture;

    #[test]
    fn both_buses_of_a_connector_are_one_port() {
        let fixture = Fixture::new();
        fixture.bus("0000:00:14.0", 1);
        fixture.bus("0000:00:14.0", 2);
        fixture.bus("0000:03:00.0", 3);
        let host = fixture.host();
        // Without a word of the kernel, the same ports below the same controller.
        assert_eq!(host.physical_port("1-2.3"), host.physical_port("2-2.3"));
        assert_ne!(host.physical_port("1-2.3"), host.physical_port("1-2.4"));
        assert_ne!(host.physical_port("1-2.3"), host.physical_port("3-2.3"));
        // The kernel knows better: connectors of xHCI need not have one number on both buses.
        fixture.peers((1, "2"), (2, "5"));
        assert_eq!(host.physical_port("1-2"), host.physical_port("2-5"));
        assert_ne!(host.physical_port("1-2"), host.physical_port("2-2"));
    }

    #[test]
    fn a_port_has_a_name_where_there_is_no_sysfs() {
        let host = Fixture::new().host();
        assert_eq!(host.physical_port("1-2.3"), host.physical_port("2-2.3"));
    }
}
