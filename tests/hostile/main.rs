//! No condition and no script, however hostile, harms the program that checks or runs it (plan-language.md §14.4 and
//! §14.7): each of the table runs in a child process under limits that the kernel holds. A child that needs more than
//! 64 MiB of memory above an empty script, or more than its processor time, is killed, and a kill is a failure here.
//!
//! `UNBRICK_BIN` names another build of the program to judge, such as the release build.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and looks at files as a person would"
)]

mod cell;
mod texts;

use cell::Cell;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use texts::{Ends, conditions, plan_with_condition, plan_with_script, scripts};

#[test]
fn every_hostile_script_ends_with_a_clear_error_within_its_limits() {
    judge_all(&scripts(), plan_with_script);
}

#[test]
fn every_hostile_condition_ends_with_a_clear_error_within_its_limits() {
    judge_all(&conditions(), plan_with_condition);
}

/// At load the label, in a run the message: both at the very characters of the file.
#[test]
fn a_place_in_a_script_is_one_in_the_file() {
    let cell = Cell::new();
    cell.write(&plan_with_script("\nlet a = 1;\n  log(b + 1);"));
    let report: serde_json::Value = serde_json::from_str(&cell.check().said).unwrap();
    let problem = &report["problems"][0];
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&13.into(), &13.into())
    );
    let label = &problem["labels"][0];
    let plan = std::fs::read_to_string(cell.path("plan.yaml")).unwrap();
    let at = |end: &str| usize::try_from(label[end].as_u64().unwrap()).unwrap();
    assert_eq!(&plan[at("start")..at("end")], "b");
    for (script, place) in [
        ("\nlet a = \"é\"; a.to_int();", "plan.yaml:12:22"),
        ("let a = 1;\n\n  fail(\"it is \" + a);", "plan.yaml:13:9"),
        ("let n = 0;\nloop {\n  n += 1;\n}", "plan.yaml:13:"),
    ] {
        cell.write(&plan_with_script(script));
        let said = cell.run().said;
        assert!(said.contains(&format!("({place}")), "{place}: {said}");
    }
}

/// The limits of this test are real: without them it would prove nothing.
#[test]
fn a_child_beyond_its_limits_is_killed() {
    let mut cell = Cell::new();
    assert!(Path::new(&cell.program).is_file());
    cell.write(&plan_with_script("log(\"x\");"));
    assert!(cell.run().status.success());
    cell.memory_kib = 1024;
    assert!(!cell.run().status.success(), "memory");
    cell.program = "/bin/sh".into();
    cell.memory_kib = 1 << 20;
    let busy = cell.child(&["-c", "while :; do :; done"]);
    assert!(busy.status.signal().is_some(), "processor time");
}

fn judge_all(table: &[(&str, String, Ends)], plan: impl Fn(&str) -> String) {
    let cell = Cell::new();
    let mut wrong = Vec::new();
    for (name, text, ends) in table {
        cell.write(&plan(text));
        if let Err(reason) = cell.judge(*ends) {
            let reason: String = reason.chars().take(1_500).collect();
            wrong.push(format!("{name}: {reason}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        table.len(),
        wrong.join("\n")
    );
}
