//! The host side of DIAG: one request, its own answer (diag-and-xqcn.md §1, R2 to R4).
//!
//! A reply is taken only if command, subsystem, subcommand and echoed fields agree with the request. A reply that
//! misses its deadline never answers a later request: before the next one, the port is settled by a marker whose
//! answer nothing else can look like. Identity items and their files are never written, whoever asks.

mod command;
mod efs;
mod efs_write;
mod matching;
mod nv;

pub use command::{EdlWay, Unlock};
pub use efs::{Found, MAX_FILE};
pub use efs_write::SyncProof;
pub use nv::NvValue;

use crate::protocol::diag::{NvId, NvStatus, Refusal, Reply, Request};
use crate::protocol::hdlc::{self, Deframer};
use crate::transport::{self, Deadline, Port};
use matching::{Verdict, judge};
use std::time::Duration;

/// How long one answer may take. An EFS write that makes the journal tidy up is the slowest in use.
const ANSWER: Duration = Duration::from_secs(5);
/// How often a read is sent before damaged answers are an error.
const READ_TRIES: u32 = 3;
/// Most stale bytes that are read away before a request.
const STALE: usize = 1024 * 1024;
/// Numbered items that no modem has and nothing else asks for; reading one marks a place in the stream of answers.
/// Tools scan 0..8192 (diag-and-xqcn.md §4).
const MARKERS: std::ops::Range<u16> = 0xf000..0xff00;

/// A DIAG port.
#[derive(Debug)]
pub struct Diag {
    port: Port,
    deframer: Deframer,
    /// Answers to earlier requests may still come.
    owed: bool,
    marker: u16,
    /// The EFS subsystem that answered the handshake.
    efs: Option<u8>,
    /// Numbers sync requests.
    sequence: u16,
}

