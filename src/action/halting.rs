//! Where a flash may halt, and how an operation of it that failed is told: to the journal, and to the person who has to
//! act.

use super::{Cause, Failure, Witness};
use crate::transport::{Deadline, Interrupt};
use std::time::Duration;

/// Between which parts of its work a flash may halt, and by which codes that is told.
pub(super) struct Halts {
    pub(super) between: &'static str,
    pub(super) interrupted: &'static str,
    pub(super) timeout: &'static str,
}

impl Halts {
    /// A person's wish is heard here, and the end of the step's time; `left` says what the modem is then.
    pub(super) fn here(
        &self,
        interrupt: &Interrupt,
        (deadline, now): (Deadline, Duration),
        left: &str,
    ) -> Result<(), Failure> {
        let between = self.between;
        let failure = if interrupt.at_safe_point() {
            let message = format!("stopped by a person between {between}");
            Failure::new(self.interrupted, Cause::Interrupted, message)
        } else if deadline.passed(now) {
            let message = format!("the step's time is over, between {between}");
            Failure::new(self.timeout, Cause::Modem, message)
        } else {
            return Ok(());
        };
        Err(failure.help(left))
    }
}

/// The failure of one operation, with what the modem is now.
pub(super) fn failed(
    witness: &mut dyn Witness,
    operation: &str,
    target: &str,
    mut failure: Failure,
    left: &str,
) -> Failure {
    failure.message = format!("{operation} of {target}: {}", failure.message);
    witness.failed(operation, target, &failure.message);
    failure.help(left)
}
