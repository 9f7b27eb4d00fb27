//! Writes that nothing has read back: which they are, and what proves some of them after all.
//!
//! Everything here follows from the events of a run, so that a run which goes on knows what its earlier parts left
//! unproved.

use crate::event::Event;
use crate::plan::Kind;

/// The action whose answers come from the running firmware.
const ASKS: &str = "at.ask";

/// The writes of a run that are not verified.
#[derive(Debug, Clone, Default)]
pub struct Unverified {
    writes: Vec<Write>,
    /// The version that the modem told last.
    told: Option<String>,
    /// The step that asks the modem now.
    asking: Option<String>,
}

#[derive(Debug, Clone)]
struct Write {
    step: String,
    target: String,
    /// The version that the running firmware tells once this is what runs; where nothing tells of it, none.
    version: Option<String>,
    /// The version that the modem told before.
    before: Option<String>,
    /// The step whose answer proves it.
    proved_by: Option<String>,
}

impl Unverified {
    /// Takes the next event of the run.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::StepStart { step, action, .. } => {
                self.asking = (action == ASKS).then(|| step.clone());
            }
            // What a step writes anew is not what it wrote before.
            Event::Intent { step, .. } => self.writes.retain(|write| write.step != *step),
            Event::Unverified {
                step,
                target,
                version,
            } => self.writes.push(Write {
                step: step.clone(),
                target: target.clone(),
                version: version.clone(),
                before: self.told.clone(),
                proved_by: None,
            }),
            Event::Fact {
                step,
                kind: Kind::Firmware,
                value,
                ..
            } if self.asking.as_ref() == Some(step) => self.tells(step, value),
            Event::Verified { wrote, target, .. } => {
                (self.writes).retain(|write| (&write.step, &write.target) != (wrote, target));
            }
            _ => {}
        }
    }

    /// A write made the modem tell another version than before: the one that was written (reliability.md, P10). The same
    /// version as before proves nothing, and neither does one where none was told before.
    fn tells(&mut self, step: &str, told: &str) {
        for write in &mut self.writes {
            let is_new = write.before.as_ref().is_some_and(|before| before != told);
            if is_new && write.version.as_deref() == Some(told) {
                write.proved_by = Some(step.to_owned());
            }
        }
        self.told = Some(told.to_owned());
    }

    /// What is proved now, to be said and heard.
    pub fn proofs(&self) -> Vec<Event> {
        let proved = self.writes.iter().filter_map(|write| {
            let (Some(step), Some(version), Some(before)) =
                (&write.proved_by, &write.version, &write.before)
            else {
                return None;
            };
            Some(Event::Verified {
                step: step.clone(),
                wrote: write.step.clone(),
                target: write.target.clone(),
                evidence: format!("the modem tells {version}, and told {before} before"),
            })
        });
        proved.collect()
    }

    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// What was written, each with what is known of it.
    pub fn shown(&self) -> String {
        let shown: Vec<String> = self.writes.iter().map(Write::shown).collect();
        shown.join(", ")
    }
}

impl Write {
    fn shown(&self) -> String {
        let target = &self.target;
        match (&self.version, &self.before) {
            (None, _) => target.clone(),
            (Some(_), None) => format!("{target} (the modem told no version before)"),
            (Some(version), Some(before)) if version == before => {
                format!("{target} (the modem told {version} before, too)")
            }
            (Some(version), Some(_)) => format!("{target} (the modem did not tell {version})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "EC25EFAR06A11M4G_01.001.01.001";
    const NEW: &str = "EC25EFAR06A12M4G_01.001.01.001";

    fn starts(step: &str, action: &str) -> Event {
        Event::StepStart {
            step: step.into(),
            action: action.into(),
            title: None,
            depth: 0,
        }
    }

    fn says(step: &str, action: &str, version: &str) -> [Event; 2] {
        let fact = Event::Fact {
            step: step.into(),
            name: "fw".into(),
            kind: Kind::Firmware,
            value: version.into(),
        };
        [starts(step, action), fact]
    }

    fn writes(step: &str, target: &str, version: Option<&str>) -> [Event; 3] {
        let intent = Event::Intent {
            step: step.into(),
            operation: "program".into(),
            target: target.into(),
            digest: None,
        };
        let unverified = Event::Unverified {
            step: step.into(),
            target: target.into(),
            version: version.map(Into::into),
        };
        [starts(step, "fastboot.flash"), intent, unverified]
    }

    /// As a run does: what is proved is said, and heard again.
    fn after(events: &[&[Event]]) -> Unverified {
        let mut unverified = Unverified::default();
        for event in events.iter().copied().flatten() {
            unverified.hear(event);
            for proof in unverified.proofs() {
                unverified.hear(&proof);
            }
        }
        unverified
    }

    #[test]
    fn only_another_version_than_before_told_by_the_modem_proves_a_write() {
        let before = says("before", ASKS, OLD);
        let same = says("before", ASKS, NEW);
        let typed = says("before", "operator.ask", OLD);
        let write = writes("write", "system", Some(NEW));
        let no_version = writes("write", "system", None);
        let good = says("proof", ASKS, NEW);
        let other = says("proof", ASKS, OLD);
        let claimed = says("proof", "operator.ask", NEW);
        let table: [(&[&[Event]], &str); 9] = [
            (&[&before, &write, &good], ""),
            (&[&before, &write, &other, &good], ""),
            (
                &[&write, &good],
                "system (the modem told no version before)",
            ),
            (
                &[&typed, &write, &good],
                "system (the modem told no version before)",
            ),
            (
                &[&same, &write, &good],
                &format!("system (the modem told {NEW} before, too)"),
            ),
            (
                &[&before, &write, &other],
                &format!("system (the modem did not tell {NEW})"),
            ),
            (
                &[&before, &write, &claimed],
                &format!("system (the modem did not tell {NEW})"),
            ),
            (
                &[&before, &write],
                &format!("system (the modem did not tell {NEW})"),
            ),
            (&[&before, &no_version, &good], "system"),
        ];
        for (events, wanted) in table {
            let unverified = after(events);
            assert_eq!(unverified.shown(), wanted, "{events:?}");
            assert_eq!(unverified.is_empty(), wanted.is_empty());
        }
    }

    #[test]
    fn a_step_that_writes_again_leaves_nothing_of_its_first_try_and_other_steps_alone() {
        let first = writes("write", "system", None);
        let again = writes("write", "boot", None);
        let other = writes("other", "recovery", None);
        let unverified = after(&[&first, &other, &again]);
        assert_eq!(unverified.shown(), "recovery, boot");
    }
}
