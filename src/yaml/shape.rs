//! `serde_yaml`'s errors as problems: where the value stands, and what was probably meant.

use super::Node;
use super::forward::DISAGREE;
use crate::diagnostic::{Problem, Source, nearest};

/// How serde begins its messages; what stands before is the path of the value, which the label shows better.
const SHAPES: [&str; 7] = [
    "unknown field",
    "unknown variant",
    "missing field",
    "duplicate field",
    "invalid type",
    "invalid value",
    "invalid length",
];

/// Characters shown of a value that is refused.
const SHOWN: usize = 60;

/// What serde refused.
pub(super) struct Refusal<'n> {
    pub(super) problem: Problem,
    /// The node without which the rest can be read; `None` where reading on makes no sense.
    pub(super) node: Option<&'n Node>,
    /// A mapping lacks a key.
    pub(super) lacks: bool,
}

pub(super) fn refusal<'n>(
    source: &Source,
    root: &'n Node,
    error: &serde_yaml::Error,
    mark: usize,
) -> Refusal<'n> {
    let mut text = error.to_string();
    let place = error.location().map(|location| {
        text = text.replace(
            &format!(" at line {} column {}", location.line(), location.column()),
            "",
        );
        location.index() + mark
    });
    let last = |problem| Refusal {
        problem,
        node: None,
        lacks: false,
    };
    // serde_yaml knows where a value starts, the outline knows where it ends.
    let starting = place.map_or_else(Vec::new, |at| starting_at(root, at));
    if text.contains(DISAGREE) {
        let at = place.unwrap_or(mark);
        let span = starting.last().map_or(at..at + 1, |node| node.span.clone());
        return last(
            Problem::new(source, "plan::yaml-syntax", DISAGREE)
                .label(span, "here")
                .help("put it in quotes, and end the file with a line break"),
        );
    }
    let Some(begin) = SHAPES.iter().filter_map(|shape| text.find(shape)).min() else {
        let problem = Problem::new(source, "plan::yaml-syntax", text);
        return last(match place {
            Some(at) => problem.label(at..at + 1, "the YAML reader stopped here"),
            None => problem,
        });
    };
    let text = &text[begin..];
    let (message, help) = explain(text);
    let mut problem = Problem::new(source, "plan::shape", message);
    if let Some(at) = place {
        let span = starting.last().map_or(at..at + 1, |node| node.span.clone());
        problem = problem.label(span, "here");
    }
    if let Some(help) = help {
        problem = problem.help(help);
    }
    let lacks = text.starts_with("missing field");
    // A mapping starts where its first key does.
    let is_whole = lacks || text.starts_with("invalid type: map");
    let node = if is_whole {
        starting.first()
    } else {
        starting.last()
    };
    Refusal {
        problem,
        node: node.copied(),
        lacks,
    }
}

/// What is, and what to do, in words that are no Rust.
fn explain(text: &str) -> (String, Option<String>) {
    let Some((message, expected)) = text.split_once(", expected ") else {
        return (text.to_owned(), None);
    };
    let message = message.replacen("unknown variant", "unknown word", 1);
    let unknown = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("unknown word `"))
        .and_then(|rest| rest.strip_suffix('`'));
    let Some(unknown) = unknown else {
        let found = message
            .split_once(": ")
            .map_or(message.as_str(), |(_, found)| found);
        let message = format!("expected {}, found {}", kind(expected), value(found));
        return (message, None);
    };
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let help = match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    };
    (message, Some(help))
}

/// serde's word for what a type takes.
fn kind(expected: &str) -> String {
    match expected {
        "a string" => "text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "keys with values".to_owned(),
        "u8" => format!("a whole number from 0 to {}", u8::MAX),
        "u16" => format!("a whole number from 0 to {}", u16::MAX),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u64" | "usize" => "a whole number of at least 0".to_owned(),
        "i32" | "i64" => "a whole number".to_owned(),
        _ if expected.starts_with("struct ") => "keys with values".to_owned(),
        _ => expected.to_owned(),
    }
}

/// serde's word for what a value is.
fn value(found: &str) -> String {
    let found = found
        .strip_suffix(" as u128")
        .or_else(|| found.strip_suffix(" as i128"))
        .unwrap_or(found);
    let number = found
        .strip_prefix("integer ")
        .or_else(|| found.strip_prefix("floating point "));
    let plain = match found {
        "map" => "keys with values".to_owned(),
        "sequence" => "a list".to_owned(),
        _ => match (number, found.strip_prefix("string ")) {
            (Some(number), _) => format!("the number {number}"),
            (_, Some(text)) => format!("the text {text}"),
            (None, None) => found.strip_prefix("boolean ").unwrap_or(found).to_owned(),
        },
    };
    if plain.chars().count() <= SHOWN {
        return plain;
    }
    plain.chars().take(SHOWN).chain(['…']).collect()
}

/// The nodes, keys included, that start at a place, the outermost first.
fn starting_at(node: &Node, at: usize) -> Vec<&Node> {
    let mut found: Vec<&Node> = (node.span.start == at)
        .then_some(node)
        .into_iter()
        .collect();
    let inner = node.children().map(|child| starting_at(child, at));
    found.extend(inner.flatten());
    found
}
