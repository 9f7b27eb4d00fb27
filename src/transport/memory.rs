//! A transport whose other end is a value in this process: the simulated modem's wires.

use super::{Error, Transport};
use std::time::Duration;

/// The far end of a wire in memory. It decides what time means.
pub trait FarEnd: Send {
    /// Bytes for the host, waiting up to `timeout` of the far end's time.
    fn host_reads(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error>;
    /// Bytes from the host.
    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, Error>;
    /// A zero-length packet from the host.
    fn transfer_ended(&mut self) -> Result<(), Error>;
}

/// A wire in memory.
pub struct Memory {
    far_end: Box<dyn FarEnd>,
    name: String,
}

impl Memory {
    pub fn new(far_end: Box<dyn FarEnd>, name: impl Into<String>) -> Self {
        Self {
            far_end,
            name: name.into(),
        }
    }
}

impl Transport for Memory {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        self.far_end.host_reads(buffer, timeout)
    }

    fn write(&mut self, bytes: &[u8], _timeout: Duration) -> Result<usize, Error> {
        self.far_end.host_sends(bytes)
    }

    fn end_transfer(&mut self, _timeout: Duration) -> Result<(), Error> {
        self.far_end.transfer_ended()
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
