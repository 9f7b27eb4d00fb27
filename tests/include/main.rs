//! Fragments: what they mean in a plan, what is wrong with them and at which characters of which file.

mod mistakes;

use camino::{Utf8Path, Utf8PathBuf};
use std::process::Command;
use unbrick::check::{self, CheckedPlan};
use unbrick::diagnostic::Problem;
use unbrick::files::{Root, write_new};

const PLAN: &str = r#"plan: 1
id: fragments
title: A plan of fragments
modem: quectel/rm502q-gl
starts_in: [normal]
ends_in: [normal]
inputs:
  package: { type: folder, about: A package }
  bench: { type: text, about: A name, matches: "[a-z0-9-]+" }
  label: { type: imei, about: IMEI on the shield }
  wanted: { type: int, about: A state, default: "1" }
steps:
  - id: before
    include: { file: radio.yaml, with: { wanted: "${wanted}", who: "bench ${bench}" } }
  - id: restart
    modem.reset: {}
    timeout: 2m
  - id: after
    when: before_cfun == 1 || before_inner_answer == "x"
    include: { file: lib/radio.yaml, with: { wanted: 1, who: nobody } }
  - id: last
    include: { file: radio.yaml, with: { wanted: 1, who: "${bench}" } }
  - id: proof
    check:
      - that: last_cfun == 1
        else: The radio is off.
rescue:
  - id: help
    include: { file: told.yaml }
report: [before_cfun, last_cfun]
"#;

const RADIO: &str = r#"fragment: 1
about: Asks for the radio's state.
params:
  wanted: { type: int, about: The state to wait for }
  who: { type: text, about: Who asks }
steps:
  - id: say
    operator.do: { say: "${who} asks", hands_off: true }
    timeout: 1m
  - id: state
    at.ask: { send: "AT+CFUN?", reply: '\+CFUN: (?<cfun>\d+)' }
    save: { cfun: int }
    timeout: 5s
    retry: { attempts: 20, delay: 3s, until: cfun == wanted }
  - id: inner
    include: { file: inner.yaml, with: { state: "${cfun}" } }
"#;

const INNER: &str = r#"fragment: 1
params:
  state: { type: int, about: A state }
steps:
  - id: script
    script: |
      if state == 0 {
          fail("off");
      }
      set("answer", "on");
    save: { answer: text }
    timeout: 1m
"#;

const TOLD: &str = r"fragment: 1
steps:
  - id: where
    operator.do: { say: Leave the module as it is., hands_off: true }
    timeout: 1m
";

const SCENARIO: &str = r"scenario: 1
modem: quectel/rm502q-gl
mode: normal
firmware: RM502QGLAAR11A02M4G_01.001.01.001
";

