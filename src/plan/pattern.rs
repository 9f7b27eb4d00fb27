//! A pattern of a profile, which is compiled when it is first used and then kept: every command of a plan is held
//! against all of them.

use regex::{Regex, RegexBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::OnceLock;

/// A regular expression that is searched without regard to capitals.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

/// Most bytes of one, compiled.
const MAX_SIZE: usize = 256 << 10;

impl Pattern {
    /// Whether it is found in a text. One that does not compile is found everywhere: it must let nothing through.
    pub fn is_in(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| self.compile().ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }

    pub fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.text)
            .case_insensitive(true)
            .size_limit(MAX_SIZE)
            .build()
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }
}

impl Deref for Pattern {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

impl JsonSchema for Pattern {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}