/// Why a request did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("no answer to `{request}` came within the time allowed")]
    Timeout { request: &'static str },
    /// The modem said no.
    #[error("the modem refused `{request}`: {refusal}")]
    Refused {
        request: &'static str,
        refusal: Refusal,
    },
    /// The answers came damaged.
    #[error("the answer to `{request}` came with a wrong checksum")]
    Damaged { request: &'static str },
    /// The answer is well framed and says something else than it should.
    #[error("the answer to `{request}` makes no sense: {what}")]
    Unexpected {
        request: &'static str,
        what: &'static str,
    },
    #[error("NV item {}: {status}", name(*id))]
    Nv { id: NvId, status: NvStatus },
    #[error("{operation} of `{path}` in the modem's file system failed with errno {errno}")]
    Efs {
        operation: &'static str,
        path: String,
        errno: i32,
    },
    /// Fewer or more bytes than the modem said, or than it was given.
    #[error("`{path}` in the modem's file system has {wanted} bytes, but {moved} moved")]
    Length {
        path: String,
        wanted: u64,
        moved: u64,
    },
    #[error("neither subsystem of the modem's file system answers")]
    NoEfs,
    /// It holds the identity of the unit. Nothing was sent.
    #[error("{0} holds the identity of the unit and is never written")]
    Identity(String),
    /// It cannot be said in this protocol. Nothing was sent.
    #[error("`{0}` is no path in the modem's file system")]
    Path(String),
    /// The port did not leave although the modem was told to restart.
    #[error("the modem did not leave")]
    StillThere,
    #[error(transparent)]
    Port(transport::Error),
}

fn name(id: NvId) -> String {
    id.index.map_or_else(
        || id.item.to_string(),
        |i| format!("{}, index {i}", id.item),
    )
}

impl Diag {
    pub fn new(port: Port) -> Self {
        Self {
            port,
            deframer: Deframer::default(),
            owed: false,
            marker: MARKERS.start,
            efs: None,
            sequence: 0,
        }
    }

    pub fn port(&self) -> &Port {
        &self.port
    }

    pub fn into_port(self) -> Port {
        self.port
    }

    /// Sends one request and reads its answer, which is never [`Reply::Refused`]: that is [`Error::Refused`].
    /// A read whose answer comes damaged is asked again, a few times; anything else is sent once.
    pub fn ask(&mut self, request: &Request, deadline: Deadline) -> Result<Reply, Error> {
        nv::refuse_identity(request)?;
        efs_write::refuse_identity(request)?;
        let label = matching::label(request);
        let tries = if matching::is_read(request) {
            READ_TRIES
        } else {
            1
        };
        for _ in 0..tries {
            self.settle(label, deadline)?;
            self.send(request, label, deadline)?;
            let answer = self.read_answer(request, label, deadline);
            if !matches!(answer, Err(Error::Damaged { .. })) {
                return answer;
            }
        }
        Err(Error::Damaged { request: label })
    }

    /// The end of the usual time for one answer, or of all time.
    fn answer_by(&self, deadline: Deadline) -> Deadline {
        deadline.min(self.port.within(ANSWER))
    }

    fn send(
        &mut self,
        request: &Request,
        label: &'static str,
        deadline: Deadline,
    ) -> Result<(), Error> {
        self.forget_stale(label)?;
        self.owed = true;
        self.port
            .write_all(&hdlc::encode(&request.encode()), deadline)
            .map_err(|e| of_port(e, label))
    }

    /// Reads away what nobody waits for; the modem spits logs.
    fn forget_stale(&mut self, label: &'static str) -> Result<(), Error> {
        self.port.drain(STALE).map_err(|e| of_port(e, label))?;
        self.deframer = Deframer::default();
        Ok(())
    }

    /// The answer to the request that was just sent. A damaged frame may have been it or a log message; after one, a
    /// marker tells: what has not come by then will not come.
    fn read_answer(
        &mut self,
        request: &Request,
        label: &'static str,
        deadline: Deadline,
    ) -> Result<Reply, Error> {
        let mut marker = None;
        loop {
            let Ok(payload) = self.next_frame(label, deadline)? else {
                if marker.is_none() {
                    marker = Some(self.send_marker(label, deadline)?);
                }
                continue;
            };
            if let Some(marker) = &marker
                && judge(marker, &payload) != Verdict::Stranger
            {
                self.owed = false;
                return Err(Error::Damaged { request: label });
            }
            match judge(request, &payload) {
                Verdict::Stranger => {}
                Verdict::Answer => {
                    // The marker's own answer is then still to come.
                    self.owed = marker.is_some();
                    return Ok(Reply::decode(&payload));
                }
                Verdict::Refusal(refusal) => {
                    self.owed = marker.is_some();
                    return Err(Error::Refused {
                        request: label,
                        refusal,
                    });
                }
            }
        }
    }

    /// Makes sure that no answer to an earlier request is still on its way: DIAG answers in order.
    fn settle(&mut self, label: &'static str, deadline: Deadline) -> Result<(), Error> {
        if !self.owed {
            return Ok(());
        }
        let deadline = self.answer_by(deadline);
        self.forget_stale(label)?;
        let marker = self.send_marker(label, deadline)?;
        loop {
            if let Ok(payload) = self.next_frame(label, deadline)?
                && judge(&marker, &payload) != Verdict::Stranger
            {
                self.owed = false;
                return Ok(());
            }
        }
    }

    fn send_marker(&mut self, label: &'static str, deadline: Deadline) -> Result<Request, Error> {
        self.marker = if self.marker + 1 < MARKERS.end {
            self.marker + 1
        } else {
            MARKERS.start
        };
        let marker = Request::NvRead(NvId {
            item: self.marker,
            index: None,
        });
        self.port
            .write_all(&hdlc::encode(&marker.encode()), deadline)
            .map_err(|e| of_port(e, label))?;
        Ok(marker)
    }

    /// The next frame before the deadline, whoever it is for.
    fn next_frame(
        &mut self,
        label: &'static str,
        deadline: Deadline,
    ) -> Result<Result<Vec<u8>, hdlc::BadFrame>, Error> {
        let mut buffer = [0; 8192];
        loop {
            // A modem that never stops logging must not hold the host for ever.
            if deadline.passed(self.port.clock().now()) {
                return Err(Error::Timeout { request: label });
            }
            if let Some(frame) = self.deframer.next_frame() {
                return Ok(frame);
            }
            let count = self
                .port
                .read(&mut buffer, deadline)
                .map_err(|e| of_port(e, label))?;
            self.deframer.push(&buffer[..count]);
        }
    }
}

fn of_port(error: transport::Error, request: &'static str) -> Error {
    match error {
        transport::Error::Timeout => Error::Timeout { request },
        other => Error::Port(other),
    }
}

#[cfg(test)]
pub(crate) mod tests;
