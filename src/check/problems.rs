//! What the walk has found. Only the first few by place are told, so no more are kept, and nothing is worked out for
//! the others: a plan with ten thousand mistakes is judged as fast as one with twenty.

use super::places::Places;
use crate::diagnostic::{MAX_PROBLEMS, Problem, Severity};
use std::ops::Range;

#[derive(Default)]
pub(super) struct Problems {
    errors: Vec<Placed>,
    warnings: Vec<Placed>,
    /// Rules that are for others to judge.
    others: &'static [&'static str],
    /// Nothing that begins behind this place is told any more.
    end: Option<usize>,
    last: Last,
    hearing: Hearing,
}

/// A problem, and where it stands in all files together.
type Placed = (Range<usize>, Problem);

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

    /// With what was found before the walk.
    pub(super) fn new(places: &Places<'_>, found: Vec<Problem>) -> Self {
        let mut problems = Self::default();
        for problem in found {
            problems.add(places.of(&problem), problem);
        }
        problems
    }

    /// Without those of some rules.
    pub(super) fn without(mut self, others: &'static [&'static str]) -> Self {
        let own = |(_, problem): &Placed| !others.contains(&problem.code);
        self.errors.retain(own);
        self.warnings.retain(own);
        Self { others, ..self }
    }

    pub(super) fn add(&mut self, at: Range<usize>, mut problem: Problem) {
        self.last = Last::Nowhere;
        if self.hearing == Hearing::NotAtAll || self.others.contains(&problem.code) {
            return;
        }
        if self.hearing == Hearing::Mildly {
            problem = problem.warning();
        }
        if problem.severity == Severity::Warning {
            shorten(&mut self.warnings);
            self.warnings.push((at, problem));
            self.last = Last::Warnings;
            return;
        }
        if let Some(end) = shorten(&mut self.errors) {
            self.end = Some(end);
        }
        if self.end.is_some_and(|end| at.start > end) {
            return;
        }
        self.errors.push((at, problem));
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
        if let Some((at, problem)) = list.pop() {
            list.push((at, change(problem)));
        }
    }

    /// The warnings, or the errors if there are any.
    pub(super) fn judged(self) -> Result<Vec<Problem>, Vec<Problem>> {
        if self.errors.is_empty() {
            Ok(told(self.warnings))
        } else {
            Err(told(self.errors))
        }
    }

    /// Errors and warnings.
    pub(super) fn all(mut self) -> Vec<Problem> {
        self.errors.append(&mut self.warnings);
        told(self.errors)
    }
}

fn told(mut list: Vec<Placed>) -> Vec<Problem> {
    first_few(&mut list);
    list.into_iter().map(|(_, problem)| problem).collect()
}

/// By place, each place and rule once.
fn first_few(list: &mut Vec<Placed>) {
    list.sort_by_key(|(at, problem)| (at.start, at.end, problem.code));
    list.dedup_by(|(at, a), (before, b)| {
        at == before && a.code == b.code && a.message == b.message
    });
    list.truncate(MAX_PROBLEMS);
}

/// Drops all but the first few from a list that has grown long; where the last of them begins, if there are that many.
fn shorten(list: &mut Vec<Placed>) -> Option<usize> {
    if list.len() < 2 * MAX_PROBLEMS {
        return None;
    }
    first_few(list);
    list.get(MAX_PROBLEMS - 1).map(|(at, _)| at.start)
}
