//! What is said of a mistake: in words of the language and not of the program, and what to do.

use unbrick::diagnostic::{Problem, Source};
use unbrick::plan::{Plan, library};
use unbrick::{check, yaml};

/// Each test puts its mistake into the place of one part.
const PLAN: &str = r#"plan: 1
id: words
title: A plan for tests
modem: quectel/rm502q-gl
starts_in: [normal]
ends_in: [normal]
steps:
  - id: radio
    at.ask: { send: "AT+CFUN?", reply: '\+CFUN: (?<cfun>\d+)' }
    save: { cfun: int }
    timeout: 5s
  - id: told
    operator.do: { say: The radio is seen., hands_off: true }
    timeout: 1m
  - id: proof
    check:
      - that: cfun == 1
        else: The radio is off.
"#;

fn problems(text: &str) -> Vec<Problem> {
    let source = Source::new("p.yaml", text);
    let judged = yaml::from_source::<Plan>(&source, "plan").and_then(|(plan, root)| {
        let profile = library::load_profile(&plan.modem, None)?;
        check::check(&source, &plan, &root, &profile).map(|(_, warnings)| warnings)
    });
    judged.unwrap_or_else(|problems| problems)
}

fn with(part: &str, by: &str) -> Vec<Problem> {
    assert_eq!(PLAN.matches(part).count(), 1, "{part}");
    problems(&PLAN.replace(part, by))
}

/// One mistake: what to replace, by what, code, text under the first label, part of the message, part of the help.
type Told = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const TOLD: &[Told] = &[
    // Values of another type than the field's.
    ("plan: 1", "plan: \"1\"", "plan::shape", "\"1\"", "expected a whole number from 0 to 4294967295, found the text \"1\"", ""),
    ("plan: 1", "plan: 1.5", "plan::shape", "1.5", "found the number `1.5`", ""),
    ("plan: 1", "plan: 99999999999999999999", "plan::shape", "99999999999999999999", "found the number `99999999999999999999`", ""),
    ("starts_in: [normal]", "starts_in: normal", "plan::shape", "normal", "expected a list, found the text \"normal\"", ""),
    ("title: A plan for tests", "title: [A plan]", "plan::shape", "[A plan]", "found a list", ""),
    ("{ send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun>\\d+)' }", "AT", "plan::shape", "AT", "expected keys with values, found the text \"AT\"", ""),
    ("hands_off: true", "hands_off: 1", "plan::shape", "1", "expected `true` or `false`, found the number `1`", ""),
    ("timeout: 5s", "timeout: 5", "plan::shape", "5", "expected a duration with its unit", ""),
    ("[normal]\nends_in", "[norml]\nends_in", "plan::shape", "norml", "unknown word `norml`", "did you mean `normal`?"),
    ("title: A", "Title: A", "plan::shape", "Title", "unknown field `Title`", "did you mean `title`?"),
    // Words without a word.
    ("say: The radio is seen.", "say: ''", "plan::shape", "''", "expected words for a person", ""),
    ("title: A plan for tests", "title: ' '", "plan::shape", "' '", "expected words for a person", ""),
    ("    timeout: 1m", "    timeout: 1m\n    because: \"\"", "plan::shape", "\"\"", "expected words for a person", ""),
    ("    timeout: 1m", "    timeout: 1m\n    confirm: \"\"", "plan::shape", "\"\"", "expected words for a person", ""),
    ("else: The radio is off.", "else: ''", "plan::shape", "''", "expected words for a person", ""),
    // A timeout that leaves no time.
    ("timeout: 5s", "timeout: 0ms", "plan::no-timeout", "0ms", "has no time at all", "`30s`"),
    // Expressions of other languages.
    ("cfun == 1", "cfun == 1 and true", "plan::expression", "and", "unexpected 'and'", "`&&`"),
    ("cfun == 1", "cfun == 1 OR true", "plan::expression", "OR", "unexpected 'OR'", "`||`"),
    ("cfun == 1", "not cfun == 1", "plan::unknown-name", "not", "`not`", "`!`"),
    ("cfun == 1", "\"cfun == '1'\"", "plan::expression", "'1'", "text stands in double quotes", ""),
    ("cfun == 1", "cfun == 1.0", "plan::expression", "0", "whole numbers only", ""),
    ("cfun == 1", "cfun == 1 &&", "plan::expression", "&", "something is missing at the end", ""),
    ("cfun == 1", "''", "plan::expression", "''", "there is no condition", ""),
    ("cfun == 1", "cfun === 1", "plan::expression", "===", "", "`==`"),
    // What the YAML reader says is not what was wrong.
    ("title: A plan", "title: A: plan", "plan::yaml-syntax", ":", "", "in quotes"),
    ("'\\+CFUN: (?<cfun>\\d+)'", "\"\\+CFUN: (?<cfun>\\d+)\"", "plan::yaml-syntax", "\"", "", "single quotes"),
    ("    timeout: 5s", "\ttimeout: 5s", "plan::yaml-syntax", "t", "", "a tab"),
    ("    timeout: 5s", "    timeout:\u{a0}5s", "plan::yaml-syntax", "-", "", "no-break space"),
    ("    timeout: 5s", "   timeout: 5s", "plan::yaml-syntax", "t", "", "indented alike"),
    // Characters that nobody sees, or that show others elsewhere.
    ("The radio is off.", "The radio is \u{202e}ffo.", "plan::odd-character", "\u{202e}", "U+202E", ""),
    ("The radio is off.", "The radio is\u{200b} off.", "plan::odd-character", "\u{200b}", "U+200B", ""),
    // Nothing at all.
    (PLAN, "---\n", "plan::empty", "", "holds no plan", "`plan: 1`"),
    (PLAN, "~\n", "plan::empty", "", "holds no plan", "`plan: 1`"),
];

