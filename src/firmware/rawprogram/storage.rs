//! Whether a file is for eMMC or UFS: the same elements, and none of the attributes that NAND needs (protocols.md §6.4).

use super::line::Attributes;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::fmt;

/// What a package is for that is not for NAND.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    Emmc,
    Ufs,
}

impl fmt::Display for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Emmc => "eMMC",
            Self::Ufs => "UFS",
        })
    }
}

/// A single line that lacks its pages is a broken one of a NAND file; where all do, and count in the sectors of a disk,
/// the whole file is for one.
pub(super) fn of(text: &str) -> Option<Storage> {
    let mut reader = Reader::from_str(text);
    let mut found = None;
    loop {
        match reader.read_event().ok()? {
            Event::Eof => return found,
            Event::Start(tag) | Event::Empty(tag)
                if matches!(tag.name().as_ref(), "program" | "erase") =>
            {
                let attributes = Attributes::of(&tag).ok()?;
                if attributes.get("PAGES_PER_BLOCK").is_some() {
                    return None;
                }
                let storage = match attributes.get("SECTOR_SIZE_IN_BYTES")? {
                    "512" => Storage::Emmc,
                    "4096" => Storage::Ufs,
                    _ => return None,
                };
                if found.is_some_and(|other| other != storage) {
                    return None;
                }
                found = Some(storage);
            }
            _ => {}
        }
    }
}
