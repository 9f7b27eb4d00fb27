//! From a place in a value to the place in the file.

use super::{Node, NodeKind, Style};

/// The scalar that starts at a place. The parts of a node stand in file order, so that they need not all be looked at.
pub fn node_at(node: &Node, at: usize) -> Option<&Node> {
    match &node.kind {
        NodeKind::Scalar { .. } => (node.span.start == at).then_some(node),
        NodeKind::Sequence(items) => {
            let next = items.partition_point(|item| item.span.start <= at);
            node_at(items.get(next.checked_sub(1)?)?, at)
        }
        NodeKind::Mapping(pairs) => {
            let next = pairs.partition_point(|(key, _)| key.span.start <= at);
            let (key, value) = pairs.get(next.checked_sub(1)?)?;
            node_at(if at < value.span.start { key } else { value }, at)
        }
    }
}

/// Where a place inside a decoded scalar lies in the file; line and column from 1, the column in characters. `None`
/// where folding or escapes leave no exact place.
pub fn inside_scalar(text: &str, node: &Node, line: usize, column: usize) -> Option<usize> {
    let NodeKind::Scalar {
        style,
        text: decoded,
    } = &node.kind
    else {
        return None;
    };
    let (line, column) = (line.checked_sub(1)?, column.checked_sub(1)?);
    match style {
        Style::Literal => in_literal(text, node, decoded, line, column),
        Style::Plain | Style::Quoted if line == 0 => in_line(text, node, decoded, column),
        _ => None,
    }
}

/// saphyr-parser's span of a literal block starts at its first line that is not empty, after the indentation, so that
/// the start's column is the indentation. (A line of blanks beyond the indentation is not empty.)
fn in_literal(text: &str, node: &Node, decoded: &str, line: usize, column: usize) -> Option<usize> {
    let line_start = text.get(..node.span.start)?.rfind('\n')? + 1;
    let indentation = node.span.start - line_start;
    if decoded.trim().is_empty() {
        return None;
    }
    let blank = decoded.lines().take_while(|line| line.is_empty()).count();
    let file_line = text
        .get(line_start..)?
        .split_inclusive('\n')
        .take(line.checked_sub(blank)?)
        .map(str::len)
        .sum::<usize>()
        + line_start;
    let content = text.get(file_line..)?.lines().next()?;
    // A blank line may be shorter than the indentation.
    let indentation = indentation.min(content.len());
    let content = content.get(indentation..)?;
    let offset = content
        .char_indices()
        .nth(column)
        .map_or(content.len(), |(i, _)| i);
    Some(file_line + indentation + offset)
}

