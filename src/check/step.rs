//! One step: where it runs, what it needs and leaves, and its limits.

use super::state::State;
use super::{CheckedStep, Checker};
use crate::action::signature::{Effect, Leaves, Signature, actions_of};
use crate::plan::{ACTION_KEYS, Modes, Step, TransportName};
use crate::script::Script;
use std::ops::Range;

/// In which list a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Main,
    Group,
    /// Under the conditions of an `include`.
    Included,
    Rescue,
}

impl Part {
    /// Several steps stand under one condition already.
    pub(super) fn is_inner(self) -> bool {
        matches!(self, Self::Group | Self::Included)
    }
}

/// The place of a step's action.
pub(super) fn place_of(step: &Step) -> Range<usize> {
    actions_of(step)
        .next()
        .map_or_else(|| step.id.span.clone(), |(_, at)| at)
}

impl Checker<'_> {
    /// A step, under the names that it knows.
    pub(super) fn step(
        &mut self,
        step: &Step,
        state: &mut State,
        part: Part,
    ) -> Option<CheckedStep> {
        let outer = std::mem::replace(&mut self.scope, step.scope.clone());
        let checked = self.step_here(step, state, part);
        self.scope = outer;
        checked
    }

    fn step_here(&mut self, step: &Step, state: &mut State, part: Part) -> Option<CheckedStep> {
        self.declare(&step.id);
        let Some(mut signature) = self.one_action(step) else {
            // One mistake is no reason to miss its facts in every later step.
            for (name, kind) in self.saved(step) {
                state.save(&name, kind);
            }
            return None;
        };
        let at = place_of(step);
        self.transport(signature.key, &at);

        let before = state.modes;
        let here = self.runs_in(step, state);
        let when = step
            .when
            .as_ref()
            .and_then(|when| self.condition(when, state));
        let content = self.action(step, &mut signature, state, part);
        let fits = self.mode(&signature, here, &at, state);
        let until = self.until(step, state);
        self.again(step, &signature, &at);
        if let Some(confirm) = &step.confirm {
            self.words(confirm, state);
        }
        let guards = self.guards(step, state);

        let sure = step.when.is_none() && !is_optional(step) && before.within(here);
        let skipped = (!sure).then(|| state.enter());
        state.modes = here;
        if !fits {
            // Said once: what follows is judged as if the modem were where it is needed.
            let needs = signature.needs;
            state.modes = needs;
            state.why = Some((at.clone(), format!("taken to be in {needs} from here on")));
        }
        let children = match &step.group {
            Some(steps) if !part.is_inner() => self.list(steps, state, Part::Group),
            None if signature.key == "include" => self.included(step, state, part),
            _ => {
                state.leave(signature.leaves, &at);
                self.freshness(step, &signature, content.script.as_ref(), state);
                Vec::new()
            }
        };
        for child in &children {
            signature.effect = signature.effect.max(child.signature.effect);
        }
        self.limits(step, &signature, &children, &at);
        self.demands(step, &signature, &guards, &at);
        for (name, kind) in self.saved(step) {
            state.save(&name, kind);
        }
        if step.check.is_some() {
            state.checked(content.stale);
        }
        state.ran(&step.id, signature.key);
        if let Some(skipped) = skipped {
            let modes = if step.when.is_some() || is_optional(step) {
                before
            } else {
                before.minus(here)
            };
            state.merge(skipped, modes, here, &step.id);
        }
        self.checkpoint(step, state);
        Some(CheckedStep {
            step: step.clone(),
            signature,
            runs_in: here,
            before,
            after: state.modes,
            sure,
            when,
            until,
            claims: content.claims,
            reply: content.reply,
            script: content.script,
            children,
            guards: guards.into_iter().map(|(guard, _)| guard).collect(),
        })
    }

    fn one_action(&mut self, step: &Step) -> Option<Signature> {
        let actions: Vec<_> = actions_of(step).collect();
        match actions.as_slice() {
            [_] => Signature::of(step, self.profile),
            [] => {
                let message = format!("step `{}` does nothing", step.id.value);
                self.problem("plan::no-action", message, &step.id.span, "this step");
                self.help(format!("give it one of: {}", ACTION_KEYS.join(", ")));
                None
            }
            [(first, at), rest @ ..] => {
                let count = actions.len();
                let message = format!("step `{}` has {count} actions", step.id.value);
                self.problem("plan::two-actions", message, at, *first);
                for (key, at) in rest {
                    self.also(at, *key);
                }
                self.help("a step does one thing: make two steps");
                None
            }
        }
    }

    fn transport(&mut self, key: &str, at: &Range<usize>) {
        let needed = [
            TransportName::At,
            TransportName::Diag,
            TransportName::Sahara,
            TransportName::Firehose,
            TransportName::Fastboot,
            TransportName::Dload,
        ]
        .into_iter()
        .find(|name| key.split('.').next() == Some(name.word()));
        let Some(needed) = needed else { return };
        let has = &self.profile.transports;
        if !has.iter().any(|transport| transport.value == needed) {
            let list: Vec<&str> = has.iter().map(|transport| transport.word()).collect();
            let message = format!("{} does not speak {}", self.profile.id.value, needed.word());
            self.problem("plan::no-transport", message, at, format!("`{key}`"));
            self.help(format!("it speaks: {}", list.join(", ")));
        }
    }

    fn runs_in(&mut self, step: &Step, state: &State) -> Modes {
        let before = state.modes;
        let Some(only) = &step.only_in else {
            return before;
        };
        let wanted: Modes = only.iter().map(|mode| mode.value).collect();
        let here = before.and(wanted);
        if here.is_empty() {
            let message = format!("the modem is in {before} here, so this step never runs");
            self.problem("plan::never-runs", message, &only.span, "no overlap");
            if let Some((place, text)) = &state.why {
                self.also(place, text.clone());
            }
            return wanted;
        }
        here
    }

    /// Whether the action works wherever the modem may be.
    fn mode(
        &mut self,
        signature: &Signature,
        here: Modes,
        at: &Range<usize>,
        state: &State,
    ) -> bool {
        let needs = signature.needs;
        if here.within(needs) {
            return true;
        }
        let key = signature.key;
        let message = if needs.is_empty() {
            format!("`{key}` works in no mode of {}", self.profile.id.value)
        } else if here == Modes::ANY {
            format!("`{key}` needs the modem in {needs}, but its mode is not known here")
        } else {
            let wrong = here.minus(needs);
            format!("`{key}` needs the modem in {needs}, but here it may be in {wrong}")
        };
        self.problem("plan::wrong-mode", message, at, format!("needs {needs}"));
        if let Some((place, text)) = &state.why {
            self.also(place, text.clone());
        }
        self.help("change the mode in an earlier step, or add `only_in:` to this one");
        needs.is_empty()
    }

    /// Where `until` does not hold, the next attempt finds the modem where this one has led it.
    fn again(&mut self, step: &Step, signature: &Signature, at: &Range<usize>) {
        let Some(until) = step.retry.as_ref().and_then(|retry| retry.until.as_ref()) else {
            return;
        };
        let needs = signature.needs;
        let (leaves, found) = match signature.leaves {
            Leaves::Same => return,
            Leaves::Unknown => (Modes::ANY, "in any mode".to_owned()),
            Leaves::Known(mode) => (Modes::one(mode), format!("in {mode}")),
        };
        if leaves.within(needs) {
            return;
        }
        let key = signature.key;
        let message = format!("`{key}` needs the modem in {needs}, and leaves it {found}");
        let label = "another attempt would begin there";
        self.problem("plan::wrong-mode", message, &until.span, label);
        self.also(at, format!("leaves it {found}"));
        self.help("wait for the value in a step of its own, after this one");
    }

    fn limits(
        &mut self,
        step: &Step,
        signature: &Signature,
        children: &[CheckedStep],
        at: &Range<usize>,
    ) {
        let waits = !matches!(signature.key, "check" | "group" | "include");
        if waits && step.timeout.is_none() {
            let message = format!("step `{}` has no timeout", step.id.value);
            self.problem("plan::no-timeout", message, at, "may wait");
            self.help("add `timeout: 30s`");
        }
        if let Some(timeout) = step.timeout.as_ref().filter(|timeout| timeout.is_zero()) {
            let message = format!("step `{}` has no time at all", step.id.value);
            self.problem("plan::no-timeout", message, &timeout.span, "over at once");
            self.help("write how long one attempt may take: `30s`");
        }
        if matches!(signature.key, "group" | "include") {
            self.group_fields(step, signature.key);
        }
        if let Some(retry) = &step.retry {
            if signature.effect == Effect::Destroy {
                let message = "a step that destroys data is never retried by itself";
                self.problem("plan::retry-destroys", message, &retry.span, "not here");
                self.also(at, "destroys data");
            }
            if !(2..=100).contains(&retry.attempts.value) {
                let message = "`attempts` counts all tries: 2 to 100";
                self.problem(
                    "plan::shape",
                    message,
                    &retry.attempts.span,
                    "not in 2 to 100",
                );
            }
            if let Some(grow) = &retry.grow
                && !(1..=10).contains(&grow.value)
            {
                let message = "`grow` multiplies the delay: 1 to 10";
                self.problem("plan::shape", message, &grow.span, "not in 1 to 10");
            }
        }
        if let Some(optional) = step.optional.as_ref().filter(|optional| optional.value) {
            let harmless = |s: &Signature| s.effect <= Effect::Read && s.leaves == Leaves::Same;
            let all = harmless(signature) && children.iter().all(|c| harmless(&c.signature));
            if !all {
                let message = "only a step that reads may be optional";
                self.problem(
                    "plan::optional-changes",
                    message,
                    at,
                    "changes the modem, or its mode",
                );
                self.also(&optional.span, "may fail");
                self.help("after a failed change the mode would not be known");
            }
            self.because(step, &optional.span, "a step that may fail");
        }
        self.reason_to_verify_nothing(step);
        if let Some(flash) = &step.dload_flash
            && let Some(replace) = flash.replace_table.as_ref().filter(|replace| replace.value)
        {
            self.because(step, &replace.span, "replacing the partition table");
        }
        if let Some(flash) = &step.firehose_flash
            && let Some(erase_all) = flash.erase_all.as_ref().filter(|erase| erase.value)
        {
            self.because(step, &erase_all.span, "erasing the calibration");
        }
    }

    fn because(&mut self, step: &Step, at: &Range<usize>, what: &str) {
        if step.because.is_none() {
            let message = format!("{what} needs a `because`");
            self.problem("plan::because", message, at, "why");
            self.help("add `because:` to the step");
        }
    }

    /// A group carries conditions: what belongs to single steps is refused on it.
    pub(super) fn group_fields(&mut self, step: &Step, word: &str) {
        let fields = [
            ("timeout", step.timeout.as_ref().map(|f| f.span.clone())),
            ("retry", step.retry.as_ref().map(|f| f.span.clone())),
            (
                "save",
                step.save.iter().next().map(|(name, _)| name.span.clone()),
            ),
            ("guards", step.guards.first().map(|f| f.span.clone())),
            ("confirm", step.confirm.as_ref().map(|f| f.span.clone())),
            (
                "checkpoint",
                step.checkpoint.as_ref().map(|f| f.span.clone()),
            ),
        ];
        for (field, at) in fields {
            if let Some(at) = at {
                let article = if word == "include" { "an" } else { "a" };
                let message = format!("{article} {word} has no `{field}`");
                self.problem("plan::shape", message, &at, format!("of {article} {word}"));
                self.help(format!(
                    "give it to a step of the {}",
                    if word == "group" { "group" } else { "fragment" }
                ));
            }
        }
    }

    fn checkpoint(&mut self, step: &Step, state: &State) {
        if let Some(checkpoint) = step.checkpoint.as_ref().filter(|c| c.value)
            && state.modes.iter().count() != 1
        {
            let message = format!("after this step the modem may be in {}", state.modes);
            self.problem(
                "plan::loose-checkpoint",
                message,
                &checkpoint.span,
                "not one mode",
            );
            if let Some((place, text)) = &state.why {
                self.also(place, text.clone());
            }
            self.help("a run is resumed in a known mode: put the checkpoint after a `usb.wait`");
        }
    }

    /// Facts of a step that changes nothing tell how the modem is now. A script that asks nobody knows no more than
    /// what it computes with, and an answer to a change was given before the change had its effect.
    fn freshness(
        &self,
        step: &Step,
        signature: &Signature,
        script: Option<&Script>,
        state: &mut State,
    ) {
        if changes(signature) {
            state.changed(&step.id);
            return;
        }
        let computes = script.is_some_and(|script| {
            let names = self.full_names(script.names());
            script.effect() == Effect::Pure && names.is_disjoint(&state.fresh)
        });
        if !computes {
            for (name, _) in self.saved(step) {
                state.freshen(&name);
            }
        }
    }
}

/// What is known of the modem before such a step does not hold after it.
fn changes(signature: &Signature) -> bool {
    signature.effect >= Effect::Disrupt || signature.leaves == Leaves::Unknown
}

fn is_optional(step: &Step) -> bool {
    step.optional
        .as_ref()
        .is_some_and(|optional| optional.value)
}
