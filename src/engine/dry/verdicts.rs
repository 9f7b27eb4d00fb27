//! The guards' answers, as far as they can be had now.

use crate::check::{CheckedGuard, CheckedPlan};
use crate::engine::guards::{self, Backups, Judgement, Known};
use crate::guard::Verdict;
use crate::plan::{Values, WhenUnknown};
use std::collections::BTreeMap;

/// A guard's answer now.
#[derive(Debug)]
pub struct Judged {
    pub guard: String,
    pub kind: String,
    pub verdict: &'static str,
    pub rule: String,
    pub source: String,
    pub message: String,
    pub help: Option<String>,
}

/// Every guard of a plan, asked before step one.
pub(super) fn all(
    plan: &CheckedPlan,
    values: &Values,
    overrides: &BTreeMap<String, String>,
) -> Vec<Judged> {
    let guards = plan.guards().iter();
    guards
        .map(|guard| judge(plan, values, overrides, guard))
        .collect()
}

/// One guard. A dry run makes no backup, so what a backup is worth is told later.
pub(super) fn judge(
    plan: &CheckedPlan,
    values: &Values,
    overrides: &BTreeMap<String, String>,
    guard: &CheckedGuard,
) -> Judged {
    let backups = Backups::new();
    let known = Known {
        plan,
        values,
        backups: &backups,
    };
    let judged = |verdict, rule: String, source: String, message: String| Judged {
        guard: guard.name.clone(),
        kind: guard.kind.name().word().to_owned(),
        verdict,
        rule,
        source,
        message,
        help: None,
    };
    let overridden = overrides.get(&guard.name);
    let because = |message: String| match overridden {
        Some(reason) => format!("{message}; overridden because: {reason}"),
        None => message,
    };
    match guards::judge(guard, &known) {
        Judgement::NotYet(missing) => {
            let message = format!("`{missing}` is not known yet");
            judged("later", String::new(), String::new(), message)
        }
        Judgement::Verdict(Verdict::Allowed {
            rule,
            source,
            warnings,
        }) => judged("allowed", rule, source, warnings.join("; ")),
        Judgement::Verdict(Verdict::Refused {
            rule,
            source,
            message,
            help,
        }) => {
            let verdict = match overridden {
                Some(_) => "refused, overridden",
                None => "refused",
            };
            Judged {
                help: Some(help).filter(|_| overridden.is_none()),
                ..judged(verdict, rule, source, because(message))
            }
        }
        Judgement::Verdict(Verdict::Unknown {
            rule,
            source,
            message,
        }) => {
            let verdict = match (overridden, guard.unknown) {
                (Some(_), _) => "unknown, overridden",
                (None, WhenUnknown::Confirm) => "would ask",
                (None, WhenUnknown::Refuse) => "refused",
            };
            judged(verdict, rule, source, because(message))
        }
    }
}
