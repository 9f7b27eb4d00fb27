//! Nothing destructive is sent before every demanded guard has said yes, and a person or a digest has approved.

use super::walk::failed;
use super::{Answers, Running, Stop};
use crate::action::signature::Effect;
use crate::check::{CheckedGuard, CheckedStep, GuardKind};
use crate::engine::approval::Contents;
use crate::engine::guards::{self, Judgement, Known};
use crate::engine::operator::Answer;
use crate::engine::perform;
use crate::event::Event;
use crate::guard::Verdict;
use crate::plan::{Profile, Value, WhenUnknown};

/// After a person's no.
const AGAIN: &str = "nothing waits for an answer any more: begin again when it may be done";

/// Whose word a question takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    PersonOrDigest,
    /// Nobody who approved the digest could know the answer.
    Person,
}

impl Running<'_, '_> {
    /// Guards whose values are all known are asked before the modem leaves its present mode.
    pub(super) fn guards_before_step_one(&mut self) -> Result<(), Stop> {
        let plan = self.plan;
        for guard in plan.guards() {
            let judgement = self.judge(guard);
            let refuses = match &judgement {
                Judgement::Verdict(Verdict::Refused { .. }) => true,
                Judgement::Verdict(Verdict::Unknown { .. }) => guard.unknown == WhenUnknown::Refuse,
                Judgement::Verdict(Verdict::Allowed { .. }) | Judgement::NotYet(_) => false,
            };
            if refuses && !self.overrides.contains_key(&guard.name) {
                self.decided(None, guard, judgement)?;
            }
        }
        Ok(())
    }

    fn judge(&self, guard: &CheckedGuard) -> Judgement {
        guards::judge(
            guard,
            &Known {
                plan: self.plan,
                values: &self.values,
                backups: &self.recorder.backups,
            },
        )
    }

    pub(super) fn ask_guards(&mut self, checked: &CheckedStep) -> Result<(), Stop> {
        for guard in &checked.guards {
            let judgement = self.judge(guard);
            self.decided(Some(checked.id()), guard, judgement)?;
        }
        Ok(())
    }

    /// Journals a verdict, and acts on it: allowed goes on, unknown asks a person where the plan says so.
    pub(super) fn decided(
        &mut self,
        step: Option<&str>,
        guard: &CheckedGuard,
        judgement: Judgement,
    ) -> Result<(), Stop> {
        let verdict = match judgement {
            Judgement::Verdict(verdict) => verdict,
            Judgement::NotYet(missing) => Verdict::Unknown {
                rule: "guard::missing".into(),
                source: "the plan".into(),
                message: format!("`{missing}` is not known"),
            },
        };
        let (word, rule, source, message) = match &verdict {
            Verdict::Allowed {
                rule,
                source,
                warnings,
            } => ("allowed", rule, source, warnings.join("; ")),
            Verdict::Refused {
                rule,
                source,
                message,
                ..
            } => ("refused", rule, source, message.clone()),
            Verdict::Unknown {
                rule,
                source,
                message,
            } => ("unknown", rule, source, message.clone()),
        };
        let overridden = self.overrides.get(&guard.name).cloned();
        let (word, message) = match (&verdict, &overridden) {
            (Verdict::Allowed { .. }, _) | (_, None) => (word.to_owned(), message),
            (_, Some(reason)) => (
                format!("{word}, overridden"),
                format!("{message}; overridden because: {reason}"),
            ),
        };
        self.recorder.say(&Event::Guard {
            step: step.map(str::to_owned),
            guard: guard.name.clone(),
            kind: guard.kind.name().word().to_owned(),
            verdict: word,
            rule: rule.clone(),
            source: source.clone(),
            message: message.clone(),
        });
        match verdict {
            Verdict::Allowed { .. } => Ok(()),
            _ if overridden.is_some() => Ok(()),
            Verdict::Unknown { message, .. } if guard.unknown == WhenUnknown::Confirm => {
                self.person_answers_for(step.unwrap_or_default(), guard, &message)
            }
            Verdict::Refused {
                rule,
                message,
                help,
                source,
            } => Err(Stop::Refused {
                step: step.map(str::to_owned),
                message: refusal(guard, &message, &rule, &source),
                rule,
                help: Some(help),
            }),
            Verdict::Unknown {
                rule,
                message,
                source,
            } => Err(Stop::Refused {
                step: step.map(str::to_owned),
                message: refusal(guard, &message, &rule, &source),
                rule,
                help: None,
            }),
        }
    }

