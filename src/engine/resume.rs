//! Going on with an earlier run: from its latest passed checkpoint whose mode is the mode seen now.

use super::approval::Digest;
use super::guards::Backups;
use super::journal::{Journal, State};
use super::store::RunFolder;
use super::unverified::Unverified;
use crate::check::{CheckedPlan, CheckedStep};
use crate::event::Event;
use crate::files;
use crate::modem::identity::Chip;
use crate::modem::session::{self, Certainty, Observed};
use crate::plan::{Kind, Mode, Value, Values};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// The code of every refusal to go on.
pub const CODE: &str = "run::resume";

/// What a report may not hold; only its owner may read it.
pub(super) const PRIVATE: &str = "private.json";
/// Longest `private.json` that is read.
const MAX_PRIVATE: u64 = 1024 * 1024;

/// Where a run goes on.
#[derive(Debug)]
pub struct Point {
    /// The checkpoint's step.
    pub after: String,
    pub mode: Mode,
    pub facts: Values,
    pub backups: Backups,
    pub passed: Vec<String>,
    pub before: Before,
    pub unverified: Unverified,
}

/// Serial numbers of the run's chip, by who told them.
pub type Chips = BTreeMap<String, String>;

/// Whether this chip is none that is known.
pub(super) fn is_another(known: &Chips, chip: &Chip) -> bool {
    known
        .get(&chip.told_by)
        .is_some_and(|serial| *serial != chip.serial)
}

/// What an earlier part of a run wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    Nothing,
    Something,
    /// This step was writing and did not finish.
    CutShort(String),
}

impl Before {
    /// A step that was passed after all is not cut short.
    pub fn passed(&mut self, step: &str) {
        if matches!(self, Self::CutShort(cut) if cut == step) {
            *self = Self::Something;
        }
    }
}

/// What an earlier run was given, as `private.json` keeps it.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Private {
    pub format: u32,
    pub plan: String,
    pub inputs: BTreeMap<String, String>,
    /// Ports given by hand, as they were typed.
    pub ports: Vec<String>,
    pub place: String,
    /// The working folder: paths of inputs and backups begin there.
    pub folder: Utf8PathBuf,
    /// The digest over plan, inputs and files.
    pub offline: String,
    /// Facts that are identities: the journal, which may be handed on, has pseudonyms for them. Each stands on a line of
    /// its own behind the rest.
    #[serde(skip)]
    pub identities: BTreeMap<String, String>,
}

/// An identity that a step has read.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Identity {
    fact: String,
    value: String,
}

/// Where a chip stands among the identities: no fact has a blank in its name.
const CHIP: &str = "chip ";

/// Keeps which chip the run is about, for one that goes on.
pub(super) fn keep_chip(folder: &RunFolder, chip: &Chip) -> Result<(), files::Error> {
    keep_identity(folder, &format!("{CHIP}{}", chip.told_by), &chip.serial)
}

/// Keeps an identity that a step has read, for a run that goes on.
pub fn keep_identity(folder: &RunFolder, fact: &str, value: &str) -> Result<(), files::Error> {
    let identity = Identity {
        fact: fact.to_owned(),
        value: value.to_owned(),
    };
    let failed = |error: &dyn std::fmt::Display| files::Error {
        verb: "write",
        path: PRIVATE.into(),
        reason: error.to_string(),
        missing: false,
    };
    let mut line = serde_json::to_vec(&identity).map_err(|error| failed(&error))?;
    // Begun on a new line whatever a power cut has left of the last one.
    line.insert(0, b'\n');
    let mut file = folder.root.append(Utf8Path::new(PRIVATE))?;
    file.write_all(&line)
        .and_then(|()| file.sync_all())
        .map_err(|error| failed(&error))
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    File(#[from] files::Error),
    #[error("what the run was given cannot be read: {0}")]
    Private(String),
    #[error("the journal of the run is damaged: it can be shown, and never resumed")]
    Damaged,
    #[error("the run has ended: {0}")]
    Ended(String),
    #[error("the run was simulated, and its modem is gone")]
    Simulated,
    #[error("the run was on a modem that is real, and does not go on on the simulated one")]
    Real,
    #[error("the plan, the inputs or their files have changed since the run began")]
    Changed,
    #[error("the run was started in the folder `{0}`, where its backups are")]
    OtherFolder(Utf8PathBuf),
    #[error("stopped by a person before the modem was known")]
    Interrupted,
    #[error("the modem could not be looked at: {0}")]
    Look(session::Error),
    #[error(
        "the modem that is attached is another one than the run's: its chip has another serial number"
    )]
    OtherUnit,
    #[error("what the modem is cannot be told: {evidence}.{cut_short}")]
    Silent { evidence: String, cut_short: String },
    #[error("the modem is in {seen} ({evidence}), and the run passed no checkpoint in that mode")]
    NoCheckpoint {
        seen: Mode,
        evidence: String,
        wanted: String,
    },
}

