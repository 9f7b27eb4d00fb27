//! The manifest beside a backup: what it holds, hashed, and what XQCN cannot say.

use super::{Section, Xqcn};
use crate::files::hex;
use crate::protocol::efs::EntryKind;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Version of the format.
pub const FORMAT: u32 = 1;
/// Longest manifest that is read.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What is written beside an XQCN file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// The XQCN file beside this one.
    pub file: String,
    pub bytes: u64,
    pub sha256: String,
    pub origin: Origin,
    pub items: Vec<Item>,
    pub files: Vec<File>,
    /// XQCN has no place for them.
    pub links: Vec<Link>,
}

/// Where and when a backup was made, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    pub firmware: Option<String>,
    /// Of the chip.
    pub serial: Option<String>,
    pub time: Option<String>,
}

/// A numbered NV item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub item: u16,
    pub index: u16,
    pub bytes: u64,
    /// Absent for identity items: fifteen digits are soon found from their hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A file of the modem's file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub section: Section,
    pub path: String,
    pub kind: EntryKind,
    pub bytes: u64,
    pub sha256: String,
}

/// A symbolic link of the modem's file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub path: String,
    pub target: String,
}

/// Why a manifest cannot be used with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("it is no manifest: {0}")]
    Json(String),
    #[error("its format {0} is unknown; this program knows {FORMAT}")]
    Format(u32),
    #[error("the calibration file is not the one that it was written for")]
    OtherFile,
}

impl Manifest {
    /// Describes a file that was written as `bytes` under `name`.
    pub fn new(name: &str, bytes: &[u8], xqcn: &Xqcn, links: Vec<Link>, origin: Origin) -> Self {
        let item = |record: &super::NvRecord| Item {
            item: record.item,
            index: record.index,
            bytes: record.data.len() as u64,
            sha256: (!record.is_identity()).then(|| digest(&record.data)),
        };
        let file = |file: &super::EfsFile| File {
            section: file.section,
            path: file.path.clone(),
            kind: file.kind,
            bytes: file.data.len() as u64,
            sha256: digest(&file.data),
        };
        Self {
            format: FORMAT,
            file: name.to_owned(),
            bytes: bytes.len() as u64,
            sha256: digest(bytes),
            origin,
            items: xqcn.nv.iter().map(item).collect(),
            files: xqcn.efs.iter().map(file).collect(),
            links,
        }
    }

    /// Reads the manifest of the very file `xqcn_bytes`.
    pub fn read(json: &[u8], xqcn_bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self =
            serde_json::from_slice(json).map_err(|e| ManifestError::Json(e.to_string()))?;
        if manifest.format != FORMAT {
            return Err(ManifestError::Format(manifest.format));
        }
        if manifest.sha256 != digest(xqcn_bytes) {
            return Err(ManifestError::OtherFile);
        }
        Ok(manifest)
    }

    pub fn write(&self) -> Vec<u8> {
        // A structure of text and numbers cannot fail to be serialised.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Where the manifest of a file stands.
    pub fn path(xqcn: &Utf8Path) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{xqcn}.json"))
    }

    /// Gives files the kind that the backup found.
    pub fn tell_kinds(&self, xqcn: &mut Xqcn) {
        let kinds: BTreeMap<(Section, &str), EntryKind> = self
            .files
            .iter()
            .map(|f| ((f.section, f.path.as_str()), f.kind))
            .collect();
        for file in &mut xqcn.efs {
            if let Some(kind) = kinds.get(&(file.section, file.path.as_str())) {
                file.kind = *kind;
            }
        }
    }
}

/// SHA-256 in lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
