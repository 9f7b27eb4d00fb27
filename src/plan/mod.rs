//! What an author writes: dumb data, read by [`crate::yaml`], proved by [`crate::check`].
//!
//! One struct per YAML mapping, no flatten, no untagged enums: those lose places and `deny_unknown_fields`. The
//! JSON Schemas are derived from these types, and their doc comments become the descriptions that authors read,
//! who know modems and not Rust.

mod action;
mod chip;
mod fact;
mod fault;
mod flash;
mod fragment;
mod guard;
pub mod library;
mod one_of;
mod outcome;
mod pattern;
mod profile;
mod rehearsal;
mod scenario;
mod scope;
mod strict;
mod template;
mod value;
mod words;

pub use action::{
    ACTION_KEYS, AtAsk, AtSet, Claim, DiagBackup, DiagRestore, Empty, OperatorAsk, OperatorDo,
    Retry, Step, UsbWait,
};
pub use fact::{Unpacked, Value, Values, is_firmware_version, is_name};
pub use fault::{Fault, FaultKind, FaultValue, Operation};
pub use flash::{
    DloadFlash, DloadVerify, FastbootFlash, FastbootVerify, FirehoseBackup, FirehoseFlash,
    RebootTo, SaharaLoad, Speaks, Verify,
};
pub use fragment::{Fragment, Include, Inclusion, Param};
pub use guard::{
    BackupGuard, GUARD_KEYS, Guard, ModelGuard, PackageGuard, RollbackGuard, SameUnitGuard,
    WhenUnknown,
};
pub use outcome::Outcome;
pub use pattern::Pattern;
pub use profile::{
    Barrier, Evidence, Nand, Partition, PortMap, Ports, Profile, Timing, TransportName,
};
pub use rehearsal::{Expectation, ModemExpectation, Recorded, Rehearsal, Written};
pub use scenario::{
    Banner, Broken, Calibration, FactoryCopy, Hand, Hands, Make, MakeImage, MakePackage, MakeXqcn,
    NandDefects, ProgrammerTraits, SaharaTraits, Scenario, Spc, Variant,
};
pub use scope::{Meaning, Scope};
pub use template::{ExpandError, NotAName, Template};
pub use value::{Duration, Kind, Mode, Modes};
use words::{some_words, words};

use crate::yaml::{Spanned, Table};
use schemars::JsonSchema;
use serde::Deserialize;

/// A recovery procedure for one modem model.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of the plan language. Only 1 exists.
    #[schemars(transform = strict::version)]
    pub plan: Spanned<u32>,
    /// Name used in journals, approvals and messages.
    #[schemars(transform = strict::name)]
    pub id: Spanned<String>,
    /// One line for lists.
    #[serde(deserialize_with = "words")]
    #[schemars(transform = strict::words)]
    pub title: String,
    /// What the plan does, for people who decide whether to run it.
    #[serde(default, deserialize_with = "some_words")]
    #[schemars(transform = strict::words)]
    pub about: Option<String>,
    /// The modem profile: the folder below `plans/` that holds `modem.yaml`.
    #[schemars(transform = strict::profile)]
    pub modem: Spanned<String>,
    /// Modes in which the plan may begin.
    #[schemars(transform = strict::filled)]
    pub starts_in: Spanned<Vec<Spanned<Mode>>>,
    /// Modes in which every path must end.
    #[schemars(transform = strict::filled)]
    pub ends_in: Spanned<Vec<Spanned<Mode>>>,
    /// Asked and checked before step one.
    #[serde(default)]
    #[schemars(transform = strict::by_variable)]
    pub inputs: Table<Input>,
    /// Named policies that steps refer to.
    #[serde(default)]
    #[schemars(transform = strict::by_name)]
    pub guards: Table<Guard>,
    /// Run in order.
    #[schemars(transform = strict::filled)]
    pub steps: Spanned<Vec<Step>>,
    /// Run in order after a step has failed. The mode is unknown there, and only inputs are known.
    #[serde(default)]
    pub rescue: Vec<Step>,
    /// Facts printed at the end.
    #[serde(default)]
    #[schemars(transform = strict::facts)]
    pub report: Vec<Spanned<String>>,
}

/// Something a person gives before the run.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: Spanned<Kind>,
    /// Said when it is asked for.
    pub about: String,
    /// Taken where nothing is given. Secrets have none.
    #[serde(default)]
    #[schemars(transform = strict::value)]
    pub default: Option<Spanned<String>>,
    /// A regular expression that the whole value must match.
    #[serde(default)]
    pub matches: Option<Spanned<String>>,
    /// The values that are allowed.
    #[serde(default)]
    #[schemars(transform = strict::values)]
    pub choices: Vec<Spanned<String>>,
}
