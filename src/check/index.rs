//! What the walk looks up by name, gathered once, so that no step costs a look at all the others.

use super::include_step::only_name;
use crate::plan::{Guard, Input, Plan, Profile, Step};
use crate::yaml::{Spanned, Table};
use std::collections::{HashMap, HashSet};

pub(super) struct Index<'a> {
    pub(super) inputs: HashMap<&'a str, &'a Input>,
    pub(super) guards: HashMap<&'a str, &'a Guard>,
    /// Steps of the main list, groups and fragments opened.
    pub(super) steps: HashMap<&'a str, &'a Step>,
    /// What a `rollback` guard says is to be written.
    pub(super) targets: HashMap<&'a str, &'a Spanned<String>>,
    /// The inputs from which packages are flashed, and where the first of them is named.
    pub(super) packages: HashSet<String>,
    pub(super) first_package: Option<&'a Spanned<String>>,
    pub(super) partitions: HashSet<&'a str>,
}

impl<'a> Index<'a> {
    pub(super) fn new(plan: &'a Plan, profile: &'a Profile) -> Self {
        let targets = plan.guards.iter();
        let targets = targets.filter_map(|(_, guard)| Some(&guard.rollback.as_ref()?.target));
        let steps = || plan.steps.iter().flat_map(Step::all);
        let packages = || {
            steps().filter_map(|step| {
                let firehose = step.firehose_flash.as_ref().map(|flash| &flash.package);
                let dload = step.dload_flash.as_ref().map(|flash| &flash.package);
                Some((firehose.or(dload)?, &step.scope))
            })
        };
        Self {
            inputs: by_name(&plan.inputs),
            guards: by_name(&plan.guards),
            steps: first(steps().map(|step| (step.id.as_str(), step))),
            targets: first(targets.map(|target| (target.as_str(), target))),
            packages: packages()
                .filter_map(|(package, scope)| only_name(package, scope))
                .collect(),
            first_package: packages().next().map(|(package, _)| package),
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
