//! `unbrick explain`, and the line of `check` that points to it.

use crate::bench::Bench;
use serde_json::Value;
use unbrick::rule::{self, Example};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_rule_is_listed_and_explained_with_both_examples() {
    let bench = Bench::new(&[]);
    let list = json(&bench.run(&["explain", "--json"]).stdout);
    let listed: Vec<&str> = list["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["rule"].as_str().unwrap())
        .collect();
    let ids: Vec<&str> = rule::all().map(|rule| rule.id).collect();
    assert_eq!(listed, ids);
    let plain = bench.run(&["explain"]).stdout;
    for rule in rule::all() {
        assert!(
            plain.contains(&format!("{}\n    {}\n", rule.id, rule.says)),
            "{}",
            rule.id
        );
    }
    let rule = rule::find("plan::wrong-mode").unwrap();
    let page = bench.run(&["explain", rule.id]).stdout;
    for part in [
        rule.says,
        "#       ^^^^^^^^^^^^^ plan::wrong-mode",
        "\n        only_in: [normal]\n",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let page = json(&bench.run(&["explain", rule.id, "--json"]).stdout);
    let (Example::Files(bad), Example::Files(good)) = (rule.bad, rule.good) else {
        panic!("its examples are files");
    };
    assert_eq!(page["why"], rule.why);
    assert_eq!(page["bad"]["files"][0]["text"], bad[0].text);
    assert_eq!(page["good"]["files"][0]["text"], good[0].text);
}

#[test]
fn an_unknown_rule_ends_with_usage_and_the_near_name() {
    for (given, help) in [
        ("plan::wrong-mod", "did you mean `plan::wrong-mode`?"),
        ("wrong-mode", "did you mean `plan::wrong-mode`?"),
        (
            "something::else-entirely",
            "`unbrick explain` lists all rules",
        ),
    ] {
        let said = Bench::new(&[]).run(&["explain", given]);
        assert_eq!(said.code, 2, "{given}");
        assert!(said.stderr.contains(help), "{}", said.stderr);
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn check_points_to_the_first_rule_that_was_broken_and_to_none_where_all_is_well() {
    let rule = rule::find("plan::wrong-mode").unwrap();
    let said = Bench::of(&rule.bad).run(&["check", rule.bad.given()]);
    let last = said.stdout.lines().last();
    assert_eq!(last, Some("`unbrick explain plan::wrong-mode` says more"));
    let said = Bench::of(&rule.good).run(&["check", rule.good.given()]);
    assert_eq!(said.stdout, "1 file checked, 0 problems\n");
}
