//! Operations with raw data: program, read, and the digest that spares reading.

use super::line::Answer;
use super::{Error, Firehose, over, patience, range};
use crate::protocol::firehose::Element;
use crate::protocol::nand::{Geometry, Sectors};
use crate::transport;
use crate::transport::Deadline;
use std::io::{self, Read, Write};

/// What is written where.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'a> {
    pub sectors: Sectors,
    /// Told to the programmer; it decides nothing.
    pub name: &'a str,
    pub last_sector: Option<u32>,
}

/// Most bytes of one write. The programmer reads a payload at a time and never sees where a write of the host ends,
/// unless it ends with a short packet (usb-test-rig.md §6: an endpoint hands on packets); so a write takes as many whole
/// payloads as fit, because each costs a round through the USB stack (protocols.md §6.7: "bigger transfers are
/// everything"). Under VIP, where every transfer is hashed, this would be wrong; VIP is not spoken here.
const SPAN: usize = 1024 * 1024;

impl Firehose {
    /// Writes a reader into a range and pads its last sector with zeros; returns how many bytes the reader gave. The
    /// range must have been erased.
    ///
    /// Once sectors are announced they are all sent, even where the reader fails or gives too little: zeros fill
    /// them, the programmer stays in step, and the error says that the range is wrong.
    pub fn program(
        &mut self,
        chip: Geometry,
        writing: &Writing<'_>,
        reader: &mut dyn Read,
        deadline: Deadline,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<u64, Error> {
        let command = "program";
        let announced = chip.bytes(writing.sectors);
        let mut element = range(command, chip, writing.sectors).with("filename", writing.name);
        if let Some(last) = writing.last_sector {
            element = element.with("last_sector", last);
        }
        let whole = self.enter_raw_mode(command, &element, deadline)?;
        let mut content = Content::new(reader, announced);
        let mut buffer = vec![0; span(self.payload)];
        let mut sent = 0;
        while sent < announced {
            let count = piece(announced - sent, buffer.len());
            let chunk = buffer.get_mut(..count).unwrap_or_default();
            content.fill(chunk);
            let until = self.line.port.within(patience::RAW);
            if let Err(reason) = self.line.port.write_counted(chunk, until, &mut sent) {
                return Err(self.cut_off(command, sent, announced, reason));
            }
            progress(sent, announced);
        }
        let answer = self.line.answer(command, patience::FINAL, whole)?;
        finished(command, answer)?;
        content.result(command)
    }

    /// Reads a range into a writer. Where the writer fails the rest is still read, to stay in step.
    pub fn read(
        &mut self,
        chip: Geometry,
        sectors: Sectors,
        writer: &mut dyn Write,
        deadline: Deadline,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Error> {
        let command = "read";
        let announced = chip.bytes(sectors);
        let element = range(command, chip, sectors);
        let whole = self.enter_raw_mode(command, &element, deadline)?;
        let mut received = 0;
        let mut failed = None;
        while received < announced {
            let until = self.line.port.within(patience::RAW);
            let bytes = match self.line.raw(announced - received, until) {
                Ok(bytes) => bytes,
                Err(reason) => return Err(out_of_step(command, received, announced, reason)),
            };
            if failed.is_none() {
                failed = writer.write_all(&bytes).err();
            }
            received += bytes.len() as u64;
            progress(received, announced);
        }
        let answer = self.line.answer(command, patience::FINAL, whole)?;
        finished(command, answer)?;
        match failed {
            Some(reason) => Err(Error::File { command, reason }),
            None => Ok(()),
        }
    }

    /// The programmer's own SHA-256 of a range, lower-case hex.
    pub fn sha256(
        &mut self,
        chip: Geometry,
        sectors: Sectors,
        deadline: Deadline,
    ) -> Result<String, Error> {
        let command = "getsha256digest";
        let element = range(command, chip, sectors);
        let whole = self.begin(command, deadline)?;
        let answer = self
            .line
            .ask(command, &element, patience::DIGEST, whole)
            .and_then(|answer| over(command, answer))?;
        digest(&answer).ok_or(Error::Unexpected {
            command,
            what: "no digest, or more than one",
        })
    }

    /// From here on raw bytes go one way; until when they may.
    fn enter_raw_mode(
        &mut self,
        command: &'static str,
        element: &Element,
        deadline: Deadline,
    ) -> Result<Deadline, Error> {
        let whole = self.begin(command, deadline)?;
        let answer = self.line.ask(command, element, patience::SET_UP, whole)?;
        if !answer.acknowledged(command)?.response.raw_mode {
            return Err(Error::Unexpected {
                command,
                what: "an ACK without raw mode",
            });
        }
        self.line.drain_before_next();
        Ok(whole)
    }

    /// A programmer that stops reading has mostly said why.
    fn cut_off(
        &mut self,
        command: &'static str,
        sent: u64,
        announced: u64,
        reason: transport::Error,
    ) -> Error {
        match self.line.response_now() {
            Some(answer) if !answer.response.ack && reason == transport::Error::Timeout => {
                Error::Stopped {
                    command,
                    sent,
                    announced,
                    logs: answer.logs,
                }
            }
            _ => out_of_step(command, sent, announced, reason),
        }
    }
}

fn out_of_step(
    command: &'static str,
    sent: u64,
    announced: u64,
    reason: transport::Error,
) -> Error {
    match reason {
        transport::Error::Gone => Error::Gone { command },
        reason => Error::OutOfStep {
            command,
            sent,
            announced,
            reason,
        },
    }
}

fn finished(command: &'static str, answer: Answer) -> Result<(), Error> {
    if answer.acknowledged(command)?.response.raw_mode {
        Err(Error::Unexpected {
            command,
            what: "raw mode after all data",
        })
    } else {
        Ok(())
    }
}

fn piece(left: u64, span: usize) -> usize {
    usize::try_from(left).unwrap_or(span).min(span)
}

/// As many whole payloads as fit into one write, at least one.
fn span(payload: usize) -> usize {
    let payload = payload.max(1);
    SPAN.max(payload) / payload * payload
}

/// The one word of 64 hex digits in the logs. The digest comes in a log line (protocols.md §6.4); here alone a log
/// carries data, and anything but exactly one digest is refused.
fn digest(answer: &Answer) -> Option<String> {
    let mut found = answer
        .logs
        .iter()
        .flat_map(|log| log.split(|c: char| !c.is_ascii_alphanumeric()))
        .map(|word| word.strip_prefix("0x").unwrap_or(word))
        .filter(|word| word.len() == 64 && word.bytes().all(|b| b.is_ascii_hexdigit()))
        .map(str::to_lowercase);
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// A reader that is padded to the announced length.
struct Content<'a> {
    reader: &'a mut dyn Read,
    bytes: u64,
    ended: bool,
    failed: Option<io::Error>,
    announced: u64,
}

impl<'a> Content<'a> {
    fn new(reader: &'a mut dyn Read, announced: u64) -> Self {
        Self {
            reader,
            bytes: 0,
            ended: false,
            failed: None,
            announced,
        }
    }

    fn fill(&mut self, chunk: &mut [u8]) {
        let mut filled = 0;
        while filled < chunk.len() && !self.ended {
            let rest = chunk.get_mut(filled..).unwrap_or_default();
            match self.reader.read(rest) {
                Ok(0) => self.ended = true,
                Ok(count) => {
                    filled += count;
                    self.bytes += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    self.ended = true;
                }
            }
        }
        chunk.get_mut(filled..).unwrap_or_default().fill(0);
    }

    fn result(mut self, command: &'static str) -> Result<u64, Error> {
        if self.failed.is_none() && !self.ended && self.bytes == self.announced {
            // A file that grew meanwhile is not the one that was judged.
            let mut one = [0];
            match self.reader.read(&mut one) {
                Ok(0) => {}
                Ok(_) => self.failed = Some(io::Error::other("it is longer than it was")),
                Err(error) => self.failed = Some(error),
            }
        }
        match self.failed {
            Some(reason) => Err(Error::File { command, reason }),
            None => Ok(self.bytes),
        }
    }
}
