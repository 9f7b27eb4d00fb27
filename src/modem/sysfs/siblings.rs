//! The two names of one socket: a USB 3 port is a port of a USB 2 bus as well, under another bus number. An RM500Q runs
//! on the one and comes back in EDL on the other (protocols.md §3).

use super::{DEVICES, Place, Sysfs};
use camino::{Utf8Path, Utf8PathBuf};

impl Sysfs {
    /// The other name of the socket; `None` where it has none, or where it cannot be known. Buses of different
    /// controllers are never siblings.
    pub fn sibling(&self, place: &Place) -> Option<Place> {
        let hub = place.hub();
        if let Some(peer) = self.peer(place, hub.as_ref()) {
            return Some(peer);
        }
        // Without the link: the same port of the hub's other half, as the kernel pairs them where the firmware says
        // nothing (drivers/usb/core/port.c, `find_and_link_peer`).
        match hub {
            Some(hub) => Some(self.sibling(&hub)?.below(place.port())),
            None => Some(Place::of_root(self.other_root(place.bus)?, place.port())),
        }
    }

    /// The kernel's own link from port to port: `usb1/1-0:1.0/usb1-port2/peer` at a root hub,
    /// `1-2/1-2:1.0/1-2-port3/peer` at another (drivers/usb/core/port.c).
    fn peer(&self, place: &Place, hub: Option<&Place>) -> Option<Place> {
        let port = match hub {
            Some(hub) => format!("{hub}:1.0/{hub}-port{}", place.port()),
            None => format!("{0}-0:1.0/usb{0}-port{1}", place.bus, place.port()),
        };
        let link = Utf8Path::new(DEVICES).join(port).join("peer");
        let name = self.last_of_link(&link)?;
        let (hub, port) = name.rsplit_once("-port")?;
        let port = port.parse().ok()?;
        match hub.strip_prefix("usb") {
            Some(bus) => Some(Place::of_root(bus.parse().ok()?, port)),
            None => Some(Place::parse(hub)?.below(port)),
        }
    }

    /// The only other root hub of the same controller.
    fn other_root(&self, bus: u16) -> Option<u16> {
        let controller = self.controller(bus)?;
        let buses = self.names(Utf8Path::new(DEVICES)).into_iter();
        let mut others = buses
            .filter_map(|name| name.strip_prefix("usb")?.parse::<u16>().ok())
            .filter(|other| *other != bus)
            .filter(|other| self.controller(*other).as_ref() == Some(&controller));
        let other = others.next()?;
        others.next().is_none().then_some(other)
    }

    fn controller(&self, bus: u16) -> Option<Utf8PathBuf> {
        let root_hub = Utf8Path::new(DEVICES).join(format!("usb{bus}"));
        let real = self.root.real(&root_hub).ok()?;
        real.parent().map(Utf8Path::to_owned)
    }
}
