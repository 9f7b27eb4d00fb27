//! What a dry run may do to a modem: look at it, and ask what changes nothing.

use super::{Dry, Preview};
use crate::action::{Cause, Failure, Witness};
use crate::check::CheckedStep;
use crate::engine::attempts::{self, Tries};
use crate::engine::inputs::Nobody;
use crate::engine::perform::{self, Bench, Saved};
use crate::event::{BackupFile, Event, Unit};
use crate::modem::session::Certainty;
use crate::modem::{Role, Session, identity};
use crate::plan::{Mode, Modes, Profile, TransportName};
use crate::script::Host;
use std::collections::BTreeMap;

/// What one look shows.
pub(super) struct Seen {
    /// Modes in which the modem may be.
    pub(super) could: Modes,
    /// "in normal (…)", for people.
    pub(super) told: String,
}

/// One look. The bulk pair is not opened: whoever reads HELLO takes it from the run that follows. The simulated modem
/// of a dry run is gone with it.
pub(super) fn look(session: &mut Session, profile: &Profile) -> Seen {
    let sighting = match session.look() {
        Ok(sighting) => sighting,
        Err(error) => {
            return Seen {
                could: Modes::NONE,
                told: format!("out of sight ({error})"),
            };
        }
    };
    if sighting.roles.contains(&Role::Edl) && !session.is_simulated() {
        let mut either = Modes::one(Mode::Edl).or(Modes::one(Mode::Firehose));
        if profile
            .transports
            .iter()
            .any(|name| name.value == TransportName::Dload)
        {
            either = either.or(Modes::one(Mode::Dload));
        }
        let (could, place) = match &sighting.usb {
            Some(usb) => match identity::mode_of(usb, profile) {
                Some(Mode::Edl) | None => (either, usb.to_string()),
                Some(mode) => (Modes::one(mode), usb.to_string()),
            },
            None => (
                either.or(Modes::one(Mode::Ramdump)),
                "the edl port".to_owned(),
            ),
        };
        let told =
            format!("in {could} ({place}, which is not opened: a run needs its first bytes)");
        return Seen { could, told };
    }
    match session.observe() {
        Ok(seen) if seen.certainty == Certainty::Told => Seen {
            could: Modes::one(seen.mode),
            told: match seen.mode {
                Mode::Off => format!("not there ({})", seen.evidence),
                mode => format!("in {mode} ({})", seen.evidence),
            },
        },
        Ok(seen) => Seen {
            could: Modes::NONE,
            told: format!("not to be told ({})", seen.evidence),
        },
        Err(error) => Seen {
            could: Modes::NONE,
            told: format!("out of sight ({error})"),
        },
    }
}

impl Dry<'_> {
    /// Asks what the step asks, as often as the step says. Only for steps that compute or read.
    pub(super) fn read(
        &mut self,
        checked: &CheckedStep,
        preview: &mut Preview,
    ) -> Result<Saved, Failure> {
        let mut notes = Notes(Vec::new());
        let result = match &mut self.session {
            Some(session) => {
                let mut tries = Tries::new(checked.step.retry.as_deref());
                loop {
                    let bench = Bench {
                        plan: self.plan,
                        session,
                        witness: &mut notes,
                        operator: &mut Nobody,
                        values: &self.values,
                        outputs: &self.outputs,
                        overrides: self.overrides,
                    };
                    match attempt(checked, bench) {
                        Ok(saved) => break Ok(saved),
                        Err(failure) => match tries.after(&failure) {
                            Some(delay) => session.clock().sleep(delay),
                            None => break Err(failure),
                        },
                    }
                }
            }
            None => compute(checked, &self.values, &mut notes),
        };
        let said = notes
            .0
            .iter()
            .map(|note| format!("says: {}", self.mask.text(note)));
        preview.lines.extend(said);
        result
    }
}

fn attempt(checked: &CheckedStep, bench: Bench<'_>) -> Result<Saved, Failure> {
    let seen = look(bench.session, bench.plan.profile());
    if !seen.could.within(checked.signature.needs) || seen.could.is_empty() {
        let message = format!("the modem is {}", seen.told);
        return Err(Failure::new(
            "modem::unexpected-mode",
            Cause::Modem,
            message,
        ));
    }
    let values = bench.values;
    let saved = perform::perform(checked, bench)?;
    attempts::until(checked, values, &saved)?;
    Ok(saved)
}

/// A script that asks nobody needs no modem.
fn compute(
    checked: &CheckedStep,
    values: &crate::plan::Values,
    notes: &mut Notes,
) -> Result<Saved, Failure> {
    match &checked.script {
        Some(script) => perform::run_script(script, notes, &checked.view(values)),
        None => Ok(Saved::default()),
    }
}

/// Keeps what is said; nothing is written, and no modem is there.
struct Notes(Vec<String>);

impl Host for Notes {
    fn at(&mut self, _command: &str) -> Result<Vec<String>, String> {
        Err("no modem is asked".to_owned())
    }

    fn rfnv_count(&mut self) -> Result<i64, String> {
        Err("no modem is asked".to_owned())
    }

    fn log(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

impl Witness for Notes {
    fn intent(&mut self, operation: &str, _: &str, _: Option<&str>) -> Result<(), Failure> {
        Err(nothing(operation))
    }

    fn done(&mut self, operation: &str, _: &str, _: &str) -> Result<(), Failure> {
        Err(nothing(operation))
    }

    fn failed(&mut self, _operation: &str, _target: &str, _error: &str) {}

    fn progress(&mut self, _what: &str, _unit: Unit, _done: u64, _total: u64) {}

    fn note(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }

    fn backup(
        &mut self,
        _files: Vec<BackupFile>,
        _holes: BTreeMap<String, u64>,
    ) -> Result<(), Failure> {
        Err(nothing("backup"))
    }

    fn event(&mut self, _event: Event) {}
}

/// A step that is carried out here only reads: anything else is a fault of the program, and not done.
fn nothing(operation: &str) -> Failure {
    let message = format!("a dry run does no `{operation}`");
    Failure::new("program::dry", Cause::Program, message)
}
