//! From the tree of storages to what they mean; every rule of diag-and-xqcn.md §8 and R6 is enforced here.

use super::tree::{self, Storage, Stream};
use super::{EfsFile, NvRecord, Property, Section, Xqcn};
use crate::protocol::diag::NV_SIZE;
use crate::protocol::efs::MAX_PATH;
use std::collections::{BTreeMap, BTreeSet};

/// Longest file that is read. Real ones have about 3 MB.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of a record: its size, a one, item, index, value.
pub(super) const RECORD: usize = 8 + NV_SIZE;
/// Mask, buffering, cleanup and date before a path of `EFS_Backup`.
pub(super) const HEAD: usize = 8;
/// The arrays of numbered items, by index.
pub(super) const ARRAYS: [&str; 3] = [
    "NV_ITEM_ARRAY",
    "NV_ITEM_ARRAY_SIM_1",
    "NV_ITEM_ARRAY_SIM_2",
];

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XqcnError {
    #[error("the file is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("at byte {offset}: {reason}")]
    Xml { offset: u64, reason: String },
    #[error("`{place}` at byte {offset}: {fault}")]
    Content {
        /// Storages and stream, joined by `/`.
        place: String,
        offset: u64,
        fault: Fault,
    },
}

/// A broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is missing")]
    Missing,
    #[error("its name occurs twice")]
    Twice,
    #[error("it is no file of format version 2")]
    Version,
    #[error("its name is not eight hex digits")]
    Name,
    #[error("there must be exactly one model")]
    Models,
    #[error("its records do not fill it: each has 136 bytes")]
    RecordSize,
    #[error("a record does not begin with 0x0088 0x0001")]
    RecordHead,
    #[error("a record has an index that does not belong into this array")]
    RecordIndex,
    #[error("an item occurs twice")]
    ItemTwice,
    #[error("a path without its data")]
    Unpaired,
    #[error("data without their path")]
    Orphan,
    #[error("it holds no path")]
    NoPath,
    #[error("its path could leave its place, or is none that the modem could have")]
    BadPath,
    #[error("its path is longer than 251 bytes")]
    LongPath,
    #[error("a path occurs twice")]
    PathTwice,
    #[error("it is shorter or longer than the lengths in it")]
    Length,
}

pub(super) fn read(bytes: &[u8]) -> Result<Xqcn, XqcnError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(XqcnError::TooLong);
    }
    let tree = tree::parse(bytes)?;
    let root = Place::new(&tree, String::new())?;
    let version = tree.streams.iter().find(|s| s.name == "File_Version");
    let version = version.ok_or_else(|| root.at("File_Version", tree.offset, Fault::Missing))?;
    let [model] = tree.storages.as_slice() else {
        return Err(root.fault(Fault::Models));
    };
    let model = root.child(model)?;
    if !is_stream_name(&model.node.name) {
        return Err(model.fault(Fault::Name));
    }
    let mut xqcn = Xqcn::empty(tree.name.clone());
    xqcn.version = words(&version.data)
        .filter(|version| version[0] == 2)
        .ok_or_else(|| root.at_stream(version, Fault::Version))?;
    xqcn.model_number.clone_from(&model.node.name);
    root.note_others(&[&model.node.name], &["File_Version"], &mut xqcn.left_out);
    model.note_others(&["default"], &[], &mut xqcn.left_out);
    let default = model
        .storage("default")?
        .ok_or_else(|| model.fault(Fault::Missing))?;
    read_default(&default, &mut xqcn)?;
    Ok(xqcn)
}

