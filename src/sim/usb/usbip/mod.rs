//! USB/IP, the device's side: 48-byte headers, big endian (Linux, `Documentation/usb/usbip_protocol.rst`).
//!
//! The kernel's driver speaks it over any stream socket; there is no handshake where a socket pair is given to it.

mod server;
mod wire;

pub use server::Server;
pub use wire::{Fault, HEADER, Reader, Request};
