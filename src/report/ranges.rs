//! What was written to the flash, range by range: sent and verified, as a journal tells it.

use crate::event::Event;
use std::fmt;

/// Operations of `firehose.flash` whose targets are ranges that hold an image afterwards.
const PROGRAM: &str = "program";
const SAME: &str = "same";

/// One range.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    step: String,
    target: String,
    /// SHA-256 of the bytes that were sent, padding included.
    sent: Option<String>,
    outcome: Outcome,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Written; the evidence of the journal.
    Written(String),
    /// It held its image already.
    Same(String),
    Failed(String),
    /// Nothing in the journal says how it ended.
    CutShort,
}

/// The ranges of a run; written later, they take the place of an earlier attempt.
#[derive(Debug, Default)]
pub struct Ranges(Vec<Range>);

impl Ranges {
    /// Takes the next event of the journal.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::Intent {
                step,
                operation,
                target,
                digest: Some(digest),
            } if operation == PROGRAM => {
                self.0
                    .retain(|range| (&range.step, &range.target) != (step, target));
                self.0.push(Range {
                    step: step.clone(),
                    target: target.clone(),
                    sent: Some(digest.clone()),
                    outcome: Outcome::CutShort,
                });
            }
            Event::Done {
                step,
                operation,
                target,
                evidence,
            } if operation == SAME => {
                self.0
                    .retain(|range| (&range.step, &range.target) != (step, target));
                self.0.push(Range {
                    step: step.clone(),
                    target: target.clone(),
                    sent: None,
                    outcome: Outcome::Same(evidence.clone()),
                });
            }
            Event::Done {
                step,
                operation,
                target,
                evidence,
            } if operation == PROGRAM => {
                self.ends(step, target, Outcome::Written(evidence.clone()));
            }
            Event::Failed {
                step,
                operation,
                target,
                error,
            } if operation == PROGRAM => {
                self.ends(step, target, Outcome::Failed(error.clone()));
            }
            Event::Verified {
                wrote,
                target,
                evidence,
                ..
            } => self.ends(
                wrote,
                target,
                Outcome::Written(format!("verified: {evidence}")),
            ),
            _ => {}
        }
    }

    fn ends(&mut self, step: &str, target: &str, outcome: Outcome) {
        let mut ranges = self.0.iter_mut().rev();
        if let Some(range) = ranges.find(|range| range.step == step && range.target == target) {
            range.outcome = outcome;
        }
    }
}

/// A head and two lines for each range; nothing where no range was written.
impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "Written to the flash, SHA-256 of each range:")?;
        for range in &self.0 {
            write!(f, "\n    {}", range.target)?;
            if let Some(sent) = &range.sent {
                write!(f, "\n        sent      {sent}")?;
            }
            match &range.outcome {
                Outcome::Written(evidence) => match evidence.split_once(' ') {
                    Some((method @ ("digest" | "readback"), verified)) => {
                        write!(f, "\n        verified  {verified} by {method}")?;
                    }
                    _ => write!(f, "\n        {evidence}")?,
                },
                Outcome::Same(evidence) => {
                    let found = evidence.strip_prefix("digest ").unwrap_or(evidence);
                    write!(f, "\n        there     {found} already, not written")?;
                }
                Outcome::Failed(error) => write!(f, "\n        failed    {error}")?,
                Outcome::CutShort => write!(f, "\n        cut short")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(target: &str, digest: &str) -> Event {
        Event::Intent {
            step: "flash".into(),
            operation: "program".into(),
            target: target.into(),
            digest: Some(digest.into()),
        }
    }

    fn done(operation: &str, target: &str, evidence: &str) -> Event {
        Event::Done {
            step: "flash".into(),
            operation: operation.into(),
            target: target.into(),
            evidence: evidence.into(),
        }
    }

    #[test]
    fn each_range_is_told_once_with_what_was_sent_and_what_verified_it() {
        let mut ranges = Ranges::default();
        assert_eq!(ranges.to_string(), "");
        let failed = Event::Failed {
            step: "flash".into(),
            operation: "program".into(),
            target: "sectors 8..12 (tz)".into(),
            error: "it left the bus".into(),
        };
        for event in [
            done("erase", "sectors 0..4 (sbl)", "acknowledged"),
            intent("sectors 4..8 (mibib)", "aa"),
            done("program", "sectors 4..8 (mibib)", "digest aa"),
            intent("sectors 8..12 (tz)", "bb"),
            failed,
            // The resumed run.
            done("same", "sectors 4..8 (mibib)", "digest aa"),
            intent("sectors 8..12 (tz)", "bb"),
            done("program", "sectors 8..12 (tz)", "readback bb"),
            intent("sectors 12..16 (boot)", "cc"),
            done("program", "sectors 12..16 (boot)", "written, not verified"),
            intent("sectors 0..4 (sbl)", "dd"),
        ] {
            ranges.hear(&event);
        }
        assert_eq!(
            ranges.to_string(),
            "Written to the flash, SHA-256 of each range:
    sectors 4..8 (mibib)
        there     aa already, not written
    sectors 8..12 (tz)
        sent      bb
        verified  bb by readback
    sectors 12..16 (boot)
        sent      cc
        written, not verified
    sectors 0..4 (sbl)
        sent      dd
        cut short"
        );
    }
}