fn read_default(default: &Place<'_>, xqcn: &mut Xqcn) -> Result<(), XqcnError> {
    const NUMBERED: &str = "NV_NUMBERED_ITEMS";
    const PROPERTY: &str = "Mobile_Property_Info";
    const FEATURES: &str = "Feature_Mask";
    let storages: Vec<&str> = Section::ALL
        .iter()
        .map(|s| s.storage())
        .chain([NUMBERED])
        .collect();
    default.note_others(&storages, &[PROPERTY, FEATURES], &mut xqcn.left_out);
    if let Some(numbered) = default.storage(NUMBERED)? {
        numbered.note_others(&[], &ARRAYS, &mut xqcn.left_out);
        for (index, array) in (0..).zip(ARRAYS) {
            if let Some(stream) = numbered.node.streams.iter().find(|s| s.name == array) {
                let records = records(&stream.data, index)
                    .map_err(|fault| numbered.at_stream(stream, fault))?;
                xqcn.nv.extend(records);
            }
        }
    }
    for section in Section::ALL {
        if let Some(place) = default.storage(section.storage())? {
            xqcn.efs.extend(files(&place, section, &mut xqcn.left_out)?);
        }
    }
    for stream in &default.node.streams {
        let fault = |fault| default.at_stream(stream, fault);
        match stream.name.as_str() {
            PROPERTY => {
                xqcn.property = Some(property(&stream.data).ok_or_else(|| fault(Fault::Length))?);
            }
            FEATURES => {
                let mask = counted(&mut stream.data.as_slice())
                    .filter(|m| m.len() + 2 == stream.data.len());
                xqcn.feature_mask = Some(mask.ok_or_else(|| fault(Fault::Length))?.to_vec());
            }
            _ => {}
        }
    }
    Ok(())
}

fn records(data: &[u8], index: u16) -> Result<Vec<NvRecord>, Fault> {
    let (chunks, rest) = data.as_chunks::<RECORD>();
    if !rest.is_empty() {
        return Err(Fault::RecordSize);
    }
    let mut seen = BTreeSet::new();
    chunks
        .iter()
        .map(|chunk| {
            let (head, value) = chunk.split_at(8);
            let word = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
            if word(0) as usize != RECORD || word(2) != 1 {
                return Err(Fault::RecordHead);
            }
            if word(6) != index {
                return Err(Fault::RecordIndex);
            }
            if !seen.insert(word(4)) {
                return Err(Fault::ItemTwice);
            }
            Ok(NvRecord {
                item: word(4),
                index,
                data: value.try_into().map_err(|_| Fault::RecordSize)?,
            })
        })
        .collect()
}

/// Paths and data are paired by name, never by position.
fn files(
    place: &Place<'_>,
    section: Section,
    left_out: &mut Vec<String>,
) -> Result<Vec<EfsFile>, XqcnError> {
    place.note_others(&["EFS_Dir", "EFS_Data"], &[], left_out);
    let (paths, data) = match (place.storage("EFS_Dir")?, place.storage("EFS_Data")?) {
        (Some(paths), Some(data)) => (paths, data),
        (None, None) => return Ok(Vec::new()),
        _ => return Err(place.fault(Fault::Missing)),
    };
    let mut unpaired: BTreeMap<&str, &Stream> = data
        .node
        .streams
        .iter()
        .map(|s| (s.name.as_str(), s))
        .collect();
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for stream in &paths.node.streams {
        let fault = |fault| paths.at_stream(stream, fault);
        if !is_stream_name(&stream.name) {
            return Err(fault(Fault::Name));
        }
        let path = path(&stream.data, section).map_err(fault)?;
        if !seen.insert(path.clone()) {
            return Err(fault(Fault::PathTwice));
        }
        let content = unpaired
            .remove(stream.name.as_str())
            .ok_or_else(|| fault(Fault::Unpaired))?;
        files.push(EfsFile {
            kind: EfsFile::usual_kind(section, &path),
            section,
            path,
            data: content.data.clone(),
        });
    }
    match unpaired.values().next() {
        Some(orphan) => Err(data.at_stream(orphan, Fault::Orphan)),
        None => Ok(files),
    }
}

