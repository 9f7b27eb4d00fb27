//! Names, templates and expressions, and where a place inside them lies in the file.

use super::Checker;
use super::state::State;
use crate::diagnostic::nearest;
use crate::plan::{Kind, Template};
use crate::script::{Cause, Condition, Origin, Script, ScriptProblem, is_keyword};
use crate::yaml::Spanned;
use std::collections::BTreeMap;
use std::ops::Range;

/// Most bytes of a text in which names may stand.
const MAX_TEXT: usize = 4 * 1024;

impl Checker<'_> {
    /// A name must be surely known; its kind if so.
    pub(super) fn known(&mut self, name: &str, at: &Range<usize>, state: &State) -> Option<Kind> {
        if let Some(kind) = self.kind_of(name, state) {
            return Some(kind);
        }
        let full = self.scope.full(name);
        if let Some(step) = full.as_ref().and_then(|full| state.maybe.get(full)) {
            self.maybe_unknown(name, step, at);
        } else {
            self.unknown(name, at, state);
        }
        None
    }

    /// The same of a name at a place of a text; the place in the file is looked for only where it is needed.
    pub(super) fn known_in(
        &mut self,
        name: &str,
        (text, at): (&Spanned<String>, &Range<usize>),
        state: &State,
    ) -> Option<Kind> {
        match self.kind_of(name, state) {
            Some(kind) => Some(kind),
            None => self.known(name, &self.inside(text, at.clone()), state),
        }
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
        if self.scope.is_plan() && self.unread.iter().any(|prefix| name.starts_with(prefix)) {
            // It would come from a fragment that could not be read, which has been said.
            return;
        }
        let message = format!("nothing before this is called `{name}`");
        self.problem("plan::unknown-name", message, at, "not known here");
        if !self.problems.last_is_kept() {
            return;
        }
        let of_plan = state.known.keys().map(String::as_str);
        let near = if self.scope.is_plan() {
            nearest(name, of_plan)
        } else {
            nearest(name, self.scope.names())
        };
        let full = self.scope.full(name);
        if let Some(near) = near.filter(|near| *near != name).map(str::to_owned) {
            self.help(format!("did you mean `{near}`?"));
        } else if full.is_some_and(|full| self.all_facts.contains_key(&full)) {
            self.help(format!("`{name}` is saved by a later step"));
        } else if !self.scope.is_plan() {
            self.help("a fragment knows its own parameters and facts: make it a parameter");
        }
    }

    /// Text for people: identities are shown masked, secrets have no place there.
    pub(super) fn words(&mut self, text: &Spanned<String>, state: &State) {
        let Some(template) = self.template(text) else {
            return;
        };
        for (name, at) in template.names() {
            if self.known_in(name, (text, &at), state) == Some(Kind::Secret) {
                self.secret(name, &self.inside(text, at));
            }
        }
    }

    pub(super) fn secret(&mut self, name: &str, at: &Range<usize>) {
        let message = format!("the secret `{name}` may stand only in `send:` of `at.set`");
        self.problem("plan::secret", message, at, "here");
        self.declared(name);
    }

    pub(super) fn private(&mut self, name: &str, at: &Range<usize>) {
        let message = format!("`{name}` is an identity: it may not be part of a command or a path");
        self.problem("plan::private", message, at, "here");
        self.declared(name);
    }

    pub(super) fn template(&mut self, text: &Spanned<String>) -> Option<Template> {
        if text.len() > MAX_TEXT {
            let message = "a text in which names may stand has at most 4 KiB";
            self.problem("plan::shape", message, &text.span, "longer");
            return None;
        }
        match Template::parse_all(text) {
            Ok(template) => Some(template),
            Err(faults) => {
                for fault in faults.iter() {
                    let at = self.inside(text, fault.at.clone());
                    self.problem("plan::not-a-name", fault.to_string(), &at, "here");
                    self.help("write `$${` where `${` itself is meant");
                }
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
            match self.known_in(name, (text, &at), state) {
                Some(Kind::Secret) => self.secret(name, &self.inside(text, at)),
                Some(Kind::Imei) => self.private(name, &self.inside(text, at)),
                Some(_) if self.written(name).is_some_and(|text| !is_one_part(&text)) => {
                    let at = self.inside(text, at);
                    let message = format!("what is given for `{name}` is not one part of a path");
                    self.problem("plan::outside", message, &at, "holds a separator");
                }
                Some(kind @ (Kind::File | Kind::Folder)) if begins != Some(name) => {
                    let at = self.inside(text, at);
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
            .and_then(|name| self.kind_of(name, state));
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

    /// Compiles a condition over what is surely known.
    pub(super) fn condition(&mut self, text: &Spanned<String>, state: &State) -> Option<Condition> {
        if let Some(at) = text.find("${") {
            let at = self.inside(text, at..text.len());
            let message = "an expression names facts directly, without `${ }`";
            self.problem("plan::no-interpolation", message, &at, "here");
            return None;
        }
        match Condition::compile(text, &self.kinds_in(text, state)) {
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
        match Script::compile(text, &self.kinds_in(text, state), saves) {
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
        if !self.problems.wants(&text.span) {
            return;
        }
        let at = match problem.place {
            Some((line, column)) => self.word(text, line, column),
            None => text.span.clone(),
        };
        match &problem.cause {
            Cause::Name(name) if self.kind_of(name, state) == Some(Kind::Secret) => {
                self.secret(name, &at);
            }
            Cause::Name(name) if self.kind_of(name, state).is_none() => {
                self.known(name, &at, state);
                if let Some(help) = operator(name) {
                    self.help(help);
                }
            }
            Cause::Save(_) => {
                self.problem("plan::save", problem.message.clone(), &at, "not declared");
                self.help("add it to `save:` of the step");
            }
            Cause::Name(_) | Cause::Other => {
                self.problem(code, problem.message.clone(), &at, "here");
                let written = self.places.text(&at);
                if written == "=" {
                    self.help("write `==` to compare");
                } else if let Some(help) = operator(written) {
                    self.help(help);
                } else if is_keyword(written) || problem.message.contains("reserved keyword") {
                    self.help("no name in an expression can be called so");
                }
            }
        }
    }

    fn origin(&self, text: &Spanned<String>) -> Option<Origin> {
        let (source, scalar) = self.places.scalar(text.span.start)?;
        Some(Origin::new(source, scalar))
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

    /// The word, the quoted text, the operator, or the one character, at a place inside a scalar.
    pub(super) fn word(&self, text: &Spanned<String>, line: usize, column: usize) -> Range<usize> {
        let Some(start) = self.offset(text, line, column) else {
            return text.span.clone();
        };
        let rest = self.places.text(&(start..text.span.end));
        if rest.is_empty() {
            // The text ends where more was expected.
            return start.saturating_sub(1).max(text.span.start)..start;
        }
        let run = |fits: fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let word = run(|c| c.is_alphanumeric() || c == '_');
        let operator = run(|c| "=!<>&|".contains(c));
        let quoted = rest
            .strip_prefix(['"', '\''])
            .and_then(|inner| inner.find(|c| c == '\n' || rest.starts_with(c)))
            .map_or(0, |length| length + 2);
        let first = rest.chars().next().map_or(0, char::len_utf8);
        start..start + word.max(operator).max(quoted).max(first)
    }

    fn offset(&self, text: &Spanned<String>, line: usize, column: usize) -> Option<usize> {
        self.places.inside(text.span.start, line, column)
    }
}

/// What an operator of another language is called here.
fn operator(word: &str) -> Option<&'static str> {
    Some(match word {
        "and" | "AND" => "write `&&`: both",
        "or" | "OR" => "write `||`: one of both",
        "not" | "NOT" => "write `!`, as in `!(cfun == 1)`",
        "True" | "TRUE" => "write `true`",
        "False" | "FALSE" => "write `false`",
        "===" => "write `==`",
        "!==" | "<>" => "write `!=`",
        _ => return None,
    })
}

/// What is written out for a parameter adds to one part of a path, as any value does.
fn is_one_part(text: &Template) -> bool {
    text.literals()
        .all(|literal| literal != "." && literal != ".." && !literal.contains(['/', '\\', '\0']))
}
