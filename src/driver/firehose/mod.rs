//! The host side of Firehose. Each method is one operation: none retries, resets or erases by itself, and nothing
//! is sent on drop. An error says whether the conversation is still in step.

mod error;
#[cfg(test)]
mod hostile;
mod line;
mod start;
mod storage;
#[cfg(test)]
pub(crate) mod tests;
mod transfer;

pub use error::Error;
pub use start::{REST, answers};
pub use storage::Storage;
pub use transfer::Writing;

use crate::protocol::firehose::Element;
use crate::protocol::nand::{Geometry, Sectors};
use crate::transport::{Deadline, Interrupt, Port};
use line::{Answer, Line};
use std::collections::BTreeSet;
use std::time::Duration;

/// Patience per operation; a log extends it (protocols.md §6.5: the longest that public tools wait).
mod patience {
    use super::Duration;
    pub(super) const NOP: Duration = Duration::from_secs(2);
    pub(super) const STORAGE: Duration = Duration::from_secs(10);
    /// SDX55 needs 4 s, "8+8 MCP more" (qfh); the first one includes a scan for bad blocks.
    pub(super) const ERASE: Duration = Duration::from_secs(30);
    pub(super) const SET_UP: Duration = Duration::from_secs(10);
    pub(super) const RAW: Duration = Duration::from_secs(15);
    pub(super) const FINAL: Duration = Duration::from_secs(120);
    /// No source gives one; a whole chip of 512 MiB is read by then at the slowest rate seen.
    pub(super) const DIGEST: Duration = Duration::from_secs(300);
    pub(super) const PATCH: Duration = Duration::from_secs(5);
    pub(super) const RESET: Duration = Duration::from_secs(5);
    /// Longer than any operation on a range.
    pub(super) const WHOLE: Duration = Duration::from_secs(3600);
}

/// A running programmer, configured.
#[derive(Debug)]
pub struct Firehose {
    line: Line,
    offers: Offers,
    payload: usize,
}

/// What a programmer says it can do.
#[derive(Debug, Clone, Default)]
pub struct Offers(BTreeSet<String>);

impl Offers {
    fn unknown() -> Self {
        Self::default()
    }

    fn add<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.0.extend(names.map(str::to_owned));
    }

    /// `None` where no list was heard: the banner is sent once, when the programmer starts.
    pub fn has(&self, function: &str) -> Option<bool> {
        (!self.0.is_empty()).then(|| self.0.contains(function))
    }
}

impl Firehose {
    /// Takes over a programmer that has just been started: reads its banner and agrees on a payload.
    pub fn start(port: Port, deadline: Deadline) -> Result<Self, Error> {
        start::start(port, deadline)
    }

    /// Takes over a programmer that has run before.
    pub fn take_up(port: Port, deadline: Deadline) -> Result<Self, Error> {
        start::take_up(port, deadline)
    }

    pub fn into_port(self) -> Port {
        self.line.port
    }

    pub fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Bytes that the programmer takes at a time; writes are multiples of it.
    pub fn payload(&self) -> usize {
        self.payload
    }

    pub fn interrupt(&self) -> &Interrupt {
        self.line.port.interrupt()
    }

    /// The time of the port's clock.
    pub fn now(&self) -> Duration {
        self.line.port.clock().now()
    }

    /// The moment `time` from now.
    pub fn within(&self, time: Duration) -> Deadline {
        self.line.port.within(time)
    }

    pub fn nop(&mut self, deadline: Deadline) -> Result<(), Error> {
        let answer = self
            .line
            .ask("nop", &start::nop(), patience::NOP, deadline)?;
        over("nop", answer).map(drop)
    }

