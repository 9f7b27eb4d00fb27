//! Cases: found by the plan that they are about, and judged.

use super::{paths, rules};
use crate::check::CheckedPlan;
use crate::diagnostic::{Problem, Source};
use crate::plan::library::{self, Place};
use crate::plan::{Rehearsal, Scenario};
use camino::Utf8Path;

/// The folder of cases, beside their plan.
const FOLDER: &str = "rehearsals";

/// A case without a problem: it can be carried out.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its file's name without the ending.
    pub name: String,
    pub(super) place: Place,
    pub(super) source: Source,
    pub(super) rehearsal: Rehearsal,
    pub(super) scenario: Scenario,
}

impl Case {
    /// What it shows, in one line.
    pub fn about(&self) -> String {
        let about = self.rehearsal.about.as_deref().unwrap_or_default();
        about.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// A case's file as it was read.
struct Read {
    place: Place,
    source: Source,
    rehearsal: Rehearsal,
}

impl Read {
    fn new(name_or_path: &str) -> Result<Self, Vec<Problem>> {
        let (place, source, rehearsal, _) = library::load_rehearsal(name_or_path)?;
        Ok(Self {
            place,
            source,
            rehearsal,
        })
    }

    fn judged(self, plan: &CheckedPlan) -> Result<Case, Vec<Problem>> {
        let scenario = paths::scenario(&self.source, &self.place, &self.rehearsal)?;
        let problems = rules::problems(&self.source, &self.place, &self.rehearsal, plan, &scenario);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Case {
            name: name(&self.place),
            place: self.place,
            source: self.source,
            rehearsal: self.rehearsal,
            scenario,
        })
    }
}

/// Every case of a plan, by name: files in the folder `rehearsals` beside it whose `plan` is that plan. A file there
/// that cannot be read is a problem whatever plan it may be of, so that no case is lost in silence.
///
/// `only`: the name of the one case that is wanted; nothing is said about the others.
pub fn cases(
    place: &Place,
    plan: &CheckedPlan,
    only: Option<&str>,
) -> Result<Vec<Case>, Vec<Problem>> {
    let (mut cases, mut problems) = (Vec::new(), Vec::new());
    let places = place.beside(FOLDER);
    let places = places
        .into_iter()
        .filter(|p| only.is_none_or(|only| name(p) == only));
    for file in places {
        match Read::new(&file.name()) {
            Ok(read) if read.place.follow(&read.rehearsal.plan) != *place => {}
            Ok(read) => match read.judged(plan) {
                Ok(case) => cases.push(case),
                Err(more) => problems.extend(more),
            },
            Err(more) => problems.extend(more),
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    if problems.is_empty() {
        Ok(cases)
    } else {
        Err(problems)
    }
}

/// Every problem of a case's file, by path or by name.
pub fn check(name_or_path: &str) -> Vec<Problem> {
    let judge = || {
        let read = Read::new(name_or_path)?;
        let plan = paths::plan(&read.source, &read.place, &read.rehearsal)?;
        read.judged(&plan).map(|_| ())
    };
    judge().err().unwrap_or_default()
}

fn name(place: &Place) -> String {
    let path = match place {
        Place::Disk(path) => path.as_path(),
        Place::BuiltIn(path) => Utf8Path::new(path),
    };
    path.file_stem().unwrap_or_default().to_owned()
}
