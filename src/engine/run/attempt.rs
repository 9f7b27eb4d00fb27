//! One step carried out: attempts, delays, `until`, and the facts it saves.

use super::walk::failed;
use super::{Running, Stop};
use crate::action::signature::Effect;
use crate::action::{Cause, Failure};
use crate::check::CheckedStep;
use crate::engine::attempts::{self, Tries};
use crate::engine::perform::{self, Saved, Unread};
use crate::engine::recorder::unwritable;
use crate::engine::resume;
use crate::event::Event;
use crate::modem::identity::Chip;

/// The modem is in a mode in which the step does not work.
pub(super) const UNEXPECTED_MODE: &str = "modem::unexpected-mode";
/// The modem that is attached is not the run's own.
pub(super) const ANOTHER_UNIT: &str = "modem::another-unit";

/// Why a step that began did not pass.
pub(super) enum Broke {
    Failed(Failure),
    /// A guard or a person had another word before a further attempt.
    Stopped(Stop),
}

impl From<Failure> for Broke {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Running<'_, '_> {
    /// Tries as often as the plan says. Before each further attempt the mode and the guards are asked again: what they
    /// judged may have changed while the step waited (plan-language.md §11.2).
    pub(super) fn attempts(&mut self, checked: &CheckedStep) -> Result<Saved, Broke> {
        let mut tries = Tries::new(checked.step.retry.as_deref());
        let mut before: Option<Failure> = None;
        loop {
            if tries.of > 1 {
                self.recorder.say(&Event::Attempt {
                    step: checked.step.id.value.clone(),
                    attempt: tries.attempt,
                    of: tries.of,
                });
            }
            let failure = match (self.attempt(checked), before) {
                (Ok(saved), _) => return Ok(saved),
                // What went wrong has led the modem there: that is what is to be told.
                (Err(failure), Some(cause)) if failure.code == UNEXPECTED_MODE => {
                    return Err(cause.into());
                }
                (Err(failure), _) => failure,
            };
            let Some(delay) = tries.after(&failure) else {
                return Err(failure.into());
            };
            before = Some(failure);
            self.session.clock().sleep(delay);
            if self.session.interrupt().wished() {
                return Err(Failure::new(
                    "run::interrupted",
                    Cause::Interrupted,
                    "stopped by a person between two attempts",
                )
                .into());
            }
            self.ask_guards(checked).map_err(Broke::Stopped)?;
        }
    }

    pub(super) fn attempt(&mut self, checked: &CheckedStep) -> Result<Saved, Failure> {
        let observed = self.session.observe()?;
        if !checked.signature.needs.has(observed.mode) {
            return Err(Failure::new(
                UNEXPECTED_MODE,
                Cause::Modem,
                format!(
                    "the modem went to {} ({})",
                    observed.mode, observed.evidence
                ),
            ));
        }
        self.saw(observed);
        self.same_chip(self.session.chip().cloned())?;
        self.set |= checked.signature.effect == Effect::Configure;
        let saved = perform::perform(checked, self.bench())?;
        self.same_chip(saved.chip())?;
        attempts::until(checked, &self.values, &saved)?;
        Ok(saved)
    }

    /// A run is about one modem: what was judged, approved and saved is not another's. One that is plugged in instead, at
    /// the same place, looks alike in EDL.
    pub(super) fn same_chip(&mut self, chip: Option<Chip>) -> Result<(), Failure> {
        let Some(chip) = chip else {
            return Ok(());
        };
        if resume::is_another(&self.chips, &chip) {
            let other = resume::Error::OtherUnit;
            let failure = Failure::new(ANOTHER_UNIT, Cause::Modem, other.to_string());
            return Err(failure.help(other.help()));
        }
        if !self.chips.contains_key(&chip.told_by) {
            self.recorder.mask.identity(&chip.serial);
            resume::keep_chip(&self.folder, &chip).map_err(|error| unwritable(&error))?;
            self.chips.insert(chip.told_by, chip.serial);
        }
        Ok(())
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
        for (name, identity) in saved.identities(checked, &values) {
            self.recorder.mask.identity(&identity);
            if let Err(error) = resume::keep_identity(&self.folder, name, &identity) {
                let failure = unwritable(&error);
                return Err(failed(&checked.step.id, failure, Effect::Read, false));
            }
        }
        let step = &checked.step.id.value;
        for Unread { target, version } in saved.unverified {
            self.recorder.say(&Event::Unverified {
                step: step.clone(),
                target,
                version,
            });
        }
        for (name, value) in values {
            self.recorder.say(&Event::Fact {
                step: step.clone(),
                name: name.clone(),
                kind: value.kind(),
                value: value.display(),
            });
            self.values.insert(name, value);
        }
        for proof in self.recorder.unverified.proofs() {
            self.recorder.say(&proof);
        }
        Ok(())
    }
}
