//! Firmware: the grammar of versions, and packages judged offline. It answers what a package would do to a chip
//! before one byte is sent. Nothing here speaks to a modem, and nothing is trusted because a package says so.

pub mod archive;
mod expression;
mod fault;
mod file_name;
mod image;
mod md5_list;
pub mod mibib;
pub(crate) mod package;
mod rawprogram;
mod sparse;
pub mod version;

pub use fault::Fault;
pub use image::{Image, Source};
pub use md5_list::read_listed;
pub use mibib::Part;
pub use package::{Chip, Erase, Extent, Package, Patch, Program};
pub use rawprogram::Storage;
pub use version::{Configuration, Version, hardware_key};
