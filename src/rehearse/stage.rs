//! One case, carried out: a fresh modem, one run by the engine, and, where the case says so, its resume.

use super::case::Case;
use super::compare::{self, Came, Steps};
use super::computer::{Computer, Killed};
use super::operator::Answers;
use super::simulation::{self, PackageSize, Simulation};
use crate::check::CheckedPlan;
use crate::diagnostic::Problem;
use crate::engine::Listener;
use crate::engine::inputs::{self, Given, Nobody, Secrets};
use crate::engine::resume::{self, History};
use crate::engine::run::{self, Request, StartError};
use crate::engine::store::{RunFolder, Scratch, Store};
use crate::engine::zips;
use crate::event::Event;
use crate::files;
use crate::plan::library::Place;
use crate::plan::{Expectation, FaultKind, Hand, Kind, Mode, Outcome, Values};
use crate::sim::Modem;
use crate::transport::Interrupt;
use camino::Utf8Path;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// A package of a rehearsal: every image of it in a few pages, so that a case takes a fraction of a second.
const SMALL: PackageSize<'static> = PackageSize::Usual("1M");
/// A person takes their time to put the plug back, and the modem some more to show up.
const REPLUG: Duration = Duration::from_secs(60);
/// Why a guard is overridden in a rehearsal.
const BECAUSE: &str = "the rehearsal case says so";

/// How a case came out.
#[derive(Debug)]
pub struct Rehearsed {
    /// Each difference from what the case expects; none where it came out as expected.
    pub differences: Vec<Problem>,
    pub outcome: Outcome,
    /// What the first run told a person to do.
    pub help: Option<String>,
    /// Of the resumed run.
    pub resumed: Option<Outcome>,
    /// The modem's time.
    pub took: Duration,
}

/// Where cases are carried out: a temporary folder, removed at the end, in which things are made once for all cases.
#[derive(Debug)]
pub struct Stage {
    made: TempDir,
}

impl Stage {
    pub fn new() -> Result<Self, Problem> {
        Ok(Self { made: temporary()? })
    }

    /// Carries out a case. The problems of an error are not differences: the run could not even begin.
    pub fn rehearse(
        &self,
        case: &Case,
        plan: &CheckedPlan,
        listener: &mut dyn Listener,
    ) -> Result<Rehearsed, Vec<Problem>> {
        let runs = temporary().map_err(one)?;
        let store = store(&runs).map_err(one)?;
        let mut scenario = case.scenario.clone();
        scenario.faults.extend(case.rehearsal.faults.clone());
        let values = self.values(case, plan, &store)?;
        let (values, _scratch) = unpacked(plan, values, &store)?;
        let modem = Simulation::new(&scenario, plan, 0).map_err(one)?.modem;
        let computer = Computer::new(&modem, &scenario.faults, &values);
        let before = simulation::lock(&modem).summary();
        let mut acting = Acting {
            case,
            plan,
            values,
            modem,
            computer,
            store: &store,
            answers: Answers::new(&case.rehearsal.answers),
            listener,
        };
        let folder = store.new_run().map_err(|error| one(host(&error)))?;
        let id = folder.id.clone();
        let first = acting.run(folder, None)?;
        let source = &case.source;
        let expect = &case.rehearsal.expect;
        let mut differences = compare::differences(source, "", expect, &first, &before);
        differences.extend(acting.idle_faults());
        let mut resumed = None;
        if let Some(expect) = &case.rehearsal.resumed {
            acting.faults_are_over();
            match acting.resume(&id) {
                Ok(again) => {
                    let more = compare::differences(source, "resumed.", expect, &again, &before);
                    differences.extend(more);
                    resumed = Some(again.outcome);
                }
                Err(why) => differences.push(cannot_resume(case, expect, &why)),
            }
        }
        differences.extend(acting.unused_answers());
        let took = simulation::lock(&acting.modem).now();
        Ok(Rehearsed {
            differences,
            outcome: first.outcome,
            help: first.help,
            resumed,
            took,
        })
    }

