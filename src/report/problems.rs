//! Problems of files, for people, for programs and for GitHub.

use super::visible::visible;
use super::{Output, long_lines};
use crate::diagnostic::{Elsewhere, Problem, Severity};
use crate::rule::{self, Rule};
use miette::{GraphicalReportHandler, GraphicalTheme, NarratableReportHandler};
use serde_json::json;
use std::ops::Range;

/// Renders one problem for a person.
pub fn human(problem: &Problem, output: Output) -> String {
    let problem = &visible(problem);
    match long_lines::told(problem) {
        None => rendered(problem, output),
        Some((bare, places)) => format!("{}\n{places}", rendered(&bare, output)),
    }
}

fn rendered(problem: &Problem, output: Output) -> String {
    let mut text = String::new();
    let rendered = if output.plain {
        NarratableReportHandler::new().render_report(&mut text, problem)
    } else {
        let theme = if output.color {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .render_report(&mut text, problem)
    };
    match rendered {
        Ok(()) => text.trim_end().to_owned(),
        Err(_) => format!("{}: {}", problem.code, problem.message),
    }
}

/// One problem as JSON, with every place. The shape is described in `docs/check-json.md`.
pub fn json(problem: &Problem) -> serde_json::Value {
    let file = problem.source.as_ref().map(|s| s.name().to_owned());
    let text = problem.source.as_ref().map_or("", |source| source.text());
    let place = problem.line_and_column();
    let labels: Vec<_> = problem
        .labels
        .iter()
        .map(|(span, words)| label(text, span, words))
        .chain(problem.elsewhere.iter().map(elsewhere))
        .collect();
    let rule = rule::find(problem.code);
    json!({
        "code": problem.code,
        "severity": severity(problem),
        "message": problem.message,
        "help": problem.help,
        "file": file,
        "line": place.map(|p| p.0),
        "column": place.map(|p| p.1),
        "labels": labels,
        "explain": rule.map(|rule| format!("unbrick explain {}", rule.id)),
        "page": rule.map(Rule::page),
    })
}

/// One problem as a GitHub workflow command.
pub fn github(problem: &Problem) -> String {
    let mut place = String::new();
    if let Some(source) = &problem.source {
        place = format!(" file={}", property(source.name()));
        if let Some((span, _)) = problem.labels.first() {
            place.push_str(&annotated(source.text(), span));
        }
    }
    let separator = if place.is_empty() { ' ' } else { ',' };
    format!(
        "::{}{place}{separator}title={}::{}",
        severity(problem),
        property(problem.code),
        data(&problem.message)
    )
}

/// Where a range of a text lies. Lines and columns count from 1, columns in characters; the end is the place just
/// behind the last character.
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl Place {
    fn of(text: &str, span: &Range<usize>) -> Option<Self> {
        let (line, column) = line_and_column(text, span.start)?;
        let (end_line, end_column) = line_and_column(text, span.end)?;
        Some(Self {
            line,
            column,
            end_line,
            end_column,
        })
    }
}

fn line_and_column(text: &str, at: usize) -> Option<(usize, usize)> {
    let before = text.get(..at)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    Some((line, column))
}

/// A label of a text: bytes for programs that slice, lines and columns for editors.
fn label(text: &str, span: &Range<usize>, words: &str) -> serde_json::Value {
    let place = Place::of(text, span);
    json!({
        "start": span.start,
        "end": span.end,
        "line": place.as_ref().map(|place| place.line),
        "column": place.as_ref().map(|place| place.column),
        "end_line": place.as_ref().map(|place| place.end_line),
        "end_column": place.as_ref().map(|place| place.end_column),
        "text": words,
    })
}

/// A label in another file, which it names.
fn elsewhere(place: &Elsewhere) -> serde_json::Value {
    let mut label = label(place.source.text(), &place.span, &place.text);
    if let serde_json::Value::Object(label) = &mut label {
        label.insert("file".to_owned(), place.source.name().into());
    }
    label
}

/// The place as GitHub wants it: columns only where the range stays on one line
/// (actions/toolkit:packages/core/src/core.ts, `AnnotationProperties`).
fn annotated(text: &str, span: &Range<usize>) -> String {
    match Place::of(text, span) {
        Some(place) if place.line == place.end_line => format!(
            ",line={},col={},endLine={},endColumn={}",
            place.line, place.column, place.end_line, place.end_column
        ),
        Some(place) => format!(",line={},endLine={}", place.line, place.end_line),
        None => String::new(),
    }
}

fn severity(problem: &Problem) -> &'static str {
    word(problem.severity)
}

/// The word for a severity, in every format.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Escapes as the workflow commands demand.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;

    const TEXT: &str = "a: é€x\nb: [1,\n  2]\n";

    fn problem(at: &str) -> Problem {
        let start = TEXT.find(at).unwrap();
        let source = Source::new("a,b.yaml", TEXT);
        Problem::new(&source, "plan::shape", "50% wrong").label(start..start + at.len(), "here")
    }

    #[test]
    fn columns_count_characters_and_ends_lie_behind() {
        let json = json(&problem("x"));
        let label = json!({
            "start": 8, "end": 9, "line": 1, "column": 6, "end_line": 1, "end_column": 7, "text": "here",
        });
        assert_eq!(json["labels"], json!([label]));
        assert_eq!(json["page"], "docs/rules/plan/shape.md");
        let label = &super::json(&problem("[1,\n  2]"))["labels"][0];
        let place = ["line", "column", "end_line", "end_column"].map(|key| label[key].as_u64());
        assert_eq!(place, [Some(2), Some(4), Some(3), Some(5)]);
    }

    #[test]
    fn github_gets_columns_only_within_one_line() {
        assert_eq!(
            github(&problem("€")),
            "::error file=a%2Cb.yaml,line=1,col=5,endLine=1,endColumn=6,title=plan%3A%3Ashape::50%25 wrong"
        );
        assert_eq!(
            github(&problem("[1,\n  2]")),
            "::error file=a%2Cb.yaml,line=2,endLine=3,title=plan%3A%3Ashape::50%25 wrong"
        );
        assert_eq!(
            github(&Problem::bare("plan::no-such-plan", "none")),
            "::error title=plan%3A%3Ano-such-plan::none"
        );
    }
}
