//! The simulated modem as a USB device: descriptors, endpoints, and a real kernel's virtual host controller.
//!
//! A [`Function`] is what a device does; the [`Engine`] gives it endpoints; the USB/IP [`Server`] lets a kernel reach
//! them over a socket. None of them knows a clock or a driver (usb-test-rig.md §6).

mod control;
mod descriptor;
mod engine;
mod modem;
mod odd;
mod shape;
mod urb;
pub mod usbip;
mod vhci;

#[cfg(test)]
mod tests;

pub use control::Setup;
pub use descriptor::{Device, Endpoint, EndpointKind, Interface, Speed, Strings};
pub use engine::Engine;
pub use modem::{Ports, UsbModem};
pub use odd::{corrupt_firmware, foreign_boot_rom};
pub use shape::device_of;
pub use urb::{Cancelled, Done, Outcome, Urb};
pub use usbip::Server;
pub use vhci::{Controller, Hub, Port, SYSFS, Vhci, VhciError};

use super::serve::Served;

/// What a USB device does. It never touches a transport; the engine asks it.
pub trait Function: Served {
    /// Another number whenever the device left and another one came; `None` while nothing is plugged in.
    fn arrival(&self) -> Option<u64>;
    /// What is plugged in now.
    fn device(&mut self) -> Option<Device>;
    /// The host has chosen a configuration; what was halted is no longer.
    fn configured(&mut self) {}
    /// A control request that is not a standard one; `data` is what the host sent with it.
    fn control(&mut self, setup: Setup, data: &[u8]) -> Answer;
    /// Bytes of the host for an OUT endpoint, at most one transfer.
    fn take(&mut self, endpoint: u8, bytes: &[u8], ending: Ending) -> Taken;
    /// The host waits at an IN endpoint whose queue is empty, and has room for so many bytes.
    fn give(&mut self, endpoint: u8, room: usize) -> Given;
}

/// How a transfer of the host ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its last packet is full: nothing says whether more will follow.
    Open,
    /// By a short packet.
    Short,
    /// By a zero-length packet, of its own or asked for with the bytes.
    ZeroPacket,
}

/// What became of bytes for an OUT endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    All,
    /// So many from the front; the endpoint answers NAK to the rest, which is offered again.
    First(usize),
    /// The endpoint halts.
    Stall,
}

/// What an IN endpoint gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// The endpoint answers NAK.
    Nothing,
    /// One transfer; an empty one is a zero-length packet.
    Transfer {
        bytes: Vec<u8>,
        after_full: AfterFull,
    },
    /// The endpoint halts.
    Stall,
}

/// What follows the last packet of a transfer where that is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFull {
    /// A zero-length packet, which tells the host that this was all.
    ZeroPacket,
    /// Whatever comes next.
    Nothing,
}

/// The answer to a control request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Data(Vec<u8>),
    /// There is nothing to say: the status stage follows.
    Acknowledge,
    Stall,
}
