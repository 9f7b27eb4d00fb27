//! Every key and every word of a plan, read off the schema, stands in some example.

use crate::{name_of, plans};
use serde_json::Value;
use std::collections::BTreeSet;
use unbrick::check;
use unbrick::diagnostic::Source;
use unbrick::plan::{ACTION_KEYS, GUARD_KEYS};
use unbrick::schema::schema;
use unbrick::yaml;

/// What a schema allows, as `Step.when` for a key and `Kind=imei` for a word.
type Words = BTreeSet<String>;

struct Schema(Value);

impl Schema {
    /// The node that a reference leads to, and the name of its type.
    fn follow<'a>(&'a self, node: &'a Value, name: &'a str) -> (&'a Value, &'a str) {
        match node["$ref"].as_str() {
            Some(path) => {
                let name = path.rsplit('/').next().unwrap();
                (&self.0["$defs"][name], name)
            }
            None => (node, name),
        }
    }

    /// Everything that may be written.
    fn all(&self) -> Words {
        let mut words = Words::new();
        collect(&self.0, "Plan", &mut words);
        for (name, node) in self.0["$defs"].as_object().unwrap() {
            collect(node, name, &mut words);
        }
        words
    }

    /// Everything that is written in a value.
    fn used(&self, node: &Value, name: &str, value: &Value, words: &mut Words) {
        let (node, name) = self.follow(node, name);
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let inner = if node["properties"][key].is_null() {
                        &node["additionalProperties"]
                    } else {
                        words.insert(format!("{name}.{key}"));
                        &node["properties"][key]
                    };
                    self.used(inner, "", value, words);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.used(&node["items"], "", item, words);
                }
            }
            Value::String(word) if choices(node).any(|choice| choice == word) => {
                words.insert(format!("{name}={word}"));
            }
            _ => {}
        }
    }
}

fn choices(node: &Value) -> impl Iterator<Item = &str> {
    let described = node["oneOf"].as_array().into_iter().flatten();
    let plain = node["enum"].as_array().into_iter().flatten();
    described
        .filter_map(|choice| choice["const"].as_str())
        .chain(plain.filter_map(Value::as_str))
}

fn collect(node: &Value, name: &str, words: &mut Words) {
    let properties = node["properties"].as_object().into_iter().flatten();
    words.extend(properties.map(|(key, _)| format!("{name}.{key}")));
    words.extend(choices(node).map(|choice| format!("{name}={choice}")));
}

#[test]
fn together_they_use_every_word_of_the_language() {
    let schema = Schema(schema("plan").unwrap());
    let all = schema.all();
    // The list is the language's own: no key may hide from the schema.
    for key in ACTION_KEYS {
        assert!(all.contains(&format!("Step.{key}")), "{key}");
    }
    for key in GUARD_KEYS {
        assert!(all.contains(&format!("Guard.{key}")), "{key}");
    }
    let mut used = Words::new();
    for path in plans() {
        let source = Source::new(&path, std::fs::read_to_string(&path).unwrap());
        let (value, _) = yaml::from_source::<Value>(&source, "plan").unwrap();
        schema.used(&schema.0, "Plan", &value, &mut used);
    }
    let missing: Vec<&String> = all.difference(&used).collect();
    assert!(missing.is_empty(), "no example uses {missing:?}");
}

#[test]
fn each_is_proved_without_a_warning_and_has_a_state_to_run_on() {
    for path in plans() {
        let (_, warnings) = check::load(&path).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(warnings.is_empty(), "{path}: {warnings:?}");
        let text = std::fs::read_to_string(&path).unwrap();
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "# yaml-language-server: $schema=../schemas/plan.schema.json"
        );
        let scenario = crate::examples().join(format!("scenarios/{}.yaml", name_of(&path)));
        assert!(scenario.exists(), "{path} has no scenario");
    }
}
