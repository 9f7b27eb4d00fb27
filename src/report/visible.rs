//! Problems as they may be shown on a terminal: what stands in a file must not steer it. A refused file is shown where it
//! is refused, escape sequences and all, and so may names of files and texts of plans hold them.

use crate::diagnostic::{Elsewhere, Problem, Source};

/// The problem with every steering character replaced by one that is as long, so that all places stay.
pub(super) fn visible(problem: &Problem) -> Problem {
    let mut shown = problem.clone();
    shown.message = words(&problem.message);
    shown.help = problem.help.as_ref().map(|help| words(help).into());
    for (_, label) in &mut shown.labels {
        *label = words(label);
    }
    shown.source = problem.source.as_ref().map(source);
    for place in &mut shown.elsewhere {
        *place = Elsewhere {
            source: source(&place.source),
            span: place.span.clone(),
            text: words(&place.text),
        };
    }
    shown
}

fn source(source: &Source) -> Source {
    let (name, text) = (source.name(), source.text());
    let breaks = text.replace("\r\n", "\n");
    if !name.contains(steers) && !breaks.contains(steers) {
        return source.clone();
    }
    let text = text
        .split_inclusive("\r\n")
        .map(|part| match part.strip_suffix("\r\n") {
            Some(line) => words(line) + "\r\n",
            None => words(part),
        })
        .collect::<String>();
    Source::new(words(name), text)
}

fn words(text: &str) -> String {
    let shown = |c: char| match c.len_utf8() {
        _ if !steers(c) => c,
        1 => '?',
        2 => '¿',
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(shown).collect()
}

/// Control characters, and those that show text in another order than it is read in.
fn steers(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Problem, Source};
    use crate::report::{Output, problems};

    #[test]
    fn nothing_in_a_file_steers_the_terminal_and_every_place_stays() {
        let text = "plan: 1\r\ntitle: \u{1b}[31m \u{9b}2J \u{202e}x\r\n";
        let source = Source::new("a\u{1b}c.yaml", text);
        let at = text.find('x').unwrap();
        let problem = Problem::new(&source, "plan::shape", "no \u{7} here")
            .label(at..at + 1, "at \u{1b}x")
            .help("take \u{1b} out");
        for plain in [false, true] {
            let output = Output {
                plain,
                color: false,
                quiet: false,
            };
            let said = problems::human(&problem, output);
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!said.contains(steers), "{said:?}");
            assert!(said.contains("[31m"), "{said}");
        }
        assert_eq!(super::visible(&problem).pointed_at(), problem.pointed_at());
    }
}
