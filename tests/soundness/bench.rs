//! Where plans are written, checked and run: a tree of its own, with profiles whose flash is small.

use crate::draft::{Model, Written};
use crate::person::Person;
use crate::random::Random;
use crate::scenario::{self, Weather};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tempfile::TempDir;
use unbrick::check::{self, CheckedPlan};
use unbrick::diagnostic::Problem;
use unbrick::engine::Listener;
use unbrick::engine::inputs::{self, Given, Nobody, Secrets};
use unbrick::engine::run::{Ended, Request, StartError, run};
use unbrick::engine::store::Store;
use unbrick::event::Event;
use unbrick::modem::Session;
use unbrick::plan::{Kind, Mode, Scenario, Values, library};
use unbrick::sim::{self, Modem, SimBus};
use unbrick::transport::Interrupt;

/// Blocks of 4 pages instead of 64: the same partitions in a sixteenth of the bytes.
const SMALL: (&str, &str) = ("pages_per_block: 64", "pages_per_block: 4");
const PACKAGE_SIZE: &str = "512K";

pub(crate) struct Bench {
    folder: TempDir,
    /// What the simulator has made, by model and name.
    made: BTreeMap<(&'static str, String), String>,
}

/// One run.
pub(crate) struct Ran {
    pub(crate) ended: Ended,
    pub(crate) events: Vec<Event>,
}

/// Why there was no run.
#[derive(Debug)]
pub(crate) enum NoRun {
    /// The scenario means nothing, such as a fault that cannot strike there.
    Scenario,
    /// An input's value is refused.
    Inputs,
    Start(StartError),
    Panicked,
}

impl Bench {
    pub(crate) fn new() -> Self {
        // Every record of a journal is synced, which a disk in memory does at once.
        let memory = tempfile::tempdir_in("/dev/shm");
        let folder = memory.or_else(|_| tempfile::tempdir()).unwrap();
        let mut bench = Self {
            folder,
            made: BTreeMap::new(),
        };
        let profiles = [
            (
                Model::Rm502q,
                include_str!("../../plans/quectel/rm502q-gl/modem.yaml"),
            ),
            (
                Model::Ec25,
                include_str!("../../plans/quectel/ec25/modem.yaml"),
            ),
        ];
        for (model, profile) in profiles {
            assert!(profile.contains(SMALL.0));
            let home = bench.home(model);
            std::fs::create_dir_all(home.join("scenarios")).unwrap();
            std::fs::write(home.join("modem.yaml"), profile.replace(SMALL.0, SMALL.1)).unwrap();
            bench.make(model);
        }
        bench
    }

    fn home(&self, model: Model) -> Utf8PathBuf {
        let folder = Utf8Path::from_path(self.folder.path()).unwrap();
        folder.join(model.profile())
    }

    fn store(&self) -> Store {
        Store::open(Utf8Path::from_path(self.folder.path()).unwrap()).unwrap()
    }

    fn make(&mut self, model: Model) {
        let home = self.home(model);
        let path = home.join("scenarios/makes.yaml");
        std::fs::write(&path, scenario::makes(model)).unwrap();
        let (_, scenario) = library::load_scenario(path.as_str()).unwrap();
        let (_, profile) =
            library::load_profile(model.profile(), Some(&home.join("drawn.yaml"))).unwrap();
        let made = self.store().made().unwrap();
        for (name, make) in &scenario.makes.0 {
            let path = sim::made(&made, make, Some(PACKAGE_SIZE), &profile).unwrap();
            let key = (model.profile(), name.value.clone());
            self.made.insert(key, path.into_string());
        }
    }

    /// Writes a plan and its fragments to disk, and checks them.
    pub(crate) fn check(
        &self,
        model: Model,
        written: &Written,
    ) -> Result<CheckedPlan, Vec<Problem>> {
        let home = self.home(model);
        for (name, text) in &written.fragments {
            std::fs::write(home.join(name), text).unwrap();
        }
        let path = home.join("drawn.yaml");
        std::fs::write(&path, &written.plan).unwrap();
        check::load(path.as_str()).map(|(plan, _)| plan)
    }

