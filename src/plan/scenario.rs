//! A state of the simulated modem, for `run --sim`, `sim` and rehearsals.

use super::{Duration, Fault, Mode, strict};
use crate::yaml::{Spanned, Table};
use schemars::JsonSchema;
use serde::Deserialize;

/// A state of the simulated modem.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of the scenario format. Only 1 exists.
    #[schemars(transform = strict::version)]
    pub scenario: Spanned<u32>,
    /// What state this is, and what it is good for.
    #[serde(default, deserialize_with = "super::words::some_words")]
    #[schemars(transform = strict::words)]
    pub about: Option<String>,
    /// The modem profile.
    #[schemars(transform = strict::profile)]
    pub modem: Spanned<String>,
    /// What is on the bus at the start.
    pub mode: Spanned<Mode>,
    /// What the flash holds: a full version, or `none`.
    pub firmware: Spanned<String>,
    /// Blank partitions; they decide what boots.
    #[serde(default)]
    pub damage: Vec<Spanned<String>>,
    /// Radio calibration; missing means factory test mode after boot.
    #[serde(default)]
    pub calibration: Calibration,
    /// The factory-test flag, NV 453.
    #[serde(default)]
    pub ftm: bool,
    /// NV 550, or `none`. A test number where nothing is given.
    #[serde(default)]
    #[schemars(transform = strict::imei_or_none)]
    pub imei: Option<Spanned<String>>,
    /// Chip serial, eight hex digits; `0badcafe` where nothing is given.
    #[serde(default)]
    #[schemars(transform = strict::serial)]
    pub serial: Option<Spanned<String>>,
    /// Defects of the flash chip.
    #[serde(default)]
    pub nand: NandDefects,
    /// How the boot ROM speaks.
    #[serde(default)]
    pub sahara: SaharaTraits,
    /// How the programmer behaves.
    #[serde(default)]
    pub programmer: ProgrammerTraits,
    /// Whether DIAG writes are allowed.
    #[serde(default)]
    pub spc: Spc,
    /// From power to the first AT answer; the profile's where nothing is given.
    #[serde(default)]
    pub boot_time: Option<Spanned<Duration>>,
    /// What the operator's hands do when a step asks, by step id.
    #[serde(default)]
    #[schemars(transform = strict::by_name)]
    pub hands: Table<Hands>,
    /// What goes wrong with the modem.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Inputs that the run takes where none is given.
    #[serde(default)]
    #[schemars(transform = strict::values_by_variable)]
    pub inputs: Table<Spanned<String>>,
    /// Inputs that the simulator makes where none is given.
    #[serde(default)]
    #[schemars(transform = strict::by_variable)]
    pub makes: Table<Make>,
    /// The backup that the module itself keeps of its file system, from a time when all was well (`AT+QPRTPARA`).
    #[serde(default)]
    pub factory_copy: FactoryCopy,
}

/// Whether the radio calibration is there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Calibration {
    /// It is there.
    #[default]
    Present,
    /// It is gone: the modem boots into factory test mode.
    Missing,
}

/// Whether the module's own backup was ever made.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FactoryCopy {
    /// It was made while all was well.
    Present,
    #[default]
    /// There is none to go back to.
    Missing,
}

/// Whether the service programming code stands before DIAG writes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spc {
    /// DIAG writes are taken.
    #[default]
    Open,
    /// DIAG writes are refused.
    Locked,
}

/// An input that the simulator makes, always the same bytes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = exactly_one_make)]
pub struct Make {
    /// A firmware package in the layout of a Quectel release.
    #[serde(default)]
    pub package: Option<MakePackage>,
    /// A calibration file.
    #[serde(default)]
    pub xqcn: Option<MakeXqcn>,
    /// The image of one partition.
    #[serde(default)]
    pub image: Option<MakeImage>,
}

