//! The ways through the program that every example takes: show, dry run, run.

use crate::{examples, name_of, plans};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use unbrick::check;
use unbrick::engine::inputs::{self, Secrets};
use unbrick::engine::operator::Answer;
use unbrick::engine::run::{Ended, Request, StartError, run};
use unbrick::engine::store::Store;
use unbrick::engine::{Operator, Outcome};
use unbrick::files::Root;
use unbrick::modem::Session;
use unbrick::plan::{Mode, Scenario, library};
use unbrick::sim::{self, Modem, Record, SimBus};
use unbrick::transport::Interrupt;

/// What a person answers in `look.yaml`.
const ANSWERS: [(&str, &str); 2] = [
    ("read-label", "RM502QGLAA-M20-CASA"),
    ("read-imei", "490154203237518"),
];

/// A folder of its own, with what the examples need besides their scenarios.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(bench.path("key"), "AbCd1234.x/").unwrap();
        // In a tree of their own the examples run on the same module with a sixteenth of its flash.
        let model = bench.path("quectel/rm502q-gl");
        std::fs::create_dir_all(&model).unwrap();
        let profile = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
        let small = profile.replace("pages_per_block: 64", "pages_per_block: 4");
        assert_ne!(small, profile);
        std::fs::write(model.join("modem.yaml"), small).unwrap();
        for path in plans() {
            let name = format!("{}.yaml", name_of(&path));
            std::fs::copy(&path, model.join(name)).unwrap();
        }
        let scenario = scenario_of("update");
        let package = bench.path("package");
        let made = bench.call(&[
            "sim",
            scenario.as_str(),
            "--package",
            package.as_str(),
            "--size",
            "1M",
        ]);
        assert!(made.status.success(), "{made:?}");
        bench
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join(name)
    }

    fn call(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_unbrick"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Inputs that no scenario gives: files of this computer, and a secret.
    fn inputs(&self, example: &str) -> BTreeMap<String, String> {
        let firehose = self.path("package/update/firehose");
        let programmer: String = firehose.join("prog_firehose_sdx55.mbn").into();
        let given = match example {
            "open-adb" => vec![("adb_key", format!("@{}", self.path("key")))],
            "save-all" => vec![("programmer", programmer.clone()), ("first", programmer)],
            _ => Vec::new(),
        };
        given
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Runs an example on a modem, in this process, with a person who answers.
    fn run(&self, example: &str, scenario: &Scenario) -> (Result<Ended, StartError>, Vec<Record>) {
        let path = self.path(&format!("quectel/rm502q-gl/{example}.yaml"));
        let (plan, _) = check::load(path.as_str()).unwrap();
        let state = tempfile::tempdir_in(self.folder.path()).unwrap();
        let store = Store::open(Utf8Path::from_path(state.path()).unwrap()).unwrap();
        let mut given: BTreeMap<String, String> = (scenario.inputs.0.iter())
            .map(|(name, value)| (name.value.clone(), value.value.clone()))
            .collect();
        for (name, make) in &scenario.makes.0 {
            let folder = store.made().unwrap();
            let made = sim::made(&folder, make, Some("1M"), plan.profile()).unwrap();
            given.insert(name.value.clone(), made.into_string());
        }
        for (name, value) in self.inputs(example) {
            given.insert(name, value);
        }
        let values = inputs::resolve(&plan, &given, &mut Person, Secrets::Referred).unwrap();
        let modem = Modem::new(scenario, plan.profile(), sim::Options { seed: 1 }).unwrap();
        let (bus, clock, modem) = SimBus::new(modem);
        let profile = Arc::new(plan.profile().clone());
        let mut session = Session::new(Box::new(bus), clock, Interrupt::default(), profile);
        let folder = store.new_run().unwrap();
        folder.root.make_folder(Utf8Path::new("outputs")).unwrap();
        let request = Request {
            plan: &plan,
            name: example.to_owned(),
            values,
            overrides: BTreeMap::new(),
            approve: None,
            yes: false,
            outputs: Root::open(&folder.root.path().join("outputs")).unwrap(),
            place: "the simulated modem".to_owned(),
            ports: Vec::new(),
            folder,
            resume: None,
        };
        let ended = run(request, &mut session, &mut Person, Vec::new());
        drop(session);
        let record = modem.lock().unwrap().record().to_vec();
        (ended, record)
    }
}

fn scenario_of(example: &str) -> Utf8PathBuf {
    let path = examples().join(format!("scenarios/{example}.yaml"));
    Utf8PathBuf::from_path_buf(path).unwrap()
}

fn load(example: &str) -> Scenario {
    let (_, scenario) = library::load_scenario(scenario_of(example).as_str()).unwrap();
    scenario
}

/// A person who says yes, and knows the label.
struct Person;

impl Operator for Person {
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
        let mut answers = ANSWERS.iter();
        let found = answers.find(|(step, _)| *step == name);
        found.map(|(_, answer)| (*answer).to_owned())
    }
}

