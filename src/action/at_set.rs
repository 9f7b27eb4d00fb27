//! `at.set`: sends one AT command that changes something.

use super::{Context, Failure, at_ask};
use regex::Regex;
use std::collections::BTreeMap;

/// Whether the command makes the modem leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    Stays,
    /// Its mode is unknown then.
    Restarts,
}

/// Sends the command; gives what the named groups of `reply` matched.
pub fn run(
    ctx: &mut Context<'_>,
    command: &str,
    reply: Option<&Regex>,
    afterwards: Afterwards,
) -> Result<BTreeMap<String, String>, Failure> {
    let deadline = ctx.deadline;
    let captured = at_ask::ask(ctx.at()?, command, reply, deadline);
    // A modem that restarts may leave before its answer is out, or may have begun to.
    if afterwards == Afterwards::Restarts {
        ctx.modem_leaves()?;
        if reply.is_none() && matches!(&captured, Err(failure) if failure.code == "modem::gone") {
            return Ok(BTreeMap::new());
        }
    }
    captured
}
