//! What must hold inside a case beyond its shape, given its plan, its scenario and the modem's profile.

use crate::check::{CheckedPlan, CheckedStep};
use crate::diagnostic::{Problem, Source, nearest};
use crate::engine::zips;
use crate::files::Root;
use crate::plan::library::{self, Place};
use crate::plan::{
    Expectation, Fault, FaultKind, Kind, ModemExpectation, Outcome, Rehearsal, Scenario, Value,
    is_firmware_version,
};
use crate::protocol::diag::imei_is_valid;
use crate::yaml::Spanned;
use std::collections::BTreeMap;
use std::ops::Range;

/// What stands for "no version" and "no number".
const NONE: &str = "none";
/// What stands for "as at the start".
const SAME: &str = "same";

pub(super) fn problems(
    source: &Source,
    place: &Place,
    case: &Rehearsal,
    plan: &CheckedPlan,
    scenario: &Scenario,
) -> Vec<Problem> {
    let mut judge = Judge {
        source,
        place,
        plan,
        steps: plan.all_steps().map(CheckedStep::id).collect(),
        facts: facts(plan),
        problems: library::judge_simulation(source, &case.faults, &case.makes),
    };
    if judge.other_modem(case, scenario) {
        // Whatever else differs follows from that.
        return judge.problems;
    }
    judge.head(case, scenario);
    judge.inputs(case, scenario);
    judge.people(case);
    judge.expectation(&case.expect);
    if let Some(resumed) = &case.resumed {
        judge.expectation(resumed);
        if case.expect.outcome.value == Outcome::Proved {
            judge.add(
                "rehearsal::expect",
                "a run that ended proved cannot be resumed",
                &resumed.outcome.span,
                "never comes to this",
            );
        }
    }
    if let (Some(replug), None) = (&case.replug, &case.resumed) {
        let message = "`replug` comes before a resume, and nothing is resumed here";
        judge.add("rehearsal::expect", message, &replug.span, "never comes");
        judge.help("say under `resumed:` what must come out".to_owned());
    }
    let mut problems = judge.problems;
    problems.sort_by_key(|problem| problem.labels.first().map_or(0, |(span, _)| span.start));
    problems
}

/// Every fact of the plan, wherever it becomes known.
fn facts(plan: &CheckedPlan) -> BTreeMap<&str, Kind> {
    let saved = plan.all_steps().flat_map(|step| step.step.save.iter());
    saved
        .map(|(name, kind)| (name.as_str(), kind.value))
        .collect()
}

