//! Every bad example breaks its own rule, at the marked characters and nowhere else; every good one breaks none.

use crate::bench::Bench;
use crate::mark::{Label, marks};
use serde_json::Value;
use std::collections::BTreeMap;
use unbrick::report::problems::word;
use unbrick::rule::{self, Example, Rule};

#[test]
fn a_bad_example_breaks_its_rule_where_it_is_marked_and_no_other() {
    let wrong: Vec<String> = rule::all()
        .filter_map(|rule| judge_bad(rule).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_good_example_breaks_no_rule() {
    let mut wrong = Vec::new();
    for rule in rule::all() {
        let problems = Bench::of(&rule.good).problems(rule.good.given());
        if !problems.is_empty() {
            wrong.push(format!("{}: {problems:#?}", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Whoever reads the page sees what was changed, and not another plan.
#[test]
fn a_good_example_is_the_bad_one_mended() {
    for rule in rule::all() {
        let (Example::Files(bad), Example::Files(good)) = (rule.bad, rule.good) else {
            continue;
        };
        for (bad, good) in bad.iter().zip(good) {
            assert!(marks("", good.text).is_empty(), "{}", rule.id);
            if rule.id == "plan::empty" {
                continue;
            }
            let bad = crate::mark::without_marks(bad.text);
            let same = good.text.lines().filter(|line| bad.contains(line)).count();
            let changed = good.text.lines().count() - same;
            assert!(changed <= 3, "{}: {changed} lines differ", rule.id);
        }
    }
}

/// A good case is not only well-formed: played, it comes out as it says.
#[test]
fn a_good_rehearsal_case_comes_out_as_it_expects() {
    let cases: Vec<&Rule> = (rule::all())
        .filter(|rule| rule.good.given() == "rehearsals/example.yaml")
        .collect();
    assert!(cases.len() >= 10);
    for rule in cases {
        let said = Bench::of(&rule.good).run(&["rehearse", "example.yaml"]);
        let ended = (said.code, said.stdout.lines().last());
        assert_eq!(
            ended,
            (0, Some("1 case, as expected")),
            "{}: {said:#?}",
            rule.id
        );
    }
}

fn judge_bad(rule: &Rule) -> Result<(), String> {
    let (wanted, texts) = wanted(rule);
    let problems = Bench::of(&rule.bad).problems(rule.bad.given());
    let mut found: Vec<Label> = problems
        .iter()
        .flat_map(|problem| found(problem, &texts))
        .collect();
    found.sort();
    if found != wanted {
        return Err(format!("{}: marked {wanted:#?}\nfound {found:#?}", rule.id));
    }
    let own = problems.iter().find(|problem| problem["code"] == rule.id);
    let own = own.ok_or_else(|| format!("{}: its example does not break it", rule.id))?;
    if own["severity"] != word(rule.severity) {
        return Err(format!("{}: {} in the code", rule.id, own["severity"]));
    }
    Ok(())
}

/// The labels that the marks demand, and the files by name.
fn wanted(rule: &Rule) -> (Vec<Label>, BTreeMap<String, &'static str>) {
    let Example::Files(files) = rule.bad else {
        return (vec![Label::nowhere(rule.id)], BTreeMap::new());
    };
    let mut wanted: Vec<Label> = files
        .iter()
        .flat_map(|file| marks(file.path, file.text))
        .collect();
    wanted.sort();
    let texts = files.iter().map(|file| (file.path.to_owned(), file.text));
    (wanted, texts.collect())
}

/// The labels of a problem: lines and columns as reported, and the characters by the reported bytes.
fn found(problem: &Value, texts: &BTreeMap<String, &'static str>) -> Vec<Label> {
    let code = problem["code"].as_str().unwrap();
    let labels = problem["labels"].as_array().unwrap();
    if labels.is_empty() {
        return vec![Label::nowhere(code)];
    }
    let number = |label: &Value, key: &str| label[key].as_u64().unwrap();
    let mut found = Vec::new();
    for (position, label) in labels.iter().enumerate() {
        let file = label["file"].as_str().or(problem["file"].as_str()).unwrap();
        let bytes = |key| usize::try_from(number(label, key)).unwrap();
        let covers = &texts[file][bytes("start")..bytes("end")];
        assert_eq!(number(label, "line"), number(label, "end_line"), "{code}");
        found.push(Label {
            file: file.to_owned(),
            line: number(label, "line"),
            column: number(label, "column"),
            end_column: number(label, "end_column"),
            says: if position == 0 {
                code
            } else {
                label["text"].as_str().unwrap()
            }
            .to_owned(),
            is_first: position == 0,
            covers: covers.to_owned(),
        });
    }
    found
}
