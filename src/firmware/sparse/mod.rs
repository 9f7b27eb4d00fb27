//! Android sparse images: chunks that are data, one repeated word, or nothing (`aosp:system/core/libsparse/sparse_format.h`).
//!
//! Every lie of the headers is found before the first erase, and what is written, digested and compared is the expanded
//! data. It is expanded on the way, never as a whole.
//!
//! Chunks that are not to be cared for: behind all data nothing is written, so their pages stay as the erase left them.
//! Between data they are given as 0xff, the content of an erased page, because a range must go over in one piece: the
//! programmer skips bad blocks inside of it (protocols.md §7.1), so nothing that follows a gap has a place of its own.
//! Plain UBI images hold the same bytes for their empty pages and are written as they are.

mod reader;

use crate::protocol::nand::Geometry;
use cap_std::fs::FileExt as _;
use cap_std::fs_utf8::File;
use crc::{CRC_32_ISO_HDLC, Crc, Digest};
use std::io::{self, Read};
use std::sync::Arc;

const MAGIC: u32 = 0xed26_ff3a;
const HEADER: u64 = 28;
const CHUNK: u64 = 12;
const RAW: u16 = 0xcac1;
const FILL: u16 = 0xcac2;
const DONT_CARE: u16 = 0xcac3;
const CRC32: u16 = 0xcac4;

/// Checksums are of the data with zeros for what is not cared for (`image_checksum` in `sparse_format.h`).
static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// An image whose headers were judged.
#[derive(Debug)]
pub struct Sparse {
    file: Arc<File>,
    /// Up to the last one with data.
    chunks: Vec<Chunk>,
}

/// Consecutive bytes of the expanded image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chunk {
    content: Content,
    bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// At this place of the file.
    Raw(u64),
    Fill([u8; 4]),
    Blank,
}

/// Why a file is no sparse image, or none that is written to NAND.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Invalid {
    #[error("it does not begin with the magic of one")]
    Magic,
    #[error("it is of version {0}; 1 is known")]
    Version(u16),
    #[error("its headers are of {file} and {chunk} bytes; 28 and 12 are known")]
    Headers { file: u16, chunk: u16 },
    #[error("its blocks of {block} bytes are not whole pages of {page}")]
    Block { block: u32, page: u32 },
    #[error("expanded it is {bytes} bytes long")]
    TooLong { bytes: u64 },
    #[error("it ends in the middle of chunk {0}")]
    Cut(u32),
    #[error("chunk {index} is of the unknown kind {kind:#06x}")]
    Kind { index: u32, kind: u16 },
    #[error("chunk {0} says another length than its kind and its blocks have")]
    Length(u32),
    #[error("its chunks have {found} blocks, its header says {said}")]
    Blocks { found: u64, said: u32 },
    #[error("behind its last chunk stands more")]
    Behind,
    #[error("the checksum {found:#010x} of {place} is not that of its data, {computed:#010x}")]
    Checksum {
        place: String,
        found: u32,
        computed: u32,
    },
    #[error("it holds no data")]
    NoData,
    #[error("it cannot be read: {0}")]
    Read(String),
}

impl From<io::Error> for Invalid {
    fn from(error: io::Error) -> Self {
        Self::Read(error.to_string())
    }
}

/// Whether these are the first bytes of a sparse image.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(&MAGIC.to_le_bytes())
}

impl Sparse {
    /// Reads all headers of a file of so many bytes, whose expansion must fit into `room`.
    pub(super) fn read(
        file: Arc<File>,
        length: u64,
        room: u64,
        chip: Geometry,
    ) -> Result<Self, Invalid> {
        let header = Header::read(&file, room, chip)?;
        let mut reading = Reading {
            file: &file,
            length,
            place: HEADER,
            block: header.block,
            limit: header.blocks,
            blocks: 0,
            checksum: CRC.digest(),
            chunks: Vec::new(),
        };
        for index in 0..header.chunks {
            reading.chunk(index)?;
        }
        let chunks = reading.end(&header)?;
        Ok(Self { file, chunks })
    }

    /// The expanded data from its beginning.
    pub(super) fn reader(&self) -> impl Read + Send + '_ {
        reader::Expanding::new(&self.file, &self.chunks)
    }
}

struct Header {
    block: u32,
    blocks: u32,
    chunks: u32,
    checksum: u32,
}

