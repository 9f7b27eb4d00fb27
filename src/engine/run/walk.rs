//! The walk through the steps: observe, skip or run, end where the plan says.

use super::attempt::{Broke, UNEXPECTED_MODE};
use super::{Running, Stop};
use crate::action::signature::Effect;
use crate::action::{Cause, Failure};
use crate::check::CheckedStep;
use crate::engine::perform;
use crate::engine::recorder::unwritable;
use crate::event::Event;
use crate::modem::session::{self, Certainty, Observed};
use crate::plan::{Mode, Modes};
use crate::transport::{Deadline, Urgency};
use std::time::Duration;

/// How long a modem may take to show up at the start.
const ARRIVAL: Duration = Duration::from_secs(10);

/// What makes a silent bulk pair speak.
pub(super) const REPLUG: &str =
    "cut the modem's power and give it back, its pins as they are: then it says again what it is";

/// What to do with a modem in whose mode the plan does not begin. Ways out of a dump: protocols.md §10.1.
fn way_out(mode: Mode) -> &'static str {
    match mode {
        Mode::Ramdump => {
            "the modem shows its memory dump (900E): take a plan that starts in ramdump; without one, a power cut often ends \
             it, `diag.edl` leaves it where the profile's `edl_by_diag` lists ramdump, and the boot pin tied while it is \
             powered leads into EDL; where it comes back twice, its boot chain is damaged, and only EDL helps"
        }
        Mode::Firehose => {
            "a programmer runs already: take a plan that starts in firehose, or cut the modem's power and enter EDL again"
        }
        _ => "bring the modem into that mode, or take the plan that fits its mode",
    }
}

impl Running<'_, '_> {
    pub(super) fn whole(&mut self) -> Result<(), Stop> {
        self.guards_before_step_one()?;
        if self.resume_after.is_none() {
            self.modem_is_there()?;
        }
        let plan = self.plan;
        self.steps(plan.steps(), 0)?;
        self.ends_where_it_should()
    }

    fn modem_is_there(&mut self) -> Result<(), Stop> {
        let starts: Modes = self.plan.plan().starts_in.iter().map(|m| m.value).collect();
        let deadline = Deadline::after(self.session.clock().now(), ARRIVAL);
        loop {
            let first = self.plan.steps().first();
            self.safe_point(first.map_or("", |step| step.id()))?;
            let observed = self.session.observe();
            let now = self.session.clock().now();
            match observed {
                Ok(observed) if observed.certainty == Certainty::Guessed => {
                    return Err(Stop::NoModem {
                        message: format!("what the modem is cannot be told: {}", observed.evidence),
                        help: REPLUG,
                    });
                }
                Ok(observed) if starts.has(observed.mode) => {
                    self.saw(observed);
                    return Ok(());
                }
                Ok(observed) if observed.mode == Mode::Off && !deadline.passed(now) => {
                    self.session.clock().sleep(Duration::from_millis(250));
                }
                Ok(observed) if observed.mode == Mode::Off => {
                    return Err(Stop::NoModem {
                        message: format!("no modem was found: {}", observed.evidence),
                        help: "look at the cable, the power and the ports that were named, then run the plan again",
                    });
                }
                Ok(observed) => {
                    return Err(Stop::NoModem {
                        message: format!(
                            "the modem is in {} ({}), but the plan begins in {starts}",
                            observed.mode, observed.evidence
                        ),
                        help: way_out(observed.mode),
                    });
                }
                // The wish is told at the safe point.
                Err(session::Error::Interrupted) if self.session.interrupt().wished() => {}
                Err(error) => {
                    return Err(Stop::NoModem {
                        message: format!("the modem could not be looked at: {error}"),
                        help: "close the other program that has the port open, or name another port",
                    });
                }
            }
        }
    }

    fn ends_where_it_should(&mut self) -> Result<(), Stop> {
        let ends: Modes = self.plan.plan().ends_in.iter().map(|m| m.value).collect();
        let last = self.plan.steps().last().map(|s| s.step.id.value.clone());
        let step = last.unwrap_or_default();
        let observed = self.observe(&step)?;
        if ends.has(observed.mode) {
            return Ok(());
        }
        let message = format!(
            "the plan must end in {ends}, but the modem is in {} ({})",
            observed.mode, observed.evidence
        );
        Err(failed(
            &step,
            Failure::new(UNEXPECTED_MODE, Cause::Modem, message),
            Effect::Pure,
            true,
        ))
    }

