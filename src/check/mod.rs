//! What can be proved before a modem is touched. Only [`check`] makes a [`CheckedPlan`], and only that is run.
//!
//! The plan is walked once, with the set of modes that the modem may be in, the facts that are surely known, and the
//! steps that have surely run (plan-language.md §10). The proof assumes that the modem does not change its mode by
//! itself; the engine covers that by looking at it before every attempt.

mod action;
mod binding;
mod fragment;
mod guard;
mod head;
mod include;
mod include_step;
mod index;
mod pattern;
mod places;
mod problems;
mod read_back;
mod state;
mod step;
mod text;

use crate::action::signature::{GuardName, Signature};
use crate::diagnostic::{Problem, Source};
use crate::files;
use crate::plan::{
    Input, Kind, Modes, Plan, Profile, Scope, Step, Value, Values, WhenUnknown, library,
};
use crate::script::{Condition, Fault, Script, workshop};
use crate::yaml::Node;
pub use fragment::check_fragment;
use include::Expanded;
use index::Index;
use pattern::Patterns;
use places::Places;
use problems::Problems;
use regex::Regex;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// A plan that has been proved.
#[derive(Debug, Clone)]
pub struct CheckedPlan {
    /// The plan and the fragments that it includes, and where the text of each begins in the whole.
    sources: Vec<(Source, usize)>,
    plan: Plan,
    profile_source: Source,
    profile: Profile,
    steps: Vec<CheckedStep>,
    rescue: Vec<CheckedStep>,
    guards: Vec<Arc<CheckedGuard>>,
    patterned: BTreeSet<String>,
}

/// A step with everything that was worked out about it.
#[derive(Debug, Clone)]
pub struct CheckedStep {
    pub step: Step,
    pub signature: Signature,
    /// Modes in which it runs: `before`, narrowed by `only_in`.
    pub runs_in: Modes,
    /// Modes in which the modem may be before it.
    pub before: Modes,
    /// Modes in which the modem may be after it, run or skipped.
    pub after: Modes,
    /// It runs whenever it is reached, and its facts are known afterwards.
    pub sure: bool,
    pub when: Option<Condition>,
    pub until: Option<Condition>,
    pub claims: Vec<CheckedClaim>,
    /// Of `reply`: searched line by line.
    pub reply: Option<Regex>,
    pub script: Option<Script>,
    /// The steps of a group.
    pub children: Vec<CheckedStep>,
    /// Asked before the step, in this order, each once.
    pub guards: Vec<Arc<CheckedGuard>>,
}

/// One claim of a `check`.
#[derive(Debug, Clone)]
pub struct CheckedClaim {
    pub condition: Condition,
    /// The expression as written.
    pub text: String,
    /// Said when it is false.
    pub otherwise: String,
}

/// A guard whose names are known where it is asked.
#[derive(Debug, Clone)]
pub struct CheckedGuard {
    pub name: String,
    pub kind: GuardKind,
    /// Said when it refuses.
    pub otherwise: Option<String>,
    pub unknown: WhenUnknown,
    /// Of a `that` guard.
    pub condition: Option<Condition>,
    /// Inputs and facts that it needs.
    pub needs: BTreeSet<String>,
}

/// What a guard judges, with its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuardKind {
    Model { fact: String, is: Vec<String> },
    Rollback { installed: String, target: String },
    Package { folder: String, keeps: Vec<String> },
    Backup { step: String },
    SameUnit { file: String, imei: String },
    That,
}

impl GuardKind {
    pub fn name(&self) -> GuardName {
        match self {
            Self::Model { .. } => GuardName::Model,
            Self::Rollback { .. } => GuardName::Rollback,
            Self::Package { .. } => GuardName::Package,
            Self::Backup { .. } => GuardName::Backup,
            Self::SameUnit { .. } => GuardName::SameUnit,
            Self::That => GuardName::That,
        }
    }

    /// Only a person who knows more than the table may go against it, and only a donor file of the same hardware key
    /// may stand in for the unit's own (plan-language.md §6).
    pub fn may_be_overridden(&self) -> bool {
        matches!(self, Self::Rollback { .. } | Self::SameUnit { .. })
    }
}

