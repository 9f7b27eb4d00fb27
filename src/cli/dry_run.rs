//! `unbrick dry-run`.

use super::args::RunOptions;
use super::setup::Place;
use super::{Stop, keep, setup};
use crate::check::CheckedPlan;
use crate::diagnostic::Problem;
use crate::engine::store::Scratch;
use crate::engine::{ExitCode, dry, run, zips};
use crate::host::Keeper;
use crate::modem::Role;
use crate::modem::ports::Target;
use crate::rehearse::Simulation;
use crate::report::{Output, problems};
use crate::transport::Interrupt;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) fn dry_run(
    name: &str,
    options: &RunOptions,
    asks: bool,
    output: Output,
) -> Result<ExitCode, Stop> {
    let plan = setup::plan(name, output)?;
    let mut resolved = setup::resolve(options, &plan)?;
    let store = setup::store(options.state.as_deref())?;
    let simulation = match &options.sim {
        Some(scenario) => {
            let given = &mut resolved.given;
            Some(setup::simulation(scenario, options, &plan, &store, given)?)
        }
        None => None,
    };
    let simulated = simulation.as_ref().map(|s| s.modem.clone());
    let mut operator = setup::operator(options, &plan, asks, output)?;
    let values = setup::values(&plan, &resolved.given, operator.as_mut())?;
    // What was unpacked stays until the report is printed, or a signal ends the program.
    let leaving = Leaving::default();
    if values.values().any(zips::is_one) {
        leaving.watch()?;
    }
    let (values, scratch) = setup::unpacked(&plan, values, &store, &leaving.interrupt)?;
    leaving.takes(scratch.as_ref())?;
    let keeper = match &simulation {
        Some(_) => None,
        // What answers over AT and DIAG answers one program at a time.
        None => Some(keep::keeper(options, &resolved.ports, name, &store)?),
    };
    let (ports, keeper) = (resolved.ports, keeper.as_ref());
    let mut place = attached(options, ports, simulation, &plan, keeper, output)?;
    let modem = place.as_mut().map(|place| {
        let unit = run::unit(&place.name, &mut place.session);
        (unit, &mut place.session)
    });
    let report = dry::dry_run(dry::Request {
        plan: &plan,
        values: &values,
        overrides: &resolved.overrides,
        modem,
        outputs: Utf8Path::new("."),
    })?;
    if let (Some(path), Some(modem)) = (&options.sim_log, &simulated) {
        setup::write_sim_log(path, modem)?;
    }
    if options.json {
        output.json(&as_json(&report))?;
    } else {
        print(&report, output)?;
    }
    Ok(if report.refused() {
        ExitCode::Refused
    } else if report.broken() {
        ExitCode::Problems
    } else {
        ExitCode::Proved
    })
}

/// A signal ends a dry run as it ends any program, but nothing that was unpacked is left behind.
#[derive(Clone, Default)]
struct Leaving {
    /// Ends the unpacking itself.
    interrupt: Interrupt,
    /// What was unpacked.
    folder: Arc<Mutex<Option<Utf8PathBuf>>>,
}

impl Leaving {
    fn folder(&self) -> MutexGuard<'_, Option<Utf8PathBuf>> {
        self.folder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) -> Result<(), Stop> {
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let leaving = self.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                leaving.interrupt.wish();
                if let Some(folder) = leaving.folder().take() {
                    Scratch::remove(&folder);
                    // Where it cannot, nothing else is left to be done.
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
            }
        });
        Ok(())
    }

    fn takes(&self, scratch: Option<&Scratch>) -> Result<(), Stop> {
        *self.folder() = scratch.map(|scratch| scratch.root.path().to_owned());
        // The wish of a signal that came in between was heard by nobody.
        if self.interrupt.wished() {
            let problem = Problem::bare("run::interrupted", "the dry run was interrupted");
            return Err(Stop::one(ExitCode::Interrupted, problem));
        }
        Ok(())
    }
}

