//! Names, templates and expressions, and where a place inside them lies in the file.

use super::Checker;
use super::state::State;
use crate::diagnostic::nearest;
use crate::plan::{Kind, Template};
use crate::script::{Cause, Condition, Origin, Script, ScriptProblem};
use crate::yaml::{Spanned, inside_scalar, node_at};
use std::collections::BTreeMap;
use std::ops::Range;

impl Checker<'_> {
    /// A name must be surely known; its kind if so.
    pub(super) fn known(&mut self, name: &str, at: &Range<usize>, state: &State) -> Option<Kind> {
        if let Some(kind) = state.known.get(name) {
            return Some(*kind);
        }
        if let Some(step) = state.maybe.get(name) {
            self.maybe_unknown(name, step, at);
        } else {
            self.unknown(name, at, state);
        }
        None
    }

    fn maybe_unknown(&mut self, name: &str, step: &str, at: &Range<usize>) {
        let message = if step.is_empty() {
            format!("`{name}` may not be known here: any step may have failed before")
        } else {
            format!("`{name}` may not be known here: step `{step}` can be skipped")
        };
        self.problem("plan::maybe-unknown", message, at, "used here");
        if let Some(step) = self.names.get(step).cloned() {
            self.also(&step, "this step can be skipped");
        }
    }

    fn unknown(&mut self, name: &str, at: &Range<usize>, state: &State) {
        let message = format!("nothing before this is called `{name}`");
        self.problem("plan::unknown-name", message, at, "not known here");
        let near = nearest(name, state.known.keys().map(String::as_str));
        if let Some(near) = near.map(str::to_owned) {
            self.help(format!("did you mean `{near}`?"));
        } else if self.all_facts.contains_key(name) {
            self.help(format!("`{name}` is saved by a later step"));
        }
    }

    /// Text for people: identities are shown masked, secrets have no place there.
    pub(super) fn words(&mut self, text: &Spanned<String>, state: &State) {
        let Some(template) = self.template(text) else {
            return;
        };
        for (name, at) in template.names() {
            let at = self.inside(text, at);
            if self.known(name, &at, state) == Some(Kind::Secret) {
                self.secret(name, &at);
            }
        }
    }

    pub(super) fn secret(&mut self, name: &str, at: &Range<usize>) {
        let message = format!("the secret `{name}` may stand only in `send:` of `at.set`");
        self.problem("plan::secret", message, at, "here");
    }

    pub(super) fn private(&mut self, name: &str, at: &Range<usize>) {
        let message = format!("`{name}` is an identity: it may not be part of a command or a path");
        self.problem("plan::private", message, at, "here");
    }

    pub(super) fn template(&mut self, text: &Spanned<String>) -> Option<Template> {
        match Template::parse(text) {
            Ok(template) => Some(template),
            Err(error) => {
                let at = self.inside(text, error.at.clone());
                self.problem("plan::not-a-name", error.to_string(), &at, "here");
                self.help("write `$${` where `${` itself is meant");
                None
            }
        }
    }

    /// A path: its names, and that it stays beneath where it begins.
    pub(super) fn path(&mut self, text: &Spanned<String>, state: &State) {
        let Some(template) = self.template(text) else {
            return;
        };
        let mut begins = template.begins_with();
        for (name, at) in template.names() {
            let at = self.inside(text, at);
            match self.known(name, &at, state) {
                Some(Kind::Secret) => self.secret(name, &at),
                Some(Kind::Imei) => self.private(name, &at),
                Some(kind @ (Kind::File | Kind::Folder)) if begins != Some(name) => {
                    let message = format!("`{name}` is a {kind}: it may only begin a path");
                    self.problem("plan::outside", message, &at, "not at the beginning");
                }
                _ => {}
            }
            begins = None;
        }
        self.beneath(text, &template, state);
        let leaves = template.literals().any(|literal| {
            literal.split(['/', '\\']).any(|part| part == "..") || literal.contains('\0')
        });
        if leaves || text.starts_with(['/', '\\']) || text.is_empty() {
            let message = "a path of a plan is relative and stays beneath where it begins";
            self.problem("plan::outside", message, &text.span, "leaves its folder");
            self.help("begin it with an input: `${package}/...`");
        }
    }

    /// `${folder}-other/x` would begin with the folder's name and lie outside it; a file has nothing beneath it.
    fn beneath(&mut self, text: &Spanned<String>, template: &Template, state: &State) {
        let kind = template
            .begins_with()
            .and_then(|name| state.known.get(name));
        let rest = text.split_once('}').map_or("", |(_, rest)| rest);
        let outside = match kind {
            Some(Kind::Folder) => !rest.is_empty() && !rest.starts_with('/'),
            Some(Kind::File) => !rest.is_empty(),
            _ => false,
        };
        if outside {
            let message = "only `/` and what lies beneath may follow a folder, and nothing a file";
            self.problem("plan::outside", message, &text.span, "another place");
        }
    }

    /// Compiles a condition; `kinds` are the facts that it may use.
    pub(super) fn condition(
        &mut self,
        text: &Spanned<String>,
        state: &State,
        kinds: &BTreeMap<String, Kind>,
    ) -> Option<Condition> {
        if let Some(at) = text.find("${") {
            let at = self.inside(text, at..text.len());
            let message = "an expression names facts directly, without `${ }`";
            self.problem("plan::no-interpolation", message, &at, "here");
            return None;
        }
        match Condition::compile(text, kinds) {
            Ok(condition) => Some(condition.written_in(self.origin(text))),
            Err(problem) => {
                self.script_problem("plan::expression", text, &problem, state);
                None
            }
        }
    }

    pub(super) fn script(
        &mut self,
        text: &Spanned<String>,
        state: &State,
        saves: &BTreeMap<String, Kind>,
    ) -> Option<Script> {
        match Script::compile(text, &state.known, saves) {
            Ok(script) => Some(script.written_in(self.origin(text))),
            Err(problem) => {
                self.script_problem("plan::script", text, &problem, state);
                None
            }
        }
    }

    fn script_problem(
        &mut self,
        code: &'static str,
        text: &Spanned<String>,
        problem: &ScriptProblem,
        state: &State,
    ) {
        let at = match problem.place {
            Some((line, column)) => self.word(text, line, column),
            None => text.span.clone(),
        };
        match &problem.cause {
            Cause::Name(name) if state.known.get(name) == Some(&Kind::Secret) => {
                self.secret(name, &at);
            }
            Cause::Name(name) if !state.known.contains_key(name) => {
                self.known(name, &at, state);
            }
            Cause::Save(_) => {
                self.problem("plan::save", problem.message.clone(), &at, "not declared");
                self.help("add it to `save:` of the step");
            }
            Cause::Name(_) | Cause::Other => {
                self.problem(code, problem.message.clone(), &at, "here");
            }
        }
    }

    fn origin(&self, text: &Spanned<String>) -> Option<Origin> {
        let scalar = node_at(self.root, text.span.start)?;
        Some(Origin::new(self.source, scalar))
    }

    /// The file's range for a range of a decoded scalar; the whole scalar where that is not exact.
    pub(super) fn inside(&self, text: &Spanned<String>, at: Range<usize>) -> Range<usize> {
        let place = |offset: usize| {
            let before = text.get(..offset)?;
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            self.offset(text, line, column)
        };
        match (place(at.start), place(at.end)) {
            (Some(start), Some(end)) if start < end => start..end,
            _ => text.span.clone(),
        }
    }

    /// The word, or the one character, at a place inside a scalar.
    pub(super) fn word(&self, text: &Spanned<String>, line: usize, column: usize) -> Range<usize> {
        let Some(start) = self.offset(text, line, column) else {
            return text.span.clone();
        };
        let rest = self.source.text().get(start..text.span.end).unwrap_or("");
        let word: usize = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .map(char::len_utf8)
            .sum();
        let first = rest.chars().next().map_or(0, char::len_utf8);
        start..start + word.max(first)
    }

    fn offset(&self, text: &Spanned<String>, line: usize, column: usize) -> Option<usize> {
        let node = node_at(self.root, text.span.start)?;
        inside_scalar(self.source.text(), node, line, column)
    }
}
