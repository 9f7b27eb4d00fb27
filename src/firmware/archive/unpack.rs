//! Unpacks a zip that was judged: nothing is written that it did not announce.

use super::Archive;
use super::directory::{Entry, Method};
use super::fault::{Fault, Found};
use crate::files::Root;
use crate::transport::Interrupt;
use camino::Utf8Path;
use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::io::{self, Read, Seek, SeekFrom, Write};

const CHUNK: usize = 256 * 1024;

impl Archive {
    /// Writes every file below `inner` into a folder that is empty.
    pub(super) fn unpack(
        &self,
        file: &mut (impl Read + Seek),
        to: &Root,
        inner: &Utf8Path,
        interrupt: &Interrupt,
    ) -> Result<(), Fault> {
        let mut chunks = [vec![0; CHUNK], vec![0; CHUNK]];
        for entry in &self.entries {
            let path = entry
                .path()
                .strip_prefix(inner)
                .unwrap_or(Utf8Path::new(""));
            let folder = if entry.is_folder {
                Some(path)
            } else {
                path.parent()
            };
            if let Some(folder) = folder.filter(|folder| !folder.as_str().is_empty()) {
                to.make_own_folder(folder).map_err(Fault::Write)?;
            }
            file.seek(SeekFrom::Start(entry.data))
                .map_err(|error| unread(&error))?;
            let data = file.by_ref().take(entry.packed);
            if entry.is_folder {
                one(entry, data, &mut io::sink(), &mut chunks, interrupt)?;
            } else {
                let mut output = to.create_new(path).map_err(Fault::Write)?;
                one(entry, data, &mut output, &mut chunks, interrupt)?;
            }
        }
        Ok(())
    }
}

/// Unpacks one file, and holds what comes out against what was announced.
fn one(
    entry: &Entry,
    mut data: impl Read,
    output: &mut impl Write,
    [packed, plain]: &mut [Vec<u8>; 2],
    interrupt: &Interrupt,
) -> Result<(), Fault> {
    let mut sum = Sum {
        entry,
        crc: Crc::new(),
        found: 0,
    };
    let mut inflate = Decompress::new(false);
    let mut ended = entry.method == Method::Stored;
    loop {
        if let Some(fault) = stopped(interrupt) {
            return Err(fault);
        }
        let count = data.read(packed).map_err(|error| unread(&error))?;
        if count == 0 {
            break;
        }
        let mut rest = &packed[..count];
        if entry.method == Method::Stored {
            sum.add(rest, output)?;
            continue;
        }
        // Full output may hide more of it, although all input is used up.
        let mut is_full = false;
        while !rest.is_empty() || is_full {
            if ended {
                // Something follows the end of the data and belongs to nothing.
                return Err(damaged(entry));
            }
            let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
            let status = inflate
                .decompress(rest, plain, FlushDecompress::None)
                .map_err(|_| damaged(entry))?;
            let used = usize::try_from(inflate.total_in() - before_in).unwrap_or_default();
            let made = usize::try_from(inflate.total_out() - before_out).unwrap_or_default();
            rest = &rest[used..];
            sum.add(&plain[..made], output)?;
            is_full = made == plain.len();
            match status {
                Status::StreamEnd => {
                    ended = true;
                    is_full = false;
                }
                Status::Ok | Status::BufError if used == 0 && made == 0 => {
                    if rest.is_empty() {
                        break;
                    }
                    return Err(damaged(entry));
                }
                Status::Ok | Status::BufError => {}
            }
        }
    }
    if !ended {
        return Err(damaged(entry));
    }
    sum.judge()
}

fn damaged(entry: &Entry) -> Fault {
    Fault::Damaged {
        name: entry.name.clone(),
    }
}

/// What came out so far.
struct Sum<'a> {
    entry: &'a Entry,
    crc: Crc,
    found: u64,
}

impl Sum<'_> {
    fn add(&mut self, bytes: &[u8], output: &mut impl Write) -> Result<(), Fault> {
        self.found += bytes.len() as u64;
        if self.found > self.entry.bytes {
            return Err(Fault::Length {
                name: self.entry.name.clone(),
                said: self.entry.bytes,
                found: Found::More,
            });
        }
        self.crc.update(bytes);
        output.write_all(bytes).map_err(|error| {
            Fault::Write(crate::files::Error {
                verb: "write",
                path: self.entry.path().to_owned(),
                reason: error.to_string(),
                missing: false,
            })
        })
    }

    fn judge(&self) -> Result<(), Fault> {
        let name = || self.entry.name.clone();
        if self.found != self.entry.bytes {
            return Err(Fault::Length {
                name: name(),
                said: self.entry.bytes,
                found: Found::Bytes(self.found),
            });
        }
        if self.crc.sum() != self.entry.crc {
            return Err(Fault::Crc {
                name: name(),
                said: self.entry.crc,
                found: self.crc.sum(),
            });
        }
        Ok(())
    }
}

fn unread(error: &io::Error) -> Fault {
    Fault::Read {
        reason: error.to_string(),
    }
}

/// The fault of an interruption, once somebody wished for it.
pub(super) fn stopped(interrupt: &Interrupt) -> Option<Fault> {
    interrupt.wished().then_some(Fault::Interrupted)
}

/// A reader that fails as soon as somebody wishes to stop.
pub(super) struct Stopping<'a, R> {
    reader: R,
    interrupt: &'a Interrupt,
}

impl<'a, R> Stopping<'a, R> {
    pub(super) fn new(reader: R, interrupt: &'a Interrupt) -> Self {
        Self { reader, interrupt }
    }
}

impl<R: Read> Read for Stopping<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.interrupt.wished() {
            return Err(io::Error::other("interrupted"));
        }
        self.reader.read(bytes)
    }
}
