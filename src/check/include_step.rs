//! A step that includes a fragment: the values that it gives, and the steps that it stands for.

use super::state::State;
use super::step::Part;
use super::{CheckedStep, Checker};
use crate::action::signature::actions_of;
use crate::diagnostic::nearest;
use crate::plan::{Include, Inclusion, Kind, Meaning, Param, Scope, Step, Template, Value};
use crate::yaml::Spanned;
use std::collections::{BTreeMap, BTreeSet};

/// An `include` without a condition: its steps stand in its place, as if they were written out.
pub(super) fn is_flat(step: &Step) -> bool {
    step.include.is_some()
        && step.only_in.is_none()
        && step.when.is_none()
        && step.optional.is_none()
        && actions_of(step).count() == 1
}

impl Checker<'_> {
    /// The steps of a fragment in the place of the step that includes it.
    pub(super) fn flat(&mut self, step: &Step, state: &mut State, part: Part) -> Vec<CheckedStep> {
        let outer = std::mem::replace(&mut self.scope, step.scope.clone());
        self.declare(&step.id);
        self.group_fields(step, "include");
        if part == Part::Group {
            self.include_in_group(step);
        }
        self.given(step, state);
        self.scope = outer;
        match &step.included {
            Some(included) if part != Part::Group => self.list(&included.steps, state, part),
            _ => Vec::new(),
        }
    }

    /// The steps of a fragment under the condition of the step that includes it.
    pub(super) fn included(
        &mut self,
        step: &Step,
        state: &mut State,
        part: Part,
    ) -> Vec<CheckedStep> {
        self.given(step, state);
        match (&step.included, &step.include) {
            (Some(included), _) if !part.is_inner() => {
                self.list(&included.steps, state, Part::Included)
            }
            (_, Some(include)) if part == Part::Included => {
                let message = "inside an `include` with a condition there is no other condition";
                self.problem("plan::shape", message, &include.span, "has a condition");
                self.help("take `only_in`, `when` or `optional` off one of the two");
                Vec::new()
            }
            (_, Some(_)) if part == Part::Group => {
                self.include_in_group(step);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn include_in_group(&mut self, step: &Step) {
        let at = super::step::place_of(step);
        let message = "a group holds no `include`";
        self.problem("plan::shape", message, &at, "inside a group");
        self.help("give the condition to the `include` itself");
    }

    /// Each parameter is given, nothing else is, and each value is of its kind.
    fn given(&mut self, step: &Step, state: &State) {
        let (Some(include), Some(included)) = (&step.include, &step.included) else {
            // That it cannot be read has been said.
            return;
        };
        self.given_and_wanted(include, included);
        for (name, text) in &include.with {
            let params = &included.params;
            let param = params.iter().find(|(param, _)| param.value == name.value);
            if let Some((_, param)) = param {
                self.argument(text, param, state);
            }
        }
    }

    fn given_and_wanted(&mut self, include: &Spanned<Include>, included: &Inclusion) {
        let file = &include.file.value;
        let params = &included.params;
        for (name, _) in &include.with {
            if params.get(name).is_none() {
                let message = format!("`{file}` has no parameter `{}`", name.value);
                self.problem(
                    "plan::include-param",
                    message,
                    &name.span,
                    "not a parameter",
                );
                let known = params.iter().map(|(param, _)| param.value.as_str());
                if let Some(near) = nearest(name, known) {
                    self.help(format!("did you mean `{near}`?"));
                }
            }
        }
        for (param, wanted) in params {
            if include.with.get(param).is_none() {
                let message = format!("`{file}` wants `{}`: {}", param.value, wanted.about.trim());
                self.problem(
                    "plan::include-param",
                    message,
                    &include.file.span,
                    "not given",
                );
                self.also(&param.span, "declared here");
                self.help(format!("add `with: {{ {}: ... }}`", param.value));
            }
        }
    }

    fn argument(&mut self, text: &Spanned<String>, param: &Param, state: &State) {
        let Some(template) = self.template(text) else {
            return;
        };
        let wanted = param.kind.value;
        let mut kinds = Vec::new();
        for (name, at) in template.names() {
            let at = self.inside(text, at);
            match self.known(name, &at, state) {
                Some(kind) => kinds.push((kind, at)),
                None => return,
            }
        }
        let wrong = match (template.only_name(), kinds.first()) {
            (Some(name), Some((kind, _))) if *kind != wanted => Some(format!(
                "`{name}` is of kind {kind}, and the parameter is {wanted}"
            )),
            (Some(_), _) => None,
            (None, None) if may_be_written(wanted) => Value::parse(wanted, text).err(),
            (None, _) if !may_be_written(wanted) => {
                Some(format!("a {wanted} is given by name, as `${{name}}`"))
            }
            (None, _) if wanted != Kind::Text => Some(format!(
                "only a text is put together, and the parameter is {wanted}"
            )),
            (None, _) => kinds
                .iter()
                .find(|(kind, _)| !may_be_written(*kind))
                .map(|(kind, _)| format!("a {kind} is no part of a text")),
        };
        if let Some(message) = wrong {
            self.problem("plan::include-param", message, &text.span, "given");
            self.also(&param.kind.span, format!("of kind {wanted}"));
        }
    }

    /// The kind of a name that is surely known here.
    pub(super) fn kind_of(&self, name: &str, state: &State) -> Option<Kind> {
        match self.scope.meaning(name)?.as_ref() {
            Meaning::Name(full) => state.known.get(full).copied(),
            Meaning::Text(kind, _) => Some(*kind),
        }
    }

    /// Every word of an expression that is surely known, by the name that stands there.
    pub(super) fn kinds_in(&self, text: &str, state: &State) -> BTreeMap<String, Kind> {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter_map(|word| Some((word.to_owned(), self.kind_of(word, state)?)))
            .collect()
    }

    /// The facts that a step saves, by the names that the plan knows them by.
    pub(super) fn saved(&self, step: &Step) -> Vec<(String, Kind)> {
        let full = |name: &Spanned<String>| self.scope.full(name);
        step.save
            .iter()
            .filter_map(|(name, kind)| Some((full(name)?, kind.value)))
            .collect()
    }

    /// Names of this scope by those of the plan.
    pub(super) fn full_names(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let of = |name: &String| match self.scope.meaning(name).map(std::borrow::Cow::into_owned) {
            Some(Meaning::Name(full)) => vec![full],
            Some(Meaning::Text(_, text)) => text.names().map(|(n, _)| n.to_owned()).collect(),
            None => Vec::new(),
        };
        names.iter().flat_map(of).collect()
    }

    /// What the plan wrote out for a name, where it is a parameter that was given as a text.
    pub(super) fn written(&self, name: &str) -> Option<Template> {
        match self.scope.meaning(name)?.into_owned() {
            Meaning::Text(_, text) => Some(text),
            Meaning::Name(_) => None,
        }
    }
}

/// Whether a text is one name of the plan and nothing else, and which.
pub(super) fn only_name(text: &str, scope: &Scope) -> Option<String> {
    let template = Template::parse(text).ok()?;
    scope.full(template.only_name()?)
}

/// Values that may be written out for a parameter; a file, an identity or a secret is given by name.
fn may_be_written(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Int | Kind::Bool | Kind::Firmware)
}
