//! The host side of Sahara: gives the boot ROM a programmer, and tells what is on the bulk pair.
//!
//! It never resets, never switches modes and never sends a zero-length packet: those stall some boot ROMs
//! (linux-msm/qdl#320). Reads beyond the image are refused, never filled up.

mod error;
mod first_bytes;
mod packets;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use first_bytes::{FirstBytes, identify};

use crate::protocol::sahara::{Mode, Packet};
use crate::transport::{self, Deadline, Port};
use packets::Next;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

/// A file that the boot ROM reads here and there.
pub trait Image: Read + Seek {}
impl<T: Read + Seek> Image for T {}

/// A programmer that the boot ROM has taken and started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// The id under which it was asked for.
    pub image: u64,
    /// Bytes sent.
    pub bytes: u64,
}

/// How long HELLO is waited for before the modem is nudged (protocols.md §5.6).
const HELLO: Duration = Duration::from_secs(1);
/// How long one packet is waited for. A remote port needs 40 ms per read (protocols.md §5.2).
const PACKET: Duration = Duration::from_secs(10);
/// Largest piece that is handed to the transport at once.
const PIECE: usize = 64 * 1024;
/// A boot ROM asks for a programmer of 1 MiB in about 300 reads; beyond these it goes in circles.
const MAX_PACKETS: u32 = 100_000;
const MAX_HELLOS: u32 = 4;
/// Images that a lone programmer may stand for (fwupd:plugins/qc-firehose/qc-firehose.quirk), and ENPRG.
const IMAGES: [u64; 4] = [7, 0x0b, 13, 21];
/// Of these, "pending" in `DONE_RESPONSE` is no reason to wait for more (protocols.md §5.4).
const FINISHED_WHATEVER: [u64; 3] = [7, 13, 21];

/// Gives the boot ROM its programmer and returns when it has started it.
pub fn load(
    port: &mut Port,
    programmer: &mut dyn Image,
    deadline: Deadline,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Loaded, Error> {
    let length = programmer.seek(SeekFrom::End(0)).map_err(Error::Image)?;
    let mut loading = Loading {
        port,
        programmer,
        length,
        deadline,
        progress,
        sent: 0,
        image: None,
    };
    let first = loading.first_packet()?;
    loading.serve(first)
}

struct Loading<'a> {
    port: &'a mut Port,
    programmer: &'a mut dyn Image,
    length: u64,
    deadline: Deadline,
    progress: &'a mut dyn FnMut(u64, u64),
    sent: u64,
    image: Option<u64>,
}

impl Loading<'_> {
    /// HELLO, or a read of a transfer that another program began.
    fn first_packet(&mut self) -> Result<Packet, Error> {
        match self.receive(HELLO) {
            Err(Error::Silent { .. }) => {}
            other => return other,
        }
        // Whoever opened the port before us has eaten HELLO; an unasked answer gets some boot ROMs going
        // (linux-msm/qdl:src/qud.c, qualcomm/qdlrs:cli/src/main.rs).
        self.greet()?;
        self.receive(HELLO)
    }

    fn serve(&mut self, first: Packet) -> Result<Loaded, Error> {
        let mut packet = first;
        let mut hellos = 0;
        for _ in 0..MAX_PACKETS {
            match packet {
                Packet::Hello {
                    mode: Mode::MemoryDebug,
                    ..
                } => return Err(Error::RamDump),
                Packet::Hello { .. } => {
                    hellos += 1;
                    if hellos > MAX_HELLOS {
                        return Err(Error::Circles);
                    }
                    self.greet()?;
                }
                Packet::ReadData {
                    image,
                    offset,
                    length,
                } => self.give(image.into(), offset.into(), length.into())?,
                Packet::ReadData64 {
                    image,
                    offset,
                    length,
                } => self.give(image, offset, length)?,
                Packet::EndOfImage { image, status: 0 } if self.sent > 0 => {
                    self.send(&Packet::Done)?;
                    return self.finish(image.into());
                }
                Packet::EndOfImage { image, status } => {
                    return Err(Error::Refused { image, status });
                }
                Packet::MemoryDebug { .. } | Packet::MemoryDebug64 { .. } => {
                    return Err(Error::RamDump);
                }
                other => return Err(self.unexpected(&other)),
            }
            packet = self.receive(PACKET)?;
        }
        Err(Error::Circles)
    }

    fn finish(&mut self, image: u64) -> Result<Loaded, Error> {
        match self.receive(PACKET)? {
            Packet::DoneResponse { status }
                if status == 1 || FINISHED_WHATEVER.contains(&image) =>
            {
                Ok(Loaded {
                    image,
                    bytes: self.sent,
                })
            }
            Packet::DoneResponse { .. } => Err(Error::MoreImages { image }),
            Packet::EndOfImage { image, status } => Err(Error::Refused { image, status }),
            other => Err(self.unexpected(&other)),
        }
    }

    /// Answers HELLO. Version 2 is what all public tools answer, to version 3 as well (protocols.md §5.6).
    fn greet(&mut self) -> Result<(), Error> {
        self.send(&Packet::HelloResponse {
            version: 2,
            compatible: 1,
            status: 0,
            mode: Mode::ImagePending,
        })
    }

    /// Sends the bytes that were asked for, and no others.
    fn give(&mut self, image: u64, offset: u64, length: u64) -> Result<(), Error> {
        if !IMAGES.contains(&image) || self.image.is_some_and(|before| before != image) {
            return Err(Error::OtherImage { image });
        }
        self.image = Some(image);
        if offset
            .checked_add(length)
            .is_none_or(|end| end > self.length)
        {
            return Err(Error::Beyond {
                offset,
                length,
                have: self.length,
            });
        }
        // Segments are read once each; a few headers twice.
        if self.sent.saturating_add(length) > self.length.saturating_mul(4) {
            return Err(Error::Circles);
        }
        self.programmer
            .seek(SeekFrom::Start(offset))
            .map_err(Error::Image)?;
        let mut buffer = vec![0; PIECE];
        let mut left = length;
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let piece = buffer.get_mut(..count).unwrap_or_default();
            self.programmer.read_exact(piece).map_err(Error::Image)?;
            let until = self.port.within(PACKET).min(self.deadline);
            self.port
                .write_all(piece, until)
                .map_err(|e| self.port_error(e))?;
            left -= count as u64;
            self.sent += count as u64;
        }
        (self.progress)(self.sent.min(self.length), self.length);
        Ok(())
    }

    fn send(&mut self, packet: &Packet) -> Result<(), Error> {
        let until = self.port.within(PACKET).min(self.deadline);
        self.port
            .write_all(&packet.encode(), until)
            .map_err(|e| self.port_error(e))
    }

    fn receive(&mut self, patience: Duration) -> Result<Packet, Error> {
        let until = self.port.within(patience).min(self.deadline);
        match packets::next(self.port, until) {
            Ok(Next::Packet(packet)) => Ok(packet),
            Ok(Next::Firehose) => Err(Error::FirehoseRuns),
            Ok(Next::Hdlc) => Err(Error::Hdlc),
            Ok(Next::Malformed(reason)) => Err(Error::Malformed(reason)),
            Err(error) => Err(self.port_error(error)),
        }
    }

    fn port_error(&self, error: transport::Error) -> Error {
        match error {
            transport::Error::Timeout => Error::Silent { sent: self.sent },
            other => Error::Port(other),
        }
    }

    fn unexpected(&self, packet: &Packet) -> Error {
        Error::Stale {
            packet: packets::name(packet),
            sent: self.sent,
        }
    }
}
