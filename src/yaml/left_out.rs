//! Several problems of shape in one go: what was refused is left out, and the rest is read once more.
//!
//! serde stops at the first mistake. An author who misspelt three keys would learn of one at each `check`.

use super::forward::Forward;
use super::node::{Node, NodeKind};
use super::prescan::MAX_BYTES;
use super::shape::{self, Refusal};
use crate::diagnostic::{MAX_PROBLEMS, Problem, Source};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use std::ptr;

/// Nodes that are not handed on: items of lists, keys or values of mappings.
#[derive(Debug, Default)]
pub(super) struct LeftOut(HashSet<*const Node>);

impl LeftOut {
    pub(super) fn has(&self, node: &Node) -> bool {
        !self.0.is_empty() && self.0.contains(&ptr::from_ref(node))
    }

    fn add(&mut self, node: &Node) -> bool {
        self.0.insert(ptr::from_ref(node))
    }

    /// Something of this mapping is not handed on, so that what it lacks may be there.
    fn has_part_of(&self, node: &Node) -> bool {
        match &node.kind {
            NodeKind::Mapping(pairs) => pairs
                .iter()
                .any(|(key, value)| self.has(key) || self.has(value)),
            NodeKind::Scalar { .. } | NodeKind::Sequence(_) => false,
        }
    }
}

/// Reads the value, or finds what is wrong with its shape, in file order.
pub(super) fn read<T: DeserializeOwned>(
    source: &Source,
    root: &Node,
    mark: usize,
    base: usize,
) -> Result<T, Vec<Problem>> {
    let mut left_out = LeftOut::default();
    let mut problems = Vec::new();
    // All readings together take no longer than that of the longest file.
    let readings = (MAX_BYTES / source.text().len().max(1)).clamp(1, MAX_PROBLEMS);
    for _ in 0..readings {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the room that reads YAML"
        )]
        let deserializer = serde_yaml::Deserializer::from_str(&source.text()[mark..]);
        let error = match T::deserialize(Forward::new(deserializer, root, base, &left_out)) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(error) => error,
        };
        let Refusal {
            problem,
            node,
            lacks,
        } = shape::refusal(source, root, &error, mark);
        let Some(node) = node else {
            problems.push(problem);
            break;
        };
        if !(lacks && left_out.has_part_of(node)) {
            problems.push(problem);
        }
        if ptr::eq(node, root) || !left_out.add(node) {
            break;
        }
    }
    problems.sort_by_key(|problem| problem.labels.first().map(|(span, _)| span.start));
    Err(problems)
}
