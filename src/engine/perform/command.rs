//! AT commands: finished, judged once more, and journalled where they write.

use super::Saved;
use crate::action::signature::{Effect, Leaves};
use crate::action::{Cause, Context, Failure, at_rules, at_set, at_set::Afterwards};
use crate::check::{CheckedPlan, CheckedStep};
use crate::plan::{Template, Values};
use crate::protocol::at;

/// An AT command that writes NV items: journalled like any other write, and not verified by its OK.
pub(super) fn write_by_at(
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
pub(in crate::engine) fn finished_command(
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