/// A synthetic package.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakePackage {
    /// Its full version.
    pub firmware: Spanned<String>,
    /// `update`, or `factory`, which erases calibration.
    #[serde(default)]
    pub variant: Variant,
    /// Size of all images together, such as `32M`; about 32 MiB where nothing is given.
    #[serde(default)]
    #[schemars(transform = strict::size)]
    pub size: Option<Spanned<String>>,
    /// What is wrong with it.
    #[serde(default)]
    pub broken: Option<Spanned<Broken>>,
}

/// Which rawprogram a package brings.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// It leaves the calibration alone.
    #[default]
    Update,
    /// It erases the calibration.
    Factory,
}

/// What is wrong with a synthetic package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Broken {
    /// One image's md5 in md5.txt is wrong.
    WrongMd5,
    /// One image is missing.
    MissingImage,
    /// The update rawprogram erases the calibration partition.
    ErasesCalibration,
}

/// A synthetic calibration file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeXqcn {
    /// NV 550 inside the file.
    #[schemars(transform = strict::imei)]
    pub imei: Spanned<String>,
    /// Whether radio calibration is inside.
    #[serde(default)]
    pub calibration: Calibration,
}

/// A synthetic image of one partition.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeImage {
    /// The partition of the profile.
    pub part: Spanned<String>,
    /// The full version that it says it is of.
    pub firmware: Spanned<String>,
    /// Its size, such as `2M`; 1 MiB where nothing is given.
    #[serde(default)]
    #[schemars(transform = strict::size)]
    pub size: Option<Spanned<String>>,
}

fn exactly_one_make(schema: &mut schemars::Schema) {
    super::one_of::exactly_one_of(schema, &["package", "xqcn", "image"]);
}

/// Defects of the flash chip.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NandDefects {
    /// Bad blocks, by number.
    pub bad_blocks: Vec<u32>,
    /// Pages that read as 0xEE: first page and number of pages.
    pub unreadable: Vec<(u32, u32)>,
}

/// How the boot ROM speaks Sahara.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a yes or a no of its own in a scenario"
)]
pub struct SaharaTraits {
    /// Version in HELLO.
    pub version: u32,
    /// Whether command mode is answered.
    pub command_mode: bool,
    /// `DONE_RESPONSE` says that images are pending.
    pub pending: bool,
    /// `READ_DATA` in its 64-bit form.
    pub read64: bool,
    /// Images that it wants before the programmer, by number, one after another.
    pub images: Vec<u32>,
    /// Whether it begins anew when it is asked to, as from Sahara 2.9 on.
    pub begins_anew: bool,
}

impl Default for SaharaTraits {
    fn default() -> Self {
        Self {
            version: 2,
            command_mode: true,
            pending: false,
            read64: false,
            images: Vec::new(),
            begins_anew: true,
        }
    }
}

/// How the programmer behaves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProgrammerTraits {
    /// `any`, or the SHA-256 of the one that is signed for this modem.
    #[schemars(transform = strict::programmer)]
    pub accepts: String,
    /// Whether it offers getsha256digest.
    pub digest: bool,
    /// Most bytes of one raw transfer.
    pub max_payload: u32,
    /// One log per function, or one for all.
    pub banner: Banner,
}

impl Default for ProgrammerTraits {
    fn default() -> Self {
        Self {
            accepts: "any".into(),
            digest: true,
            max_payload: 8192,
            banner: Banner::Many,
        }
    }
}

/// How the programmer tells its functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Banner {
    /// One log per function.
    Many,
    /// One log for all functions.
    One,
}

/// What hands do when a step asks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hands {
    /// One after the other.
    pub does: Vec<Hand>,
    /// How long they take.
    pub after: Spanned<Duration>,
}

/// Something that hands do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hand {
    /// Pull the plug: the modem has no power.
    Unplug,
    /// Put the plug in.
    Plug,
    /// Tie the boot pin to ground.
    BootPinOn,
    /// Free the boot pin.
    BootPinOff,
    /// Nothing at all, as where nobody is there.
    Nothing,
}
