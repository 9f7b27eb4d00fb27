//! Turns what happens into events: masked, journalled and synced first, then told to the listeners.

use super::journal::{self, Writer};
use super::mask::Mask;
use super::unverified::Unverified;
use crate::action::{Cause, Failure, Witness};
use crate::event::{BackupFile, Event, Unit};
use std::collections::BTreeMap;

/// Hears every event, masked.
pub trait Listener {
    fn hear(&mut self, event: &Event);
}

/// The run's memory while it runs.
pub(super) struct Recorder<'a> {
    pub(super) mask: Mask,
    writer: Writer,
    listeners: Vec<&'a mut dyn Listener>,
    step: String,
    /// Operations with an intent and neither done nor failed.
    open: Vec<(String, String)>,
    /// Something destructive was begun in this run.
    pub(super) wrote: bool,
    /// Something destructive was begun in the present step.
    pub(super) wrote_here: bool,
    /// Files of each backup step, with the pages that could not be read.
    pub(super) backups: BTreeMap<String, (Vec<BackupFile>, BTreeMap<String, u64>)>,
    /// What was written and not verified, in earlier parts of the run too.
    pub(super) unverified: Unverified,
    /// The first error of the journal; the run stops at the next safe point.
    pub(super) broken: Option<String>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(mask: Mask, writer: Writer, listeners: Vec<&'a mut dyn Listener>) -> Self {
        Self {
            mask,
            writer,
            listeners,
            step: String::new(),
            open: Vec::new(),
            wrote: false,
            wrote_here: false,
            backups: BTreeMap::new(),
            unverified: Unverified::default(),
            broken: None,
        }
    }

    pub(super) fn enter(&mut self, step: &str) {
        step.clone_into(&mut self.step);
        self.open.clear();
        self.wrote_here = false;
    }

    /// Operations of the present step whose end nobody knows.
    pub(super) fn in_doubt(&self) -> &[(String, String)] {
        &self.open
    }

    /// Journals an event and tells the listeners.
    pub(super) fn emit(&mut self, event: &Event) -> Result<(), journal::Error> {
        self.unverified.hear(event);
        let value = serde_json::to_value(event).map_err(|_| journal::Error::Shape)?;
        let masked = self.mask.value(value);
        let kept = !matches!(event, Event::Progress { .. });
        let written = if kept {
            self.writer.append(&stamp(), masked.clone())
        } else {
            Ok(())
        };
        if let Ok(event) = serde_json::from_value::<Event>(masked) {
            for listener in &mut self.listeners {
                listener.hear(&event);
            }
        }
        if let Err(error) = &written {
            self.broken.get_or_insert_with(|| error.to_string());
        }
        written
    }

    /// Journals an event whose failure shows at the next safe point.
    pub(super) fn say(&mut self, event: &Event) {
        // `broken` keeps the error.
        let _ = self.emit(event);
    }
}

/// UTC with milliseconds.
fn stamp() -> String {
    let now = jiff::Timestamp::now();
    let rounded = jiff::Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    format!("{rounded:.3}")
}

/// The folder of the run does not take what must be kept.
pub(super) fn unwritable(error: &impl ToString) -> Failure {
    Failure::new("host::journal", Cause::Host, error.to_string())
        .help("make room on the disk, or choose another folder with `--state`")
}

impl Witness for Recorder<'_> {
    fn intent(
        &mut self,
        operation: &str,
        target: &str,
        digest: Option<&str>,
    ) -> Result<(), Failure> {
        self.emit(&Event::Intent {
            step: self.step.clone(),
            operation: operation.into(),
            target: target.into(),
            digest: digest.map(Into::into),
        })
        .map_err(|e| unwritable(&e))?;
        self.wrote = true;
        self.wrote_here = true;
        self.open.push((operation.into(), target.into()));
        Ok(())
    }

    fn done(&mut self, operation: &str, target: &str, evidence: &str) -> Result<(), Failure> {
        self.open
            .retain(|(o, t)| (o.as_str(), t.as_str()) != (operation, target));
        self.emit(&Event::Done {
            step: self.step.clone(),
            operation: operation.into(),
            target: target.into(),
            evidence: evidence.into(),
        })
        .map_err(|e| unwritable(&e))
    }

    fn failed(&mut self, operation: &str, target: &str, error: &str) {
        self.open
            .retain(|(o, t)| (o.as_str(), t.as_str()) != (operation, target));
        self.say(&Event::Failed {
            step: self.step.clone(),
            operation: operation.into(),
            target: target.into(),
            error: error.into(),
        });
    }

    fn progress(&mut self, what: &str, unit: Unit, done: u64, total: u64) {
        self.say(&Event::Progress {
            step: self.step.clone(),
            what: what.into(),
            unit,
            done,
            total,
        });
    }

    fn note(&mut self, text: &str) {
        self.say(&Event::Note {
            step: self.step.clone(),
            text: text.into(),
        });
    }

    fn backup(
        &mut self,
        files: Vec<BackupFile>,
        holes: BTreeMap<String, u64>,
    ) -> Result<(), Failure> {
        self.backups
            .insert(self.step.clone(), (files.clone(), holes.clone()));
        self.emit(&Event::Backup {
            step: self.step.clone(),
            files,
            holes,
        })
        .map_err(|e| unwritable(&e))
    }

    fn event(&mut self, event: Event) {
        self.say(&event);
    }
}
