//! Guards decide whether a step that destroys something may start: facts in, [`Verdict`] out. They read files and
//! values, never the modem, and never print.

pub mod backup;
pub mod model;
pub mod package;
pub mod rollback;
pub mod same_unit;

/// What a guard says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The step may start. Warnings go into the report.
    Allowed {
        rule: String,
        source: String,
        warnings: Vec<String>,
    },
    /// The step must not start.
    Refused {
        rule: String,
        source: String,
        message: String,
        help: String,
    },
    /// Something that the guard needs could not be read.
    Unknown {
        rule: String,
        source: String,
        message: String,
    },
}

/// A file that cannot be understood, so that there is nothing to judge: a problem of an input, and no refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// `area::kebab-case`.
    pub code: &'static str,
    pub message: String,
    pub help: &'static str,
}
