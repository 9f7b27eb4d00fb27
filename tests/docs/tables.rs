//! The tables of `docs/language.md` are made from the schemas and from the table of actions. `UPDATE_DOCS=1` rewrites
//! what stands between `<!-- fields plan Step -->` and `<!-- end -->`; the prose around it is written by hand.

use crate::bench::page;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use unbrick::action::signature::{self, Leaves, Redo};
use unbrick::plan::{ACTION_KEYS, GUARD_KEYS, Modes};
use unbrick::schema::schema;

const END: &str = "<!-- end -->";

#[test]
fn the_tables_of_the_reference_are_those_of_the_program() {
    let there = page("language.md");
    let wanted = renewed(&there);
    if there != wanted && std::env::var_os("UPDATE_DOCS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language.md");
        std::fs::write(path, &wanted).unwrap();
        return;
    }
    for (number, (there, wanted)) in (1..).zip(there.lines().zip(wanted.lines())) {
        assert_eq!(
            there, wanted,
            "line {number}: run the tests once with UPDATE_DOCS=1"
        );
    }
    assert_eq!(there, wanted, "run the tests once with UPDATE_DOCS=1");
}

/// Whatever can be written in a file is told of: no type is forgotten.
#[test]
fn every_type_of_the_schemas_has_its_table() {
    let page = page("language.md");
    let marks: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| {
            let mark = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
            let mut words = mark.split(' ');
            matches!(words.next()?, "fields" | "words").then_some(())?;
            words.nth(1)
        })
        .collect();
    let mut missing = Vec::new();
    for name in ["plan", "modem", "scenario", "rehearsal", "fragment"] {
        let schema = schema(name).unwrap();
        let actions = of_actions(&schema);
        for (title, node) in schema["$defs"].as_object().unwrap() {
            let is_told = marks.contains(title.as_str()) || actions.contains(title);
            let has_parts = node["properties"]
                .as_object()
                .is_some_and(|keys| !keys.is_empty())
                || !words(node).is_empty();
            if has_parts && !is_told {
                missing.push(format!("{name} {title}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// A link leads to an anchor of the page, or to a file beside it.
#[test]
fn every_link_leads_somewhere() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for name in ["language.md", "tutorial.md"] {
        let page = page(name);
        for rest in page.split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            let is_there = match target.strip_prefix('#') {
                Some(anchor) => page.contains(&format!("<a id=\"{anchor}\"></a>")),
                None => target.starts_with("https://") || docs.join(target).is_file(),
            };
            assert!(is_there, "{name}: {target}");
        }
    }
}

/// The page with its generated parts made anew.
fn renewed(page: &str) -> String {
    let mut text = String::new();
    let mut is_generated = false;
    for line in page.lines() {
        if line == END {
            is_generated = false;
        }
        if !is_generated {
            text.push_str(line);
            text.push('\n');
        }
        let mark = line
            .strip_prefix("<!-- ")
            .and_then(|mark| mark.strip_suffix(" -->"));
        if let Some(made) = mark.and_then(generated) {
            is_generated = true;
            text.push('\n');
            text.push_str(made.trim_end());
            text.push_str("\n\n");
        }
    }
    assert!(!is_generated, "a generated part has no end");
    text
}

fn generated(mark: &str) -> Option<String> {
    let words: Vec<&str> = mark.split(' ').collect();
    match words[..] {
        ["fields", name, title] => {
            let schema = schema(name).unwrap();
            // Actions and kinds of guards have tables of their own.
            let left_out: &[&str] = match title {
                "Step" => &ACTION_KEYS,
                "Guard" => &GUARD_KEYS,
                _ => &[],
            };
            let table = fields(&schema, node(&schema, name, title), left_out);
            Some(anchored(title, &table))
        }
        ["words", name, title] => {
            let schema = schema(name).unwrap();
            Some(anchored(title, &word_table(node(&schema, name, title))))
        }
        ["actions"] => Some(actions()),
        ["action-fields"] => Some(action_fields()),
        ["guard-kinds"] => Some(guard_kinds()),
        _ => None,
    }
}

fn anchored(title: &str, table: &str) -> String {
    format!("<a id=\"{}\"></a>\n\n{table}", anchor(title))
}

/// A type of a schema: its own, or one of its definitions.
fn node<'a>(schema: &'a Value, name: &str, title: &str) -> &'a Value {
    if schema["title"] == title {
        return schema;
    }
    let node = &schema["$defs"][title];
    assert!(node.is_object(), "{name} has no {title}");
    node
}

fn fields(schema: &Value, node: &Value, left_out: &[&str]) -> String {
    let mut table = String::from("| key | value | | meaning |\n| --- | --- | --- | --- |\n");
    let required: Vec<&str> = node["required"].as_array().map_or(Vec::new(), |keys| {
        keys.iter().filter_map(Value::as_str).collect()
    });
    for (key, field) in node["properties"].as_object().unwrap() {
        if left_out.contains(&key.as_str()) {
            continue;
        }
        let need = if required.contains(&key.as_str()) {
            "required"
        } else {
            ""
        };
        let target = target(schema, field);
        let own = field["description"].as_str();
        let about = own.or(target.and_then(|target| target["description"].as_str()));
        let _ = writeln!(
            table,
            "| `{key}` | {} | {need} | {} |",
            value(schema, field),
            one_line(about.unwrap_or(""))
        );
    }
    table
}

fn target<'a>(schema: &'a Value, field: &Value) -> Option<&'a Value> {
    let name = field["$ref"].as_str()?.rsplit('/').next()?;
    Some(&schema["$defs"][name])
}

