//! Requests out, replies in, each in a frame. Logs are heard and decide nothing.

use super::Error;
use crate::protocol::dload::{Reply, Request};
use crate::protocol::hdlc::{self, Deframer};
use crate::transport::{Deadline, Interrupt, Port};
use std::time::Duration;

const FLAG: u8 = 0x7e;
/// Packets of the bulk pair in EDL (protocols.md §2.1).
const PACKET: usize = 512;
/// Most bytes around one answer: a HELLO of 200 sectors has 900. A loader that says more will never answer.
const MAX_TALK: usize = 64 * 1024;
const MAX_WORDS: usize = 64;
/// How long a request itself may take to leave.
const SEND: Duration = Duration::from_secs(10);

/// A loader's port.
#[derive(Debug)]
pub(super) struct Line {
    port: Port,
    deframer: Deframer,
    /// The first byte that ever came and is no filler.
    first: Option<u8>,
}

impl Line {
    pub(super) fn new(port: Port) -> Self {
        Self {
            port,
            deframer: Deframer::default(),
            first: None,
        }
    }

    /// A programmer says what it is by itself, in XML.
    pub(super) fn is_firehose(&self) -> bool {
        self.first == Some(b'<')
    }

    pub(super) fn into_port(self) -> Port {
        self.port
    }

    pub(super) fn interrupt(&self) -> &Interrupt {
        self.port.interrupt()
    }

    pub(super) fn now(&self) -> Duration {
        self.port.clock().now()
    }

    pub(super) fn within(&self, time: Duration) -> Deadline {
        self.port.within(time)
    }

    /// Sends a request and takes its answer, an error of the loader's for a failure.
    pub(super) fn ask(
        &mut self,
        command: &'static str,
        request: &Request,
        patience: Duration,
        deadline: Deadline,
    ) -> Result<Reply, Error> {
        self.clear(command)?;
        self.send(command, request, deadline)?;
        self.answer(command, patience, deadline)
    }

    /// Reads away what came late: an answer that nobody waited for any more must not answer the next request.
    pub(super) fn clear(&mut self, command: &'static str) -> Result<(), Error> {
        let late = self.port.drain(MAX_TALK);
        let late = late.map_err(|reason| Error::port(command, reason, &[]))?;
        self.take(&late);
        self.deframer = Deframer::default();
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        let filler = |byte: &&u8| byte.is_ascii_whitespace() || **byte == 0;
        self.first = self
            .first
            .or_else(|| bytes.iter().find(|b| !filler(b)).copied());
        self.deframer.push(bytes);
    }

    pub(super) fn send(
        &mut self,
        command: &'static str,
        request: &Request,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let until = self.port.within(SEND).min(deadline);
        self.port
            .write_all(&framed(request), until)
            .map_err(|reason| Error::port(command, reason, &[]))
    }

    /// The next reply that is no log.
    pub(super) fn answer(
        &mut self,
        command: &'static str,
        patience: Duration,
        deadline: Deadline,
    ) -> Result<Reply, Error> {
        let until = self.port.within(patience).min(deadline);
        let mut words = Vec::new();
        let mut talk = 0;
        loop {
            while let Some(frame) = self.deframer.next_frame() {
                let payload = frame.map_err(|_| Error::Damaged { command })?;
                let reply = Reply::decode(&payload);
                match reply.map_err(|reason| Error::Malformed { command, reason })? {
                    Reply::Log(word) if words.len() < MAX_WORDS => words.push(word),
                    Reply::Log(_) => return Err(Error::unexpected(command, "logs without end")),
                    Reply::Error { code, text } => {
                        words.push(text);
                        return Err(Error::Refused {
                            command,
                            code,
                            words,
                            in_step: true,
                        });
                    }
                    reply => return Ok(reply),
                }
            }
            if talk > MAX_TALK {
                return Err(Error::unexpected(command, "talk without end"));
            }
            let mut buffer = [0; 4096];
            let count = { self.port.read(&mut buffer, until) }
                .map_err(|reason| Error::port(command, reason, &words))?;
            talk += count;
            self.take(buffer.get(..count).unwrap_or_default());
        }
    }
}

/// A request in its frame, with a flag in front, as `QFirehose` sends it: what a host before us left unfinished ends
/// there. A transfer of whole packets would end nowhere on USB; a further flag, an empty frame, ends it, which is what the
/// loader does with its own answers (hostdl: `force_xmit_reply`).
pub(super) fn framed(request: &Request) -> Vec<u8> {
    let mut frame = vec![FLAG];
    frame.extend(hdlc::encode(&request.encode()));
    if frame.len().is_multiple_of(PACKET) {
        frame.push(FLAG);
    }
    frame
}