    /// Every input: the case's own words and made things first, then the scenario's. What is swapped is made for this case
    /// alone, in the folder of its runs.
    fn values(
        &self,
        case: &Case,
        plan: &CheckedPlan,
        runs: &Store,
    ) -> Result<Values, Vec<Problem>> {
        let mut faults = case.rehearsal.faults.iter();
        let made = if faults.any(|fault| fault.kind.value == FaultKind::FileSwapped) {
            runs.made()
        } else {
            store(&self.made).map_err(one)?.made()
        };
        let made = made.map_err(|error| one(host(&error)))?;
        let rehearsal = &case.rehearsal;
        let mut given = Given::new();
        for (name, text) in &rehearsal.inputs {
            let kind = plan.plan().inputs.get(name).map(|input| input.kind.value);
            let text = match (kind, case.place.follow(text)) {
                (Some(Kind::File | Kind::Folder), Place::Disk(path)) => path.into_string(),
                _ => text.value.clone(),
            };
            given.insert(name.value.clone(), text);
        }
        let none = crate::yaml::Table::default();
        let scenario = &case.scenario;
        let nothing = crate::yaml::Table::default();
        simulation::give(&none, &rehearsal.makes, SMALL, plan, &made, &mut given).map_err(one)?;
        simulation::give(&scenario.inputs, &nothing, SMALL, plan, &made, &mut given)
            .map_err(one)?;
        simulation::give(&none, &scenario.makes, SMALL, plan, &made, &mut given).map_err(one)?;
        inputs::resolve(plan, &given, &mut Nobody, Secrets::Written).map_err(|error| match error {
            inputs::Error::Problems(problems) => problems,
            inputs::Error::Missing(missing) => {
                let missing = missing.iter().map(|(name, about)| {
                    let message = format!("input `{name}` is missing: {about}");
                    Problem::bare("input::missing", message)
                });
                missing.collect()
            }
        })
    }
}

/// The same with every zip unpacked beside the runs of the case.
fn unpacked(
    plan: &CheckedPlan,
    values: Values,
    store: &Store,
) -> Result<(Values, Option<Scratch>), Vec<Problem>> {
    let unpacked = zips::unpack(plan, values, || store.scratch(), &Interrupt::default());
    unpacked.map_err(|error| match error {
        zips::Error::Problems(problems) => problems,
        zips::Error::Host(problem) | zips::Error::Interrupted(problem) => vec![problem],
    })
}

/// One case while it is carried out.
struct Acting<'a> {
    case: &'a Case,
    plan: &'a CheckedPlan,
    values: Values,
    modem: Arc<Mutex<Modem>>,
    computer: Computer,
    store: &'a Store,
    answers: Answers<'a>,
    listener: &'a mut dyn Listener,
}

