//! A `backup` guard names a step that surely made one.

use crate::check::Checker;
use crate::check::state::State;
use crate::diagnostic::nearest;
use crate::plan::{Guard, WhenUnknown};
use crate::yaml::Spanned;

impl Checker<'_> {
    pub(super) fn backup(
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
        if self.is_a_step(step) {
            let message = format!("no step before this one is called `{}`", step.value);
            self.problem("plan::no-backup", message, &name.span, "asked here");
            self.also(&step.span, "the backup");
        } else {
            let message = format!("no step of the plan is called `{}`", step.value);
            self.problem("plan::no-backup", message, &step.span, "not there");
            self.also(&name.span, "asked here");
        }
        let backups = state.ran.iter().filter(|(_, key)| key.ends_with(".backup"));
        if let Some(near) = nearest(step, backups.map(|(id, _)| id.as_str())) {
            self.help(format!("did you mean `{near}`?"));
        } else if self.is_a_step(step) {
            self.help(format!("step `{}` comes later: move it up", step.value));
        }
    }

    /// A step that a guard names, as a second place of the last problem.
    fn ran(&mut self, step: &str, label: &str) {
        if let Some(at) = self.names.get(step).cloned() {
            self.also(&at, label);
        }
    }
}
