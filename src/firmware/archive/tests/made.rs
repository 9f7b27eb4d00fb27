//! Zips, made field by field, so that each of them can lie.

use flate2::Compression;
use flate2::Crc;
use flate2::write::DeflateEncoder;
use std::io::Write as _;

/// A zip before it is written.
#[derive(Clone, Default)]
pub(crate) struct Made {
    pub(crate) pieces: Vec<Piece>,
    pub(crate) before: Vec<u8>,
    pub(crate) before_directory: Vec<u8>,
    pub(crate) behind_directory: Vec<u8>,
    pub(crate) comment: Vec<u8>,
    pub(crate) behind: Vec<u8>,
    /// Fields of the end record that say something else than what is so.
    pub(crate) end: End,
}

#[derive(Clone, Default)]
pub(crate) struct End {
    pub(crate) disk: u16,
    pub(crate) entries: Option<u16>,
    pub(crate) entries_here: Option<u16>,
    pub(crate) length: Option<u32>,
    pub(crate) at: Option<u32>,
    pub(crate) comment: Option<u16>,
}

/// One file or folder. What is `None` is as it ought to be.
#[derive(Clone, Default)]
pub(crate) struct Piece {
    pub(crate) name: Vec<u8>,
    pub(crate) plain: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) attributes: u32,
    pub(crate) extra: Vec<u8>,
    pub(crate) local_extra: Vec<u8>,
    pub(crate) disk: u16,
    /// The data as they stand in the zip.
    pub(crate) packed: Option<Vec<u8>>,
    /// What directory and header both say.
    pub(crate) crc: Option<u32>,
    pub(crate) length: Option<u32>,
    pub(crate) packed_length: Option<u32>,
    pub(crate) at: Option<u32>,
    /// What the header alone says.
    pub(crate) local_name: Option<Vec<u8>>,
    pub(crate) local_method: Option<u16>,
    pub(crate) local_flags: Option<u16>,
    pub(crate) local_crc: Option<u32>,
    pub(crate) local_length: Option<u32>,
    pub(crate) local_packed_length: Option<u32>,
    /// What follows the data, where it is not what the flags demand.
    pub(crate) behind: Option<Vec<u8>>,
    /// It has no header and no data of its own.
    pub(crate) is_listed_only: bool,
}

impl Piece {
    pub(crate) fn file(name: &str, plain: &[u8]) -> Self {
        Self {
            name: name.into(),
            plain: plain.into(),
            method: 8,
            attributes: 0o100_644 << 16,
            ..Self::default()
        }
    }

    pub(crate) fn folder(name: &str) -> Self {
        Self {
            name: name.into(),
            attributes: 0o040_755 << 16 | 0x10,
            ..Self::default()
        }
    }

    fn data(&self) -> Vec<u8> {
        match (&self.packed, self.method) {
            (Some(packed), _) => packed.clone(),
            (None, 8) => deflated(&self.plain),
            (None, _) => self.plain.clone(),
        }
    }
}

pub(crate) fn deflated(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn crc(plain: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(plain);
    crc.sum()
}

impl Made {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut zip = self.before.clone();
        let mut directory = Vec::new();
        for piece in &self.pieces {
            let at = u32::try_from(zip.len()).unwrap();
            let data = piece.data();
            let crc = piece.crc.unwrap_or_else(|| crc(&piece.plain));
            let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap();
            let packed_length = piece.packed_length.unwrap_or_else(|| length(&data));
            let plain_length = piece.length.unwrap_or_else(|| length(&piece.plain));
            if !piece.is_listed_only {
                let name = piece.local_name.as_ref().unwrap_or(&piece.name);
                zip.extend(b"PK\x03\x04\x14\x00");
                put16(&mut zip, piece.local_flags.unwrap_or(piece.flags));
                put16(&mut zip, piece.local_method.unwrap_or(piece.method));
                put32(&mut zip, 0x5a6b_7c8d);
                put32(&mut zip, piece.local_crc.unwrap_or(crc));
                put32(&mut zip, piece.local_packed_length.unwrap_or(packed_length));
                put32(&mut zip, piece.local_length.unwrap_or(plain_length));
                put16(&mut zip, u16::try_from(name.len()).unwrap());
                put16(&mut zip, u16::try_from(piece.local_extra.len()).unwrap());
                zip.extend(name);
                zip.extend(&piece.local_extra);
                zip.extend(&data);
                match &piece.behind {
                    Some(behind) => zip.extend(behind),
                    None if piece.flags & 8 != 0 => {
                        zip.extend(b"PK\x07\x08");
                        put32(&mut zip, crc);
                        put32(&mut zip, packed_length);
                        put32(&mut zip, plain_length);
                    }
                    None => {}
                }
            }
            // Made on Unix.
            directory.extend(b"PK\x01\x02\x14\x03\x14\x00");
            put16(&mut directory, piece.flags);
            put16(&mut directory, piece.method);
            put32(&mut directory, 0x5a6b_7c8d);
            put32(&mut directory, crc);
            put32(&mut directory, packed_length);
            put32(&mut directory, plain_length);
            put16(&mut directory, u16::try_from(piece.name.len()).unwrap());
            put16(&mut directory, u16::try_from(piece.extra.len()).unwrap());
            put16(&mut directory, 0);
            put16(&mut directory, piece.disk);
            put16(&mut directory, 0);
            put32(&mut directory, piece.attributes);
            put32(&mut directory, piece.at.unwrap_or(at));
            directory.extend(&piece.name);
            directory.extend(&piece.extra);
        }
        zip.extend(&self.before_directory);
        let at = u32::try_from(zip.len()).unwrap();
        zip.extend(&directory);
        zip.extend(&self.behind_directory);
        let entries = u16::try_from(self.pieces.len()).unwrap();
        let end = &self.end;
        zip.extend(b"PK\x05\x06");
        put16(&mut zip, end.disk);
        put16(&mut zip, end.disk);
        put16(
            &mut zip,
            end.entries_here.or(end.entries).unwrap_or(entries),
        );
        put16(&mut zip, end.entries.unwrap_or(entries));
        put32(
            &mut zip,
            end.length
                .unwrap_or(u32::try_from(directory.len()).unwrap()),
        );
        put32(&mut zip, end.at.unwrap_or(at));
        put16(
            &mut zip,
            end.comment
                .unwrap_or(u16::try_from(self.comment.len()).unwrap()),
        );
        zip.extend(&self.comment);
        zip.extend(&self.behind);
        zip
    }
}

fn put16(bytes: &mut Vec<u8>, number: u16) {
    bytes.extend(number.to_le_bytes());
}

fn put32(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend(number.to_le_bytes());
}
