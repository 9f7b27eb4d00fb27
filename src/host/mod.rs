//! The computer beside the modem: what on it would spoil a run, and keeping the modem to ourselves during one.
//!
//! sysfs, procfs and device nodes are looked at beneath one root, which a test replaces. Nothing here opens a device,
//! and nothing here changes the computer; what would mend it is told as a command line.

mod keeper;
pub mod lock;
mod usb;

pub use keeper::{Keeper, Place};

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
