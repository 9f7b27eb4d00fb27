//! The journal: one line per record, checksummed and chained, synced as it is written.
//!
//! A line is the CRC-32C of the JSON as eight hex digits, a blank, the JSON object and a line break. Every object
//! has `seq`, `prev` (the checksum of the line before) and `t`. A bad last line is a torn tail and is dropped; a bad
//! line before the end is damage.

use crate::files::{self, Output, Root};
use camino::Utf8Path;
use crc::{CRC_32_ISCSI, Crc};
use serde_json::{Map, Value};
use std::io::{self, Write};

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
/// The file's name in the folder of a run.
pub const NAME: &str = "journal";

/// A journal that cannot be written: the run stops at the next safe point.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    File(#[from] files::Error),
    #[error("cannot write the journal: {0}")]
    Write(io::Error),
    #[error("cannot write the journal: a record is no object")]
    Shape,
    #[error("the run goes on in another process")]
    InUse,
    #[error("the journal could not be written before, so nothing is added to it")]
    Broken,
}

/// Appends records.
#[derive(Debug)]
pub struct Writer {
    file: Output,
    /// Held as long as the run lives; the kernel frees it with the process.
    _lock: std::fs::File,
    next: u64,
    previous: u32,
    /// An append failed: what follows a half-written line could never be read, so nothing follows.
    broken: bool,
}

impl Writer {
    /// Creates the journal of a new run, and makes its name durable.
    pub fn create(folder: &Root) -> Result<Self, Error> {
        let file = folder.create_new(Utf8Path::new(NAME))?;
        folder.sync(Utf8Path::new(""))?;
        Ok(Self {
            _lock: lock(&file)?,
            file,
            next: 0,
            previous: 0,
            broken: false,
        })
    }

    /// Goes on behind the records that [`read`] found whole. Bytes of a torn tail are cut off.
    pub fn go_on(folder: &Root, whole: &Journal) -> Result<Self, Error> {
        let file = folder.append(Utf8Path::new(NAME))?;
        let lock = lock(&file)?;
        file.set_len(whole.whole_bytes).map_err(Error::Write)?;
        Ok(Self {
            _lock: lock,
            file,
            next: whole.records.len() as u64,
            previous: whole.last_checksum,
            broken: false,
        })
    }

    /// Writes one record and waits until it is on the disk. `stamp` is UTC with milliseconds.
    pub fn append(&mut self, stamp: &str, record: Value) -> Result<(), Error> {
        let Value::Object(fields) = record else {
            return Err(Error::Shape);
        };
        let mut object = Map::new();
        object.insert("seq".into(), self.next.into());
        object.insert("prev".into(), format!("{:08x}", self.previous).into());
        object.insert("t".into(), stamp.into());
        object.extend(fields);
        let json = Value::Object(object).to_string();
        let checksum = CRC.checksum(json.as_bytes());
        if self.broken {
            return Err(Error::Broken);
        }
        let line = format!("{checksum:08x} {json}\n");
        let written = self.file.write_all(line.as_bytes());
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            self.broken = true;
            return Err(Error::Write(error));
        }
        self.previous = checksum;
        self.next += 1;
        Ok(())
    }
}

/// Locks a journal for this process alone, before a byte of it is changed.
fn lock(file: &Output) -> Result<std::fs::File, Error> {
    let lock = file.to_std().map_err(Error::Write)?;
    lock.try_lock().map_err(|_| Error::InUse)?;
    Ok(lock)
}

/// What a journal holds.
#[derive(Debug)]
pub struct Journal {
    pub records: Vec<Value>,
    pub state: State,
    whole_bytes: u64,
    last_checksum: u32,
}

impl Journal {
    /// The checksum of the last record: it stands for all before it.
    pub fn seal(&self) -> String {
        format!("{:08x}", self.last_checksum)
    }
}

/// Whether all of it can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Whole,
    /// The last line was cut short; what is before it is whole.
    TornTail,
    /// Something follows a bad line: shown up to there, never resumed.
    Damaged,
}