    /// Runs a checked plan on a modem that begins in a mode.
    pub(crate) fn run(
        &self,
        random: &mut Random,
        model: Model,
        plan: &CheckedPlan,
        start: (Mode, Weather, &[(String, Vec<&'static str>)]),
    ) -> Result<Ran, NoRun> {
        let (mode, weather, hands) = start;
        // Some faults mean nothing where they are drawn.
        let mut text = scenario::scenario(random, model, mode, hands, weather);
        for _ in 0..5 {
            if self.scenario(model, &text).is_some() {
                break;
            }
            text = scenario::scenario(random, model, mode, hands, weather);
        }
        let given = self.given(random, model, plan);
        let values = inputs::resolve(plan, &given, &mut Nobody, Secrets::Written);
        let values = values.map_err(|_| NoRun::Inputs)?;
        self.run_on(random, model, plan, &text, values)
    }

    /// Runs a checked plan on a scenario.
    pub(crate) fn run_on(
        &self,
        random: &mut Random,
        of: Model,
        plan: &CheckedPlan,
        scenario: &str,
        values: Values,
    ) -> Result<Ran, NoRun> {
        let scenario = self.scenario(of, scenario).ok_or(NoRun::Scenario)?;
        let options = sim::Options {
            seed: random.next(),
        };
        let modem = Modem::new(&scenario, plan.profile(), options).map_err(|_| NoRun::Scenario)?;
        let person = Person::new(random, of, plan);
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap();
        let ran = catch_unwind(AssertUnwindSafe(|| {
            carry_out(plan, modem, values, person, &folder)
        }));
        match ran {
            Ok(Ok(ran)) => Ok(ran),
            Ok(Err(error)) => Err(NoRun::Start(error)),
            Err(_) => Err(NoRun::Panicked),
        }
    }

    /// `None` where it means nothing.
    fn scenario(&self, model: Model, text: &str) -> Option<Scenario> {
        let path = self.home(model).join("scenarios/drawn.yaml");
        std::fs::write(&path, text).unwrap();
        let (_, scenario) = library::load_scenario(path.as_str()).ok()?;
        Some(scenario)
    }

    fn given(&self, random: &mut Random, model: Model, plan: &CheckedPlan) -> Given {
        let mut given = Given::new();
        let made = |name: &str| self.made[&(model.profile(), name.to_owned())].clone();
        for (name, input) in &plan.plan().inputs.0 {
            let value = match (name.as_str(), input.kind.value) {
                ("package", _) | (_, Kind::Folder) => {
                    let broken = random.percent(8);
                    made(if broken { "broken" } else { "package" })
                }
                ("programmer", _) => format!("{}/{}", made("package"), model.programmer()),
                (_, Kind::File) => made(if random.percent(15) {
                    "foreign"
                } else {
                    "xqcn"
                }),
                (name, kind) => scenario::input(random, model, name, &kind.to_string()),
            };
            given.insert(name.value.clone(), value);
        }
        given
    }
}

fn carry_out(
    plan: &CheckedPlan,
    modem: Modem,
    values: Values,
    mut person: Person<'_>,
    folder: &TempDir,
) -> Result<Ran, StartError> {
    let (bus, clock, _modem) = SimBus::new(modem);
    let profile = Arc::new(plan.profile().clone());
    let mut session = Session::new(Box::new(bus), clock, Interrupt::default(), profile);
    let store = Store::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    let folder = store.new_run().unwrap();
    let outputs = Utf8Path::new("outputs");
    folder.root.make_folder(outputs).unwrap();
    let request = Request {
        plan,
        name: "drawn".to_owned(),
        values,
        overrides: BTreeMap::new(),
        approve: None,
        yes: false,
        outputs: folder.root.folder(outputs).unwrap(),
        place: "the simulated modem".to_owned(),
        ports: Vec::new(),
        folder,
        resume: None,
    };
    let mut hears = Hears(Vec::new());
    let ended = run(request, &mut session, &mut person, vec![&mut hears])?;
    Ok(Ran {
        ended,
        events: hears.0,
    })
}

struct Hears(Vec<Event>);

impl Listener for Hears {
    fn hear(&mut self, event: &Event) {
        if !matches!(event, Event::Progress { .. }) {
            self.0.push(event.clone());
        }
    }
}
