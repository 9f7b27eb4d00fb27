//! `unbrick rehearse`: a plan's cases on the simulated modem.

use super::Stop;
use super::args::RehearseOptions;
use super::setup;
use crate::check::CheckedPlan;
use crate::diagnostic::{Problem, nearest};
use crate::engine::{ExitCode, Listener};
use crate::event::Event;
use crate::plan::Outcome;
use crate::plan::library::{self, EntryKind, Place};
use crate::rehearse::{self, Case, Rehearsed, Stage};
use crate::report::{Output, People, problems};
use serde_json::{Value, json};

pub(super) fn rehearse(options: &RehearseOptions, output: Output) -> Result<ExitCode, Stop> {
    let bills = match &options.plan {
        Some(name) => vec![Bill::new(name, options.case.as_deref(), output)?],
        None => every_plan(output)?,
    };
    let stage = Stage::new().map_err(|problem| Stop::one(ExitCode::Problems, problem))?;
    let mut told = Told::default();
    let mut documents = Vec::new();
    for bill in &bills {
        if !options.json && bills.len() > 1 {
            output.data(&format!("{}:", bill.name))?;
        }
        for case in &bill.cases {
            if options.verbose {
                output.talk(&format!("# {}", case.name));
            }
            let result = stage.rehearse(case, &bill.plan, listener(options, output).as_mut());
            told.count(&result);
            if options.json {
                documents.push(document(bill, case, &result));
            } else {
                tell(case, &result, output)?;
            }
        }
    }
    if options.json {
        output.json(&json!({
            "format": 1,
            "cases": documents,
            "as_expected": told.as_expected,
            "otherwise": told.otherwise,
            "not_begun": told.not_begun,
        }))?;
    } else {
        output.data(&told.sentence())?;
    }
    Ok(told.exit())
}

/// One plan and the cases that are played.
struct Bill {
    name: String,
    plan: CheckedPlan,
    cases: Vec<Case>,
}

impl Bill {
    fn new(name: &str, only: Option<&str>, output: Output) -> Result<Self, Stop> {
        let plan = setup::plan(name, output)?;
        let place = Place::find(name, EntryKind::Plan);
        let cases = rehearse::cases(&place, &plan, only)?;
        if cases.is_empty() {
            return Err(nothing(name, &place, &plan, only));
        }
        Ok(Self {
            name: name.to_owned(),
            plan,
            cases,
        })
    }
}

/// Every built-in plan that has cases.
fn every_plan(output: Output) -> Result<Vec<Bill>, Stop> {
    let mut bills = Vec::new();
    for entry in library::list() {
        if entry.kind == EntryKind::Plan {
            let plan = setup::plan(&entry.name, output)?;
            let place = Place::find(&entry.name, EntryKind::Plan);
            let cases = rehearse::cases(&place, &plan, None)?;
            if !cases.is_empty() {
                bills.push(Bill {
                    name: entry.name,
                    plan,
                    cases,
                });
            }
        }
    }
    Ok(bills)
}

/// There is no case, or not the one that was named.
fn nothing(name: &str, place: &Place, plan: &CheckedPlan, only: Option<&str>) -> Stop {
    let Some(only) = only else {
        let problem = Problem::bare(
            "rehearsal::none",
            format!("`{name}` has no rehearsal cases"),
        );
        return Stop::one(
            ExitCode::Problems,
            problem.help("write one: a file in the folder `rehearsals` beside the plan, whose `plan:` is its path"),
        );
    };
    let cases = rehearse::cases(place, plan, None).unwrap_or_default();
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let help = match nearest(only, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "it has none that can be read".to_owned(),
        None => format!("it has {}", names.join(", ")),
    };
    let message = format!("`{name}` has no rehearsal case `{only}`");
    let problem = Problem::bare("rehearsal::no-such-case", message);
    Stop::one(ExitCode::Problems, problem.help(help))
}

/// How many cases came out how.
#[derive(Debug, Default)]
struct Told {
    as_expected: usize,
    otherwise: usize,
    not_begun: usize,
}

impl Told {
    fn count(&mut self, result: &Result<Rehearsed, Vec<Problem>>) {
        match result {
            Ok(rehearsed) if rehearsed.differences.is_empty() => self.as_expected += 1,
            Ok(_) => self.otherwise += 1,
            Err(_) => self.not_begun += 1,
        }
    }

    fn sentence(&self) -> String {
        let all = self.as_expected + self.otherwise + self.not_begun;
        let cases = if all == 1 { "case" } else { "cases" };
        if self.as_expected == all {
            return format!("{all} {cases}, as expected");
        }
        format!(
            "{all} {cases}: {} as expected, {} otherwise, {} not begun",
            self.as_expected, self.otherwise, self.not_begun
        )
    }

    /// What was expected is a claim about the plan: one that does not hold leaves it unproved.
    fn exit(&self) -> ExitCode {
        if self.not_begun > 0 {
            ExitCode::Problems
        } else if self.otherwise > 0 {
            ExitCode::Unproved
        } else {
            ExitCode::Proved
        }
    }
}

struct Silent;

impl Listener for Silent {
    fn hear(&mut self, _event: &Event) {}
}

fn listener(options: &RehearseOptions, output: Output) -> Box<dyn Listener> {
    if options.verbose {
        Box::new(People::new(output))
    } else {
        Box::new(Silent)
    }
}

fn tell(case: &Case, result: &Result<Rehearsed, Vec<Problem>>, output: Output) -> Result<(), Stop> {
    let name = &case.name;
    let found = match result {
        Ok(rehearsed) => {
            let word = if rehearsed.differences.is_empty() {
                "ok"
            } else {
                "FAILED"
            };
            let resumed = rehearsed
                .resumed
                .map_or_else(String::new, |outcome| format!(", resumed {outcome}"));
            let seconds = rehearsed.took.as_secs_f64();
            let outcome = rehearsed.outcome;
            output.data(&format!(
                "{word:<7} {name:<28} {outcome}{resumed} ({seconds:.1} s virtual)"
            ))?;
            &rehearsed.differences
        }
        Err(problems) => {
            output.data(&format!("FAILED  {name:<28} could not begin"))?;
            problems
        }
    };
    for problem in found {
        output.talk(&problems::human(problem, output));
    }
    Ok(())
}

fn document(bill: &Bill, case: &Case, result: &Result<Rehearsed, Vec<Problem>>) -> Value {
    let listed = |found: &[Problem]| found.iter().map(problems::json).collect::<Vec<_>>();
    let (ok, outcome, resumed, millis, found) = match result {
        Ok(rehearsed) => (
            rehearsed.differences.is_empty(),
            Some(rehearsed.outcome.word()),
            rehearsed.resumed.map(Outcome::word),
            u64::try_from(rehearsed.took.as_millis()).ok(),
            listed(&rehearsed.differences),
        ),
        Err(problems) => (false, None, None, None, listed(problems)),
    };
    json!({
        "plan": bill.name,
        "case": case.name,
        "about": case.about(),
        "ok": ok,
        "outcome": outcome,
        "resumed": resumed,
        "virtual_ms": millis,
        "problems": found,
    })
}
