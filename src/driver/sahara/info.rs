//! Command mode: what a boot ROM says of its chip, before any programmer runs.
//!
//! On a generic 9008 this is the only identity there is (protocols.md §1 fact 3). Values are read one after another, those
//! that the boot ROM lists; one that it refuses is unknown, never guessed. Afterwards the boot ROM is where it was: it has
//! sent a new HELLO, which is left for whoever reads next.

use super::talk::Talk;
use super::{Error, Then};
use crate::files::hex;
use crate::protocol::sahara::{Mode, Packet, execute};
use crate::transport::{Deadline, Port};
use std::time::Duration;

/// How long one answer is waited for: nothing is authenticated and nothing is stored here.
const ANSWER: Duration = Duration::from_secs(3);
/// Longest answer that is read: three copies of a hash of 48 bytes are the longest that was seen (protocols.md §5.5).
const MAX_ANSWER: u32 = 4096;

/// What a boot ROM says of its chip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChipInfo {
    /// Sahara version of its HELLO, where that was not read by another program.
    pub version: Option<u32>,
    pub serial: Option<u32>,
    /// HWID: MSM id, OEM id and model id, 16 hex digits. On version 3 put together from the chip id of that version.
    pub hardware: Option<String>,
    /// Hash of the key that programmers are signed with, lower-case hex, one copy of it.
    pub key_hash: Option<String>,
    /// Version of the boot loader: the number that an anti-rollback fuse counts, where there is one.
    pub software: Option<u32>,
    /// Questions that it refused.
    pub refused: Vec<u32>,
}

/// Asks the boot ROM for its identity.
///
/// # Errors
/// [`Error::NoCommandMode`] where it has none. Most boot ROMs then hear nothing but a reset until they are powered anew
/// (protocols.md §5.2); newer ones begin anew when they are asked to, and the error says which it is.
pub fn info(port: &mut Port, deadline: Deadline) -> Result<ChipInfo, Error> {
    let mut asking = Asking(Talk::new(port, deadline));
    let version = asking.enter()?;
    match asking.all(version) {
        Err(Error::Silent { .. }) => {
            let then = asking.afterwards()?;
            Err(Error::NoAnswer { then })
        }
        Ok(info) => asking.leave().map(|()| info),
        Err(error) => Err(error),
    }
}

impl ChipInfo {
    fn take(&mut self, command: u32, answer: &[u8]) {
        match command {
            execute::SERIAL => self.serial = number(answer, 0),
            execute::HARDWARE => {
                self.hardware = answer
                    .first_chunk::<8>()
                    .map(|bytes| format!("{:016x}", u64::from_le_bytes(*bytes)));
            }
            execute::KEY_HASH => self.key_hash = one_copy(answer).map(hex),
            execute::SOFTWARE => self.software = number(answer, 0),
            execute::CHIP_V3 => self.hardware = of_version_3(answer),
            _ => {}
        }
    }
}

/// Number `index` of little-endian u32.
fn number(bytes: &[u8], index: usize) -> Option<u32> {
    let chunk = bytes.get(index * 4..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*chunk))
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    (0..bytes.len() / 4)
        .filter_map(|index| number(bytes, index))
        .collect()
}

/// MSM id at 36, OEM id at 40, model id at 42 (protocols.md §5.5, edl:edlclient/Library/sahara.py).
fn of_version_3(bytes: &[u8]) -> Option<String> {
    let msm = number(bytes, 9)?;
    let half = |at: usize| -> Option<u16> {
        let chunk = bytes.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_le_bytes(*chunk))
    };
    Some(format!("{msm:08x}{:04x}{:04x}", half(40)?, half(42)?))
}

/// The answer holds the hash once to three times, of 32 or 48 bytes (protocols.md §5.5). `None` where no such reading
/// fits, or where the copies differ.
fn one_copy(bytes: &[u8]) -> Option<&[u8]> {
    [32, 48].into_iter().find_map(|size| {
        let copies = bytes.len() / size;
        let first = bytes.get(..size)?;
        let whole = bytes.len() == copies * size && (1..=3).contains(&copies);
        (whole && bytes.chunks(size).all(|copy| copy == first)).then_some(first)
    })
}

struct Asking<'a>(Talk<'a>);

