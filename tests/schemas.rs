//! The JSON Schemas in `schemas/` are those of the types, and they agree with the reader about every shipped file.

use unbrick::diagnostic::Source;
use unbrick::plan::library::Library;
use unbrick::schema::{SCHEMAS, schema};
use unbrick::yaml;

fn folder() -> camino::Utf8PathBuf {
    camino::Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

#[expect(
    clippy::disallowed_methods,
    reason = "generated files are overwritten, which the file layer never does"
)]
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

fn errors(name: &str, text: &str) -> Vec<String> {
    let source = Source::new("x.yaml", text);
    let (value, _) =
        yaml::from_source::<serde_json::Value>(&source, "file").expect("read and compiled");
    let schema = schema(name).expect("read and compiled");
    let validator = jsonschema::validator_for(&schema).expect("read and compiled");
    validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn kind_of(path: &str) -> &'static str {
    match path {
        _ if path.ends_with("/modem.yaml") => "modem",
        _ if path.contains("/scenarios/") => "scenario",
        _ if path.starts_with("lib/") => "fragment",
        _ if path.contains("/rehearsals/") => "rehearsal",
        _ => "plan",
    }
}

#[test]
fn every_shipped_file_fits_its_schema() {
    let library = Library::builtin();
    let mut count = 0;
    for path in library.paths() {
        assert_eq!(
            errors(kind_of(path), library.text(path).unwrap()),
            [""; 0],
            "{path}"
        );
        count += 1;
    }
    assert!(count >= 3);
}

#[test]
fn a_schema_refuses_what_the_reader_refuses() {
    let plan = Library::builtin()
        .text("quectel/rm502q-gl/unbrick-900e.yaml")
        .unwrap();
    for (from, to) in [
        ("only_in: [ramdump]", "onli_in: [ramdump]"),
        ("for: edl }", "for: eld }"),
        ("timeout: 3m", "timeout: 180"),
        (
            "    usb.wait: { for: edl }\n",
            "    usb.wait: { for: edl }\n    check: []\n",
        ),
        ("    usb.wait: { for: edl }\n", ""),
        ("    backup: { step: save-nand }\n", ""),
        ("title: RM502Q-GL", "titel: RM502Q-GL"),
    ] {
        assert!(plan.contains(from), "{from}");
        assert!(
            !errors("plan", &plan.replacen(from, to, 1)).is_empty(),
            "{to}"
        );
    }
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
