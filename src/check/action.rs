//! What stands inside an action: commands, patterns, paths, scripts, claims, and the facts that it saves.

use super::state::State;
use super::step::Part;
use super::{CheckedClaim, Checker};
use crate::action::signature::Signature;
use crate::action::{at_rules, sahara_info};
use crate::diagnostic::{MAX_PROBLEMS, nearest};
use crate::plan::{Kind, SaharaLoad, Step, Template};
use crate::script::{Condition, Script};
use crate::yaml::Spanned;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The compiled parts of an action.
#[derive(Default)]
pub(super) struct Content {
    pub(super) claims: Vec<CheckedClaim>,
    pub(super) reply: Option<Regex>,
    pub(super) script: Option<Script>,
    /// Places of claims that rest on nothing saved since the modem was last changed.
    pub(super) stale: Vec<Range<usize>>,
}

impl Checker<'_> {
    pub(super) fn action(
        &mut self,
        step: &Step,
        signature: &mut Signature,
        state: &State,
        part: Part,
    ) -> Content {
        let mut content = Content::default();
        self.commands(step, state);
        self.paths(step, state);
        self.sources(step);
        for say in [
            step.operator_do.as_ref().map(|action| &action.say),
            step.operator_ask.as_ref().map(|action| &action.say),
        ]
        .into_iter()
        .flatten()
        {
            self.words(say, state);
        }
        self.partitions(step);
        if let Some(claims) = &step.check {
            if claims.is_empty() {
                let message = "a `check` claims something";
                self.problem("plan::shape", message, &claims.span, "empty");
            }
            for claim in claims.iter() {
                let condition = self.condition(&claim.that, state);
                let rests = condition.as_ref().map(|c| self.full_names(c.names()));
                if rests.is_some_and(|names| names.is_disjoint(&state.fresh)) {
                    content.stale.push(claim.that.span.clone());
                }
                content
                    .claims
                    .extend(condition.map(|condition| CheckedClaim {
                        condition,
                        text: claim.that.value.clone(),
                        otherwise: claim.otherwise.clone(),
                    }));
            }
        }
        if let Some(group) = &step.group {
            if part.is_inner() {
                let message = "a group holds no group";
                self.problem("plan::shape", message, &group.span, "inside a group");
            } else if group.is_empty() {
                let message = "a group has at least one step";
                self.problem("plan::shape", message, &group.span, "empty");
            }
        }
        let reply = match (&step.at_ask, &step.at_set) {
            (Some(ask), _) => ask.reply.as_ref(),
            (_, Some(set)) => set.reply.as_ref(),
            _ => None,
        };
        let compiled = reply.map(|pattern| (pattern, self.pattern(pattern)));
        if let Some(script) = &step.script {
            content.script = self.program(script, step, state);
            if let Some(script) = &content.script {
                signature.needs = script.needs();
                signature.effect = script.effect();
            }
        }
        self.saves(step, compiled.as_ref(), content.script.as_ref());
        content.reply = compiled.and_then(|(_, regex)| regex);
        content
    }

    pub(super) fn until(&mut self, step: &Step, state: &mut State) -> Option<Condition> {
        let until = step.retry.as_ref()?.until.as_ref()?;
        let own = self.saved(step);
        state.with(own.into_iter(), |state| self.condition(until, state))
    }

    fn commands(&mut self, step: &Step, state: &State) {
        if let Some(ask) = &step.at_ask
            && let Some(command) = self.command(&ask.send, state, false)
            && !at_rules::is_query(&command, self.profile)
        {
            let message = format!("`{}` may change the modem", ask.send.value);
            self.problem("plan::not-a-query", message, &ask.send.span, "not a query");
            self.help("use `at.set:`, or a form that ends in `?`");
        }
        if let Some(set) = &step.at_set
            && let Some(command) = self.command(&set.send, state, true)
            && let Some(reason) = at_rules::is_refused(&command, self.profile)
        {
            let message = format!("`{}` is never sent: {reason}", set.send.value);
            self.problem("plan::refused-command", message, &set.send.span, "refused");
        }
    }

    /// The command with a stand-in for each name, so that nothing depends on a value. The driver judges the finished
    /// one again.
    fn command(&mut self, text: &Spanned<String>, state: &State, secrets: bool) -> Option<String> {
        let template = self.template(text)?;
        for (name, at) in template.names() {
            match self.known_in(name, (text, &at), state) {
                Some(Kind::Secret) if !secrets => self.secret(name, &self.inside(text, at)),
                Some(Kind::Imei) => self.private(name, &self.inside(text, at)),
                Some(_)
                    if self
                        .written(name)
                        .is_some_and(|text| !is_one_argument(&text)) =>
                {
                    let at = self.inside(text, at);
                    let message = format!("what is given for `{name}` is not part of one argument");
                    self.problem("plan::refused-command", message, &at, "a `;` or a quote");
                }
                _ => {}
            }
        }
        let open = text
            .split("${")
            .next()
            .is_some_and(|head| !head.contains('='));
        if template.names().next().is_some() && open {
            let message = "the name of a command is written out";
            self.problem(
                "plan::refused-command",
                message,
                &text.span,
                "not known here",
            );
            self.help("`${name}` may stand after the `=` only");
            return None;
        }
        Some(stand_in(text, &template))
    }

    fn paths(&mut self, step: &Step, state: &State) {
        let paths = [
            step.diag_backup.as_ref().map(|action| &action.to),
            step.diag_restore.as_ref().map(|action| &action.from),
            step.firehose_backup.as_ref().map(|action| &action.to),
            step.firehose_flash.as_ref().map(|action| &action.package),
            step.fastboot_flash.as_ref().map(|action| &action.image),
            step.dload_flash.as_ref().map(|action| &action.package),
        ];
        let load = step.sahara_load.as_ref();
        let images = load.into_iter().flat_map(|load| load.files());
        for path in paths.into_iter().flatten().chain(images) {
            self.path(path, state);
        }
        for (number, _) in load.into_iter().flat_map(|load| &load.images) {
            if SaharaLoad::image(number).is_none() {
                let message = format!("`{}` is no number of a further image", number.value);
                let label = if number.value == SaharaLoad::PROGRAMMER.to_string() {
                    "the programmer's"
                } else {
                    "not in 0 to 127"
                };
                self.problem("plan::shape", message, &number.span, label);
            }
        }
        if let Some(backup) = &step.diag_backup
            && !backup.to.ends_with(".xqcn")
        {
            let message = "a `diag.backup` is a file that ends in `.xqcn`";
            self.problem("plan::shape", message, &backup.to.span, "another ending");
        }
    }

    fn partitions(&mut self, step: &Step) {
        if let Some(backup) = &step.firehose_backup {
            if backup.parts.is_empty() {
                let message = "a backup reads at least one partition";
                self.problem("plan::shape", message, &backup.parts.span, "empty");
            }
            for part in backup.parts.iter() {
                self.partition(part);
            }
        }
        if let Some(flash) = &step.fastboot_flash {
            self.partition(&flash.part);
            let kept = self.profile.partitions.iter();
            if kept
                .filter(|p| p.keep)
                .any(|p| p.name.value == flash.part.value)
            {
                let message = format!("`{}` holds calibration or identity", flash.part.value);
                self.problem(
                    "plan::kept-part",
                    message,
                    &flash.part.span,
                    "never written",
                );
            }
        }
    }

    pub(super) fn partition(&mut self, name: &Spanned<String>) {
        let profile = self.profile;
        if self.index.partitions.contains(name.as_str()) || !self.problems.wants(&name.span) {
            return;
        }
        let known = profile.partitions.iter().map(|p| p.name.value.as_str());
        let message = format!("{} has no partition `{}`", profile.id.value, name.value);
        self.problem("plan::unknown-part", message, &name.span, "not there");
        if let Some(near) = nearest(name, known) {
            self.help(format!("did you mean `{near}`?"));
        }
    }

    fn program(&mut self, text: &Spanned<String>, step: &Step, state: &State) -> Option<Script> {
        let saves: BTreeMap<String, Kind> = step
            .save
            .iter()
            .map(|(name, kind)| (name.value.clone(), kind.value))
            .collect();
        if text.trim().contains('\n') && !self.is_literal(text) {
            let message = "a script of more than one line is a literal block";
            self.problem(
                "plan::script",
                message,
                &text.span,
                "no exact places in here",
            );
            self.help("write `script: |`");
        }
        let script = self.script(text, state, &saves)?;
        let profile = self.profile;
        let told = self.problems.wants(&text.span);
        let wrong = script
            .commands()
            .filter(|(command, _)| !at_rules::is_query(command, profile));
        for (command, place) in wrong.take(MAX_PROBLEMS) {
            if told {
                let at = match place {
                    Some((line, column)) => self.word(text, line, column),
                    None => text.span.clone(),
                };
                let message = format!("`{command}` may change the modem");
                self.problem("plan::not-a-query", message, &at, "not a query");
                self.help("a script only asks: use an `at.set:` step");
            }
        }
        Some(script)
    }

    fn is_literal(&self, text: &Spanned<String>) -> bool {
        use crate::yaml::{NodeKind, Style};
        matches!(
            self.places.node(text.span.start).map(|node| &node.kind),
            Some(NodeKind::Scalar {
                style: Style::Literal,
                ..
            })
        )
    }

    fn saves(
        &mut self,
        step: &Step,
        reply: Option<&(&Spanned<String>, Option<Regex>)>,
        script: Option<&Script>,
    ) {
        let asks = step.operator_ask.as_ref();
        let mut given: BTreeSet<String> = BTreeSet::new();
        let mut all = asks.is_some();
        match reply {
            Some((_, Some(regex))) => {
                given.extend(regex.capture_names().flatten().map(str::to_owned));
            }
            // What does not compile has been said already.
            Some((_, None)) => all = true,
            None => {}
        }
        match (&step.script, script) {
            (Some(_), Some(script)) => given.extend(script.sets().iter().cloned()),
            (Some(_), None) => all = true,
            (None, _) => {}
        }
        let chip = step
            .sahara_info
            .as_ref()
            .map_or(&[][..], |_| &sahara_info::GIVES);
        given.extend(chip.iter().map(|(name, _)| (*name).to_owned()));
        for (name, kind) in &step.save {
            let full = Spanned {
                value: self.scope.full(name).unwrap_or_else(|| name.value.clone()),
                span: name.span.clone(),
            };
            self.declare_fact(&full);
            if !given.remove(&name.value) && !all {
                let message = format!("nothing in this step gives `{}`", name.value);
                self.problem("plan::save", message, &name.span, "nothing to save");
                let names: Vec<&str> = chip.iter().map(|(name, _)| *name).collect();
                self.help(if names.is_empty() {
                    "facts come from named groups of `reply`, from `operator.ask`, from `sahara.info`, or from `set()` in a script".to_owned()
                } else {
                    format!("`sahara.info` gives {}", names.join(", "))
                });
            }
            if let Some((_, told)) = chip.iter().find(|(told, _)| *told == name.value)
                && *told != kind.value
            {
                let message = format!("`{}` is told as {told}", name.value);
                self.problem("plan::save", message, &kind.span, "not this kind");
            }
            let never = match kind.value {
                Kind::Secret => true,
                Kind::File | Kind::Folder => asks.is_none(),
                _ => false,
            };
            if never {
                let message = format!("a {} may not be saved here", kind.value);
                self.problem("plan::save", message, &kind.span, "not this kind");
            }
        }
        if let Some(ask) = asks
            && step.save.iter().count() != 1
        {
            let message = "`operator.ask` saves exactly one answer";
            self.problem("plan::save", message, &ask.span, "one `save`");
        }
        if let (Some((pattern, Some(_))), Some(group)) = (reply, given.first()) {
            let message = format!("the group `{group}` is not saved");
            self.problem("plan::unsaved", message, &pattern.span, "in this pattern");
            self.help(format!(
                "add `save: {{ {group}: text }}`, or leave its name out"
            ));
        }
    }
}

/// A letter for each name: it fits every argument and is no number, so that a rule that needs one refuses.
fn stand_in(text: &str, template: &Template) -> String {
    let mut command = String::new();
    let mut rest = 0;
    for (_, at) in template.names() {
        command.push_str(text.get(rest..at.start).unwrap_or(""));
        command.push('X');
        rest = at.end;
    }
    command.push_str(text.get(rest..).unwrap_or(""));
    command
}

/// What is written out for a parameter adds no second command and no second argument.
fn is_one_argument(text: &Template) -> bool {
    let breaks = |c: char| matches!(c, ';' | '"' | '\'') || c.is_control();
    text.literals().all(|literal| !literal.contains(breaks))
}
