//! Guards: that each has one kind, that its values are known where it is asked, and that steps which destroy name all
//! they must.

use super::state::State;
use super::{CheckedGuard, Checker, GuardKind};
use crate::action::signature::{Effect, GuardName, Signature};
use crate::diagnostic::nearest;
use crate::plan::{GUARD_KEYS, Guard, Kind, Modes, Step, WhenUnknown, is_name};
use crate::yaml::Spanned;
use std::collections::BTreeSet;
use std::ops::Range;

impl Checker<'_> {
    /// Names and kinds of all guards, whoever asks them.
    pub(super) fn guard_kinds(&mut self) {
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

    /// The guards that a step asks, with the places of their names.
    pub(super) fn guards(
        &mut self,
        step: &Step,
        state: &State,
    ) -> Vec<(CheckedGuard, Range<usize>)> {
        let plan = self.plan;
        let mut guards = Vec::new();
        for name in &step.guards {
            self.used_guards.insert(name.value.clone());
            let Some(guard) = plan.guards.get(name) else {
                let message = format!("no guard is called `{}`", name.value);
                self.problem("plan::unknown-guard", message, &name.span, "not declared");
                let declared = plan.guards.iter().map(|(guard, _)| guard.value.as_str());
                if let Some(near) = nearest(name, declared) {
                    self.help(format!("did you mean `{near}`?"));
                }
                continue;
            };
            // A guard is the plan's own, whoever asks it.
            let scope = std::mem::take(&mut self.scope);
            let checked = self.guard(name, guard, state);
            self.scope = scope;
            if let Some(guard) = checked {
                guards.push((guard, name.span.clone()));
            }
        }
        guards
    }

    /// Every guard once, judged over all facts of the plan, so that it can be asked as soon as its values are there.
    pub(super) fn all_guards(&mut self) -> Vec<CheckedGuard> {
        let plan = self.plan;
        let mut state = State::new(Modes::ANY, (0..0, String::new()));
        state.known.clone_from(&self.all_facts);
        plan.guards
            .iter()
            .filter_map(|(name, guard)| {
                let before = self.problems.len();
                let checked = self.guard(name, guard, &state);
                // The names of a guard that a step asks, and its backup, are judged where it is asked.
                let asked = self.used_guards.contains(&name.value);
                if asked || guard.backup.is_some() {
                    self.problems.truncate(before);
                }
                checked
            })
            .collect()
    }

    fn guard(
        &mut self,
        name: &Spanned<String>,
        guard: &Guard,
        state: &State,
    ) -> Option<CheckedGuard> {
        let [(kind_name, _)] = places(guard)[..] else {
            return None;
        };
        let mut needs = BTreeSet::new();
        let mut value = |checker: &mut Self, of: &Spanned<String>, kinds: &[Kind]| {
            needs.insert(of.value.clone());
            checker.value(of, kinds, state);
            of.value.clone()
        };
        let mut condition = None;
        let kind = if let Some(model) = &guard.model {
            GuardKind::Model {
                fact: value(self, &model.fact, &[Kind::Text, Kind::Firmware]),
                is: plain(&model.is),
            }
        } else if let Some(rollback) = &guard.rollback {
            GuardKind::Rollback {
                installed: value(self, &rollback.installed, &[Kind::Firmware]),
                target: value(self, &rollback.target, &[Kind::Firmware]),
            }
        } else if let Some(package) = &guard.package {
            GuardKind::Package {
                folder: value(self, &package.folder, &[Kind::Folder]),
                keeps: plain(&package.keeps),
            }
        } else if let Some(same_unit) = &guard.same_unit {
            GuardKind::SameUnit {
                file: value(self, &same_unit.file, &[Kind::File]),
                imei: value(self, &same_unit.imei, &[Kind::Imei]),
            }
        } else if let Some(backup) = &guard.backup {
            self.backup(name, &backup.step, guard, state);
            GuardKind::Backup {
                step: backup.step.value.clone(),
            }
        } else {
            condition = guard
                .that
                .as_ref()
                .and_then(|that| self.condition(that, state));
            needs.extend(condition.iter().flat_map(|c| c.names().iter().cloned()));
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

    fn backup(
        &mut self,
        name: &Spanned<String>,
        step: &Spanned<String>,
        guard: &Guard,
        state: &State,
    ) {
        match state.ran.get(&step.value) {
            Some(&"diag.backup") => {}
            Some(&"firehose.backup") => {
                if guard.unknown.as_ref().map(|u| u.value) != Some(WhenUnknown::Confirm) {
                    let message = "a copy of the NAND is no sure backup of the calibration";
                    self.problem("plan::weak-backup", message, &step.span, "named here");
                    self.ran(step, "reads the NAND back");
                    self.help("add `unknown: confirm` to this guard, or name a `diag.backup` step");
                }
                self.whole_backup(step);
            }
            Some(key) => {
                let message = format!("step `{}` is a `{key}`, not a backup", step.value);
                self.problem("plan::not-a-backup", message, &step.span, "named here");
                self.ran(step, &format!("a `{key}`"));
                self.help("name a step that is a `diag.backup` or a `firehose.backup`");
            }
            None => self.no_backup(name, step, state),
        }
    }

    fn no_backup(&mut self, name: &Spanned<String>, step: &Spanned<String>, state: &State) {
        if state.maybe_ran.contains(&step.value) {
            let message = format!(
                "the backup step `{}` may not have run before this step",
                step.value
            );
            self.problem("plan::no-backup", message, &name.span, "asked here");
            self.also(&step.span, "the backup");
            self.ran(step, "this step can be skipped");
            return;
        }
        let message = format!("no step before this one is called `{}`", step.value);
        self.problem("plan::no-backup", message, &name.span, "asked here");
        self.also(&step.span, "the backup");
        let backups = state.ran.iter().filter(|(_, key)| key.ends_with(".backup"));
        if let Some(near) = nearest(step, backups.map(|(id, _)| id.as_str())) {
            self.help(format!("did you mean `{near}`?"));
        } else if self.is_a_step(step) {
            self.help(format!("step `{}` comes later: move it up", step.value));
        }
    }

    /// Where a name was declared, as a second place of the last problem.
    pub(super) fn declared(&mut self, name: &str) {
        if let Some(at) = self.names.get(name).cloned() {
            self.also(&at, "declared here");
        }
    }

    /// A step that a guard names, as a second place of the last problem.
    fn ran(&mut self, step: &str, label: &str) {
        if let Some(at) = self.names.get(step).cloned() {
            self.also(&at, label);
        }
    }

    /// What a step that destroys must name and ask.
    pub(super) fn demands(
        &mut self,
        step: &Step,
        signature: &Signature,
        guards: &[(CheckedGuard, Range<usize>)],
        at: &Range<usize>,
    ) {
        if signature.effect != Effect::Destroy || signature.key == "group" {
            return;
        }
        let key = signature.key;
        let missing: Vec<&str> = signature
            .demands
            .iter()
            .filter(|demand| {
                !guards
                    .iter()
                    .any(|(guard, _)| guard.kind.name() == **demand)
            })
            .map(|demand| demand.word())
            .collect();
        if !missing.is_empty() {
            let message = format!("`{key}` needs a guard of kind {}", missing.join(", "));
            self.problem("plan::unguarded", message, at, "destroys data");
            self.help(
                "declare it under `guards:` of the plan and name it in `guards:` of the step",
            );
        }
        if step.confirm.is_none() {
            let message = format!("`{key}` destroys data without asking");
            self.problem("plan::unconfirmed", message, at, "no `confirm:`");
            self.help("add `confirm:` with the question to be asked");
        }
        self.judged(step, guards);
        self.kept(step, guards);
    }

    /// A flash leaves the calibration alone, and its guard says so; only `erase_all` gives it up, openly.
    fn kept(&mut self, step: &Step, guards: &[(CheckedGuard, Range<usize>)]) {
        let Some(flash) = &step.firehose_flash else {
            return;
        };
        let erases = flash.erase_all.as_ref().is_some_and(|erase| erase.value);
        let packages = guards.iter().filter_map(|(guard, at)| match &guard.kind {
            GuardKind::Package { keeps, .. } => Some((keeps, at, &guard.name)),
            _ => None,
        });
        let mut found: Vec<(String, Range<usize>, &str)> = Vec::new();
        for (keeps, at, name) in packages {
            let kept = self.profile.partitions.iter().filter(|p| p.keep);
            if erases && !keeps.is_empty() {
                let message = "`erase_all` erases what this guard keeps".to_owned();
                found.push((message, at.clone(), name));
            } else if !erases {
                let missing = kept.filter(|p| !keeps.contains(&p.name.value));
                let names: Vec<&str> = missing.map(|p| p.name.value.as_str()).collect();
                if !names.is_empty() {
                    let message = format!("this guard does not keep {}", names.join(", "));
                    found.push((message, at.clone(), name));
                }
            }
        }
        let plan = self.plan;
        for (message, at, name) in found {
            self.problem("plan::kept-part", message, &at, "asked here");
            if let Some(package) = plan.guards.get(name).and_then(|g| g.package.as_ref()) {
                self.also(&package.span, "declared here");
            }
            self.help("`keeps` of the guard names every partition of calibration, or none with `erase_all`");
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

fn plain(list: &[Spanned<String>]) -> Vec<String> {
    list.iter().map(|item| item.value.clone()).collect()
}
