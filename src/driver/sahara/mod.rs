//! The host side of Sahara: gives the boot ROM a programmer, and tells what is on the bulk pair.
//!
//! It never resets, never switches modes and never sends a zero-length packet: those stall some boot ROMs
//! (linux-msm/qdl#320). Reads beyond the image are refused, never filled up.

mod error;
mod first_bytes;
#[cfg(test)]
mod hostile;
mod info;
mod packets;
mod talk;
#[cfg(test)]
mod tests;

pub use error::{Error, Then, of_status};
pub use first_bytes::{FirstBytes, identify};
pub use info::{ChipInfo, info};

use crate::protocol::sahara::{Mode, Packet};
use crate::transport::{Deadline, Port};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};
use talk::{PACKET, Talk};

/// A file that the boot ROM reads here and there.
pub trait Image: Read + Seek {}
impl<T: Read + Seek> Image for T {}

/// What the boot ROM may ask for.
pub struct Images<'a> {
    /// Given for each id that a lone programmer may stand for and that has no image of its own.
    programmer: &'a mut dyn Image,
    /// Further images by their id, for boot ROMs that want several.
    others: BTreeMap<u64, &'a mut dyn Image>,
}

impl<'a> Images<'a> {
    pub fn only(programmer: &'a mut dyn Image) -> Self {
        Self::with_others(programmer, BTreeMap::new())
    }

    pub fn with_others(
        programmer: &'a mut dyn Image,
        others: BTreeMap<u64, &'a mut dyn Image>,
    ) -> Self {
        Self { programmer, others }
    }

    /// Whether one of several is still to be asked for.
    fn left(&self, given: &BTreeSet<u64>) -> bool {
        let programmer = |id: &u64| !self.others.contains_key(id);
        let others = self.others.keys().all(|id| given.contains(id));
        !others || !given.iter().any(programmer)
    }

    fn of(&mut self, id: u64) -> Option<&mut dyn Image> {
        match self.others.get_mut(&id) {
            Some(image) => Some(&mut **image),
            None if PROGRAMMERS.contains(&id) => Some(&mut *self.programmer),
            None => None,
        }
    }
}

/// A programmer that the boot ROM has taken and started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// The id under which it was asked for last.
    pub image: u64,
    /// The id that `END_OF_IMAGE` named, where it was another one. Nobody compares them (linux-msm/qdl:src/sahara.c), and
    /// no source tells of a boot ROM that gives another, so it is told and refuses nothing.
    pub ended_as: Option<u32>,
    /// Bytes sent, of all images.
    pub bytes: u64,
}

/// Largest piece that is handed to the transport at once.
const PIECE: usize = 64 * 1024;
/// A boot ROM asks for a programmer of 1 MiB in about 300 reads; beyond these it goes in circles.
const MAX_PACKETS: u32 = 100_000;
/// HELLO comes twice at times, and once more before each further image.
const MAX_HELLOS: usize = 4;
/// Images that a lone programmer may stand for (fwupd:plugins/qc-firehose/qc-firehose.quirk), and ENPRG.
const PROGRAMMERS: [u64; 4] = [7, 0x0b, 13, 21];
/// Of these, "pending" in `DONE_RESPONSE` is no reason to wait for more (protocols.md §5.4).
const FINISHED_WHATEVER: [u64; 3] = [7, 13, 21];

/// Gives the boot ROM what it asks for and returns when it has started its programmer.
pub fn load(
    port: &mut Port,
    images: &mut Images<'_>,
    deadline: Deadline,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Loaded, Error> {
    let mut loading = Loading {
        talk: Talk::new(port, deadline),
        images,
        progress,
        current: None,
        given: BTreeSet::new(),
    };
    let first = loading.talk.first(Mode::ImagePending)?;
    loading.serve(first)
}

struct Loading<'a, 'i> {
    talk: Talk<'a>,
    images: &'a mut Images<'i>,
    progress: &'a mut dyn FnMut(u64, u64),
    current: Option<Current>,
    /// Ids of images that were taken whole.
    given: BTreeSet<u64>,
}

/// The image that is being read.
#[derive(Clone, Copy)]
struct Current {
    id: u64,
    length: u64,
    sent: u64,
}

impl Loading<'_, '_> {
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
                    if hellos > MAX_HELLOS + self.given.len() {
                        return Err(Error::Circles);
                    }
                    self.talk.last_hello()?;
                    self.talk.greet(Mode::ImagePending)?;
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
                Packet::EndOfImage { image, status } => match self.current.take() {
                    Some(current) if status == 0 => {
                        if let Some(loaded) = self.finish(current.id, image)? {
                            return Ok(loaded);
                        }
                    }
                    _ => return Err(self.talk.ended(image, status)),
                },
                Packet::MemoryDebug { .. } | Packet::MemoryDebug64 { .. } => {
                    return Err(Error::RamDump);
                }
                other => return Err(self.talk.unexpected(&other)),
            }
            packet = self.talk.receive(PACKET)?;
        }
        Err(Error::Circles)
    }

    /// The end of one image, and by which id it was told; `None` where the boot ROM waits for another one that was given.
    fn finish(&mut self, image: u64, said: u32) -> Result<Option<Loaded>, Error> {
        self.talk.send(&Packet::Done)?;
        self.given.insert(image);
        let left = self.images.left(&self.given);
        match self.talk.receive(PACKET)? {
            Packet::DoneResponse { status: 0 } if left => Ok(None),
            Packet::DoneResponse { status }
                if status == 1 || FINISHED_WHATEVER.contains(&image) =>
            {
                Ok(Some(Loaded {
                    image,
                    ended_as: Some(said).filter(|said| u64::from(*said) != image),
                    bytes: self.talk.sent,
                }))
            }
            Packet::DoneResponse { .. } => Err(Error::MoreImages { image }),
            Packet::EndOfImage { image, status } => Err(self.talk.ended(image, status)),
            other => Err(self.talk.unexpected(&other)),
        }
    }

    /// Sends the bytes that were asked for, and no others.
    fn give(&mut self, id: u64, offset: u64, length: u64) -> Result<(), Error> {
        let other = Error::OtherImage { image: id };
        let Some(image) = self.images.of(id) else {
            return Err(other);
        };
        let mut current = match self.current {
            Some(current) if current.id == id => current,
            Some(_) => return Err(other),
            None => Current {
                id,
                length: image.seek(SeekFrom::End(0)).map_err(Error::Image)?,
                sent: 0,
            },
        };
        let whole = current.length;
        if offset.checked_add(length).is_none_or(|end| end > whole) {
            return Err(Error::Beyond {
                offset,
                length,
                have: whole,
            });
        }
        // Segments are read once each; a few headers twice.
        if current.sent.saturating_add(length) > whole.saturating_mul(4) {
            return Err(Error::Circles);
        }
        image.seek(SeekFrom::Start(offset)).map_err(Error::Image)?;
        let mut buffer = vec![0; PIECE];
        let mut left = length;
        while left > 0 {
            let count = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let piece = buffer.get_mut(..count).unwrap_or_default();
            image.read_exact(piece).map_err(Error::Image)?;
            self.talk.send_raw(piece)?;
            left -= count as u64;
            current.sent += count as u64;
            self.talk.sent += count as u64;
        }
        self.current = Some(current);
        (self.progress)(current.sent.min(whole), whole);
        Ok(())
    }
}
