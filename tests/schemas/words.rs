//! What an editor shows: every key and every word of a closed set says what it means.

use serde_json::Value;
use unbrick::schema::schema;

/// Schemas of files that people write.
const WRITTEN: [&str; 5] = ["plan", "modem", "fragment", "scenario", "rehearsal"];

#[test]
fn every_key_and_every_word_is_described_and_no_other_key_is_let_in() {
    let (mut keys, mut words, mut wrong) = (0, 0, Vec::new());
    for name in WRITTEN {
        let schema = schema(name).unwrap();
        let mut open = vec![(name.to_owned(), &schema)];
        while let Some((at, value)) = open.pop() {
            match value {
                Value::Object(object) => {
                    if let Some(Value::Object(properties)) = object.get("properties") {
                        for (key, property) in properties {
                            keys += 1;
                            if !is_described(property) {
                                wrong.push(format!("{at}: the key `{key}`"));
                            }
                        }
                        if object.get("additionalProperties") != Some(&Value::Bool(false)) {
                            wrong.push(format!("{at}: lets other keys in"));
                        }
                    }
                    if object.contains_key("enum") {
                        wrong.push(format!("{at}: words without a meaning"));
                    }
                    if let Some(word) = object.get("const").filter(|word| word.is_string()) {
                        words += 1;
                        if !is_described(value) {
                            wrong.push(format!("{at}: the word {word}"));
                        }
                    }
                    let below = object.iter();
                    open.extend(below.map(|(key, value)| (format!("{at}/{key}"), value)));
                }
                Value::Array(items) => open.extend(items.iter().map(|item| (at.clone(), item))),
                _ => {}
            }
        }
    }
    println!("{keys} keys, {words} words");
    assert!(keys > 150 && words > 100, "{keys} keys, {words} words");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_described(schema: &Value) -> bool {
    let text = schema["description"].as_str().unwrap_or_default();
    // A server that knows Markdown shows this one first.
    text.ends_with('.') && schema["markdownDescription"] == text
}
