//! What a person does, and what a person says.

use super::Saved;
use crate::action::{Cause, Context, Failure};
use crate::check::CheckedStep;
use crate::engine::Operator;
use crate::event::Event;
use std::collections::BTreeMap;

/// Tells a person what to do, and waits until the bus shows that something was done.
pub(super) fn hands(
    ctx: &mut Context<'_>,
    operator: &mut dyn Operator,
    step: &str,
    say: &str,
    hands_off: bool,
) -> Result<(), Failure> {
    ctx.witness.event(Event::Say {
        step: step.to_owned(),
        text: say.to_owned(),
    });
    operator.tell(step, say);
    if hands_off {
        return Ok(());
    }
    ctx.session.asked(step);
    if ctx.session.wait_for_change(ctx.deadline)? {
        return Ok(());
    }
    Err(Failure::new(
        "operator::nothing-seen",
        Cause::Modem,
        "nothing changed on the bus while the person was waited for",
    )
    .help("do what the step says, then run the plan again"))
}

pub(super) fn answer(
    checked: &CheckedStep,
    operator: &mut dyn Operator,
    say: &str,
) -> Result<Saved, Failure> {
    let name = checked
        .step
        .save
        .0
        .first()
        .map(|(name, _)| name.value.clone());
    let answer = operator.ask(&checked.step.id, say);
    match (name, answer) {
        (Some(name), Some(answer)) => Ok(Saved::texts(BTreeMap::from([(name, answer)]))),
        _ => Err(Failure::new(
            "operator::nobody",
            Cause::Host,
            "a person must answer, and there is no terminal",
        )),
    }
}
