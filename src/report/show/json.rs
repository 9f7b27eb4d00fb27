//! A plan as one JSON document.

use super::facts::{destroying, judges, modes, worst_case};
use crate::check::{CheckedPlan, CheckedStep};
use crate::plan::{Mode, Modes};
use serde_json::{Value, json};

pub(super) fn document(checked: &CheckedPlan) -> Value {
    let plan = checked.plan();
    let inputs: Vec<_> = plan
        .inputs
        .iter()
        .map(|(name, input)| {
            json!({
                "name": name.value,
                "type": input.kind.to_string(),
                "about": input.about,
                "default": input.default.as_ref().map(|d| d.value.clone()),
                "matches": input.matches.as_ref().map(|m| m.value.clone()),
                "choices": input.choices.iter().map(|c| c.value.clone()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let guards: Vec<_> = checked
        .guards()
        .iter()
        .map(|guard| {
            json!({
                "name": guard.name,
                "kind": guard.kind.name().word(),
                "judges": judges(checked, guard),
                "else": guard.otherwise,
                "may_be_overridden": guard.kind.may_be_overridden(),
            })
        })
        .collect();
    let destroys: Vec<_> = destroying(checked).iter().map(|step| step.id()).collect();
    json!({
        "format": 1,
        "plan": plan.id.value,
        "title": plan.title,
        "about": plan.about,
        "modem": plan.modem.value,
        "starts_in": words(modes(&plan.starts_in)),
        "ends_in": words(modes(&plan.ends_in)),
        "inputs": inputs,
        "guards": guards,
        "steps": checked.steps().iter().map(step).collect::<Vec<_>>(),
        "rescue": checked.rescue().iter().map(step).collect::<Vec<_>>(),
        "destroys": destroys,
        "worst_case_seconds": worst_case(checked.steps()).as_secs(),
    })
}

fn step(checked: &CheckedStep) -> Value {
    let step_of = &checked.step;
    json!({
        "step": step_of.id.value,
        "title": step_of.title,
        "action": checked.signature.key,
        "effect": checked.signature.effect.word(),
        "before": words(checked.before),
        "runs_in": words(checked.runs_in),
        "after": words(checked.after),
        "when": step_of.when.as_ref().map(|when| when.value.clone()),
        "guards": step_of.guards.iter().map(|guard| guard.value.clone()).collect::<Vec<_>>(),
        "confirm": step_of.confirm.as_ref().map(|confirm| confirm.value.clone()),
        "timeout_seconds": step_of.timeout.as_ref().map(|timeout| timeout.value.0.as_secs()),
        "attempts": step_of.retry.as_ref().map_or(1, |retry| retry.attempts.value),
        "steps": checked.children.iter().map(step).collect::<Vec<_>>(),
    })
}

fn words(modes: Modes) -> Vec<&'static str> {
    modes.iter().map(Mode::word).collect()
}