/// The modem that the options name; without one, the only one on USB, if there is one.
fn attached(
    options: &RunOptions,
    ports: BTreeMap<Role, Target>,
    simulation: Option<Simulation>,
    plan: &CheckedPlan,
    keeper: Option<&Keeper>,
    output: Output,
) -> Result<Option<Place>, Stop> {
    let named = simulation.is_some() || !ports.is_empty() || options.usb.is_some();
    let place = setup::place(
        options,
        ports,
        simulation,
        plan,
        Interrupt::default(),
        keeper,
    );
    if named {
        return place.map(Some);
    }
    let mut place = match place {
        Ok(place) => place,
        Err(stop) if stop.exit == ExitCode::Host => return Err(stop),
        Err(stop) => {
            // That there is no USB is no news to whoever named nothing on it.
            let several = stop.problems.iter().find(|p| p.code == setup::SEVERAL);
            if let Some(problem) = several {
                output.talk(&format!("Decided without a modem: {}", problem.message));
            }
            return Ok(None);
        }
    };
    match place.session.look() {
        Ok(sighting) if sighting.roles.is_empty() => Ok(None),
        Ok(_) => Ok(Some(place)),
        Err(error) => {
            output.talk(&format!("Decided without a modem: {error}"));
            Ok(None)
        }
    }
}

fn print(report: &dry::Report, output: Output) -> Result<(), Stop> {
    if let Some(seen) = &report.modem {
        output.data(&format!("Modem: {seen}"))?;
    }
    output.data("Guards:")?;
    for guard in &report.guards {
        let rule = if guard.rule.is_empty() {
            String::new()
        } else {
            format!(" ({}, {})", guard.rule, guard.source)
        };
        let message = if guard.message.is_empty() {
            String::new()
        } else {
            format!(": {}", guard.message)
        };
        output.data(&format!(
            "  {} {}: {}{rule}{message}",
            guard.kind, guard.guard, guard.verdict
        ))?;
        if let Some(help) = &guard.help {
            output.data(&format!("    {help}"))?;
        }
    }
    output.data("Steps that would run, in this order:")?;
    for step in &report.steps {
        let indent = "  ".repeat(step.depth + 1);
        let only = step
            .only_in
            .map_or_else(String::new, |modes| format!(", only in {modes}"));
        output.data(&format!(
            "{indent}{} [{}, {}{only}]",
            step.step, step.action, step.effect
        ))?;
        for line in &step.lines {
            output.data(&format!("{indent}    {line}"))?;
        }
        for (name, value) in &step.facts {
            output.data(&format!("{indent}    {name} = {value}"))?;
        }
        if let Some(failure) = &step.problem {
            let mut problem = Problem::bare(
                failure.code,
                format!("step `{}` would fail: {}", step.step, failure.message),
            );
            if let Some(help) = &failure.help {
                problem = problem.help(help.clone());
            }
            output.talk(&problems::human(&problem, output));
        }
    }
    if let Some(rest) = report.rest.as_ref().filter(|rest| !rest.steps.is_empty()) {
        let word = match rest.end {
            dry::End::Undecided => "Undecided",
            dry::End::NotReached => "Not reached",
        };
        let steps = rest.steps.join(", ");
        output.data(&format!("{word}: {}: {steps}", rest.why))?;
    }
    output.data(&format!("Digest: {}", report.digest))?;
    Ok(())
}

fn as_json(report: &dry::Report) -> serde_json::Value {
    let guards: Vec<_> = report
        .guards
        .iter()
        .map(|g| {
            json!({
                "guard": g.guard, "kind": g.kind, "verdict": g.verdict, "rule": g.rule,
                "source": g.source, "message": g.message, "help": g.help,
            })
        })
        .collect();
    let steps: Vec<_> = report
        .steps
        .iter()
        .map(|s| {
            json!({
                "step": s.step, "action": s.action, "effect": s.effect.word(),
                "only_in": s.only_in.map(|m| m.to_string()), "skipped": s.skipped, "would": s.lines,
                "facts": s.facts.iter().cloned().collect::<BTreeMap<_, _>>(),
                "problem": s.problem.as_ref().map(|p| json!({ "code": p.code, "message": p.message })),
            })
        })
        .collect();
    let rest = |end| {
        let rest = report.rest.as_ref().filter(|rest| rest.end == end);
        rest.map(|rest| json!({ "why": rest.why, "steps": rest.steps }))
    };
    json!({
        "format": 1,
        "modem": report.modem,
        "guards": guards,
        "steps": steps,
        "undecided": rest(dry::End::Undecided),
        "not_reached": rest(dry::End::NotReached),
        "digest": report.digest.to_string(),
    })
}
