//! Mistakes of steps: their limits, their modes, and what a step that destroys must have.

use crate::subject::{Subject, action, nodes, pair};
use crate::{Kind, Mutant};
use std::ops::Range;
use unbrick::action::signature::{Effect, Leaves, Signature, actions_of};
use unbrick::plan::{Mode, Step};
use unbrick::yaml::{Node, NodeKind};

pub(crate) const KINDS: &[Kind] = &[
    ("an id with capitals", |s| {
        s.all_steps()
            .iter()
            .map(|step| s.with(&step.id.span, "Step", "plan::name"))
            .collect()
    }),
    ("an id that is too long", |s| {
        let long = "x".repeat(41);
        s.all_steps()
            .iter()
            .map(|step| s.with(&step.id.span, &long, "plan::name"))
            .collect()
    }),
    ("two steps of one name", |s| {
        let steps = s.all_steps();
        let pairs = steps.windows(2);
        pairs
            .map(|pair| s.with(&pair[1].id.span, &pair[0].id, "plan::name-taken"))
            .collect()
    }),
    ("a step without a timeout", |s| {
        s.single()
            .filter_map(|step| without(s, step, "timeout", "plan::no-timeout"))
            .collect()
    }),
    ("a timeout without its unit", |s| timeouts(s, "30")),
    ("a timeout in an unknown unit", |s| timeouts(s, "5x")),
    ("a step without its action", no_action),
    ("a step with two actions", |s| {
        let single = s
            .single()
            .filter(|step| step.at_ask.is_some() || step.firehose_flash.is_some());
        single
            .map(|step| s.added_at(step, "check", "[]", "plan::two-actions", &action(step)))
            .collect()
    }),
    ("a mode that does not exist", |s| {
        s.steps()
            .into_iter()
            .map(|step| with_mode(s, step, "[nowhere]", "plan::shape", 1..8))
            .collect()
    }),
    ("a step that never runs", |s| {
        let Some(step) = s.plan.steps.first().filter(|step| step.only_in.is_none()) else {
            return Vec::new();
        };
        let other = Mode::ALL
            .into_iter()
            .find(|mode| !s.plan.starts_in.iter().any(|m| m.value == *mode));
        let list = format!("[{}]", other.unwrap());
        vec![with_mode(s, step, &list, "plan::never-runs", 0..list.len())]
    }),
    ("an optional step without a reason", |s| {
        let plain = s
            .single()
            .filter(|step| step.because.is_none() && step.optional.is_none());
        plain
            .map(|step| s.added(step, "optional", "true", "plan::because"))
            .collect()
    }),
    ("an optional step that changes the modem", |s| {
        let changing = s
            .single()
            .filter(|step| step.because.is_none() && s.effect(step) >= Effect::Manual);
        let new = "true\n    because: Why not.";
        changing
            .filter(|step| step.optional.is_none() && !in_group(s, step))
            .map(|step| {
                s.added_at(
                    step,
                    "optional",
                    new,
                    "plan::optional-changes",
                    &action(step),
                )
            })
            .collect()
    }),
    ("a step that destroys and is tried again", |s| {
        let new = "{ attempts: 3, delay: 1s }";
        s.destroying()
            .map(|step| s.added(step, "retry", new, "plan::retry-destroys"))
            .collect()
    }),
    ("one attempt", |s| {
        let retries = s
            .all_steps()
            .into_iter()
            .filter_map(|step| step.retry.as_ref());
        retries
            .map(|retry| s.with(&retry.attempts.span, "1", "plan::shape"))
            .collect()
    }),
    ("a delay without its unit", |s| {
        let retries = s
            .all_steps()
            .into_iter()
            .filter_map(|step| step.retry.as_ref());
        retries
            .map(|retry| s.with(&retry.delay.span, "3", "plan::shape"))
            .collect()
    }),
    ("a checkpoint where the mode is not known", |s| {
        let loose = s.plan.steps.iter().filter(|step| {
            let signature = Signature::of(step, &s.profile);
            signature.is_some_and(|signature| signature.leaves == Leaves::Unknown)
                && step.checkpoint.is_none()
        });
        loose
            .map(|step| s.added(step, "checkpoint", "true", "plan::loose-checkpoint"))
            .collect()
    }),
    ("a destroying step that asks nobody", |s| {
        s.destroying()
            .filter_map(|step| without(s, step, "confirm", "plan::unconfirmed"))
            .collect()
    }),
    ("a wait that was forgotten", no_wait),
    ("a plan without its proof", |s| {
        let last = s.plan.steps.last().unwrap();
        let changing: Vec<&Step> = s.single().filter(|step| changes(s, step)).collect();
        let Some(changing) = changing
            .last()
            .filter(|_| last.check.is_some() && s.plan.report.is_empty())
        else {
            return no_proof_but_a_report(s);
        };
        let lines = step_lines(s, last);
        vec![s.with_at(&lines, "", "plan::unproved-end", &changing.id.span)]
    }),
    ("a proof that rests on what was read before", |s| {
        let last = s.plan.steps.last().unwrap();
        let Some(claim) = last.check.as_ref().and_then(|claims| claims.first()) else {
            return Vec::new();
        };
        let changed = s.single().any(|step| changes(s, step));
        let claims = changed.then(|| s.with(&claim.that.span, "1 == 1", "plan::stale-proof"));
        claims.into_iter().collect()
    }),
    ("a claim before what it claims is known", |s| {
        let last = s.plan.steps.last().unwrap();
        let Some(claim) = last.check.as_ref().and_then(|claims| claims.first()) else {
            return Vec::new();
        };
        let name: String = claim
            .that
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if s.plan.inputs.get(&name).is_some() || name.is_empty() {
            return Vec::new();
        }
        let lines = step_lines(s, last);
        let first = step_lines(s, s.plan.steps.first().unwrap());
        let moved = format!(
            "{}{}",
            &s.text[lines.clone()],
            &s.text[first.start..lines.start]
        );
        let mut mutant = s.with(&(first.start..lines.end), &moved, "plan::unknown-name");
        let at = first.start + (claim.that.span.start - lines.start);
        mutant.at = at..at + name.len();
        vec![mutant]
    }),
    ("a rescue that changes the modem", |s| {
        if s.destroying().next().is_none() || s.plan.rescue.is_empty() {
            return Vec::new();
        }
        let at = step_lines(s, s.plan.rescue.first().unwrap()).start;
        let new = "  - id: shake\n    only_in: [normal]\n    modem.reset: {}\n    timeout: 2m\n";
        let mut mutant = s.with(&(at..at), new, "plan::rescue-disrupts");
        let action = at + new.find("{}").unwrap();
        mutant.at = action..action + 2;
        vec![mutant]
    }),
    ("a group with a limit of its own", |s| {
        let groups = s.steps().into_iter().filter(|step| step.group.is_some());
        groups
            .map(|step| s.added(step, "timeout", "5s", "plan::shape"))
            .collect()
    }),
    ("a kept partition written over fastboot", |s| {
        let Some(kept) = s.profile.partitions.iter().find(|part| part.keep) else {
            return Vec::new();
        };
        let flashes = s.single().filter_map(|step| step.fastboot_flash.as_ref());
        flashes
            .map(|flash| s.with(&flash.part.span, &kept.name, "plan::kept-part"))
            .collect()
    }),
];

