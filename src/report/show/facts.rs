//! What every format says about a plan: how long it may take, what it destroys, what a guard judges.

use crate::action::signature::{Effect, Leaves};
use crate::check::{CheckedGuard, CheckedPlan, CheckedStep, GuardKind};
use crate::plan::{Input, Mode, Modes, Step, WhenUnknown};
use crate::yaml::Spanned;
use std::time::Duration;

/// A delay between attempts never grows beyond this (plan-language.md §7).
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// Every attempt of every step at its timeout, and every delay.
pub(super) fn worst_case(steps: &[CheckedStep]) -> Duration {
    steps
        .iter()
        .map(|checked| own_worst_case(&checked.step).saturating_add(worst_case(&checked.children)))
        .fold(Duration::ZERO, Duration::saturating_add)
}

fn own_worst_case(step: &Step) -> Duration {
    let timeout = step.timeout.as_ref().map_or(Duration::ZERO, |t| t.value.0);
    let Some(retry) = &step.retry else {
        return timeout;
    };
    let attempts = retry.attempts.value;
    let grow = retry.grow.as_ref().map_or(1, |grow| grow.value);
    let mut delay = retry.delay.value.0;
    let mut waits = Duration::ZERO;
    for _ in 1..attempts.min(100) {
        waits = waits.saturating_add(delay);
        delay = delay.saturating_mul(grow).min(LONGEST_DELAY);
    }
    timeout.saturating_mul(attempts).saturating_add(waits)
}

/// Time in two units, rounded up: nobody waits longer than what is said.
pub(super) fn for_people(time: Duration) -> String {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let minutes = seconds.div_ceil(60);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=3599 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// Every step and child, in order.
pub(super) fn flat(steps: &[CheckedStep]) -> impl Iterator<Item = &CheckedStep> {
    steps
        .iter()
        .flat_map(|step| std::iter::once(step).chain(&step.children))
}

/// Steps that write what cannot be taken back.
pub(super) fn destroying(plan: &CheckedPlan) -> Vec<&CheckedStep> {
    let all = plan.all_steps();
    all.filter(|step| step.signature.effect == Effect::Destroy && step.children.is_empty())
        .collect()
}

pub(super) fn modes(list: &[Spanned<Mode>]) -> Modes {
    list.iter().map(|mode| mode.value).collect()
}

/// The mode before and after, as far as it is known.
pub(super) fn flow(checked: &CheckedStep) -> String {
    if checked.before == checked.after && checked.signature.leaves == Leaves::Same {
        return format!("stays in {}", checked.before);
    }
    format!("{} -> {}", checked.before, checked.after)
}

/// Whether it may be passed over.
pub(super) fn may_be_skipped(checked: &CheckedStep) -> bool {
    checked.step.when.is_some() || checked.runs_in != checked.before
}

/// Under which conditions it runs.
pub(super) fn conditions(checked: &CheckedStep) -> Vec<String> {
    let step = &checked.step;
    let only = step.only_in.as_ref();
    let only = only.map(|list| format!("only in {}", modes(list)));
    let when = step.when.as_ref();
    let when = when.map(|when| format!("only when {}", when.value));
    only.into_iter().chain(when).collect()
}

/// What a value must be, beside its kind: a word, and what the plan says.
pub(super) fn demands(input: &Input) -> Option<(&'static str, String)> {
    let choices: Vec<&str> = input.choices.iter().map(|c| c.value.as_str()).collect();
    match (&input.matches, choices.is_empty()) {
        (_, false) => Some(("one of", choices.join(", "))),
        (Some(pattern), true) => Some(("matches", pattern.value.clone())),
        (None, true) => None,
    }
}

/// What a guard judges.
pub(super) fn judges(plan: &CheckedPlan, guard: &CheckedGuard) -> String {
    match &guard.kind {
        GuardKind::Model { fact, is } => format!("{fact} begins with {}", is.join(" or ")),
        GuardKind::Rollback { installed, target } => {
            format!("going from {installed} to {target} is allowed")
        }
        GuardKind::Package { folder, keeps } if keeps.is_empty() => format!("{folder} is whole"),
        GuardKind::Package { folder, keeps } => {
            format!("{folder} is whole, and leaves {} alone", keeps.join(", "))
        }
        GuardKind::Backup { step } => format!("the backup of {step} is there, as it was made"),
        GuardKind::SameUnit { file, imei } => format!("{file} belongs to the unit with {imei}"),
        GuardKind::That => {
            let written = plan.plan().guards.get(&guard.name);
            let that = written.and_then(|guard| guard.that.as_ref());
            that.map_or_else(String::new, |that| that.value.clone())
        }
    }
}

/// What happens where a value cannot be read.
pub(super) fn unknown(guard: &CheckedGuard) -> &'static str {
    match guard.unknown {
        WhenUnknown::Refuse => "refuse",
        WhenUnknown::Confirm => "ask a person",
    }
}

/// Text on one line, without what would steer a terminal.
pub(super) fn one_line(text: &str) -> String {
    let blanks = text.replace(
        |c: char| c.is_control() || "\u{2028}\u{2029}".contains(c),
        " ",
    );
    blanks
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
