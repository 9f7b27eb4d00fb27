//! Problems of files, for people, for programs and for GitHub.

use super::Output;
use crate::diagnostic::{Problem, Severity};
use miette::{GraphicalReportHandler, GraphicalTheme, NarratableReportHandler};
use serde_json::json;

/// Renders one problem for a person.
pub fn human(problem: &Problem, output: Output) -> String {
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

/// One problem as JSON, with every place.
pub fn json(problem: &Problem) -> serde_json::Value {
    let file = problem.source.as_ref().map(|s| s.name().to_owned());
    let place = problem.line_and_column();
    let labels: Vec<_> = problem
        .labels
        .iter()
        .map(|(span, text)| json!({ "start": span.start, "end": span.end, "text": text }))
        .collect();
    let elsewhere: Vec<_> = problem
        .elsewhere
        .iter()
        .map(|place| {
            let (start, end) = (place.span.start, place.span.end);
            json!({ "file": place.source.name(), "start": start, "end": end, "text": place.text })
        })
        .collect();
    json!({
        "code": problem.code,
        "severity": severity(problem),
        "message": problem.message,
        "help": problem.help,
        "file": file,
        "line": place.map(|p| p.0),
        "column": place.map(|p| p.1),
        "labels": labels,
        "elsewhere": elsewhere,
    })
}

/// One problem as a GitHub workflow command.
pub fn github(problem: &Problem) -> String {
    let mut place = String::new();
    if let Some(source) = &problem.source {
        place = format!(" file={}", property(source.name()));
        if let Some((line, column)) = problem.line_and_column() {
            place = format!("{place},line={line},col={column}");
        }
    }
    format!(
        "::{}{place},title={}::{}",
        severity(problem),
        property(problem.code),
        data(&problem.message)
    )
}

fn severity(problem: &Problem) -> &'static str {
    match problem.severity {
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
