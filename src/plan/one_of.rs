//! A schema transform: exactly one of some keys. Small `oneOf` lists of `required` keep editors helpful
//! (redhat-developer/yaml-language-server#937).

use schemars::Schema;
use serde_json::{Value, json};

pub(super) fn exactly_one_of(schema: &mut Schema, keys: &[&str]) {
    let choices: Vec<Value> = keys
        .iter()
        .map(|key| json!({ "required": [key] }))
        .collect();
    schema.insert("oneOf".to_owned(), Value::Array(choices));
}
