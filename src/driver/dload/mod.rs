//! The host side of Streaming DLOAD: a streaming loader that runs is greeted, told of the chip's partitions, and written
//! through. Each method is one operation: none resets or erases by itself, and nothing is sent on drop.
//!
//! A loader reads nothing back: its read command copies from memory, not from the flash (hostdl: `do_read`). So nothing
//! that is written here is ever called verified.

mod error;
mod line;
mod start;
mod target;
#[cfg(test)]
mod tests;
mod write;

pub use error::Error;
pub use start::answers;
pub use target::{Kept, Target};

use crate::protocol::dload::{
    BY_NAME, Code, Greeting, OpenStatus, Replace, Reply, Request, TableStatus,
};
use crate::transport::{Deadline, Interrupt, Port};
use line::Line;
use std::time::Duration;

/// Patience per operation: `QFirehose` reads five times 3 s for an answer (`qfh:stream_download_protocol.c`).
mod patience {
    use super::Duration;
    pub(super) const ANSWER: Duration = Duration::from_secs(15);
    /// A table that replaces another one may erase first; how long that takes is unverified.
    pub(super) const TABLE: Duration = Duration::from_secs(60);
    /// What a loader has in its memory is written at the close; how long that takes is unverified.
    pub(super) const CLOSE: Duration = Duration::from_secs(60);
}

/// A streaming loader that runs.
#[derive(Debug)]
pub struct Dload {
    line: Line,
    greeting: Greeting,
}

impl Dload {
    /// Greets a loader that has just been started, or that an earlier run left.
    pub fn start(port: Port, deadline: Deadline) -> Result<Self, Error> {
        start::start(port, deadline)
    }

    /// Takes over a loader that has run before, and closes what was left open, as `uc15_upgrade.c` does before its first
    /// open. What it holds is in doubt and was before.
    pub fn take_up(port: Port, deadline: Deadline) -> Result<Self, Error> {
        let mut loader = start::start(port, deadline)?;
        loader.close_leftover(deadline)?;
        Ok(loader)
    }

    /// Closes what an earlier attempt may have left open.
    pub fn close_leftover(&mut self, deadline: Deadline) -> Result<(), Error> {
        match self.close(deadline) {
            Err(Error::Refused { code, .. }) if code == Code::OUT_OF_SEQUENCE => Ok(()),
            other => other,
        }
    }

    pub fn into_port(self) -> Port {
        self.line.into_port()
    }

    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    pub fn interrupt(&self) -> &Interrupt {
        self.line.interrupt()
    }

    /// The time of the port's clock.
    pub fn now(&self) -> Duration {
        self.line.now()
    }

    /// The moment `time` from now.
    pub fn within(&self, time: Duration) -> Deadline {
        self.line.within(time)
    }

    /// Nothing can be said of the flash before this (`No security mode received before partition table`).
    pub fn security(&mut self, mode: u8, deadline: Deadline) -> Result<(), Error> {
        let command = "security mode";
        let request = Request::Security(mode);
        match self
            .line
            .ask(command, &request, patience::ANSWER, deadline)?
        {
            Reply::Security => Ok(()),
            _ => Err(Error::unexpected(command, "another answer")),
        }
    }

    /// Tells the loader of the partitions. Without [`Replace::Differing`] it only compares; with it, it may erase.
    pub fn table(
        &mut self,
        table: &[u8],
        replaces: Replace,
        deadline: Deadline,
    ) -> Result<TableStatus, Error> {
        let command = "partition table";
        let request = Request::Table {
            replaces,
            table: table.to_vec(),
        };
        match self
            .line
            .ask(command, &request, patience::TABLE, deadline)?
        {
            Reply::Table(status) => Ok(status),
            _ => Err(Error::unexpected(command, "another answer")),
        }
    }

    /// Whether the boot loader stops for a download after the next restart. `false` where this loader has no such thing
    /// (qfh takes that for no failure).
    pub fn download_flag(&mut self, set: bool, deadline: Deadline) -> Result<bool, Error> {
        let command = "download flag";
        let request = Request::DownloadFlag(set);
        match self.line.ask(command, &request, patience::ANSWER, deadline) {
            Ok(Reply::DownloadFlag(status)) => Ok(status == 0),
            Ok(_) => Err(Error::unexpected(command, "another answer")),
            Err(Error::Refused { code, .. }) if code == Code::INVALID_COMMAND => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens a partition for writing.
    pub fn open(&mut self, target: &Target, deadline: Deadline) -> Result<(), Error> {
        let command = "open";
        let mut payload = target.name().as_bytes().to_vec();
        payload.push(0);
        let request = Request::OpenMulti {
            mode: BY_NAME,
            payload,
        };
        match self
            .line
            .ask(command, &request, patience::ANSWER, deadline)?
        {
            Reply::OpenMulti(OpenStatus::Opened) => Ok(()),
            Reply::OpenMulti(status) => Err(Error::NotOpened { status }),
            _ => Err(Error::unexpected(command, "another answer")),
        }
    }

    /// Ends the partition that is open: what the loader still holds of it is written.
    pub fn close(&mut self, deadline: Deadline) -> Result<(), Error> {
        let command = "close";
        match self
            .line
            .ask(command, &Request::Close, patience::CLOSE, deadline)?
        {
            Reply::Closed => Ok(()),
            _ => Err(Error::unexpected(command, "another answer")),
        }
    }

    /// Lets the modem restart. `QFirehose` does not wait for the answer, and one that has left was told, too.
    pub fn reset(&mut self, deadline: Deadline) -> Result<(), Error> {
        let command = "reset";
        match self
            .line
            .ask(command, &Request::Reset, patience::ANSWER, deadline)
        {
            Ok(Reply::Reset) | Err(Error::Gone { .. }) => Ok(()),
            Ok(_) => Err(Error::unexpected(command, "another answer")),
            Err(error) => Err(error),
        }
    }
}
