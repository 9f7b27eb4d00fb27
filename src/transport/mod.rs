//! Byte transports: the only room that opens a device.
//!
//! A [`Transport`] moves bytes and knows nothing of protocols. Drivers never hold one directly: they hold a
//! [`Port`], which adds deadlines, pushed-back bytes and interruption. Nothing here sends on drop.

mod clock;
mod interrupt;
pub mod memory;
mod port;
pub mod serial;
pub mod tcp;
pub mod usb;

#[cfg(test)]
pub(crate) use clock::StandingClock;
pub use clock::{Clock, Deadline, SystemClock};
pub use interrupt::{Interrupt, Urgency};
pub use port::Port;

use std::time::Duration;

/// Moves bytes to and from one endpoint of a modem.
pub trait Transport: Send {
    /// Reads at least one and at most `buffer.len()` bytes, waiting no longer than `timeout`.
    ///
    /// An end of file counts as [`Error::Gone`]: a tty whose USB modem left reads as `Ok(0)` for ever.
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error>;

    /// Writes some of `bytes`, at least one, waiting no longer than `timeout`.
    fn write(&mut self, bytes: &[u8], timeout: Duration) -> Result<usize, Error>;

    /// Ends a transfer with a zero-length packet where the wire has packets; elsewhere it does nothing.
    fn end_transfer(&mut self, _timeout: Duration) -> Result<(), Error> {
        Ok(())
    }

    /// What this is, for people: `/dev/ttyUSB2`, `usb 1-2.3 interface 0`, `tcp:10.0.0.1:5000`.
    fn name(&self) -> String;
}

/// Why bytes did not move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing came, or nothing could be sent, within the time allowed.
    #[error("nothing moved on the port within the time allowed")]
    Timeout,
    /// The modem left the bus, or the port was closed from the other side.
    #[error("the port is gone")]
    Gone,
    /// A person asked to stop.
    #[error("stopped by a person")]
    Interrupted,
    /// The port could not be opened; the text says why.
    #[error("cannot open the port: {0}")]
    Open(String),
    /// libusb cannot start, and the kernel has no list of devices: a container, or a computer without USB.
    #[error("there is no USB here")]
    NoUsb,
    /// The operating system refused the transfer; the text is its reason.
    #[error("the port failed: {0}")]
    Io(String),
}