    pub(super) fn steps(&mut self, steps: &[CheckedStep], depth: usize) -> Result<(), Stop> {
        for step in steps {
            if let Some(after) = self.resume_after.clone() {
                if after == step.step.id.value {
                    self.resume_after = None;
                } else if step.children.iter().any(|child| child.id() == after) {
                    // What brought the run into the group was decided before the checkpoint in it.
                    self.group(step, depth)?;
                }
                continue;
            }
            self.step(step, depth)?;
        }
        Ok(())
    }

    pub(super) fn step(&mut self, checked: &CheckedStep, depth: usize) -> Result<(), Stop> {
        let id = checked.step.id.value.as_str();
        self.safe_point(id)?;
        self.recorder.enter(id);
        let observed = self.observe(id)?;
        if let Some(because) = self.skips(checked, &observed)? {
            self.recorder.say(&Event::StepSkip {
                step: id.to_owned(),
                because,
            });
            return Ok(());
        }
        if self.is_kept_backup(checked) {
            self.recorder.say(&Event::StepSkip {
                step: id.to_owned(),
                because: "its backup was made before and is kept".into(),
            });
            return Ok(());
        }
        if !checked.children.is_empty() {
            return self.group(checked, depth);
        }
        fits(checked, &observed)?;
        self.ask_guards(checked)?;
        self.ask_person(checked)?;
        self.unchanged(checked)?;
        self.start(checked, depth);
        self.session.entered(Some(id));
        let result = self.attempts(checked);
        self.session.entered(None);
        if !self.session.interrupt().at_safe_point() {
            // A single wish during a flash was told that the work goes on.
            self.session.interrupt().clear();
        }
        self.session.interrupt().set_urgency(Urgency::Free);
        match result {
            Ok(saved) => {
                self.save(checked, saved)?;
                self.finished(checked)
            }
            Err(Broke::Stopped(stop)) => {
                self.ended(id, "failed", None);
                Err(stop)
            }
            Err(Broke::Failed(failure)) => {
                self.ended(id, "failed", Some(&failure));
                if is_optional(checked) {
                    return Ok(());
                }
                let is_check = checked.step.check.is_some();
                Err(failed(id, failure, checked.signature.effect, is_check))
            }
        }
    }

    fn group(&mut self, checked: &CheckedStep, depth: usize) -> Result<(), Stop> {
        self.start(checked, depth);
        // What a failed step has begun to write is told by the end of the run: only a group that ends here is entered
        // again.
        match self.steps(&checked.children, depth + 1) {
            Ok(()) => {
                self.recorder.enter(&checked.step.id);
                self.finished(checked)
            }
            // A person's wish to stop is no failure, and a refusal is none either.
            Err(Stop::Failed { step, failure, .. })
                if is_optional(checked) && failure.cause != Cause::Interrupted =>
            {
                self.recorder.enter(&checked.step.id);
                let message = format!("step `{step}` failed, and the group is optional");
                let failure = Failure::new(failure.code, failure.cause, message);
                self.ended(&checked.step.id, "failed", Some(&failure));
                Ok(())
            }
            Err(stop) => Err(stop),
        }
    }

    fn start(&mut self, checked: &CheckedStep, depth: usize) {
        self.recorder.say(&Event::StepStart {
            step: checked.step.id.value.clone(),
            action: checked.signature.key.to_owned(),
            title: checked.step.title.clone(),
            depth,
        });
    }

    fn finished(&mut self, checked: &CheckedStep) -> Result<(), Stop> {
        let id = checked.step.id.value.as_str();
        self.ended(id, "passed", None);
        self.passed.push(id.to_owned());
        self.before.passed(id);
        if checked.step.checkpoint.as_ref().is_some_and(|c| c.value) {
            let observed = self.observe(id)?;
            self.checkpoint = true;
            self.recorder.say(&Event::Checkpoint {
                step: id.to_owned(),
                mode: observed.mode,
            });
        }
        Ok(())
    }

