//! How often a step is tried, how long is waited in between, and when an attempt counts.

use super::perform::{Saved, expression_failure};
use crate::action::{Cause, Failure};
use crate::check::CheckedStep;
use crate::plan::{Retry, Values};
use crate::yaml::Spanned;
use std::time::Duration;

/// A delay between attempts never grows beyond this; one that is written longer stays as it is.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// The tries of one step.
pub(super) struct Tries {
    /// Counts from 1.
    pub(super) attempt: u32,
    pub(super) of: u32,
    delay: Duration,
    grow: u32,
}

impl Tries {
    pub(super) fn new(retry: Option<&Spanned<Retry>>) -> Self {
        let grow = retry.and_then(|r| r.grow.as_ref());
        Self {
            attempt: 1,
            of: retry.map_or(1, |r| r.attempts.value.max(1)),
            delay: retry.map_or(Duration::ZERO, |r| r.delay.value.0),
            grow: grow.map_or(1, |g| g.value.max(1)),
        }
    }

    /// After an attempt that failed: how long to wait before the next one, or `None` if it was the last. Faults of the
    /// program, of the plan and of this computer are never tried again.
    pub(super) fn after(&mut self, failure: &Failure) -> Option<Duration> {
        if self.attempt >= self.of || failure.cause != Cause::Modem {
            return None;
        }
        let delay = self.delay;
        let grown = delay.saturating_mul(self.grow);
        self.delay = grown.min(LONGEST_DELAY.max(delay));
        self.attempt += 1;
        Some(delay)
    }
}

/// Whether the step's `until` holds with what was saved; without one every answer counts.
pub(super) fn until(checked: &CheckedStep, values: &Values, saved: &Saved) -> Result<(), Failure> {
    let own = saved.typed(checked)?;
    let (Some(until), Some(retry)) = (&checked.until, &checked.step.retry) else {
        return Ok(());
    };
    let mut known = values.clone();
    known.extend(own);
    match until.holds(&checked.view(&known)) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let text = retry.until.as_ref().map_or("", |u| u.value.as_str());
            let message = format!("`{text}` does not hold: {}", saved.shown());
            Err(Failure::new("step::until", Cause::Modem, message))
        }
        Err(error) => Err(expression_failure(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;

    fn retry(attempts: u32, delay: u64, grow: u32) -> Spanned<Retry> {
        let spanned = |value| Spanned { value, span: 0..0 };
        let value = Retry {
            attempts: spanned(attempts),
            delay: Spanned {
                value: plan::Duration(Duration::from_secs(delay)),
                span: 0..0,
            },
            grow: Some(spanned(grow)),
            until: None,
        };
        Spanned { value, span: 0..0 }
    }

    #[test]
    fn delays_grow_up_to_a_minute_and_end_with_the_last_attempt() {
        let mut tries = Tries::new(Some(&retry(6, 5, 3)));
        let failure = Failure::new("at::error", Cause::Modem, "no");
        let delays: Vec<u64> = std::iter::from_fn(|| tries.after(&failure))
            .map(|delay| delay.as_secs())
            .collect();
        assert_eq!(delays, [5, 15, 45, 60, 60]);
        assert_eq!(tries.attempt, 6);
    }

    #[test]
    fn only_what_the_modem_did_is_tried_again() {
        for cause in [
            Cause::Host,
            Cause::Plan,
            Cause::Interrupted,
            Cause::Unverified,
            Cause::Program,
        ] {
            let failure = Failure::new("x::y", cause, "no");
            assert_eq!(Tries::new(Some(&retry(6, 5, 3))).after(&failure), None);
        }
        let failure = Failure::new("x::y", Cause::Modem, "no");
        assert_eq!(Tries::new(None).after(&failure), None);
    }
}
