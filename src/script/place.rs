//! Where the text of a program stands, so that what fails while it runs is shown in the file that a person edits.

use crate::diagnostic::Source;
use crate::yaml::{Node, inside_scalar};
use std::fmt;

/// The scalar of a file in which a program is written.
#[derive(Debug, Clone)]
pub struct Origin {
    source: Source,
    scalar: Node,
}

/// Line and column, both from 1, the column in characters: of the file, or of the program where its file is not known
/// or holds it in another spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: Option<String>,
    pub line: usize,
    pub column: usize,
}

impl Origin {
    pub fn new(source: &Source, scalar: &Node) -> Self {
        Self {
            source: source.clone(),
            scalar: scalar.clone(),
        }
    }

    fn place(&self, line: usize, column: usize) -> Option<Place> {
        let at = inside_scalar(self.source.text(), &self.scalar, line, column)?;
        let (line, column) = self.source.line_and_column(at)?;
        Some(Place {
            file: Some(self.source.name().to_owned()),
            line,
            column,
        })
    }
}

/// A place of the program, in its file where that is exact.
pub(super) fn resolve(origin: Option<&Origin>, place: Option<(usize, usize)>) -> Option<Place> {
    let (line, column) = place?;
    let in_file = origin.and_then(|origin| origin.place(line, column));
    Some(in_file.unwrap_or(Place {
        file: None,
        line,
        column,
    }))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}:{}:{}", self.line, self.column),
            None => write!(f, "line {}, column {}", self.line, self.column),
        }
    }
}
