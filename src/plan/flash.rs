//! Fields of the actions that load programmers, and read and write the flash.

use super::{Mode, strict};
use crate::yaml::{Spanned, Table};
use schemars::JsonSchema;
use serde::Deserialize;

/// Fields of `sahara.load`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaharaLoad {
    /// The programmer, signed for this modem.
    pub programmer: Spanned<String>,
    /// Further images by their number, for boot ROMs that want several: `21: "${package}/..."`. The programmer is 13.
    #[serde(default)]
    #[schemars(transform = strict::by_image)]
    pub images: Table<Spanned<String>>,
    /// What it speaks once it runs; `firehose` where nothing is given.
    #[serde(default)]
    pub speaks: Option<Spanned<Speaks>>,
}

impl SaharaLoad {
    /// The number under which a boot ROM asks for the programmer (protocols.md §5.3).
    pub const PROGRAMMER: u32 = 13;
    /// Numbers seen are below it: qdl takes as many (linux-msm/qdl:src/sahara.c, protocols.md §5.3).
    pub const IMAGES: u32 = 128;

    /// The number of an image, if the text is one that may be given.
    pub fn image(text: &str) -> Option<u32> {
        let number: u32 = text.parse().ok()?;
        let is_plain = number.to_string() == text;
        (is_plain && number < Self::IMAGES && number != Self::PROGRAMMER).then_some(number)
    }

    /// All files, the programmer first.
    pub fn files(&self) -> impl Iterator<Item = &Spanned<String>> {
        std::iter::once(&self.programmer).chain(self.images.iter().map(|(_, file)| file))
    }

    /// What it is to speak.
    pub fn speaks(&self) -> Speaks {
        self.speaks
            .as_ref()
            .map_or_else(Speaks::default, |speaks| speaks.value)
    }
}

/// What a file speaks that the boot ROM has loaded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Speaks {
    /// Firehose: it is a programmer.
    #[default]
    Firehose,
    /// Streaming DLOAD: it is NPRG or ENPRG of a package.
    Dload,
}

/// Fields of `firehose.backup`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirehoseBackup {
    /// Partitions of the profile to read.
    #[schemars(transform = strict::filled)]
    pub parts: Spanned<Vec<Spanned<String>>>,
    /// The folder to write, relative to the working folder. It must not exist.
    pub to: Spanned<String>,
}

/// Fields of `firehose.flash`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirehoseFlash {
    /// The unpacked package.
    pub package: Spanned<String>,
    /// How written ranges are verified. Absent: the best there is.
    #[serde(default)]
    pub verify: Option<Spanned<Verify>>,
    /// Leaves ranges alone whose digest equals the image.
    #[serde(default)]
    pub skip_same: bool,
    /// Erases the whole chip, calibration included. Needs `because`.
    #[serde(default)]
    pub erase_all: Option<Spanned<bool>>,
}

/// How written ranges are verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verify {
    /// By the programmer's SHA-256 of each range.
    Digest,
    /// By reading every written sector.
    Readback,
    /// Not at all; needs `because`.
    None,
}

/// Fields of `firehose.reset`, `fastboot.reboot` and `dload.reset`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RebootTo {
    /// The mode to wait for.
    pub to: Spanned<Mode>,
}

/// Fields of `fastboot.flash`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FastbootFlash {
    /// The partition's name; none that the profile keeps.
    pub part: Spanned<String>,
    /// The file to write.
    pub image: Spanned<String>,
    /// How the write is verified. Absent: not at all, so that the run ends as unproved.
    #[serde(default)]
    pub verify: Option<Spanned<FastbootVerify>>,
}

/// How a write is verified that nothing can read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FastbootVerify {
    /// By the version that the running firmware tells: afterwards the `target` of the step's `rollback` guard, and before
    /// the write another one. For the image that this version comes from, and for no other.
    Version,
    /// Not at all; needs `because`.
    None,
}

/// Fields of `dload.flash`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DloadFlash {
    /// The unpacked package. Its `update/partition.mbn` must place every partition where the profile does.
    pub package: Spanned<String>,
    /// Lets the loader put the package's partition table in place of one on the chip that differs. It may erase. Needs
    /// `because`.
    #[serde(default)]
    pub replace_table: Option<Spanned<bool>>,
    /// `none`: what was written counts as written, though nothing reads it back. Needs `because`. Absent: the run ends as
    /// unproved.
    #[serde(default)]
    pub verify: Option<Spanned<DloadVerify>>,
}

/// A write that nothing can read back is not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DloadVerify {
    /// Not at all.
    None,
}
