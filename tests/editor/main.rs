//! What the schemas give an author in an editor that speaks with yaml-language-server: words and what they mean, and
//! every misspelt key underlined. Without node and the server these tests are passed over, unless
//! `UNBRICK_DEMAND_EDITOR=1`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may fail where it stands, and says where it was passed over"
)]

mod server;

use serde_json::{Value, json};
use server::{Editor, Position, root};
use std::path::Path;
use unbrick::plan::{ACTION_KEYS, Mode};
use unbrick::schema::schema;

const PLAN: &str = include_str!("../../plans/quectel/rm502q-gl/unbrick-900e.yaml");
/// Beside the plan, so that its first line leads to the schema.
const BESIDE: &str = "plans/quectel/rm502q-gl/being-written.yaml";

/// The plan with one place changed, and the place of `§` in what stands there now.
fn written(from: &str, to: &str) -> (String, Position) {
    assert!(PLAN.contains(from), "the plan has changed: {from}");
    let text = PLAN.replacen(from, to, 1);
    let at = text.find('§').unwrap();
    (text.replace('§', ""), Position::of(&text, at))
}

/// The place of a word of the plan.
fn place(word: &str) -> Position {
    let at = PLAN.find(word).unwrap();
    Position::of(PLAN, at + 1)
}

/// What the schema says about a key of a step.
fn described(key: &str) -> String {
    let schema = schema("plan").unwrap();
    let text = &schema["$defs"]["Step"]["properties"][key]["description"];
    text.as_str().unwrap().to_owned()
}

#[test]
fn a_step_offers_every_action_and_every_key_with_its_meaning() {
    let Some(mut editor) = Editor::start() else {
        return;
    };
    let (text, at) = written("steps:\n", "steps:\n  - id: new\n    §\n");
    editor.open(BESIDE, &text);
    let offered = editor.completions(BESIDE, at);
    let schema = schema("plan").unwrap();
    let keys = schema["$defs"]["Step"]["properties"].as_object().unwrap();
    assert!(ACTION_KEYS.iter().all(|key| keys.contains_key(*key)));
    for key in keys.keys().filter(|key| *key != "id") {
        assert_eq!(offered.get(key), Some(&described(key)), "{key}");
    }
    assert_eq!(offered.len(), keys.len() - 1, "{offered:#?}");
}

#[test]
fn a_mode_is_offered_wherever_one_is_wanted() {
    let Some(mut editor) = Editor::start() else {
        return;
    };
    for (number, (from, to)) in [
        ("for: edl }", "for: §}"),
        ("usb.wait: { for: edl }", "usb.wait:\n      for: §"),
        ("only_in: [ramdump]", "only_in:\n      - §"),
        ("starts_in: [ramdump, edl]", "starts_in: [§]"),
    ]
    .into_iter()
    .enumerate()
    {
        let (text, at) = written(from, to);
        let path = format!("plans/quectel/rm502q-gl/being-written-{number}.yaml");
        editor.open(&path, &text);
        let offered = editor.completions(&path, at);
        for mode in Mode::ALL {
            let meaning = offered.get(mode.word());
            assert!(meaning.is_some_and(|text| !text.is_empty()), "{to} {mode}");
        }
    }
}

#[test]
fn a_word_under_the_pointer_is_explained() {
    let Some(mut editor) = Editor::start() else {
        return;
    };
    assert_eq!(editor.open(BESIDE, PLAN), [Value::Null; 0]);
    for key in ["usb.wait", "only_in", "firehose.flash", "retry"] {
        let shown = editor.hover(BESIDE, place(&format!("    {key}:")).right(4));
        assert!(shown.contains(&described(key)), "{key}: {shown}");
    }
    let shown = editor.hover(BESIDE, place("edl }").right(1));
    assert!(
        shown.contains("The boot ROM waits for a programmer"),
        "{shown}"
    );
}

#[test]
fn a_mistake_is_underlined_where_it_stands() {
    let Some(mut editor) = Editor::start() else {
        return;
    };
    for (number, (from, to, says)) in [
        ("only_in: [ramdump]", "§onli_in§: [ramdump]", "onli_in"),
        ("for: edl }", "for: §eld§ }", "Value must be"),
        ("timeout: 3m", "timeout: §180§", "Expected \"string\""),
        ("timeout: 3m", "timeout: §3h§", "with its unit, such as"),
    ]
    .into_iter()
    .enumerate()
    {
        let (text, start) = written(from, to);
        let under = to.split('§').nth(1).unwrap();
        let path = format!("plans/quectel/rm502q-gl/mistaken-{number}.yaml");
        let found = editor.open(&path, &text);
        let [only] = &found[..] else {
            panic!("{to}: {found:#?}");
        };
        let end = start.right(under.len());
        let range = json!({
            "start": { "line": start.line, "character": start.character },
            "end": { "line": end.line, "character": end.character },
        });
        assert_eq!(only["range"], range, "{to}: {only}");
        assert_eq!(only["severity"], 1, "{to}: {only}");
        assert!(only["message"].as_str().unwrap().contains(says), "{only}");
    }
}

/// Each file is judged by the schema that its first line names: with a key that nobody knows it is no longer clean.
#[test]
fn every_shipped_file_is_clean_and_is_really_judged() {
    let Some(mut editor) = Editor::start() else {
        return;
    };
    let mut paths = Vec::new();
    for folder in ["plans", "examples"] {
        gather(&root().join(folder), &mut paths);
    }
    assert!(paths.len() >= 30);
    for path in paths {
        let text = unbrick::files::read_capped(path.as_path().try_into().unwrap(), 1 << 20);
        let text = String::from_utf8(text.unwrap().unwrap()).unwrap();
        let inside = path.strip_prefix(root()).unwrap().to_str().unwrap();
        assert_eq!(editor.open(inside, &text), [Value::Null; 0], "{inside}");
        let found = editor.open(
            &format!("{inside}.spoilt.yaml"),
            &format!("{text}\nnobody: knows\n"),
        );
        let messages: Vec<_> = found.iter().map(|problem| &problem["message"]).collect();
        assert_eq!(messages, ["Property nobody is not allowed."], "{inside}");
    }
}

fn gather(folder: &Path, paths: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, paths);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            paths.push(path);
        }
    }
}

impl Position {
    fn right(self, characters: usize) -> Self {
        Self {
            character: self.character + characters,
            ..self
        }
    }
}
