//! How a run ended: outcome, the modem's state, what to do, the command that goes on.

use super::attempt::ANOTHER_UNIT;
use super::{Ended, Running, Stop};
use crate::action::signature::Effect;
use crate::action::{Cause, Witness as _};
use crate::engine::Outcome;
use crate::engine::resume::Before;
use crate::event::Event;
use crate::modem::session::Certainty;
use crate::plan::{Mode, Values};
use std::collections::BTreeMap;

/// What a stop comes to, before the modem's state is added.
struct Told {
    outcome: Outcome,
    step: Option<String>,
    code: String,
    message: String,
    help: Option<String>,
}

/// What destructive work was begun, as the recorder knows it before the rescue.
struct Begun {
    in_run: bool,
    in_step: bool,
    /// An operation of the step has neither succeeded nor failed.
    unfinished: bool,
}

impl Told {
    /// `cut_short`: something destructive was begun in an earlier part of the run, and never finished.
    fn new(stop: Stop, begun: &Begun, cut_short: bool) -> Self {
        let wrote = begun.in_run;
        match stop {
            Stop::NoModem { message, help } => Self {
                outcome: Outcome::NoModem,
                step: None,
                code: "modem::none".to_owned(),
                message: format!("Nothing was begun: {message}."),
                help: Some(help.to_owned()),
            },
            Stop::Refused {
                step,
                rule,
                message,
                help,
            } => Self {
                outcome: if wrote {
                    Outcome::Failed
                } else {
                    Outcome::Refused
                },
                step,
                code: rule,
                message,
                help,
            },
            Stop::Declined {
                step,
                message,
                help,
            } => Self {
                outcome: if wrote {
                    Outcome::Failed
                } else {
                    Outcome::Declined
                },
                message: format!("Step `{step}` did not run: {message}."),
                step: Some(step),
                code: "run::declined".to_owned(),
                help: Some(help),
            },
            Stop::Failed {
                step,
                failure,
                effect,
                is_check,
            } => Self {
                outcome: match failure.cause {
                    _ if effect == Effect::Destroy && begun.unfinished => Outcome::InDoubt,
                    Cause::Unverified => Outcome::Unproved,
                    _ if (effect == Effect::Destroy && begun.in_step) || cut_short => {
                        Outcome::InDoubt
                    }
                    Cause::Interrupted => Outcome::Interrupted,
                    _ if is_check && wrote => Outcome::Unproved,
                    _ => Outcome::Failed,
                },
                message: format!("Step `{step}` failed: {}.", failure.message),
                step: Some(step),
                code: failure.code.to_owned(),
                help: failure.help,
            },
        }
    }

    /// What to do, and the command that goes on.
    fn advice(&self, mode: Option<Mode>, next: &str) -> String {
        // A flash says itself how to leave the modem.
        let is_fastboot = self.code.starts_with("fastboot::");
        let is_flash = ["flash::", "firehose::", "dload::"]
            .iter()
            .any(|area| self.code.starts_with(area));
        let leave = match (self.outcome, mode) {
            (Outcome::InDoubt, Some(Mode::Firehose | Mode::Dload | Mode::Edl)) if is_flash => "",
            (Outcome::InDoubt, Some(Mode::Fastboot)) if is_fastboot => "",
            (Outcome::InDoubt, Some(Mode::Off) | None) if is_fastboot => {
                "it left the bus in the middle: bring it back into fastboot as the plan does, and nowhere else"
            }
            (Outcome::InDoubt, Some(Mode::Off) | None) => {
                "it left the bus in the middle: bring it back into EDL as the plan does, and nowhere else"
            }
            (Outcome::InDoubt, _) => "leave it as it is, powered, and do not unplug it",
            _ => "",
        };
        let parts = [self.help.as_deref().unwrap_or(""), leave, next];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("; ")
    }
}

impl Running<'_, '_> {
    /// Tells how it ended: outcome, the modem's state, what to do, the command that goes on.
    pub(super) fn end(mut self, result: Result<(), Stop>) -> Ended {
        let begun = Begun {
            in_run: self.recorder.wrote,
            in_step: self.recorder.wrote_here,
            unfinished: !self.recorder.in_doubt().is_empty(),
        };
        let stop = match result {
            Ok(()) => return self.proved(),
            Err(stop) => stop,
        };
        let rescue = match &stop {
            Stop::Failed { .. } => self.rescue(),
            _ => None,
        };
        let seen = self.session.observe().ok();
        let wrote = begun.in_run;
        let told = Told::new(stop, &begun, matches!(self.before, Before::CutShort(_)));
        let next = self.next_command(told.outcome);
        let advice = told.advice(seen.as_ref().map(|seen| seen.mode), &next);
        let state = match &seen {
            Some(seen) if seen.mode == Mode::Off => {
                format!("The modem is not on the bus ({}).", seen.evidence)
            }
            Some(seen) if seen.certainty == Certainty::Guessed => {
                format!("What the modem is now cannot be told ({}).", seen.evidence)
            }
            Some(seen) => format!("The modem is in {} ({}).", seen.mode, seen.evidence),
            None => "What the modem is now could not be seen.".to_owned(),
        };
        let written = match (wrote, &self.before) {
            _ if told.code == ANOTHER_UNIT => {
                " Nothing was sent to it since that was seen; the run's own is as the last step that spoke with it left it."
                    .to_owned()
            }
            (true, _) if told.outcome == Outcome::Failed => {
                let unverified = &self.recorder.unverified;
                if unverified.is_empty() {
                    " What earlier steps wrote to it is complete.".to_owned()
                } else {
                    let ranges = unverified.shown();
                    format!(
                        " Steps are complete that wrote to it, but {ranges} could not be verified."
                    )
                }
            }
            (true, _) => String::new(),
            // A setting whose answer was lost may be stored all the same.
            (false, _) if self.set => {
                " Nothing was written to its flash or calibration; a setting may have been stored."
                    .to_owned()
            }
            (false, Before::Something | Before::CutShort(_)) => {
                " Nothing more was written to it.".to_owned()
            }
            (false, Before::Nothing) => " Nothing was written to it.".to_owned(),
        };
        let ended = Ended {
            outcome: told.outcome,
            run: self.run.clone(),
            message: match told.outcome {
                Outcome::NoModem => told.message,
                _ => format!("{} {state}{written}", told.message),
            },
            help: Some(advice).filter(|advice| !advice.is_empty()),
            step: told.step,
            code: Some(told.code),
            rescue,
            mode: seen.map(|seen| seen.mode),
            report: BTreeMap::new(),
            facts: self.facts(),
        };
        self.finish(ended, begun.unfinished)
    }

