//! One step carried out: attempts, delays, `until`, and the facts it saves.

use super::walk::failed;
use super::{Running, Stop};
use crate::action::signature::Effect;
use crate::action::{Cause, Failure};
use crate::check::CheckedStep;
use crate::engine::perform::{self, Saved};
use crate::event::Event;
use crate::plan::Value;
use std::time::Duration;

/// A delay between attempts never grows beyond this.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

impl Running<'_, '_> {
    pub(super) fn attempts(&mut self, checked: &CheckedStep) -> Result<Saved, Failure> {
        let retry = checked.step.retry.as_ref();
        let attempts = retry.map_or(1, |r| r.attempts.value.max(1));
        let mut delay = retry.map_or(Duration::ZERO, |r| r.delay.value.0);
        let grow = retry
            .and_then(|r| r.grow.as_ref())
            .map_or(1, |g| g.value.max(1));
        let mut attempt = 1;
        loop {
            if attempts > 1 {
                self.recorder.say(&Event::Attempt {
                    step: checked.step.id.value.clone(),
                    attempt,
                    of: attempts,
                });
            }
            let result = self.attempt(checked);
            let last = attempt >= attempts;
            match result {
                Ok(saved) => return Ok(saved),
                Err(failure) if last || !may_retry(failure.cause) => return Err(failure),
                Err(_) => {}
            }
            self.session.clock().sleep(delay);
            if self.session.interrupt().wished() {
                return Err(Failure::new(
                    "run::interrupted",
                    Cause::Interrupted,
                    "stopped by a person between two attempts",
                ));
            }
            delay = delay.saturating_mul(grow).min(LONGEST_DELAY);
            attempt += 1;
        }
    }

    pub(super) fn attempt(&mut self, checked: &CheckedStep) -> Result<Saved, Failure> {
        let observed = self.session.observe()?;
        if !checked.signature.needs.has(observed.mode) {
            return Err(Failure::new(
                "modem::unexpected-mode",
                Cause::Modem,
                format!(
                    "the modem went to {} ({})",
                    observed.mode, observed.evidence
                ),
            ));
        }
        self.saw(observed);
        let saved = perform::perform(checked, self.bench())?;
        let mut known = self.values.clone();
        known.extend(saved.typed(checked)?);
        match (&checked.until, &checked.step.retry) {
            (Some(until), Some(retry)) => match until.holds(&checked.view(&known)) {
                Ok(true) => Ok(saved),
                Ok(false) => {
                    let text = retry.until.as_ref().map_or("", |u| u.value.as_str());
                    Err(Failure::new(
                        "step::until",
                        Cause::Modem,
                        format!("`{text}` does not hold: {}", saved.shown()),
                    ))
                }
                Err(error) => Err(Failure::new(
                    "plan::expression",
                    Cause::Plan,
                    error.to_string(),
                )),
            },
            _ => Ok(saved),
        }
    }

    pub(super) fn bench<'b>(&'b mut self) -> perform::Bench<'b>
    where
        Self: 'b,
    {
        perform::Bench {
            plan: self.plan,
            session: &mut *self.session,
            witness: &mut self.recorder,
            operator: &mut *self.operator,
            values: &self.values,
            outputs: &self.outputs,
            overrides: &self.overrides,
        }
    }

    pub(super) fn save(&mut self, checked: &CheckedStep, saved: Saved) -> Result<(), Stop> {
        let values = match saved.typed(checked) {
            Ok(values) => values,
            Err(failure) => {
                return Err(failed(&checked.step.id, failure, Effect::Read, false));
            }
        };
        self.unverified.extend(saved.unverified);
        for (name, value) in values {
            if let Value::Imei(imei) = &value {
                self.recorder.mask.identity(imei);
            }
            self.recorder.say(&Event::Fact {
                step: checked.step.id.value.clone(),
                name: name.clone(),
                kind: value.kind(),
                value: value.display(),
            });
            self.values.insert(name, value);
        }
        Ok(())
    }
}

/// Faults of the program, of the plan and of this computer are never tried again.
fn may_retry(cause: Cause) -> bool {
    cause == Cause::Modem
}
