//! Steps with parameters, and the action that includes them.

use super::{Kind, Step, strict};
use crate::yaml::{Spanned, Table};
use schemars::JsonSchema;
use serde::Deserialize;

/// Steps that several plans share, with parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fragment {
    /// Version of the fragment format. Only 1 exists.
    #[schemars(transform = strict::version)]
    pub fragment: Spanned<u32>,
    /// What the steps are good for.
    #[serde(default, deserialize_with = "super::words::some_words")]
    #[schemars(transform = strict::words)]
    pub about: Option<String>,
    /// What an including step must give. Inside, each is a name like that of an input.
    #[serde(default)]
    #[schemars(transform = strict::by_variable)]
    pub params: Table<Param>,
    /// Run in order. They know the parameters and their own facts, and nothing else of the plan.
    #[schemars(transform = strict::filled)]
    pub steps: Spanned<Vec<Step>>,
}

/// Something that an including step gives.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: Spanned<Kind>,
    /// What it is for.
    pub about: String,
}

/// Fields of `include`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Include {
    /// The fragment's file, such as `lib/wait-for-radio.yaml`: looked for beside this file, then from the folder of all
    /// plans on, then among the built-in ones.
    pub file: Spanned<String>,
    /// A value for each parameter: a text, a number, or a name of the plan as `${name}`.
    #[serde(default)]
    #[schemars(transform = strict::values_by_variable)]
    pub with: Table<Spanned<String>>,
}

/// A fragment as one step includes it.
#[derive(Debug, Clone)]
pub struct Inclusion {
    pub params: Table<Param>,
    /// With the names that they have in the plan.
    pub steps: Vec<Step>,
}
