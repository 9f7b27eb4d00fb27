//! Ports given by hand: `--port at=/dev/ttyUSB2 --port edl=tcp:10.0.0.1:5000`.
//!
//! A tty is there while its path is; a path that was replaced is another arrival. A TCP port is there once it has
//! connected, and stays connected until it is opened.

use super::{Bus, LookError, Role, Sighting};
use crate::transport::{Error, Transport, serial, tcp};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, HashMap};

/// Where a port is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Tty(Utf8PathBuf),
    /// `HOST:PORT`, a raw byte stream.
    Tcp(String),
}

impl Target {
    /// Reads `tcp:HOST:PORT` or a path.
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix("tcp:") {
            Some(address) => {
                let (host, port) = address.rsplit_once(':')?;
                let right = !host.is_empty() && port.parse::<u16>().is_ok();
                right.then(|| Self::Tcp(address.to_owned()))
            }
            None => (!text.is_empty()).then(|| Self::Tty(text.into())),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tty(path) => f.write_str(path.as_str()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// A bus of ports given by hand.
pub struct PortBus {
    targets: BTreeMap<Role, Target>,
    /// What each tty was at the last look.
    ttys: BTreeMap<Role, TtyIdentity>,
    connected: HashMap<Role, Box<dyn Transport>>,
    opened: Vec<Role>,
    arrival: u64,
}

/// A tty's node and the link to it; another pair means another arrival.
#[derive(Debug, PartialEq, Eq)]
struct TtyIdentity {
    node: u64,
    link: Option<(u64, i64, i64)>,
}

impl PortBus {
    pub fn new(targets: BTreeMap<Role, Target>) -> Self {
        Self {
            targets,
            ttys: BTreeMap::new(),
            connected: HashMap::new(),
            opened: Vec::new(),
            arrival: 0,
        }
    }

    fn tcp_is_there(&mut self, role: Role, address: &str) -> bool {
        if self.connected.contains_key(&role) || self.opened.contains(&role) {
            return true;
        }
        match tcp::open(address) {
            Ok(transport) => {
                self.connected.insert(role, transport);
                true
            }
            Err(_) => false,
        }
    }
}

impl Bus for PortBus {
    fn look(&mut self) -> Result<Sighting, LookError> {
        let mut roles = Vec::new();
        let mut ttys = BTreeMap::new();
        for (role, target) in self.targets.clone() {
            match target {
                Target::Tty(path) => {
                    if let Some(identity) = tty_identity(&path) {
                        ttys.insert(role, identity);
                        roles.push(role);
                    }
                }
                Target::Tcp(address) => {
                    if self.tcp_is_there(role, &address) {
                        roles.push(role);
                    }
                }
            }
        }
        // A port that only joins the others belongs to the same arrival.
        let kept = |(role, tty): (&Role, &TtyIdentity)| ttys.get(role) == Some(tty);
        if !self.ttys.iter().all(kept) || (self.ttys.is_empty() && !ttys.is_empty()) {
            self.arrival += 1;
        }
        self.ttys = ttys;
        Ok(Sighting {
            usb: None,
            roles,
            arrival: self.arrival,
            ..Sighting::default()
        })
    }

    fn open(&mut self, role: Role) -> Result<Box<dyn Transport>, Error> {
        match self.targets.get(&role) {
            Some(Target::Tty(path)) => serial::open(path),
            Some(Target::Tcp(address)) => {
                let transport = match self.connected.remove(&role) {
                    Some(transport) => transport,
                    None => tcp::open(address)?,
                };
                self.opened.push(role);
                Ok(transport)
            }
            None => Err(Error::Open(format!("no port was given for {role}"))),
        }
    }
}

/// Device numbers of pseudo-terminals on Linux.
const PTY_MAJORS: std::ops::RangeInclusive<u32> = 136..=143;

/// `None` where the path leads to nothing. A tty's own times change with every byte, so only its number counts; a
/// link to it is told by its number and time of making.
fn tty_identity(path: &Utf8Path) -> Option<TtyIdentity> {
    let node = rustix::fs::stat(path.as_str()).ok()?;
    let link = rustix::fs::lstat(path.as_str()).ok()?;
    let is_link = rustix::fs::FileType::from_raw_mode(link.st_mode).is_symlink();
    // Numbers of pseudo-terminals are used again at once: one that is younger than the link to it is somebody
    // else's, and whoever made the link is gone.
    let is_pty = PTY_MAJORS.contains(&rustix::fs::major(node.st_rdev));
    let made = |stat: &rustix::fs::Stat| (stat.st_ctime, stat.st_ctime_nsec);
    if is_link && is_pty && made(&node) > made(&link) {
        return None;
    }
    Some(TtyIdentity {
        node: node.st_ino,
        link: is_link.then(|| {
            (
                link.st_ino,
                link.st_ctime,
                i64::try_from(link.st_ctime_nsec).unwrap_or(0),
            )
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_path_or_a_tcp_address() {
        assert_eq!(
            Target::parse("/dev/ttyUSB2"),
            Some(Target::Tty("/dev/ttyUSB2".into()))
        );
        assert_eq!(
            Target::parse("tcp:[::1]:5000"),
            Some(Target::Tcp("[::1]:5000".into()))
        );
        for wrong in ["", "tcp:", "tcp:host", "tcp::1", "tcp:host:x"] {
            assert_eq!(Target::parse(wrong), None, "{wrong}");
        }
    }
}
