//! The oracle can fail: what is forbidden is really told by the engine, with its own code, where it is forced. The
//! checker is passed by as little as can be: a proved plan is given values that no input of it could have.

use crate::bench::{Bench, NoRun, Ran};
use crate::draft::{Model, Written};
use crate::oracle::{NEVER, NEVER_IN_CLEAR_WEATHER, broken};
use crate::random::Random;
use crate::scenario::Weather;
use unbrick::plan::{Value, Values};

const SCENARIO: &str = "scenario: 1\nmodem: quectel/rm502q-gl\nmode: normal\n\
                        firmware: RM502QGLAAR11A02M4G_01.200.01.200\n";

/// A step, the values with which it is run, and the code that must come.
const FORCED: [(&str, Given, &str); 9] = [
    (
        "operator.do: { say: \"${unit}\", hands_off: true }",
        Given::Nothing,
        "plan::unknown-name",
    ),
    (
        "confirm: \"${unit}\"\n    at.ask: { send: AT }",
        Given::Nothing,
        "plan::unknown-name",
    ),
    (
        "when: unit == \"x\"\n    at.ask: { send: AT }",
        Given::Nothing,
        "plan::unknown-name",
    ),
    ("script: log(unit);", Given::Nothing, "plan::unknown-name"),
    (
        "guards: [own]\n    at.ask: { send: AT }",
        Given::Nothing,
        "guard::missing",
    ),
    (
        "when: unit == \"x\"\n    at.ask: { send: AT }",
        Given::Number,
        "plan::wrong-type",
    ),
    (
        "check: [{ that: unit.len() == 1, else: No. }]",
        Given::Number,
        "plan::wrong-type",
    ),
    ("script: log(unit);", Given::Number, "plan::wrong-type"),
    (
        "guards: [own]\n    at.ask: { send: AT }",
        Given::Number,
        "plan::wrong-type",
    ),
];

#[derive(Clone, Copy)]
enum Given {
    Nothing,
    /// For a text.
    Number,
}

fn run(step: &str, given: Given, scenario: &str) -> Result<Ran, NoRun> {
    let plan = format!(
        "plan: 1\nid: forced\ntitle: Forced\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\n\
         ends_in: [normal]\ninputs:\n  unit: {{ type: text, about: Unit }}\nguards:\n  own:\n    \
         that: unit == \"x\"\n    unknown: confirm\nsteps:\n  - id: first\n    at.ask: {{ send: AT }}\n    \
         timeout: 5s\n  - id: forced\n    timeout: 5s\n    {step}\n"
    )
    .replace("    timeout: 5s\n    check:", "    check:");
    let written = Written {
        plan,
        fragments: Vec::new(),
        hands: Vec::new(),
    };
    let bench = Bench::new();
    let plan = bench.check(Model::Rm502q, &written);
    let plan = plan.unwrap_or_else(|problems| panic!("{step}: {problems:?}"));
    let values = match given {
        Given::Nothing => Values::new(),
        Given::Number => Values::from([("unit".to_owned(), Value::Int(1))]),
    };
    let mut always = Random::new(3);
    bench.run_on(&mut always, Model::Rm502q, &plan, scenario, values)
}

#[test]
fn what_is_forbidden_is_told_by_its_code() {
    for (step, given, code) in FORCED {
        assert!(NEVER.contains(&code));
        for weather in [Weather::Clear, Weather::Stormy] {
            let broken = broken(&run(step, given, SCENARIO), weather);
            let found = broken.iter().any(|promise| promise.ends_with(code));
            assert!(found, "{step}: {broken:?}");
        }
    }
}

#[test]
fn a_mode_in_which_a_step_does_not_work_is_forbidden_where_no_fault_led_there() {
    let fault = "faults: [{ kind: wrong-mode, on: at, nth: 2 }]\n";
    // The second step may fail, and the third one meets what the fault has left.
    let steps = "at.ask: { send: AT }\n    optional: true\n    because: It may.\n  - id: then\n    timeout: 5s\n    \
                 at.ask: { send: AT }";
    let ran = run(steps, Given::Nothing, &format!("{SCENARIO}{fault}"));
    let clear = broken(&ran, Weather::Clear);
    assert!(
        clear
            .iter()
            .any(|promise| promise.ends_with(NEVER_IN_CLEAR_WEATHER[0])),
        "{clear:?}"
    );
    assert!(broken(&ran, Weather::Stormy).is_empty());
}

#[test]
fn a_panic_is_forbidden() {
    assert!(!broken(&Err(NoRun::Panicked), Weather::Stormy).is_empty());
}
