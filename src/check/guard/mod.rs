//! Guards: that each has one kind, that its values are known where it is asked, and that steps which destroy name all
//! they must.

mod backup;
mod demands;

use super::state::State;
use super::{CheckedGuard, Checker, GuardKind};
use crate::action::signature::GuardName;
use crate::diagnostic::nearest;
use crate::plan::{GUARD_KEYS, Guard, Kind, Modes, Step, WhenUnknown, is_name};
use crate::script::Condition;
use crate::yaml::Spanned;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

impl Checker<'_> {
    /// Names and kinds of all guards, whoever asks them.
    pub(in crate::check) fn guard_kinds(&mut self) {
        let plan = self.plan;
        for (name, guard) in &plan.guards {
            if !is_name(name) {
                self.not_a_name(name);
            }
            let kinds = places(guard);
            match kinds.as_slice() {
                [_] => {}
                [] => {
                    let message = format!("the guard `{}` judges nothing", name.value);
                    self.problem("plan::guard-kind", message, &name.span, "no kind");
                    self.help(format!("give it one of: {}", GUARD_KEYS.join(", ")));
                }
                [(first, at), rest @ ..] => {
                    let count = kinds.len();
                    let message = format!("the guard `{}` has {count} kinds", name.value);
                    self.problem("plan::guard-kind", message, at, first.word());
                    for (key, at) in rest {
                        self.also(at, key.word());
                    }
                    self.help("make it two guards");
                }
            }
            if let Some(package) = &guard.package {
                for part in &package.keeps {
                    self.partition(part);
                }
            }
            if let Some(model) = &guard.model {
                self.hardware_keys(&model.is);
            }
            self.evidence(guard);
        }
    }

    fn hardware_keys(&mut self, keys: &Spanned<Vec<Spanned<String>>>) {
        if keys.is_empty() {
            let message = "a `model` guard allows at least one hardware key";
            self.problem("plan::shape", message, &keys.span, "empty");
        }
        let profile = self.profile;
        let known = || profile.hw.iter().map(|key| key.value.as_str());
        for key in keys.iter() {
            if !known().any(|hw| hw == key.value) {
                let message = format!("{} does not cover `{}`", profile.id.value, key.value);
                self.problem(
                    "plan::unknown-model",
                    message,
                    &key.span,
                    "not in the profile",
                );
                if let Some(near) = nearest(key, known()) {
                    self.help(format!("did you mean `{near}`?"));
                }
            }
        }
    }

    /// The guards that a step asks, each once, with the places of their names.
    pub(in crate::check) fn guards(
        &mut self,
        step: &Step,
        state: &State,
    ) -> Vec<(Arc<CheckedGuard>, Range<usize>)> {
        let plan = self.plan;
        let mut guards = Vec::new();
        let mut asked = HashSet::new();
        for name in &step.guards {
            if !asked.insert(name.as_str()) {
                continue;
            }
            let Some(guard) = self.index.guards.get(name.as_str()).copied() else {
                self.used_guards.insert(name.value.clone());
                let message = format!("no guard is called `{}`", name.value);
                self.problem("plan::unknown-guard", message, &name.span, "not declared");
                if self.problems.last_is_kept() {
                    let declared = plan.guards.iter().map(|(guard, _)| guard.value.as_str());
                    if let Some(near) = nearest(name, declared) {
                        self.help(format!("did you mean `{near}`?"));
                    }
                }
                continue;
            };
            self.used_guards.insert(name.value.clone());
            // A guard is the plan's own, whoever asks it.
            let scope = std::mem::take(&mut self.scope);
            self.asked(name, guard, state);
            let judged = self.judged_guard(name, guard);
            self.scope = scope;
            if let Some(guard) = judged {
                guards.push((guard, name.span.clone()));
            }
        }
        guards
    }

    /// Every guard once, judged over all facts of the plan, so that it can be asked as soon as its values are there.
    pub(in crate::check) fn all_guards(&mut self) -> Vec<Arc<CheckedGuard>> {
        let plan = self.plan;
        let mut state = State::new(Modes::ANY, (0..0, String::new()));
        state.known.clone_from(&self.all_facts);
        let mut guards = Vec::new();
        for (name, guard) in &plan.guards {
            // The names of a guard that a step asks, and its backup, are judged where it is asked.
            if !self.used_guards.contains(&name.value) && guard.backup.is_none() {
                self.asked(name, guard, &state);
            }
            guards.extend(self.judged_guard(name, guard));
        }
        guards
    }

    /// The values of a guard are known where it is asked, and of its kinds.
    fn asked(&mut self, name: &Spanned<String>, guard: &Guard, state: &State) {
        let [(kind, _)] = places(guard)[..] else {
            return;
        };
        for (value, kinds) in values(guard, kind) {
            self.value(value, kinds, state);
        }
        if let Some(backup) = guard.backup.as_ref().filter(|_| kind == GuardName::Backup) {
            self.backup(name, &backup.step, guard, state);
        }
        if let Some(that) = guard.that.as_ref().filter(|_| kind == GuardName::That) {
            // It has been compiled over all facts; only where one is missing here is it looked at again, to say which.
            let known = self.judged_guard(name, guard).is_some_and(|guard| {
                guard
                    .needs
                    .iter()
                    .all(|name| state.known.contains_key(name))
            });
            if !known && self.problems.wants(&that.span) {
                self.condition(that, state);
            }
        }
    }

    /// A guard with its compiled parts, whoever asks it.
    fn judged_guard(&mut self, name: &Spanned<String>, guard: &Guard) -> Option<Arc<CheckedGuard>> {
        if let Some(known) = self.judged_guards.get(&name.value) {
            return known.clone();
        }
        let judged = self.compiled_guard(name, guard).map(Arc::new);
        self.judged_guards
            .insert(name.value.clone(), judged.clone());
        judged
    }

    fn compiled_guard(&self, name: &Spanned<String>, guard: &Guard) -> Option<CheckedGuard> {
        let [(kind_name, _)] = places(guard)[..] else {
            return None;
        };
        let mut needs: BTreeSet<String> = values(guard, kind_name)
            .map(|(name, _)| name.value.clone())
            .collect();
        let mut condition = None;
        let kind = if let Some(model) = &guard.model {
            GuardKind::Model {
                fact: model.fact.value.clone(),
                is: plain(&model.is),
            }
        } else if let Some(rollback) = &guard.rollback {
            GuardKind::Rollback {
                installed: rollback.installed.value.clone(),
                target: rollback.target.value.clone(),
            }
        } else if let Some(package) = &guard.package {
            GuardKind::Package {
                folder: package.folder.value.clone(),
                keeps: plain(&package.keeps),
            }
        } else if let Some(same_unit) = &guard.same_unit {
            GuardKind::SameUnit {
                file: same_unit.file.value.clone(),
                imei: same_unit.imei.value.clone(),
            }
        } else if let Some(backup) = &guard.backup {
            GuardKind::Backup {
                step: backup.step.value.clone(),
            }
        } else {
            let that = guard.that.as_ref()?;
            let compiled = Condition::compile(that, &self.all_facts).ok()?;
            needs.extend(compiled.names().iter().cloned());
            condition = Some(compiled);
            GuardKind::That
        };
        debug_assert_eq!(kind.name(), kind_name);
        Some(CheckedGuard {
            name: name.value.clone(),
            kind,
            otherwise: guard.otherwise.clone(),
            unknown: guard
                .unknown
                .as_ref()
                .map_or(WhenUnknown::Refuse, |u| u.value),
            condition,
            needs,
        })
    }

    fn value(&mut self, name: &Spanned<String>, kinds: &[Kind], state: &State) {
        let Some(kind) = self.known(name, &name.span, state) else {
            return;
        };
        if !kinds.contains(&kind) {
            let wanted: Vec<String> = kinds.iter().map(Kind::to_string).collect();
            let message = format!(
                "`{}` is of kind {kind}, and this guard judges {}",
                name.value,
                wanted.join(" or ")
            );
            self.problem("plan::wrong-kind", message, &name.span, "another kind");
            self.declared(name);
        }
    }

    /// Where a name was declared, as a second place of the last problem.
    pub(in crate::check) fn declared(&mut self, name: &str) {
        if let Some(at) = self.names.get(name).cloned() {
            self.also(&at, "declared here");
        }
    }
}