/// A tree of plans of its own: `vendor/model/plan.yaml`, fragments beside it, and one in `lib/`.
struct Tree {
    _folder: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl Tree {
    /// `change` alters one of the files.
    fn new(change: impl Fn(&str, &str) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let root =
            Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("a folder for the test");
        let files = [
            ("vendor/model/plan.yaml", PLAN),
            ("vendor/model/radio.yaml", RADIO),
            ("lib/radio.yaml", RADIO),
            ("vendor/model/inner.yaml", INNER),
            ("lib/inner.yaml", INNER),
            ("vendor/model/told.yaml", TOLD),
            ("vendor/model/scenarios/normal.yaml", SCENARIO),
        ];
        let beneath = Root::open(&root).expect("a folder for the test");
        for (path, text) in files {
            let name = path.rsplit('/').next().expect("a folder for the test");
            let text = if path.starts_with("lib") {
                text.to_owned()
            } else {
                change(name, text)
            };
            write_new(&beneath, Utf8Path::new(path), text.as_bytes())
                .expect("a folder for the test");
        }

        Self {
            _folder: folder,
            root,
        }
    }

    fn plan(&self) -> String {
        self.root.join("vendor/model/plan.yaml").into_string()
    }

    fn check(&self) -> Result<(CheckedPlan, Vec<Problem>), Vec<Problem>> {
        check::load(&self.plan())
    }
}

fn unchanged(_: &str, text: &str) -> String {
    text.to_owned()
}

#[test]
fn steps_stand_where_they_are_included_under_names_of_their_own() {
    let (plan, warnings) = Tree::new(unchanged).check().unwrap();
    assert_eq!(warnings.len(), 0, "{warnings:?}");
    let ids: Vec<&str> = plan.all_steps().map(check::CheckedStep::id).collect();
    assert_eq!(
        ids,
        [
            "before-say",
            "before-state",
            "before-inner-script",
            "restart",
            "after",
            "after-say",
            "after-state",
            "after-inner-script",
            "last-say",
            "last-state",
            "last-inner-script",
            "proof",
            "help-where"
        ]
    );
    let after = plan.all_steps().find(|step| step.id() == "after").unwrap();
    assert!(!after.sure && after.children.len() == 3);
    // The approval covers every file that was read: the plan, five fragments, the profile.
    assert_eq!(plan.files().len(), 7);
}

#[test]
fn a_plan_of_fragments_runs() {
    let tree = Tree::new(unchanged);
    let scenario = tree.root.join("vendor/model/scenarios/normal.yaml");
    let package = tree.root.as_str();
    let run = |more: &[&str]| {
        let plan = tree.plan();
        let package = format!("package={package}");
        let mut arguments = vec!["run", &plan, "--sim", scenario.as_str(), "--json"];
        arguments.extend(["--input", &package, "--input", "bench=b-1"]);
        arguments.extend(["--input", "label=490154203237518"]);
        arguments.extend(more);
        let out = Command::new(env!("CARGO_BIN_EXE_unbrick"))
            .args(arguments)
            .env_clear()
            .env("XDG_STATE_HOME", tree.root.join("state"))
            .output()
            .unwrap();
        (
            out.status.code(),
            String::from_utf8_lossy(&out.stdout).into_owned(),
        )
    };
    let (code, events) = run(&[]);
    assert_eq!(code, Some(0), "{events}");
    for wanted in [
        r#""step":"before-say","text":"bench b-1 asks""#,
        r#""name":"before_cfun""#,
        r#""name":"before_inner_answer""#,
        r#""step":"after-say","text":"nobody asks""#,
        r#""name":"last_cfun""#,
    ] {
        assert!(events.contains(wanted), "{wanted}: {events}");
    }
    // The parameter decides: this state never comes.
    let (code, events) = run(&["--input", "wanted=4"]);
    assert_eq!(code, Some(20), "{events}");
    assert!(
        events.contains("`cfun == wanted` does not hold"),
        "{events}"
    );
    assert!(events.contains(r#""step":"help-where""#), "{events}");
}

#[test]
fn a_fragment_is_judged_by_itself() {
    let check = |change: &dyn Fn(&str, &str) -> String| {
        let tree = Tree::new(change);
        let path = tree.root.join("vendor/model/radio.yaml");
        let out = Command::new(env!("CARGO_BIN_EXE_unbrick"))
            .args(["check", path.as_str(), "--format", "json"])
            .output()
            .unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        let problems = json["problems"].as_array().unwrap().clone();
        let codes = problems
            .into_iter()
            .map(|p| p["code"].as_str().unwrap().to_owned());
        codes.collect::<Vec<String>>()
    };
    assert_eq!(check(&unchanged), [""; 0]);
    let wrong = |_: &str, text: &str| text.replace("cfun == wanted", "cfun == wantd");
    assert_eq!(check(&wrong), ["plan::unknown-name"]);
    let version = |_: &str, text: &str| text.replace("fragment: 1", "fragment: 7");
    assert_eq!(check(&version), ["fragment::version", "fragment::version"]);
}

#[test]
fn fragments_that_double_are_cut_off() {
    let twice = "fragment: 1\nsteps:\n  - { id: a, include: { file: NEXT } }\n  - { id: b, include: { file: NEXT } }\n";
    let tree = Tree::new(|name, text| match name {
        "told.yaml" => twice.replace("NEXT", "n1.yaml"),
        _ => text.to_owned(),
    });
    let root = Root::open(&tree.root).unwrap();
    for level in 1..12 {
        let path = format!("vendor/model/n{level}.yaml");
        let text = twice.replace("NEXT", &format!("n{}.yaml", level + 1));
        write_new(&root, Utf8Path::new(&path), text.as_bytes()).unwrap();
    }
    let end = Utf8Path::new("vendor/model/n12.yaml");
    write_new(&root, end, TOLD.as_bytes()).unwrap();
    let codes: Vec<_> = tree.check().unwrap_err().iter().map(|p| p.code).collect();
    assert!(codes.contains(&"plan::too-large"), "{codes:?}");
}
