//! A plan and the fragments that it includes, as one text: places count on from file to file, so that every place is one
//! range, whichever file it lies in.

use crate::diagnostic::{Problem, Source};
use crate::yaml::{Node, inside_scalar, node_at};
use std::borrow::Cow;
use std::ops::Range;

/// Every file that was read, the plan first.
#[derive(Debug, Clone)]
pub(super) struct Places<'a>(Vec<File<'a>>);

#[derive(Debug, Clone)]
struct File<'a> {
    source: Source,
    root: Cow<'a, Node>,
    /// Where its text begins in the whole.
    base: usize,
}

impl<'a> Places<'a> {
    pub(super) fn new(source: &Source, root: &'a Node) -> Self {
        Self(vec![File {
            source: source.clone(),
            root: Cow::Borrowed(root),
            base: 0,
        }])
    }

    /// Where the text of the next file begins. A gap of one keeps the end of one file apart from the next.
    pub(super) fn next_base(&self) -> usize {
        let last = self.0.last();
        last.map_or(0, |file| file.base + file.source.text().len() + 1)
    }

    /// Adds a file that was read from [`Self::next_base`] on.
    pub(super) fn add(&mut self, source: Source, root: Node) {
        let base = self.next_base();
        self.0.push(File {
            source,
            root: Cow::Owned(root),
            base,
        });
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = (&Source, usize)> {
        self.0.iter().map(|file| (&file.source, file.base))
    }

    /// A problem at a place.
    pub(super) fn problem(
        &self,
        code: &'static str,
        message: impl Into<String>,
        at: &Range<usize>,
        label: impl Into<String>,
    ) -> Problem {
        let (file, own) = self.locate(at);
        Problem::new(&file.source, code, message).label(own, label)
    }

    /// Adds a place to a problem.
    pub(super) fn also(
        &self,
        problem: Problem,
        at: &Range<usize>,
        label: impl Into<String>,
    ) -> Problem {
        let (file, own) = self.locate(at);
        problem.label_in(&file.source, own, label)
    }

    /// Where the problem to be mended stands in the whole.
    pub(super) fn of(&self, problem: &Problem) -> Range<usize> {
        let own = problem
            .labels
            .first()
            .map_or(0..0, |(span, _)| span.clone());
        let source = problem.source.as_ref();
        let file = self
            .0
            .iter()
            .find(|file| source.is_some_and(|source| source.is(&file.source)));
        let base = file.map_or(0, |file| file.base);
        own.start + base..own.end + base
    }

    /// The scalar that begins at a place.
    pub(super) fn node(&self, at: usize) -> Option<&Node> {
        let (file, own) = self.locate(&(at..at));
        node_at(&file.root, own.start)
    }

    /// The scalar that begins at a place, and the file in which it stands.
    pub(super) fn scalar(&self, at: usize) -> Option<(&Source, &Node)> {
        let (file, _) = self.locate(&(at..at));
        Some((&file.source, self.node(at)?))
    }

    /// The place of a line and a column inside the scalar that begins at `start`.
    pub(super) fn inside(&self, start: usize, line: usize, column: usize) -> Option<usize> {
        let (file, own) = self.locate(&(start..start));
        let node = node_at(&file.root, own.start)?;
        Some(inside_scalar(file.source.text(), node, line, column)? + file.base)
    }

    /// The text of a place.
    pub(super) fn text(&self, at: &Range<usize>) -> &str {
        let (file, own) = self.locate(at);
        file.source.text().get(own).unwrap_or("")
    }

    fn locate(&self, at: &Range<usize>) -> (&File<'a>, Range<usize>) {
        let after = self.0.partition_point(|file| file.base <= at.start);
        // The plan begins at zero, so that there is always one.
        let file = &self.0[after.max(1) - 1];
        (file, at.start - file.base..at.end.max(at.start) - file.base)
    }
}
