//! `modem.reset`: restarts the running modem and waits until it answers AT again.

use super::{Cause, Context, Failure};
use crate::driver::at::At;
use crate::plan::Mode;
use crate::protocol::at::Final;
use crate::transport::{Clock, Deadline};
use std::sync::Arc;
use std::time::Duration;

/// How long one `AT` may take, and how long is waited before the next.
const ANSWER: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_secs(1);

pub fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let clock = restart(ctx)?;
    ctx.modem_leaves()?;
    ctx.wait_for(Mode::Normal)?;
    loop {
        let deadline = ctx.deadline;
        let answered = ctx.at().and_then(|at| knock(at, deadline));
        match answered {
            Ok(()) => return Ok(()),
            Err(failure) if failure.cause == Cause::Interrupted => return Err(failure),
            Err(failure) if deadline.passed(clock.now()) => return Err(failure),
            // The port is there before the modem listens, and may come and go once more.
            Err(_) => clock.sleep(PAUSE),
        }
    }
}

/// Tells the modem to restart, over DIAG where it answers, else over AT (quectel.md §7).
fn restart(ctx: &mut Context<'_>) -> Result<Arc<dyn Clock>, Failure> {
    let deadline = ctx.deadline;
    let over_diag = ctx.diag().and_then(|diag| {
        diag.reset(deadline)?;
        Ok(diag.port().clock().clone())
    });
    match over_diag {
        Ok(clock) => Ok(clock),
        Err(failure) if failure.cause == Cause::Interrupted => Err(failure),
        Err(failure) => {
            ctx.witness
                .note(&format!("no restart over DIAG: {failure}; trying AT"));
            let at = ctx.at()?;
            let clock = at.port().clock().clone();
            match super::at_ask::ask(at, "AT+CFUN=1,1", None, deadline) {
                Ok(_) => Ok(clock),
                Err(failure) if failure.code == "modem::gone" => Ok(clock),
                Err(failure) => Err(failure),
            }
        }
    }
}

fn knock(at: &mut At, deadline: Deadline) -> Result<(), Failure> {
    let until = deadline.min(at.port().within(ANSWER));
    let answer = at.ask("AT", until)?;
    if answer.result == Final::Ok {
        Ok(())
    } else {
        let message = format!(
            "after the restart the modem answered `{}` to `AT`",
            answer.result
        );
        Err(Failure::new("at::error", Cause::Modem, message))
    }
}
