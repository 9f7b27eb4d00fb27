//! Which guards a step that destroys must name, and that they judge what it writes.

use crate::action::signature::{Effect, Signature};
use crate::check::{CheckedGuard, Checker, GuardKind};
use crate::plan::Step;
use std::ops::Range;
use std::sync::Arc;

impl Checker<'_> {
    /// What a step that destroys must name and ask.
    pub(in crate::check) fn demands(
        &mut self,
        step: &Step,
        signature: &Signature,
        guards: &[(Arc<CheckedGuard>, Range<usize>)],
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
    fn kept(&mut self, step: &Step, guards: &[(Arc<CheckedGuard>, Range<usize>)]) {
        if step.firehose_flash.is_none() && step.dload_flash.is_none() {
            return;
        }
        let flash = step.firehose_flash.as_ref();
        let erases = flash.and_then(|flash| flash.erase_all.as_ref());
        let erases = erases.is_some_and(|erase| erase.value);
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
