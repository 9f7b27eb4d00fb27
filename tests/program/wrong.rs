//! A table of wrong calls: each ends with its own exit code and a coded message, before the modem is touched.

use crate::bench::{Bench, DESTRUCTIVE, PLAN, SCENARIO, of_kind};

/// One wrong call: its arguments, the exit code, and a word of the message.
pub(crate) struct Wrong<'a> {
    pub(crate) name: &'a str,
    pub(crate) arguments: Vec<String>,
    pub(crate) code: i32,
    pub(crate) says: &'a str,
}

pub(crate) fn judge(bench: &Bench, wrong: &[Wrong<'_>]) {
    let mut failures = Vec::new();
    for case in wrong {
        let log = bench.path("sim.log");
        let _ = std::fs::remove_file(&log);
        let arguments: Vec<&str> = case.arguments.iter().map(String::as_str).collect();
        let said = bench.run(&arguments);
        let record: Vec<serde_json::Value> = std::fs::read_to_string(&log)
            .unwrap_or_default()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let all = format!("{}{}", said.stdout, said.stderr);
        let coded = case.code == 2
            || said
                .stderr
                .split(|c: char| !(c.is_ascii_lowercase() || "-:".contains(c)))
                .any(|word| {
                    word.split_once("::")
                        .is_some_and(|(area, rule)| !area.is_empty() && !rule.is_empty())
                });
        let fine = said.code == case.code
            && all.contains(case.says)
            && coded
            && !all.contains("panicked")
            && !all.contains("stack backtrace")
            && of_kind(&record, &DESTRUCTIVE).is_empty();
        if !fine {
            failures.push(format!(
                "{}: exit {} (must be {}), must say `{}`:\n{all}",
                case.name, said.code, case.code, case.says
            ));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

pub(crate) fn texts(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|a| (*a).to_owned()).collect()
}

/// A run on the simulated modem, with more arguments.
pub(crate) fn simulated(bench: &Bench, more: &[&str]) -> Vec<String> {
    let log = bench.text("sim.log");
    let mut all = texts(&["run", PLAN, "--sim", SCENARIO, "--package-size", "1M"]);
    all.extend(texts(&["--sim-log", &log]));
    all.extend(texts(more));
    all
}
