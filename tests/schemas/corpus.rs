//! Every YAML file of `plans/`, `examples/` and the rules' examples, and its schema.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use unbrick::diagnostic::Source;
use unbrick::plan::library::{self, EntryKind};
use unbrick::rule::{self, Example};
use unbrick::{schema::schema, yaml};

/// One shipped file.
pub(crate) struct Shipped {
    pub(crate) path: Utf8PathBuf,
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

pub(crate) fn shipped() -> Vec<Shipped> {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["plans", "examples"] {
        gather(&root.join(folder), &mut paths);
    }
    paths.sort();
    assert!(paths.len() >= 30);
    let files = paths.into_iter();
    files
        .map(|path| {
            let bytes = unbrick::files::read_capped(&path, 1 << 20).unwrap();
            Shipped {
                kind: schema_of(path.as_str()),
                text: String::from_utf8(bytes.unwrap()).unwrap(),
                path,
            }
        })
        .collect()
}

fn gather(folder: &Utf8Path, paths: &mut Vec<Utf8PathBuf>) {
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().path().to_owned();
        if path.is_dir() {
            gather(&path, paths);
        } else if path.extension() == Some("yaml") {
            paths.push(path);
        }
    }
}

/// The name of the schema of a file.
fn schema_of(path: &str) -> &'static str {
    match library::kind_of(path) {
        EntryKind::Plan => "plan",
        EntryKind::Profile => "modem",
        EntryKind::Fragment => "fragment",
        EntryKind::Scenario => "scenario",
        EntryKind::Rehearsal => "rehearsal",
    }
}

/// A file as plain data.
pub(crate) fn value(text: &str) -> Value {
    let source = Source::new("x.yaml", text);
    yaml::from_source::<Value>(&source, "file").unwrap().0
}

pub(crate) fn validator(name: &str) -> jsonschema::Validator {
    jsonschema::validator_for(&schema(name).unwrap()).unwrap()
}

fn errors(name: &str, text: &str) -> Vec<String> {
    let value = value(text);
    let validator = validator(name);
    let errors = validator.iter_errors(&value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn every_shipped_file_fits_its_schema() {
    for file in shipped() {
        assert_eq!(errors(file.kind, &file.text), [""; 0], "{}", file.path);
    }
}

#[test]
fn the_first_line_of_every_shipped_file_leads_to_its_schema() {
    let schemas = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for file in shipped() {
        let first = file.text.lines().next().unwrap();
        let path = first.strip_prefix("# yaml-language-server: $schema=");
        let path = path.unwrap_or_else(|| panic!("{}: {first}", file.path));
        let found = file.path.parent().unwrap().join(path);
        let wanted = schemas.join(format!("{}.schema.json", file.kind));
        let real = |path: &Utf8Path| path.canonicalize_utf8().unwrap();
        assert_eq!(real(&found), real(&wanted), "{}", file.path);
    }
}

/// Whatever else is wrong with a file, its schema has nothing against it: an editor underlines what is wrong by itself.
#[test]
fn a_schema_refuses_the_bad_examples_of_rules_about_the_form_and_no_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(folder.path()).unwrap();
    let mut refused = Vec::new();
    for rule in rule::all() {
        if let Example::Files(files) = rule.good {
            for file in files {
                let kind = kind_of_text(folder, file.path, file.text);
                assert_eq!(errors(kind, file.text), [""; 0], "{}", rule.id);
            }
        }
        if let Example::Files(files) = rule.bad {
            let bad = |file: &rule::File| {
                let source = Source::new("x.yaml", file.text);
                let Ok((value, _)) = yaml::from_source::<Value>(&source, "file") else {
                    return false;
                };
                let kind = kind_of_text(folder, file.path, file.text);
                !validator(kind).is_valid(&value)
            };
            if files.iter().any(bad) {
                refused.push(rule.id);
            }
        }
    }
    assert_eq!(refused, REFUSED);
}

/// In the order of the table.
const REFUSED: [&str; 16] = [
    "plan::shape",
    "plan::version",
    "plan::name",
    "plan::no-action",
    "plan::two-actions",
    "plan::guard-kind",
    "fragment::version",
    "modem::version",
    "modem::hw",
    "modem::usb",
    "scenario::version",
    "scenario::serial",
    "scenario::programmer",
    "scenario::hands",
    "scenario::make",
    "rehearsal::version",
];

fn kind_of_text(folder: &Utf8Path, path: &str, text: &str) -> &'static str {
    let path = folder.join(path);
    write(&path, text);
    schema_of(path.as_str())
}

fn write(path: &Utf8Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