/// What may stand behind a key, for people.
fn value(schema: &Value, field: &Value) -> String {
    if let Some(target) = target(schema, field) {
        let name = field["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        return match name {
            "Duration" => "duration".to_owned(),
            // Named all over the place: told once.
            "Mode" | "Kind" => format!("[{}](#{})", in_words(name), anchor(name)),
            _ if !words(target).is_empty() => words(target)
                .iter()
                .map(|(word, _)| format!("`{word}`"))
                .collect::<Vec<_>>()
                .join(" "),
            _ => format!("[{}](#{})", in_words(name), anchor(name)),
        };
    }
    match &field["type"] {
        Value::String(kind) if kind == "array" => {
            format!("list of {}", value(schema, &field["items"]))
        }
        Value::String(kind) if kind == "object" => {
            let patterned = field["patternProperties"].as_object();
            let (key, held) = { patterned.and_then(|patterned| patterned.values().next()) }
                .map_or(("name", &field["additionalProperties"]), |held| {
                    ("number", held)
                });
            format!("{key} → {}", value(schema, held))
        }
        Value::String(kind) => match kind.as_str() {
            "string" => "text".to_owned(),
            "integer" => "number".to_owned(),
            "boolean" => "`true` `false`".to_owned(),
            other => other.to_owned(),
        },
        Value::Array(kinds) => {
            let kinds: Vec<String> = kinds
                .iter()
                .map(|kind| value(schema, &serde_json::json!({ "type": kind })))
                .collect();
            kinds.join(", ")
        }
        _ => String::new(),
    }
}

/// Where the table of a type begins.
fn anchor(name: &str) -> String {
    format!("type-{}", in_words(name).replace(' ', "-"))
}

/// `ModemExpectation` as two words.
fn in_words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// The words of a closed set, each with what it means.
fn words(node: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let word = |value: &Value| value.as_str().map(str::to_owned);
    for choice in node["enum"].as_array().into_iter().flatten() {
        found.extend(word(choice).map(|word| (word, String::new())));
    }
    for choice in node["oneOf"].as_array().into_iter().flatten() {
        let about = choice["description"].as_str().unwrap_or("");
        found.extend(word(&choice["const"]).map(|word| (word, one_line(about))));
        for word in choice["enum"].as_array().into_iter().flatten() {
            found.push((word.as_str().unwrap().to_owned(), String::new()));
        }
    }
    found
}

