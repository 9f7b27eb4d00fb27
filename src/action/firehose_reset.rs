//! `firehose.reset`: the modem leaves the programmer and starts.

use super::sahara_load::of_firehose;
use super::{Context, Failure};
use crate::plan::Mode;

/// Restarts the modem and waits until it is seen in a mode.
pub fn run(ctx: &mut Context<'_>, to: Mode) -> Result<(), Failure> {
    let deadline = ctx.deadline;
    let told = ctx.firehose()?.reset(deadline);
    told.map_err(|error| told_to(of_firehose(&error), error.in_step()))?;
    ctx.modem_leaves()?;
    ctx.wait_for(to)
}

/// Where the answer is missing it may leave yet, and whatever it holds it is to be found as it is then: "enter EDL again" would
/// be wrong of a modem that is whole.
pub(super) fn told_to(failure: Failure, in_step: bool) -> Failure {
    if in_step {
        failure
    } else {
        failure.help(
            "the modem was told to restart, and may do so yet; where it stays as it is, cut its power and give it back",
        )
    }
}