impl Acting<'_> {
    fn run(&mut self, folder: RunFolder, history: Option<History>) -> Result<Came, Vec<Problem>> {
        let id = folder.id.clone();
        let folder = RunFolder {
            root: folder.root.on(self.computer.disk()),
            ..folder
        };
        let outputs = simulation::outputs(&folder.root).map_err(|error| one(host(&error)))?;
        let overrides = self.case.rehearsal.overrides.iter();
        let overrides: BTreeMap<String, String> = overrides
            .map(|name| (name.value.clone(), BECAUSE.to_owned()))
            .collect();
        let request = Request {
            plan: self.plan,
            name: self.plan.plan().id.value.clone(),
            values: self.values.clone(),
            overrides,
            approve: None,
            yes: false,
            outputs,
            place: "the simulated modem".to_owned(),
            ports: Vec::new(),
            folder,
            resume: history,
        };
        let recorded_before = simulation::lock(&self.modem).record().len();
        let mut session = simulation::session(&self.computer, &self.modem, self.plan);
        let mut steps = Steps::default();
        let mut computer = self.computer.clone();
        let mut hears = Both(&mut steps, &mut *self.listener);
        let answers = &mut self.answers;
        // What a killed run leaves behind is looked at as it is: nobody goes on with what was in its memory.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let listeners: Vec<&mut dyn Listener> = vec![&mut computer, &mut hears];
            run::run(request, &mut session, answers, listeners)
        }));
        drop(session);
        let result = match result {
            Ok(result) => Some(result),
            Err(payload) if payload.is::<Killed>() => None,
            Err(payload) => resume_unwind(payload),
        };
        let told = match result {
            None => self.killed(&id)?,
            Some(Ok(ended)) => Told {
                outcome: ended.outcome,
                step: ended.step,
                code: ended.code,
                message: ended.message,
                help: ended.help,
                facts: ended.facts,
            },
            Some(Err(StartError::Resume(error))) if error.is_about_the_modem() => Told {
                outcome: Outcome::NoModem,
                step: None,
                code: Some(resume::CODE.to_owned()),
                message: error.to_string(),
                help: Some(error.help()),
                facts: Values::new(),
            },
            Some(Err(error)) => {
                return Err(one(Problem::bare("rehearsal::start", error.to_string())));
            }
        };
        let modem = simulation::lock(&self.modem);
        let records = modem.record().iter().skip(recorded_before);
        Ok(Came {
            outcome: told.outcome,
            step: told.step,
            code: told.code,
            message: told.message,
            help: told.help,
            facts: told.facts,
            steps,
            modem: modem.summary(),
            recorded: records.map(|record| record.kind.recorded()).collect(),
        })
    }

    /// A killed run says nothing, so its journal is asked, as `unbrick runs` does.
    fn killed(&self, id: &str) -> Result<Told, Vec<Problem>> {
        let runs = self.store.runs().map_err(|error| one(host(&error)))?;
        let past = runs.into_iter().find(|past| past.id == id);
        let Some(past) = past.filter(|past| past.outcome == Outcome::Interrupted.word()) else {
            let message = "a run that was killed must be listed as interrupted";
            return Err(one(Problem::bare("rehearsal::start", message)));
        };
        Ok(Told {
            outcome: Outcome::Interrupted,
            step: past.step,
            code: None,
            message: "nothing: the program was killed".to_owned(),
            help: None,
            facts: Values::new(),
        })
    }

    /// Nothing goes wrong any more, and a plug that is out is put back. The boot pin stays as it is.
    fn faults_are_over(&self) {
        let mut modem = simulation::lock(&self.modem);
        modem.end_faults();
        self.computer.mend();
        let replug = self.case.rehearsal.replug.as_ref();
        if replug.is_some_and(|replug| replug.value) {
            modem.hand(Hand::Unplug);
        }
        if modem.summary().mode == Mode::Off {
            modem.hand(Hand::Plug);
            let until = modem.now().saturating_add(REPLUG);
            modem.advance(until);
        }
    }

    fn resume(&mut self, id: &str) -> Result<Came, Vec<Problem>> {
        let cannot = |error: resume::Error| {
            let problem = Problem::bare(resume::CODE, error.to_string());
            one(problem.help(error.help()))
        };
        let folder = self.store.run(id).map_err(|error| one(host(&error)))?;
        let private = resume::private(&folder).map_err(cannot)?;
        let history = History::read(&folder, private).map_err(cannot)?;
        self.run(folder, Some(history))
    }

    /// A fault that never strikes shows nothing, so the case does not show what it says.
    fn idle_faults(&self) -> Vec<Problem> {
        let struck = simulation::lock(&self.modem).struck();
        let here = self.computer.struck();
        let own = self.case.scenario.faults.len()..;
        let faults = own.zip(&self.case.rehearsal.faults);
        faults
            .filter(|(place, fault)| {
                if fault.kind.value.is_of_the_host() {
                    !here.contains(place)
                } else {
                    !struck.contains(place)
                }
            })
            .map(|(_, fault)| {
                let message = "this fault never strikes, so the case does not show what it says";
                Problem::new(&self.case.source, "rehearsal::idle-fault", message)
                    .label(fault.kind.span.clone(), "nothing came to it")
                    .help("name another `step`, `on` or `nth`, or drop it")
            })
            .collect()
    }

    fn unused_answers(&self) -> Vec<Problem> {
        let unused = self.answers.unused();
        unused
            .map(|name| {
                let message = format!("step `{}` never asks for an answer", name.value);
                Problem::new(&self.case.source, "rehearsal::unused-answer", message)
                    .label(name.span.clone(), "not asked")
                    .help("drop it, or answer at another step")
            })
            .collect()
    }
}

/// What a run said at its end.
struct Told {
    outcome: Outcome,
    step: Option<String>,
    code: Option<String>,
    message: String,
    help: Option<String>,
    facts: Values,
}

/// Two listeners as one.
struct Both<'a>(&'a mut dyn Listener, &'a mut dyn Listener);

impl Listener for Both<'_> {
    fn hear(&mut self, event: &Event) {
        self.0.hear(event);
        self.1.hear(event);
    }
}

/// The first run is over, so what it came to is told as well.
fn cannot_resume(case: &Case, expect: &Expectation, why: &[Problem]) -> Problem {
    let why: Vec<&str> = why.iter().map(|problem| problem.message.as_str()).collect();
    let message = format!("the run cannot be resumed: {}", why.join("; "));
    Problem::new(&case.source, "rehearsal::differs", message)
        .label(expect.outcome.span.clone(), "never comes to this")
}

fn temporary() -> Result<TempDir, Problem> {
    tempfile::tempdir().map_err(|error| {
        Problem::bare(
            "host::file",
            format!("there is no temporary folder: {error}"),
        )
    })
}

fn store(folder: &TempDir) -> Result<Store, Problem> {
    let path = Utf8Path::from_path(folder.path())
        .ok_or_else(|| Problem::bare("host::file", "the temporary folder's path is not UTF-8"))?;
    Store::open(path).map_err(|error| host(&error))
}

fn host(error: &files::Error) -> Problem {
    Problem::bare("host::file", error.to_string())
}

fn one(problem: Problem) -> Vec<Problem> {
    vec![problem]
}
