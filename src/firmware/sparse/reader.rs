//! Expands chunks on the way.

use super::{Chunk, Content};
use cap_std::fs::FileExt as _;
use cap_std::fs_utf8::File;
use std::io::{self, Read};

/// What an erased page reads as.
const ERASED: u8 = 0xff;

/// Reads chunks one after another, through a handle that others may read as well.
pub(super) struct Expanding<'a> {
    file: &'a File,
    chunks: &'a [Chunk],
    /// Bytes of the first chunk that were given.
    at: u64,
}

impl<'a> Expanding<'a> {
    pub(super) fn new(file: &'a File, chunks: &'a [Chunk]) -> Self {
        Self {
            file,
            chunks,
            at: 0,
        }
    }
}

impl Read for Expanding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((chunk, rest)) = self.chunks.split_first() else {
            return Ok(0);
        };
        let left = chunk.bytes - self.at;
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        match chunk.content {
            Content::Raw(place) => self.file.read_exact_at(buffer, place + self.at)?,
            Content::Fill(word) => {
                let word = word.iter().cycle().skip((self.at % 4) as usize);
                buffer
                    .iter_mut()
                    .zip(word)
                    .for_each(|(to, from)| *to = *from);
            }
            Content::Blank => buffer.fill(ERASED),
        }
        self.at += most as u64;
        if self.at >= chunk.bytes {
            (self.chunks, self.at) = (rest, 0);
        }
        Ok(most)
    }
}
