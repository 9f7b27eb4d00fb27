//! One attempt of one step: the fields of the step meet the action that carries it out.

use super::Operator;
use crate::action::diag_restore::Owner;
use crate::action::sahara_load::Files;
use crate::action::signature::{Effect, Leaves};
use crate::action::{
    self, Cause, Context, Failure, Witness, at_ask, at_rules, at_set, at_set::Afterwards,
    diag_backup, diag_edl, diag_restore, dload_flash, dload_reset, fastboot_flash, fastboot_reboot,
    firehose_backup, firehose_flash, firehose_reset, modem_reset, sahara_info, sahara_load,
};
use crate::check::{CheckedPlan, CheckedStep, GuardKind};
use crate::event::Event;
use crate::files::Root;
use crate::modem::Session;
use crate::modem::identity::Chip;
use crate::plan::{
    DloadFlash, ExpandError, FastbootFlash, FastbootVerify, FirehoseFlash, NotAName, SaharaLoad,
    Template, Value, Values, Verify,
};
use crate::protocol::at;
use crate::protocol::dload::Replace;
use crate::script::{Fault, Host, ScriptError};
use crate::transport::Deadline;
use camino::{Utf8Path, Utf8PathBuf};
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

/// What an attempt gave, before its kinds are known.
#[derive(Debug, Default)]
pub(super) struct Saved {
    texts: BTreeMap<String, String>,
    values: Values,
    /// Of these, what identifies the unit though its kind does not say so.
    private: BTreeSet<String>,
    /// What was written and could not be verified, though the step did not say `verify: none`.
    pub(super) unverified: Vec<Unread>,
}

/// What was written and not read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unread {
    pub(super) target: String,
    /// The version that the running firmware tells if this is what runs.
    pub(super) version: Option<String>,
}

impl Saved {
    fn texts(texts: BTreeMap<String, String>) -> Self {
        Self {
            texts,
            ..Self::default()
        }
    }

    fn unverified(targets: Vec<String>, version: Option<&str>) -> Self {
        let unread = |target| Unread {
            target,
            version: version.map(Into::into),
        };
        Self {
            unverified: targets.into_iter().map(unread).collect(),
            ..Self::default()
        }
    }

    /// The facts that the step declares, by their names in the plan. One that is missing, or no value of its kind, fails the attempt.
    pub(super) fn typed(&self, checked: &CheckedStep) -> Result<Values, Failure> {
        let mut values = Values::new();
        for (name, kind) in &checked.step.save.0 {
            let value = match (self.values.get(&name.value), self.texts.get(&name.value)) {
                (Some(value), _) => value.clone(),
                (None, Some(text)) => Value::parse(kind.value, text).map_err(|reason| {
                    Failure::new(
                        "step::value",
                        Cause::Modem,
                        format!("`{}` is `{text}`: {reason}", name.value),
                    )
                })?,
                (None, None) => {
                    return Err(Failure::new(
                        "step::unsaved",
                        Cause::Modem,
                        format!("the answer does not give `{}`", name.value),
                    ));
                }
            };
            // A step's own facts always have a name in the plan.
            let full = checked.step.scope.full(name);
            values.insert(full.unwrap_or_else(|| name.value.clone()), value);
        }
        Ok(values)
    }

    /// What identifies the unit: it leaves the run as a pseudonym only.
    pub(super) fn identities<'s>(
        &'s self,
        checked: &'s CheckedStep,
        values: &'s Values,
    ) -> impl Iterator<Item = (&'s String, String)> {
        values.iter().filter_map(|(full, value)| {
            let is_private = || {
                let own = self.private.iter();
                let mut full_names = own.filter_map(|name| checked.step.scope.full(name));
                full_names.any(|name| name == *full)
            };
            let is_identity = matches!(value, Value::Imei(_)) || is_private();
            is_identity.then(|| (full, value.display()))
        })
    }

    /// The chip, where a boot ROM told its serial number.
    pub(super) fn chip(&self) -> Option<Chip> {
        let serial = self.private.contains(sahara_info::SERIAL);
        let serial = self.texts.get(sahara_info::SERIAL).filter(|_| serial)?;
        Some(Chip {
            told_by: "sahara".to_owned(),
            serial: serial.clone(),
        })
    }

    pub(super) fn shown(&self) -> String {
        let texts: Vec<String> = self
            .texts
            .iter()
            .map(|(name, text)| format!("{name} is {text}"))
            .collect();
        texts.join(", ")
    }
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
        flash_image(ctx, flash, &image, || written_version(checked, known))
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

