//! A state of the simulated modem, for `run --sim`, `sim` and rehearsals.

use super::{Duration, Mode, strict};
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
    #[serde(default)]
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
    /// What goes wrong.
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

fn exactly_one_make(schema: &mut schemars::Schema) {
    super::one_of::exactly_one_of(schema, &["package", "xqcn"]);
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
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SaharaTraits {
    /// Version in HELLO.
    pub version: u32,
    /// Whether command mode is answered.
    pub command_mode: bool,
    /// `DONE_RESPONSE` says that images are pending.
    pub pending: bool,
    /// `READ_DATA` in its 64-bit form.
    pub read64: bool,
}

impl Default for SaharaTraits {
    fn default() -> Self {
        Self {
            version: 2,
            command_mode: true,
            pending: false,
            read64: false,
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

/// Something that goes wrong at one operation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Spanned<FaultKind>,
    /// At which operation of the modem; any where nothing is given.
    #[serde(default)]
    pub on: Option<Spanned<Operation>>,
    /// Only while this step runs, counted from its start; at any time where nothing is given.
    #[serde(default)]
    pub step: Option<Spanned<String>>,
    /// At the how manieth; the first where nothing is given.
    #[serde(default)]
    #[schemars(transform = strict::counted)]
    pub nth: Option<u32>,
    /// What some kinds need to know: a mode, a number or a duration.
    #[serde(default)]
    pub value: Option<Spanned<String>>,
}

/// Faults that the simulated modem knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The modem leaves the bus and stays away.
    Unplug,
    /// The answer never comes.
    LostReply,
    /// Random bytes instead of the answer.
    Garbage,
    /// The programmer refuses the command.
    Nak,
    /// Data is acknowledged and not stored.
    AckButLost,
    /// One bit of what is stored is wrong.
    BitFlip,
    /// `END_OF_IMAGE` with the status `value`; 37, which is 0x25, where nothing is given.
    EndStatus,
    /// HELLO never comes.
    NoHello,
    /// Answers take ten times as long.
    Slow,
    /// The modem leaves the bus, and power comes back after `value`, a duration; 2 s where nothing is given.
    Vanish,
    /// The modem leaves the bus and comes back in the mode `value`: `normal`, `edl` or `ramdump`; `edl` where nothing is
    /// given.
    WrongMode,
    /// The first `value` bytes of the answer come alone; one byte where nothing is given.
    ShortRead,
    /// The answer comes in pieces of three bytes.
    Split,
    /// The answer comes in one transfer with what was sent before it.
    Join,
    /// The command is not heard: nothing is done, and nothing answered.
    Timeout,
    /// The modem sends nothing for `value`, a duration, and then goes on; 30 s where nothing is given.
    Stall,
    /// Random bytes come before the answer.
    StaleBytes,
    /// The DIAG answer comes with a wrong checksum.
    BadCrc,
    /// The answer comes twice.
    DuplicateReply,
    /// The answer comes `value` later, a duration, and others may come before it; 5 s where nothing is given.
    LateReply,
    /// HELLO comes twice.
    HelloTwice,
    /// `END_OF_IMAGE` of an earlier conversation comes before HELLO, with the status `value`; 1 where nothing is given.
    StaleEnd,
    /// After this `READ_DATA` the boot ROM says nothing any more, as where it does not like what it got.
    SilenceAfterRead,
    /// From this HELLO on the boot ROM leaves the bus every `value`, a duration, until a programmer runs; 15 s where
    /// nothing is given.
    EdlLoop,
    /// From this HELLO on the modem comes back in its memory dump state, unless the boot pin is tied.
    StayRamdump,
    /// `configure` is refused, and half of what was asked for is offered.
    NakSmallerPayload,
    /// The programmer refuses the command once, and says that it may be tried again.
    NakRetry,
    /// A log line comes after the response.
    LateLog,
    /// A log line and the response come as two documents in one transfer.
    TwoDocuments,
    /// The work is done and a log line comes, but never the response.
    LogWithoutResponse,
    /// The erase is acknowledged at once and happens `value` later, a duration; 2 s where nothing is given.
    LateErase,
    /// The first good block of the range turns bad.
    BadBlock,
    /// The programmer refuses to reset, and runs on.
    ErrorOnReset,
    /// The modem leaves for EDL without repeating the command.
    NoEcho,
    /// The write is refused as on a modem that was not unlocked.
    Locked,
    /// The file system has no room.
    EfsFull,
    /// It cannot be read: an error over DIAG, pages of filler in Firehose.
    ReadError,
    /// A line that nobody asked for stands in the answer.
    ExtraLine,
    /// From this command on the second half of the version is not there yet, for `value`, a duration; 10 s where nothing
    /// is given.
    HalfVersion,
}

/// What a fault may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultValue {
    Mode,
    Number,
    Duration,
}

impl FaultValue {
    pub fn article(self) -> &'static str {
        match self {
            Self::Mode => "`normal`, `edl` or `ramdump`",
            Self::Number => "a number from 1 on",
            Self::Duration => "a duration such as `5s`",
        }
    }
}

impl FaultKind {
    /// What its `value` is; `None` where it takes none.
    pub fn takes(self) -> Option<FaultValue> {
        match self {
            Self::WrongMode => Some(FaultValue::Mode),
            Self::ShortRead | Self::EndStatus | Self::StaleEnd => Some(FaultValue::Number),
            Self::Vanish
            | Self::Stall
            | Self::LateReply
            | Self::EdlLoop
            | Self::LateErase
            | Self::HalfVersion => Some(FaultValue::Duration),
            _ => None,
        }
    }
}

/// Operations of the simulated modem that faults strike at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Sahara's HELLO.
    Hello,
    /// Sahara asks for a part of the programmer.
    ReadData,
    /// Firehose `configure`.
    Configure,
    /// Firehose `erase`.
    Erase,
    /// Firehose `program`: one image.
    Program,
    /// Raw data of a `program`.
    Raw,
    /// Firehose `getsha256digest`.
    Digest,
    /// Firehose `read`.
    Read,
    /// DIAG reads an NV item.
    NvRead,
    /// DIAG writes an NV item.
    NvWrite,
    /// DIAG reads from the EFS.
    EfsRead,
    /// DIAG writes to the EFS.
    EfsWrite,
    /// An AT command.
    At,
    /// The programmer is told to reset or to switch off.
    Power,
    /// The DIAG command into EDL.
    Edl,
}
