//! JSON Schemas for editors and for readers of events, derived from the types themselves.

use crate::event::Event;
use crate::plan::{Fragment, Plan, Profile, Rehearsal, Scenario};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The names of all schemas.
pub const SCHEMAS: [&str; 6] = [
    "plan",
    "modem",
    "fragment",
    "scenario",
    "rehearsal",
    "events",
];

/// The JSON Schema of a kind of file.
pub fn schema(name: &str) -> Option<Value> {
    match name {
        "plan" => Some(generate::<Plan>(name)),
        "modem" => Some(generate::<Profile>(name)),
        "fragment" => Some(generate::<Fragment>(name)),
        "scenario" => Some(generate::<Scenario>(name)),
        "rehearsal" => Some(generate::<Rehearsal>(name)),
        "events" => Some(generate::<Event>(name)),
        _ => None,
    }
}

fn generate<T: JsonSchema>(name: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    without_null(&mut schema);
    for_editors(&mut schema);
    if let Value::Object(schema) = &mut schema {
        // The number is the language version.
        let id = format!("urn:unbrick:schema:1:{name}");
        schema.insert("$id".to_owned(), Value::String(id));
    }
    schema
}

/// What may be left out is left out, never null: the language has none.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|word| word != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            one_choice(object);
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// What yaml-language-server makes use of: the type of a closed set of words, so that it offers to fill them in; every
/// description as Markdown, so that code is shown as code; and the greatest number of 32 bits, which schemars leaves
/// out. Where only some descriptions were Markdown, that of a type would hide the one of the key that has it.
fn for_editors(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if is_set_of_words(object) {
                object.insert("type".to_owned(), "string".into());
            }
            if object
                .get("format")
                .is_some_and(|format| format == "uint32")
            {
                object.entry("maximum").or_insert(u32::MAX.into());
            }
            if let Some(Value::String(text)) = object.get("description") {
                let text = text.clone();
                object.insert("markdownDescription".to_owned(), text.into());
            }
            object.values_mut().for_each(for_editors);
        }
        Value::Array(items) => items.iter_mut().for_each(for_editors),
        _ => {}
    }
}

fn is_set_of_words(object: &Map<String, Value>) -> bool {
    let choices = object.get("oneOf").and_then(Value::as_array);
    choices.is_some_and(|choices| choices.iter().all(|choice| choice.get("const").is_some()))
}

/// `anyOf: [X, null]` is X.
fn one_choice(object: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice.get("type").is_none_or(|word| word != "null"));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}
