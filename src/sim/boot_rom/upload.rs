//! Taking a programmer, or another image of the same form: the header, then what the header says, piece by piece.

use crate::files::hex;
use crate::protocol::sahara::Packet;
use crate::sim::dload::WORDS;
use crate::sim::elf::{self, Class, Part};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// An image transfer under way.
#[derive(Debug)]
pub(super) struct Upload {
    /// Its number.
    pub(super) id: u32,
    wide: bool,
    stage: Stage,
    /// The part that was asked for, and how much of it has come.
    asked: Part,
    got: u64,
    /// The file as far as it was read; gaps are zero.
    image: Vec<u8>,
}

#[derive(Debug)]
enum Stage {
    Header,
    ProgramHeaders(Class),
    Pieces(VecDeque<Part>),
}

/// An image that was read whole.
#[derive(Debug)]
pub(super) struct Taken {
    /// Of the file.
    pub(super) sha256: String,
    /// It has the words of a streaming loader in it, and is no programmer.
    pub(super) streaming: bool,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    /// More raw bytes.
    Wait,
    Ask(Packet),
    /// `END_OF_IMAGE` with a status.
    Refuse(u32),
    /// All was read.
    Whole(Taken),
}

impl Upload {
    pub(super) fn begin(id: u32, wide: bool) -> (Self, Step) {
        let class = if wide { Class::Elf64 } else { Class::Elf32 };
        let mut upload = Self {
            id,
            wide,
            stage: Stage::Header,
            asked: (0, 0),
            got: 0,
            image: Vec::new(),
        };
        let step = upload.ask((0, class.header()));
        (upload, step)
    }

    fn ask(&mut self, part: Part) -> Step {
        let (offset, length) = part;
        self.asked = part;
        self.got = 0;
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Step::Ask(if self.wide {
            Packet::ReadData64 {
                image: u64::from(self.id),
                offset,
                length,
            }
        } else {
            Packet::ReadData {
                image: self.id,
                offset: narrow(offset),
                length: narrow(length),
            }
        })
    }

    /// Takes raw bytes off the front of `bytes`, as many as were asked for.
    pub(super) fn take(&mut self, bytes: &mut &[u8]) -> Step {
        let (offset, length) = self.asked;
        let wanted = usize::try_from(length - self.got).unwrap_or(usize::MAX);
        let (taken, rest) = bytes.split_at(wanted.min(bytes.len()));
        *bytes = rest;
        // Offsets are below the cap of `elf`, so this fits.
        let at = usize::try_from(offset + self.got).unwrap_or(0);
        if self.image.len() < at + taken.len() {
            self.image.resize(at + taken.len(), 0);
        }
        self.image[at..at + taken.len()].copy_from_slice(taken);
        self.got += taken.len() as u64;
        if self.got < length {
            return Step::Wait;
        }
        self.next()
    }

    fn next(&mut self) -> Step {
        let (offset, length) = self.asked;
        let start = usize::try_from(offset).unwrap_or(0);
        let end = usize::try_from(offset + length).unwrap_or(0);
        let read = self.image.get(start..end).unwrap_or_default();
        match &mut self.stage {
            Stage::Header => match elf::program_headers(read) {
                Ok((class, part)) => {
                    self.stage = Stage::ProgramHeaders(class);
                    self.ask(part)
                }
                Err(status) => Step::Refuse(status),
            },
            Stage::ProgramHeaders(class) => match elf::pieces(*class, read) {
                Ok(pieces) => {
                    self.stage = Stage::Pieces(pieces);
                    self.next_piece()
                }
                Err(status) => Step::Refuse(status),
            },
            Stage::Pieces(_) => self.next_piece(),
        }
    }

    fn next_piece(&mut self) -> Step {
        let piece = match &mut self.stage {
            Stage::Pieces(pieces) => pieces.pop_front(),
            _ => None,
        };
        match piece {
            Some(part) => self.ask(part),
            None => Step::Whole(Taken {
                sha256: hex(&Sha256::digest(&self.image)),
                streaming: self.image.windows(WORDS.len()).any(|found| found == WORDS),
            }),
        }
    }
}
