//! The second model: its plans on its own scenarios.

use crate::bench::{Bench, Said, of_kind};
use serde_json::Value;

fn run(plan: &str, scenario: &str) -> (Said, Vec<Value>) {
    let bench = Bench::new();
    let log = bench.text("sim.log");
    let said = bench.run(&["run", plan, "--sim", scenario, "--sim-log", &log]);
    let record = std::fs::read_to_string(&log).unwrap();
    let record = record
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (said, record.collect())
}

#[test]
fn each_plan_ends_on_each_state_as_it_says() {
    for (plan, scenario, exit, says) in [
        ("clear-ftm", "ftm", 0, "PROVED"),
        ("clear-ftm", "healthy", 20, "nothing to clear"),
        (
            "clear-ftm",
            "no-calibration",
            20,
            "no RF calibration is left",
        ),
        ("restore-factory", "own-copy", 0, "PROVED"),
    ] {
        let (plan, scenario) = (
            format!("quectel/ec25/{plan}"),
            format!("quectel/ec25/{scenario}"),
        );
        let (said, record) = run(&plan, &scenario);
        // Blanks and line ends are the printer's.
        let all = format!("{} {}", said.stdout, said.stderr).replace('\u{2502}', " ");
        let all: Vec<&str> = all.split_whitespace().collect();
        assert_eq!(said.code, exit, "{plan} on {scenario}: {}", said.stderr);
        assert!(
            all.join(" ").contains(says),
            "{plan} on {scenario}: {}",
            said.stderr
        );
        if exit != 0 {
            let changes = of_kind(&record, &["nv-write", "efs-write", "mode-switch", "reset"]);
            assert!(changes.is_empty(), "it refuses early: {changes:?}");
        }
        assert!(of_kind(&record, &["identity-write", "transmit"]).is_empty());
    }
}

#[test]
fn the_flag_is_all_that_is_written() {
    let (_, record) = run("quectel/ec25/clear-ftm", "quectel/ec25/ftm");
    let written = of_kind(&record, &["nv-write", "efs-write"]);
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(written[0]["item"], 453);
    let commands: Vec<&str> = of_kind(&record, &["at-command"])
        .iter()
        .map(|line| line["command"].as_str().unwrap())
        .collect();
    let leave = commands.iter().position(|c| *c == "AT+QRFTESTMODE=0");
    let before = commands.iter().position(|c| *c == "AT+CFUN?");
    assert!(before < leave, "{commands:?}");
}