    fn person_answers_for(
        &mut self,
        step: &str,
        guard: &CheckedGuard,
        message: &str,
    ) -> Result<(), Stop> {
        let question = format!(
            "Guard `{}` cannot decide: {message}. Go on all the same?",
            guard.name
        );
        let answer = if self.digest_covers(guard) {
            Word::PersonOrDigest
        } else {
            Word::Person
        };
        self.question(step, &question, answer)
    }

    /// Whether whoever approved the digest could know this answer: the guard's values are inputs, or it is about a
    /// backup that has no holes.
    fn digest_covers(&self, guard: &CheckedGuard) -> bool {
        if let GuardKind::Backup { step } = &guard.kind {
            let made = self.recorder.backups.get(step);
            return made.is_some_and(|(_, holes)| holes.values().all(|pages| *pages == 0));
        }
        let inputs = &self.plan.plan().inputs;
        guard.needs.iter().all(|name| inputs.get(name).is_some())
    }

    /// A step that destroys is confirmed by a person or by the digest; the first that stores a setting is agreed to.
    pub(super) fn ask_person(&mut self, checked: &CheckedStep) -> Result<(), Stop> {
        let id = checked.step.id.value.clone();
        let needs_hands = checked
            .step
            .operator_do
            .as_ref()
            .is_some_and(|told| !told.hands_off);
        if needs_hands && !self.operator.can_act() {
            return Err(self.declined(
                &id,
                "a person must act here",
                "a person must act with their hands, and there is no terminal",
                "run it in a terminal, beside the modem",
            ));
        }
        if checked.step.operator_ask.is_some() && !self.operator.can_answer(&id) {
            let help = self.operator.how_to_answer(&id);
            return Err(self.declined(
                &id,
                "a person must answer here",
                "a person must answer, and there is no terminal",
                &help,
            ));
        }
        if let Some(confirm) = &checked.step.confirm {
            // A question with a hole in it is not asked: nobody knows what they would say yes to.
            let question = perform::shown(confirm, &checked.view(&self.values))
                .map_err(|failure| failed(&id, failure, Effect::Pure, false))?;
            self.question(&id, &question, Word::PersonOrDigest)?;
            return self.last_warning(checked);
        }
        if checked.signature.effect == Effect::Configure && !self.agreed {
            let question = format!("Step `{id}` stores a setting on the modem. Go on?");
            match self.operator.agree(&id, &question) {
                Answer::Yes { how } => {
                    self.asked(&id, &question, "yes", how);
                    self.agreed = true;
                }
                Answer::No => {
                    return Err(self.declined(&id, &question, "a person said no", AGAIN));
                }
                Answer::Nobody => {
                    return Err(self.declined(
                        &id,
                        &question,
                        "a person must answer, and there is no terminal",
                        "run it in a terminal, or answer with `--yes`",
                    ));
                }
            }
        }
        Ok(())
    }

    /// What was judged and approved is what is written: every file is hashed once more right before a step that
    /// destroys, however long a person took to answer.
    pub(super) fn unchanged(&self, checked: &CheckedStep) -> Result<(), Stop> {
        if checked.signature.effect != Effect::Destroy {
            return Ok(());
        }
        let refused = |message: String| Stop::Refused {
            step: Some(checked.id().to_owned()),
            rule: "approval::changed".to_owned(),
            message,
            help: Some("leave the files alone, and begin again with a new dry run".to_owned()),
        };
        match Contents::read(self.plan, &self.inputs) {
            Ok(now) if now == self.contents => Ok(()),
            Ok(_) => Err(refused(
                "A file of the run has changed since the run began (rule approval::changed, source this run's digest)."
                    .to_owned(),
            )),
            Err(error) => Err(refused(format!("A file of the run cannot be read any more: {error}."))),
        }
    }

