//! The ports of a virtual host controller: a device is plugged in by giving the kernel one end of a socket pair.
//!
//! In sysfs `status` lists the ports, and "port socket devid speed" written to `attach` plugs in (Linux,
//! `drivers/usb/usbip/vhci_sysfs.c`; usb-test-rig.md §5).

use super::descriptor::Speed;
use crate::files::{self, Root};
use camino::Utf8Path;
use std::io::{ErrorKind, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;

/// Where the kernel shows its first virtual host controller.
pub const SYSFS: &str = "/sys/devices/platform/vhci_hcd.0";
/// Most bytes of a status file that are read; a page is what sysfs has.
const MOST_STATUS: u64 = 4096;
/// `VDEV_ST_NULL`: nothing is plugged in (Linux, `drivers/usb/usbip/usbip_common.h`).
const FREE: &str = "004";
/// Bus 1, device 2: where the device is on the host that exports it, which this one only passes on.
const ELSEWHERE: u32 = 1 << 16 | 2;

/// Something with ports that a device can be plugged into.
pub trait Controller {
    fn ports(&self) -> Result<Vec<Port>, VhciError>;
    /// Plugs a device in; the kernel speaks to it over the other end of the socket from now on.
    fn attach(&mut self, port: u32, speed: Speed, socket: UnixStream) -> Result<(), VhciError>;
}

/// One port of a hub. The same place on both hubs is one port of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    pub hub: Hub,
    /// The kernel's number for it.
    pub number: u32,
    pub free: bool,
}

/// Each speed has a hub of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hub {
    High,
    Super,
}

/// Why a device cannot be plugged in.
#[derive(Debug, thiserror::Error)]
pub enum VhciError {
    #[error("this machine has no virtual USB host controller")]
    Missing,
    #[error("only root may plug into the virtual USB host controller")]
    Denied,
    #[error("port {port} of the virtual USB host controller takes no device: {error}")]
    Attach {
        port: u32,
        #[source]
        error: std::io::Error,
    },
    #[error(
        "every port of the virtual USB host controller is taken: detach something, see `usbip port`"
    )]
    Full,
    /// Somebody else was quicker, or the kernel still clears up.
    #[error("port {0} of the virtual USB host controller is taken")]
    Taken(u32),
    /// After the modem left.
    #[error("port {0} of the virtual USB host controller does not become free")]
    Stuck(u32),
    #[error(transparent)]
    Files(files::Error),
    #[error("cannot make a socket pair: {0}")]
    Socket(std::io::Error),
    #[error("the status of the virtual USB host controller cannot be read: {0}")]
    Status(std::io::Error),
}

impl VhciError {
    /// What a person can do.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Missing => Some(
                "say `modprobe vhci-hcd` as root; where the kernel has no such module, serve the modem on \
                 pseudo-terminals with `--link`",
            ),
            Self::Denied => Some("run this as root"),
            Self::Full | Self::Stuck(_) => Some(
                "detach what is plugged in, which `usbip port` lists, or load the module anew: \
                 `modprobe -r vhci-hcd`, `modprobe vhci-hcd`",
            ),
            _ => None,
        }
    }
}

/// The kernel's own, over sysfs.
#[derive(Debug)]
pub struct Vhci {
    folder: Root,
}

impl Vhci {
    /// The controller in a folder such as [`SYSFS`].
    pub fn open(folder: &Utf8Path) -> Result<Self, VhciError> {
        Root::open(folder)
            .map(|folder| Self { folder })
            .map_err(reason)
    }
}

impl Controller for Vhci {
    fn ports(&self) -> Result<Vec<Port>, VhciError> {
        let file = self.folder.read("status".into()).map_err(reason)?;
        let mut text = String::new();
        { file.take(MOST_STATUS) }
            .read_to_string(&mut text)
            .map_err(VhciError::Status)?;
        Ok(text.lines().filter_map(port).collect())
    }

    fn attach(&mut self, port: u32, speed: Speed, socket: UnixStream) -> Result<(), VhciError> {
        // enum usb_device_speed of Linux, include/uapi/linux/usb/ch9.h.
        let speed = match speed {
            Speed::High => 3,
            Speed::Super => 5,
        };
        // The kernel takes a reference of its own before the write returns.
        let order = format!("{port} {} {ELSEWHERE} {speed}", socket.as_raw_fd());
        self.folder
            .set("attach".into(), &order)
            .map_err(|error| match error.kind() {
                ErrorKind::PermissionDenied => VhciError::Denied,
                ErrorKind::ResourceBusy => VhciError::Taken(port),
                _ => VhciError::Attach { port, error },
            })
    }
}

/// A line such as `hs  0003 004 000 00000000 000000 0-0`; the head of the table is none.
fn port(line: &str) -> Option<Port> {
    let mut words = line.split_whitespace();
    let hub = match words.next()? {
        "hs" => Hub::High,
        "ss" => Hub::Super,
        _ => return None,
    };
    Some(Port {
        hub,
        number: words.next()?.parse().ok()?,
        free: words.next()? == FREE,
    })
}

fn reason(error: files::Error) -> VhciError {
    if error.missing {
        VhciError::Missing
    } else {
        VhciError::Files(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use camino::Utf8PathBuf;

    /// As Linux 6.1 writes it, shortened to two ports per hub.
    const STATUS: &str = "\
hub port sta spd dev      sockfd local_busid
hs  0000 006 003 00010002 000003 1-1
hs  0001 004 000 00000000 000000 0-0
ss  0002 004 000 00000000 000000 0-0
ss  0003 005 000 00000000 000000 0-0
";

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        let root = Root::open(&path).unwrap();
        files::write_new(&root, "status".into(), STATUS.as_bytes()).unwrap();
        files::write_new(&root, "attach".into(), b"").unwrap();
        (folder, path)
    }

    #[test]
    fn the_status_tells_which_ports_are_free() {
        let (_folder, path) = folder();
        let ports = Vhci::open(&path).unwrap().ports().unwrap();
        let free: Vec<_> = ports.iter().filter(|p| p.free).collect();
        assert_eq!(ports.len(), 4);
        assert_eq!((free[0].hub, free[0].number), (Hub::High, 1));
        assert_eq!((free[1].hub, free[1].number), (Hub::Super, 2));
        assert_eq!(free.len(), 2);
    }

    #[test]
    fn an_attachment_names_port_socket_device_and_speed() {
        for (speed, word) in [(Speed::High, "3"), (Speed::Super, "5")] {
            let (_folder, path) = folder();
            let (socket, _other) = UnixStream::pair().unwrap();
            let number = socket.as_raw_fd();
            { Vhci::open(&path).unwrap() }
                .attach(7, speed, socket)
                .unwrap();
            let order = files::read_capped(&path.join("attach"), 100).unwrap();
            let order = String::from_utf8(order.unwrap()).unwrap();
            assert_eq!(order, format!("7 {number} 65538 {word}"));
        }
    }

    #[test]
    fn a_machine_without_the_module_says_what_to_do() {
        let error = Vhci::open("/nowhere/vhci_hcd.0".into()).unwrap_err();
        assert!(error.help().unwrap().contains("modprobe vhci-hcd"));
    }
}
