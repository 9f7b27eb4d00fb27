//! A rehearsal case: a plan on a scenario, and what must come out. Judged and carried out by [`crate::rehearse`].

use super::{Calibration, Fault, Make, Mode, Outcome, strict};
use crate::yaml::{Spanned, Table};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;
use std::fmt;

/// A plan on a scenario, and what must come out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rehearsal {
    /// Version of the rehearsal format. Only 1 exists.
    #[schemars(transform = strict::version)]
    pub rehearsal: Spanned<u32>,
    /// The plan file, relative to this file.
    pub plan: Spanned<String>,
    /// The scenario file, relative to this file.
    pub scenario: Spanned<String>,
    /// What this case shows.
    #[serde(default, deserialize_with = "super::words::some_words")]
    #[schemars(transform = strict::words)]
    pub about: Option<String>,
    /// What goes wrong, beside the scenario's own faults.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Inputs as on the command line; they win over the scenario's. Paths are relative to this file. A secret may
    /// be written out here, since it is a test value.
    #[serde(default)]
    #[schemars(transform = strict::values_by_variable)]
    pub inputs: Table<Spanned<String>>,
    /// Inputs that the simulator makes; they win over the scenario's. A package is small where no size is given.
    #[serde(default)]
    #[schemars(transform = strict::by_variable)]
    pub makes: Table<Make>,
    /// What the person answers, by step id: `no`, or what is typed for `operator.ask`. Every other answer is yes.
    #[serde(default)]
    #[schemars(transform = strict::of_values)]
    pub answers: Table<Spanned<String>>,
    /// Guards that are overridden, by name.
    #[serde(default)]
    #[schemars(transform = strict::names)]
    pub overrides: Vec<Spanned<String>>,
    /// What must come out.
    pub expect: Expectation,
    /// What must come out when the run is resumed on the same simulated modem, its faults over and its plug back in
    /// if it was out.
    #[serde(default)]
    pub resumed: Option<Expectation>,
    /// Before the resume a person cuts the modem's power and gives it back, its pins as they are: what this tool asks
    /// for where a modem has fallen silent.
    #[serde(default)]
    pub replug: Option<Spanned<bool>>,
}

/// What must come out. Every key that is given must match exactly.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// How the run ends.
    pub outcome: Spanned<Outcome>,
    /// The step that failed or was refused.
    #[serde(default)]
    pub step: Option<Spanned<String>>,
    /// The rule or problem code that said so, such as `rollback::tn11`.
    #[serde(default)]
    pub rule: Option<Spanned<String>>,
    /// The steps that were begun, in order: groups, the one that failed and those of the rescue included.
    #[serde(default)]
    pub ran: Option<Spanned<Vec<Spanned<String>>>>,
    /// The steps that were skipped, in order.
    #[serde(default)]
    pub skipped: Option<Spanned<Vec<Spanned<String>>>>,
    /// The steps at which a person's word was asked for, in order, once for each question.
    #[serde(default)]
    pub asked: Option<Spanned<Vec<Spanned<String>>>>,
    /// Facts that are known at the end, with their values.
    #[serde(default)]
    #[schemars(transform = strict::by_fact)]
    pub facts: Table<Spanned<Written>>,
    /// What has become of the simulated modem.
    #[serde(default)]
    pub modem: Option<ModemExpectation>,
    /// What must not stand in the modem's own record of this run.
    #[serde(default)]
    pub never: Vec<Spanned<Recorded>>,
}

/// What has become of the simulated modem.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModemExpectation {
    /// What is on the bus at the end.
    #[serde(default)]
    pub mode: Option<Spanned<Mode>>,
    /// The version that runs after the next power-up, or `none`.
    #[serde(default)]
    pub firmware: Option<Spanned<String>>,
    /// Whether firmware runs after the next power-up, with nothing on the boot pin.
    #[serde(default)]
    pub boots: Option<Spanned<bool>>,
    /// Whether the radio calibration is there.
    #[serde(default)]
    pub calibration: Option<Spanned<Calibration>>,
    /// NV 550: `same` as at the start, `none`, or a number.
    #[serde(default)]
    #[schemars(transform = strict::imei_or_same)]
    pub imei: Option<Spanned<String>>,
    /// Partitions that are byte for byte as at the start.
    #[serde(default)]
    pub unchanged: Vec<Spanned<String>>,
}

/// The value of a fact as it is written in a case: text, a whole number, `true` or `false`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written(pub String);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Written;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text (in quotes where it looks like a fraction), a whole number, `true` or `false`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Written, E> {
                Ok(Written(text.to_owned()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Written, E> {
                Ok(Written(number.to_string()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Written, E> {
                Ok(Written(number.to_string()))
            }
            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Written, E> {
                Ok(Written(truth.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Written {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Written".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer", "boolean"],
            "description": "Text, a whole number, `true` or `false`.",
        })
    }
}

/// What stands in the simulated modem's own record, whatever the engine says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recorded {
    /// Blocks were erased.
    Erase,
    /// A program command was taken, with or without all of its data.
    Program,
    /// Bytes of one sector were changed in place.
    Patch,
    /// The programmer was told to reset or to power off.
    Power,
    /// The boot ROM took an image besides the programmer.
    ImageLoaded,
    /// A programmer was taken, and runs.
    ProgrammerLoaded,
    /// Sahara's reset.
    Reset,
    /// The modem was told to come back in another mode.
    ModeSwitch,
    /// A command was understood and not obeyed.
    Refused,
    /// An NV item was written.
    NvWrite,
    /// A file of the EFS was written.
    EfsWrite,
    /// IMEI, serial number or the like.
    IdentityWrite,
    /// A command that makes the radio transmit.
    Transmit,
    /// An AT command came.
    AtCommand,
    /// The radio was taken offline.
    Offline,
    /// The radio was taken online again.
    Online,
}

impl Recorded {
    pub fn word(self) -> &'static str {
        match self {
            Self::Erase => "erase",
            Self::Program => "program",
            Self::Patch => "patch",
            Self::Power => "power",
            Self::ImageLoaded => "image-loaded",
            Self::ProgrammerLoaded => "programmer-loaded",
            Self::Reset => "reset",
            Self::ModeSwitch => "mode-switch",
            Self::Refused => "refused",
            Self::NvWrite => "nv-write",
            Self::EfsWrite => "efs-write",
            Self::IdentityWrite => "identity-write",
            Self::Transmit => "transmit",
            Self::AtCommand => "at-command",
            Self::Offline => "offline",
            Self::Online => "online",
        }
    }
}