/// The kinds of a guard and where each stands.
fn places(guard: &Guard) -> Vec<(GuardName, Range<usize>)> {
    [
        (
            GuardName::Model,
            guard.model.as_ref().map(|g| g.span.clone()),
        ),
        (
            GuardName::Rollback,
            guard.rollback.as_ref().map(|g| g.span.clone()),
        ),
        (
            GuardName::Package,
            guard.package.as_ref().map(|g| g.span.clone()),
        ),
        (
            GuardName::Backup,
            guard.backup.as_ref().map(|g| g.span.clone()),
        ),
        (
            GuardName::SameUnit,
            guard.same_unit.as_ref().map(|g| g.span.clone()),
        ),
        (GuardName::That, guard.that.as_ref().map(|g| g.span.clone())),
    ]
    .into_iter()
    .filter_map(|(name, at)| Some((name, at?)))
    .collect()
}

/// The names that a guard of this kind judges, and the kinds of value that it takes.
fn values(
    guard: &Guard,
    kind: GuardName,
) -> impl Iterator<Item = (&Spanned<String>, &'static [Kind])> {
    let model = guard.model.as_ref();
    let rollback = guard.rollback.as_ref();
    let same_unit = guard.same_unit.as_ref();
    let firmware: &[Kind] = &[Kind::Firmware];
    let values: [Option<(&Spanned<String>, &[Kind])>; 2] = match kind {
        GuardName::Model => [
            model.map(|g| (&g.fact, [Kind::Text, Kind::Firmware].as_slice())),
            None,
        ],
        GuardName::Rollback => [
            rollback.map(|g| (&g.installed, firmware)),
            rollback.map(|g| (&g.target, firmware)),
        ],
        GuardName::Package => [
            guard
                .package
                .as_ref()
                .map(|g| (&g.folder, [Kind::Folder].as_slice())),
            None,
        ],
        GuardName::SameUnit => [
            same_unit.map(|g| (&g.file, [Kind::File].as_slice())),
            same_unit.map(|g| (&g.imei, [Kind::Imei].as_slice())),
        ],
        GuardName::Backup | GuardName::That => [None, None],
    };
    values.into_iter().flatten()
}

/// The names of a list, each once.
fn plain(list: &[Spanned<String>]) -> Vec<String> {
    let mut seen = HashSet::new();
    list.iter()
        .filter(|item| seen.insert(item.as_str()))
        .map(|item| item.value.clone())
        .collect()
}
