//! What the walk has found. Only the first few by place are told, so no more are kept, and nothing is worked out for
//! the others: a plan with ten thousand mistakes is judged as fast as one with twenty.

use crate::diagnostic::{MAX_PROBLEMS, Problem, Severity, first_few};
use std::ops::Range;

#[derive(Default)]
pub(super) struct Problems {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    /// Nothing that begins behind this place is told any more.
    end: Option<usize>,
    last: Last,
    hearing: Hearing,
}

/// Where the last problem went.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Last {
    #[default]
    Nowhere,
    Errors,
    Warnings,
}

/// What becomes of the problems that come.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    #[default]
    AsTheyAre,
    /// As warnings.
    Mildly,
    /// They have been judged elsewhere.
    NotAtAll,
}

impl Problems {
    /// Until further notice; returns what was heard before.
    pub(super) fn hear(&mut self, hearing: Hearing) -> Hearing {
        std::mem::replace(&mut self.hearing, hearing)
    }

    pub(super) fn add(&mut self, mut problem: Problem) {
        if self.hearing == Hearing::Mildly {
            problem = problem.warning();
        }
        let at = problem.labels.first().map_or(0, |(span, _)| span.start);
        self.last = Last::Nowhere;
        if self.hearing == Hearing::NotAtAll {
            return;
        }
        if problem.severity == Severity::Warning {
            shorten(&mut self.warnings);
            self.warnings.push(problem);
            self.last = Last::Warnings;
            return;
        }
        if let Some(end) = shorten(&mut self.errors) {
            self.end = Some(end);
        }
        if self.end.is_some_and(|end| at > end) {
            return;
        }
        self.errors.push(problem);
        self.last = Last::Errors;
    }

    /// Whether an error that begins here would be told.
    pub(super) fn wants(&self, at: &Range<usize>) -> bool {
        self.hearing != Hearing::NotAtAll && self.end.is_none_or(|end| at.start <= end)
    }

    /// Whether the last problem may be told, so that more about it is worth finding out.
    pub(super) fn last_is_kept(&self) -> bool {
        self.last != Last::Nowhere
    }

    /// Adds a second place or a help to the last problem.
    pub(super) fn amend(&mut self, change: impl FnOnce(Problem) -> Problem) {
        let list = match self.last {
            Last::Nowhere => return,
            Last::Errors => &mut self.errors,
            Last::Warnings => &mut self.warnings,
        };
        if let Some(problem) = list.pop() {
            list.push(change(problem));
        }
    }

    /// The warnings, or the errors if there are any.
    pub(super) fn judged(self) -> Result<Vec<Problem>, Vec<Problem>> {
        if self.errors.is_empty() {
            Ok(first_few(self.warnings))
        } else {
            Err(first_few(self.errors))
        }
    }
}

/// Drops all but the first few from a list that has grown long; where the last of them begins, if there are that many.
fn shorten(list: &mut Vec<Problem>) -> Option<usize> {
    if list.len() < 2 * MAX_PROBLEMS {
        return None;
    }
    *list = first_few(std::mem::take(list));
    let farthest = list.get(MAX_PROBLEMS - 1)?;
    farthest.labels.first().map(|(span, _)| span.start)
}
