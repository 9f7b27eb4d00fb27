//! The directory at the end of a zip (§4.3.12, §4.3.16): where it is, and one entry for each file and folder.

use super::fault::Fault;
use super::{MAX_ENTRIES, name};
use camino::Utf8Path;
use std::io::{Read, Seek, SeekFrom};

/// One file or folder, as the directory has it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Without the slash at the end of a folder.
    pub(super) name: String,
    /// As it stands in the file.
    pub(super) raw: Vec<u8>,
    pub(super) is_folder: bool,
    pub(super) method: Method,
    pub(super) flags: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) bytes: u64,
    /// Where its own header begins.
    pub(super) at: u64,
    /// Where its data begin, and where whatever follows them begins.
    pub(super) data: u64,
    pub(super) next: u64,
}

impl Entry {
    pub(super) fn path(&self) -> &Utf8Path {
        Utf8Path::new(&self.name)
    }

    /// Sizes and CRC follow the data as well (§4.4.4, bit 3).
    pub(super) fn is_described_behind(&self) -> bool {
        self.flags & DESCRIBED_BEHIND != 0
    }
}

/// How the data are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

impl Method {
    pub(super) fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// §4.4.4: bits 1 and 2 tell how hard deflate has tried, bit 11 that names are UTF-8.
const DESCRIBED_BEHIND: u16 = 1 << 3;
const HARMLESS: u16 = (1 << 1) | (1 << 2) | DESCRIBED_BEHIND | (1 << 11);
/// Bits 0, 6 and 13: encrypted data, strong encryption, masked headers.
const ENCRYPTED: u16 = 1 | (1 << 6) | (1 << 13);

const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
/// Most bytes of the directory: it is read as a whole. That of a package takes some kilobytes.
const LONGEST: u64 = 8 * 1024 * 1024;
const LONGEST_COMMENT: u64 = 0xFFFF;
const END_OF_64: [u8; 4] = *b"PK\x06\x07";
const END_OF_64_LENGTH: u64 = 20;
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";

/// Extra fields (§4.5, §4.6): 64-bit sizes, another name, AES.
const EXTRA_64: u16 = 0x0001;
const EXTRA_NAME: u16 = 0x7075;
const EXTRA_AES: u16 = 0x9901;

/// Reads the directory of a zip of so many bytes.
pub(super) fn read(file: &mut (impl Read + Seek), bytes: u64) -> Result<Vec<Entry>, Fault> {
    let end = find_end(file, bytes)?;
    let mut directory = vec![0; usize::try_from(end.length).unwrap_or(usize::MAX)];
    read_at(file, end.at, &mut directory)?;
    let mut fields = Fields::new(&directory, end.at);
    let mut entries = Vec::with_capacity(end.entries);
    for _ in 0..end.entries {
        entries.push(entry(&mut fields)?);
    }
    if !fields.rest.is_empty() {
        return Err(fields.damaged("it says that it has fewer entries than it has"));
    }
    // Data are where headers are, in the order of the file; the directory may have any other.
    entries.sort_by_key(|entry| entry.at);
    let nexts: Vec<u64> = entries.iter().skip(1).map(|e| e.at).collect();
    let nexts = nexts.into_iter().chain(std::iter::once(end.at));
    for (entry, next) in entries.iter_mut().zip(nexts) {
        entry.next = next;
    }
    if let Some(first) = entries.first().filter(|first| first.at > 0) {
        return Err(Fault::Foreign {
            from: 0,
            to: first.at,
        });
    }
    Ok(entries)
}

/// What the end record says.
struct End {
    at: u64,
    length: u64,
    entries: usize,
}

fn find_end(file: &mut (impl Read + Seek), bytes: u64) -> Result<End, Fault> {
    if bytes == 0 {
        return Err(Fault::NoBytes);
    }
    let tail = bytes.min(LONGEST_COMMENT + END_LENGTH as u64);
    let begins = bytes - tail;
    let mut last = vec![0; usize::try_from(tail).unwrap_or_default()];
    read_at(file, begins, &mut last)?;
    let ends = |at: &usize| {
        let record = last.get(*at..*at + END_LENGTH);
        record.is_some_and(|record| {
            let comment = u16::from_le_bytes([record[20], record[21]]);
            *at + END_LENGTH + usize::from(comment) == last.len()
        })
    };
    let mut places = last.windows(4).enumerate();
    let signed: Vec<usize> = places
        .by_ref()
        .filter_map(|(at, window)| (window == END).then_some(at))
        .collect();
    let mut fitting = signed.iter().filter(|at| ends(at));
    let Some(&at) = fitting.next() else {
        let mut head = [0; 4];
        let is_zip = bytes >= 4 && read_at(file, 0, &mut head).is_ok() && head == LOCAL;
        return Err(if is_zip || !signed.is_empty() {
            Fault::Cut
        } else {
            Fault::NoZip
        });
    };
    if fitting.next().is_some() {
        return Err(Fault::TwoEnds);
    }
    let place = begins + at as u64;
    let mut fields = Fields::new(&last[at..at + END_LENGTH], place);
    fields.take(4)?;
    let disks = [fields.u16()?, fields.u16()?];
    let (here, all) = (fields.u16()?, fields.u16()?);
    let (length, at) = (u64::from(fields.u32()?), u64::from(fields.u32()?));
    let mut before = [0; 4];
    let before_is_64 = place
        .checked_sub(END_OF_64_LENGTH)
        .is_some_and(|at| read_at(file, at, &mut before).is_ok() && before == END_OF_64);
    if before_is_64 || all == u16::MAX || length == u64::from(u32::MAX) || at == u64::from(u32::MAX)
    {
        return Err(Fault::Zip64);
    }
    if disks != [0, 0] || here != all {
        return Err(Fault::Parts);
    }
    let entries = usize::from(all);
    if entries == 0 {
        return Err(Fault::NoFile);
    }
    if entries > MAX_ENTRIES {
        return Err(Fault::TooMany {
            entries,
            most: MAX_ENTRIES,
        });
    }
    if length > LONGEST {
        return Err(Fault::Directory {
            at,
            reason: "it is longer than that of any package",
        });
    }
    match at.checked_add(length) {
        Some(end) if end == place => Ok(End {
            at,
            length,
            entries,
        }),
        Some(end) if end < place => Err(Fault::Foreign {
            from: end,
            to: place,
        }),
        _ => Err(Fault::Directory {
            at: place,
            reason: "it would reach into its own end",
        }),
    }
}

fn entry(fields: &mut Fields<'_>) -> Result<Entry, Fault> {
    if fields.take(4)? != CENTRAL {
        return Err(fields.damaged("an entry does not begin as one"));
    }
    let _made_by = fields.u16()?;
    let _needed = fields.u16()?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    let _modified = fields.u32()?;
    let crc = fields.u32()?;
    let (packed, bytes) = (fields.u32()?, fields.u32()?);
    let lengths = [fields.u16()?, fields.u16()?, fields.u16()?];
    let disk = fields.u16()?;
    let _text_or_not = fields.u16()?;
    let (attributes, at) = (fields.u32()?, fields.u32()?);
    let [name_length, extra_length, comment_length] = lengths.map(usize::from);
    let raw = fields.take(name_length)?.to_vec();
    let extra = fields.take(extra_length)?;
    fields.take(comment_length)?;
    let (name, is_folder) = name::judge(&raw)?;
    let method = judge_flags(&name, flags, method)?;
    judge_extra(&name, &raw, extra)?;
    judge_attributes(&name, is_folder, attributes)?;
    if [packed, bytes, at].contains(&u32::MAX) {
        return Err(Fault::Zip64);
    }
    if disk != 0 {
        return Err(Fault::Parts);
    }
    if method == Method::Stored && packed != bytes || is_folder && bytes != 0 {
        let what = "length";
        return Err(Fault::Differs { name, what });
    }
    Ok(Entry {
        name,
        raw,
        is_folder,
        method,
        flags,
        crc,
        packed: packed.into(),
        bytes: bytes.into(),
        at: at.into(),
        data: 0,
        next: 0,
    })
}

fn judge_flags(name: &str, flags: u16, method: u16) -> Result<Method, Fault> {
    let name = name.to_owned();
    // Method 99 is AES (§4.4.5).
    if flags & ENCRYPTED != 0 || method == 99 {
        return Err(Fault::Encrypted { name });
    }
    if flags & !HARMLESS != 0 {
        let what = "a flag";
        return Err(Fault::Feature { name, what });
    }
    match method {
        0 => Ok(Method::Stored),
        8 => Ok(Method::Deflated),
        method => Err(Fault::Method { name, method }),
    }
}

/// Extra fields that would give an entry another size or another name.
pub(super) fn judge_extra(name: &str, raw: &[u8], extra: &[u8]) -> Result<(), Fault> {
    let mut rest = extra;
    // Some programs pad the end with less than a whole field.
    while let Some((head, behind)) = rest.split_at_checked(4) {
        let id = u16::from_le_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let Some((content, behind)) = behind.split_at_checked(length) else {
            break;
        };
        rest = behind;
        match id {
            EXTRA_64 => return Err(Fault::Zip64),
            EXTRA_AES => {
                return Err(Fault::Encrypted {
                    name: name.to_owned(),
                });
            }
            // §4.6.9: a version, a CRC, and then the name.
            EXTRA_NAME if content.get(5..) != Some(raw) => {
                return Err(Fault::OtherName {
                    name: name.to_owned(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// The upper half is `st_mode` of Unix where it is anything, the lower half the attributes of DOS (§4.4.15).
fn judge_attributes(name: &str, is_folder: bool, attributes: u32) -> Result<(), Fault> {
    const DOS_VOLUME: u32 = 0x08;
    const DOS_FOLDER: u32 = 0x10;
    const WINDOWS_REPARSE_POINT: u32 = 0x400;
    let what = match (attributes >> 28, is_folder) {
        (0o12, _) => "a symbolic link",
        (0o10, true) | (0o04, false) => {
            "a file by its name and a folder by its mode, or the reverse"
        }
        (0 | 0o10 | 0o04, _) if attributes & WINDOWS_REPARSE_POINT != 0 => "a link of Windows",
        (0 | 0o10 | 0o04, _) if attributes & DOS_VOLUME != 0 => "the name of a disk",
        (0, false) if attributes & DOS_FOLDER != 0 => {
            "a folder by its attributes and a file by its name"
        }
        (0 | 0o10 | 0o04, _) => return Ok(()),
        (0o01, _) => "a pipe",
        (0o02 | 0o06, _) => "a device",
        (0o14, _) => "a socket",
        _ => "of a kind that is unknown",
    };
    Err(Fault::Special {
        name: name.to_owned(),
        what,
    })
}

/// Numbers, one behind the other, little-endian.
pub(super) struct Fields<'a> {
    pub(super) rest: &'a [u8],
    at: u64,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8], at: u64) -> Self {
        Self { rest: bytes, at }
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.damaged("it ends in the middle of an entry"));
        };
        self.rest = rest;
        self.at += length as u64;
        Ok(taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        let bytes = self.take(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        let (low, high) = (self.u16()?, self.u16()?);
        Ok(u32::from(low) | u32::from(high) << 16)
    }

    pub(super) fn damaged(&self, reason: &'static str) -> Fault {
        Fault::Directory {
            at: self.at,
            reason,
        }
    }
}

pub(super) fn read_at(
    file: &mut (impl Read + Seek),
    at: u64,
    bytes: &mut [u8],
) -> Result<(), Fault> {
    let read = file
        .seek(SeekFrom::Start(at))
        .and_then(|_| file.read_exact(bytes));
    read.map_err(|error| Fault::Read {
        reason: error.to_string(),
    })
}
