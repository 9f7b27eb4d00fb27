//! What is known about a modem model, as data: identities per mode, ports, partitions, version barriers.

use super::{Duration, Mode, Pattern, strict};
use crate::yaml::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A modem model.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Version of the profile format. Only 1 exists.
    #[schemars(transform = strict::version)]
    pub profile: Spanned<u32>,
    /// `vendor/model`, equal to the folder.
    #[schemars(transform = strict::profile)]
    pub id: Spanned<String>,
    /// The model's name for people.
    #[serde(deserialize_with = "super::words::words")]
    #[schemars(transform = strict::words)]
    pub title: String,
    /// What is peculiar about the model, for people.
    #[serde(default, deserialize_with = "super::words::some_words")]
    #[schemars(transform = strict::words)]
    pub about: Option<String>,
    /// Hardware keys it covers, such as `RM502QGLAA`: the first part of a version or ordering code.
    #[schemars(transform = strict::hardware)]
    pub hw: Spanned<Vec<Spanned<String>>>,
    /// The chip, such as `sdx55`; compared with the package's.
    pub chip: Spanned<String>,
    /// What can be spoken with this model.
    pub transports: Spanned<Vec<Spanned<TransportName>>>,
    /// What the modem shows on USB, per mode.
    #[schemars(transform = strict::by_mode)]
    pub modes: BTreeMap<Mode, Vec<Evidence>>,
    /// The USB interface of each role while firmware runs.
    pub ports: Ports,
    /// Modes in which the DIAG command into EDL works.
    #[serde(default)]
    pub edl_by_diag: Vec<Spanned<Mode>>,
    /// File name patterns of the programmer, in order; `*` stands for anything.
    #[serde(default)]
    pub programmers: Vec<Spanned<String>>,
    /// The flash chip.
    pub nand: Nand,
    /// Partitions in blocks.
    #[serde(default)]
    pub partitions: Vec<Partition>,
    /// Exact AT commands that count as queries although they do not end in `?`.
    #[serde(default)]
    pub queries: Vec<Spanned<String>>,
    /// Names of AT commands that this model knows and others do not, such as `AT+QRFTESTMODE`: what the simulated
    /// modem answers, beyond what every model does.
    #[serde(default)]
    pub commands: Vec<Spanned<String>>,
    /// Patterns of AT commands that write NV items, added to the built-in ones.
    #[serde(default)]
    pub nv_writing: Vec<Spanned<Pattern>>,
    /// Patterns of AT commands that are refused, added to the built-in ones.
    #[serde(default)]
    pub refused: Vec<Spanned<Pattern>>,
    /// NV items that a restore leaves alone on this model.
    #[serde(default)]
    pub skip_items: Vec<Spanned<u16>>,
    /// Version barriers, per hardware key.
    #[serde(default)]
    pub barriers: Vec<Barrier>,
    /// How long things take.
    #[serde(default)]
    pub timing: Timing,
}

/// What can be spoken with a modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransportName {
    /// AT commands to the running firmware.
    At,
    /// Qualcomm's diagnostic protocol with the running firmware.
    Diag,
    /// The boot ROM's protocol, which loads a programmer.
    Sahara,
    /// The protocol of the programmer, which reads and writes the flash.
    Firehose,
    /// The boot loader's own protocol.
    Fastboot,
    /// Streaming DLOAD, the protocol of the loaders NPRG and ENPRG, which write the flash.
    Dload,
}

impl TransportName {
    /// The part of an action's key before the dot.
    pub fn word(self) -> &'static str {
        match self {
            Self::At => "at",
            Self::Diag => "diag",
            Self::Sahara => "sahara",
            Self::Firehose => "firehose",
            Self::Fastboot => "fastboot",
            Self::Dload => "dload",
        }
    }
}

/// What a modem shows on USB in a mode. All that is given must agree.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `VID:PID` in hex.
    #[schemars(transform = strict::usb_id)]
    pub usb: Spanned<String>,
    /// Number of interfaces, or the least number with `at_least`.
    pub interfaces: u8,
    /// `interfaces` is the least number.
    #[serde(default)]
    pub at_least: bool,
    /// Class, subclass and protocol of its interface in hex, such as `ff/ff/10`.
    #[serde(default)]
    #[schemars(transform = strict::usb_class)]
    pub protocol: Option<Spanned<String>>,
    /// A pattern of the product string.
    #[serde(default)]
    pub product: Option<Spanned<String>>,
    /// `bcdDevice` in hex; `!0000` is anything but that.
    #[serde(default)]
    #[schemars(transform = strict::bcd)]
    pub bcd: Option<Spanned<String>>,
}

/// Roles of ports, for each composition in which the model runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ports {
    /// The usual composition.
    pub usual: PortMap,
    /// The RNDIS composition, which moves the interfaces.
    #[serde(default)]
    pub rndis: Option<PortMap>,
}

/// The USB interface number of each role.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortMap {
    /// The number of the interface that answers AT commands.
    pub at: u8,
    /// The number of the interface that speaks DIAG.
    pub diag: u8,
}

/// The flash chip's geometry.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nand {
    /// Bytes of a page (a Firehose sector).
    pub page: u32,
    /// Pages of a block.
    #[schemars(transform = strict::counted)]
    pub pages_per_block: u32,
    /// Blocks of the chip.
    #[schemars(transform = strict::counted)]
    pub blocks: u32,
}

impl Nand {
    /// The word for this geometry in Quectel's file names, such as `p4K_b256K`.
    pub fn word(&self) -> String {
        format!(
            "p{}K_b{}K",
            self.page / 1024,
            u64::from(self.page) * u64::from(self.pages_per_block) / 1024
        )
    }
}

/// A partition, in blocks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Its name in the partition table.
    pub name: Spanned<String>,
    /// Its first block.
    pub start: u32,
    /// How many blocks it has.
    #[schemars(transform = strict::counted)]
    pub blocks: u32,
    /// Calibration or identity: never erased without `erase_all`.
    #[serde(default)]
    pub keep: bool,
}

/// A version barrier: once at or above it, nothing below it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Barrier {
    /// The hardware key it is about.
    pub hw: Spanned<String>,
    /// The first version behind the barrier.
    pub at_least: Spanned<String>,
    /// Why nothing below it may be written.
    #[serde(deserialize_with = "super::words::words")]
    #[schemars(transform = strict::words)]
    pub because: String,
    /// Where that is said.
    #[serde(deserialize_with = "super::words::words")]
    #[schemars(transform = strict::words)]
    pub source: String,
}

/// How long things take on this model.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// From power to the first AT answer.
    pub boot: Duration,
    /// From the DIAG command to EDL on the bus.
    pub edl_return: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            boot: Duration(std::time::Duration::from_secs(20)),
            edl_return: Duration(std::time::Duration::from_secs(5)),
        }
    }
}