/// What the plan allows the loader to do with a table that differs.
pub(super) fn replaces(flash: &DloadFlash) -> Replace {
    match &flash.replace_table {
        Some(replace) if replace.value => Replace::Differing,
        _ => Replace::Never,
    }
}

/// What could not be verified ends the run as unproved, unless the step wants nothing verified.
fn flash_package(
    ctx: &mut Context<'_>,
    flash: &FirehoseFlash,
    package: &Utf8Path,
) -> Result<Saved, Failure> {
    let erase_all = flash.erase_all.as_ref().is_some_and(|e| e.value);
    let verify = flash.verify.as_ref().map(|v| v.value);
    let report = firehose_flash::run(ctx, package, verify, flash.skip_same, erase_all)?;
    Ok(match verify {
        Some(Verify::None) => Saved::default(),
        _ => Saved::unverified(report.unverified, None),
    })
}

fn flash_image(
    ctx: &mut Context<'_>,
    flash: &FastbootFlash,
    image: &Utf8Path,
    version: impl FnOnce() -> Option<String>,
) -> Result<Saved, Failure> {
    let report = fastboot_flash::run(ctx, &flash.part, image)?;
    Ok(match flash.verify.as_ref().map(|verify| verify.value) {
        None => Saved::unverified(report.unverified, None),
        Some(FastbootVerify::Version) => Saved::unverified(report.unverified, version().as_deref()),
        Some(FastbootVerify::None) => Saved::default(),
    })
}

fn flash_by_loader(
    ctx: &mut Context<'_>,
    flash: &DloadFlash,
    package: &Utf8Path,
) -> Result<Saved, Failure> {
    let report = dload_flash::run(ctx, package, replaces(flash))?;
    Ok(match &flash.verify {
        None => Saved::unverified(report.unverified, None),
        Some(_) => Saved::default(),
    })
}

/// The version that the step writes, as the guard against rollback judges it.
fn written_version(checked: &CheckedStep, known: &Values) -> Option<String> {
    let targets = checked.guards.iter().filter_map(|guard| match &guard.kind {
        GuardKind::Rollback { target, .. } => known.get(target).map(Value::display),
        _ => None,
    });
    let versions: BTreeSet<String> = targets.collect();
    (versions.len() == 1).then(|| versions.into_iter().next())?
}

/// An AT command that writes NV items: journalled like any other write, and not verified by its OK.
fn write_by_at(
    ctx: &mut Context<'_>,
    written: &str,
    command: &str,
    checked: &CheckedStep,
    afterwards: Afterwards,
) -> Result<Saved, Failure> {
    // As written in the plan: what a value brings in may be private.
    ctx.witness.intent("at-write", written, None)?;
    match at_set::run(ctx, command, checked.reply.as_ref(), afterwards) {
        Ok(texts) => {
            // A later check over fresh reads is what proves it.
            let evidence = "the modem said OK; not read back";
            ctx.witness.done("at-write", written, evidence)?;
            Ok(Saved::texts(texts))
        }
        Err(failure) => {
            // An answer that says no is known; silence is not.
            if failure.code == "at::error" {
                ctx.witness.failed("at-write", written, &failure.message);
            }
            Err(failure)
        }
    }
}