/// Proves a plan. Beside the proof come warnings.
pub fn check(
    source: &Source,
    plan: &Plan,
    root: &Node,
    profile: &(Source, Profile),
) -> Result<(CheckedPlan, Vec<Problem>), Vec<Problem>> {
    let Expanded {
        plan,
        places,
        problems,
    } = include::expand(source, plan, root);
    let walk = || {
        let mut walk = Checker::new(&places, &plan, &profile.1, Problems::new(&places, problems));
        let parts = walk.plan();
        walk.problems.judged().map(|warnings| (parts, warnings))
    };
    let ((steps, rescue, guards), warnings) =
        workshop(walk).map_err(|error| vec![broken_off(source, &error)])??;
    let patterned = plan.inputs.iter().filter(|(_, i)| i.matches.is_some());
    let checked = CheckedPlan {
        patterned: patterned.map(|(name, _)| name.value.clone()).collect(),
        sources: places
            .sources()
            .map(|(s, base)| (s.clone(), base))
            .collect(),
        plan,
        profile_source: profile.0.clone(),
        profile: profile.1.clone(),
        steps,
        rescue,
        guards,
    };
    Ok((checked, warnings))
}

/// Loads and proves a plan by path or built-in name.
pub fn load(name_or_path: &str) -> Result<(CheckedPlan, Vec<Problem>), Vec<Problem>> {
    let (source, plan, root) = library::load_plan(name_or_path)?;
    let Some(profile) = library::find_profile(&plan.modem, source.folder())? else {
        let message = format!("there is no modem profile `{}`", plan.modem.value);
        let problem = Problem::new(&source, "plan::no-profile", message)
            .label(plan.modem.span.clone(), "not known");
        return Err(vec![library::no_profile(problem, &plan.modem)]);
    };
    check(&source, &plan, &root, &profile)
}

/// A fault of the program, and never a silent yes.
fn broken_off(source: &Source, error: &Fault) -> Problem {
    let message = format!("the file could not be judged: {error}");
    Problem::new(source, "plan::script", message)
}

impl CheckedPlan {
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The plan's own file.
    pub fn source(&self) -> &Source {
        // There is always one: a plan is read from a file.
        &self.sources[0].0
    }

    pub fn steps(&self) -> &[CheckedStep] {
        &self.steps
    }

    /// The steps that run after one has failed.
    pub fn rescue(&self) -> &[CheckedStep] {
        &self.rescue
    }

    /// Every guard of the plan. Those whose needs are inputs only are asked before step one.
    pub fn guards(&self) -> &[Arc<CheckedGuard>] {
        &self.guards
    }

    /// Inputs with a `matches` of their own: their values may bring more than plain characters into a command.
    pub fn patterned(&self) -> &BTreeSet<String> {
        &self.patterned
    }

    /// Names and SHA-256 of every file that the proof rests on: the plan, its fragments and its profile.
    pub fn files(&self) -> Vec<(String, String)> {
        let sources = self.sources.iter().map(|(source, _)| source);
        sources
            .chain([&self.profile_source])
            .map(|source| (source.name().to_owned(), digest(source.text())))
            .collect()
    }

    /// The file in which a place of the plan or of one of its fragments lies, and the place in it.
    pub fn locate(&self, at: &Range<usize>) -> (&Source, Range<usize>) {
        let after = self.sources.partition_point(|(_, base)| *base <= at.start);
        let (source, base) = &self.sources[after.max(1) - 1];
        (source, at.start - base..at.end.max(at.start) - base)
    }

    /// Every step, groups opened, the rescue steps last.
    pub fn all_steps(&self) -> impl Iterator<Item = &CheckedStep> {
        let steps = self.steps.iter().chain(&self.rescue);
        steps.flat_map(|step| std::iter::once(step).chain(&step.children))
    }

    /// Names of all functions that conditions and scripts of the plan call.
    pub fn calls(&self) -> BTreeSet<&'static str> {
        let of_steps = self.all_steps().flat_map(CheckedStep::calls);
        let of_guards = self
            .guards
            .iter()
            .filter_map(|guard| guard.condition.as_ref());
        let of_guards = of_guards.flat_map(Condition::calls).copied();
        of_steps.chain(of_guards).collect()
    }

    /// Reads the value of an input; the reason where it is not allowed.
    pub fn read_input(&self, name: &str, text: &str) -> Result<Value, String> {
        match self.plan.inputs.get(name) {
            Some(input) => read_input(input, text),
            None => Err("the plan has no such input".to_owned()),
        }
    }
}

