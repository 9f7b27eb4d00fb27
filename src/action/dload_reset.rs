//! `dload.reset`: the modem leaves the streaming loader and starts.

use super::firehose_reset::told_to;
use super::{Cause, Context, Failure};
use crate::driver::dload::Error;
use crate::plan::Mode;

/// Restarts the modem and waits until it is seen in a mode.
pub fn run(ctx: &mut Context<'_>, to: Mode) -> Result<(), Failure> {
    let deadline = ctx.deadline;
    let told = ctx.dload()?.reset(deadline);
    told.map_err(|error| told_to(of_dload(&error), error.in_step()))?;
    ctx.modem_leaves()?;
    ctx.wait_for(to)
}

/// A failure of the streaming loader as a failure of a step.
pub(super) fn of_dload(error: &Error) -> Failure {
    let cause = match error {
        Error::Interrupted { .. } => Cause::Interrupted,
        Error::File { .. } => Cause::Host,
        Error::TooLong | Error::Firehose => Cause::Plan,
        Error::Refused { .. }
        | Error::NotOpened { .. }
        | Error::Timeout { .. }
        | Error::Gone { .. }
        | Error::Damaged { .. }
        | Error::Malformed { .. }
        | Error::Unexpected { .. }
        | Error::Version { .. }
        | Error::Port { .. } => Cause::Modem,
    };
    let help = match error {
        Error::Firehose => {
            "leave `speaks: dload` out and flash with `firehose.flash`, or load NPRG or ENPRG of the package; to load \
             another file, cut the modem's power and enter EDL again"
        }
        _ if error.in_step() => "keep the modem powered; the loader still listens",
        _ => "the conversation is out of step: cut the modem's power, enter EDL again, then go on",
    };
    Failure::new(error.code(), cause, error.to_string()).help(help)
}
