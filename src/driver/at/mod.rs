//! The host side of AT: one command, one answer, within one total time (diag-and-xqcn.md R11, quectel.md §7).
//!
//! It refuses identity and transmitting commands on the final text, before a byte is sent.

pub use crate::protocol::at::Refused;

use crate::protocol::at::{
    Final, Intent, Lines, answer_prefix, final_result, intent, is_unsolicited,
};
use crate::transport::{self, Deadline, Port};
use std::time::Duration;

/// Most stale bytes that are read away before a command.
const STALE: usize = 256 * 1024;
/// Most lines of one answer; QTEMP and QMBNCFG, the longest in use, stay far below.
const MAX_LINES: usize = 4096;
/// How long an answer that missed its deadline is waited for before the next command. `EC2x` modems lose answers
/// without trace (protocols.md §11.2), so it may never come.
const LATE: Duration = Duration::from_secs(1);

/// An AT port.
#[derive(Debug)]
pub struct At {
    port: Port,
    /// An earlier command has no final result yet; what comes next may be its answer.
    owed: bool,
}

/// What the modem answered: its lines without echo and unsolicited ones, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub lines: Vec<String>,
    pub result: Final,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The command may not be sent, whoever asks. Nothing was sent.
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("no final result code came within the time allowed")]
    Timeout,
    #[error("an answer of more than {MAX_LINES} lines came")]
    TooLong,
    #[error(transparent)]
    Port(transport::Error),
}

impl From<transport::Error> for Error {
    fn from(error: transport::Error) -> Self {
        match error {
            transport::Error::Timeout => Self::Timeout,
            other => Self::Port(other),
        }
    }
}

impl At {
    pub fn new(port: Port) -> Self {
        Self { port, owed: false }
    }

    pub fn port(&self) -> &Port {
        &self.port
    }

    pub fn into_port(self) -> Port {
        self.port
    }

    /// Sends one command and reads its answer. `ERROR` is an answer, too.
    pub fn ask(&mut self, command: &str, deadline: Deadline) -> Result<Answer, Error> {
        if let Intent::Refused(refused) = intent(command) {
            return Err(refused.into());
        }
        self.settle(deadline)?;
        self.port.drain(STALE)?;
        self.owed = true;
        self.port
            .write_all(format!("{command}\r").as_bytes(), deadline)?;
        let answer = self.read_answer(command, deadline)?;
        self.owed = false;
        Ok(answer)
    }

    /// Lets an answer that missed its deadline pass by, so that it never answers the next command.
    fn settle(&mut self, deadline: Deadline) -> Result<(), Error> {
        if !self.owed {
            return Ok(());
        }
        let until = deadline.min(self.port.within(LATE));
        let mut lines = Lines::default();
        loop {
            while let Some(line) = lines.next_line() {
                if final_result(&line).is_some() {
                    self.owed = false;
                    return Ok(());
                }
            }
            match self.read_some(&mut lines, until) {
                Err(Error::Timeout) => break,
                other => other?,
            }
        }
        self.owed = false;
        Ok(())
    }

    fn read_answer(&mut self, command: &str, deadline: Deadline) -> Result<Answer, Error> {
        let mut sieve = Sieve::new(command);
        let mut lines = Lines::default();
        loop {
            while let Some(line) = lines.next_line() {
                if let Some(result) = final_result(&line) {
                    return Ok(Answer {
                        lines: sieve.kept,
                        result,
                    });
                }
                sieve.take(line);
                if sieve.kept.len() > MAX_LINES {
                    return Err(Error::TooLong);
                }
            }
            self.read_some(&mut lines, deadline)?;
        }
    }

    fn read_some(&mut self, lines: &mut Lines, deadline: Deadline) -> Result<(), Error> {
        if deadline.passed(self.port.clock().now()) {
            return Err(Error::Timeout);
        }
        let mut buffer = [0; 4096];
        let count = self.port.read(&mut buffer, deadline)?;
        lines.push(&buffer[..count]);
        Ok(())
    }
}

/// Keeps the lines of an answer that belong to it.
struct Sieve<'a> {
    command: &'a str,
    /// The prefix of the command's own answer, for forms that are answered by a line.
    own_prefix: Option<String>,
    echo_passed: bool,
    kept: Vec<String>,
}

impl<'a> Sieve<'a> {
    fn new(command: &'a str) -> Self {
        // Only a question is answered under its own name: after `AT+CFUN=1` a line `+CFUN: 1` is unsolicited.
        let own_prefix = answer_prefix(command).filter(|_| command.trim_end().ends_with('?'));
        Self {
            command: command.trim(),
            own_prefix,
            echo_passed: false,
            kept: Vec::new(),
        }
    }

    fn take(&mut self, line: String) {
        if !self.echo_passed && line == self.command {
            self.echo_passed = true;
            return;
        }
        if is_unsolicited(&line) && !self.is_own_answer(&line) {
            return;
        }
        self.kept.push(line);
    }

    /// A line under the command's own name is the answer once; the next one like it is unsolicited again.
    fn is_own_answer(&self, line: &str) -> bool {
        self.own_prefix.as_deref().is_some_and(|prefix| {
            line.starts_with(prefix) && !self.kept.iter().any(|kept| kept.starts_with(prefix))
        })
    }
}

#[cfg(test)]
mod tests;
