//! One file of a package, hashed once through the handle that is written later.

use super::fault::Fault;
use super::sparse::{self, Sparse};
use crate::files::{self, Root, hex};
use crate::protocol::nand::Geometry;
use camino::{Utf8Path, Utf8PathBuf};
use cap_std::fs::FileExt as _;
use cap_std::fs_utf8::File;
use md5::Md5;
use sha2::{Digest, Sha256};
use std::io::{self, Cursor, Read};
use std::sync::Arc;

/// Longest file that is hashed. The largest chip of these modems has 512 MiB (quectel.md §9); a file with holes may claim
/// to be of any length, and would be read for days.
const MAX_BYTES: u64 = 8 * 1024 * 1024 * 1024;

/// What is written into one range. Clones share the handle.
#[derive(Debug, Clone)]
pub struct Image {
    pub path: Utf8PathBuf,
    /// How many are sent.
    pub bytes: u64,
    /// Of what is sent: of the file as it is, of the part of it that a line names, or of a sparse image expanded.
    /// Lower-case hex.
    pub sha256: String,
    /// Of the same with zeros up to the end of its last sector: what the programmer digests (protocols.md §7.1).
    pub padded_sha256: String,
    pub source: Source,
    /// Up to its first eight bytes.
    pub(super) head: Vec<u8>,
    /// Of the whole file, as the list has it.
    pub(super) md5: String,
}

/// Where an image's bytes come from.
#[derive(Debug, Clone)]
pub enum Source {
    File(Arc<File>),
    /// So many bytes of a file from a place on.
    Part {
        file: Arc<File>,
        start: u64,
        bytes: u64,
    },
    Sparse(Arc<Sparse>),
    /// A small image that a patch changed.
    Patched(Vec<u8>),
}

impl Image {
    /// Opens and hashes a file. Memory does not grow with it.
    pub(super) fn open(root: &Root, path: &Utf8Path, chip: Geometry) -> Result<Self, Fault> {
        if !root.exists(path) {
            return Err(Fault::Missing {
                path: path.to_owned(),
            });
        }
        let mut file = root.read(path)?;
        let unreadable = |error: io::Error| Fault::Read {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        if file.metadata().map_err(unreadable)?.len() > MAX_BYTES {
            return Err(Fault::TooLarge {
                path: path.to_owned(),
                cap: MAX_BYTES,
            });
        }
        let hashes = Hashes::of(&mut file, chip).map_err(unreadable)?;
        Ok(hashes.image(path, Source::File(Arc::new(file))))
    }

    /// A part of a whole file, which begins and ends within it.
    pub(super) fn part(&self, start: u64, bytes: u64, chip: Geometry) -> io::Result<Self> {
        let Source::File(file) = &self.source else {
            return Err(io::Error::other("only a plain file has parts"));
        };
        let source = Source::Part {
            file: file.clone(),
            start,
            bytes,
        };
        self.of(source, chip)
    }

    /// What a sparse image stands for. It must fit into so many bytes.
    pub(super) fn expanded(&self, room: u64, chip: Geometry) -> Result<Self, sparse::Invalid> {
        let Source::File(file) = &self.source else {
            return Err(sparse::Invalid::Read("it is no plain file".to_owned()));
        };
        let sparse = Sparse::read(file.clone(), self.bytes, room, chip)?;
        self.of(Source::Sparse(Arc::new(sparse)), chip)
            .map_err(|error| sparse::Invalid::Read(error.to_string()))
    }

    pub(super) fn looks_sparse(&self) -> bool {
        sparse::begins(&self.head)
    }

    /// Another reading of the same file.
    fn of(&self, source: Source, chip: Geometry) -> io::Result<Self> {
        let hashes = Hashes::of(&mut *source.reader(), chip)?;
        let mut image = hashes.image(&self.path, source);
        image.md5.clone_from(&self.md5);
        Ok(image)
    }

    /// The same image with other bytes.
    pub(super) fn patched(&self, bytes: Vec<u8>, chip: Geometry) -> io::Result<Self> {
        let hashes = Hashes::of(&mut Cursor::new(&bytes), chip)?;
        Ok(hashes.image(&self.path, Source::Patched(bytes)))
    }

    /// The bytes from the beginning, read through the handle that was hashed. Several may read at a time.
    pub fn reader(&self) -> Box<dyn Read + Send + '_> {
        self.source.reader()
    }

