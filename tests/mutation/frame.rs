//! Mistakes of the file: keys, values, and what lies outside the subset of YAML.

use crate::subject::{Subject, pairs};
use crate::{Kind, Mutant};
use unbrick::yaml::{Node, NodeKind, Style};

pub(crate) const KINDS: &[Kind] = &[
    ("a misspelt key", misspelt_key),
    ("a key given twice", twice),
    ("a value that is null", null),
    ("a value that was forgotten", forgotten),
    ("an anchor", anchor),
    ("a tag", tag),
    ("a list where a text is wanted", list_for_text),
    ("a mapping where a text is wanted", mapping_for_text),
    ("a second document", |s| {
        let mut mutant = s.with(&end(s), "---\n", "plan::two-documents");
        mutant.at.end -= 1;
        vec![mutant]
    }),
    ("a character that is a line break to one reader only", |s| {
        vec![s.with(&title_start(s), "\u{85}", "plan::odd-character")]
    }),
    ("nesting that is too deep", too_deep),
    ("a bracket that is never closed", |s| {
        let mut mutant = s.with(&end(s), "\nextra: [", "plan::yaml-syntax");
        mutant.at = mutant.at.end - 1..mutant.at.end;
        vec![mutant]
    }),
    ("a required key left out", left_out),
];

/// Mappings whose keys are names that the author chose.
fn is_named(path: &[String]) -> bool {
    let parent = path.len().checked_sub(2).and_then(|at| path.get(at));
    matches!(
        parent.map(String::as_str),
        Some("inputs" | "guards" | "save" | "with")
    )
}

fn misspelt_key(s: &Subject) -> Vec<Mutant> {
    let keys = pairs(&s.root)
        .into_iter()
        .filter(|(path, _, _)| !is_named(path));
    keys.filter_map(|(_, key, _)| s.misspelt(&key.span, "plan::shape"))
        .collect()
}

/// Pairs on one line of their own with a plain value.
fn plain(s: &Subject) -> Vec<(&Node, &Node)> {
    let whole = |key: &Node, value: &Node| {
        let one_line = !s.text[key.span.start..value.span.end].contains('\n');
        one_line && s.lines(key, value).is_some()
    };
    let scalar = |value: &Node| {
        matches!(
            &value.kind,
            NodeKind::Scalar {
                style: Style::Plain | Style::Quoted,
                ..
            }
        )
    };
    pairs(&s.root)
        .into_iter()
        .filter(|(_, key, value)| scalar(value) && whole(key, value))
        .map(|(_, key, value)| (key, value))
        .collect()
}

fn twice(s: &Subject) -> Vec<Mutant> {
    let again = |(key, value): (&Node, &Node)| {
        let lines = s.lines(key, value)?;
        let mut mutant = s.with(
            &(lines.end..lines.end),
            &s.text[lines.clone()],
            "plan::duplicate-key",
        );
        let start = lines.end + (key.span.start - lines.start);
        mutant.at = start..start + key.span.len();
        Some(mutant)
    };
    plain(s).into_iter().filter_map(again).collect()
}

fn null(s: &Subject) -> Vec<Mutant> {
    plain(s)
        .into_iter()
        .map(|(_, value)| s.with(&value.span, "~", "plan::null"))
        .collect()
}

fn forgotten(s: &Subject) -> Vec<Mutant> {
    let without =
        |(key, value): (&Node, &Node)| s.with_at(&value.span, "", "plan::null", &key.span);
    plain(s).into_iter().map(without).collect()
}

fn anchor(s: &Subject) -> Vec<Mutant> {
    in_front(s, "&here ", "plan::anchor")
}

fn tag(s: &Subject) -> Vec<Mutant> {
    in_front(s, "!!str ", "plan::tag")
}

fn in_front(s: &Subject, word: &str, code: &'static str) -> Vec<Mutant> {
    let marked = |(_, value): (&Node, &Node)| {
        let start = value.span.start;
        let mut mutant = s.with(&(start..start), word, code);
        mutant.at.end += value.span.len();
        mutant
    };
    plain(s).into_iter().map(marked).collect()
}

fn texts(s: &Subject) -> Vec<&Node> {
    let is_text = |key: &Node| {
        matches!(
            &s.text[key.span.clone()],
            "title" | "id" | "modem" | "when" | "because"
        )
    };
    plain(s)
        .into_iter()
        .filter(|(key, _)| is_text(key))
        .map(|(_, value)| value)
        .collect()
}

fn list_for_text(s: &Subject) -> Vec<Mutant> {
    texts(s)
        .into_iter()
        .map(|value| s.with(&value.span, "[a]", "plan::shape"))
        .collect()
}

fn mapping_for_text(s: &Subject) -> Vec<Mutant> {
    texts(s)
        .into_iter()
        .map(|value| s.with(&value.span, "{ a: b }", "plan::shape"))
        .collect()
}

fn too_deep(s: &Subject) -> Vec<Mutant> {
    let title = pairs(&s.root)
        .into_iter()
        .find(|(path, _, _)| path.as_slice() == ["title"]);
    let (_, _, value) = title.unwrap();
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let mut mutant = s.with(&value.span, &deep, "plan::too-deep");
    // One level is the plan's own mapping.
    mutant.at = value.span.start + 31..value.span.start + 32;
    vec![mutant]
}

fn left_out(s: &Subject) -> Vec<Mutant> {
    let required = ["plan", "id", "title", "modem", "starts_in", "ends_in"];
    let top = pairs(&s.root)
        .into_iter()
        .filter(|(path, _, _)| path.len() == 1);
    top.filter(|(path, _, _)| required.contains(&path[0].as_str()))
        .filter_map(|(_, key, value)| {
            let lines = s.lines(key, value)?;
            let mut mutant = s.with(&lines, "", "plan::shape");
            // The mapping that lacks it is underlined at its first key.
            let lines = mutant.text.split_inclusive('\n');
            let comments = lines.take_while(|line| line.starts_with('#') || line.trim().is_empty());
            let start: usize = comments.map(str::len).sum();
            let length = mutant.text[start..].find(':')?;
            mutant.at = start..start + length;
            Some(mutant)
        })
        .collect()
}

fn end(s: &Subject) -> std::ops::Range<usize> {
    s.text.len()..s.text.len()
}

fn title_start(s: &Subject) -> std::ops::Range<usize> {
    let at = s.text.find("title: ").unwrap() + 8;
    at..at
}
