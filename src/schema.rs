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
