//! What a step writes is what its guards have judged: a guard on one file says nothing of another one.

use super::include_step::only_name;
use super::{CheckedGuard, Checker};
use crate::action::signature::{Effect, Signature};
use crate::plan::{Guard, Kind, Step, Template};
use crate::yaml::Spanned;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

impl Checker<'_> {
    /// Every path that an action writes from begins with an input: the files of inputs are in the approval and were
    /// looked at before step one.
    pub(super) fn sources(&mut self, step: &Step) {
        let sources = [
            step.firehose_flash.as_ref().map(|action| &action.package),
            step.diag_restore.as_ref().map(|action| &action.from),
            step.fastboot_flash.as_ref().map(|action| &action.image),
            step.dload_flash.as_ref().map(|action| &action.package),
        ];
        let load = step.sahara_load.as_ref();
        let images = load.into_iter().flat_map(|load| load.files());
        for path in sources.into_iter().flatten().chain(images) {
            if self.source_of(path).is_none() {
                let message = "what is written to a modem comes from an input";
                self.problem("plan::no-source", message, &path.span, "from elsewhere");
                self.help("begin it with an input of type `file` or `folder`: `${package}/...`");
            }
        }
        for file in load.into_iter().flat_map(|load| load.files()) {
            self.programmer(file);
        }
    }

    /// The input with which a path begins, if it is a file or a folder.
    fn source_of(&self, path: &str) -> Option<(String, Kind)> {
        let template = Template::parse(path).ok()?;
        let name = self.scope.full(template.begins_with()?)?;
        let kind = self.index.inputs.get(name.as_str())?.kind.value;
        matches!(kind, Kind::File | Kind::Folder).then_some((name, kind))
    }

    /// The programmer writes what the package holds: it is the package's own, or one that was given by itself; so are the
    /// images that a boot ROM wants besides it.
    fn programmer(&mut self, programmer: &Spanned<String>) {
        let Some((folder, Kind::Folder)) = self.source_of(programmer) else {
            return;
        };
        if let Some(package) = self.index.first_package
            && !self.index.packages.contains(&folder)
        {
            let message = "the programmer comes from another folder than the package";
            self.problem("plan::guards-another", message, &programmer.span, "loaded");
            self.also(&package.span, "flashed");
            self.help("take the programmer of the package, or an input of type `file`");
        }
    }

    /// The step's file is the one that a guard of the step judges.
    pub(super) fn judged(&mut self, step: &Step, guards: &[(Arc<CheckedGuard>, Range<usize>)]) {
        let declared: Vec<&Guard> = guards
            .iter()
            .filter_map(|(guard, _)| self.index.guards.get(guard.name.as_str()).copied())
            .collect();
        let declared = || declared.iter();
        let firehose = step.firehose_flash.as_ref().map(|flash| &flash.package);
        let dload = step.dload_flash.as_ref().map(|flash| &flash.package);
        if let Some(package) = firehose.or(dload) {
            let folders = declared().filter_map(|guard| Some(&guard.package.as_ref()?.folder));
            self.same(package, &folders.collect::<Vec<_>>());
        }
        if let Some(restore) = &step.diag_restore {
            let files = declared().filter_map(|guard| Some(&guard.same_unit.as_ref()?.file));
            self.same(&restore.from, &files.collect::<Vec<_>>());
        }
    }

    fn same(&mut self, path: &Spanned<String>, judged: &[&Spanned<String>]) {
        // Without any such guard the step is refused for that.
        let Some(first) = judged.first() else {
            return;
        };
        let written = only_name(path, &self.scope);
        if judged
            .iter()
            .any(|name| written.as_ref() == Some(&name.value))
        {
            return;
        }
        let message = "this step writes another file than its guard judges";
        self.problem("plan::guards-another", message, &path.span, "written");
        for name in judged {
            self.also(&name.span, "judged");
        }
        self.help(format!("write `${{{}}}`, or guard this one", first.value));
    }

    /// A guard weighs what a person says of the modem, or the modem of itself, against what is to be written.
    pub(super) fn evidence(&mut self, guard: &Guard) {
        let of_modem = [
            guard.model.as_ref().map(|model| &model.fact),
            guard.rollback.as_ref().map(|rollback| &rollback.installed),
        ];
        for name in of_modem.into_iter().flatten() {
            if let Some(target) = self.index.targets.get(name.as_str()).copied() {
                let message = format!(
                    "`{}` says what is to be written, not what the modem is",
                    name.value
                );
                self.problem("plan::guards-another", message, &name.span, "judged");
                self.also(&target.span, "to be written");
                self.help("name a fact or an input that tells of the modem itself");
            }
        }
        let judged = [
            guard.rollback.as_ref().map(|rollback| &rollback.target),
            guard.same_unit.as_ref().map(|same_unit| &same_unit.imei),
        ];
        for name in of_modem.into_iter().chain(judged).flatten() {
            self.assumed(name);
        }
    }

    /// What the plan itself fills in is no evidence; `unknown` says so openly.
    fn assumed(&mut self, name: &Spanned<String>) {
        let input = self.index.inputs.get(name.as_str());
        let default = input.and_then(|input| input.default.as_ref());
        if let Some(default) = default.filter(|default| default.value != "unknown") {
            let message = format!("a guard judges `{}`, which the plan assumes", name.value);
            self.problem("plan::assumed", message, &default.span, "assumed");
            self.also(&name.span, "judged");
            self.help("leave `default` out, so that a person gives it");
        }
    }

    /// The first action of the plan that destroys data.
    pub(super) fn destroying(&self) -> Option<Range<usize>> {
        let mut steps = self.plan.steps.iter().flat_map(Step::all);
        steps.find_map(|step| {
            let signature = Signature::of(step, self.profile)?;
            let single = step.group.is_none() && step.include.is_none();
            let destroys = signature.effect == Effect::Destroy && single;
            destroys.then(|| super::step::place_of(step))
        })
    }

    /// Whether the plan has such a step, be it before or after.
    pub(super) fn is_a_step(&self, id: &str) -> bool {
        self.index.steps.contains_key(id)
    }

    /// A copy of the NAND holds every partition that cannot be bought again.
    pub(super) fn whole_backup(&mut self, step: &Spanned<String>) {
        let named = self.index.steps.get(step.as_str());
        let Some(backup) = named.and_then(|named| named.firehose_backup.as_ref()) else {
            return;
        };
        let kept = self.profile.partitions.iter().filter(|p| p.keep);
        let read: HashSet<&str> = backup.parts.iter().map(|part| part.as_str()).collect();
        let missing: Vec<&str> = kept
            .map(|kept| kept.name.value.as_str())
            .filter(|kept| !read.contains(kept))
            .collect();
        if !missing.is_empty() {
            let message = format!("this backup does not read {}", missing.join(", "));
            self.problem("plan::weak-backup", message, &backup.parts.span, "not all");
            self.also(&step.span, "a guard rests on it");
            self.help("read every partition that the profile keeps");
        }
    }
}
