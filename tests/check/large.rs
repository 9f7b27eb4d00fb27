//! Plans with much in them: what is told of many problems, and what is too much to judge.

use super::*;

#[test]
fn at_most_twenty_problems_are_shown_in_order() {
    let broken = UNBRICK.replace("${", "${x_").replace("that: ", "that: x_");
    let problems = check(&broken).unwrap_err();
    assert!(problems.len() > 5 && problems.len() <= 20);
    let places: Vec<usize> = problems.iter().map(|p| p.labels[0].0.start).collect();
    assert!(places.is_sorted());
}

/// The list of stale claims once doubled at each step that may be skipped.
#[test]
fn a_stale_claim_is_said_once_however_many_steps_may_be_skipped_behind_it() {
    let claim = "steps:\n- { id: s, check: [{ that: 1 == 1, else: x }] }\n";
    let text = many(claim, 60, |i| {
        format!(
            "- {{ id: s{i}, optional: true, because: x, at.ask: {{ send: AT }}, timeout: 1s }}\n"
        )
    });
    let (_, warnings) = check(&text).unwrap();
    let codes: Vec<&str> = warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["plan::stale-proof"]);
}

#[test]
fn the_first_twenty_problems_of_the_file_are_told_though_they_are_found_last() {
    let step = |i: usize| format!("- {{ id: s{i}, at.ask: {{ send: AT }} }}\n");
    let rescue = many("rescue:\n", 30, step);
    let steps = (100..300).fold("steps:\n".to_owned(), |text, i| text + step(i).as_str());
    let problems = check(&(rescue.clone() + steps.as_str())).unwrap_err();
    let told = problems.iter().map(|problem| problem.labels[0].0.start);
    let told: Vec<usize> = told.collect();
    assert_eq!(told.len(), 20);
    assert!(told.is_sorted() && told[19] < rescue.len(), "{told:?}");
}

#[test]
fn what_would_take_long_to_judge_is_refused_where_it_stands() {
    let patterns = many("steps:\n", 400, |i| {
        format!(
            "- {{ id: s{i}, timeout: 1s, at.ask: {{ send: AT, reply: '(?:\\w{{7}}){{2}}{i}' }} }}\n"
        )
    });
    let problems = check(&patterns).unwrap_err();
    assert!(problems.iter().all(|problem| problem.code == "plan::regex"));
    assert!(problems[0].message.contains("together"), "{}", problems[0]);
    let question = format!(
        "{HEAD}steps:\n- {{ id: s, timeout: 1s, operator.do: {{ say: '{}', hands_off: true }} }}\n",
        "x".repeat(5_000)
    );
    let problems = check(&question).unwrap_err();
    assert_eq!(problems[0].code, "plan::shape");
    assert!(problems[0].pointed_at().unwrap().starts_with("'xxx"));
}

const HEAD: &str =
    "plan: 1\nid: x\ntitle: X\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\nends_in: [normal]\n";

/// `item` for each number, below a head.
fn many(head: &str, count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).fold(format!("{HEAD}{head}"), |text, i| text + item(i).as_str())
}