/// The finished command, judged once more by the rules for a written one: a value must not have made another command
/// of it (plan-language.md §4.3).
pub(super) fn finished_command(
    text: &str,
    checked: &CheckedStep,
    plan: &CheckedPlan,
    values: &Values,
) -> Result<String, Failure> {
    let patterned = checked.step.scope.patterned(plan.patterned());
    let command = Template::parse(text)?.expand_at(values, &patterned)?;
    let profile = plan.profile();
    let wrong = if let Some(reason) = at_rules::is_refused(&command, profile) {
        Some(reason)
    } else if checked.step.at_ask.is_some() && !at_rules::is_query(&command, profile) {
        Some("it is no query".to_owned())
    } else if at_rules::writes_nv(&command, profile) && checked.signature.effect != Effect::Destroy
    {
        Some("it writes NV items, and the step was not proved for that".to_owned())
    } else if at::restarts(&command) && checked.signature.leaves == Leaves::Same {
        Some("it restarts the modem, and the step was not proved for that".to_owned())
    } else {
        None
    };
    match wrong {
        None => Ok(command),
        Some(reason) => Err(Failure::new(
            "plan::refused-command",
            Cause::Plan,
            format!("`{command}` is refused: {reason}"),
        )),
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

/// Tells a person what to do, and waits until the bus shows that something was done.
fn hands(
    ctx: &mut Context<'_>,
    operator: &mut dyn Operator,
    step: &str,
    say: &str,
    hands_off: bool,
) -> Result<(), Failure> {
    ctx.witness.event(Event::Say {
        step: step.to_owned(),
        text: say.to_owned(),
    });
    operator.tell(step, say);
    if hands_off {
        return Ok(());
    }
    ctx.session.asked(step);
    if ctx.session.wait_for_change(ctx.deadline)? {
        return Ok(());
    }
    Err(Failure::new(
        "operator::nothing-seen",
        Cause::Modem,
        "nothing changed on the bus while the person was waited for",
    )
    .help("do what the step says, then run the plan again"))
}

fn answer(checked: &CheckedStep, operator: &mut dyn Operator, say: &str) -> Result<Saved, Failure> {
    let name = checked
        .step
        .save
        .0
        .first()
        .map(|(name, _)| name.value.clone());
    let answer = operator.ask(&checked.step.id, say);
    match (name, answer) {
        (Some(name), Some(answer)) => Ok(Saved::texts(BTreeMap::from([(name, answer)]))),
        _ => Err(Failure::new(
            "operator::nobody",
            Cause::Host,
            "a person must answer, and there is no terminal",
        )),
    }
}

pub(super) fn claims(checked: &CheckedStep, values: &Values) -> Result<(), Failure> {
    for claim in &checked.claims {
        match claim.condition.holds(values) {
            Ok(true) => {}
            Ok(false) => {
                return Err(Failure::new(
                    "step::claim",
                    Cause::Modem,
                    format!(
                        "{} (`{}` does not hold)",
                        claim.otherwise.trim_end_matches('.'),
                        claim.text
                    ),
                ));
            }
            Err(error) => return Err(expression_failure(&error)),
        }
    }
    Ok(())
}

pub(super) fn run_script(
    script: &crate::script::Script,
    host: &mut dyn Host,
    values: &Values,
) -> Result<Saved, Failure> {
    let values = script
        .run(values, host)
        .map_err(|error| script_failure(&error))?;
    Ok(Saved {
        values,
        ..Saved::default()
    })
}

/// What a plan that was proved never comes to: a name without a value, and values that do not go together. Both have a
/// code of their own, so that a hole in the proof is told from a value that a modem or a person gave.
pub(super) const UNKNOWN_NAME: &str = "plan::unknown-name";
pub(super) const WRONG_TYPE: &str = "plan::wrong-type";

/// The code of a condition that gave no result.
pub(super) fn expression_code(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unknown { .. } => UNKNOWN_NAME,
        Fault::Type { .. } => WRONG_TYPE,
        Fault::Crashed => "program::script",
        _ => "plan::expression",
    }
}

pub(super) fn expression_failure(error: &ScriptError) -> Failure {
    let code = expression_code(&error.fault);
    Failure::new(code, Cause::Plan, error.to_string())
}

/// What a script ends with mostly hangs on what the modem answered, so another attempt may help; a limit is hit by the
/// script itself.
fn script_failure(error: &ScriptError) -> Failure {
    let (code, cause) = match error.fault {
        Fault::Stopped => ("run::interrupted", Cause::Interrupted),
        Fault::Limit { .. } => ("plan::script-limit", Cause::Plan),
        Fault::Crashed => ("program::script", Cause::Program),
        Fault::Unknown { .. } => (UNKNOWN_NAME, Cause::Plan),
        Fault::Type { .. } => (WRONG_TYPE, Cause::Plan),
        Fault::Failed { .. }
        | Fault::Host { .. }
        | Fault::Runtime { .. }
        | Fault::NotSet { .. }
        | Fault::Value { .. } => ("step::script", Cause::Modem),
    };
    Failure::new(code, cause, error.to_string())
}

/// The host functions of a script on a live modem.
struct Live<'a, 'c> {
    ctx: &'a mut Context<'c>,
}

impl Host for Live<'_, '_> {
    fn at(&mut self, command: &str) -> Result<Vec<String>, String> {
        // The checker has judged the literal; this is the last place before the wire.
        if !at_rules::is_query(command, self.ctx.profile) {
            return Err(format!("`{command}` is no query"));
        }
        at_ask::lines(self.ctx, command).map_err(|failure| failure.message)
    }

    fn rfnv_count(&mut self) -> Result<i64, String> {
        diag_backup::rfnv_count(self.ctx).map_err(|failure| failure.message)
    }

    fn log(&mut self, text: &str) {
        self.ctx.witness.note(text);
    }

    fn cancelled(&self) -> bool {
        self.ctx.session.interrupt().wished()
    }
}
