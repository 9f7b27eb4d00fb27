//! One attempt of one step: the fields of the step meet the action that carries it out.

mod command;
mod flash;
mod people;
mod saved;
mod script;

pub(super) use command::finished_command;
pub(super) use flash::replaces;
pub(super) use saved::{Saved, Unread};
pub(super) use script::{claims, expression_code, expression_failure, run_script};

use super::Operator;
use crate::action::diag_restore::Owner;
use crate::action::sahara_load::Files;
use crate::action::signature::{Effect, Leaves};
use crate::action::{
    self, Cause, Context, Failure, Witness, at_ask, at_set, at_set::Afterwards, diag_backup,
    diag_edl, diag_restore, dload_reset, fastboot_reboot, firehose_backup, firehose_reset,
    modem_reset, sahara_info, sahara_load,
};
use crate::check::{CheckedPlan, CheckedStep, GuardKind};
use crate::files::Root;
use crate::modem::Session;
use crate::plan::{ExpandError, NotAName, SaharaLoad, Template, Value, Values};
use crate::transport::Deadline;
use camino::Utf8PathBuf;
use command::write_by_at;
use flash::{flash_by_loader, flash_image, flash_package};
use people::{answer, hands};
use script::{Live, UNKNOWN_NAME};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What an attempt works with.
pub(super) struct Bench<'a> {
    pub(super) plan: &'a CheckedPlan,
    pub(super) session: &'a mut Session,
    pub(super) witness: &'a mut dyn Witness,
    pub(super) operator: &'a mut dyn Operator,
    pub(super) values: &'a Values,
    pub(super) outputs: &'a Root,
    /// Guards that a person overrides, with the reason.
    pub(super) overrides: &'a BTreeMap<String, String>,
}

/// Carries out one attempt.
pub(super) fn perform(checked: &CheckedStep, bench: Bench<'_>) -> Result<Saved, Failure> {
    let Bench {
        plan,
        session,
        witness,
        operator,
        values,
        outputs,
        overrides,
    } = bench;
    let step = &checked.step;
    let known = values;
    let view = checked.view(known);
    let values = view.as_ref();
    let timeout = step.timeout.as_ref().map_or(Duration::MAX, |t| t.value.0);
    let deadline = Deadline::after(session.clock().now(), timeout);
    session
        .interrupt()
        .set_urgency(action::urgency(&checked.signature));
    let mut context = Context {
        session,
        profile: plan.profile(),
        deadline,
        witness,
    };
    let ctx = &mut context;
    let path = |text: &str| expanded_path(text, values);
    let at_command = |text: &str| finished_command(text, checked, plan, values);
    let nothing = |()| Saved::default();

    if let Some(ask) = &step.at_ask {
        at_ask::run(ctx, &at_command(&ask.send)?, checked.reply.as_ref()).map(Saved::texts)
    } else if let Some(set) = &step.at_set {
        let afterwards = match checked.signature.leaves {
            Leaves::Same => Afterwards::Stays,
            Leaves::Unknown | Leaves::Known(_) => Afterwards::Restarts,
        };
        let command = at_command(&set.send)?;
        if checked.signature.effect == Effect::Destroy {
            write_by_at(ctx, &set.send, &command, checked, afterwards)
        } else {
            at_set::run(ctx, &command, checked.reply.as_ref(), afterwards).map(Saved::texts)
        }
    } else if step.modem_reset.is_some() {
        modem_reset::run(ctx).map(nothing)
    } else if let Some(wait) = &step.usb_wait {
        ctx.wait_for(wait.mode.value).map(nothing)
    } else if step.diag_edl.is_some() {
        diag_edl::run(ctx).map(nothing)
    } else if let Some(backup) = &step.diag_backup {
        diag_backup::run(ctx, outputs, &path(&backup.to)?).map(nothing)
    } else if let Some(restore) = &step.diag_restore {
        let skip: Vec<u16> = restore.skip_items.iter().map(|item| item.value).collect();
        let (label, owner) = whose(checked, plan, known, overrides);
        let from = path(&restore.from)?;
        diag_restore::run_as(ctx, &from, &skip, label.as_deref(), owner).map(nothing)
    } else if step.sahara_info.is_some() {
        let wanted = step.save.iter().map(|(name, _)| name.as_str());
        sahara_info::run(ctx, wanted).map(|texts| Saved {
            private: BTreeSet::from([sahara_info::SERIAL.to_owned()]),
            ..Saved::texts(texts)
        })
    } else if let Some(load) = &step.sahara_load {
        let files = image_files(load, path)?;
        sahara_load::run(ctx, &files, load.speaks()).map(nothing)
    } else if let Some(backup) = &step.firehose_backup {
        let parts: Vec<&str> = backup.parts.iter().map(|part| part.as_str()).collect();
        firehose_backup::run(ctx, &parts, outputs, &path(&backup.to)?).map(nothing)
    } else if let Some(flash) = &step.firehose_flash {
        flash_package(ctx, flash, &path(&flash.package)?)
    } else if let Some(reset) = &step.firehose_reset {
        firehose_reset::run(ctx, reset.to.value).map(nothing)
    } else if let Some(flash) = &step.fastboot_flash {
        let image = path(&flash.image)?;
        flash_image(ctx, flash, &image, checked, known)
    } else if let Some(reboot) = &step.fastboot_reboot {
        fastboot_reboot::run(ctx, reboot.to.value).map(nothing)
    } else if let Some(flash) = &step.dload_flash {
        flash_by_loader(ctx, flash, &path(&flash.package)?)
    } else if let Some(reset) = &step.dload_reset {
        dload_reset::run(ctx, reset.to.value).map(nothing)
    } else if let Some(told) = &step.operator_do {
        let say = shown(&told.say, values)?;
        hands(ctx, operator, &step.id, &say, told.hands_off).map(nothing)
    } else if let Some(ask) = &step.operator_ask {
        let say = shown(&ask.say, values)?;
        answer(checked, operator, &say)
    } else if step.check.is_some() {
        claims(checked, values).map(nothing)
    } else if let Some(script) = &checked.script {
        run_script(script, &mut Live { ctx }, values)
    } else {
        Err(no_action(checked))
    }
}

