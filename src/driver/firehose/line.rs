//! Commands out, documents in. A response decides, a log never does (protocols.md §1 fact 7).

use super::Error;
use crate::protocol::firehose::{Element, Reply, Response, Scanner};
use crate::transport::{self, Deadline, Port};
use std::time::Duration;

/// Most bytes of talk around one command; a whole banner has 2 KiB. A programmer that says more will never answer.
const MAX_TALK: usize = 64 * 1024;
const MAX_LOGS: usize = 256;
/// How long a command itself may take to leave.
const SEND: Duration = Duration::from_secs(10);

/// A programmer's port and what was read from it ahead of need.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) port: Port,
    scanner: Scanner,
    stray: Stray,
}

/// Whether talk that answers nothing may still come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stray {
    Expected,
    No,
}

/// A response and the logs that came before it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) logs: Vec<String>,
}

impl Answer {
    pub(super) fn acknowledged(self, command: &'static str) -> Result<Self, Error> {
        if self.response.ack {
            Ok(self)
        } else {
            Err(Error::Nak {
                command,
                logs: self.logs,
            })
        }
    }
}

impl Line {
    pub(super) fn new(port: Port) -> Self {
        Self {
            port,
            scanner: Scanner::default(),
            stray: Stray::Expected,
        }
    }

    /// Sends a command, after what came late has been read away: logs behind a response (MSM8916, qdl:src/firehose.c)
    /// and a second stray response, which answers leftovers of raw data (EM7511, libqmi:qfu-sahara-device.c). What was
    /// read already costs nothing; the port is asked only behind raw data and other programs' talk, because a USB read
    /// that finds nothing takes a millisecond.
    pub(super) fn send(
        &mut self,
        command: &'static str,
        element: &Element,
        deadline: Deadline,
    ) -> Result<(), Error> {
        if self.stray == Stray::Expected {
            let late = self.port.drain(MAX_TALK).map_err(|e| match e {
                transport::Error::Interrupted => Error::Interrupted {
                    command,
                    in_step: true,
                },
                other => Error::port(command, other),
            })?;
            self.scanner.push(&late);
            self.stray = Stray::No;
        }
        while self.scanner.next_element().is_some() {}
        let until = self.port.within(SEND).min(deadline);
        self.port
            .write_all(&element.document(), until)
            .map_err(|e| Error::port(command, e))
    }

    /// The next command is sent only after the port was asked for talk that is left: behind raw data, and where a programmer
    /// with logs left would not do it.
    pub(super) fn drain_before_next(&mut self) {
        self.stray = Stray::Expected;
    }

    /// Waits for the response; each log extends the patience, never the deadline.
    pub(super) fn answer(
        &mut self,
        command: &'static str,
        patience: Duration,
        deadline: Deadline,
    ) -> Result<Answer, Error> {
        let mut logs = Vec::new();
        let mut read = 0;
        let mut until = self.port.within(patience).min(deadline);
        loop {
            while let Some(reply) = self.next_reply() {
                match reply {
                    Reply::Response(response) => return Ok(Answer { response, logs }),
                    Reply::Log(log) => {
                        if logs.len() < MAX_LOGS {
                            logs.push(log);
                        }
                        until = self.port.within(patience).min(deadline);
                    }
                }
            }
            if read > MAX_TALK {
                return Err(Error::Unexpected {
                    command,
                    what: "talk without end",
                });
            }
            match self.read(until) {
                Ok(count) => read += count,
                Err(transport::Error::Timeout) => return Err(Error::Timeout { command, logs }),
                Err(error) => return Err(Error::port(command, error)),
            }
        }
    }

    /// Sends a command and takes its answer, yes or no.
    pub(super) fn ask(
        &mut self,
        command: &'static str,
        element: &Element,
        patience: Duration,
        deadline: Deadline,
    ) -> Result<Answer, Error> {
        self.send(command, element, deadline)?;
        self.answer(command, patience, deadline)
    }

    /// A response that is already there: a programmer that refuses in the middle of a raw phase.
    pub(super) fn response_now(&mut self) -> Option<Answer> {
        let late = self.port.drain(MAX_TALK).ok()?;
        self.scanner.push(&late);
        let mut logs = Vec::new();
        loop {
            match self.next_reply()? {
                Reply::Log(log) => logs.push(log),
                Reply::Response(response) => return Some(Answer { response, logs }),
            }
        }
    }

    /// The next log of a banner; `None` once nothing came for `idle`.
    pub(super) fn log(
        &mut self,
        idle: Duration,
        deadline: Deadline,
    ) -> Result<Option<String>, transport::Error> {
        let until = self.port.within(idle).min(deadline);
        let mut read = 0;
        loop {
            match self.next_reply() {
                Some(Reply::Log(log)) => return Ok(Some(log)),
                // Nothing was asked, so this answers somebody else.
                Some(Reply::Response(_)) => {}
                None if read > MAX_TALK => return Ok(None),
                None => match self.read(until) {
                    Ok(count) => read += count,
                    Err(transport::Error::Timeout) => return Ok(None),
                    Err(error) => return Err(error),
                },
            }
        }
    }

    /// Raw bytes of a read, at least one; the first may have shared a transfer with their response.
    pub(super) fn raw(
        &mut self,
        most: u64,
        deadline: Deadline,
    ) -> Result<Vec<u8>, transport::Error> {
        let mut bytes = self.scanner.take_rest();
        if bytes.is_empty() {
            // Whole transfers are read, because a USB read shorter than its transfer fails.
            bytes.resize(64 * 1024, 0);
            let count = self.port.read(&mut bytes, deadline)?;
            bytes.truncate(count);
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if bytes.len() > most {
            self.port.push_back(bytes.get(most..).unwrap_or_default());
            bytes.truncate(most);
        }
        Ok(bytes)
    }

    fn next_reply(&mut self) -> Option<Reply> {
        loop {
            let element = self.scanner.next_element()?;
            if let Some(reply) = Reply::from_element(element) {
                return Some(reply);
            }
        }
    }

    fn read(&mut self, until: Deadline) -> Result<usize, transport::Error> {
        let mut buffer = [0; 16 * 1024];
        let count = self.port.read(&mut buffer, until)?;
        self.scanner.push(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
