//! What can be wrong with a package, each with the place where that lie or that damage was seen.

use super::mibib;
use super::rawprogram::Storage;
use crate::files;
use crate::protocol::nand::Sectors;
use camino::Utf8PathBuf;

/// Why a package is not flashed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    File(#[from] files::Error),
    #[error("cannot read `{path}`: {reason}")]
    Read { path: Utf8PathBuf, reason: String },
    #[error("`{path}` is longer than {cap} bytes, which none of its kind is")]
    TooLarge { path: Utf8PathBuf, cap: u64 },
    #[error("`md5.txt` is missing, so nothing says what the package should hold")]
    NoList,
    #[error("line {line} of `md5.txt` is no `path:md5`, or the list has no beginning or end")]
    List { line: usize },
    #[error("`{path}` is named twice in `md5.txt`")]
    ListedTwice { path: Utf8PathBuf },
    #[error("`{path}` is to be written and is not listed in `md5.txt`")]
    Unlisted { path: Utf8PathBuf },
    #[error("`{path}` has md5 {found}, `md5.txt` says {listed}")]
    Md5 {
        path: Utf8PathBuf,
        listed: String,
        found: String,
    },
    #[error("`{path}` is missing")]
    Missing { path: Utf8PathBuf },
    #[error("`{path}` is empty")]
    Empty { path: Utf8PathBuf },
    #[error("{name:?} is no name of a file inside the package")]
    Name { name: String },
    #[error("the package has no rawprogram file for {wanted}, but {found}")]
    Geometry { wanted: String, found: String },
    #[error(
        "`{path}` is for {storage} storage, and this modem has a NAND chip with pages of {page} bytes"
    )]
    Storage {
        path: Utf8PathBuf,
        storage: Storage,
        page: u32,
    },
    #[error("the package has only the factory variant, which erases calibration")]
    FactoryOnly,
    #[error("`{path}` cannot be understood: {reason}")]
    Xml { path: Utf8PathBuf, reason: String },
    #[error(
        "`{path}` counts in pages of {page} bytes and blocks of {pages} pages, the chip has {chip}"
    )]
    Pages {
        path: Utf8PathBuf,
        page: u64,
        pages: u64,
        chip: String,
    },
    #[error("sectors {sectors} do not begin and end at block borders")]
    Unaligned { sectors: Sectors },
    #[error("sectors {sectors} lie outside the chip")]
    Outside { sectors: Sectors },
    #[error("`{path}` is {bytes} bytes long and its range {sectors} holds {room}")]
    TooLong {
        path: Utf8PathBuf,
        bytes: u64,
        sectors: Sectors,
        room: u64,
    },
    #[error(
        "`{path}` fills all blocks of its range {sectors}, so one bad block among them would leave no room"
    )]
    NoSlack { path: Utf8PathBuf, sectors: Sectors },
    #[error("sectors {sectors} begin in `{part}` ({range}) and reach beyond it")]
    BeyondPartition {
        part: String,
        range: Sectors,
        sectors: Sectors,
    },
    #[error("`{path}` cannot be written as a sparse image: {reason}")]
    Sparse { path: Utf8PathBuf, reason: String },
    #[error("a line begins with sector {sector} of `{path}`, which is only {bytes} bytes long")]
    Beyond {
        path: Utf8PathBuf,
        sector: u32,
        bytes: u64,
    },
    #[error("sectors {first} and {second} overlap")]
    Overlap { first: Sectors, second: Sectors },
    #[error("sectors {sectors} are written and never erased, so old bits would stay")]
    NotErased { sectors: Sectors },
    #[error("sectors {sectors} touch `{part}` ({range}), which is to be kept")]
    Kept {
        part: String,
        range: Sectors,
        sectors: Sectors,
    },
    #[error("nothing is written at sector 0, so the modem would be left without a boot loader")]
    NoBootLoader,
    #[error("`{part}` ({range}) is erased and not written again")]
    LeftBlank { part: String, range: Sectors },
    #[error("the partition table `{path}` is damaged: {reason}")]
    Mibib {
        path: Utf8PathBuf,
        reason: mibib::Invalid,
    },
    #[error("a patch of `{path}` does not fit it: {reason}")]
    Patch { path: Utf8PathBuf, reason: String },
}

