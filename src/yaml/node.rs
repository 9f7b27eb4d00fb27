//! The outline of a file: a tree of places.

use std::ops::Range;

/// A value's place in the file, and the places of its parts.
#[derive(Debug, Clone)]
pub struct Node {
    pub span: Range<usize>,
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub enum NodeKind {
    Scalar { style: Style, text: String },
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

/// How a scalar is written, as far as it decides whether places inside it can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Quoted,
    Literal,
    Folded,
}

impl Node {
    /// Items of a sequence; keys and values of a mapping.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        let (items, pairs): (&[Self], &[(Self, Self)]) = match &self.kind {
            NodeKind::Scalar { .. } => (&[], &[]),
            NodeKind::Sequence(items) => (items, &[]),
            NodeKind::Mapping(pairs) => (&[], pairs),
        };
        items
            .iter()
            .chain(pairs.iter().flat_map(|(key, value)| [key, value]))
    }
}
