//! Claims and scripts: expressions over facts, and what their failures are called.

use super::Saved;
use crate::action::{Cause, Context, Failure, at_ask, at_rules, diag_backup};
use crate::check::CheckedStep;
use crate::plan::Values;
use crate::script::{Fault, Host, ScriptError};

pub(in crate::engine) fn claims(checked: &CheckedStep, values: &Values) -> Result<(), Failure> {
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

pub(in crate::engine) fn run_script(
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
pub(in crate::engine) const UNKNOWN_NAME: &str = "plan::unknown-name";
const WRONG_TYPE: &str = "plan::wrong-type";

/// The code of a condition that gave no result.
pub(in crate::engine) fn expression_code(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unknown { .. } => UNKNOWN_NAME,
        Fault::Type { .. } => WRONG_TYPE,
        Fault::Crashed => "program::script",
        _ => "plan::expression",
    }
}

pub(in crate::engine) fn expression_failure(error: &ScriptError) -> Failure {
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
pub(super) struct Live<'a, 'c> {
    pub(super) ctx: &'a mut Context<'c>,
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
