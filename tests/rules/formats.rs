//! What programs and GitHub read, on a file with two problems, and its documentation.

use crate::bench::Bench;
use serde_json::Value;
use unbrick::rule::File;

const DOCUMENTATION: &str = include_str!("../../docs/check-json.md");

/// The block of the documentation behind the fence of this language.
fn block(language: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let (_, rest) = DOCUMENTATION.split_once(&fence).unwrap();
    rest.split_once("```").unwrap().0
}

fn bench() -> Bench {
    Bench::new(&[File {
        path: "label.yaml",
        text: block("yaml"),
    }])
}

#[test]
fn the_documented_json_is_what_a_file_with_two_problems_gives() {
    let said = bench().run(&["check", "--format", "json", "label.yaml"]);
    assert_eq!((said.code, said.stderr.as_str()), (10, ""));
    let found: Value = serde_json::from_str(&said.stdout).unwrap();
    let documented: Value = serde_json::from_str(block("json")).unwrap();
    assert_eq!(found, documented, "{found:#}");
    let text = block("yaml");
    for problem in found["problems"].as_array().unwrap() {
        for label in problem["labels"].as_array().unwrap() {
            let number = |key: &str| usize::try_from(label[key].as_u64().unwrap()).unwrap();
            let bytes = &text[number("start")..number("end")];
            let line = text.lines().nth(number("line") - 1).unwrap();
            let (column, end) = (number("column") - 1, number("end_column") - 1);
            let characters: String = line.chars().skip(column).take(end - column).collect();
            assert_eq!(bytes, characters);
        }
    }
}

#[test]
fn every_field_of_the_json_is_documented() {
    let found: Value = serde_json::from_str(block("json")).unwrap();
    let problem = &found["problems"][0];
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    for key in [keys(&found), keys(problem), keys(&problem["labels"][0])].concat() {
        let row = format!("| `{key}` |");
        assert!(DOCUMENTATION.contains(&row), "{key}");
    }
}

#[test]
fn the_documented_annotations_are_what_a_file_with_two_problems_gives() {
    let said = bench().run(&["check", "--format", "github", "label.yaml"]);
    assert_eq!(said.code, 10);
    assert_eq!(said.stdout, block("text"));
}
