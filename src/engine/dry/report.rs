//! What a dry run tells.

use super::Judged;
use crate::action::Failure;
use crate::action::signature::Effect;
use crate::check::CheckedStep;
use crate::engine::approval::Digest;
use crate::plan::{Modes, Step};

/// What a dry run found.
#[derive(Debug)]
pub struct Report {
    /// What a look at the modem shows, where one is attached.
    pub modem: Option<String>,
    pub guards: Vec<Judged>,
    pub steps: Vec<Preview>,
    /// Why it ends before the plan does.
    pub rest: Option<Rest>,
    pub digest: Digest,
}

impl Report {
    pub fn refused(&self) -> bool {
        self.guards.iter().any(|g| g.verdict == "refused")
    }

    pub fn broken(&self) -> bool {
        self.steps.iter().any(|s| s.problem.is_some())
    }
}

/// The end of the decided part.
#[derive(Debug, PartialEq, Eq)]
pub struct Rest {
    pub why: String,
    /// The steps from there on.
    pub steps: Vec<String>,
    pub end: End,
}

/// How the decided part ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nobody has read what decides.
    Undecided,
    /// A step fails or is refused, and a run would go no further.
    NotReached,
}

/// What a step would do.
#[derive(Debug)]
pub struct Preview {
    pub step: String,
    pub action: &'static str,
    pub effect: Effect,
    pub depth: usize,
    /// In which modes it runs, where that is not all of those it may meet.
    pub only_in: Option<Modes>,
    pub skipped: bool,
    pub lines: Vec<String>,
    /// Facts that were read or computed now, as a person may see them.
    pub facts: Vec<(String, String)>,
    /// What would make it fail.
    pub problem: Option<Failure>,
}

impl Preview {
    pub(super) fn skip(&mut self, because: &str) {
        self.skipped = true;
        self.lines = vec![format!("would be skipped: {because}")];
    }
}

impl Rest {
    pub(super) fn new(why: String, end: End) -> Self {
        Self {
            why,
            steps: Vec::new(),
            end,
        }
    }

    pub(super) fn not_reached(step: &Step, error: &str) -> Self {
        let why = format!("step `{}` would fail: {error}", step.id.value);
        Self::new(why, End::NotReached)
    }

    /// A step, with those inside of it.
    pub(super) fn add(&mut self, checked: &CheckedStep) {
        self.steps.push(checked.step.id.value.clone());
        for child in &checked.children {
            self.add(child);
        }
    }
}