/// Reads every record that can be believed.
pub fn read(bytes: &[u8]) -> Journal {
    let mut journal = Journal {
        records: Vec::new(),
        state: State::Whole,
        whole_bytes: 0,
        last_checksum: 0,
    };
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|b| *b == b'\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        let after = end.map_or(&[][..], |end| &rest[end + 1..]);
        let record = end.and_then(|_| record(line, &journal));
        let Some((checksum, record)) = record else {
            journal.state = if after.iter().all(|b| *b == 0) {
                State::TornTail
            } else {
                State::Damaged
            };
            break;
        };
        journal.records.push(record);
        journal.last_checksum = checksum;
        journal.whole_bytes += line.len() as u64 + 1;
        rest = after;
    }
    journal
}

fn record(line: &[u8], journal: &Journal) -> Option<(u32, Value)> {
    let (hex, json) = (line.get(..8)?, line.get(9..)?);
    let written = std::str::from_utf8(hex)
        .ok()
        .filter(|h| h.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))?;
    let checksum = u32::from_str_radix(written, 16).ok()?;
    let record: Value = serde_json::from_slice(json).ok()?;
    let chained = line[8] == b' '
        && CRC.checksum(json) == checksum
        && record.get("seq")?.as_u64()? == journal.records.len() as u64
        && record.get("prev")?.as_str()? == format!("{:08x}", journal.last_checksum);
    chained.then_some((checksum, record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sample() -> (tempfile::TempDir, Root, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let mut writer = Writer::create(&root).unwrap();
        for n in 0..12 {
            writer
                .append("2027-01-09T10:02:11.120Z", json!({"event": "fact", "n": n}))
                .unwrap();
        }
        let bytes = files::read_capped(&root.path().join(NAME), 1 << 20)
            .unwrap()
            .unwrap();
        (folder, root, bytes)
    }

    #[test]
    fn a_run_that_still_goes_on_is_not_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let mut writer = Writer::create(&root).unwrap();
        writer.append("t", json!({"event": "fact"})).unwrap();
        let bytes = files::read_capped(&root.path().join(NAME), 1 << 20);
        let journal = read(&bytes.unwrap().unwrap());
        assert!(matches!(Writer::go_on(&root, &journal), Err(Error::InUse)));
        drop(writer);
        assert!(Writer::go_on(&root, &journal).is_ok());
    }

    #[test]
    fn every_prefix_recovers_exactly_its_whole_records() {
        let (_folder, _root, bytes) = sample();
        for length in 0..=bytes.len() {
            let prefix = &bytes[..length];
            let lines = prefix.split(|b| *b == b'\n').count() - 1;
            let journal = read(prefix);
            assert_eq!(journal.records.len(), lines);
            let torn = !prefix.is_empty() && !prefix.ends_with(b"\n");
            let expected = if torn { State::TornTail } else { State::Whole };
            assert_eq!(journal.state, expected);
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let (_folder, _root, bytes) = sample();
        let whole = read(&bytes).records;
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let journal = read(&flipped);
                assert!(journal.state != State::Whole, "byte {at} bit {bit}");
                assert!(whole.starts_with(&journal.records));
            }
        }
    }

    #[test]
    fn a_tail_of_zeros_is_torn_and_a_tail_of_garbage_is_damage() {
        let (_folder, _root, mut bytes) = sample();
        let whole = bytes.len();
        bytes.extend([0; 100]);
        assert_eq!(read(&bytes).state, State::TornTail);
        bytes.truncate(whole);
        bytes.extend(b"garbage\nmore\n");
        assert_eq!(read(&bytes).state, State::Damaged);
    }

    #[test]
    fn writing_goes_on_behind_a_torn_tail() {
        let (_folder, root, bytes) = sample();
        let mut torn = root.append(Utf8Path::new(NAME)).unwrap();
        torn.write_all(b"0123").unwrap();
        let path = root.path().join(NAME);
        let journal = read(&files::read_capped(&path, 1 << 20).unwrap().unwrap());
        assert_eq!(journal.state, State::TornTail);
        let mut writer = Writer::go_on(&root, &journal).unwrap();
        writer.append("t", json!({"event": "resume"})).unwrap();
        let again = files::read_capped(&path, 1 << 20).unwrap().unwrap();
        assert!(again.starts_with(&bytes));
        let journal = read(&again);
        assert_eq!((journal.records.len(), journal.state), (13, State::Whole));
    }
}