impl Fault {
    /// The rule, `package::kebab-case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) | Self::Read { .. } => "package::unreadable",
            Self::TooLarge { .. } => "package::too-large",
            Self::NoList => "package::no-md5-list",
            Self::List { .. } | Self::ListedTwice { .. } => "package::md5-list",
            Self::Unlisted { .. } => "package::unlisted",
            Self::Md5 { .. } => "package::wrong-md5",
            Self::Missing { .. } => "package::missing-image",
            Self::Empty { .. } => "package::empty-image",
            Self::Name { .. } => "package::file-name",
            Self::Geometry { .. } | Self::Pages { .. } => "package::geometry",
            Self::Storage { .. } => "package::other-storage",
            Self::FactoryOnly => "package::factory-only",
            Self::Xml { .. } => "package::xml",
            Self::Unaligned { .. } => "package::unaligned",
            Self::Outside { .. } => "package::outside-chip",
            Self::TooLong { .. } => "package::image-too-long",
            Self::NoSlack { .. } => "package::no-slack",
            Self::BeyondPartition { .. } => "package::beyond-partition",
            Self::Sparse { .. } => "package::sparse",
            Self::Beyond { .. } => "package::beyond-image",
            Self::Overlap { .. } => "package::overlap",
            Self::NotErased { .. } => "package::not-erased",
            Self::Kept { .. } => "package::kept-partition",
            Self::NoBootLoader => "package::no-boot-loader",
            Self::LeftBlank { .. } => "package::left-blank",
            Self::Mibib { .. } => "package::mibib",
            Self::Patch { .. } => "package::patch",
        }
    }

    /// The package cannot be understood at all. Every other fault is one of a package that is understood, and says or
    /// does what it must not: a guard refuses it.
    pub fn is_malformed(&self) -> bool {
        match self {
            Self::File(_)
            | Self::Read { .. }
            | Self::TooLarge { .. }
            | Self::NoList
            | Self::List { .. }
            | Self::ListedTwice { .. }
            | Self::Empty { .. }
            | Self::Name { .. }
            | Self::Xml { .. }
            | Self::Sparse { .. }
            | Self::Mibib { .. }
            | Self::Patch { .. } => true,
            Self::Unlisted { .. }
            | Self::Md5 { .. }
            | Self::Missing { .. }
            | Self::Geometry { .. }
            | Self::Storage { .. }
            | Self::FactoryOnly
            | Self::Pages { .. }
            | Self::Unaligned { .. }
            | Self::Outside { .. }
            | Self::TooLong { .. }
            | Self::NoSlack { .. }
            | Self::BeyondPartition { .. }
            | Self::Beyond { .. }
            | Self::Overlap { .. }
            | Self::NotErased { .. }
            | Self::Kept { .. }
            | Self::NoBootLoader
            | Self::LeftBlank { .. } => false,
        }
    }

    /// Where the danger was seen or the rule is said.
    pub fn source_of_rule(&self) -> &'static str {
        match self {
            Self::Geometry { .. } | Self::Pages { .. } | Self::Unaligned { .. } => {
                "Biktorgj/quectel_eg25_recovery#29"
            }
            Self::FactoryOnly | Self::Kept { .. } => "forums.quectel.com/t/19921",
            Self::NotErased { .. } => "bkerler/edl#522",
            Self::TooLong { .. } => "linux-msm/qdl:src/firehose.c cuts such files",
            Self::Storage { .. } => "SECTOR_SIZE_IN_BYTES and PAGES_PER_BLOCK of its lines",
            Self::NoSlack { .. } => {
                "Biktorgj/quectel_eg25_recovery:update/partition_nand.xml (pad_blks)"
            }
            Self::Sparse { .. } => "aosp:system/core/libsparse/sparse_format.h",
            Self::NoBootLoader => "nippynetworks/qfirehose:ReleaseNote.txt 1.2.4",
            Self::Mibib { .. } | Self::Patch { .. } => {
                "Biktorgj/quectel_eg25_recovery:update/firehose"
            }
            _ => "md5.txt and rawprogram of the package",
        }
    }

    /// What to do, as an order.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Geometry { .. }
            | Self::Pages { .. }
            | Self::Unaligned { .. }
            | Self::Outside { .. } => {
                "get the package for this very model; another memory chip needs another package"
            }
            Self::FactoryOnly => {
                "get a package with an update variant; only `erase_all` takes a factory variant"
            }
            Self::Storage { .. } => {
                "get the package for the NAND variant of this model; modems with eMMC or UFS cannot be flashed yet"
            }
            Self::NoSlack { .. } => {
                "get a package that leaves blocks of this range free: a chip may have bad ones anywhere"
            }
            Self::Sparse { .. } => {
                "download and unpack the package again; if its image is the same, get a package with plain images"
            }
            Self::Kept { .. } => {
                "get a package that leaves calibration alone; nothing but this unit's own backup brings it back"
            }
            _ => "download and unpack the package again, and compare it with its source",
        }
    }
}
