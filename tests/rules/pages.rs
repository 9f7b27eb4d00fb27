//! `docs/rules`: generated from the table, and rewritten with `UPDATE_DOCS=1`.

use crate::bench::Bench;
use crate::mark::without_marks;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use unbrick::report::problems::word;
use unbrick::rule::{self, Example, Rule};

const GENERATED: &str = "<!-- Generated from src/rule: change it there, then run `UPDATE_DOCS=1 cargo test --test rules`. -->";

#[test]
fn the_pages_are_those_of_the_table() {
    let wanted = pages();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut stale = Vec::new();
    for path in files(&root.join("docs/rules")) {
        let inside = path.strip_prefix(root).unwrap().to_str().unwrap();
        if !wanted.contains_key(inside) {
            if update {
                std::fs::remove_file(&path).unwrap();
            } else {
                stale.push(format!("{inside}: belongs to no rule"));
            }
        }
    }
    for (path, page) in &wanted {
        let full = root.join(path);
        let there = std::fs::read_to_string(&full).unwrap_or_default();
        if there == *page {
            continue;
        }
        if update {
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(&full, page).unwrap();
        } else {
            stale.push(format!("{path}: {}", difference(&there, page)));
        }
    }
    assert!(
        stale.is_empty(),
        "run the tests once with UPDATE_DOCS=1 and look at what changes\n{}",
        stale.join("\n")
    );
}

/// Every page by its path.
fn pages() -> BTreeMap<String, String> {
    let mut pages: BTreeMap<String, String> =
        rule::all().map(|rule| (rule.page(), page(rule))).collect();
    pages.insert("docs/rules/README.md".to_owned(), index());
    pages
}

fn index() -> String {
    let count = rule::all().count();
    let mut index = format!(
        "{GENERATED}\n\n# Rules\n\n\
         `unbrick check` holds plans, fragments, modem profiles, scenarios and rehearsal cases to {count} rules before \
         any of them comes near a modem. Every problem carries the code of its rule, points at every place that matters, and says what to do; \
         all problems of a file come in one go: first those of its shape, and once it has one, those of what it means. `unbrick explain RULE` shows the same pages in a terminal.\n\n\
         The codes of a run, such as `step::until`, and the rules by which guards judge a modem, such as \
         `rollback::barrier`, are no rules of `check`: they depend on the modem. Nor is what only playing a case can \
         show, such as `rehearsal::differs`.\n"
    );
    for (area, heading) in areas() {
        let _ = write!(index, "\n## {heading}\n\n| rule | says |\n| --- | --- |\n");
        for rule in rule::all().filter(|rule| rule.area() == area) {
            let _ = writeln!(
                index,
                "| [`{}`]({area}/{}.md) | {} |",
                rule.id,
                rule.name(),
                rule.says.replace('|', "\\|")
            );
        }
    }
    index
}

/// Areas in the order of the table, with their headings.
fn areas() -> Vec<(&'static str, String)> {
    let mut areas: Vec<(&str, String)> = Vec::new();
    for rule in rule::all() {
        let area = rule.area();
        if areas.iter().all(|(known, _)| *known != area) {
            let heading = match area {
                "plan" => "Plans, and every file".to_owned(),
                "modem" => "Modem profiles".to_owned(),
                "scenario" => "Scenarios".to_owned(),
                "fragment" => "Fragments".to_owned(),
                "rehearsal" => "Rehearsal cases".to_owned(),
                _ => format!("`{area}`"),
            };
            areas.push((area, heading));
        }
    }
    areas
}

fn page(rule: &Rule) -> String {
    let bench = Bench::unmarked(&rule.bad);
    let given = rule.bad.given();
    let said = bench.run(&["check", "--color", "never", given]).stderr;
    let said: Vec<&str> = said.trim().lines().map(str::trim_end).collect();
    format!(
        "{GENERATED}\n\n# `{}`\n\n{}: {}.\n\n{}\n\n## Bad\n\n{}\n`unbrick check {given}` says:\n\n```text\n{}\n```\n\n\
         ## Good\n\n{}",
        rule.id,
        capital(word(rule.severity)),
        rule.says,
        rule.why,
        shown(&rule.bad),
        said.join("\n"),
        shown(&rule.good)
    )
}

fn shown(example: &Example) -> String {
    match example {
        Example::Named(name) => format!("    unbrick check {name}\n"),
        Example::Made { about, .. } => format!("{about}\n"),
        Example::Files(files) => files.iter().fold(String::new(), |mut text, file| {
            if files.len() > 1 {
                let _ = write!(text, "`{}`:\n\n", file.path);
            }
            let _ = write!(text, "```yaml\n{}```\n", without_marks(file.text));
            text
        }),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The first line that is another one.
fn difference(there: &str, wanted: &str) -> String {
    if there.is_empty() {
        return "is missing".to_owned();
    }
    let mut there = there.lines();
    for (number, wanted) in (1..).zip(wanted.lines()) {
        let found = there.next();
        if found != Some(wanted) {
            let found = found.unwrap_or("nothing");
            return format!("line {number}: wanted {wanted:?}, found {found:?}");
        }
    }
    "more lines than wanted".to_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
