//! One conversation with a boot ROM: packets out and in, and how one is begun whatever the last one left.

use super::Error;
use super::packets::{self, Next};
use crate::protocol::sahara::{Mode, Packet};
use crate::transport::{self, Deadline, Port};
use std::time::Duration;

/// How long HELLO is waited for before the modem is nudged (protocols.md §5.6).
const HELLO: Duration = Duration::from_secs(1);
/// How long one packet is waited for. A remote port needs 40 ms per read (protocols.md §5.2).
pub(super) const PACKET: Duration = Duration::from_secs(10);
/// What follows a leftover is there already, if anything is.
const BEHIND: Duration = Duration::from_millis(300);
/// Leftovers that are read away before HELLO is given up.
const MAX_LEFTOVERS: u32 = 16;

/// A port on which Sahara is spoken until a deadline.
pub(super) struct Talk<'a> {
    pub(super) port: &'a mut Port,
    pub(super) deadline: Deadline,
    /// Bytes of images that were given, for messages.
    pub(super) sent: u64,
    /// The first word came because the boot ROM was spoken to, and not by itself.
    pub(super) nudged: bool,
}

impl<'a> Talk<'a> {
    pub(super) fn new(port: &'a mut Port, deadline: Deadline) -> Self {
        Self {
            port,
            deadline,
            sent: 0,
            nudged: false,
        }
    }

    /// HELLO, or a read of a transfer that another program began, whatever was left of an earlier conversation.
    pub(super) fn first(&mut self, wanted: Mode) -> Result<Packet, Error> {
        match self.receive(HELLO) {
            Err(Error::Silent { .. }) => {}
            Ok(packet) if is_leftover(&packet) => return self.start_over(&packet),
            other => return other,
        }
        self.nudged = true;
        // Whoever opened the port before us has eaten HELLO; an unasked answer gets some boot ROMs going
        // (linux-msm/qdl:src/qud.c, qualcomm/qdlrs:cli/src/main.rs).
        self.greet(wanted)?;
        match self.receive(HELLO) {
            Err(Error::Silent { .. }) => {}
            other => return other,
        }
        // Where a run before this one was cut short in the middle of an image, it waits for bytes and takes no answer;
        // strongtz/edl-ng (PR 27) restarts the state machine of a silent port. That it is heard there is unverified.
        match self.restart()? {
            Some(hello) => Ok(hello),
            None => Err(Error::Silent { sent: self.sent }),
        }
    }

    /// Asks the boot ROM to begin anew, which neither restarts the modem nor leaves the bus; `None` where it does not.
    pub(super) fn restart(&mut self) -> Result<Option<Packet>, Error> {
        self.send(&Packet::ResetStateMachine)?;
        self.behind(HELLO)
    }

    /// Out of the middle of another program's conversation, without a replug. HELLO may stand behind the leftover already.
    /// A boot ROM in command mode is switched out of it; any other is asked to reset its state machine, which exists from
    /// version 2.9 on and neither restarts the modem nor leaves the bus (protocols.md §5.1, §5.6). That an older one
    /// answers it with an error that changes nothing is unverified.
    fn start_over(&mut self, leftover: &Packet) -> Result<Packet, Error> {
        if let Some(hello) = self.behind(BEHIND)? {
            return Ok(hello);
        }
        let hello = match leftover {
            Packet::CommandReady | Packet::ExecuteResponse { .. } => {
                self.send(&Packet::SwitchMode {
                    mode: Mode::ImagePending,
                })?;
                self.behind(HELLO)?
            }
            _ => self.restart()?,
        };
        hello.ok_or_else(|| self.of_leftover(leftover))
    }

    /// HELLO behind whatever else is left.
    fn behind(&mut self, patience: Duration) -> Result<Option<Packet>, Error> {
        for _ in 0..MAX_LEFTOVERS {
            match self.receive(patience) {
                Ok(packet @ Packet::Hello { .. }) => return Ok(Some(packet)),
                Ok(_) => {}
                Err(Error::Silent { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn of_leftover(&self, packet: &Packet) -> Error {
        match *packet {
            Packet::EndOfImage { image, status } => self.ended(image, status),
            _ => self.unexpected(packet),
        }
    }

    /// `END_OF_IMAGE` where no image ends: its status says what is wrong. Status 0 says that nothing is.
    pub(super) fn ended(&self, image: u32, status: u32) -> Error {
        match status {
            0 => self.unexpected(&Packet::EndOfImage { image, status }),
            _ => Error::Refused { image, status },
        }
    }

    /// Reads away HELLOs that stand behind the one just read: a second answer would be taken for bytes of the image.
    pub(super) fn last_hello(&mut self) -> Result<(), Error> {
        for _ in 0..MAX_LEFTOVERS {
            match self.receive(Duration::ZERO) {
                Ok(Packet::Hello { .. }) => {}
                Ok(packet) => {
                    self.port.push_back(&packet.encode());
                    break;
                }
                Err(Error::Silent { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Answers HELLO. Version 2 is what all public tools answer, to version 3 as well (protocols.md §5.6).
    pub(super) fn greet(&mut self, mode: Mode) -> Result<(), Error> {
        self.send(&Packet::HelloResponse {
            version: 2,
            compatible: 1,
            status: 0,
            mode,
        })
    }

    pub(super) fn send(&mut self, packet: &Packet) -> Result<(), Error> {
        self.send_raw(&packet.encode())
    }

    pub(super) fn send_raw(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let until = self.port.within(PACKET).min(self.deadline);
        self.port
            .write_all(bytes, until)
            .map_err(|error| self.port_error(error))
    }

    pub(super) fn receive(&mut self, patience: Duration) -> Result<Packet, Error> {
        let until = self.port.within(patience).min(self.deadline);
        match packets::next(self.port, until) {
            Ok(Next::Packet(packet)) => Ok(packet),
            Ok(Next::Firehose) => Err(Error::FirehoseRuns),
            Ok(Next::Hdlc) => Err(Error::Hdlc),
            Ok(Next::Malformed(reason)) => Err(Error::Malformed(reason)),
            Err(error) => Err(self.port_error(error)),
        }
    }

    /// Exactly so many raw bytes.
    pub(super) fn receive_raw(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; count];
        let until = self.port.within(PACKET).min(self.deadline);
        self.port
            .read_exact(&mut bytes, until)
            .map_err(|error| self.port_error(error))?;
        Ok(bytes)
    }

    pub(super) fn port_error(&self, error: transport::Error) -> Error {
        match error {
            transport::Error::Timeout => Error::Silent { sent: self.sent },
            other => Error::Port(other),
        }
    }

    pub(super) fn unexpected(&self, packet: &Packet) -> Error {
        Error::Stale {
            packet: packets::name(packet),
            sent: self.sent,
        }
    }
}

/// What cannot come before HELLO but from an earlier conversation. A read can be gone on with, and a dump is told as such.
fn is_leftover(packet: &Packet) -> bool {
    matches!(
        packet,
        Packet::EndOfImage { .. }
            | Packet::DoneResponse { .. }
            | Packet::ResetResponse
            | Packet::CommandReady
            | Packet::ExecuteResponse { .. }
    )
}
