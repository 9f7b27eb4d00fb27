//! Marks: comments of a bad example that underline what the checker must point at.
//!
//! - `#   ^^^^ plan::wrong-mode` below a line: the first label of a problem with this code;
//! - `#   ---- needs edl` below a line: another label, with its text;
//! - `# (no place) plan::empty`: a problem of this code that has no label.
//!
//! A `#` that touches the carets belongs to them, for places in the first column. In a script the comment is `//`.

use regex::Regex;
use std::sync::LazyLock;

static BELOW: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^ *(?:#|//)(?<gap> *)(?<under>\^+|-+) (?<says>\S.*)$").unwrap());

/// A label as it is wanted, and as it is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Label {
    pub(crate) file: String,
    /// From 1; 0 where there is no place.
    pub(crate) line: u64,
    /// From 1, in characters.
    pub(crate) column: u64,
    /// Behind the last character.
    pub(crate) end_column: u64,
    /// The code of a first label, the text of another one.
    pub(crate) says: String,
    pub(crate) is_first: bool,
    /// The characters.
    pub(crate) covers: String,
}

impl Label {
    /// A problem that points nowhere.
    pub(crate) fn nowhere(code: &str) -> Self {
        Self {
            file: String::new(),
            line: 0,
            column: 0,
            end_column: 0,
            says: code.to_owned(),
            is_first: true,
            covers: String::new(),
        }
    }
}

/// The labels that the marks of a file demand.
pub(crate) fn marks(file: &str, text: &str) -> Vec<Label> {
    let mut marked: (u64, &str) = (0, "");
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        let Some(mark) = Mark::of(line) else {
            marked = (number, line);
            continue;
        };
        found.push(match mark {
            Mark::Nowhere { code } => Label::nowhere(code),
            Mark::Below {
                column,
                width,
                is_first,
                says,
            } => Label {
                file: file.to_owned(),
                line: marked.0,
                column: column as u64 + 1,
                end_column: (column + width) as u64 + 1,
                says: says.to_owned(),
                is_first,
                covers: marked.1.chars().skip(column).take(width).collect(),
            },
        });
    }
    found
}

/// The file as a person would have written it.
pub(crate) fn without_marks(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.filter(|line| Mark::of(line).is_none()).collect()
}

enum Mark<'a> {
    Nowhere {
        code: &'a str,
    },
    Below {
        column: usize,
        width: usize,
        is_first: bool,
        says: &'a str,
    },
}

impl<'a> Mark<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let line = line.trim_end();
        if let Some(code) = line.strip_prefix("# (no place) ") {
            return Some(Self::Nowhere { code });
        }
        let found = BELOW.captures(line)?;
        let (under, says) = (found.name("under")?, found.name("says")?);
        // Everything before the carets is one byte a character.
        let touches = usize::from(found["gap"].is_empty());
        Some(Self::Below {
            column: under.start() - touches,
            width: under.len() + touches,
            is_first: under.as_str().starts_with('^'),
            says: says.as_str(),
        })
    }
}

#[test]
fn a_mark_underlines_the_line_above_it() {
    let text = "---\n#^^ a::b\n  é: xy\n  #  ^^ c::d\n# - two words\n  # no mark\n";
    let marks = marks("f", text);
    let seen: Vec<_> = marks
        .iter()
        .map(|m| {
            (
                m.line,
                m.column,
                m.end_column,
                m.covers.as_str(),
                m.says.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, 1, 4, "---", "a::b"),
            (3, 6, 8, "xy", "c::d"),
            (3, 3, 4, "é", "two words"),
        ]
    );
    assert_eq!(without_marks(text), "---\n  é: xy\n  # no mark\n");
}