#[test]
fn each_is_shown_and_decided_dry() {
    let bench = Bench::new();
    for path in plans() {
        let example = name_of(&path);
        let (plan, _) = check::load(&path).unwrap();
        let shown = bench.call(&["show", &path]);
        let text = String::from_utf8_lossy(&shown.stdout);
        assert!(shown.status.success(), "{path}: {shown:?}");
        for step in plan.all_steps() {
            assert!(text.contains(&step.step.id.value), "{}", step.step.id.value);
        }
        let given: Vec<String> = bench
            .inputs(example)
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let scenario = scenario_of(example);
        let mut arguments = vec!["dry-run", &path, "--sim", scenario.as_str()];
        arguments.extend(["--package-size", "1M"]);
        arguments.extend(given.iter().flat_map(|input| ["--input", input]));
        let dry = bench.call(&arguments);
        let said = String::from_utf8_lossy(&dry.stdout);
        assert!(dry.status.success(), "{path}: {dry:?}");
        // Each step is decided or named as undecided.
        for step in plan.steps() {
            assert!(said.contains(&step.step.id.value), "{path}: {said}");
        }
        assert!(said.contains("Digest: unit:"), "{path}: {said}");
        assert!(
            !said.contains("AbCd1234"),
            "the secret is not shown: {said}"
        );
    }
}

#[test]
fn each_ends_proved_on_its_own_state_unless_nothing_can_prove_it() {
    let bench = Bench::new();
    for path in plans() {
        let example = name_of(&path);
        let (ended, record) = bench.run(example, &load(example));
        let ended = ended.unwrap();
        // Neither fastboot nor a streaming loader reads anything back; a new version tells of one partition only.
        let outcome = match example {
            "recovery-by-fastboot" | "update-by-dload" => Outcome::Unproved,
            _ => Outcome::Proved,
        };
        assert_eq!(ended.outcome, outcome, "{example}: {}", ended.message);
        let words: Vec<&str> = record.iter().map(|r| r.kind.word()).collect();
        assert!(!words.contains(&"identity-write") && !words.contains(&"transmit"));
        let writes = [
            "update",
            "wipe",
            "any-state",
            "modem-by-fastboot",
            "recovery-by-fastboot",
            "table-by-dload",
            "update-by-dload",
        ];
        let destroys = writes.contains(&example);
        let destroyed = record.iter().any(|r| r.kind.is_destructive());
        assert_eq!(destroys, destroyed, "{example}: {words:?}");
    }
}

#[test]
fn one_plan_serves_every_state_that_it_says_it_starts_in() {
    let bench = Bench::new();
    for mode in [Mode::Normal, Mode::Ramdump, Mode::Edl, Mode::Firehose] {
        let mut scenario = load("any-state");
        scenario.mode.value = mode;
        match mode {
            Mode::Normal => scenario.damage.clear(),
            // Without a boot loader the modem comes back in EDL by itself.
            Mode::Firehose => "sbl".clone_into(&mut scenario.damage[0].value),
            _ => {}
        }
        let (ended, _) = bench.run("any-state", &scenario);
        let ended = ended.unwrap();
        assert_eq!(ended.outcome, Outcome::Proved, "{mode}: {}", ended.message);
    }
}

#[test]
fn an_example_with_rehearsal_cases_comes_to_what_they_expect() {
    let bench = Bench::new();
    let cases = std::fs::read_dir(examples().join("rehearsals")).unwrap();
    let mut passed = 0;
    for example in [
        "modem-by-fastboot",
        "recovery-by-fastboot",
        "table-by-dload",
        "update-by-dload",
    ] {
        let path = examples().join(example).with_extension("yaml");
        let rehearsed = bench.call(&["rehearse", path.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&rehearsed.stdout);
        assert!(rehearsed.status.success(), "{said}");
        passed += said.matches("\nok ").count() + 1;
    }
    assert_eq!(passed, cases.count());
}

#[test]
fn fastboot_is_no_port_that_can_be_named() {
    let bench = Bench::new();
    let example = examples().join("recovery-by-fastboot.yaml");
    let said = bench.call(&[
        "run",
        example.to_str().unwrap(),
        "--port",
        "fastboot=tcp:127.0.0.1:5554",
    ]);
    assert!(!said.status.success());
    let told = String::from_utf8_lossy(&said.stderr);
    assert!(told.contains("replies are packets"), "{told}");
}
