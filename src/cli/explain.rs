//! `unbrick explain`: what a rule of `check` protects, with a bad and a good example.

use super::Stop;
use crate::engine::ExitCode;
use crate::report::{Output, problems};
use crate::rule::{self, Example, File, Rule};
use serde_json::{Value, json};

pub(super) fn explain(id: Option<&str>, as_json: bool, output: Output) -> Result<ExitCode, Stop> {
    match (id, as_json) {
        (Some(id), true) => output.json(&page_as_json(named(id)?))?,
        (Some(id), false) => output.data(page(named(id)?).trim_end())?,
        (None, true) => {
            let rules: Vec<Value> = rule::all().map(line_as_json).collect();
            output.json(&json!({ "format": 1, "rules": rules }))?;
        }
        (None, false) => {
            for rule in rule::all() {
                output.data(&format!("{}\n    {}", rule.id, rule.says))?;
            }
        }
    }
    Ok(ExitCode::Proved)
}

fn named(id: &str) -> Result<&'static Rule, Stop> {
    rule::find(id).ok_or_else(|| {
        let help = match rule::near(id) {
            Some(near) => format!("did you mean `{}`?", near.id),
            None => "`unbrick explain` lists all rules".to_owned(),
        };
        Stop::usage(format!("there is no rule `{id}`"), help)
    })
}

/// Columns of a line of prose.
const WIDTH: usize = 100;

fn page(rule: &Rule) -> String {
    format!(
        "{} ({}): {}\n\n{}\n\nBad:\n\n{}\nGood:\n\n{}",
        rule.id,
        problems::word(rule.severity),
        rule.says,
        wrapped(rule.why).join("\n"),
        shown(&rule.bad),
        shown(&rule.good)
    )
}

/// An example, indented. The marks of a bad one stay: they show what is meant.
fn shown(example: &Example) -> String {
    let files = match example {
        Example::Files(files) => *files,
        Example::Named(name) => return format!("    unbrick check {name}\n"),
        Example::Made { about, .. } => return format!("    {about}\n"),
    };
    let indented = |text: &str| -> String {
        let lines = text.lines();
        lines.fold(String::new(), |text, line| {
            text + format!("    {line}").trim_end() + "\n"
        })
    };
    if let [file] = files {
        return indented(file.text);
    }
    let named = |file: &File| format!("{}:\n\n{}", file.path, indented(file.text));
    files.iter().map(named).collect::<Vec<_>>().join("\n")
}

fn wrapped(prose: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in prose.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let fits = line.chars().count() + word.chars().count() < WIDTH;
            if line.is_empty() {
                line.push_str(word);
            } else if fits {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}

fn line_as_json(rule: &Rule) -> Value {
    json!({
        "rule": rule.id,
        "severity": problems::word(rule.severity),
        "says": rule.says,
        "page": rule.page(),
    })
}

fn page_as_json(rule: &Rule) -> Value {
    let example = |example: &Example| {
        let files: Vec<Value> = match example {
            Example::Files(files) => files
                .iter()
                .map(|file| json!({ "path": file.path, "text": file.text }))
                .collect(),
            Example::Named(_) | Example::Made { .. } => Vec::new(),
        };
        let about = match example {
            Example::Made { about, .. } => Some(*about),
            Example::Files(_) | Example::Named(_) => None,
        };
        json!({ "given": example.given(), "about": about, "files": files })
    };
    json!({
        "format": 1,
        "rule": rule.id,
        "severity": problems::word(rule.severity),
        "says": rule.says,
        "why": rule.why,
        "page": rule.page(),
        "bad": example(&rule.bad),
        "good": example(&rule.good),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_between_words() {
        for rule in rule::all() {
            let lines = wrapped(rule.why);
            assert!(
                lines.iter().all(|line| line.chars().count() <= WIDTH),
                "{}",
                rule.id
            );
            assert_eq!(lines.join(" "), rule.why, "{}", rule.id);
        }
    }
}
