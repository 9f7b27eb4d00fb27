//! The simulated modem: the other end of every wire, seen only through them.
//!
//! It shares message formats with the drivers and nothing else. It has no threads and no clock of its own: whoever
//! holds it says what time it is, and everything it does follows from that, its scenario and its seed.

mod boot;
mod boot_rom;
mod bus;
mod delivery;
mod dload;
mod elf;
mod fastboot;
mod fault;
#[cfg(test)]
mod fixture;
mod identity;
mod image;
mod inlet;
mod made;
mod mibib;
mod modem;
mod nand;
mod outbox;
mod package;
mod programmer;
mod radio;
mod record;
pub mod serve;
#[cfg(test)]
mod tests;
mod told;
pub mod usb;
mod world;
pub mod xqcn;

pub use bus::{SimBus, SimClock};
pub use made::{made, set_size};
pub use modem::{Modem, Presence, Summary};
pub use package::{PackageMade, make_package};
pub use record::{Record, RecordKind};

use crate::plan::Mode;

/// A wire of the simulated modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wire {
    At,
    Diag,
    /// The bulk pair of the boot ROM, the programmer, the streaming loader or the dump state.
    Edl,
    /// The bulk pair of the boot loader.
    Fastboot,
}

/// What a simulated modem takes besides its scenario.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Everything random follows from it.
    pub seed: u64,
}

/// The wire is not there: the modem has left, or its mode has no such wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the simulated modem has no such wire now")]
pub struct Gone;

/// Why there is no simulated modem, or no synthetic package.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the simulated flash needs a temporary file: {0}")]
    Temporary(#[source] std::io::Error),
    #[error("the profile says nothing of what the modem shows in {0}")]
    Mode(Mode),
    #[error("`{0}` is no USB identity such as `05c6:9008`")]
    Identity(String),
    #[error(
        "a flash of {blocks} blocks of {pages_per_block} pages of {page} bytes cannot be simulated"
    )]
    Geometry {
        page: u32,
        pages_per_block: u32,
        blocks: u32,
    },
    #[error("partition `{0}` does not lie within the flash")]
    Partition(String),
    #[error("`{0}` is no chip serial of up to eight hex digits")]
    Serial(String),
    #[error("`{0}` is no size such as `64K`, `32M` or `1G`")]
    Size(String),
    #[error("the profile names no {0}, so no package can be made for it")]
    Incomplete(&'static str),
    #[error(transparent)]
    Files(#[from] crate::files::Error),
    #[error("cannot write `{path}`: {error}")]
    Write {
        path: camino::Utf8PathBuf,
        #[source]
        error: std::io::Error,
    },
}
