//! What was found on this computer, as data.

use serde::Serialize;

/// One thing that was looked at, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `modem-manager`, `permissions`.
    pub check: &'static str,
    pub severity: Severity,
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// A command line, mostly.
    pub cure: Option<String>,
}

/// What a finding does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Good,
    /// Worth knowing.
    Note,
    /// It could not be found out.
    Unknown,
    /// A run may fail half-way.
    Spoils,
    /// A run cannot even begin.
    Stops,
}

impl Severity {
    pub const ALL: [Self; 5] = [
        Self::Good,
        Self::Note,
        Self::Unknown,
        Self::Spoils,
        Self::Stops,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Unknown => "unknown",
            Self::Spoils => "spoils a run",
            Self::Stops => "stops a run",
        }
    }

    /// Whether it is in the way of a run.
    pub fn is_obstacle(self) -> bool {
        self >= Self::Spoils
    }
}

/// A finding without a cure.
pub(super) fn finding(
    check: &'static str,
    severity: Severity,
    what: impl Into<String>,
    why: &'static str,
) -> Finding {
    Finding {
        check,
        severity,
        what: what.into(),
        why,
        cure: None,
    }
}

impl Finding {
    pub(super) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }
}