    /// The command that goes on: after the last checkpoint where there is one, else from the beginning.
    fn next_command(&self, outcome: Outcome) -> String {
        let run = &self.run;
        match outcome {
            Outcome::Proved | Outcome::Refused | Outcome::Declined | Outcome::NoModem => {
                String::new()
            }
            _ if self.session.is_simulated() => {
                "the simulated modem is gone with this run: `unbrick run` begins again".to_owned()
            }
            _ if self.checkpoint => {
                format!("`unbrick resume {run}` goes on after the last checkpoint")
            }
            _ => "`unbrick run` begins again".to_owned(),
        }
    }

    pub(super) fn proved(mut self) -> Ended {
        let report: BTreeMap<String, String> = self
            .plan
            .plan()
            .report
            .iter()
            .filter_map(|name| {
                let value = self.values.get(&name.value)?;
                Some((name.value.clone(), value.shown()))
            })
            .collect();
        let mode = self.seen.as_ref().map(|seen| seen.mode);
        let is_now = mode.map_or_else(String::new, |mode| format!("The modem is in {mode}"));
        let proof = self.proof();
        let claims = proof.map_or_else(String::new, |(step, claims)| {
            let plural = if claims == 1 {
                "claim holds"
            } else {
                "claims hold"
            };
            format!(": {claims} {plural} in step `{step}`")
        });
        let now = format!("{is_now}{claims}.");
        let unverified = &self.recorder.unverified;
        let (outcome, message, help) = if !unverified.is_empty() {
            let ranges = unverified.shown();
            let message = format!("{now} What was written to {ranges} could not be verified.");
            let help = "a programmer that hashes proves what it writes (`firehose.flash`); nothing reads back what fastboot or \
                        a streaming loader writes, so try what it is for before the modem goes back to work";
            (Outcome::Unproved, message, Some(help.to_owned()))
        } else if proof.is_none() && self.changed() {
            let message =
                format!("{now} No check ran after the last change, so nothing is proved.");
            let help = "add a `check` at the end of the plan that always runs";
            (Outcome::Unproved, message, Some(help.to_owned()))
        } else {
            (Outcome::Proved, now, None)
        };
        let ended = Ended {
            outcome,
            run: self.run.clone(),
            message,
            help,
            step: None,
            code: None,
            rescue: None,
            mode,
            report,
            facts: self.facts(),
        };
        self.finish(ended, false)
    }

    /// The check that passed after the last change, and how many claims it holds.
    fn proof(&self) -> Option<(&str, usize)> {
        let passed = self.passed.iter().rev().filter_map(|id| {
            let found = self.plan.all_steps().find(|step| step.id() == id);
            found.map(|step| (step.signature.effect, step))
        });
        passed
            .take_while(|(effect, step)| *effect < Effect::Disrupt || !step.children.is_empty())
            .find(|(_, step)| !step.claims.is_empty())
            .map(|(_, step)| (step.id(), step.claims.len()))
    }

    /// What was read, inputs left out.
    fn facts(&self) -> Values {
        let facts = self.values.iter();
        facts
            .filter(|(name, _)| !self.inputs.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Whether a step that changes the modem has passed.
    fn changed(&self) -> bool {
        self.plan.all_steps().any(|step| {
            let passed = self.passed.iter().any(|id| id == step.id());
            passed && step.signature.effect >= Effect::Disrupt
        })
    }

    fn finish(&mut self, ended: Ended, dirty: bool) -> Ended {
        self.recorder.say(&Event::RunEnd {
            outcome: ended.outcome.word().to_owned(),
            exit: ended.outcome.exit().number(),
            dirty,
            mode: ended.mode,
            message: ended.message.clone(),
            report: ended.report.clone(),
        });
        self.session.forget();
        Ended {
            message: self.recorder.mask.text(&ended.message),
            help: ended.help.map(|help| self.recorder.mask.text(&help)),
            ..ended
        }
    }

    /// The rescue steps: a failure in one ends them, and the first failure is what is told. Gives the code of what ended
    /// them.
    fn rescue(&mut self) -> Option<String> {
        let plan = self.plan;
        self.session.interrupt().clear();
        self.resume_after = None;
        for step in plan.rescue() {
            if let Err(stop) = self.step(step, 0) {
                self.recorder.note("the rescue did not come to its end");
                return Some(stop.code());
            }
        }
        None
    }
}
