//! `unbrick show`: a plan with its inputs, guards and mode flow.

use super::{Stop, setup};
use crate::check::{CheckedPlan, CheckedStep};
use crate::engine::ExitCode;
use crate::plan::Modes;
use crate::report::Output;
use serde_json::json;
use std::time::Duration;

pub(super) fn show(name: &str, as_json: bool, output: Output) -> Result<ExitCode, Stop> {
    let plan = setup::plan(name, output)?;
    if as_json {
        output.json(&document(&plan))?;
    } else {
        for line in text(&plan) {
            output.data(&line)?;
        }
    }
    Ok(ExitCode::Proved)
}

fn text(checked: &CheckedPlan) -> Vec<String> {
    let plan = checked.plan();
    let mut lines = vec![format!("{}: {}", plan.id.value, plan.title)];
    if let Some(about) = &plan.about {
        lines.extend(about.lines().map(|line| format!("  {line}")));
    }
    lines.push(format!(
        "For {} ({})",
        checked.profile().title,
        plan.modem.value
    ));
    let modes = |list: &[crate::yaml::Spanned<crate::plan::Mode>]| -> String {
        list.iter().map(|m| m.value).collect::<Modes>().to_string()
    };
    lines.push(format!(
        "Starts in {}, ends in {}, takes at most {}",
        modes(&plan.starts_in),
        modes(&plan.ends_in),
        for_people(worst_case(checked.steps()))
    ));
    lines.push("\nInputs".into());
    for (name, input) in &plan.inputs.0 {
        let default = input
            .default
            .as_ref()
            .map_or_else(String::new, |d| format!(", else {}", d.value));
        lines.push(format!(
            "  {:<14} {:<9} {}{default}",
            name.value,
            input.kind.value.to_string(),
            input.about
        ));
    }
    lines.push("\nGuards".into());
    for guard in checked.guards() {
        let said = guard.otherwise.as_deref().unwrap_or("");
        lines.push(format!(
            "  {:<14} {:<9} {said}",
            guard.name,
            guard.kind.name().word()
        ));
    }
    lines.push("\nSteps".into());
    for step in checked.steps() {
        steps(step, 1, &mut lines);
    }
    if !checked.rescue().is_empty() {
        lines.push("\nAfter a failed step".into());
        for step in checked.rescue() {
            steps(step, 1, &mut lines);
        }
    }
    lines
}

fn steps(checked: &CheckedStep, depth: usize, lines: &mut Vec<String>) {
    let step = &checked.step;
    let effect = format!("{:?}", checked.signature.effect).to_lowercase();
    let name = format!("{}{}", "  ".repeat(depth), step.id.value);
    let flow = format!("{} -> {}", checked.before, checked.after);
    let mut notes = Vec::new();
    if let Some(only) = &step.only_in {
        let modes: Modes = only.iter().map(|m| m.value).collect();
        notes.push(format!("only in {modes}"));
    }
    if let Some(when) = &step.when {
        notes.push(format!("only when {}", when.value));
    }
    if !step.guards.is_empty() {
        let names: Vec<&str> = step.guards.iter().map(|g| g.as_str()).collect();
        notes.push(format!("guards {}", names.join(" ")));
    }
    if step.confirm.is_some() {
        notes.push("asks first".into());
    }
    if let Some(retry) = &step.retry {
        notes.push(format!("up to {} attempts", retry.attempts.value));
    }
    if step.checkpoint.as_ref().is_some_and(|c| c.value) {
        notes.push("checkpoint".into());
    }
    let line = format!(
        "{name:<20} {:<16} {effect:<10} {flow:<28} {}",
        checked.signature.key,
        notes.join("; ")
    );
    lines.push(line.trim_end().to_owned());
    for child in &checked.children {
        steps(child, depth + 1, lines);
    }
}

/// Every attempt of every step at its timeout, and every delay.
fn worst_case(steps: &[CheckedStep]) -> Duration {
    steps
        .iter()
        .map(|checked| {
            let step = &checked.step;
            let timeout = step.timeout.as_ref().map_or(Duration::ZERO, |t| t.value.0);
            let own = match &step.retry {
                None => timeout,
                Some(retry) => {
                    let attempts = retry.attempts.value;
                    let grow = retry.grow.as_ref().map_or(1, |g| g.value);
                    let mut delay = retry.delay.value.0;
                    let mut waits = Duration::ZERO;
                    for _ in 1..attempts.min(100) {
                        waits = waits.saturating_add(delay);
                        delay = delay.saturating_mul(grow).min(Duration::from_secs(60));
                    }
                    timeout.saturating_mul(attempts).saturating_add(waits)
                }
            };
            own.saturating_add(worst_case(&checked.children))
        })
        .fold(Duration::ZERO, Duration::saturating_add)
}

fn for_people(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    if minutes < 60 {
        format!("{minutes} min")
    } else {
        format!("{} h {} min", minutes / 60, minutes % 60)
    }
}

fn document(checked: &CheckedPlan) -> serde_json::Value {
    let plan = checked.plan();
    let inputs: Vec<_> = plan
        .inputs
        .0
        .iter()
        .map(|(name, input)| {
            json!({
                "name": name.value, "type": input.kind.value.to_string(), "about": input.about,
                "default": input.default.as_ref().map(|d| d.value.clone()),
            })
        })
        .collect();
    let guards: Vec<_> = checked
        .guards()
        .iter()
        .map(|g| json!({ "name": g.name, "kind": g.kind.name().word(), "else": g.otherwise }))
        .collect();
    json!({
        "format": 1,
        "plan": plan.id.value,
        "title": plan.title,
        "modem": plan.modem.value,
        "inputs": inputs,
        "guards": guards,
        "steps": checked.steps().iter().map(step_document).collect::<Vec<_>>(),
        "rescue": checked.rescue().iter().map(step_document).collect::<Vec<_>>(),
        "worst_case_seconds": worst_case(checked.steps()).as_secs(),
    })
}

fn step_document(checked: &CheckedStep) -> serde_json::Value {
    let words = |modes: Modes| {
        modes
            .iter()
            .map(crate::plan::Mode::word)
            .collect::<Vec<_>>()
    };
    json!({
        "step": checked.step.id.value,
        "action": checked.signature.key,
        "effect": format!("{:?}", checked.signature.effect).to_lowercase(),
        "before": words(checked.before),
        "after": words(checked.after),
        "when": checked.step.when.as_ref().map(|w| w.value.clone()),
        "guards": checked.step.guards.iter().map(|g| g.value.clone()).collect::<Vec<_>>(),
        "steps": checked.children.iter().map(step_document).collect::<Vec<_>>(),
    })
}
