//! A step that asks a person for a value: answered at the simulated modem, or not begun.

use crate::bench::{Bench, Said, of_kind};

const PLAN: &str = "plan: 1\nid: x\ntitle: X\nmodem: quectel/ec25\nstarts_in: [normal]\nends_in: [normal]\nsteps:\n  \
                    - id: number\n    operator.ask: { say: Which number? }\n    save: { n: int }\n    timeout: 5m\n  \
                    - id: off\n    at.set: { send: \"AT+CFUN=4\" }\n    timeout: 5s\n  \
                    - id: proof\n    check:\n      - { that: n == 7, else: Another number }\nreport: [n]\n";

fn run(more: &[&str]) -> (Said, usize) {
    let bench = Bench::new();
    let plan = bench.write("plan.yaml", PLAN);
    let log = bench.text("sim.log");
    let mut arguments = vec![
        "run",
        &plan,
        "--sim",
        "quectel/ec25/healthy",
        "--sim-log",
        &log,
    ];
    arguments.extend(more);
    let said = bench.run(&arguments);
    let record = std::fs::read_to_string(&log).unwrap_or_default();
    let record: Vec<serde_json::Value> = record
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let commands = of_kind(&record, &["at-command"]).len();
    (said, commands)
}

#[test]
fn without_anybody_to_ask_the_step_does_not_begin() {
    let (said, commands) = run(&[]);
    assert_eq!(said.code, 12, "{said:?}");
    assert!(
        said.stderr.contains("Step `number` did not run"),
        "{said:?}"
    );
    assert!(said.stderr.contains("--answer number=TEXT"), "{said:?}");
    assert_eq!(commands, 0);
}

#[test]
fn an_answer_is_taken_by_its_kind() {
    let (right, _) = run(&["--answer", "number=7"]);
    assert!(right.stdout.contains("n: 7"), "{right:?}");
    let (wrong, commands) = run(&["--answer", "number=seven"]);
    assert_eq!(wrong.code, 20, "{wrong:?}");
    assert!(
        wrong.stderr.contains("`seven` is not a whole number"),
        "{wrong:?}"
    );
    assert_eq!(commands, 0);
}

#[test]
fn a_no_stops_where_a_yes_is_asked() {
    let (said, commands) = run(&["--answer", "number=7", "--answer", "off=no"]);
    assert_eq!(said.code, 12, "{said:?}");
    assert!(
        said.stderr
            .contains("Step `off` did not run: a person said no"),
        "{said:?}"
    );
    assert_eq!(commands, 0);
}

#[test]
fn an_answer_for_no_step_and_one_given_twice_are_wrong_usage() {
    for (more, message) in [
        (&["--answer", "nobody=7"][..], "no step `nobody`"),
        (&["--answer", "number"], "no name and value"),
        (
            &["--answer", "number=7", "--answer", "number=8"],
            "answered twice",
        ),
    ] {
        let (said, _) = run(more);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.stderr.contains(message), "{said:?}");
    }
}
