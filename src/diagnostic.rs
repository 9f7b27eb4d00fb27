//! What is wrong with a file, at which characters, and what to do: the one type behind every message about input.

use camino::Utf8Path;
use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A text file with its name, as given by the user.
#[derive(Debug, Clone)]
pub struct Source(Arc<File>);

#[derive(Debug)]
struct File {
    named: NamedSource<String>,
    builtin: bool,
}

impl Source {
    pub fn new(name: impl AsRef<str>, text: impl Into<String>) -> Self {
        Self::file(name.as_ref(), text.into(), false)
    }

    /// A file that is part of the program. What lies on this computer under the same name has nothing to do with it.
    pub fn builtin(name: impl AsRef<str>, text: impl Into<String>) -> Self {
        Self::file(name.as_ref(), text.into(), true)
    }

    fn file(name: &str, text: String, builtin: bool) -> Self {
        let named = NamedSource::new(name, text);
        Self(Arc::new(File { named, builtin }))
    }

    pub fn name(&self) -> &str {
        self.0.named.name()
    }

    pub fn text(&self) -> &str {
        self.0.named.inner()
    }

    pub fn is_builtin(&self) -> bool {
        self.0.builtin
    }

    /// The folder in which a file on this computer lies.
    pub fn folder(&self) -> Option<&Utf8Path> {
        (!self.0.builtin).then(|| Utf8Path::new(self.name()).parent())?
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn line_and_column(&self, at: usize) -> Option<(usize, usize)> {
        let before = self.text().get(..at)?;
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Some((
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        ))
    }

    /// Whether both are the same reading of the same file.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

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

/// The word that was probably meant: at most three changes away, and closer than a new word would be.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut limit = word.chars().count().saturating_sub(1).min(3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        if candidate != word && candidate.eq_ignore_ascii_case(word) {
            return Some(candidate);
        }
        // A word that is nothing but the changes is another word.
        let Some(changes) = distance(word, candidate, limit)
            .filter(|changes| *changes == 0 || *changes < candidate.chars().count())
        else {
            continue;
        };
        limit = changes;
        if best.is_none_or(|best| (changes, candidate) < best) {
            best = Some((changes, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The least number of characters to insert, remove, replace or swap with their neighbour, if it is within the limit.
/// Only what lies so near the diagonal is looked at, so that ten thousand names cost milliseconds.
fn distance(from: &str, to: &str, limit: usize) -> Option<usize> {
    let alike = |pair: &(char, char)| pair.0 == pair.1;
    let begin = from.chars().zip(to.chars()).take_while(alike);
    let begin: usize = begin.map(|(character, _)| character.len_utf8()).sum();
    let (from, to) = (&from[begin..], &to[begin..]);
    let end = from.chars().rev().zip(to.chars().rev()).take_while(alike);
    let end: usize = end.map(|(character, _)| character.len_utf8()).sum();
    let (from, to) = (&from[..from.len() - end], &to[..to.len() - end]);
    // A character has one to four bytes: most words are told apart by their length.
    if to.len() > 4 * (from.len() + limit) || from.len() > 4 * (to.len() + limit) {
        return None;
    }
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    if from.len().abs_diff(to.len()) > limit {
        return None;
    }
    let far = limit + 1;
    let mut before_last = vec![far; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut line = vec![far; to.len() + 1];
    for row in 1..=from.len() {
        let (first, end) = (
            row.saturating_sub(limit).max(1),
            (row + limit).min(to.len()),
        );
        line[first - 1] = if first == 1 { row } else { far };
        let mut smallest = line[first - 1];
        for column in first..=end {
            let replaced = last[column - 1] + usize::from(from[row - 1] != to[column - 1]);
            let mut best = replaced.min(line[column - 1] + 1);
            // The last line ends one column before this one.
            if column < row + limit {
                best = best.min(last[column] + 1);
            }
            let swapped = row > 1
                && column > 1
                && from[row - 1] == to[column - 2]
                && from[row - 2] == to[column - 1];
            if swapped {
                best = best.min(before_last[column - 2] + 1);
            }
            line[column] = best;
            smallest = smallest.min(best);
        }
        if smallest > limit {
            return None;
        }
        std::mem::swap(&mut before_last, &mut last);
        std::mem::swap(&mut last, &mut line);
    }
    last.get(to.len())
        .copied()
        .filter(|changes| *changes <= limit)
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|s| &s.0.named as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() {
            return None;
        }
        let labels = self.labels.iter().enumerate().map(|(index, (span, text))| {
            let (span, text) = (span.clone(), Some(text.clone()));
            if index == 0 {
                // The heading names the place to mend.
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        });
        Some(Box::new(labels))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let places = self.elsewhere.iter().map(|place| place as &dyn Diagnostic);
        (!self.elsewhere.is_empty()).then(|| Box::new(places) as Box<_>)
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "see also {}", self.source.name())
    }
}

impl std::error::Error for Elsewhere {}

impl Diagnostic for Elsewhere {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source.0.named)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some(self.text.clone()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_understood() {
        let known = ["only_in", "when", "timeout", "edl"];
        assert_eq!(nearest("onli_in", known), Some("only_in"));
        assert_eq!(nearest("eld", known), Some("edl"));
        assert_eq!(nearest("tiemout", known), Some("timeout"));
        assert_eq!(nearest("xyz", known), None);
        assert_eq!(nearest("", known), None);
        let changes = |from, to| distance(from, to, 3);
        assert_eq!(changes("kitten", "sitting"), Some(3));
        assert_eq!(changes("", "abc"), Some(3));
        assert_eq!(changes("", "abcd"), None);
    }

    /// The whole table, as the textbook has it.
    fn plain_distance(from: &[char], to: &[char]) -> usize {
        let mut table = vec![vec![0; to.len() + 1]; from.len() + 1];
        for row in 0..=from.len() {
            for column in 0..=to.len() {
                table[row][column] = if row == 0 || column == 0 {
                    row + column
                } else {
                    let differs = usize::from(from[row - 1] != to[column - 1]);
                    let mut best = (table[row - 1][column - 1] + differs)
                        .min(table[row - 1][column] + 1)
                        .min(table[row][column - 1] + 1);
                    if row > 1
                        && column > 1
                        && from[row - 1] == to[column - 2]
                        && from[row - 2] == to[column - 1]
                    {
                        best = best.min(table[row - 2][column - 2] + 1);
                    }
                    best
                };
            }
        }
        table[from.len()][to.len()]
    }

    proptest::proptest! {
        #[test]
        fn the_narrow_way_finds_what_the_whole_table_finds(
            from in "[ab\u{e9}]{0,7}", to in "[ab\u{e9}]{0,7}", limit in 0_usize..4,
        ) {
            let whole: Vec<Vec<char>> = [&from, &to].map(|word| word.chars().collect()).into();
            let whole = plain_distance(&whole[0], &whole[1]);
            assert_eq!(distance(&from, &to, limit), (whole <= limit).then_some(whole));
        }
    }

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