impl Error {
    /// The modem is not there, or not as the run needs it; else the run itself cannot go on.
    pub fn is_about_the_modem(&self) -> bool {
        matches!(
            self,
            Self::NoCheckpoint { .. }
                | Self::Silent { .. }
                | Self::Look(_)
                | Self::OtherUnit
                | Self::Interrupted
        )
    }

    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::File(_) | Self::Private(_) | Self::Damaged => {
                "look at what was done with `unbrick log`, then run the plan from its beginning".into()
            }
            Self::Ended(_) => "there is nothing to go on with".into(),
            Self::Simulated => "run the plan again".into(),
            Self::Real => "resume it without `--sim`".into(),
            Self::Changed => {
                "bring back what the run was given, or run the plan from its beginning".into()
            }
            Self::OtherFolder(folder) => format!("go there first: `cd {folder}`"),
            Self::Look(_) => "close the other program that has the port open, then resume".into(),
            Self::Interrupted => "nothing more was written, and the modem is as the earlier run left it; resume when it may go on".into(),
            Self::OtherUnit => {
                "plug the run's own modem in at that place, then resume; for the other one, run the plan from its beginning"
                    .into()
            }
            Self::Silent { .. } => {
                "replug needed: cut the modem's power and give it back, its pins as they are (a grounded \
                 boot pin stays grounded), then resume"
                    .into()
            }
            Self::NoCheckpoint { wanted, .. } if wanted.is_empty() => {
                "the run has nothing to go on from: run the plan from its beginning".into()
            }
            Self::NoCheckpoint { wanted, .. } => {
                format!("bring the modem into {wanted}, as the plan does, then resume")
            }
        }
    }
}

impl From<session::Error> for Error {
    fn from(error: session::Error) -> Self {
        match error {
            session::Error::Interrupted => Self::Interrupted,
            other => Self::Look(other),
        }
    }
}

/// What the run was given.
pub fn private(folder: &RunFolder) -> Result<Private, Error> {
    let path = folder.root.path().join(PRIVATE);
    let bytes = files::read_capped(&path, MAX_PRIVATE)?.unwrap_or_default();
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let mut private: Private =
        serde_json::from_slice(first).map_err(|e| Error::Private(e.to_string()))?;
    let identities = lines.filter_map(|line| serde_json::from_slice::<Identity>(line).ok());
    private.identities = identities.map(|found| (found.fact, found.value)).collect();
    Ok(private)
}

/// An earlier run that may go on.
#[derive(Debug)]
pub struct History {
    journal: Journal,
    private: Private,
    checkpoints: Vec<(String, Mode)>,
    facts: Values,
    backups: Backups,
    passed: Vec<String>,
    before: Before,
    unverified: Unverified,
    simulated: bool,
    place: Option<String>,
}

impl History {
    /// Reads what an earlier run did. The modem is not looked at.
    pub fn read(folder: &RunFolder, private: Private) -> Result<Self, Error> {
        let journal = folder.journal()?;
        if journal.state == State::Damaged {
            return Err(Error::Damaged);
        }
        let events: Vec<Event> = journal
            .records
            .iter()
            .filter_map(|record| serde_json::from_value(record.clone()).ok())
            .collect();
        let mut history = Self {
            journal,
            private,
            checkpoints: Vec::new(),
            facts: Values::new(),
            backups: Backups::new(),
            passed: Vec::new(),
            before: Before::Nothing,
            unverified: Unverified::default(),
            simulated: false,
            place: None,
        };
        for event in events {
            history.take(event)?;
        }
        Ok(history)
    }

