//! Values of inputs and facts: read from text by their kind, written into text by [`super::Template`].

use super::Kind;
use crate::protocol::diag::imei_is_valid;
use camino::{Utf8Path, Utf8PathBuf};
use regex::Regex;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

/// Inputs and facts that are known, by name.
pub type Values = BTreeMap<String, Value>;

/// The value of an input or a fact.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Int(i64),
    Bool(bool),
    File(Utf8PathBuf),
    Folder(Utf8PathBuf),
    /// A folder that was given as a zip.
    Unpacked(Unpacked),
    /// A full version, or `unknown`.
    Firmware(String),
    Imei(String),
    Secret(String),
}

/// A zip, and where it was unpacked.
#[derive(Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// As it was given.
    pub zip: Utf8PathBuf,
    pub sha256: String,
    /// What stands for the folder.
    pub folder: Utf8PathBuf,
}

impl Value {
    /// Reads a value as typed or as captured. Whether a file is there is for whoever opens it.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, String> {
        match kind {
            Kind::Text | Kind::Secret if text.is_empty() => Err("it is empty".to_owned()),
            Kind::Text => Ok(Self::Text(text.to_owned())),
            Kind::Int => match text.parse() {
                Ok(number) => Ok(Self::Int(number)),
                Err(_) => Err(format!("`{text}` is not a whole number")),
            },
            Kind::Bool => match text {
                "true" | "1" => Ok(Self::Bool(true)),
                "false" | "0" => Ok(Self::Bool(false)),
                _ => Err(format!("`{text}` is neither `true` nor `false`")),
            },
            Kind::File | Kind::Folder if text.is_empty() || text.contains('\0') => {
                Err("it is no path".to_owned())
            }
            Kind::File => Ok(Self::File(text.into())),
            Kind::Folder => Ok(Self::Folder(text.into())),
            Kind::Firmware if text == "unknown" => Ok(Self::Firmware(text.to_owned())),
            Kind::Firmware if !is_firmware_version(text) => Err(format!(
                "`{text}` is no full version such as `RM502QGLAAR11A02M4G_01.200.01.200`"
            )),
            // The application half has not answered yet (quectel.md §2.2, from ModemManager).
            Kind::Firmware if text.ends_with(".00.000") => {
                Err(format!("`{text}` is not complete yet"))
            }
            Kind::Firmware => Ok(Self::Firmware(text.to_owned())),
            // The number itself is not repeated: messages are kept.
            Kind::Imei if !imei_is_valid(text) => {
                Err("an IMEI has 15 digits, the last of them a check digit".to_owned())
            }
            Kind::Imei => Ok(Self::Imei(text.to_owned())),
            Kind::Secret => Ok(Self::Secret(text.to_owned())),
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Int(_) => Kind::Int,
            Self::Bool(_) => Kind::Bool,
            Self::File(_) => Kind::File,
            Self::Folder(_) | Self::Unpacked(_) => Kind::Folder,
            Self::Firmware(_) => Kind::Firmware,
            Self::Imei(_) => Kind::Imei,
            Self::Secret(_) => Kind::Secret,
        }
    }

    /// As it is written into commands, texts and the journal's private part: in full, and as it was given.
    pub fn display(&self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::File(path) | Self::Folder(path) => path.to_string(),
            Self::Unpacked(unpacked) => unpacked.zip.to_string(),
            Self::Text(text) | Self::Firmware(text) | Self::Imei(text) | Self::Secret(text) => {
                text.clone()
            }
        }
    }

    /// Where a file or a folder lies on this computer's disk.
    pub fn path(&self) -> Option<&Utf8Path> {
        match self {
            Self::File(path) | Self::Folder(path) => Some(path),
            Self::Unpacked(unpacked) => Some(&unpacked.folder),
            _ => None,
        }
    }

    /// For people: an IMEI by its last four digits, a secret not at all.
    pub fn shown(&self) -> String {
        match self {
            Self::Imei(imei) => format!("…{}", &imei[imei.len().saturating_sub(4)..]),
            Self::Secret(_) => "***".to_owned(),
            Self::Unpacked(unpacked) => format!("{} (sha256 {})", unpacked.zip, unpacked.sha256),
            _ => self.display(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.kind(), self.shown())
    }
}

/// `[a-z][a-z0-9_-]*`, at most 40.
pub fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}

/// Whether a text is a full firmware version by the grammar of quectel.md §3, its configuration part included.
pub fn is_firmware_version(text: &str) -> bool {
    static GRAMMAR: OnceLock<Option<Regex>> = OnceLock::new();
    GRAMMAR
        .get_or_init(|| {
            Regex::new(concat!(
                r"^[A-Z]{2}[0-9A-Z]+?R[0-9]{2}A[0-9]{2}(?:V[0-9]{2})?[A-Z][0-9]G[A-Z]?(?:_.+)?",
                r"_[0-9A-Z]{2}\.[0-9]{3}(?:V[0-9]{2})?(?:\.[0-9A-Z]{2}(?:\.[0-9]{3}(?:V[0-9]{2})?)?)?$",
            ))
            .ok()
        })
        .as_ref()
        .is_some_and(|grammar| grammar.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_its_own_and_nothing_else() {
        for (kind, text, ok) in [
            (Kind::Text, "a b", true),
            (Kind::Text, "", false),
            (Kind::Int, "-12", true),
            (Kind::Int, "+12", true),
            (Kind::Int, "1.5", false),
            (Kind::Int, "9223372036854775808", false),
            (Kind::Bool, "0", true),
            (Kind::Bool, "true", true),
            (Kind::Bool, "yes", false),
            (Kind::File, "a/b", true),
            (Kind::Folder, "", false),
            (Kind::Firmware, "unknown", true),
            (Kind::Firmware, "RM502QGLAAR11A02M4G_01.200.01.200", true),
            (Kind::Firmware, "EC25EFAR06A17M4G_20.200", true),
            (Kind::Firmware, "RM520NGLAAR03A02M4GA_01.200.01.200", true),
            (
                Kind::Firmware,
                "RM502QGLAAR13A02M4G_BETA_20221125B_01.001.01.001",
                true,
            ),
            (Kind::Firmware, "RM502QGLAAR11A02M4G_01.016.00.000", false),
            (Kind::Firmware, "RM502QGLAAR11A02M4G", false),
            (Kind::Firmware, "R11A02", false),
            (Kind::Imei, "490154203237518", true),
            (Kind::Imei, "490154203237519", false),
            (Kind::Secret, "x", true),
        ] {
            let value = Value::parse(kind, text);
            assert_eq!(value.is_ok(), ok, "{kind} {text}");
            if let Ok(value) = value {
                assert_eq!(value.kind(), kind);
            }
        }
    }

    #[test]
    fn neither_secret_nor_imei_is_shown() {
        let imei = Value::parse(Kind::Imei, "490154203237518").unwrap();
        let secret = Value::parse(Kind::Secret, "hunter2").unwrap();
        assert_eq!(
            (imei.shown(), secret.shown()),
            ("…7518".to_owned(), "***".to_owned())
        );
        assert_eq!(format!("{imei:?} {secret:?}"), "imei(…7518) secret(***)");
        let wrong = Value::parse(Kind::Imei, "490154203237519").unwrap_err();
        assert!(!wrong.contains("4901"));
    }

    #[test]
    fn names_are_plain_words() {
        for name in ["a", "save-nand", "fw_after", "x9"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "A", "9a", "-a", "a b", "é", "a.b", &"a".repeat(41)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
