//! What the checks look at: this computer, the modems on it, and what a run would use of it.

use super::Host;
use crate::modem::survey::Device;
use camino::Utf8PathBuf;

/// All that the checks look at.
pub struct Scene<'a> {
    pub host: &'a Host,
    /// Why USB cannot be looked at, where it cannot.
    pub no_usb: Option<String>,
    pub modems: &'a [Device],
    /// Where runs are kept; `None` where no folder is known.
    pub state: Option<Utf8PathBuf>,
    /// Where backups go: the working folder.
    pub outputs: Utf8PathBuf,
    /// Addresses of the system's D-Bus.
    pub dbus: String,
    /// Seconds since 1970.
    pub now: i64,
}

impl Scene<'_> {
    /// The nodes over which a modem is spoken with, each with the modem's place: those that are there.
    pub(super) fn nodes(&self) -> Vec<(String, Utf8PathBuf)> {
        let mut nodes = Vec::new();
        for modem in self.modems {
            let seen = &modem.plugged;
            let place = seen.place.to_string();
            let (bus, address) = (seen.place.bus, seen.address);
            nodes.push((
                place.clone(),
                format!("/dev/bus/usb/{bus:03}/{address:03}").into(),
            ));
            for attached in seen.attached.values() {
                nodes.extend(attached.tty.clone().map(|tty| (place.clone(), tty)));
            }
        }
        nodes
    }
}
