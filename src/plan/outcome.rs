//! How a run ends: what the engine says, and what a rehearsal case expects. One list for both.

use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every step that had to run ran, and every final claim holds.
    Proved,
    /// A guard refused before anything was written.
    Refused,
    /// A person said no, or was needed and there is no terminal, before anything was written.
    Declined,
    /// No modem, or more than one.
    NoModem,
    /// A step failed; the modem is as before, or the rescue brought it back.
    Failed,
    /// A destroying step failed or was cut short.
    InDoubt,
    /// The last check failed, or something written could not be verified.
    Unproved,
    /// Stopped at a safe point.
    Interrupted,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::NoModem => "no-modem",
            Self::Failed => "failed",
            Self::InDoubt => "in-doubt",
            Self::Unproved => "unproved",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