    /// Whether it is no longer what was judged, or can no longer be read.
    pub fn has_changed(&self) -> bool {
        !matches!(files::sha256(self.reader()), Ok((found, _)) if found == self.sha256)
    }

    /// All bytes of an image that is no longer than `cap`.
    pub(super) fn small(&self, cap: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.reader().take(cap + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= cap).then_some(bytes))
    }

    /// Whether it is a UBI image. The modem changes those from the first boot on.
    pub fn is_ubi(&self) -> bool {
        self.head.starts_with(b"UBI#") || self.path.extension() == Some("ubi")
    }
}

impl Source {
    fn reader(&self) -> Box<dyn Read + Send + '_> {
        match self {
            Self::File(file) => Box::new(FromPlace { file, offset: 0 }),
            Self::Part { file, start, bytes } => {
                let offset = *start;
                Box::new(FromPlace { file, offset }.take(*bytes))
            }
            Self::Sparse(sparse) => Box::new(sparse.reader()),
            Self::Patched(bytes) => Box::new(Cursor::new(bytes.as_slice())),
        }
    }
}

/// A place of its own in a file whose handle is shared: the handle's own place would be everybody's.
struct FromPlace<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for FromPlace<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

struct Hashes {
    bytes: u64,
    sha256: String,
    padded_sha256: String,
    md5: String,
    head: Vec<u8>,
}

impl Hashes {
    fn of(reader: &mut dyn Read, chip: Geometry) -> io::Result<Self> {
        let (mut sha, mut md5, mut head) = (Sha256::new(), Md5::new(), Vec::new());
        let mut buffer = vec![0; 256 * 1024];
        let mut bytes = 0;
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let chunk = buffer.get(..count).unwrap_or_default();
            if head.len() < 8 {
                head.extend(chunk.iter().take(8 - head.len()));
            }
            sha.update(chunk);
            md5.update(chunk);
            bytes += count as u64;
        }
        let page = u64::from(chip.page());
        let padding = bytes.next_multiple_of(page) - bytes;
        let mut padded = sha.clone();
        let zeros = [0; 4096];
        let mut left = usize::try_from(padding).unwrap_or(0);
        while left > 0 {
            let count = left.min(zeros.len());
            padded.update(zeros.get(..count).unwrap_or_default());
            left -= count;
        }
        Ok(Self {
            bytes,
            sha256: hex(&sha.finalize()),
            padded_sha256: hex(&padded.finalize()),
            md5: hex(&md5.finalize()),
            head,
        })
    }

    fn image(self, path: &Utf8Path, source: Source) -> Image {
        Image {
            path: path.to_owned(),
            bytes: self.bytes,
            sha256: self.sha256,
            padded_sha256: self.padded_sha256,
            source,
            head: self.head,
            md5: self.md5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_padded_digest_is_that_of_whole_sectors() {
        let chip = Geometry::new(4096, 64, 2048).unwrap();
        for length in [1usize, 4095, 4096, 4097, 300_000] {
            let bytes = vec![7; length];
            let mut padded = bytes.clone();
            padded.resize(length.next_multiple_of(4096), 0);
            let hashes = Hashes::of(&mut Cursor::new(&bytes), chip).unwrap();
            assert_eq!(hashes.bytes, length as u64);
            assert_eq!(hashes.sha256, hex(&Sha256::digest(&bytes)));
            assert_eq!(hashes.padded_sha256, hex(&Sha256::digest(&padded)));
            assert_eq!(hashes.md5, hex(&Md5::digest(&bytes)));
        }
    }
}
