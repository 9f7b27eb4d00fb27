//! Calibration of one unit as files: XQCN, and the manifest beside it. Pure: bytes in, values out.
//!
//! A file that breaks any rule is refused as a whole, before a modem is touched (diag-and-xqcn.md R6).

mod compare;
pub mod manifest;
mod read;
pub mod scan;
mod tree;
mod write;

pub use crate::protocol::efs::is_identity_path;
pub use compare::{Change, Difference, compare};
pub use manifest::Manifest;
pub use read::{Fault, MAX_BYTES, XqcnError};

use crate::protocol::diag::{IDENTITY_ITEMS, NV_IMEI, NV_SIZE, NvId, imei_from_nv};
use crate::protocol::efs::EntryKind;

/// What an XQCN file holds (diag-and-xqcn.md §8).
///
/// ```
/// # use unbrick::calibration::Xqcn;
/// let file = Xqcn::read(include_bytes!("../../tests/data/sample.xqcn"))?;
/// assert_eq!(file.nv.len(), 5);
/// assert_eq!(Xqcn::read(&file.write())?, file);
/// # Ok::<(), unbrick::calibration::XqcnError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Xqcn {
    /// Name of the outermost storage: the file's own name once.
    pub name: String,
    /// Major, minor and revision of the format; the major one is 2.
    pub version: [u16; 3],
    /// Name of the model's storage: eight hex digits.
    pub model_number: String,
    /// In file order, which is the order of a restore.
    pub nv: Vec<NvRecord>,
    /// In file order within each section.
    pub efs: Vec<EfsFile>,
    pub property: Option<Property>,
    pub feature_mask: Option<Vec<u8>>,
    /// Storages and streams that mean nothing to this reader; they are not written again.
    pub left_out: Vec<String>,
}

/// A numbered NV item.
#[derive(Clone, PartialEq, Eq)]
pub struct NvRecord {
    pub item: u16,
    /// 0 for the items proper, 1 and 2 for those of further subscriptions.
    pub index: u16,
    pub data: [u8; NV_SIZE],
}

/// NV contents are private, so only the name is shown.
impl std::fmt::Debug for NvRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NvRecord({}, {})", self.item, self.index)
    }
}

impl NvRecord {
    /// How the item is named on the wire: index 0 by the plain commands.
    pub fn id(&self) -> NvId {
        NvId {
            item: self.item,
            index: (self.index != 0).then_some(self.index),
        }
    }

    pub fn is_identity(&self) -> bool {
        IDENTITY_ITEMS.contains(&self.item)
    }
}

/// The three storages with files.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// Radio calibration.
    EfsBackup,
    Provisioning,
    NvItems,
}

impl Section {
    /// In file order.
    pub const ALL: [Self; 3] = [Self::EfsBackup, Self::Provisioning, Self::NvItems];

    /// The storage's name.
    pub fn storage(self) -> &'static str {
        match self {
            Self::EfsBackup => "EFS_Backup",
            Self::Provisioning => "Provisioning_Item_Files",
            Self::NvItems => "NV_Items",
        }
    }

    /// Where a backup puts a file; radio configuration is kept twice (diag-and-xqcn.md §8.3).
    pub fn of_path(path: &str) -> &'static [Self] {
        if path.starts_with("/nv/item_files/rfnv/") {
            &[Self::EfsBackup]
        } else if path.starts_with("/rfc/") {
            &[Self::EfsBackup, Self::NvItems]
        } else {
            &[Self::Provisioning]
        }
    }
}

/// A file of the modem's file system.
#[derive(Clone, PartialEq, Eq)]
pub struct EfsFile {
    pub section: Section,
    pub path: String,
    pub data: Vec<u8>,
    /// XQCN does not say; the manifest of a backup does, else it is guessed from the path.
    pub kind: EntryKind,
}

impl std::fmt::Debug for EfsFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, kind, .. } = self;
        write!(f, "EfsFile({path}, {kind:?}, {} bytes)", self.data.len())
    }
}

impl EfsFile {
    /// Files below `/nv/item_files` and those of the section of that name are item files (inferred from what qfenix
    /// restores by PUT, unverified).
    pub fn usual_kind(section: Section, path: &str) -> EntryKind {
        if section == Section::NvItems || path.starts_with("/nv/item_files/") {
            EntryKind::Item
        } else {
            EntryKind::File
        }
    }
}

/// What made the file, and on which firmware (diag-and-xqcn.md §8.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Property {
    pub esn_word: u32,
    pub model: u16,
    pub nv_major: u8,
    pub nv_minor: u8,
    /// The software version: a safety key, compared with the modem's.
    pub software: String,
    /// The program that wrote the file.
    pub tool: String,
}

impl Xqcn {
    /// A file without contents.
    pub fn empty(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: [2, 0, 0],
            model_number: "00000000".to_owned(),
            nv: Vec::new(),
            efs: Vec::new(),
            property: None,
            feature_mask: None,
            left_out: Vec::new(),
        }
    }

    /// Reads a file, or says what is wrong with it and where.
    pub fn read(bytes: &[u8]) -> Result<Self, XqcnError> {
        read::read(bytes)
    }

    /// The file as other tools write and read it.
    pub fn write(&self) -> Vec<u8> {
        write::write(self)
    }

    /// The IMEI in NV 550; `None` where there is none, or no valid one.
    pub fn owner(&self) -> Option<String> {
        let of_unit = |record: &&NvRecord| record.item == NV_IMEI && record.index == 0;
        imei_from_nv(&self.nv.iter().find(of_unit)?.data)
    }

    /// The files of one section, in file order.
    pub fn section(&self, section: Section) -> impl Iterator<Item = &EfsFile> {
        self.efs.iter().filter(move |file| file.section == section)
    }
}

#[cfg(test)]
mod tests;