    fn take(&mut self, event: Event) -> Result<(), Error> {
        self.unverified.hear(&event);
        match event {
            Event::RunStart { simulated, .. } => self.simulated = simulated,
            Event::RunEnd { outcome, .. } if outcome == "proved" => {
                return Err(Error::Ended(outcome));
            }
            Event::Mode { place, .. } => self.place = place.or_else(|| self.place.take()),
            Event::Checkpoint { step, mode } => self.checkpoints.push((step, mode)),
            Event::Fact {
                name, kind, value, ..
            } => {
                let kept = self.private.identities.get(&name).cloned();
                let value = match kind {
                    Kind::Imei => kept,
                    // The chip's serial number is a text.
                    _ => kept.or(Some(value)),
                };
                if let Some(Ok(value)) = value.map(|value| Value::parse(kind, &value)) {
                    self.facts.insert(name, value);
                }
            }
            Event::Backup { step, files, holes } => {
                self.backups.insert(step, (files, holes));
            }
            Event::Intent { step, .. } => {
                self.before = Before::CutShort(step);
            }
            Event::StepEnd { step, result, .. } if result == "passed" => {
                self.before.passed(&step);
                self.passed.push(step);
            }
            _ => {}
        }
        Ok(())
    }

    /// The port path at which the run had the modem, where it saw one: what looks alike and is plugged in elsewhere is
    /// not the modem that was written to.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// What earlier steps have read that identifies the unit.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        self.private.identities.values().map(String::as_str)
    }

    /// The chips that the run was about, by who told their serial numbers.
    pub fn chips(&self) -> Chips {
        let all = self.private.identities.iter();
        let chips = all.filter_map(|(name, serial)| Some((name.strip_prefix(CHIP)?, serial)));
        chips
            .map(|(told_by, serial)| (told_by.to_owned(), serial.clone()))
            .collect()
    }

    /// Stands for every record so far, so that an approval is for this very state.
    pub fn seal(&self) -> String {
        self.journal.seal()
    }

    /// A simulated run goes on on the simulated modem that it had, and nowhere else; any other run on none that is
    /// simulated (reliability.md §3).
    pub fn is_for(&self, simulated: bool) -> Result<(), Error> {
        match (self.simulated, simulated) {
            (true, false) => Err(Error::Simulated),
            (false, true) => Err(Error::Real),
            _ => Ok(()),
        }
    }

    /// Refuses what is not the run's plan, inputs and files; `offline` is their digest now.
    pub fn is_of(&self, offline: &Digest) -> Result<(), Error> {
        if self.private.offline == offline.to_string() {
            Ok(())
        } else {
            Err(Error::Changed)
        }
    }

    /// Finds where the run goes on, given the mode seen now: behind the latest checkpoint that was passed in it.
    pub fn point(
        self,
        plan: &CheckedPlan,
        inputs: &Values,
        seen: &Observed,
    ) -> Result<(Point, Journal), Error> {
        if seen.certainty == Certainty::Guessed {
            return Err(Error::Silent {
                evidence: seen.evidence.clone(),
                cut_short: match self.before {
                    Before::CutShort(step) => {
                        format!(" The run stopped in the middle of step `{step}`")
                    }
                    Before::Nothing | Before::Something => String::new(),
                },
            });
        }
        let groups = plan.steps().iter();
        let steps: Vec<&CheckedStep> = groups
            .flat_map(|step| std::iter::once(step).chain(&step.children))
            .collect();
        let position = |id: &str| steps.iter().position(|step| step.id() == id);
        let after = self
            .checkpoints
            .iter()
            .rev()
            .filter(|(_, mode)| *mode == seen.mode)
            .find_map(|(step, _)| position(step).map(|at| (step.clone(), at)));
        let Some((after, reached)) = after else {
            let mut modes: Vec<&str> = self.checkpoints.iter().map(|(_, m)| m.word()).collect();
            modes.sort_unstable();
            modes.dedup();
            return Err(Error::NoCheckpoint {
                seen: seen.mode,
                evidence: seen.evidence.clone(),
                wanted: modes.join(" or "),
            });
        };
        // Facts of steps behind the checkpoint are the old modem's answers.
        let kept: BTreeSet<String> = steps
            .iter()
            .take(reached + 1)
            .copied()
            .flat_map(|step| step.step.save.iter().map(move |(name, _)| (step, name)))
            .filter_map(|(step, name)| step.step.scope.full(name))
            .collect();
        let mut facts = self.facts;
        facts.retain(|name, _| kept.contains(name) && !inputs.contains_key(name));
        let point = Point {
            after,
            mode: seen.mode,
            facts,
            backups: self.backups,
            passed: self.passed,
            before: self.before,
            unverified: self.unverified,
        };
        Ok((point, self.journal))
    }
}
