//! What can be wrong with a zip, each with the name it was seen at.

use crate::files;
use camino::Utf8PathBuf;

/// Why a zip is not unpacked. A name that is itself wrong is escaped.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    File(#[from] files::Error),
    #[error("it cannot be read: {reason}")]
    Read { reason: String },
    #[error("it is empty")]
    NoBytes,
    #[error("it is no zip")]
    NoZip,
    #[error("its end is missing, or something follows it")]
    Cut,
    #[error("it has two ends, so two programs would unpack two packages")]
    TwoEnds,
    #[error("it is one part of several")]
    Parts,
    #[error("it is in the 64-bit form, which only zips above 4 GiB need")]
    Zip64,
    #[error("there is no file in it")]
    NoFile,
    #[error("it holds {entries} files and folders, and at most {most} are unpacked")]
    TooMany { entries: usize, most: usize },
    #[error("its directory is damaged at byte {at}: {reason}")]
    Directory { at: u64, reason: &'static str },
    #[error("bytes {from} to {to} belong to no file in it")]
    Foreign { from: u64, to: u64 },
    #[error("`{name}` lies on top of `{other}`")]
    Overlap { name: String, other: String },
    #[error("the name {name} {reason}")]
    Name { name: String, reason: &'static str },
    #[error("`{name}` is in it twice{}", as_other(name, other))]
    Twice { name: String, other: String },
    #[error("`{name}` is a file, and `{other}` needs it to be a folder")]
    FileAndFolder { name: String, other: String },
    #[error("`{name}` is {what}, and only files and folders are unpacked")]
    Special { name: String, what: &'static str },
    #[error("`{name}` is encrypted")]
    Encrypted { name: String },
    #[error("`{name}` is packed by method {method}; only stored and deflated files are unpacked")]
    Method { name: String, method: u16 },
    #[error("`{name}` needs a feature of zip that no package needs: {what}")]
    Feature { name: String, what: &'static str },
    #[error("`{name}` is called otherwise in front of its data than in the directory")]
    OtherName { name: String },
    #[error("the {what} of `{name}` differs between the directory and what stands beside its data")]
    Differs { name: String, what: &'static str },
    #[error("`{name}` would unpack from {packed} bytes to {bytes}")]
    Ratio {
        name: String,
        packed: u64,
        bytes: u64,
    },
    #[error("it would unpack to {bytes} bytes, and no package is that large")]
    TooLarge { bytes: u64 },
    #[error("`{name}` is said to hold {said} bytes, and holds {found}")]
    Length {
        name: String,
        said: u64,
        found: Found,
    },
    #[error("`{name}` is damaged: its CRC is {found:08x}, and should be {said:08x}")]
    Crc { name: String, said: u32, found: u32 },
    #[error("`{name}` is damaged: it does not unpack")]
    Damaged { name: String },
    #[error("unpacking it takes {needs} bytes, and the disk of `{folder}` has {has} free")]
    NoRoom {
        folder: Utf8PathBuf,
        needs: u64,
        has: u64,
    },
    #[error("it cannot be unpacked: {0}")]
    Write(files::Error),
    #[error("it was being unpacked when the program was interrupted; the modem was not touched")]
    Interrupted,
}

/// How much a file turned out to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Bytes(u64),
    More,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::More => f.write_str("more"),
        }
    }
}

fn as_other(name: &str, other: &str) -> String {
    if name == other {
        String::new()
    } else {
        format!(", also as `{other}`")
    }
}

impl Fault {
    /// The rule, `zip::kebab-case`; what only this computer is to blame for is `host::`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) | Self::Read { .. } => "zip::unreadable",
            Self::NoBytes | Self::NoZip => "zip::no-zip",
            Self::Cut => "zip::cut",
            Self::TwoEnds => "zip::two-ends",
            Self::Parts => "zip::parts",
            Self::Zip64 => "zip::zip64",
            Self::NoFile => "zip::no-file",
            Self::TooMany { .. } => "zip::too-many",
            Self::Directory { .. } => "zip::directory",
            Self::Foreign { .. } => "zip::foreign-bytes",
            Self::Overlap { .. } => "zip::overlap",
            Self::Name { .. } => "zip::name",
            Self::Twice { .. } => "zip::twice",
            Self::FileAndFolder { .. } => "zip::file-and-folder",
            Self::Special { .. } => "zip::special",
            Self::Encrypted { .. } => "zip::encrypted",
            Self::Method { .. } => "zip::method",
            Self::Feature { .. } => "zip::feature",
            Self::OtherName { .. } | Self::Differs { .. } => "zip::two-truths",
            Self::Ratio { .. } => "zip::ratio",
            Self::TooLarge { .. } => "zip::too-large",
            Self::Length { .. } => "zip::length",
            Self::Crc { .. } => "zip::crc",
            Self::Damaged { .. } => "zip::damaged",
            Self::NoRoom { .. } => "host::no-room",
            Self::Write(_) => "host::file",
            Self::Interrupted => "run::interrupted",
        }
    }

    /// What to do, as an order.
    pub fn help(&self) -> &'static str {
        match self {
            Self::File(_) | Self::Read { .. } => "look at the file and its rights",
            Self::NoBytes
            | Self::NoZip
            | Self::Cut
            | Self::Length { .. }
            | Self::Crc { .. }
            | Self::Damaged { .. } => "download it again, and compare it with its source",
            Self::Parts | Self::Encrypted { .. } => {
                "unpack it yourself, and give the folder that holds `md5.txt` and `update`"
            }
            Self::NoFile => "give the zip of the package",
            Self::Zip64 | Self::Method { .. } | Self::Feature { .. } | Self::Ratio { .. } => {
                "where you trust its source, unpack it yourself and give the folder; else get it from Quectel"
            }
            Self::TooMany { .. }
            | Self::TooLarge { .. }
            | Self::TwoEnds
            | Self::Directory { .. }
            | Self::Foreign { .. }
            | Self::Overlap { .. }
            | Self::Name { .. }
            | Self::Twice { .. }
            | Self::FileAndFolder { .. }
            | Self::Special { .. }
            | Self::OtherName { .. }
            | Self::Differs { .. } => {
                "do not trust it: get the package from Quectel; a zip that was made by accident like this is packed anew"
            }
            Self::NoRoom { .. } | Self::Write(_) => {
                "make room, or name another folder for runs with `--state`"
            }
            Self::Interrupted => "nothing of it was kept: begin again",
        }
    }
}
