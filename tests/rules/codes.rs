//! The codes of the sources and the rules of the table: both ways.

use regex::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use unbrick::rule;

/// Rooms that judge files before a run. Every code in them is a rule, whatever its area.
const JUDGES: [&str; 3] = ["yaml", "plan", "check"];

/// Rooms that talk to a modem, or look at packages and backups. Their codes tell of a run: the same plan may meet another
/// modem tomorrow. In every other room the areas of the rules hold rules only, but for [`OF_A_RUN`].
const TALKERS: [&str; 7] = [
    "action",
    "calibration",
    "driver",
    "engine",
    "firmware",
    "guard",
    "modem",
];

/// Codes in an area of the rules, outside those rooms, that no file can break by itself.
const OF_A_RUN: [(&str, &str); 8] = [
    (
        "modem::several",
        "more than one modem is plugged in, whatever the files say",
    ),
    ("scenario::modem", "the simulated modem cannot be built"),
    (
        "scenario::other-modem",
        "plan and scenario were given together, and are about two modems",
    ),
    (
        "rehearsal::differs",
        "a case was played, and came to something else",
    ),
    (
        "rehearsal::idle-fault",
        "a case was played, and nothing came to its fault",
    ),
    (
        "rehearsal::unused-answer",
        "a case was played, and nobody asked for its answer",
    ),
    ("rehearsal::start", "the run of a case could not begin"),
    (
        "rehearsal::none",
        "the plan to be rehearsed has no cases beside it",
    ),
];

#[test]
fn every_code_of_a_checker_is_a_rule_and_every_rule_is_a_code() {
    let rules: BTreeSet<&str> = rule::all().map(|rule| rule.id).collect();
    let areas: BTreeSet<&str> = rule::all().map(unbrick::rule::Rule::area).collect();
    let codes = codes();
    let codes: Vec<(&str, &str)> = (codes.iter())
        .map(|(room, code)| (room.as_str(), code.as_str()))
        .filter(|(room, _)| !TALKERS.contains(room))
        .collect();
    let mut wrong = Vec::new();
    for (room, code) in &codes {
        let area = code.split("::").next().unwrap();
        let demanded = JUDGES.contains(room) || areas.contains(area);
        let excused = !JUDGES.contains(room) && OF_A_RUN.iter().any(|(known, _)| known == code);
        if demanded && !excused && !rules.contains(code) {
            wrong.push(format!("`{code}` in `{room}` is no rule"));
        }
    }
    let emitted: BTreeSet<&str> = codes.iter().map(|(_, code)| *code).collect();
    for rule in rules.difference(&emitted) {
        wrong.push(format!("nothing emits `{rule}`"));
    }
    for (code, reason) in OF_A_RUN {
        if !emitted.contains(code) || rules.contains(code) {
            wrong.push(format!("`{code}` ({reason}) is listed for nothing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ids_are_unique_and_kebab_case_and_texts_are_sentences() {
    let shape = Regex::new("^[a-z]+::[a-z0-9]+(-[a-z0-9]+)*$").unwrap();
    let mut seen = BTreeSet::new();
    for rule in rule::all() {
        assert!(seen.insert(rule.id), "{} is there twice", rule.id);
        assert!(shape.is_match(rule.id), "{}", rule.id);
        assert!(
            !rule.says.ends_with('.') && !rule.says.contains('\n'),
            "{}",
            rule.id
        );
        assert!(
            rule.why.ends_with('.') && rule.why.len() > 40,
            "{}",
            rule.id
        );
    }
}

/// Every folder of examples belongs to a rule: one that is left over would be shown to nobody.
#[test]
fn every_folder_of_examples_belongs_to_a_rule() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rule/examples");
    for area in entries(&examples) {
        for folder in entries(&area) {
            let part = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
            let id = format!("{}::{}", part(&area), part(&folder));
            assert!(rule::find(&id).is_some(), "{id}");
        }
    }
}

/// Room and code of every string of the form of a code, tests left out.
fn codes() -> BTreeSet<(String, String)> {
    let code = Regex::new(r#""([a-z]+::[a-z0-9-]+)""#).unwrap();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    for path in sources(&src) {
        let inside = path.strip_prefix(&src).unwrap();
        let room = inside.iter().next().unwrap().to_str().unwrap();
        let room = room.trim_end_matches(".rs");
        let is_test = inside
            .iter()
            .any(|part| part == "tests" || part == "tests.rs")
            || inside.to_str().unwrap().ends_with("_tests.rs");
        if is_test {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            for found_code in code.captures_iter(line) {
                found.insert((room.to_owned(), found_code[1].to_owned()));
            }
        }
    }
    assert!(found.len() > 50);
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    entries(folder)
        .into_iter()
        .flat_map(|path| {
            if path.is_dir() {
                sources(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