/// Exact as long as the value and the file agree character for character: up to the first escape, or line break.
fn in_line(text: &str, node: &Node, decoded: &str, column: usize) -> Option<usize> {
    let written = text.get(node.span.clone())?;
    let (inner, escape) = match written.chars().next()? {
        '"' => (1, Some('\\')),
        '\'' => (1, Some('\'')),
        _ => (0, None),
    };
    let at = node.span.start + inner;
    let length = decoded
        .char_indices()
        .nth(column)
        .map_or(decoded.len(), |(length, _)| length);
    // Whole slices are compared: a plan may ask for thousands of places in texts of 4 KiB.
    let (value, file) = (decoded.get(..length)?, text.get(at..at + length)?);
    if value != file || escape.is_some_and(|escape| file.contains(escape)) {
        return None;
    }
    let at = at + length;
    let next = decoded
        .get(length..)?
        .chars()
        .next()
        .zip(text.get(at..)?.chars().next());
    match next {
        Some((value, file)) if value != file && Some(file) != escape => None,
        _ => Some(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::yaml::{Spanned, Table, from_source};
    use std::ops::Range;

    /// A scalar as it is written below a key, with the place of each character of its value. Only of the characters
    /// in `exact` a place must be found.
    struct Written {
        text: String,
        places: Vec<(char, usize)>,
        exact: Range<usize>,
    }

    /// Writes the characters of one line; those with a special form are written in it.
    fn in_quotes(value: &str, quote: char, special: &dyn Fn(char) -> Option<String>) -> Written {
        let mut written = Written {
            text: quote.to_string(),
            places: Vec::new(),
            exact: 0..usize::MAX,
        };
        for character in value.chars() {
            written.places.push((character, written.text.len()));
            if let Some(form) = special(character) {
                written.exact.end = written.exact.end.min(written.places.len());
                written.text.push_str(&form);
            } else {
                written.text.push(character);
            }
        }
        written.text.push(quote);
        written
    }

    fn escaped(character: char) -> Option<String> {
        match character {
            '"' | '\\' => Some(format!("\\{character}")),
            '\t' => Some("\\t".to_owned()),
            'é' => Some("\\u00e9".to_owned()),
            _ => None,
        }
    }

    fn doubled(character: char) -> Option<String> {
        (character == '\'').then(|| "''".to_owned())
    }

    /// A block with an indicator of its indentation, every line as it stands.
    fn literal(lines: &[String], indentation: usize, end: &str) -> Written {
        let mut written = Written {
            text: format!("|{indentation}+{end}"),
            places: Vec::new(),
            exact: 0..usize::MAX,
        };
        for line in lines {
            if !line.is_empty() {
                written.text.push_str(" ".repeat(indentation + 2).as_str());
            }
            for character in line.chars() {
                written.places.push((character, written.text.len()));
                written.text.push(character);
            }
            written.places.push(('\n', written.text.len()));
            written.text.push_str(end);
        }
        let empty = lines.iter().take_while(|line| line.is_empty());
        written.exact.start = empty.count();
        if lines.iter().all(|line| line.trim().is_empty()) {
            written.exact = 0..0;
        }
        written
    }

    /// Words on lines of their own, which are one line of the value.
    fn folded(words: &[String], header: &str, end: &str) -> Written {
        let mut written = Written {
            text: header.to_owned(),
            places: Vec::new(),
            exact: 0..0,
        };
        for (number, word) in words.iter().enumerate() {
            if number > 0 {
                written.places.push((' ', written.text.len()));
                written.text.push_str(end);
                written.text.push_str("     ");
            }
            for character in word.chars() {
                written.places.push((character, written.text.len()));
                written.text.push(character);
            }
        }
        if !header.is_empty() {
            written.places.push(('\n', written.text.len()));
        }
        written
    }

    fn hold(mark: &str, end: &str, written: &Written) {
        let value: String = written.places.iter().map(|(c, _)| *c).collect();
        let before = format!("{mark}é:{end}  b: 1{end}  k: ");
        let after = if written.text.ends_with(end) { "" } else { end };
        let text = format!("{before}{}{after}  last: x{end}", written.text);
        let source = Source::new("x.yaml", text.as_str());
        let (tables, root) = from_source::<Table<Table<Spanned<String>>>>(&source, "x")
            .unwrap_or_else(|problems| panic!("{text:?}: {problems:?}"));
        let scalar = &tables.0[0].1.0[1].1;
        assert_eq!(scalar.value, value, "{text:?}");
        let node = node_at(&root, scalar.span.start).expect("a scalar starts here");
        let (mut line, mut column) = (1, 1);
        for (number, (character, place)) in written.places.iter().enumerate() {
            let found = inside_scalar(&text, node, line, column);
            let place = before.len() + place;
            let exact = written.exact.contains(&number);
            assert!(
                found == Some(place) || (found.is_none() && !exact),
                "{text:?}: character {number} of {value:?} at {found:?}, not {place}"
            );
            (line, column) = match character {
                '\n' => (line + 1, 1),
                _ => (line, column + 1),
            };
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

        #[test]
        fn every_character_of_a_scalar_is_found_where_it_stands_or_not_claimed(
            value in "[ab :#'\"\\\\\té€{}]{1,12}",
            lines in proptest::collection::vec("[ab :#'\"\\\\é€{}]{0,5}", 1..6),
            words in proptest::collection::vec("[abé€]{1,4}", 1..5),
            indentation in 1_usize..5,
        ) {
            for mark in ["", "\u{feff}"] {
                for end in ["\n", "\r\n"] {
                    hold(mark, end, &literal(&lines, indentation, end));
                    hold(mark, end, &in_quotes(&value, '"', &escaped));
                    hold(mark, end, &in_quotes(&value, '\'', &doubled));
                    hold(mark, end, &folded(&words, &format!(">{end}     "), end));
                    let mut plain = folded(&words, "", end);
                    plain.exact = 0..words[0].chars().count();
                    hold(mark, end, &plain);
                }
            }
        }
    }
}