impl Asking<'_> {
    /// From HELLO into command mode; returns the version of HELLO, where there was one.
    fn enter(&mut self) -> Result<Option<u32>, Error> {
        let talk = &mut self.0;
        let (version, ready) = match talk.first(Mode::Command)? {
            Packet::Hello {
                mode: Mode::MemoryDebug,
                ..
            } => return Err(Error::RamDump),
            Packet::Hello { version, .. } => {
                talk.last_hello()?;
                talk.greet(Mode::Command)?;
                (Some(version), talk.receive(ANSWER))
            }
            // It answers a response that nobody asked for; its version was in the HELLO that somebody else has read.
            other => (None, Ok(other)),
        };
        match ready {
            Ok(Packet::CommandReady) => Ok(version),
            Ok(Packet::EndOfImage { status, .. }) => {
                let then = self.afterwards()?;
                Err(Error::NoCommandMode {
                    status: Some(status),
                    then,
                })
            }
            Err(Error::Silent { .. }) => {
                let then = self.afterwards()?;
                Err(Error::NoCommandMode { status: None, then })
            }
            // Another program was stopped in the middle of an image. Whatever is sent now would be taken for bytes of it.
            Ok(packet @ (Packet::ReadData { .. } | Packet::ReadData64 { .. }))
                if version.is_none() && !self.0.nudged =>
            {
                self.0.port.push_back(&packet.encode());
                Err(Error::MidImage)
            }
            // It passes over the wish and wants its programmer: its question is left for whoever gives that.
            Ok(packet @ (Packet::ReadData { .. } | Packet::ReadData64 { .. })) => {
                self.0.port.push_back(&packet.encode());
                Err(Error::NoCommandMode {
                    status: None,
                    then: Then::Waits,
                })
            }
            Ok(other) => Err(self.0.unexpected(&other)),
            Err(error) => Err(error),
        }
    }

    /// What becomes of a boot ROM that did not do as it was asked: it is brought back to its HELLO, if it can be. A new one
    /// is left in the port.
    fn afterwards(&mut self) -> Result<Then, Error> {
        Ok(match self.0.restart()? {
            Some(hello) => {
                self.0.port.push_back(&hello.encode());
                Then::Waits
            }
            None => Then::Deaf,
        })
    }

    /// Every value that it lists.
    fn all(&mut self, version: Option<u32>) -> Result<ChipInfo, Error> {
        let mut info = ChipInfo {
            version,
            ..ChipInfo::default()
        };
        let listed = match self.ask(execute::SUPPORTED)? {
            Some(bytes) => numbers(&bytes),
            None => Vec::new(),
        };
        // Without a list each is tried; with one, only what stands in it (protocols.md §5.5).
        let has = |command: u32| listed.is_empty() || listed.contains(&command);
        for command in [
            execute::SERIAL,
            execute::HARDWARE,
            execute::KEY_HASH,
            execute::SOFTWARE,
            execute::CHIP_V3,
        ] {
            // Version 3 has another question for the hardware, and earlier ones do not know that (bkerler/edl#443).
            let foreign = match command {
                execute::HARDWARE => version.is_some_and(|version| version >= 3),
                execute::CHIP_V3 => version.is_some_and(|version| version < 3),
                _ => false,
            };
            if foreign || !has(command) {
                continue;
            }
            match self.ask(command)? {
                Some(answer) => info.take(command, &answer),
                None => info.refused.push(command),
            }
        }
        Ok(info)
    }

    /// One question; `None` where it is refused.
    fn ask(&mut self, command: u32) -> Result<Option<Vec<u8>>, Error> {
        let talk = &mut self.0;
        talk.send(&Packet::Execute { command })?;
        let length = match talk.receive(ANSWER)? {
            Packet::ExecuteResponse {
                command: answered,
                length,
            } if answered == command => length,
            Packet::EndOfImage { .. } => return Ok(None),
            other => return Err(talk.unexpected(&other)),
        };
        if length > MAX_ANSWER {
            return Err(Error::TooLong { command, length });
        }
        talk.send(&Packet::ExecuteData { command })?;
        let count = usize::try_from(length).unwrap_or(0);
        talk.receive_raw(count).map(Some)
    }

    /// Back to where it was: a new HELLO comes, and is left in the port.
    fn leave(&mut self) -> Result<(), Error> {
        let talk = &mut self.0;
        talk.send(&Packet::SwitchMode {
            mode: Mode::ImagePending,
        })?;
        match talk.receive(ANSWER) {
            Ok(hello @ Packet::Hello { .. }) => {
                talk.port.push_back(&hello.encode());
                Ok(())
            }
            // What was asked for is told. Whoever speaks next nudges it, as one whose HELLO somebody else has read.
            Err(Error::Silent { .. }) => Ok(()),
            Ok(_) => match self.afterwards()? {
                Then::Waits => Ok(()),
                then @ Then::Deaf => Err(Error::NoAnswer { then }),
            },
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_taken_once_however_often_it_is_said() {
        let hash: Vec<u8> = (0..32).collect();
        for copies in 1..=3 {
            assert_eq!(one_copy(&hash.repeat(copies)), Some(hash.as_slice()));
        }
        let long: Vec<u8> = (0..48).collect();
        for copies in 1..=3 {
            assert_eq!(one_copy(&long.repeat(copies)), Some(long.as_slice()));
        }
        let mut differing = hash.repeat(2);
        differing[40] ^= 1;
        for wrong in [&differing[..], &hash[..31], &[][..], &hash.repeat(4)[..]] {
            assert_eq!(one_copy(wrong), None);
        }
    }

    #[test]
    fn the_chip_of_version_3_is_put_together() {
        let mut bytes = vec![0; 44];
        bytes[36..40].copy_from_slice(&0x001a_b0e1_u32.to_le_bytes());
        bytes[40..42].copy_from_slice(&0x0168_u16.to_le_bytes());
        bytes[42..44].copy_from_slice(&0x0003_u16.to_le_bytes());
        assert_eq!(of_version_3(&bytes).unwrap(), "001ab0e101680003");
        assert_eq!(of_version_3(&bytes[..43]), None);
    }
}
