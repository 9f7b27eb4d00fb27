//! A plan as aligned text.

use super::facts::{conditions, demands, flow, for_people, judges, modes, one_line, worst_case};
use crate::check::{CheckedPlan, CheckedStep};

pub(super) fn text(checked: &CheckedPlan) -> String {
    let plan = checked.plan();
    let mut lines = vec![format!("{}: {}", plan.id.value, one_line(&plan.title))];
    if let Some(about) = &plan.about {
        lines.extend(about.lines().map(|line| format!("  {}", one_line(line))));
    }
    let profile = checked.profile();
    lines.push(format!(
        "For {} ({})",
        one_line(&profile.title),
        plan.modem.value
    ));
    lines.push(format!(
        "Starts in {}, ends in {}, takes at most {}",
        modes(&plan.starts_in),
        modes(&plan.ends_in),
        for_people(worst_case(checked.steps()))
    ));
    let inputs = plan.inputs.iter().map(|(name, input)| {
        let demands = demands(input).map(|(word, text)| format!("{word} {text}"));
        let default = input.default.as_ref().map(|d| format!("else {}", d.value));
        let notes = [Some(input.about.clone()), default, demands];
        let notes: Vec<String> = notes.into_iter().flatten().collect();
        vec![name.value.clone(), input.kind.to_string(), notes.join("; ")]
    });
    part("Inputs", inputs, &mut lines);
    let guards = checked.guards().iter().map(|guard| {
        vec![
            guard.name.clone(),
            guard.kind.name().word().to_owned(),
            judges(checked, guard),
            guard.otherwise.clone().unwrap_or_default(),
        ]
    });
    part("Guards", guards, &mut lines);
    part("Steps", rows(checked.steps(), 0).into_iter(), &mut lines);
    let rescue = rows(checked.rescue(), 0).into_iter();
    part("After a failed step", rescue, &mut lines);
    lines.join("\n")
}

/// A heading and its rows; nothing where there is none.
fn part(title: &str, rows: impl Iterator<Item = Vec<String>>, lines: &mut Vec<String>) {
    let rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        lines.push(String::new());
        lines.push(title.to_owned());
        lines.extend(aligned(&rows));
    }
}

fn rows(steps: &[CheckedStep], depth: usize) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for checked in steps {
        all.push(vec![
            format!("{}{}", "  ".repeat(depth), checked.step.id.value),
            checked.signature.key.to_owned(),
            checked.signature.effect.to_string(),
            flow(checked),
            notes(checked),
        ]);
        all.extend(rows(&checked.children, depth + 1));
    }
    all
}

fn notes(checked: &CheckedStep) -> String {
    let step = &checked.step;
    let mut notes = conditions(checked);
    if !step.guards.is_empty() {
        let names: Vec<&str> = step.guards.iter().map(|guard| guard.as_str()).collect();
        notes.push(format!("guards {}", names.join(" ")));
    }
    if step.confirm.is_some() {
        notes.push("asks first".into());
    }
    if let Some(retry) = &step.retry {
        notes.push(format!("up to {} attempts", retry.attempts.value));
    }
    if step
        .optional
        .as_ref()
        .is_some_and(|optional| optional.value)
    {
        notes.push("may fail".into());
    }
    if step
        .checkpoint
        .as_ref()
        .is_some_and(|checkpoint| checkpoint.value)
    {
        notes.push("checkpoint".into());
    }
    notes.join("; ")
}

/// Every column but the last as wide as its longest cell.
pub(in crate::report) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(column) {
                Some(widest) => *widest = width.max(*widest),
                None => widths.push(width),
            }
        }
    }
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            // Indentation of a first cell is kept; line ends within a cell are not.
            let line = cells.fold(String::from(" "), |line, (cell, width)| {
                let indent = cell.len() - cell.trim_start_matches(' ').len();
                let cell = format!("{}{}", " ".repeat(indent), one_line(cell));
                format!("{line} {cell:<width$} ")
            });
            line.trim_end().to_owned()
        })
        .collect()
}
