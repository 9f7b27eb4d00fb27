//! `unbrick dry-run`.

use super::args::RunOptions;
use super::{Stop, setup};
use crate::diagnostic::Problem;
use crate::engine::{ExitCode, approval::Unit, dry, run};
use crate::modem::Role;
use crate::plan::Mode;
use crate::report::{Output, problems};
use crate::transport::Interrupt;
use camino::Utf8Path;
use serde_json::json;

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
    let mut operator = setup::operator(options, asks, output);
    let values = setup::values(&plan, &resolved.given, operator.as_mut())?;
    let attached = simulation.is_some() || !resolved.ports.is_empty() || options.usb.is_some();
    let mut unit: Option<Unit> = None;
    let mut mode: Option<Mode> = None;
    if attached {
        let mut place = setup::place(
            options,
            resolved.ports,
            simulation,
            &plan,
            Interrupt::default(),
        )?;
        unit = Some(run::unit(&place.name, &mut place.session));
        // The bulk pair is not opened: whoever reads HELLO takes it from the run that follows.
        let bulk = place
            .session
            .look()
            .is_ok_and(|s| s.usb.is_none() && s.roles.contains(&Role::Edl));
        if !bulk {
            mode = place.session.observe().ok().map(|observed| observed.mode);
        }
    }
    let report = dry::dry_run(
        &plan,
        &values,
        &resolved.overrides,
        unit.as_ref(),
        mode,
        Utf8Path::new("."),
    )?;
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

fn print(report: &dry::Report, output: Output) -> Result<(), Stop> {
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
        output.data(
            &format!(
                "{indent}{} [{}, {:?}{only}]",
                step.step, step.action, step.effect
            )
            .to_lowercase(),
        )?;
        for line in &step.lines {
            output.data(&format!("{indent}    {line}"))?;
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
    if let Some((why, ids)) = &report.undecided {
        output.data(&format!("Undecided: {why}: {}", ids.join(", ")))?;
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
                "step": s.step, "action": s.action, "effect": format!("{:?}", s.effect).to_lowercase(),
                "only_in": s.only_in.map(|m| m.to_string()), "would": s.lines,
                "problem": s.problem.as_ref().map(|p| json!({ "code": p.code, "message": p.message })),
            })
        })
        .collect();
    json!({
        "format": 1,
        "guards": guards,
        "steps": steps,
        "undecided": report.undecided.as_ref().map(|(why, ids)| json!({ "why": why, "steps": ids })),
        "digest": report.digest.to_string(),
    })
}