#[test]
fn a_mistake_is_told_in_the_words_of_the_language() {
    for (part, by, code, at, message, help) in TOLD.iter().copied() {
        let found = with(part, by);
        let [problem] = found.as_slice() else {
            panic!("{by}: {found:#?}");
        };
        let said = (problem.code, problem.pointed_at().unwrap_or(""));
        assert_eq!(said, (code, at), "{by}: {problem:?}");
        assert!(problem.message.contains(message), "{by}: {problem:?}");
        let told = problem.help.as_deref().unwrap_or("");
        assert!(told.contains(help), "{by}: {problem:?}");
    }
}

#[test]
fn a_refused_value_is_not_shown_whole() {
    let found = with("plan: 1", &format!("plan: {}", "x".repeat(10_000)));
    assert!(
        found[0].message.chars().count() < 200,
        "{}",
        found[0].message
    );
}

/// Code and place of each problem.
fn all(problems: &[Problem]) -> Vec<(&str, &str)> {
    let place = |problem: &'_ Problem| problem.code;
    problems
        .iter()
        .map(|problem| (place(problem), problem.pointed_at().unwrap_or("")))
        .collect()
}

#[test]
fn mistakes_of_shape_come_in_one_go_and_none_follows_from_another() {
    let spoilt = PLAN
        .replace("title:", "titel:")
        .replace("timeout: 5s", "timeout: 5")
        .replace("  - id: told", "  - idd: told\n    foo: 1")
        .replace("hands_off: true", "hands_of: true")
        .replace("ends_in: [normal]", "ends_in: [nrmal, edl]")
        .replace("  - id: proof", "  - just text\n  - id: proof");
    let found = problems(&spoilt);
    let wanted = ["titel", "nrmal", "5", "idd", "foo", "hands_of", "just text"];
    assert_eq!(all(&found), wanted.map(|at| ("plan::shape", at)));
}

#[test]
fn what_is_lacking_is_said_of_every_mapping_that_lacks_it() {
    let spoilt = PLAN
        .replace("  - id: radio\n    at.ask", "  - at.ask")
        .replace("        else: The radio is off.\n", "");
    let found = problems(&spoilt);
    let messages: Vec<&str> = found.iter().map(|p| p.message.as_str()).collect();
    assert_eq!(messages, ["missing field `id`", "missing field `else`"]);
}

#[test]
fn every_part_of_a_text_that_is_no_name_is_shown() {
    let found = with("The radio is seen.", "\"${a b} ${} ${cfun} ${c+1}\"");
    let wanted = ["${a b}", "${}", "${c+1}"];
    assert_eq!(all(&found), wanted.map(|at| ("plan::not-a-name", at)));
}

#[test]
fn a_mode_that_is_lost_is_said_once_and_not_of_every_later_step() {
    let asks: Vec<String> = (0..30)
        .map(|n| {
            format!(
                "  - id: ask-{n}
    at.ask: {{ send: ATI }}
    timeout: 5s
"
            )
        })
        .collect();
    let asks = asks.concat();
    let found = with(
        ", hands_off: true }\n    timeout: 1m\n",
        &format!(" }}\n    timeout: 1m\n{asks}"),
    );
    let errors: Vec<_> = all(&found);
    assert_eq!(errors, [("plan::wrong-mode", "{ send: ATI }")]);
}

#[test]
fn the_facts_of_a_step_without_an_action_are_not_missed_later() {
    let at_ask = "    at.ask: { send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun>\\d+)' }\n";
    assert_eq!(all(&with(at_ask, "")), [("plan::no-action", "radio")]);
}