struct Judge<'a> {
    source: &'a Source,
    place: &'a Place,
    plan: &'a CheckedPlan,
    steps: Vec<&'a str>,
    facts: BTreeMap<&'a str, Kind>,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn add(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        at: &Range<usize>,
        label: &str,
    ) {
        let problem = Problem::new(self.source, code, message).label(at.clone(), label);
        self.problems.push(problem);
    }

    fn help(&mut self, help: String) {
        if let Some(problem) = self.problems.pop() {
            self.problems.push(problem.help(help));
        }
    }

    fn other_modem(&mut self, case: &Rehearsal, scenario: &Scenario) -> bool {
        let (its, ours) = (&scenario.modem.value, &self.plan.profile().id.value);
        if its == ours {
            return false;
        }
        let message = format!("the scenario is about {its}, the plan about {ours}");
        let problem = Problem::new(self.source, "scenario::other-modem", message)
            .label(case.scenario.span.clone(), format!("a {its}"))
            .label(case.plan.span.clone(), format!("for a {ours}"))
            .help("take a scenario of the plan's modem");
        self.problems.push(problem);
        true
    }

    fn head(&mut self, case: &Rehearsal, scenario: &Scenario) {
        if case.rehearsal.value != 1 {
            let message = "only rehearsal version 1 exists";
            let at = &case.rehearsal.span;
            self.add("rehearsal::version", message, at, "not known here");
        }
        for fault in &case.faults {
            if let Some(step) = &fault.step {
                self.step(step);
            }
            match fault.kind.value {
                FaultKind::FileSwapped => self.swapped(case, scenario, fault),
                FaultKind::Killed => self.killed(case, fault),
                _ => {}
            }
        }
        for step in scenario
            .faults
            .iter()
            .filter_map(|fault| fault.step.as_ref())
        {
            if !self.steps.contains(&step.as_str()) {
                let message = format!("a fault of the scenario strikes in step `{}`", step.value);
                let label = "the plan has no such step";
                self.add("plan::case-step", message, &case.scenario.span, label);
            }
        }
    }

    /// Only what is made may be swapped: the author's own files are left alone.
    fn swapped(&mut self, case: &Rehearsal, scenario: &Scenario, fault: &Fault) {
        let Some(name) = &fault.value else { return };
        let plan = self.plan;
        let is_made = |name: &str| {
            case.inputs.get(name).is_none()
                && plan.plan().inputs.get(name).is_some()
                && (case.makes.get(name).is_some() || scenario.makes.get(name).is_some())
        };
        let makes = |step: &&CheckedStep| {
            step.step.diag_backup.is_some() || step.step.firehose_backup.is_some()
        };
        if plan
            .all_steps()
            .filter(makes)
            .any(|step| step.id() == **name)
        {
            let moment = [
                fault.on.as_ref().map(|on| on.span.clone()),
                fault.step.as_ref().map(|step| step.span.clone()),
            ];
            if let Some(at) = moment.into_iter().flatten().next() {
                let message = "a backup is swapped as soon as it is made, and at no other moment";
                self.add("scenario::fault", message, &at, "not needed");
            }
        } else if !is_made(name) {
            let message = format!(
                "`{}` is neither an input that is made nor a backup step",
                name.value
            );
            self.add(
                "scenario::fault",
                message,
                &name.span,
                "has no file to swap",
            );
        }
    }

    /// A killed program says nothing itself.
    fn killed(&mut self, case: &Rehearsal, fault: &Fault) {
        let code = "rehearsal::expect";
        let expect = &case.expect;
        if case.resumed.is_none() {
            let message =
                "what the modem is worth after the program was killed shows only in a resume";
            self.add(code, message, &fault.kind.span, "needs `resumed`");
            self.help("say under `resumed:` what must come out".to_owned());
        }
        if expect.outcome.value != Outcome::Interrupted {
            let message = "a run that is killed stands in the list of runs as `interrupted`";
            self.add(code, message, &expect.outcome.span, "never comes");
        }
        if let Some(rule) = &expect.rule {
            let message = "a run that is killed gives no reason";
            self.add(code, message, &rule.span, "never comes");
        }
        if let Some((name, _)) = expect.facts.iter().next() {
            let message = "a run that is killed tells no facts";
            self.add(code, message, &name.span, "never comes");
        }
    }

    fn inputs(&mut self, case: &Rehearsal, scenario: &Scenario) {
        let plan = self.plan;
        let inputs = &plan.plan().inputs;
        for (name, text) in &case.inputs {
            let Some(input) = inputs.get(name) else {
                self.unknown_input(name);
                continue;
            };
            if let Err(reason) = self.accepts(name, input.kind.value, text) {
                let message = format!("input `{}` {reason}", name.value);
                self.add("rehearsal::input", message, &text.span, "not taken");
            }
        }
        for (name, make) in &case.makes {
            let Some(input) = inputs.get(name) else {
                self.unknown_input(name);
                continue;
            };
            if let Some((given, _)) = case.inputs.iter().find(|(n, _)| n.value == name.value) {
                let message = format!("`{}` is given and made", name.value);
                let problem = Problem::new(self.source, "rehearsal::input", message)
                    .label(name.span.clone(), "made here")
                    .label(given.span.clone(), "given here")
                    .help("drop one of the two");
                self.problems.push(problem);
            }
            let kind = if make.package.is_some() {
                Kind::Folder
            } else {
                Kind::File
            };
            if input.kind.value != kind {
                let message = format!(
                    "input `{}` is of kind {}, and what is made is a {kind}",
                    name.value, input.kind.value
                );
                self.add("rehearsal::input", message, &name.span, "another kind");
            }
        }
        for (name, input) in inputs {
            let given = input.default.is_some()
                || [&case.inputs, &scenario.inputs]
                    .iter()
                    .any(|given| given.get(name).is_some())
                || [&case.makes, &scenario.makes]
                    .iter()
                    .any(|makes| makes.get(name).is_some());
            if !given {
                let message = format!("the plan's input `{}` is not given", name.value);
                let label = "needs it, and neither this case nor the scenario has it";
                self.add("rehearsal::input", message, &case.plan.span, label);
                self.help(format!(
                    "add `{}` under `inputs:` or `makes:`; it is: {}",
                    name.value, input.about
                ));
            }
        }
    }

    fn unknown_input(&mut self, name: &Spanned<String>) {
        let plan = self.plan;
        let known: Vec<&str> = plan.plan().inputs.iter().map(|(n, _)| n.as_str()).collect();
        let message = format!("the plan has no input `{}`", name.value);
        self.add("rehearsal::input", message, &name.span, "no such input");
        self.help(meant(name, &known));
    }

    /// Whether an input takes a text. Identities and secrets are not repeated.
    fn accepts(&self, name: &str, kind: Kind, text: &str) -> Result<(), String> {
        if matches!(kind, Kind::File | Kind::Folder) {
            return match (self.place, self.place.follow(text)) {
                (Place::BuiltIn(_), _) => Err(format!(
                    "is a {kind}, and a built-in case has none: make it under `makes:`"
                )),
                (Place::Disk(_), found) if kind == Kind::File && found.is_there() => Ok(()),
                (Place::Disk(_), Place::Disk(path))
                    if kind == Kind::Folder
                        && (Root::open(&path).is_ok() || zips::is_there(&path)) =>
                {
                    Ok(())
                }
                _ => Err(format!("is `{text}`, where there is no {kind}")),
            };
        }
        let shown = match kind {
            Kind::Secret | Kind::Imei => "not shown".to_owned(),
            _ => format!("`{text}`"),
        };
        let read = self.plan.read_input(name, text);
        read.map(|_| ())
            .map_err(|reason| format!("is {shown}: {reason}"))
    }

    fn people(&mut self, case: &Rehearsal) {
        for (step, _) in &case.answers {
            self.step(step);
        }
        let plan = self.plan;
        for name in &case.overrides {
            match plan.guards().iter().find(|guard| guard.name == **name) {
                None => {
                    let known: Vec<&str> = plan.guards().iter().map(|g| g.name.as_str()).collect();
                    let message = format!("the plan has no guard `{}`", name.value);
                    self.add("rehearsal::override", message, &name.span, "no such guard");
                    self.help(meant(name, &known));
                }
                Some(guard) if !guard.kind.may_be_overridden() => {
                    let message = format!(
                        "guard `{}` is of kind `{}`, which is never overridden",
                        name.value,
                        guard.kind.name().word()
                    );
                    self.add("rehearsal::override", message, &name.span, "never");
                }
                Some(_) => {}
            }
        }
    }

    fn step(&mut self, step: &Spanned<String>) {
        if !self.steps.contains(&step.as_str()) {
            let message = format!("the plan has no step `{}`", step.value);
            self.add("plan::case-step", message, &step.span, "no such step");
            let known = self.steps.clone();
            self.help(meant(step, &known));
        }
    }

    fn expectation(&mut self, expect: &Expectation) {
        for list in [&expect.ran, &expect.skipped, &expect.asked]
            .into_iter()
            .flatten()
        {
            for step in &list.value {
                self.step(step);
            }
        }
        if let Some(step) = &expect.step {
            self.step(step);
        }
        for given in [&expect.step, &expect.rule].into_iter().flatten() {
            if expect.outcome.value == Outcome::Proved {
                let message = "no step fails in a run that ends proved";
                self.add("rehearsal::expect", message, &given.span, "never comes");
            }
        }
        for (name, text) in &expect.facts {
            match self.facts.get(name.as_str()).copied() {
                None => {
                    let message = format!("the plan saves no fact `{}`", name.value);
                    self.add("rehearsal::fact", message, &name.span, "no such fact");
                    let known: Vec<&str> = self.facts.keys().copied().collect();
                    self.help(meant(name, &known));
                }
                Some(kind) => {
                    if let Err(reason) = Value::parse(kind, &text.0) {
                        let message = format!("fact `{}` is of kind {kind}: {reason}", name.value);
                        self.add("rehearsal::fact", message, &text.span, "never comes");
                    }
                }
            }
        }
        if let Some(modem) = &expect.modem {
            self.modem(modem);
        }
    }

    fn modem(&mut self, modem: &ModemExpectation) {
        let plan = self.plan;
        if let Some(firmware) = &modem.firmware
            && **firmware != NONE
            && !is_firmware_version(firmware)
        {
            let message = format!(
                "`{}` is neither a full version nor `{NONE}`",
                firmware.value
            );
            self.add("rehearsal::modem", message, &firmware.span, "no version");
        }
        if let Some(imei) = &modem.imei
            && ![NONE, SAME].contains(&imei.as_str())
            && !imei_is_valid(imei)
        {
            let message = "an IMEI has 15 digits, the last of them a check digit";
            let label = "neither an IMEI nor `same` nor `none`";
            self.add("rehearsal::modem", message, &imei.span, label);
        }
        let profile = plan.profile();
        let known: Vec<&str> = profile.partitions.iter().map(|p| p.name.as_str()).collect();
        for name in &modem.unchanged {
            if !known.contains(&name.as_str()) {
                let message = format!("{} has no partition `{}`", profile.id.value, name.value);
                self.add("rehearsal::modem", message, &name.span, "not there");
                self.help(meant(name, &known));
            }
        }
    }
}

/// The word that was probably meant, else all of them.
fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("it has {}", known.join(", ")),
    }
}
