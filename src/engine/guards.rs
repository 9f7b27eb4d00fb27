//! Asks guards: finds the values they need, and lets [`crate::guard`] decide.

use crate::check::{CheckedGuard, CheckedPlan, GuardKind};
use crate::engine::perform::expression_code;
use crate::event::BackupFile;
use crate::guard::{self, Verdict};
use crate::plan::{Value, Values};
use crate::script::Fault;
use std::collections::BTreeMap;

/// Files of each backup step that has run, and the pages of each that could not be read.
pub type Backups = BTreeMap<String, (Vec<BackupFile>, BTreeMap<String, u64>)>;

/// What is known when guards are asked.
pub struct Known<'a> {
    pub plan: &'a CheckedPlan,
    pub values: &'a Values,
    pub backups: &'a Backups,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    Verdict(Verdict),
    /// This value, or this step's backup, is not there yet.
    NotYet(String),
}

/// Asks one guard.
pub fn judge(asked: &CheckedGuard, known: &Known<'_>) -> Judgement {
    match decide(asked, known) {
        Ok(verdict) => Judgement::Verdict(verdict),
        Err(missing) => Judgement::NotYet(missing),
    }
}

fn decide(asked: &CheckedGuard, known: &Known<'_>) -> Result<Verdict, String> {
    let missing = asked
        .needs
        .iter()
        .find(|name| !known.values.contains_key(*name));
    if let Some(missing) = missing {
        return Err(missing.clone());
    }
    let value = |name: &str| known.values.get(name).ok_or_else(|| name.to_owned());
    let profile = known.plan.profile();
    Ok(match &asked.kind {
        GuardKind::Model { fact, is } => {
            let allowed: Vec<&str> = is.iter().map(String::as_str).collect();
            guard::model::judge(&value(fact)?.display(), &allowed)
        }
        GuardKind::Rollback { installed, target } => guard::rollback::judge(
            &value(installed)?.display(),
            &value(target)?.display(),
            label(known).as_deref(),
            profile,
        ),
        GuardKind::Package { folder, keeps } => {
            let path = value(folder)?.path();
            guard::package::judge(
                path.ok_or_else(|| folder.clone())?,
                keeps,
                profile,
                erases_all(known.plan, asked),
            )
        }
        GuardKind::Backup { step } => {
            let made = known.backups.get(step);
            let (files, holes) = made.ok_or_else(|| step.clone())?;
            guard::backup::judge(Some(files), holes, is_nand_copy(known.plan, step))
        }
        GuardKind::SameUnit { file, imei } => {
            let hardware: Vec<&str> = profile.hw.iter().map(|key| key.as_str()).collect();
            guard::same_unit::judge(
                value(file)?.display().as_str().into(),
                Some(&value(imei)?.display()),
                &hardware,
                &profile.chip,
            )
        }
        GuardKind::That => that(asked, known.values),
    })
}

fn that(asked: &CheckedGuard, values: &Values) -> Verdict {
    let unknown = |message: String| Verdict::Unknown {
        rule: "guard::that".into(),
        source: "the plan".into(),
        message,
    };
    let refused = |rule: &str, message: String, help: &str| Verdict::Refused {
        rule: rule.into(),
        source: "the plan".into(),
        message,
        help: help.into(),
    };
    let Some(condition) = &asked.condition else {
        return unknown("the guard has no condition".to_owned());
    };
    match condition.holds(values) {
        Ok(true) => Verdict::Allowed {
            rule: "guard::that".into(),
            source: "the plan".into(),
            warnings: Vec::new(),
        },
        Ok(false) => refused(
            "guard::that",
            "the condition of the guard is false".to_owned(),
            "read the plan's reason",
        ),
        // No person can answer for a condition that means nothing.
        Err(error) if matches!(error.fault, Fault::Unknown { .. } | Fault::Type { .. }) => refused(
            expression_code(&error.fault),
            error.to_string(),
            "the plan is wrong: tell its author",
        ),
        Err(error) => unknown(error.to_string()),
    }
}

/// Whether a step that the guard stands before erases the whole chip: then another package is the right one.
fn erases_all(plan: &CheckedPlan, asked: &CheckedGuard) -> bool {
    plan.all_steps().any(|checked| {
        let names = checked
            .step
            .guards
            .iter()
            .any(|name| name.value == asked.name);
        let flash = checked.step.firehose_flash.as_ref();
        names && flash.is_some_and(|f| f.erase_all.as_ref().is_some_and(|e| e.value))
    })
}

/// Whether a backup step reads the flash back, which is never a sure backup.
fn is_nand_copy(plan: &CheckedPlan, step: &str) -> bool {
    plan.all_steps()
        .any(|s| s.id() == step && s.step.firehose_backup.is_some())
}

/// What the label says the modem is: the fact that a `model` guard of the plan judges.
fn label(known: &Known<'_>) -> Option<String> {
    known
        .plan
        .guards()
        .iter()
        .find_map(|guard| match &guard.kind {
            GuardKind::Model { fact, .. } => known.values.get(fact).map(Value::display),
            _ => None,
        })
}
