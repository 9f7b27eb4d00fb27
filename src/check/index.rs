//! What the walk looks up by name, gathered once, so that no step costs a look at all the others.

use crate::plan::{Guard, Input, Plan, Profile, Step};
use crate::yaml::{Spanned, Table};
use std::collections::{HashMap, HashSet};

pub(super) struct Index<'a> {
    pub(super) inputs: HashMap<&'a str, &'a Input>,
    pub(super) guards: HashMap<&'a str, &'a Guard>,
    /// Steps of the main list, groups opened.
    pub(super) steps: HashMap<&'a str, &'a Step>,
    /// What a `rollback` guard says is to be written.
    pub(super) targets: HashMap<&'a str, &'a Spanned<String>>,
    /// The texts of all packages that are flashed, and the first of them.
    pub(super) packages: HashSet<&'a str>,
    pub(super) first_package: Option<&'a Spanned<String>>,
    pub(super) partitions: HashSet<&'a str>,
}

impl<'a> Index<'a> {
    pub(super) fn new(plan: &'a Plan, profile: &'a Profile) -> Self {
        let targets = plan.guards.iter();
        let targets = targets.filter_map(|(_, guard)| Some(&guard.rollback.as_ref()?.target));
        let steps = || plan.steps.iter().flat_map(opened);
        let packages = || steps().filter_map(|step| Some(&step.firehose_flash.as_ref()?.package));
        Self {
            inputs: by_name(&plan.inputs),
            guards: by_name(&plan.guards),
            steps: first(steps().map(|step| (step.id.as_str(), step))),
            targets: first(targets.map(|target| (target.as_str(), target))),
            packages: packages().map(|package| package.as_str()).collect(),
            first_package: packages().next(),
            partitions: profile.partitions.iter().map(|p| p.name.as_str()).collect(),
        }
    }
}

fn by_name<T>(table: &Table<T>) -> HashMap<&str, &T> {
    first(table.iter().map(|(name, value)| (name.as_str(), value)))
}

/// The first of each name.
fn first<'a, T>(pairs: impl Iterator<Item = (&'a str, T)>) -> HashMap<&'a str, T> {
    let mut map = HashMap::new();
    for (name, value) in pairs {
        map.entry(name).or_insert(value);
    }
    map
}

/// A step, or the steps of a group with it.
fn opened(step: &Step) -> impl Iterator<Item = &Step> {
    let group = step.group.iter().flat_map(|group| group.iter());
    std::iter::once(step).chain(group)
}
