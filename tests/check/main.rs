//! Plans with one mistake each: the checker finds it, under the very characters.

mod large;
mod mistakes;
mod mutants;

use unbrick::check::{self, CheckedPlan};
use unbrick::diagnostic::{Problem, Source};
use unbrick::plan::{Plan, library};
use unbrick::yaml;

const UNBRICK: &str = include_str!("../../plans/quectel/rm502q-gl/unbrick-900e.yaml");

/// A small plan that uses what the shipped one does not.
const SMALL: &str = r#"plan: 1
id: small
title: A plan for tests
modem: quectel/rm502q-gl
starts_in: [normal, ramdump]
ends_in: [normal]
inputs:
  unit: { type: text, about: A name }
  key: { type: secret, about: An unlock key }
  label_imei: { type: imei, about: IMEI on the shield }
guards:
  ready:
    that: cfun == 1
    else: The radio is off.
steps:
  - id: home
    usb.wait: { for: normal }
    timeout: 1m
  - id: radio
    at.ask: { send: "AT+CFUN?", reply: '\+CFUN: (?<cfun>\d+)' }
    save: { cfun: int }
    timeout: 5s
  - id: unlock
    at.set: { send: 'AT+QLOCK="${key}"' }
    timeout: 5s
    guards: [ready]
  - id: seen
    operator.ask: { say: "What does the label of ${unit} say?" }
    save: { label: text }
    timeout: 5m
  - id: calibration
    script: |
      let found = rfnv_count();
      if found == 0 {
          fail("no RF calibration is left");
      }
      let lines = at("AT+CFUN?");
      set("rfnv", found);
    save: { rfnv: int }
    timeout: 1m
  - id: extra
    optional: true
    because: Old firmware does not answer.
    at.ask: { send: AT+CGSN, reply: '(?<more>\d+)' }
    save: { more: text }
    timeout: 5s
  - id: proof
    check:
      - that: cfun == 1 && label.starts_with("RM") && rfnv > 0
        else: It is not as it should be.
report: [cfun, rfnv]
"#;

fn check(text: &str) -> Result<(CheckedPlan, Vec<Problem>), Vec<Problem>> {
    let source = Source::new("p.yaml", text);
    let (plan, root) = yaml::from_source::<Plan>(&source, "plan")?;
    let profile = library::load_profile(&plan.modem, None)?;
    check::check(&source, &plan, &root, &profile)
}

/// What is found wrong: code, text under the first label, message.
fn found(text: &str) -> Vec<(&'static str, String, String)> {
    let problems = match check(text) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    problems
        .into_iter()
        .map(|problem| {
            let at = problem.pointed_at().unwrap_or("").to_owned();
            (problem.code, at, problem.message)
        })
        .collect()
}

#[test]
fn the_plans_pass_without_a_warning() {
    for text in [UNBRICK, SMALL] {
        assert_eq!(found(text), []);
    }
}

#[test]
fn the_proof_says_where_the_modem_may_be() {
    let (plan, _) = check(UNBRICK).unwrap();
    let step = |id: &str| {
        let step = plan.all_steps().find(|step| step.id() == id).unwrap();
        format!("{} -> {}, {}", step.before, step.after, step.sure)
    };
    for (id, wanted) in [
        ("ground-pin-65", "edl or ramdump -> any mode, false"),
        ("in-edl", "any mode -> edl, true"),
        ("flash", "firehose -> firehose, true"),
        ("leave-programmer", "firehose -> edl, true"),
        ("free-pin-65", "edl -> any mode, true"),
        ("boots", "any mode -> normal, true"),
        ("repair-radio", "normal -> normal, false"),
        ("restore-nv", "normal -> normal, true"),
        ("say-where", "any mode -> any mode, true"),
    ] {
        assert_eq!(step(id), wanted, "{id}");
    }
    assert_eq!(plan.guards().len(), 6);
    assert_eq!(plan.files().len(), 2);
    let flash = plan.all_steps().find(|step| step.id() == "flash").unwrap();
    let kinds: Vec<&str> = flash.guards.iter().map(|g| g.kind.name().word()).collect();
    assert_eq!(kinds, ["model", "rollback", "package", "backup"]);
    let group = plan.all_steps().find(|s| s.id() == "repair-radio").unwrap();
    assert_eq!(group.signature.effect.word(), "destroy");
    assert_eq!(group.children.len(), 3);
}

#[test]
fn an_input_is_read_by_kind_pattern_and_choices() {
    let (plan, _) = check(UNBRICK).unwrap();
    assert!(plan.read_input("unit", "bench-1").is_ok());
    assert!(plan.read_input("unit", "../x").is_err());
    assert!(plan.read_input("unit", "bench-1\nx").is_err());
    assert!(plan.read_input("installed_fw", "unknown").is_ok());
    assert!(plan.read_input("label_imei", "490154203237519").is_err());
    assert!(plan.read_input("nobody", "x").is_err());
}

#[test]
fn an_unknown_profile_is_said_at_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = camino::Utf8Path::from_path(folder.path()).unwrap();
    let root = unbrick::files::Root::open(path).unwrap();
    let text = UNBRICK.replace("modem: quectel/rm502q-gl", "modem: quectel/rm502q");
    unbrick::files::write_new(&root, camino::Utf8Path::new("x.yaml"), text.as_bytes()).unwrap();
    let problem = check::load(path.join("x.yaml").as_str())
        .unwrap_err()
        .remove(0);
    assert_eq!(problem.code, "plan::no-profile");
    assert_eq!(problem.pointed_at(), Some("quectel/rm502q"));
    let help = problem.help.as_deref();
    assert_eq!(help, Some("did you mean `quectel/rm502q-gl`?"));
}

#[test]
fn the_shipped_plan_loads_by_its_name() {
    let (plan, warnings) = check::load("quectel/rm502q-gl/unbrick-900e").unwrap();
    assert!(warnings.is_empty());
    assert_eq!(plan.plan().id.value, "rm502q-gl-unbrick-900e");
    let problem = check::load("quectel/rm502q-gl/unbrick-900f")
        .unwrap_err()
        .remove(0);
    assert_eq!(problem.code, "plan::no-such-plan");
    let help = problem.help.unwrap();
    assert!(help.contains("`quectel/rm502q-gl/unbrick-900e`"), "{help}");
}

#[test]
fn every_example_passes_without_a_warning() {
    let root = camino::Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    let names = unbrick::files::Root::open(&root)
        .unwrap()
        .names(camino::Utf8Path::new(""))
        .unwrap();
    let plans: Vec<&String> = names
        .iter()
        .filter(|n| n.rsplit('.').next() == Some("yaml"))
        .collect();
    assert!(!plans.is_empty());
    for name in plans {
        let (_, warnings) = check::load(root.join(name).as_str()).unwrap();
        assert!(warnings.is_empty(), "{name}");
    }
}

#[test]
fn a_guard_that_a_step_names_twice_is_asked_once() {
    let text = SMALL.replacen("guards: [ready]", "guards: [ready, ready]", 1);
    let (checked, _) = check(&text).unwrap();
    let asked: usize = checked.steps().iter().map(|step| step.guards.len()).sum();
    assert_eq!(asked, 1);
}
