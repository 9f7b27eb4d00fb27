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

pub(super) fn problem(
    source: &Source,
    root: &Node,
    error: &serde_yaml::Error,
    mark: usize,
) -> Problem {
    let mut text = error.to_string();
    let place = error.location().map(|location| {
        text = text.replace(
            &format!(" at line {} column {}", location.line(), location.column()),
            "",
        );
        location.index() + mark
    });
    if text.contains(DISAGREE) {
        let at = place.unwrap_or(mark);
        return Problem::new(source, "plan::yaml-syntax", DISAGREE)
            .label(span_at(root, at).unwrap_or(at..at + 1), "here")
            .help("put it in quotes, and end the file with a line break");
    }
    let Some(begin) = SHAPES.iter().filter_map(|shape| text.find(shape)).min() else {
        let problem = Problem::new(source, "plan::yaml-syntax", text);
        return match place {
            Some(at) => problem.label(at..at + 1, "the YAML reader stopped here"),
            None => problem,
        };
    };
    let (message, help) = explain(&text[begin..]);
    let mut problem = Problem::new(source, "plan::shape", message);
    if let Some(at) = place {
        // serde_yaml knows where a value starts, the outline knows where it ends.
        let span = span_at(root, at).unwrap_or(at..at + 1);
        problem = problem.label(span, "here");
    }
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// Splits serde's "unknown field `x`, expected one of `a`, `b`" into what is and what to do.
fn explain(text: &str) -> (String, Option<String>) {
    let Some((message, expected)) = text.split_once(", expected ") else {
        return (text.to_owned(), None);
    };
    let unknown = message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("unknown variant `"))
        .and_then(|rest| rest.strip_suffix('`'));
    let Some(unknown) = unknown else {
        return (text.to_owned(), None);
    };
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let help = match nearest(unknown, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    };
    (message.to_owned(), Some(help))
}

/// The span of the innermost node, a key included, that starts at a place.
fn span_at(node: &Node, at: usize) -> Option<std::ops::Range<usize>> {
    node.children()
        .find_map(|child| span_at(child, at))
        .or_else(|| (node.span.start == at).then(|| node.span.clone()))
}
