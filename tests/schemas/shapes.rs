//! Mistakes in the shape, one at each place of every shipped file: what the reader refuses, the schema refuses.

use crate::corpus::{shipped, validator, value};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use unbrick::diagnostic::Source;
use unbrick::plan::{Fragment, Plan, Profile, Rehearsal, Scenario};
use unbrick::yaml;

/// Places of one kind, such as the fields of one action, that are tried in all files together.
const MOST: usize = 3;

/// What a reader says about a text.
type Reader = fn(&str) -> Result<(), String>;

fn read<T: DeserializeOwned>(text: &str) -> Result<(), String> {
    let source = Source::new("x.yaml", text);
    let read = yaml::from_source::<T>(&source, "file");
    read.map(|_| ()).map_err(|problems| format!("{problems:?}"))
}

fn reader(kind: &str) -> Reader {
    match kind {
        "plan" => read::<Plan>,
        "modem" => read::<Profile>,
        "fragment" => read::<Fragment>,
        "scenario" => read::<Scenario>,
        "rehearsal" => read::<Rehearsal>,
        _ => panic!("{kind}"),
    }
}

#[test]
fn whatever_shape_a_reader_refuses_its_schema_refuses() {
    let (mut tried, mut refused, mut passed) = (0, 0, Vec::new());
    let mut places: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for file in shipped() {
        let (reader, validator) = (reader(file.kind), validator(file.kind));
        let whole = value(&file.text);
        // Plain data is written as JSON, which is YAML.
        reader(&whole.to_string()).unwrap();
        for pointer in pointers(&whole) {
            let place = places
                .entry((file.kind, generalised(&pointer)))
                .or_default();
            *place += 1;
            if *place > MOST {
                continue;
            }
            for (mistake, spoilt) in mistakes(&whole, &pointer) {
                tried += 1;
                let Err(why) = reader(&spoilt.to_string()) else {
                    continue;
                };
                refused += 1;
                if validator.is_valid(&spoilt) {
                    let path = &file.path;
                    passed.push(format!("{path} {pointer}: {mistake}: {why}"));
                }
            }
        }
    }
    println!("{tried} changes, {refused} of them mistakes to the reader");
    assert!(refused > 5_000, "{refused}");
    assert!(
        passed.is_empty(),
        "{}:\n{}",
        passed.len(),
        passed.join("\n")
    );
}

/// The same for every item of a list.
fn generalised(pointer: &str) -> String {
    let parts = pointer.split('/');
    let parts = parts.map(|part| {
        if part.parse::<usize>().is_ok() {
            "*"
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Every place below the whole.
fn pointers(whole: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), whole)];
    while let Some((pointer, value)) = open.pop() {
        let below: Vec<(String, &Value)> = match value {
            Value::Object(object) => (object.iter())
                .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
                .collect(),
            Value::Array(items) => (items.iter().enumerate())
                .map(|(at, value)| (at.to_string(), value))
                .collect(),
            _ => Vec::new(),
        };
        open.extend((below.into_iter()).map(|(key, value)| (format!("{pointer}/{key}"), value)));
        found.push(pointer);
    }
    found
}

/// The whole with one mistake at a place, or something that may be one.
fn mistakes(whole: &Value, pointer: &str) -> Vec<(String, Value)> {
    let with = |value: Value| {
        let mut spoilt = whole.clone();
        *spoilt.pointer_mut(pointer).unwrap() = value;
        spoilt
    };
    let instead = [
        json!({}),
        json!([]),
        json!(["x"]),
        json!({ "x": "y" }),
        json!("no-such-word"),
        json!(""),
        json!(-1),
        json!(180),
        json!(4_294_967_296_u64),
        json!(1.5),
        json!(true),
    ];
    let mut made: Vec<(String, Value)> = (instead.into_iter())
        .map(|value| (format!("is {value}"), with(value)))
        .collect();
    if let Some(Value::Object(object)) = whole.pointer(pointer) {
        let mut more = object.clone();
        more.insert("nobody".to_owned(), json!("knows"));
        made.push(("an unknown key".to_owned(), with(Value::Object(more))));
        for key in object.keys() {
            let less = object.iter().filter(|(other, _)| *other != key);
            let less = less.map(|(key, value)| (key.clone(), value.clone()));
            made.push((format!("no `{key}`"), with(Value::Object(less.collect()))));
            let other = object.iter().map(|(name, value)| {
                let misspelt = if name == key {
                    format!("{name}e")
                } else {
                    name.clone()
                };
                (misspelt, value.clone())
            });
            made.push((
                format!("`{key}` misspelt"),
                with(Value::Object(other.collect())),
            ));
        }
    }
    made
}
