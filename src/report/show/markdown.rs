//! A plan as a document that a shop prints and hands to a technician.

use super::facts::{
    conditions, demands, destroying, flat, flow, for_people, judges, modes, unknown, worst_case,
};
use crate::check::{CheckedPlan, CheckedStep};
use crate::report::markdown::{code, code_of, plain, table};

pub(super) fn markdown(checked: &CheckedPlan) -> String {
    let mut lines = head(checked);
    lines.extend(inputs(checked));
    lines.extend(destroyed(checked));
    lines.extend(guards(checked));
    lines.push("## Steps".to_owned());
    lines.push(String::new());
    steps(checked.steps(), "", &mut lines);
    if !checked.rescue().is_empty() {
        lines.push("## If a step fails".to_owned());
        lines.push(String::new());
        lines.push("These steps run, and then the run ends.".to_owned());
        lines.push(String::new());
        steps(checked.rescue(), "R", &mut lines);
    }
    lines.extend(proof(checked));
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.join("\n")
}

fn head(checked: &CheckedPlan) -> Vec<String> {
    let plan = checked.plan();
    let mut lines = vec![format!("# {}", plain(&plan.title)), String::new()];
    if let Some(about) = &plan.about {
        lines.extend(about.lines().map(plain));
        lines.push(String::new());
    }
    let time = for_people(worst_case(checked.steps()));
    let rows = [
        ("Plan", code(&plan.id)),
        (
            "Modem",
            format!(
                "{} ({})",
                plain(&checked.profile().title),
                code(&plan.modem)
            ),
        ),
        (
            "The modem is at first in",
            modes(&plan.starts_in).to_string(),
        ),
        ("At the end it is in", modes(&plan.ends_in).to_string()),
        ("Takes at most", time),
    ];
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value])
        .collect();
    lines.extend(table(&["", ""], &rows));
    lines
}

fn inputs(checked: &CheckedPlan) -> Vec<String> {
    let rows: Vec<Vec<String>> = checked
        .plan()
        .inputs
        .iter()
        .map(|(name, input)| {
            let default = input.default.as_ref().map(|d| code(&d.value));
            vec![
                code(name),
                input.kind.to_string(),
                plain(&input.about),
                demands(input).map_or_else(String::new, |(word, text)| {
                    format!("{word} {}", code(&text))
                }),
                default.unwrap_or_default(),
                String::new(),
            ]
        })
        .collect();
    let heads = ["Input", "Type", "What it is", "Must be", "Else", "Value"];
    part("## Before you begin", table(&heads, &rows))
}

fn destroyed(checked: &CheckedPlan) -> Vec<String> {
    let mut lines: Vec<String> = destroying(checked)
        .iter()
        .map(|checked| {
            let title = checked.step.title.as_deref().unwrap_or("");
            let title = match title {
                "" => String::new(),
                title => format!(": {}", plain(title)),
            };
            format!(
                "- {} ({}){title}",
                code_of(checked.id()),
                code_of(checked.signature.key)
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push("Nothing: no step writes or erases flash or NV.".to_owned());
    } else {
        lines.insert(
            0,
            "These steps write or erase flash or NV, and cannot be undone:".to_owned(),
        );
        lines.insert(1, String::new());
    }
    lines.push(String::new());
    part("## What is destroyed", lines)
}

fn guards(checked: &CheckedPlan) -> Vec<String> {
    let rows: Vec<Vec<String>> = checked
        .guards()
        .iter()
        .map(|guard| {
            let before: Vec<String> = checked
                .all_steps()
                .filter(|step| step.step.guards.iter().any(|name| name.value == guard.name))
                .map(|step| code(step.id()))
                .collect();
            vec![
                code(&guard.name),
                plain(&judges(checked, guard)),
                before.join(", "),
                plain(guard.otherwise.as_deref().unwrap_or("")),
                unknown(guard).to_owned(),
            ]
        })
        .collect();
    let heads = [
        "Guard",
        "Allows only if",
        "Asked before",
        "Else it refuses",
        "Not known",
    ];
    part("## Guards", table(&heads, &rows))
}

/// Nothing where there are no lines.
fn part(title: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    [title.to_owned(), String::new()]
        .into_iter()
        .chain(lines)
        .collect()
}

fn steps(steps: &[CheckedStep], above: &str, lines: &mut Vec<String>) {
    for (index, checked) in steps.iter().enumerate() {
        let number = match above {
            "" => format!("{}", index + 1),
            "R" => format!("R{}", index + 1),
            _ => format!("{above}.{}", index + 1),
        };
        let title = checked.step.title.as_deref();
        let title = title.map_or_else(String::new, |title| format!(": {}", plain(title)));
        lines.push(format!("### {number} {}{title}", code_of(checked.id())));
        lines.push(String::new());
        lines.extend(
            points(checked)
                .into_iter()
                .map(|point| format!("- {point}")),
        );
        lines.push(String::new());
        self::steps(&checked.children, &number, lines);
    }
}

fn points(checked: &CheckedStep) -> Vec<String> {
    let step = &checked.step;
    let mut points = vec![format!(
        "{}, {}: {}",
        code_of(checked.signature.key),
        checked.signature.effect,
        flow(checked)
    )];
    let says = [
        step.operator_do.as_ref().map(|action| ("Do", &action.say)),
        step.operator_ask
            .as_ref()
            .map(|action| ("Answer", &action.say)),
    ];
    for (verb, say) in says.into_iter().flatten() {
        points.push(format!("**{verb}:** {}", plain(say)));
    }
    points.extend(conditions(checked).iter().map(|text| plain(text)));
    if let Some(because) = &step.because {
        points.push(format!("Why: {}", plain(because)));
    }
    if !step.guards.is_empty() {
        let names: Vec<String> = step.guards.iter().map(|name| code_of(name)).collect();
        points.push(format!("Guards: {}", names.join(", ")));
    }
    if let Some(confirm) = &step.confirm {
        points.push(format!("**Asks:** {}", plain(confirm)));
    }
    if let Some(timeout) = &step.timeout {
        let time = for_people(timeout.value.0);
        let attempts = step.retry.as_ref().map_or(1, |retry| retry.attempts.value);
        points.push(match attempts {
            1 => format!("At most {time}"),
            _ => format!("At most {time} an attempt, {attempts} attempts"),
        });
    }
    if step
        .checkpoint
        .as_ref()
        .is_some_and(|checkpoint| checkpoint.value)
    {
        points.push("A run can be resumed after this step".to_owned());
    }
    points
}

fn proof(checked: &CheckedPlan) -> Vec<String> {
    let rows: Vec<Vec<String>> = flat(checked.steps())
        .flat_map(|step| &step.claims)
        .map(|claim| vec![code(&claim.text), plain(&claim.otherwise)])
        .collect();
    part("## What proves it", table(&["Must hold", "Else"], &rows))
}
