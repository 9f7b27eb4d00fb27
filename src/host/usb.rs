//! Names of USB devices and sockets, as sysfs shows them.

use super::Host;
use crate::modem::Place;
use crate::modem::ports::Target;
use crate::modem::sysfs::Sysfs;
use camino::{Utf8Path, Utf8PathBuf};

const DEVICES: &str = "sys/bus/usb/devices";

impl Host {
    fn sysfs(&self) -> Option<Sysfs> {
        Sysfs::beneath(&self.root.path().join("sys")).ok()
    }

    /// One name for a socket, whichever of its two buses a modem shows up on: EDL comes back on the other one (RM500Q,
    /// measured: protocols.md §3).
    ///
    /// Where the other name is not known, the same ports of any bus count as one: a refusal too many is better than two
    /// runs on one modem.
    pub fn socket(&self, path: &str) -> String {
        let place = Place::parse(path);
        let sibling = place
            .as_ref()
            .and_then(|place| self.sysfs()?.sibling(place));
        match (place, sibling) {
            (Some(place), Some(sibling)) => place.min(sibling).to_string(),
            _ => path
                .split_once('-')
                .map_or(path, |(_, ports)| ports)
                .to_owned(),
        }
    }

    /// What ModemManager calls the physical device at a port path: where it is in sysfs.
    pub(super) fn device(&self, name: &str) -> Option<Utf8PathBuf> {
        let real = self.root.real(&Utf8Path::new(DEVICES).join(name)).ok()?;
        Some(Utf8Path::new("/").join(real))
    }

    /// The port path of the USB device to which a tty such as `/dev/ttyUSB2` belongs.
    pub fn place_of_tty(&self, tty: &Utf8Path) -> Option<String> {
        // sysfs writes `!` for `/` in names of devices.
        let name = tty.strip_prefix("/dev").ok()?.as_str().replace('/', "!");
        let device = Utf8PathBuf::from(format!("sys/class/tty/{name}/device"));
        let real = self.root.real(&device).ok()?;
        // Interfaces are `1-2.3:1.0`, which is no place.
        let place = real
            .ancestors()
            .find_map(|folder| Place::parse(folder.file_name()?))?;
        Some(place.to_string())
    }
}

impl Host {
    /// The port path of the USB device behind a port that was named by hand.
    pub fn place_of(&self, target: &Target) -> Option<String> {
        match target {
            Target::Tty(path) => self.place_of_tty(&path.canonicalize_utf8().ok()?),
            Target::Tcp(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::host::tests::Fixture;
    use camino::Utf8Path;

    #[test]
    fn both_buses_of_a_socket_are_one() {
        let fixture = Fixture::new(&[("0000:00:14.0", &[1, 2]), ("0000:03:00.0", &[3])]);
        let host = fixture.host();
        assert_eq!(host.socket("1-2.3"), host.socket("2-2.3"));
        assert_ne!(host.socket("1-2.3"), host.socket("1-2.4"));
    }

    #[test]
    fn a_socket_has_a_name_where_there_is_no_sysfs() {
        let host = Fixture::empty().host();
        assert_eq!(host.socket("1-2.3"), host.socket("2-2.3"));
    }

    #[test]
    fn a_tty_is_of_the_device_above_it() {
        let fixture = Fixture::new(&[("0000:00:14.0", &[1, 2])]);
        fixture.modem();
        let host = fixture.host();
        let place = |tty| host.place_of_tty(Utf8Path::new(tty));
        assert_eq!(place("/dev/ttyUSB2").as_deref(), Some("1-2"));
        assert_eq!(place("/dev/ttyS0"), None);
        let device = host.device("1-2").unwrap();
        // The fixture's `/sys` is its root.
        assert_eq!(device, "/devices/pci0000:00/0000:00:14.0/usb1/1-2");
    }
}
