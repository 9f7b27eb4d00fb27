//! Problems in lines that are too long to be shown whole: their places are told as text, each with what stands around it.
//! A file of one line, made or minified, would otherwise fill the screen with itself at each problem.

use crate::diagnostic::{Problem, Source};
use std::ops::Range;

/// Characters of the longest line that is shown whole.
const LONGEST: usize = 500;
/// Characters shown before a place, and from its beginning on.
const BEFORE: usize = 30;
const FROM: usize = 40;

/// The problem without its sources, and its places as lines of text; `None` where every line may be shown.
pub(super) fn told(problem: &Problem) -> Option<(Problem, String)> {
    let own = problem.source.iter().flat_map(|source| {
        let labels = problem.labels.iter();
        labels.map(move |(span, text)| (source, span, text))
    });
    let elsewhere = problem.elsewhere.iter();
    let places: Vec<_> = own
        .chain(elsewhere.map(|place| (&place.source, &place.span, &place.text)))
        .collect();
    if !places
        .iter()
        .any(|(source, span, _)| is_long(source.text(), span))
    {
        return None;
    }
    let lines: Vec<String> = places
        .iter()
        .map(|(source, span, text)| place(source, span, text))
        .collect();
    let bare = Problem {
        labels: Vec::new(),
        elsewhere: Vec::new(),
        source: None,
        ..problem.clone()
    };
    Some((bare, lines.join("\n")))
}

/// Whether one of the lines around a place is long: those before and behind are shown as well.
fn is_long(text: &str, span: &Range<usize>) -> bool {
    let head = text.get(..span.start).unwrap_or_default();
    let first = head.rmatch_indices('\n').nth(1).map_or(0, |(at, _)| at + 1);
    let tail = text.get(span.end..).unwrap_or_default();
    let last = tail
        .match_indices('\n')
        .nth(1)
        .map_or(text.len(), |(at, _)| span.end + at);
    let shown = text.get(first..last).unwrap_or_default();
    shown.lines().any(|line| line.len() > LONGEST)
}

fn place(source: &Source, span: &Range<usize>, words: &str) -> String {
    let text = source.text();
    let (line, column) = source.line_and_column(span.start).unwrap_or((1, 1));
    let line_of = |text: &str| text.chars().take_while(|c| *c != '\n').collect::<String>();
    let head = text.get(..span.start).unwrap_or_default();
    let before: Vec<char> = head
        .chars()
        .rev()
        .take(BEFORE)
        .take_while(|c| *c != '\n')
        .collect();
    let before: String = before.into_iter().rev().collect();
    let rest = line_of(text.get(span.start..).unwrap_or_default());
    let shown: String = rest.chars().take(FROM).collect();
    let end = if shown.len() < rest.len() { "…" } else { "" };
    let begin = if before.chars().count() + 1 < column {
        "…"
    } else {
        ""
    };
    format!(
        "   {}:{line}:{column}: {words}\n     {begin}{before}{shown}{end}\n     {}^",
        source.name(),
        " ".repeat(begin.chars().count() + before.chars().count())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Output, problems};

    #[test]
    fn a_place_in_a_long_line_is_shown_with_what_stands_around_it() {
        let text = format!(
            "plan: 1\nx: [{}b,{}]\n",
            "a,".repeat(50_000),
            "c,".repeat(50_000)
        );
        let at = text.find('b').unwrap();
        let source = Source::new("long.yaml", &text);
        let problem = Problem::new(&source, "plan::shape", "`b` is no such thing")
            .label(at..at + 1, "here")
            .help("take another");
        let output = Output {
            plain: false,
            color: false,
            quiet: false,
        };
        for output in [
            output,
            Output {
                plain: true,
                ..output
            },
        ] {
            let said = problems::human(&problem, output);
            assert!(said.len() < 600, "{said}");
            for part in [
                "plan::shape",
                "`b` is no such thing",
                "long.yaml:2:100005: here",
                "a,b,c,",
                "take another",
            ] {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
        let short = Problem::new(&source, "plan::shape", "x").label(0..4, "here");
        assert!(told(&short).is_some(), "the line behind it is shown, too");
        let source = Source::new("short.yaml", "plan: 1\nx: 2\n");
        assert!(told(&Problem::new(&source, "plan::shape", "x").label(8..9, "here")).is_none());
    }
}
