//! The host side of fastboot. Each method is one operation: none retries, resets or erases by itself, and nothing is
//! sent on drop. An error says whether the conversation is still in step.
//!
//! No packet of zero length is sent, neither behind a command nor behind data: AOSP's host sends none
//! (`fastboot/usb_linux.cpp`, `LinuxUsbTransport::Write`), and LK counts the bytes of a download and takes whatever
//! follows, an empty packet, too, for the next command (`app/aboot/fastboot.c`, `fastboot_command_loop`).

mod error;
mod target;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use target::{Kept, Target};

use crate::files::hex;
use crate::protocol::fastboot::{Command, Reply, number};
use crate::transport::{Deadline, Interrupt, Port};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::time::Duration;

/// Patience per operation; an INFO begins it anew, as in AOSP's host (`fastboot/fastboot_driver.cpp`,
/// `HandleResponse`: 30 s).
mod patience {
    use super::Duration;
    pub(super) const SEND: Duration = Duration::from_secs(10);
    pub(super) const GETVAR: Duration = Duration::from_secs(5);
    pub(super) const DOWNLOAD: Duration = Duration::from_secs(30);
    /// fwupd waits 600 times one second (`plugins/fastboot/fu-fastboot-device.c`); LK says nothing while it writes.
    pub(super) const FLASH: Duration = Duration::from_secs(600);
    pub(super) const ERASE: Duration = Duration::from_secs(120);
    pub(super) const REBOOT: Duration = Duration::from_secs(5);
}

/// Longer than any packet, and than any reply.
const PACKET: usize = 1024;
/// Most lines before the end of one answer.
const MAX_LINES: usize = 1024;
/// Most bytes that are read away before the first command.
const STALE: usize = 64 * 1024;
/// Bytes of one write: whole packets at every speed, because LK ends a download at a short one (`hsusb_usb_read`).
const CHUNK: usize = 64 * 1024;

/// A boot loader that speaks fastboot.
#[derive(Debug)]
pub struct Fastboot {
    port: Port,
    line: Line,
    /// Most bytes of a download; asked once.
    limit: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nothing was said yet: what waits there belongs to an earlier host.
    Fresh,
    InStep,
    /// A command has no final reply, or one came that was none.
    OutOfStep,
}

/// What was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub sha256: String,
}

/// Where a reboot leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reboot {
    /// Where the flash leads.
    System,
    /// Back into fastboot.
    BootLoader,
}

impl Fastboot {
    pub fn new(port: Port) -> Self {
        Self {
            port,
            line: Line::Fresh,
            limit: None,
        }
    }

    pub fn interrupt(&self) -> &Interrupt {
        self.port.interrupt()
    }

    /// The moment `time` from now.
    pub fn within(&self, time: Duration) -> Deadline {
        self.port.within(time)
    }

