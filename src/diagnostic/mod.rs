//! What is wrong with a file, at which characters, and what to do: the one type behind every message about input.

mod nearest;
mod shown;
mod source;

pub use nearest::nearest;
pub use source::Source;

use std::ops::Range;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One problem, with every place that explains it. The first label is the place to mend.
#[derive(Debug, Clone)]
pub struct Problem {
    /// `area::kebab-case`, one per rule.
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    /// Byte ranges in `source`, clamped to it.
    pub labels: Vec<(Range<usize>, String)>,
    /// Places in other files that explain it.
    pub elsewhere: Vec<Elsewhere>,
    pub help: Option<Box<str>>,
    pub source: Option<Source>,
}

/// A place in another file than the problem's own.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    pub source: Source,
    /// A byte range in it, clamped to it.
    pub span: Range<usize>,
    pub text: String,
}

impl Problem {
    /// A problem of a file.
    pub fn new(source: &Source, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            source: Some(source.clone()),
            ..Self::bare(code, message)
        }
    }

    /// A problem without a text file: a folder, a binary file, a missing one.
    pub fn bare(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            elsewhere: Vec::new(),
            help: None,
            source: None,
        }
    }

    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Adds a place. It is clamped to the text and to whole characters: miette hides a label at the very end and
    /// panics one past it (zkat/miette#465).
    #[must_use]
    pub fn label(mut self, span: Range<usize>, text: impl Into<String>) -> Self {
        if let Some(source) = &self.source {
            self.labels.push((clamp(source.text(), span), text.into()));
        }
        self
    }

    /// Adds a place that may lie in another file.
    #[must_use]
    pub fn label_in(
        mut self,
        source: &Source,
        span: Range<usize>,
        text: impl Into<String>,
    ) -> Self {
        if self.source.as_ref().is_some_and(|own| own.is(source)) {
            return self.label(span, text);
        }
        self.elsewhere.push(Elsewhere {
            source: source.clone(),
            span: clamp(source.text(), span),
            text: text.into(),
        });
        self
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into().into_boxed_str());
        self
    }

    /// The text under the first label.
    pub fn pointed_at(&self) -> Option<&str> {
        let (span, _) = self.labels.first()?;
        self.source.as_ref()?.text().get(span.clone())
    }

    /// Line and column of the first label, both from 1, the column in characters.
    pub fn line_and_column(&self) -> Option<(usize, usize)> {
        let (span, _) = self.labels.first()?;
        self.source.as_ref()?.line_and_column(span.start)
    }
}

/// Most problems of one file that are told at once.
pub const MAX_PROBLEMS: usize = 20;

/// The first few by place, each place and rule once.
pub fn first_few(mut problems: Vec<Problem>) -> Vec<Problem> {
    let key = |problem: &Problem| {
        let span = problem
            .labels
            .first()
            .map_or(0..0, |(span, _)| span.clone());
        (span.start, span.end, problem.code)
    };
    problems.sort_by_key(key);
    problems.dedup_by(|a, b| key(a) == key(b) && a.message == b.message);
    problems.truncate(MAX_PROBLEMS);
    problems
}

fn clamp(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    let mut end = span.end.clamp(start, text.len());
    if start == text.len() {
        start = start.saturating_sub(1);
    }
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_lies_outside_the_text_or_inside_a_character() {
        let source = Source::new("x", "aé€z");
        for start in 0..12 {
            for end in 0..12 {
                let problem = Problem::new(&source, "x::y", "m").label(start..end, "");
                assert!(problem.pointed_at().is_some(), "{start}..{end}");
            }
        }
    }
}
