//! The plan as a whole: version, inputs, guards, where it starts and ends, what it reports.

use super::include_step::is_flat;
use super::problems::Hearing;
use super::state::State;
use super::step::Part;
use super::{CheckedGuard, CheckedStep, Checker, read_choice, read_matched};
use crate::action::signature::{Effect, Signature};
use crate::plan::{Input, Kind, Mode, Modes, Step, is_name};
use crate::script::is_keyword;
use crate::yaml::Spanned;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn plan(&mut self) -> (Vec<CheckedStep>, Vec<CheckedStep>, Vec<Arc<CheckedGuard>>) {
        let plan = self.plan;
        if plan.plan.value != 1 {
            let message = "only version 1 of the plan language exists";
            self.problem("plan::version", message, &plan.plan.span, "not known here");
        }
        if !is_name(&plan.id) {
            self.not_a_name(&plan.id);
        }
        let inputs = self.inputs();
        self.collect_facts();
        self.guard_kinds();

        let starts: Modes = plan.starts_in.iter().map(|mode| mode.value).collect();
        self.starts(starts);
        let entry = (
            plan.starts_in.span.clone(),
            "the plan starts here".to_owned(),
        );
        let mut state = State::new(starts, entry);
        state.known.clone_from(&inputs);
        if plan.steps.is_empty() {
            let message = "a plan has at least one step";
            self.problem("plan::shape", message, &plan.steps.span, "empty");
        }
        let destroys = plan
            .steps
            .iter()
            .chain(&plan.rescue)
            .filter_map(|step| Signature::of(step, self.profile))
            .any(|signature| signature.effect == Effect::Destroy);
        let steps = self.list(&plan.steps, &mut state, Part::Main);
        self.ends(&state);
        self.report(&state);
        self.proof(&state, destroys);
        self.versions_are_read(&steps);
        let rescue = self.rescue(&inputs, state, destroys);
        let guards = self.all_guards();
        for (name, _) in &plan.guards {
            if !self.used_guards.contains(&name.value) {
                let message = format!("no step asks the guard `{}`", name.value);
                let before = self.problems.hear(Hearing::Mildly);
                self.problem("plan::unused-guard", message, &name.span, "unused");
                self.problems.hear(before);
            }
        }
        (steps, rescue, guards)
    }

    pub(super) fn list(
        &mut self,
        steps: &[Step],
        state: &mut State,
        part: Part,
    ) -> Vec<CheckedStep> {
        let mut checked = Vec::new();
        for step in steps {
            if is_flat(step) {
                checked.extend(self.flat(step, state, part));
            } else {
                checked.extend(self.step(step, state, part));
            }
        }
        checked
    }

    pub(super) fn not_a_name(&mut self, name: &Spanned<String>) {
        let message = format!("`{}` is not a name", name.value);
        self.problem("plan::name", message, &name.span, "not a name");
        self.help("small letters, digits, `_` and `-`, a letter first, at most 40");
    }

    /// Puts a name into the one namespace of inputs, facts and steps.
    pub(super) fn declare(&mut self, name: &Spanned<String>) {
        if !is_name(name) {
            self.not_a_name(name);
        }
        match self.names.get(&name.value).cloned() {
            Some(first) => {
                let message = format!("`{}` is already a name in this plan", name.value);
                self.problem("plan::name-taken", message, &name.span, "again here");
                self.also(&first, "first here");
                self.help("inputs, facts and steps share their names: take another one");
            }
            None => {
                self.names.insert(name.value.clone(), name.span.clone());
            }
        }
    }

    /// Inputs and facts are variables of expressions, too.
    pub(super) fn declare_fact(&mut self, name: &Spanned<String>) {
        self.declare(name);
        if is_name(name) && (name.contains('-') || is_keyword(name)) {
            let message = format!("`{}` cannot be the name of a fact", name.value);
            self.problem(
                "plan::name",
                message,
                &name.span,
                "no variable in an expression",
            );
            self.help("write `_` instead of `-`, and no word of the expression language");
        }
    }

    fn inputs(&mut self) -> BTreeMap<String, Kind> {
        let plan = self.plan;
        let mut kinds = BTreeMap::new();
        for (name, input) in &plan.inputs {
            self.declare_fact(name);
            kinds.insert(name.value.clone(), input.kind.value);
            self.input(name, input);
        }
        kinds
    }

    fn input(&mut self, name: &Spanned<String>, input: &Input) {
        let mut whole = None;
        if let Some(pattern) = &input.matches {
            whole = self.whole_pattern(pattern);
            if whole.is_none() {
                return;
            }
        }
        let read = |text: &str| read_matched(input, whole.as_ref(), text);
        if input.about.trim().is_empty() {
            let message = format!("`about` of the input `{}` is empty", name.value);
            self.problem("plan::shape", message, &name.span, "says nothing");
        }
        if let Some(default) = &input.default {
            if input.kind.value == Kind::Secret {
                let message = format!("the secret `{}` may not have a default", name.value);
                self.problem(
                    "plan::secret",
                    message,
                    &default.span,
                    "written into the plan",
                );
            } else if let Err(reason) = read(default) {
                let message = format!("the default of `{}` is not allowed: {reason}", name.value);
                self.problem("plan::wrong-kind", message, &default.span, "not allowed");
            }
        }
        for choice in &input.choices {
            // It is one of the choices; looking that up would cost a look at all of them.
            if let Err(reason) = read_choice(input, whole.as_ref(), choice) {
                let message = format!("this choice of `{}` is not allowed: {reason}", name.value);
                self.problem("plan::wrong-kind", message, &choice.span, "not allowed");
            }
        }
    }

    fn collect_facts(&mut self) {
        let plan = self.plan;
        for (name, input) in &plan.inputs {
            self.all_facts.insert(name.value.clone(), input.kind.value);
        }
        for step in plan.steps.iter().chain(&plan.rescue).flat_map(Step::all) {
            for (name, kind) in &step.save {
                if let Some(full) = step.scope.full(name) {
                    self.all_facts.insert(full, kind.value);
                }
            }
        }
    }

    fn starts(&mut self, starts: Modes) {
        let described = |mode: &Mode| match mode {
            Mode::Off => true,
            _ => self.profile.modes.contains_key(&mode.on_usb()),
        };
        if !starts.iter().any(|mode| described(&mode)) {
            let message = format!("{} is never seen in {starts}", self.profile.id.value);
            let at = &self.plan.starts_in.span;
            self.problem("plan::never-starts", message, at, "none of these");
            let modes = self.profile.modes.keys();
            let words: Vec<&str> = modes.map(|mode| mode.word()).collect();
            self.help(format!("it shows itself in: {}", words.join(", ")));
        }
    }

    fn ends(&mut self, state: &State) {
        let wanted = &self.plan.ends_in;
        let ends: Modes = wanted.iter().map(|mode| mode.value).collect();
        if !state.modes.within(ends) {
            let message = format!("the plan may end in {}, not only in {ends}", state.modes);
            self.problem(
                "plan::ends-elsewhere",
                message,
                &wanted.span,
                "declared here",
            );
            if let Some((at, text)) = &state.why {
                self.also(at, text.clone());
            }
        }
    }

    fn report(&mut self, state: &State) {
        for name in &self.plan.report {
            let Some(kind) = self.known(name, &name.span, state) else {
                continue;
            };
            if kind == Kind::Secret {
                let message = format!("the secret `{}` may not be reported", name.value);
                self.problem("plan::secret", message, &name.span, "here");
                self.declared(name);
            } else if kind == Kind::Imei {
                let message = format!("`{}` is an identity: it may not be reported", name.value);
                self.problem("plan::private", message, &name.span, "here");
                self.declared(name);
                self.help("compare it in a `check` instead: `imei_after == label_imei`");
            }
        }
    }

    /// What was changed is proved at the end, by what was read afterwards. A plan that destroys nothing is only warned.
    fn proof(&mut self, end: &State, destroys: bool) {
        let hearing = if destroys {
            Hearing::AsTheyAre
        } else {
            Hearing::Mildly
        };
        let before = self.problems.hear(hearing);
        if let Some(step) = &end.unproved {
            let message = format!(
                "no `check` surely proves what step `{}` changed",
                step.value
            );
            let label = "the last step that changes something";
            self.problem("plan::unproved-end", message, &step.span, label);
            self.help("end the plan with a `check` that is neither optional nor under a condition");
        }
        for at in &end.stale {
            let message = "this claim rests on nothing that was read after the last change";
            self.problem(
                "plan::stale-proof",
                message,
                at,
                "says nothing of the modem now",
            );
            if let Some(step) = &end.changed_by {
                self.also(&step.span, "the last change");
            }
            self.help("ask the modem again after the last step that changes it, and claim that");
        }
        self.problems.hear(before);
    }

    fn rescue(
        &mut self,
        inputs: &BTreeMap<String, Kind>,
        main: State,
        destroys: bool,
    ) -> Vec<CheckedStep> {
        let plan = self.plan;
        let why: (Range<usize>, String) = (
            plan.steps.span.start..plan.steps.span.start + 1,
            "any step from here on may have failed".to_owned(),
        );
        let mut state = State::new(Modes::ANY, why);
        state.known.clone_from(inputs);
        let facts = main
            .known
            .into_keys()
            .filter(|name| !inputs.contains_key(name));
        state.maybe = facts
            .map(|name| (name, String::new()))
            .chain(main.maybe)
            .collect();
        state.maybe_ran = main.ran.into_keys().chain(main.maybe_ran).collect();
        let steps = self.list(&plan.rescue, &mut state, Part::Rescue);
        for step in &steps {
            for inner in std::iter::once(step).chain(&step.children) {
                if destroys && inner.signature.effect > Effect::Manual && inner.children.is_empty()
                {
                    let at = super::step::place_of(&inner.step);
                    let message = format!(
                        "`{}` may not stand in `rescue` of this plan",
                        inner.signature.key
                    );
                    self.problem("plan::rescue-disrupts", message, &at, "changes the modem");
                    if self.problems.last_is_kept()
                        && let Some(destroys) = self.destroying()
                    {
                        self.also(&destroys, "destroys data");
                    }
                    self.help(
                        "a step of this plan writes the flash: nothing resets a half-written modem",
                    );
                }
            }
        }
        steps
    }
}
