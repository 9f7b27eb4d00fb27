//! One cell: one modem, one run of the shipped plan, and everything that is known of it afterwards.

use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::time::Duration;
use tempfile::TempDir;
use unbrick::check::{self, CheckedPlan};
use unbrick::engine::inputs::{self, Secrets};
use unbrick::engine::operator::Answer;
use unbrick::engine::run::{Ended, Request, run};
use unbrick::engine::store::Store;
use unbrick::engine::{Listener, Operator};
use unbrick::event::Event;
use unbrick::files::Root;
use unbrick::modem::Session;
use unbrick::plan::{Scenario, library};
use unbrick::sim::{self, Modem, Record, SimBus, Summary};
use unbrick::transport::Interrupt;

/// Blocks of 4 pages instead of 64: the same partitions in a sixteenth of the bytes.
const SMALL: (&str, &str) = ("pages_per_block: 64", "pages_per_block: 4");
pub(crate) const PAGES_PER_BLOCK: u64 = 4;
const PACKAGE_SIZE: &str = "1M";
/// Wall clock of one run, after which it counts as hanging. A run takes a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// The shipped plan, profile and scenario in a tree of their own, and what the scenario makes.
pub(crate) struct Story {
    folder: TempDir,
    pub(crate) plan: CheckedPlan,
    pub(crate) scenario: Scenario,
    made: BTreeMap<String, String>,
}

/// Everything that is known of one run.
pub(crate) struct Ran {
    pub(crate) ended: Ended,
    /// Each event, with the number of the modem's records before it.
    pub(crate) events: Vec<(usize, Event)>,
    pub(crate) record: Vec<Record>,
    pub(crate) summary: Summary,
    /// The modem's time at the end.
    pub(crate) took: Duration,
    pub(crate) journal: Vec<u8>,
}

/// The story, set up once for the whole process.
pub(crate) fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(Story::set_up)
}

impl Story {
    fn set_up() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("quectel/rm502q-gl");
        std::fs::create_dir_all(model.join("scenarios")).unwrap();
        let profile = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
        assert!(profile.contains(SMALL.0));
        let files = [
            ("modem.yaml", profile.replace(SMALL.0, SMALL.1)),
            (
                "unbrick-900e.yaml",
                include_str!("../../plans/quectel/rm502q-gl/unbrick-900e.yaml").to_owned(),
            ),
            (
                "scenarios/900e.yaml",
                include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml").to_owned(),
            ),
        ];
        for (name, text) in files {
            std::fs::write(model.join(name), text).unwrap();
        }
        let path = |name: &str| model.join(name).to_str().unwrap().to_owned();
        let (plan, _) = check::load(&path("unbrick-900e.yaml")).unwrap();
        let (_, scenario) = library::load_scenario(&path("scenarios/900e.yaml")).unwrap();
        let store = Store::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let made = (scenario.makes.0.iter())
            .map(|(name, make)| {
                let size = Some(PACKAGE_SIZE);
                let made = sim::made(&store.made().unwrap(), make, size, plan.profile()).unwrap();
                (name.value.clone(), made.into_string())
            })
            .collect();
        Self {
            folder,
            plan,
            scenario,
            made,
        }
    }

    /// Runs the plan on a modem. Panics, with the cell's name, where the run panics or hangs.
    pub(crate) fn run(&'static self, name: &str, scenario: Scenario) -> Ran {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let ran = catch_unwind(AssertUnwindSafe(|| self.run_here(&scenario)));
            // Nobody listens any more where the patience was over.
            let _ = tell.send(ran);
        });
        match told.recv_timeout(PATIENCE) {
            Ok(Ok(ran)) => ran,
            Ok(Err(_)) => panic!("{name}: the run panicked"),
            Err(error) => panic!("{name}: the run hangs: {error}"),
        }
    }

    fn run_here(&self, scenario: &Scenario) -> Ran {
        let mut given: BTreeMap<String, String> = (scenario.inputs.0.iter())
            .map(|(name, value)| (name.value.clone(), value.value.clone()))
            .collect();
        given.extend(self.made.clone());
        let values = inputs::resolve(&self.plan, &given, &mut Yes, Secrets::Referred).unwrap();
        let modem = Modem::new(scenario, self.plan.profile(), sim::Options { seed: 1 }).unwrap();
        let (bus, clock, modem) = SimBus::new(modem);
        let profile = Arc::new(self.plan.profile().clone());
        let mut session = Session::new(Box::new(bus), clock, Interrupt::default(), profile);
        let state = tempfile::tempdir_in(self.folder.path()).unwrap();
        let store = Store::open(Utf8Path::from_path(state.path()).unwrap()).unwrap();
        let folder = store.new_run().unwrap();
        let journal = folder.root.path().join("journal");
        let outputs = Utf8PathBuf::from("outputs");
        folder.root.make_folder(&outputs).unwrap();
        let request = Request {
            plan: &self.plan,
            name: "unbrick-900e".to_owned(),
            values,
            overrides: BTreeMap::new(),
            approve: None,
            yes: false,
            outputs: Root::open(&folder.root.path().join(&outputs)).unwrap(),
            place: "the simulated modem".to_owned(),
            ports: Vec::new(),
            folder,
            resume: None,
        };
        let mut hears = Hears {
            modem: Arc::clone(&modem),
            events: Vec::new(),
        };
        let ended = run(request, &mut session, &mut Yes, vec![&mut hears]).unwrap();
        drop(session);
        let modem = modem.lock().unwrap();
        Ran {
            ended,
            events: hears.events,
            record: modem.record().to_vec(),
            summary: modem.summary(),
            took: modem.now(),
            journal: std::fs::read(journal).unwrap(),
        }
    }
}

/// Keeps what the modem had been sent by the time of each event.
struct Hears {
    modem: Arc<Mutex<Modem>>,
    events: Vec<(usize, Event)>,
}

impl Listener for Hears {
    fn hear(&mut self, event: &Event) {
        if !matches!(event, Event::Progress { .. }) {
            let before = self.modem.lock().unwrap().record().len();
            self.events.push((before, event.clone()));
        }
    }
}

/// A person who says yes to everything.
pub(crate) struct Yes;

impl Operator for Yes {
    fn tell(&mut self, _step: &str, _text: &str) {}

    fn can_act(&self) -> bool {
        true
    }

    fn can_answer(&self, _step: &str) -> bool {
        true
    }

    fn confirm(&mut self, _step: &str, _question: &str, _typed: &str) -> Answer {
        Answer::Yes { how: "test" }
    }

    fn agree(&mut self, _step: &str, _question: &str) -> Answer {
        Answer::Yes { how: "test" }
    }

    fn ask(&mut self, name: &str, _question: &str) -> Option<String> {
        (name == "installed_fw").then(|| "unknown".to_owned())
    }
}
