//! Good plans, mutated: the checker always answers.

use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Lines and pieces of a good plan, moved, doubled, dropped and cut: whatever comes out, nobody panics, and every
    /// label lies on whole characters of the text.
    #[test]
    fn no_mutant_makes_the_checker_panic(
        small in any::<bool>(),
        edits in prop::collection::vec(
            (0..4_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[ -~é\n]{0,3}"),
            1..4,
        ),
    ) {
        let mut text = (if small { SMALL } else { UNBRICK }).to_owned();
        for (edit, from, to, insert) in edits {
            text = mutated(&text, edit, from, to, &insert);
        }
        let problems = match check(&text) {
            Ok((_, warnings)) => warnings,
            Err(problems) => problems,
        };
        for problem in problems {
            for (span, _) in &problem.labels {
                if let Some(source) = &problem.source {
                    prop_assert!(source.text().get(span.clone()).is_some());
                }
            }
        }
    }
}

/// One change of a text.
fn mutated(
    text: &str,
    edit: u8,
    from: prop::sample::Index,
    to: prop::sample::Index,
    insert: &str,
) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return insert.to_owned();
    }
    let (a, b) = (from.index(lines.len()), to.index(lines.len()));
    match edit {
        0 => drop(lines.remove(a)),
        1 => lines.insert(b, lines[a]),
        2 => lines.swap(a, b),
        _ => {
            let mut at = from.index(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            return format!("{}{insert}{}", &text[..at], &text[at..]);
        }
    }
    lines.join("\n")
}