impl Header {
    fn read(file: &File, room: u64, chip: Geometry) -> Result<Self, Invalid> {
        let mut bytes = [0; 28];
        file.read_exact_at(&mut bytes, 0)
            .map_err(|_| Invalid::Magic)?;
        let (half, word) = (|at| half(&bytes, at), |at| word(&bytes, at));
        if word(0) != MAGIC {
            return Err(Invalid::Magic);
        }
        // A minor version must be understood by whoever understands the major one (sparse_format.h).
        if half(4) != 1 {
            return Err(Invalid::Version(half(4)));
        }
        let (file, chunk) = (half(8), half(10));
        if (u64::from(file), u64::from(chunk)) != (HEADER, CHUNK) {
            return Err(Invalid::Headers { file, chunk });
        }
        let (block, page) = (word(12), chip.page());
        if block == 0 || !block.is_multiple_of(page) {
            return Err(Invalid::Block { block, page });
        }
        let bytes = u64::from(block) * u64::from(word(16));
        if bytes > room {
            return Err(Invalid::TooLong { bytes });
        }
        Ok(Self {
            block,
            blocks: word(16),
            chunks: word(20),
            checksum: word(24),
        })
    }
}

/// From chunk to chunk.
struct Reading<'a> {
    file: &'a File,
    length: u64,
    /// Of the next chunk in the file.
    place: u64,
    block: u32,
    /// Blocks that the header promises.
    limit: u32,
    blocks: u64,
    checksum: Digest<'static, u32>,
    chunks: Vec<Chunk>,
}

impl Reading<'_> {
    fn chunk(&mut self, index: u32) -> Result<(), Invalid> {
        let head = self.bytes::<12>(index)?;
        let (kind, blocks, total) = (half(&head, 0), word(&head, 4), u64::from(word(&head, 8)));
        let bytes = u64::from(blocks) * u64::from(self.block);
        let data = match kind {
            RAW => bytes,
            FILL | CRC32 => 4,
            DONT_CARE => 0,
            _ => return Err(Invalid::Kind { index, kind }),
        };
        // A chunk without blocks would say nothing, as often as it likes; a checksum has none.
        if total != CHUNK + data || (kind == CRC32) != (blocks == 0) {
            return Err(Invalid::Length(index));
        }
        self.blocks += u64::from(blocks);
        if self.blocks > u64::from(self.limit) {
            return Err(Invalid::Blocks {
                found: self.blocks,
                said: self.limit,
            });
        }
        let content = match kind {
            RAW => self.raw(bytes, index)?,
            FILL => Content::Fill(self.bytes::<4>(index)?),
            DONT_CARE => Content::Blank,
            _ => {
                let found = u32::from_le_bytes(self.bytes::<4>(index)?);
                return self.compare(found, || format!("chunk {index}"));
            }
        };
        self.sum(content, bytes)?;
        self.chunks.push(Chunk { content, bytes });
        Ok(())
    }

    fn raw(&mut self, bytes: u64, index: u32) -> Result<Content, Invalid> {
        let start = self.place;
        self.place = start
            .checked_add(bytes)
            .filter(|end| *end <= self.length)
            .ok_or(Invalid::Cut(index))?;
        Ok(Content::Raw(start))
    }

    fn bytes<const N: usize>(&mut self, index: u32) -> Result<[u8; N], Invalid> {
        let mut bytes = [0; N];
        self.file
            .read_exact_at(&mut bytes, self.place)
            .map_err(|_| Invalid::Cut(index))?;
        self.place += N as u64;
        Ok(bytes)
    }

    fn sum(&mut self, content: Content, bytes: u64) -> io::Result<()> {
        // Zeros, where nobody cares.
        let content = match content {
            Content::Blank => Content::Fill([0; 4]),
            other => other,
        };
        let chunk = [Chunk { content, bytes }];
        let mut reader = reader::Expanding::new(self.file, &chunk);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(()),
                count => self
                    .checksum
                    .update(buffer.get(..count).unwrap_or_default()),
            }
        }
    }

    fn compare(&self, found: u32, place: impl FnOnce() -> String) -> Result<(), Invalid> {
        let computed = self.checksum.clone().finalize();
        if found == computed {
            Ok(())
        } else {
            Err(Invalid::Checksum {
                place: place(),
                found,
                computed,
            })
        }
    }

    fn end(mut self, header: &Header) -> Result<Vec<Chunk>, Invalid> {
        if self.blocks != u64::from(header.blocks) {
            return Err(Invalid::Blocks {
                found: self.blocks,
                said: header.blocks,
            });
        }
        if self.place != self.length {
            return Err(Invalid::Behind);
        }
        // Writers that have none leave it 0 (libsparse).
        if header.checksum != 0 {
            self.compare(header.checksum, || "its header".to_owned())?;
        }
        while self
            .chunks
            .last()
            .is_some_and(|c| c.content == Content::Blank)
        {
            self.chunks.pop();
        }
        if self.chunks.is_empty() {
            return Err(Invalid::NoData);
        }
        Ok(self.chunks)
    }
}

fn half(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |half| u16::from_le_bytes(*half))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |word| u32::from_le_bytes(*word))
}