/// The path in an entry of `EFS_Dir`. Where it begins and ends depends on the section.
fn path(entry: &[u8], section: Section) -> Result<String, Fault> {
    let bytes = match section {
        Section::EfsBackup => entry.get(HEAD..).ok_or(Fault::NoPath)?,
        Section::Provisioning | Section::NvItems => entry,
    };
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let (path, padding) = bytes.split_at(end);
    if path.first() != Some(&b'/') || padding.iter().any(|b| *b != 0) {
        return Err(Fault::NoPath);
    }
    if path.len() > MAX_PATH {
        return Err(Fault::LongPath);
    }
    if !path.iter().all(|b| matches!(b, 0x20..=0x7e)) {
        return Err(Fault::BadPath);
    }
    let path = String::from_utf8(path.to_vec()).map_err(|_| Fault::BadPath)?;
    let whole = path
        .split('/')
        .skip(1)
        .all(|part| !matches!(part, "" | "." | ".."));
    if whole { Ok(path) } else { Err(Fault::BadPath) }
}

fn property(data: &[u8]) -> Option<Property> {
    let (head, mut rest) = data.split_first_chunk::<8>()?;
    let text = |bytes: &[u8]| -> String { bytes.iter().map(|b| char::from(*b)).collect() };
    let [a, b, c, d, model_low, model_high, nv_major, nv_minor] = *head;
    let property = Property {
        esn_word: u32::from_le_bytes([a, b, c, d]),
        model: u16::from_le_bytes([model_low, model_high]),
        nv_major,
        nv_minor,
        software: text(counted(&mut rest)?),
        tool: text(counted(&mut rest)?),
    };
    rest.is_empty().then_some(property)
}

/// A length of two bytes, and as many bytes.
fn counted<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<2>()?;
    let (bytes, after) = after.split_at_checked(u16::from_le_bytes(*length).into())?;
    *rest = after;
    Some(bytes)
}

fn words(data: &[u8]) -> Option<[u16; 3]> {
    let (words, rest) = data.as_chunks::<2>();
    let words: Vec<u16> = words.iter().map(|word| u16::from_le_bytes(*word)).collect();
    words.try_into().ok().filter(|_| rest.is_empty())
}

fn is_stream_name(name: &str) -> bool {
    name.len() == 8 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A storage and the way to it. No two of its streams, and no two of its storages, have one name.
struct Place<'a> {
    node: &'a Storage,
    path: String,
}

impl<'a> Place<'a> {
    fn new(node: &'a Storage, path: String) -> Result<Self, XqcnError> {
        let place = Self { node, path };
        let mut seen = BTreeSet::new();
        if let Some(stream) = node.streams.iter().find(|s| !seen.insert(&s.name)) {
            return Err(place.at_stream(stream, Fault::Twice));
        }
        let mut seen = BTreeSet::new();
        if let Some(storage) = node.storages.iter().find(|s| !seen.insert(&s.name)) {
            return Err(place.at(&storage.name, storage.offset, Fault::Twice));
        }
        Ok(place)
    }

    fn child(&self, node: &'a Storage) -> Result<Self, XqcnError> {
        Self::new(node, self.path_of(&node.name))
    }

    fn storage(&self, name: &str) -> Result<Option<Self>, XqcnError> {
        let node = self.node.storages.iter().find(|s| s.name == name);
        node.map(|node| self.child(node)).transpose()
    }

    /// Notes what stands here and means nothing to this reader.
    fn note_others(&self, storages: &[&str], streams: &[&str], left_out: &mut Vec<String>) {
        let names = |known: &[&str], name: &String| {
            (!known.contains(&name.as_str())).then(|| self.path_of(name))
        };
        left_out.extend(
            self.node
                .storages
                .iter()
                .filter_map(|s| names(storages, &s.name)),
        );
        left_out.extend(
            self.node
                .streams
                .iter()
                .filter_map(|s| names(streams, &s.name)),
        );
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.path)
        }
    }

    fn fault(&self, fault: Fault) -> XqcnError {
        XqcnError::Content {
            place: self.path.clone(),
            offset: self.node.offset,
            fault,
        }
    }

    fn at_stream(&self, stream: &Stream, fault: Fault) -> XqcnError {
        self.at(&stream.name, stream.offset, fault)
    }

    fn at(&self, name: &str, offset: u64, fault: Fault) -> XqcnError {
        XqcnError::Content {
            place: self.path_of(name),
            offset,
            fault,
        }
    }
}