impl CheckedStep {
    pub fn id(&self) -> &str {
        &self.step.id
    }

    /// The values that are known, by the names that the step knows them by.
    pub fn view<'v>(&self, values: &'v Values) -> Cow<'v, Values> {
        self.step.scope.view(values)
    }

    fn calls(&self) -> impl Iterator<Item = &'static str> {
        let claims = self.claims.iter().map(|claim| &claim.condition);
        let conditions = claims.chain(&self.when).chain(&self.until);
        let scripts = self.script.iter().flat_map(Script::calls);
        conditions
            .flat_map(Condition::calls)
            .chain(scripts)
            .copied()
    }
}

/// By kind, `matches` and `choices`.
fn read_input(input: &Input, text: &str) -> Result<Value, String> {
    let whole = match &input.matches {
        Some(pattern) => Some(pattern::whole(pattern).map_err(|error| error.to_string())?),
        None => None,
    };
    read_matched(input, whole.as_ref(), text)
}

/// The same, with the pattern compiled.
fn read_matched(input: &Input, whole: Option<&Regex>, text: &str) -> Result<Value, String> {
    let value = read_choice(input, whole, text)?;
    if !input.choices.is_empty() && !input.choices.iter().any(|choice| **choice == text) {
        let choices: Vec<&str> = input.choices.iter().map(|c| c.value.as_str()).collect();
        return Err(format!("it is none of: {}", choices.join(", ")));
    }
    Ok(value)
}

/// By kind and `matches` alone.
fn read_choice(input: &Input, whole: Option<&Regex>, text: &str) -> Result<Value, String> {
    let value = Value::parse(input.kind.value, text)?;
    let unknown = input.kind.value == Kind::Firmware && text == "unknown";
    if let (Some(whole), Some(pattern)) = (whole, &input.matches)
        && !unknown
        && !whole.is_match(text)
    {
        return Err(format!("it does not match `{}`", pattern.value));
    }
    Ok(value)
}

fn digest(text: &str) -> String {
    // Reading from memory cannot fail.
    files::sha256(text.as_bytes()).map_or_else(|_| String::new(), |(digest, _)| digest)
}

/// One walk over one plan.
struct Checker<'a> {
    places: &'a Places<'a>,
    plan: &'a Plan,
    profile: &'a Profile,
    /// What the names mean where the walk is now.
    scope: Scope,
    problems: Problems,
    index: Index<'a>,
    patterns: Patterns,
    /// Inputs, facts and steps: one namespace, and where each was declared.
    names: BTreeMap<String, Range<usize>>,
    /// Every input and fact of the plan, wherever it becomes known.
    all_facts: BTreeMap<String, Kind>,
    used_guards: BTreeSet<String>,
    /// Guards with their compiled parts; `None` where one is wrong in itself.
    judged_guards: BTreeMap<String, Option<Arc<CheckedGuard>>>,
    /// What the facts of fragments begin with that could not be read.
    unread: Vec<String>,
}

impl<'a> Checker<'a> {
    fn new(
        places: &'a Places<'a>,
        plan: &'a Plan,
        profile: &'a Profile,
        problems: Problems,
    ) -> Self {
        Self {
            places,
            plan,
            profile,
            scope: Scope::default(),
            problems,
            index: Index::new(plan, profile),
            patterns: Patterns::default(),
            names: BTreeMap::new(),
            all_facts: BTreeMap::new(),
            used_guards: BTreeSet::new(),
            judged_guards: BTreeMap::new(),
            unread: include::unread(plan),
        }
    }

    fn problem(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        at: &Range<usize>,
        label: impl Into<String>,
    ) {
        let mut problem = self.places.problem(code, message, at, label);
        for place in self.scope.places() {
            problem = self.places.also(problem, place, "included by this step");
        }
        self.problems.add(at.clone(), problem);
    }

    fn help(&mut self, help: impl Into<String>) {
        let help = help.into();
        self.problems.amend(|problem| problem.help(help));
    }

    fn also(&mut self, at: &Range<usize>, label: impl Into<String>) {
        let label = label.into();
        let places = self.places;
        self.problems
            .amend(|problem| places.also(problem, at, label));
    }
}
