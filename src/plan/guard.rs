//! Guards as an author writes them. What they decide is in [`crate::guard`].

use super::strict;
use crate::yaml::Spanned;
use schemars::{JsonSchema, Schema};
use serde::Deserialize;

/// A named policy: exactly one kind, and what is said and done when it does not allow.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = exactly_one_guard)]
pub struct Guard {
    /// The modem is of this model.
    #[serde(default)]
    pub model: Option<Spanned<ModelGuard>>,
    /// The version change is allowed.
    #[serde(default)]
    pub rollback: Option<Spanned<RollbackGuard>>,
    /// The package is whole, fits, and leaves partitions alone.
    #[serde(default)]
    pub package: Option<Spanned<PackageGuard>>,
    /// A backup step has run and its files are still as they were.
    #[serde(default)]
    pub backup: Option<Spanned<BackupGuard>>,
    /// A calibration file belongs to this very unit.
    #[serde(default)]
    pub same_unit: Option<Spanned<SameUnitGuard>>,
    /// An expression is true.
    #[serde(default)]
    pub that: Option<Spanned<String>>,
    /// Said when the guard refuses.
    #[serde(
        default,
        rename = "else",
        deserialize_with = "super::words::some_words"
    )]
    #[schemars(transform = strict::words)]
    pub otherwise: Option<String>,
    /// What to do where a value cannot be read.
    #[serde(default)]
    pub unknown: Option<Spanned<WhenUnknown>>,
}

/// What a guard does where a value cannot be read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhenUnknown {
    /// The step does not run.
    #[default]
    Refuse,
    /// A person answers for it.
    Confirm,
}

/// Fields of a `model` guard.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelGuard {
    /// An input or fact that begins with a hardware key: a version or an ordering code.
    #[schemars(transform = strict::fact)]
    pub fact: Spanned<String>,
    /// The hardware keys that are allowed, such as `RM502QGLAA`.
    #[schemars(transform = strict::filled)]
    pub is: Spanned<Vec<Spanned<String>>>,
}

/// Fields of a `rollback` guard.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackGuard {
    /// The version on the modem.
    #[schemars(transform = strict::fact)]
    pub installed: Spanned<String>,
    /// The version to be written.
    #[schemars(transform = strict::fact)]
    pub target: Spanned<String>,
}

/// Fields of a `package` guard.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageGuard {
    /// The input that holds the package.
    #[schemars(transform = strict::fact)]
    pub folder: Spanned<String>,
    /// Partitions that it must neither erase nor write.
    #[serde(default)]
    pub keeps: Vec<Spanned<String>>,
}

/// Fields of a `backup` guard.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupGuard {
    /// The step that made the backup.
    #[schemars(transform = strict::step)]
    pub step: Spanned<String>,
}

/// Fields of a `same_unit` guard.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SameUnitGuard {
    /// The input that holds the calibration file.
    #[schemars(transform = strict::fact)]
    pub file: Spanned<String>,
    /// The IMEI of this unit: an input or a fact.
    #[schemars(transform = strict::fact)]
    pub imei: Spanned<String>,
}

/// The key of every kind of guard.
pub const GUARD_KEYS: [&str; 6] = [
    "model",
    "rollback",
    "package",
    "backup",
    "same_unit",
    "that",
];

fn exactly_one_guard(schema: &mut Schema) {
    super::one_of::exactly_one_of(schema, &GUARD_KEYS);
}
