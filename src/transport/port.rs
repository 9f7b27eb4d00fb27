//! What drivers speak through: a transport with deadlines, pushed-back bytes and interruption.

use super::{Clock, Deadline, Error, Interrupt, Transport};
use std::sync::Arc;
use std::time::Duration;

/// How long one read blocks before a wish to stop is looked at.
const SLICE: Duration = Duration::from_millis(100);
/// The same for a write. Longer, because a write that is broken off is cancelled inside the host controller: at the
/// slowest rate that was ever measured (3.83 MB/s, protocols.md §7.1) 256 KiB take 70 ms, and a busy flash holds them up.
const WRITE_SLICE: Duration = Duration::from_secs(2);

/// An open port of the modem.
pub struct Port {
    transport: Box<dyn Transport>,
    clock: Arc<dyn Clock>,
    interrupt: Interrupt,
    /// Bytes that were read and belong to whoever reads next.
    pushed_back: Vec<u8>,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Port")
            .field("name", &self.transport.name())
            .field("pushed_back", &self.pushed_back.len())
            .finish_non_exhaustive()
    }
}

impl Port {
    pub fn new(transport: Box<dyn Transport>, clock: Arc<dyn Clock>, interrupt: Interrupt) -> Self {
        Self {
            transport,
            clock,
            interrupt,
            pushed_back: Vec::new(),
        }
    }

    pub fn name(&self) -> String {
        self.transport.name()
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// The moment `time` from now.
    pub fn within(&self, time: Duration) -> Deadline {
        Deadline::after(self.clock.now(), time)
    }

    /// Reads at least one byte before the deadline, or says [`Error::Timeout`].
    pub fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if !self.pushed_back.is_empty() {
            let count = buffer.len().min(self.pushed_back.len());
            buffer[..count].copy_from_slice(&self.pushed_back[..count]);
            self.pushed_back.drain(..count);
            return Ok(count);
        }
        loop {
            if self.interrupt.at_once() {
                return Err(Error::Interrupted);
            }
            let left = deadline.left(self.clock.now());
            match self.transport.read(buffer, left.min(SLICE)) {
                Err(Error::Timeout) if !deadline.passed(self.clock.now()) => {}
                Ok(0) => return Err(Error::Gone),
                other => return other,
            }
        }
    }

    /// Fills `buffer` before the deadline. What came before an error is pushed back.
    pub fn read_exact(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(), Error> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.read(&mut buffer[filled..], deadline) {
                Ok(count) => filled += count,
                Err(error) => {
                    self.push_back(&buffer[..filled]);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Writes all of `bytes` before the deadline.
    pub fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), Error> {
        self.write_counted(bytes, deadline, &mut 0)
    }

    /// Writes all of `bytes` before the deadline, and adds to `sent` what has left, also where the rest cannot.
    pub fn write_counted(
        &mut self,
        mut bytes: &[u8],
        deadline: Deadline,
        sent: &mut u64,
    ) -> Result<(), Error> {
        while !bytes.is_empty() {
            if self.interrupt.at_once() {
                return Err(Error::Interrupted);
            }
            let left = deadline.left(self.clock.now());
            match self.transport.write(bytes, left.min(WRITE_SLICE)) {
                Ok(0) => return Err(Error::Gone),
                Ok(count) => {
                    bytes = bytes.get(count..).unwrap_or_default();
                    *sent += count as u64;
                }
                Err(Error::Timeout) if !deadline.passed(self.clock.now()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends a transfer with a zero-length packet where the wire has packets.
    pub fn end_transfer(&mut self, deadline: Deadline) -> Result<(), Error> {
        let left = deadline.left(self.clock.now());
        self.transport.end_transfer(left)
    }

    /// Gives bytes back, to be read before any others.
    pub fn push_back(&mut self, bytes: &[u8]) {
        self.pushed_back.splice(0..0, bytes.iter().copied());
    }

    /// Reads away what comes until nothing came for `idle`, or until the deadline.
    pub fn drain_until_quiet(&mut self, idle: Duration, deadline: Deadline) -> Result<(), Error> {
        let mut buffer = vec![0; 64 * 1024];
        while !deadline.passed(self.clock.now()) {
            let until = self.within(idle).min(deadline);
            match self.read(&mut buffer, until) {
                Ok(_) => {}
                Err(Error::Timeout) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads away what is already there, at most `cap` bytes; returns it.
    pub fn drain(&mut self, cap: usize) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        while all.len() < cap {
            let now = Deadline::after(self.clock.now(), Duration::ZERO);
            match self.read(&mut buffer, now) {
                Ok(count) => all.extend_from_slice(&buffer[..count]),
                Err(Error::Timeout) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}