    fn ended(&mut self, step: &str, result: &str, failure: Option<&Failure>) {
        self.recorder.say(&Event::StepEnd {
            step: step.to_owned(),
            result: result.to_owned(),
            code: failure.map(|f| f.code.to_owned()),
            message: failure.map(|f| f.message.clone()),
        });
    }

    /// Between two steps: a person's wish to stop, and a journal that can't be written, end the run.
    fn safe_point(&mut self, step: &str) -> Result<(), Stop> {
        let failure = if let Some(error) = &self.recorder.broken {
            unwritable(error)
        } else if self.session.interrupt().wished() {
            Failure::new(
                "run::interrupted",
                Cause::Interrupted,
                "stopped by a person before this step began",
            )
        } else {
            return Ok(());
        };
        Err(failed(step, failure, Effect::Pure, false))
    }

    pub(super) fn observe(&mut self, step: &str) -> Result<Observed, Stop> {
        match self.session.observe() {
            Ok(observed) => {
                self.saw(observed.clone());
                self.same_chip(self.session.chip().cloned())
                    .map_err(|failure| failed(step, failure, Effect::Read, false))?;
                Ok(observed)
            }
            Err(error) => Err(failed(step, error.into(), Effect::Read, false)),
        }
    }

    pub(super) fn saw(&mut self, observed: Observed) {
        for notice in self.session.notices() {
            self.recorder.say(&Event::Host {
                code: notice.code.to_owned(),
                message: notice.message,
                cure: notice.cure,
            });
        }
        if self.seen.as_ref().map(|seen| seen.mode) != Some(observed.mode) {
            self.recorder.say(&Event::Mode {
                mode: observed.mode,
                evidence: observed.evidence.clone(),
                place: self.session.pinned().map(str::to_owned),
            });
        }
        self.seen = Some(observed);
    }

    /// Why the step does not run here, if it does not.
    pub(super) fn skips(
        &mut self,
        checked: &CheckedStep,
        observed: &Observed,
    ) -> Result<Option<String>, Stop> {
        if let Some(only) = &checked.step.only_in {
            let modes: Modes = only.iter().map(|m| m.value).collect();
            if !modes.has(observed.mode) {
                return Ok(Some(format!(
                    "only in {modes}, and the modem is in {}",
                    observed.mode
                )));
            }
        }
        let (Some(condition), Some(text)) = (&checked.when, &checked.step.when) else {
            return Ok(None);
        };
        match condition.holds(&checked.view(&self.values)) {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some(format!("`{}` does not hold", text.value))),
            Err(error) => Err(failed(
                &checked.step.id,
                perform::expression_failure(&error),
                Effect::Pure,
                false,
            )),
        }
    }

    /// A backup that was made before is never made again: a second read of a half-erased chip must not replace it.
    fn is_kept_backup(&self, checked: &CheckedStep) -> bool {
        let makes = checked.step.diag_backup.is_some() || checked.step.firehose_backup.is_some();
        makes && self.recorder.backups.contains_key(&checked.step.id.value)
    }
}

fn is_optional(checked: &CheckedStep) -> bool {
    checked.step.optional.as_ref().is_some_and(|o| o.value)
}

/// The stop that a failure comes to.
pub(super) fn failed(step: &str, failure: Failure, effect: Effect, is_check: bool) -> Stop {
    Stop::Failed {
        step: step.to_owned(),
        failure,
        effect,
        is_check,
    }
}

/// The mode must be one that the action needs.
fn fits(checked: &CheckedStep, observed: &Observed) -> Result<(), Stop> {
    let needs = checked.signature.needs;
    if needs.has(observed.mode) {
        return Ok(());
    }
    let failure = Failure::new(
        UNEXPECTED_MODE,
        Cause::Modem,
        format!(
            "`{}` needs the modem in {needs}, but it is in {} ({})",
            checked.signature.key, observed.mode, observed.evidence
        ),
    );
    Err(failed(&checked.step.id, failure, Effect::Read, false))
}
