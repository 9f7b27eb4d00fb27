//! Images read ahead: while one is on the wire, the next is read, so that the wire never waits for the disk.
//!
//! Memory is bounded, whatever the images' sizes: [`AHEAD`] pieces wait, one is being read and one is being sent.

use crate::files::hex;
use crate::firmware::Program;
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, Scope};

/// Bytes of one piece.
const PIECE: usize = 256 * 1024;
/// Pieces that wait.
const AHEAD: usize = 8;

/// What the reading thread says, in the order of the images.
enum Said {
    Bytes(Vec<u8>),
    /// The image ends here; its SHA-256, lower-case hex, where it is wanted.
    End(Option<String>),
    Failed(io::Error),
}

/// Whether images are hashed as they are read. Where the modem proves a range afterwards, that proves the image as well,
/// and hashing at 1.8 GB/s would be most of what a flash costs a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hashed {
    AsRead,
    NotHere,
}

/// The images of a flash, in order.
pub(super) struct Supply {
    said: Receiver<Said>,
    /// Pieces that were sent, to be filled again.
    spent: Sender<Vec<u8>>,
}

impl Supply {
    /// Begins to read. Dropping the supply ends the reading.
    pub(super) fn start<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        programs: &'env [Program],
        hashed: Hashed,
    ) -> io::Result<Self> {
        let (tell, said) = sync_channel(AHEAD);
        let (spent, empty) = channel();
        let read = move || read_all(programs, hashed, &tell, &empty);
        Builder::new()
            .name("images".to_owned())
            .spawn_scoped(scope, read)?;
        Ok(Self { said, spent })
    }

    /// The next image. The one before must have been read to its end.
    pub(super) fn next_image(&mut self) -> Ahead<'_> {
        Ahead {
            supply: self,
            piece: Vec::new(),
            at: 0,
            end: End::NotYet,
        }
    }
}

/// Ends early where nobody listens any more.
fn read_all(
    programs: &[Program],
    hashed: Hashed,
    tell: &SyncSender<Said>,
    empty: &Receiver<Vec<u8>>,
) {
    for program in programs {
        let mut reader = program.image.reader();
        let mut hash = (hashed == Hashed::AsRead).then(Sha256::new);
        loop {
            let mut piece = empty.try_recv().unwrap_or_default();
            piece.resize(PIECE, 0);
            let said = match fill(&mut *reader, &mut piece) {
                Ok(0) => Said::End(hash.take().map(|hash| hex(&hash.finalize()))),
                Ok(count) => {
                    piece.truncate(count);
                    if let Some(hash) = &mut hash {
                        hash.update(&piece);
                    }
                    Said::Bytes(piece)
                }
                Err(error) => Said::Failed(error),
            };
            let over = !matches!(said, Said::Bytes(_));
            if tell.send(said).is_err() {
                return;
            }
            if over {
                break;
            }
        }
    }
}

fn fill(reader: &mut dyn Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match reader.read(piece.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// One image, read ahead.
pub(super) struct Ahead<'a> {
    supply: &'a mut Supply,
    piece: Vec<u8>,
    at: usize,
    end: End,
}

/// How far an image was read.
enum End {
    NotYet,
    /// Its SHA-256, where it was wanted.
    Reached(Option<String>),
}

impl Ahead<'_> {
    /// Whether it was read to its end, and was that image as far as its bytes were hashed.
    pub(super) fn was(&self, program: &Program) -> bool {
        match &self.end {
            End::NotYet => false,
            End::Reached(sha256) => {
                { sha256.as_ref() }.is_none_or(|found| *found == program.image.sha256)
            }
        }
    }
}

impl Read for Ahead<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.piece.len() && matches!(self.end, End::NotYet) {
            // Where the reader has ended there is nothing to fill again.
            let _ = self.supply.spent.send(std::mem::take(&mut self.piece));
            self.at = 0;
            match self.supply.said.recv() {
                Ok(Said::Bytes(piece)) => self.piece = piece,
                Ok(Said::End(sha256)) => self.end = End::Reached(sha256),
                Ok(Said::Failed(error)) => return Err(error),
                Err(_) => return Err(io::Error::other("the images are no longer read")),
            }
        }
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        let (to, from) = (buffer.get_mut(..count), rest.get(..count));
        if let (Some(to), Some(from)) = (to, from) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}
