//! `unbrick show`: every format of a plan, and the table of functions.

use crate::bench::{Bench, PLAN};
use serde_json::Value;

#[test]
fn a_plan_is_shown_in_every_format() {
    let bench = Bench::new();
    for (format, begins) in [
        ("text", "rm502q-gl-unbrick-900e: "),
        ("markdown", "# RM502Q-GL"),
        ("mermaid", "flowchart TD\n"),
        ("dot", "digraph plan {\n"),
        ("json", "{\"format\":1,"),
    ] {
        let said = bench.run(&["show", PLAN, "--format", format]);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{format}");
        assert!(said.stdout.starts_with(begins), "{}", said.stdout);
        assert!(said.stdout.contains("restore-nv"), "{format}");
    }
    let json = bench.run(&["show", PLAN, "--json"]);
    let same = bench.run(&["show", PLAN, "--format", "json"]);
    assert_eq!(json.stdout, same.stdout);
}

#[test]
fn the_functions_are_shown_with_and_without_a_plan() {
    let bench = Bench::new();
    let names = |arguments: &[&str]| -> Vec<String> {
        let said = bench.run(arguments);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let data: Value = serde_json::from_str(&said.stdout).unwrap();
        let list = data["functions"].as_array().unwrap();
        let name = |function: &Value| function["name"].as_str().unwrap().to_owned();
        list.iter().map(name).collect()
    };
    let all = names(&["show", "--host-functions", "--json"]);
    assert!(all.contains(&"rfnv_count".to_owned()) && all.contains(&"len".to_owned()));
    // The shipped plan calls none; this one calls two.
    assert!(names(&["show", PLAN, "--host-functions", "--json"]).is_empty());
    let plan = bench.write(
        "plan.yaml",
        "plan: 1\nid: calls\ntitle: Calls\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\nends_in: [normal]\n\
         steps:\n  - id: program\n    timeout: 5s\n    script: log(\"A\".lower())\n",
    );
    let called = names(&["show", &plan, "--host-functions", "--json"]);
    assert_eq!(called, ["lower", "log"]);
}

#[test]
fn what_cannot_be_shown_is_wrong_usage() {
    let bench = Bench::new();
    for arguments in [
        &["show"][..],
        &["show", "--host-functions", "--format", "dot"],
        &["show", PLAN, "--format", "svg"],
        &["show", PLAN, "--json", "--format", "text"],
    ] {
        assert_eq!(bench.run(arguments).code, 2, "{arguments:?}");
    }
}