fn word_table(node: &Value) -> String {
    let words = words(node);
    if words.iter().all(|(_, about)| about.is_empty()) {
        let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        return format!("{}\n", words.join(", "));
    }
    let mut table = String::from("| word | meaning |\n| --- | --- |\n");
    for (word, about) in words {
        let _ = writeln!(table, "| `{word}` | {about} |");
    }
    table
}

fn one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace('|', "\\|")
}

/// The types that are the fields of an action.
fn of_actions(schema: &Value) -> BTreeSet<String> {
    let step = &schema["$defs"]["Step"];
    let guard = &schema["$defs"]["Guard"];
    let keys = |node: &Value, keys: &[&str]| -> Vec<String> {
        let refs = keys.iter().map(|key| &node["properties"][key]["$ref"]);
        refs.filter_map(|path| Some(path.as_str()?.rsplit('/').next()?.to_owned()))
            .collect()
    };
    let mut found: BTreeSet<String> = keys(step, &ACTION_KEYS).into_iter().collect();
    found.extend(keys(guard, &GUARD_KEYS));
    found
}

fn actions() -> String {
    let mut table = String::from(
        "| action | needs | leaves | effect | resume | demands guards |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for row in signature::table() {
        let leaves = match row.leaves {
            Leaves::Same => "as it was".to_owned(),
            // Which one is said by a field.
            Leaves::Unknown if row.waits => "the mode it names, seen".to_owned(),
            Leaves::Unknown => "not known".to_owned(),
            Leaves::Known(mode) if row.waits => format!("{mode}, seen"),
            Leaves::Known(mode) => mode.to_string(),
        };
        let redo = match row.redo {
            Redo::ReadOnly => "runs again",
            Redo::Idempotent => "runs again after a look at the mode",
            Redo::Destructive => "runs again with a person's word",
            Redo::Once => "never runs again",
        };
        let demands: Vec<String> = row
            .demands
            .iter()
            .map(|kind| format!("`{}`", kind.word()))
            .collect();
        let needs = if row.needs == Modes::ANY {
            "any mode".to_owned()
        } else {
            row.needs.to_string()
        };
        let _ = writeln!(
            table,
            "| `{}` | {needs} | {leaves} | {} | {redo} | {} |",
            row.key,
            row.effect,
            demands.join(" ")
        );
    }
    table
}

fn action_fields() -> String {
    let schema = schema("plan").unwrap();
    let step = &schema["$defs"]["Step"]["properties"];
    let mut text = String::new();
    for key in ACTION_KEYS {
        let field = &step[key];
        let about = field["description"].as_str().unwrap();
        let _ = write!(text, "### `{key}`\n\n{}\n\n", one_line(about));
        match target(&schema, field) {
            Some(target)
                if target["properties"]
                    .as_object()
                    .is_some_and(|p| !p.is_empty()) =>
            {
                let _ = writeln!(text, "{}", fields(&schema, target, &[]));
            }
            Some(_) => text.push_str("It has no fields: `{}`.\n\n"),
            None => {
                let _ = write!(text, "Takes: {}.\n\n", value(&schema, field));
            }
        }
    }
    text
}

fn guard_kinds() -> String {
    let schema = schema("plan").unwrap();
    let guard = &schema["$defs"]["Guard"]["properties"];
    let mut text = String::new();
    for key in GUARD_KEYS {
        let field = &guard[key];
        let about = field["description"].as_str().unwrap();
        let _ = write!(text, "### `{key}`\n\n{}\n\n", one_line(about));
        match target(&schema, field) {
            Some(target) => {
                let _ = writeln!(text, "{}", fields(&schema, target, &[]));
            }
            None => {
                let _ = write!(text, "Takes: an expression.\n\n");
            }
        }
    }
    text
}