fn changes(s: &Subject, step: &Step) -> bool {
    let signature = Signature::of(step, &s.profile).unwrap();
    signature.effect >= Effect::Disrupt || signature.leaves == Leaves::Unknown
}

fn in_group(s: &Subject, step: &Step) -> bool {
    !s.plan.steps.iter().any(|top| top.id.value == step.id.value)
}

/// Without one of its keys, which stands on lines of its own.
fn without(s: &Subject, step: &Step, key: &str, code: &'static str) -> Option<Mutant> {
    let (name, value) = pair(s.node(step), key)?;
    Some(s.with_at(&s.lines(name, value)?, "", code, &action(step)))
}

fn timeouts(s: &Subject, new: &str) -> Vec<Mutant> {
    let timeouts = s
        .all_steps()
        .into_iter()
        .filter_map(|step| step.timeout.as_ref());
    timeouts
        .map(|timeout| s.with(&timeout.span, new, "plan::shape"))
        .collect()
}

fn no_action(s: &Subject) -> Vec<Mutant> {
    let lost = s.single().filter_map(|step| {
        let (name, value) = pair(s.node(step), actions_of(step).next()?.0)?;
        Some(s.with_at(&s.lines(name, value)?, "", "plan::no-action", &step.id.span))
    });
    lost.collect()
}

/// `only_in` with another list; `at` is the place inside the list.
fn with_mode(s: &Subject, step: &Step, list: &str, code: &'static str, at: Range<usize>) -> Mutant {
    let mut mutant = match &step.only_in {
        Some(only) => s.with(&only.span, list, code),
        None => s.added(step, "only_in", list, code),
    };
    mutant.at = mutant.at.start + at.start..mutant.at.start + at.end;
    mutant
}

/// The lines of a step of the plan's own lists, up to those of the next or the end.
fn step_lines(s: &Subject, step: &Step) -> Range<usize> {
    let start = s.text[..step.id.span.start].rfind('\n').unwrap() + 1;
    let node = s.node(step);
    let end = s.text[node.span.end..]
        .find('\n')
        .map_or(s.text.len(), |at| node.span.end + at + 1);
    start..end
}

/// A wait that everything after it rests on: the next step that needs a mode does not have it.
fn no_wait(s: &Subject) -> Vec<Mutant> {
    let steps = &s.plan.steps;
    let waits = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.usb_wait.is_some() && step.when.is_none());
    let lost = waits.filter_map(|(place, wait)| {
        let before = steps.get(place.checked_sub(1)?)?;
        let loose = Signature::of(before, &s.profile)?.leaves == Leaves::Unknown;
        let next = steps.get(place + 1)?;
        let needs = Signature::of(next, &s.profile)?.needs;
        let narrow = needs.iter().count() == 1 && next.only_in.is_none();
        let lines = step_lines(s, wait);
        (loose && narrow).then(|| s.with_at(&lines, "", "plan::wrong-mode", &action(next)))
    });
    lost.collect()
}

fn no_proof_but_a_report(s: &Subject) -> Vec<Mutant> {
    let last = s.plan.steps.last().unwrap();
    let changing: Vec<&Step> = s.single().filter(|step| changes(s, step)).collect();
    let single_check = s.single().filter(|step| step.check.is_some()).count() == 1;
    match changing.last() {
        Some(changing) if last.check.is_some() && (single_check || in_order(s, changing, last)) => {
            vec![s.with_at(
                &step_lines(s, last),
                "",
                "plan::unproved-end",
                &changing.id.span,
            )]
        }
        _ => Vec::new(),
    }
}

/// No other check stands between the last change and the proof.
fn in_order(s: &Subject, changing: &Step, last: &Step) -> bool {
    let mut all = Vec::new();
    nodes(&s.root, &mut all);
    let between = changing.id.span.end..last.id.span.start;
    let checks = all.iter().filter_map(|node| pair(node, "check"));
    !checks.into_iter().any(|(key, _): &(Node, Node)| {
        between.contains(&key.span.start) && matches!(key.kind, NodeKind::Scalar { .. })
    })
}
