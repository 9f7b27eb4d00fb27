//! The JSON Schemas in `schemas/` are those of the types, and they agree with the reader about every shipped file, and
//! about every mistake in its shape.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and lays files out as they are"
)]

mod corpus;
mod shapes;
mod words;

use unbrick::schema::{SCHEMAS, schema};

fn folder() -> camino::Utf8PathBuf {
    camino::Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

fn write(path: &camino::Utf8Path, text: &str) {
    std::fs::write(path, text).expect("schemas/ can be written");
}

#[test]
fn the_schemas_are_those_of_the_types() {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    for name in SCHEMAS {
        let path = folder().join(format!("{name}.schema.json"));
        let wanted = format!("{:#}\n", schema(name).unwrap());
        if update {
            write(&path, &wanted);
        }
        let bytes = unbrick::files::read_capped(&path, 1 << 20)
            .unwrap()
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text == wanted,
            "{path} is out of date: run the tests once with UPDATE_SCHEMAS=1"
        );
        assert!(!text.contains("null"), "{name}");
    }
    assert!(schema("nothing").is_none());
}

#[test]
fn an_event_fits_its_schema() {
    use unbrick::event::Event;
    let schema = schema("events").expect("read and compiled");
    let validator = jsonschema::validator_for(&schema).expect("read and compiled");
    let event = Event::StepSkip {
        step: "ground-pin-65".into(),
        because: "only in ramdump".into(),
    };
    let value = serde_json::to_value(&event).expect("plain data");
    assert!(validator.is_valid(&value));
    let unknown = serde_json::json!({ "event": "no-such-event" });
    assert!(!validator.is_valid(&unknown));
}
