//! `firehose.reset`: the modem leaves the programmer and starts.

use super::sahara_load::of_firehose;
use super::{Context, Failure};
use crate::plan::Mode;

/// Restarts the modem and waits until it is seen in a mode.
pub fn run(ctx: &mut Context<'_>, to: Mode) -> Result<(), Failure> {
    let deadline = ctx.deadline;
    ctx.firehose()?
        .reset(deadline)
        .map_err(|e| of_firehose(&e))?;
    ctx.modem_leaves()?;
    ctx.wait_for(to)
}
