//! What stands in front of each file's data (§4.3.7) and behind them (§4.3.9): the same as in the directory, and from one
//! to the next without a gap.

use super::directory::{Entry, Fields, judge_extra, read_at};
use super::fault::Fault;
use std::io::{Read, Seek};

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LENGTH: usize = 30;
const BEHIND: [u8; 4] = *b"PK\x07\x08";
/// With its signature and without it.
const BEHIND_LENGTHS: [u64; 2] = [16, 12];

/// Finds where the data of each entry begin.
pub(super) fn judge_all(file: &mut (impl Read + Seek), entries: &mut [Entry]) -> Result<(), Fault> {
    let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    let after = names.into_iter().skip(1).map(Some).chain([None]);
    for (entry, after) in entries.iter_mut().zip(after) {
        entry.data = data(file, entry, after.as_ref())?;
        behind(file, entry, after.as_ref())?;
    }
    Ok(())
}

/// What is on top of an entry, where it ends behind the beginning of the next.
fn overlap(entry: &Entry, after: Option<&String>) -> Fault {
    let name = match after {
        Some(name) => name.clone(),
        None => "the directory".to_owned(),
    };
    Fault::Overlap {
        name,
        other: entry.name.clone(),
    }
}

fn data(
    file: &mut (impl Read + Seek),
    entry: &Entry,
    after: Option<&String>,
) -> Result<u64, Fault> {
    let begins = entry.at + LOCAL_LENGTH as u64;
    if begins > entry.next {
        return Err(overlap(entry, after));
    }
    let mut header = [0; LOCAL_LENGTH];
    read_at(file, entry.at, &mut header)?;
    let mut fields = Fields::new(&header, entry.at);
    if fields.take(4)? != LOCAL {
        return Err(fields.damaged("where it says that a file begins, none does"));
    }
    let _needed = fields.u16()?;
    let (flags, method) = (fields.u16()?, fields.u16()?);
    let _modified = fields.u32()?;
    let said = [fields.u32()?, fields.u32()?, fields.u32()?];
    let [name_length, extra_length] = [fields.u16()?, fields.u16()?].map(usize::from);
    let data = begins + (name_length + extra_length) as u64;
    if data > entry.next {
        return Err(overlap(entry, after));
    }
    let mut texts = vec![0; name_length + extra_length];
    read_at(file, begins, &mut texts)?;
    let (raw, extra) = texts.split_at(name_length);
    if raw != entry.raw {
        return Err(Fault::OtherName {
            name: entry.name.clone(),
        });
    }
    judge_extra(&entry.name, raw, extra)?;
    let differs = |what| Fault::Differs {
        name: entry.name.clone(),
        what,
    };
    if flags != entry.flags {
        return Err(differs("set of flags"));
    }
    if method != entry.method.number() {
        return Err(differs("method"));
    }
    same(&said, entry, entry.is_described_behind()).map_err(differs)?;
    Ok(data)
}

/// CRC, packed and unpacked length. In front of the data they may be left out where they follow behind.
fn same(said: &[u32; 3], entry: &Entry, may_be_zero: bool) -> Result<(), &'static str> {
    let known = [u64::from(entry.crc), entry.packed, entry.bytes];
    let words = ["CRC", "packed length", "length"];
    for ((said, known), word) in said.iter().zip(known).zip(words) {
        if u64::from(*said) != known && !(may_be_zero && *said == 0) {
            return Err(word);
        }
    }
    Ok(())
}

/// What stands between the data and whatever is next.
fn behind(
    file: &mut (impl Read + Seek),
    entry: &Entry,
    after: Option<&String>,
) -> Result<(), Fault> {
    let ends = entry.data + entry.packed;
    let Some(gap) = entry.next.checked_sub(ends) else {
        return Err(overlap(entry, after));
    };
    if gap == 0 && !entry.is_described_behind() {
        return Ok(());
    }
    if !entry.is_described_behind() || !BEHIND_LENGTHS.contains(&gap) {
        return Err(Fault::Foreign {
            from: ends,
            to: entry.next,
        });
    }
    let mut bytes = vec![0; usize::try_from(gap).unwrap_or_default()];
    read_at(file, ends, &mut bytes)?;
    let mut fields = Fields::new(&bytes, ends);
    if gap == BEHIND_LENGTHS[0] && fields.take(4)? != BEHIND {
        return Err(Fault::Foreign {
            from: ends,
            to: entry.next,
        });
    }
    let said = [fields.u32()?, fields.u32()?, fields.u32()?];
    same(&said, entry, false).map_err(|what| Fault::Differs {
        name: entry.name.clone(),
        what,
    })
}
