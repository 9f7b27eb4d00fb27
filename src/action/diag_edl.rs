//! `diag.edl`: sends the modem into EDL over DIAG, and waits for it there.

use super::{Context, Failure};
use crate::driver::diag::{Diag, EdlWay};
use crate::modem::Role;
use crate::plan::Mode;

pub fn run(ctx: &mut Context<'_>) -> Result<(), Failure> {
    let deadline = ctx.deadline;
    let roles = ctx.session.look()?.roles;
    // A module in its dump state has no port of its own for DIAG: it hears the command on the bulk pair (protocols.md
    // §10.1).
    let way = if roles.contains(&Role::Edl) && !roles.contains(&Role::Diag) {
        Diag::new(ctx.edl_port()?).edl(deadline)?
    } else {
        ctx.diag()?.edl(deadline)?
    };
    ctx.modem_leaves()?;
    if way == EdlWay::Left {
        ctx.witness
            .note("the modem left without echoing the command into EDL, as some do");
    }
    ctx.wait_for(Mode::Edl)
}