    /// A variable; `None` for one that the boot loader does not know: it says FAIL by the present documentation, and
    /// nothing by earlier ones and in LK.
    pub fn getvar(&mut self, name: &str, deadline: Deadline) -> Result<Option<String>, Error> {
        let command = Command::Getvar(name.to_owned());
        let (reply, _) = self.ask(&command, patience::GETVAR, deadline)?;
        match reply {
            Reply::Okay(value) => {
                Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty()))
            }
            Reply::Fail(_) => Ok(None),
            _ => Err(self.astray(&command, "data for a question")),
        }
    }

    /// Every variable that the boot loader tells of by itself.
    pub fn variables(&mut self, deadline: Deadline) -> Result<Vec<(String, String)>, Error> {
        let command = Command::Getvar("all".to_owned());
        let (reply, lines) = self.ask(&command, patience::GETVAR, deadline)?;
        self.okay(&command, reply, &lines)?;
        // A name may have colons of its own: `partition-size:boot`.
        let pairs = lines.iter().filter_map(|line| line.rsplit_once(':'));
        Ok(pairs
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect())
    }

    /// Most bytes of one download.
    pub fn max_download(&mut self, deadline: Deadline) -> Result<u64, Error> {
        if let Some(limit) = self.limit {
            return Ok(limit);
        }
        let said = self.getvar("max-download-size", deadline)?;
        let limit = said.as_deref().and_then(number);
        let limit = limit.ok_or(Error::NoLimit {
            said: said.unwrap_or_default(),
        })?;
        self.limit = Some(limit);
        Ok(limit)
    }

    /// Puts an image into the memory of the modem. Nothing is stored. An image that does not fit at once is refused
    /// before it is announced: only sparse images can come in parts, and LK takes none for a NAND.
    pub fn download(
        &mut self,
        bytes: u64,
        image: &mut dyn Read,
        deadline: Deadline,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Sent, Error> {
        let most = self.max_download(deadline)?;
        let size = u32::try_from(bytes).ok().filter(|_| bytes <= most);
        let size = match size {
            Some(0) => return Err(Error::Empty),
            Some(size) => size,
            None => return Err(Error::TooLarge { bytes, most }),
        };
        let command = Command::Download(size);
        let (reply, lines) = self.ask(&command, patience::DOWNLOAD, deadline)?;
        match reply {
            Reply::Data(told) if told == size => {}
            Reply::Data(_) => return Err(self.astray(&command, "another size than was announced")),
            Reply::Okay(_) => return Err(self.astray(&command, "OKAY before any data")),
            other => {
                self.okay(&command, other, &lines)?;
            }
        }
        self.line = Line::OutOfStep;
        let (sent, failed) = self.send(&command, bytes, image, deadline, progress)?;
        let (reply, lines) = self.reply(&command, patience::DOWNLOAD, deadline)?;
        self.okay(&command, reply, &lines)?;
        match failed {
            None => Ok(sent),
            Some(reason) => Err(Error::File { reason }),
        }
    }

    /// Sends exactly so many bytes, zeros where the file fails: it is only memory, and the modem waits for all of them.
    fn send(
        &mut self,
        command: &Command,
        bytes: u64,
        image: &mut dyn Read,
        deadline: Deadline,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(Sent, Option<std::io::Error>), Error> {
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK];
        let mut failed = None;
        let mut sent = 0;
        while sent < bytes {
            let left = usize::try_from(bytes - sent).unwrap_or(usize::MAX);
            let part = &mut chunk[..left.min(CHUNK)];
            if failed.is_none() {
                failed = image.read_exact(part).err();
            }
            if failed.is_some() {
                part.fill(0);
            }
            hash.update(&*part);
            let until = deadline.min(self.port.within(patience::SEND));
            if let Err(reason) = self.port.write_counted(part, until, &mut sent) {
                return Err(Error::Cut {
                    command: command.to_string(),
                    announced: bytes,
                    sent,
                    reason,
                });
            }
            progress(sent, bytes);
        }
        let sha256 = hex(&hash.finalize());
        Ok((Sent { sha256 }, failed))
    }

    /// Writes what was downloaded into a partition. The boot loader erases it itself (LK: `flash_write`).
    pub fn flash(&mut self, target: &Target, deadline: Deadline) -> Result<(), Error> {
        let command = Command::Flash(target.name().to_owned());
        let (reply, lines) = self.ask(&command, patience::FLASH, deadline)?;
        self.okay(&command, reply, &lines)
    }

    /// Erases a partition.
    pub fn erase(&mut self, target: &Target, deadline: Deadline) -> Result<(), Error> {
        let command = Command::Erase(target.name().to_owned());
        let (reply, lines) = self.ask(&command, patience::ERASE, deadline)?;
        self.okay(&command, reply, &lines)
    }

    /// Lets the modem leave. One that has left before its OKAY came was told, too: where it comes back says the rest.
    pub fn reboot(&mut self, to: Reboot, deadline: Deadline) -> Result<(), Error> {
        let command = match to {
            Reboot::System => Command::Reboot,
            Reboot::BootLoader => Command::RebootBootloader,
        };
        match self.ask(&command, patience::REBOOT, deadline) {
            Ok((reply, lines)) => self.okay(&command, reply, &lines),
            Err(Error::Gone { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// One command and its last reply, with the lines before it.
    fn ask(
        &mut self,
        command: &Command,
        patience: Duration,
        deadline: Deadline,
    ) -> Result<(Reply, Vec<String>), Error> {
        let name = || command.to_string();
        let packet = command.encode()?;
        if self.line == Line::OutOfStep {
            return Err(Error::OutOfStep { command: name() });
        }
        let waiting = { self.port.drain(STALE) }.map_err(|reason| Error::before(name(), reason))?;
        if self.line == Line::InStep && !waiting.is_empty() {
            return Err(self.astray(command, "words that nobody asked for"));
        }
        self.line = Line::OutOfStep;
        let until = deadline.min(self.port.within(patience::SEND));
        let sent = self.port.write_all(&packet, until);
        sent.map_err(|reason| Error::port(name(), reason))?;
        self.reply(command, patience, deadline)
    }

    /// The next reply that is not a mere line. After OKAY and FAIL the boot loader hears the next command.
    fn reply(
        &mut self,
        command: &Command,
        patience: Duration,
        deadline: Deadline,
    ) -> Result<(Reply, Vec<String>), Error> {
        let mut lines = Vec::new();
        let mut packet = [0; PACKET];
        loop {
            let until = deadline.min(self.port.within(patience));
            let count = { self.port.read(&mut packet, until) }
                .map_err(|reason| Error::port(command.to_string(), reason))?;
            match Reply::parse(&packet[..count]) {
                Ok(Reply::Info(line) | Reply::Text(line)) if lines.len() < MAX_LINES => {
                    lines.push(line);
                }
                Ok(Reply::Info(_) | Reply::Text(_)) => {
                    return Err(self.astray(command, "lines without end"));
                }
                Ok(reply) => {
                    if matches!(reply, Reply::Okay(_) | Reply::Fail(_)) {
                        self.line = Line::InStep;
                    }
                    return Ok((reply, lines));
                }
                Err(bad) => return Err(self.astray(command, &bad.to_string())),
            }
        }
    }

    fn okay(&mut self, command: &Command, reply: Reply, lines: &[String]) -> Result<(), Error> {
        match reply {
            Reply::Okay(_) => Ok(()),
            Reply::Fail(text) => {
                let said = lines.iter().cloned().chain([text]).collect();
                Err(Error::Refused {
                    command: command.to_string(),
                    said,
                })
            }
            _ => Err(self.astray(command, "data where none is sent")),
        }
    }

    fn astray(&mut self, command: &Command, what: &str) -> Error {
        self.line = Line::OutOfStep;
        Error::Unexpected {
            command: command.to_string(),
            what: what.to_owned(),
        }
    }
}