    /// Until when an operation on the chip may last that begins now. Once its command is sent only the modem's own silence
    /// ends it: a plan's timeout that cut it short would leave the programmer out of step, and perhaps in raw mode. Whoever
    /// calls looks at the plan's time between two ranges.
    fn begin(&self, command: &'static str, deadline: Deadline) -> Result<Deadline, Error> {
        if deadline.passed(self.now()) {
            return Err(Error::TooLate { command });
        }
        Ok(self.within(patience::WHOLE))
    }

    /// Asks what chip there is. `None` where the programmer says it in a form that is not known.
    pub fn storage(&mut self, deadline: Deadline) -> Result<Option<Storage>, Error> {
        let command = "getstorageinfo";
        let element = Element::new(command)
            .with("physical_partition_number", 0)
            .with("print_json", 1);
        let answer = self
            .line
            .ask(command, &element, patience::STORAGE, deadline)?;
        Ok(Storage::from_logs(&over(command, answer)?.logs))
    }

    /// Erases whole blocks.
    pub fn erase(
        &mut self,
        chip: Geometry,
        sectors: Sectors,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let command = "erase";
        // An erase without its range takes the whole chip, and one beside block borders is refused by the
        // programmer (protocols.md §6.4, §7.1): neither leaves this computer.
        if !chip.is_aligned(sectors) || !chip.has(sectors) {
            return Err(Error::Request {
                command,
                what: "the range is not one of whole blocks on the chip",
            });
        }
        let element = range(command, chip, sectors);
        let whole = self.begin(command, deadline)?;
        let answer = self.line.ask(command, &element, patience::ERASE, whole)?;
        over(command, answer).map(drop)
    }

    /// Changes some bytes on the chip; the programmer evaluates the value.
    pub fn patch(
        &mut self,
        chip: Geometry,
        patch: &Change<'_>,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let command = "patch";
        let element = Element::new(command)
            .with("SECTOR_SIZE_IN_BYTES", chip.page())
            .with("byte_offset", patch.byte_offset)
            .with("filename", "DISK")
            .with("physical_partition_number", 0)
            .with("size_in_bytes", patch.size)
            .with("start_sector", patch.sector.start().0)
            .with("value", patch.value)
            .with("what", patch.what);
        let whole = self.begin(command, deadline)?;
        let answer = self.line.ask(command, &element, patience::PATCH, whole)?;
        over(command, answer).map(drop)
    }

    /// Restarts the modem. An answer or its leaving is success (protocols.md §6.6: EPROTO 9 ms after the ACK).
    pub fn reset(&mut self, deadline: Deadline) -> Result<(), Error> {
        let command = "power";
        let element = Element::new(command)
            .with("value", "reset")
            .with("DelayInSeconds", 0);
        // Undrained logs stop the reset on SDX20 and others, so what comes late is read away first.
        self.line.drain_before_next();
        self.line.send(command, &element, deadline)?;
        match self.line.answer(command, patience::RESET, deadline) {
            Ok(answer) => answer.acknowledged(command).map(drop),
            Err(Error::Gone { .. } | Error::Port { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// A yes to a command without raw data. A programmer that says raw mode with it takes the next command for data.
fn over(command: &'static str, answer: Answer) -> Result<Answer, Error> {
    let answer = answer.acknowledged(command)?;
    if answer.response.raw_mode {
        return Err(Error::Unexpected {
            command,
            what: "raw mode where no data belongs",
        });
    }
    Ok(answer)
}

/// What a patch changes.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// One sector.
    pub sector: Sectors,
    pub byte_offset: u32,
    pub size: u32,
    /// An expression of the programmer's.
    pub value: &'a str,
    pub what: &'a str,
}

/// The attributes that all commands about a range share.
fn range(command: &str, chip: Geometry, sectors: Sectors) -> Element {
    Element::new(command)
        .with("PAGES_PER_BLOCK", chip.pages_per_block())
        .with("SECTOR_SIZE_IN_BYTES", chip.page())
        .with("num_partition_sectors", sectors.count())
        .with("physical_partition_number", 0)
        .with("start_sector", sectors.start().0)
}