/// A group and what it includes are steps of their own.
fn no_action(checked: &CheckedStep) -> Failure {
    let key = checked.signature.key;
    let message = format!("`{key}` cannot be carried out by itself");
    Failure::new("program::no-action", Cause::Program, message)
}

impl From<NotAName> for Failure {
    fn from(error: NotAName) -> Self {
        Self::new("plan::not-a-name", Cause::Plan, error.to_string())
    }
}

impl From<ExpandError> for Failure {
    fn from(error: ExpandError) -> Self {
        let code = match error {
            ExpandError::Unknown { .. } => UNKNOWN_NAME,
            _ => "plan::interpolation",
        };
        Self::new(code, Cause::Plan, error.to_string())
    }
}

/// The files of a `sahara.load`, wherever their paths lead.
pub(super) fn image_files(
    load: &SaharaLoad,
    path: impl Fn(&str) -> Result<Utf8PathBuf, Failure>,
) -> Result<Files, Failure> {
    let mut others = BTreeMap::new();
    for (number, file) in &load.images {
        if let Some(number) = SaharaLoad::image(number) {
            others.insert(number, path(file)?);
        }
    }
    let programmer = path(&load.programmer)?;
    Ok(Files { programmer, others })
}

fn expanded_path(text: &str, values: &Values) -> Result<Utf8PathBuf, Failure> {
    Ok(Template::parse(text)?.expand_path(values)?)
}

/// A text as people see it.
pub(super) fn shown(text: &str, values: &Values) -> Result<String, Failure> {
    Ok(Template::parse(text)?.expand(values)?)
}

/// The IMEI that the step's `same_unit` guard compares with, and whose file may be restored: another unit's only where
/// that very guard is overridden.
fn whose(
    checked: &CheckedStep,
    plan: &CheckedPlan,
    values: &Values,
    overrides: &BTreeMap<String, String>,
) -> (Option<String>, Owner) {
    let found = checked.step.guards.iter().find_map(|name| {
        let guard = plan.guards().iter().find(|g| g.name == name.value)?;
        match &guard.kind {
            GuardKind::SameUnit { imei, .. } => Some((guard, values.get(imei).map(Value::display))),
            _ => None,
        }
    });
    match found {
        Some((guard, imei)) if overrides.contains_key(&guard.name) => (imei, Owner::Donor),
        Some((_, imei)) => (imei, Owner::ThisUnit),
        None => (None, Owner::ThisUnit),
    }
}
