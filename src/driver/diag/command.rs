//! Plain commands: build id, unlocking, modes, and the way into EDL.

use super::{Diag, Error, of_port};
use crate::protocol::diag::{Power, Refusal, Reply, Request};
use crate::protocol::hdlc;
use crate::transport::{self, Deadline};
use std::time::Duration;

/// What tools send (qfenix, edl); a unit with its own code answers no.
const SPC: [u8; 6] = *b"000000";
const PASSWORD: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe];
/// The EDL command is repeated each second, at most 30 times (protocols.md §4, qfh).
const EDL_TRIES: u32 = 30;
const EDL_PAUSE: Duration = Duration::from_secs(1);
/// Once the modem has echoed the command, it may need this long to leave: EM05-G 10 s (protocols.md §4).
const EDL_LEAVING: Duration = Duration::from_secs(10);

/// Which of the two locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlock {
    Open,
    /// The modem said that the code or password is wrong.
    Wrong,
}

/// How it is known that the modem goes into EDL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdlWay {
    /// It repeated the command, then left.
    Echoed,
    /// It left without an answer, as some do.
    Left,
}

impl Diag {
    /// The short firmware version, such as `RM502QGLAAR11A02M4G`.
    pub fn build(&mut self, deadline: Deadline) -> Result<String, Error> {
        match self.ask(&Request::Build, self.answer_by(deadline))? {
            Reply::Build { version, .. } => Ok(version),
            _ => Err(unexpected("build id")),
        }
    }

    /// The feature mask; `None` where the modem does not know the question.
    pub fn feature_mask(&mut self, deadline: Deadline) -> Result<Option<Vec<u8>>, Error> {
        match self.ask(&Request::FeatureQuery, self.answer_by(deadline)) {
            Ok(Reply::FeatureMask(mask)) => Ok(Some(mask)),
            Ok(_) => Err(unexpected("feature query")),
            Err(Error::Refused {
                refusal: Refusal::BadCommand,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn spc(&mut self, deadline: Deadline) -> Result<Unlock, Error> {
        match self.ask(&Request::Spc(SPC), self.answer_by(deadline))? {
            Reply::Spc { ok: true } => Ok(Unlock::Open),
            Reply::Spc { ok: false } => Ok(Unlock::Wrong),
            _ => Err(unexpected("service programming code")),
        }
    }

    pub fn password(&mut self, deadline: Deadline) -> Result<Unlock, Error> {
        match self.ask(&Request::Password(PASSWORD), self.answer_by(deadline))? {
            Reply::Password { ok: true } => Ok(Unlock::Open),
            Reply::Password { ok: false } => Ok(Unlock::Wrong),
            _ => Err(unexpected("security password")),
        }
    }

    pub fn offline(&mut self, deadline: Deadline) -> Result<(), Error> {
        self.power(Power::Offline, deadline)
    }

    pub fn online(&mut self, deadline: Deadline) -> Result<(), Error> {
        self.power(Power::Online, deadline)
    }

    /// Restarts the modem. It may leave before its answer is out.
    pub fn reset(&mut self, deadline: Deadline) -> Result<(), Error> {
        match self.power(Power::Reset, deadline) {
            Err(Error::Port(transport::Error::Gone)) => Ok(()),
            other => other,
        }
    }

    fn power(&mut self, power: Power, deadline: Deadline) -> Result<(), Error> {
        self.ask(&Request::Power(power), self.answer_by(deadline))
            .map(drop)
    }

    /// Sends the modem into EDL and returns once the port is gone, which is the proof; the echo is not
    /// (protocols.md §4).
    pub fn edl(&mut self, deadline: Deadline) -> Result<EdlWay, Error> {
        let mut way = EdlWay::Left;
        for _ in 0..EDL_TRIES {
            match self.edl_once(&mut way, deadline) {
                Ok(()) => {}
                Err(Error::Port(transport::Error::Gone)) => return Ok(way),
                Err(error) => return Err(error),
            }
            if deadline.passed(self.port.clock().now()) {
                break;
            }
        }
        Err(Error::StillThere)
    }

    /// One command, and a listen for what comes of it. Comes back while the modem is still there.
    fn edl_once(&mut self, way: &mut EdlWay, deadline: Deadline) -> Result<(), Error> {
        const LABEL: &str = "switch to EDL";
        self.forget_stale(LABEL)?;
        self.owed = true;
        let until = deadline.min(self.port.within(EDL_PAUSE));
        let sent = self
            .port
            .write_all(&hdlc::encode(&Request::Edl.encode()), until);
        match sent.map_err(|e| of_port(e, LABEL)) {
            Err(Error::Timeout { .. }) => return Ok(()),
            other => other?,
        }
        match self.read_answer(&Request::Edl, LABEL, until) {
            Ok(_) => {
                *way = EdlWay::Echoed;
                let until = deadline.min(self.port.within(EDL_LEAVING));
                loop {
                    match self.next_frame(LABEL, until) {
                        Err(Error::Timeout { .. }) => return Ok(()),
                        other => drop(other?),
                    }
                }
            }
            Err(Error::Timeout { .. } | Error::Damaged { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn unexpected(request: &'static str) -> Error {
    Error::Unexpected {
        request,
        what: "it is the answer to something else",
    }
}
