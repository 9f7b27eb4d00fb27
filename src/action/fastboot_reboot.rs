//! `fastboot.reboot`: the modem leaves fastboot.

use super::{Cause, Context, Failure};
use crate::driver::fastboot::{self, Reboot};
use crate::plan::Mode;
use crate::transport;

/// Lets the modem leave, and waits until it is seen in a mode.
pub fn run(ctx: &mut Context<'_>, to: Mode) -> Result<(), Failure> {
    let deadline = ctx.deadline;
    let way = if to == Mode::Fastboot {
        Reboot::BootLoader
    } else {
        Reboot::System
    };
    match ctx.fastboot()?.reboot(way, deadline) {
        Ok(()) => {
            ctx.modem_leaves()?;
            ctx.wait_for(to)
        }
        // It may have left, and its last word was lost: the mode that is waited for says so, unless it is this one.
        Err(error @ fastboot::Error::Timeout { .. }) if to != Mode::Fastboot => {
            ctx.session.forget();
            match ctx.wait_for(to) {
                Ok(()) => {
                    ctx.witness
                        .note("the boot loader left without its last word");
                    Ok(())
                }
                Err(failure) if failure.cause == Cause::Interrupted => Err(failure),
                Err(_) => Err(of_fastboot(&error)),
            }
        }
        Err(error) => Err(of_fastboot(&error)),
    }
}

/// A failure of the boot loader as a failure of a step.
pub(super) fn of_fastboot(error: &fastboot::Error) -> Failure {
    use fastboot::Error;
    let cause = match error {
        Error::Interrupted { .. }
        | Error::Cut {
            reason: transport::Error::Interrupted,
            ..
        } => Cause::Interrupted,
        Error::File { .. } => Cause::Host,
        Error::Request(_) => Cause::Program,
        Error::TooLarge { .. } | Error::Empty => Cause::Plan,
        Error::Refused { .. }
        | Error::Timeout { .. }
        | Error::Gone { .. }
        | Error::Cut { .. }
        | Error::Unexpected { .. }
        | Error::OutOfStep { .. }
        | Error::NoLimit { .. }
        | Error::Port { .. } => Cause::Modem,
    };
    let help = if error.in_step() {
        "keep the modem powered; the boot loader still listens"
    } else {
        "the conversation is out of step: cut the modem's power, bring it into fastboot again, then go on"
    };
    Failure::new(error.code(), cause, error.to_string()).help(help)
}
