//! `diag.edl`: sends the running modem into EDL over DIAG, and waits for it there.

use super::{Context, Failure};
use crate::driver::diag::EdlWay;
use crate::plan::Mode;

pub fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let deadline = ctx.deadline;
    let way = ctx.diag()?.edl(deadline)?;
    ctx.modem_leaves()?;
    if way == EdlWay::Left {
        ctx.witness
            .note("the modem left without echoing the command into EDL, as some do");
    }
    ctx.wait_for(Mode::Edl)
}
