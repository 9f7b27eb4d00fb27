//! Two readers look at every YAML file: saphyr-parser for the places, `serde_yaml` for the values. Here 60,000 mutants
//! show that they never panic, never point outside the text, and never read different things.

mod along;
mod mutants;

use mutants::{Mutants, excerpts};
use serde::de::{DeserializeOwned, DeserializeSeed};
use std::collections::BTreeMap;
use unbrick::diagnostic::{Problem, Source};
use unbrick::plan::{Plan, Profile, Scenario};
use unbrick::yaml::{Node, NodeKind, from_source, node_at};

const PLAN: &str = include_str!("../../plans/quectel/rm502q-gl/unbrick-900e.yaml");
const PROFILE: &str = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
const SCENARIO: &str = include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml");
const EXAMPLE: &str = include_str!("../../examples/restart.yaml");

/// Every style at once: it is accepted as it stands.
const TRICKY: &str = "\u{feff}# ünï\u{e9}\r\n\
    plain: a word # comment\r\n\
    'single': 'it''s: [x], {y} ? & * !'\r\n\
    \"double\": \"tab\\t\\u00e9 \\\"q\\\" # no comment\"\n\
    flow: { a: [1, \"two\", 'three'], b: {}, c: [], 'd': x }\n\
    pairs: [a: 1, {b: 2}]\n\
    literal: |\n\n    let a = 1; # é\n\n      b({});\n\n\
    kept: |+\n  one\n\n\
    stripped: >2-\n   folded\n  text\n\n  more\n\
    long: several words\n  on two lines\n\
    list:\n- x\n-   - y\n    - z\n- k: v\n  l: w\n\
    numbers: [0777, 1.20, no, 0x1f, -3, 1e3, .inf, 2001-01-01, 1_000]\n\
    empty: ''\n";

#[test]
fn mutants_of_the_plan_are_read_alike_by_both_readers() {
    let seeds = readable(&[PLAN, EXAMPLE]);
    hold(1, 15_000, &seeds, &judge::<serde_json::Value>);
}

#[test]
fn mutants_of_the_profile_and_the_scenario_are_read_alike_by_both_readers() {
    let seeds = readable(&[PROFILE, SCENARIO]);
    hold(2, 15_000, &seeds, &judge::<serde_json::Value>);
}

#[test]
fn mutants_of_a_tricky_file_are_read_alike_by_both_readers() {
    assert!(judge::<serde_json::Value>(TRICKY).is_ok());
    hold(3, 26_000, &[TRICKY.to_owned()], &judge::<serde_json::Value>);
}

#[test]
fn mutants_of_whole_files_are_read_alike_by_both_readers() {
    let whole = |text: &str| vec![text.to_owned()];
    hold(4, 1_500, &whole(EXAMPLE), &judge::<Plan>);
    hold(5, 1_000, &whole(PROFILE), &judge::<Profile>);
    hold(6, 1_000, &whole(SCENARIO), &judge::<Scenario>);
    hold(7, 500, &whole(PLAN), &judge::<Plan>);
}

/// Pieces of files that are YAML by themselves: what is broken already teaches little when it is broken once more.
fn readable(files: &[&str]) -> Vec<String> {
    let pieces = files.iter().flat_map(|text| excerpts(text));
    let readable: Vec<String> = pieces
        .filter(|piece| judge::<serde_json::Value>(piece).is_ok())
        .collect();
    assert!(readable.len() > 10, "{readable:?}");
    readable
}

/// Judges so many mutants. At least a tenth must be accepted and a tenth refused, or the mutants prove nothing.
fn hold(
    seed: u64,
    count: usize,
    seeds: &[String],
    judge: &dyn Fn(&str) -> Result<(), Vec<Problem>>,
) {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut failed = Vec::new();
    for (number, text) in Mutants::new(seed, seeds).take(count).enumerate() {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| judge(&text)));
        match outcome {
            Ok(Ok(())) => *codes.entry("accepted").or_default() += 1,
            Ok(Err(problems)) => *codes.entry(problems[0].code).or_default() += 1,
            Err(_) => failed.push((number, text)),
        }
    }
    let few = &failed[..failed.len().min(3)];
    assert!(
        few.is_empty(),
        "seed {seed}, {} mutants: {few:#?}",
        failed.len()
    );
    let accepted = codes.get("accepted").copied().unwrap_or(0);
    assert!(accepted * 10 > count, "{codes:?}");
    assert!((count - accepted) * 10 > count, "{codes:?}");
}

/// One text: what is accepted is read alike, what is refused is refused at a place of the text.
fn judge<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> Result<(), Vec<Problem>> {
    let source = Source::new("mutant.yaml", text);
    match from_source::<T>(&source, "plan") {
        Ok((value, root)) => {
            let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
            assert_eq!(without_places(&value), without_places(&alone::<T>(bare)));
            along::Like(&root)
                .deserialize(deserializer(bare))
                .expect("the outline is the value");
            places_hold(text, &root, &root);
            Ok(())
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for (span, _) in problems.iter().flat_map(|problem| &problem.labels) {
                assert!(text.get(span.clone()).is_some(), "{span:?}");
                assert!(span.start < text.len() || text.is_empty(), "{span:?}");
            }
            Err(problems)
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the oracle: what serde_yaml alone reads"
)]
fn deserializer(text: &str) -> serde_yaml::Deserializer<'_> {
    serde_yaml::Deserializer::from_str(text)
}

fn alone<T: DeserializeOwned>(text: &str) -> T {
    T::deserialize(deserializer(text)).expect("serde_yaml alone accepts it, too")
}

/// `Debug` text without the ranges of [`unbrick::yaml::Spanned`], which only one of the two readings has.
fn without_places(value: &impl std::fmt::Debug) -> String {
    let text = format!("{value:?}");
    let mut parts = text.split("span: ");
    let mut bare = parts.next().unwrap_or("").to_owned();
    for part in parts {
        bare.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
    }
    bare
}

/// Every node lies in its parent and after its elder sibling, begins with a character of its own, and a scalar is
/// found by its place.
fn places_hold(text: &str, root: &Node, node: &Node) {
    assert!(text.get(node.span.clone()).is_some(), "{:?}", node.span);
    if let NodeKind::Scalar { text: decoded, .. } = &node.kind {
        let found = node_at(root, node.span.start).expect("found by its place");
        assert_eq!(found.span, node.span, "{decoded:?}");
    }
    let mut end = node.span.start;
    for child in node.children() {
        assert!(end <= child.span.start, "{:?} before {end}", child.span);
        assert!(
            child.span.end <= node.span.end,
            "{:?} in {:?}",
            child.span,
            node.span
        );
        end = child.span.end;
        places_hold(text, root, child);
    }
}