    fn last_warning(&mut self, checked: &CheckedStep) -> Result<(), Stop> {
        match last_warning(checked, self.plan.profile()) {
            Some(question) => self.question(checked.id(), &question, Word::PersonOrDigest),
            None => Ok(()),
        }
    }

    fn question(&mut self, step: &str, question: &str, word: Word) -> Result<(), Stop> {
        let answer = if self.answers == Answers::Digest && word == Word::PersonOrDigest {
            Answer::Yes { how: "approved" }
        } else {
            let typed = self.typed();
            self.operator.confirm(step, question, &typed)
        };
        match answer {
            Answer::Yes { how } => {
                self.asked(step, question, "yes", how);
                Ok(())
            }
            Answer::No => Err(self.declined(step, question, "a person said no", AGAIN)),
            Answer::Nobody => Err(self.declined(
                step,
                question,
                "a person must confirm it, and there is no terminal",
                "run it in a terminal, or give `--approve DIGEST` with the digest of `unbrick dry-run`",
            )),
        }
    }

    fn asked(&mut self, step: &str, question: &str, answer: &str, how: &str) {
        self.recorder.say(&Event::Ask {
            step: step.to_owned(),
            question: question.to_owned(),
            answer: answer.to_owned(),
            how: how.to_owned(),
        });
    }

    pub(super) fn declined(
        &mut self,
        step: &str,
        question: &str,
        message: &str,
        help: &str,
    ) -> Stop {
        self.asked(step, question, "no", message);
        Stop::Declined {
            step: step.to_owned(),
            message: message.to_owned(),
            help: help.to_owned(),
        }
    }

    /// What a person types to confirm: the last four digits of the unit's IMEI, else the plan's id.
    pub(super) fn typed(&self) -> String {
        let imei = self.values.values().find_map(|value| match value {
            Value::Imei(imei) => Some(imei),
            _ => None,
        });
        match imei.and_then(|imei| imei.get(imei.len().saturating_sub(4)..)) {
            Some(digits) if !digits.is_empty() => digits.to_owned(),
            _ => self.plan.plan().id.value.clone(),
        }
    }
}

/// What erases the calibration, or may, is asked a second time, by the names of what is lost.
pub(in crate::engine) fn last_warning(checked: &CheckedStep, profile: &Profile) -> Option<String> {
    let step = &checked.step;
    let erases = { step.firehose_flash.as_ref() }
        .and_then(|flash| flash.erase_all.as_ref())
        .is_some_and(|erase| erase.value);
    let replaces = { step.dload_flash.as_ref() }
        .and_then(|flash| flash.replace_table.as_ref())
        .is_some_and(|replace| replace.value);
    let does = match (erases, replaces) {
        (true, _) => "This erases",
        (_, true) => "A loader that replaces the partition table may erase",
        (false, false) => return None,
    };
    let partitions = profile.partitions.iter();
    let kept: Vec<&str> = partitions
        .filter(|part| part.keep)
        .map(|part| part.name.as_str())
        .collect();
    Some(format!(
        "{does} {}: the calibration of this unit, which nothing but its own backup brings back. Go on?",
        kept.join(", ")
    ))
}

fn refusal(guard: &CheckedGuard, message: &str, rule: &str, source: &str) -> String {
    let said = guard
        .otherwise
        .as_ref()
        .map_or_else(String::new, |text| format!("{text} "));
    format!(
        "{said}Guard `{}` refused: {message} (rule {rule}, source {source}).",
        guard.name
    )
}
