//! The computer beside the modem: what on it would spoil a run, and keeping the modem to ourselves during one.
//!
//! sysfs, procfs and device nodes are looked at beneath one root, which a test replaces. Nothing here opens a device,
//! and nothing here changes the computer; what would mend it is told as a command line.

pub mod check;
mod dbus;
mod finding;
mod keeper;
pub mod lock;
mod modem_manager;
mod process;
mod scene;
pub mod udev;
mod usb;
mod user;

pub use finding::{Finding, Severity};
pub use keeper::{Keeper, Place};
pub use scene::Scene;

use crate::files::{self, Root};
use camino::Utf8Path;

/// This computer, as far as its files tell.
#[derive(Debug)]
pub struct Host {
    root: Root,
}

impl Host {
    /// The computer beneath a folder.
    pub fn beneath(root: &Utf8Path) -> Result<Self, files::Error> {
        Root::open(root).map(|root| Self { root })
    }
}

#[cfg(test)]
mod tests;
