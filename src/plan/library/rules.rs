//! Rules that profiles and scenarios share, and the list in which problems gather.

use crate::diagnostic::{Problem, Source, first_few};
use crate::yaml::{Node, NodeKind};
use regex::Regex;
use std::ops::Range;

/// Problems of one file.
pub(super) struct Found<'a> {
    source: &'a Source,
    problems: Vec<Problem>,
}

impl<'a> Found<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            problems: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        at: &Range<usize>,
        label: &str,
    ) {
        let problem = Problem::new(self.source, code, message).label(at.clone(), label);
        self.problems.push(problem);
    }

    /// Adds a second place to the last problem.
    pub(super) fn also(&mut self, at: &Range<usize>, label: &str) {
        if let Some(problem) = self.problems.pop() {
            self.problems.push(problem.label(at.clone(), label));
        }
    }

    /// Adds what to do to the last problem.
    pub(super) fn help(&mut self, help: impl Into<String>) {
        if let Some(problem) = self.problems.pop() {
            self.problems.push(problem.help(help));
        }
    }

    /// The first few, by place.
    pub(super) fn sorted(self) -> Vec<Problem> {
        first_few(self.problems)
    }

    /// A pattern must compile.
    pub(super) fn pattern(&mut self, code: &'static str, pattern: &crate::yaml::Spanned<String>) {
        if let Err(error) = Regex::new(pattern) {
            self.no_pattern(code, &error, &pattern.span);
        }
    }

    pub(super) fn no_pattern(
        &mut self,
        code: &'static str,
        error: &regex::Error,
        at: &Range<usize>,
    ) {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or("");
        let message = reason.trim_start_matches("error: ").to_owned();
        self.add(code, message, at, "no regular expression");
    }
}

/// The place of a value by its keys; the whole file where it is not there.
pub(super) fn place(root: &Node, keys: &[&str]) -> Range<usize> {
    let mut node = root;
    for key in keys {
        let NodeKind::Mapping(pairs) = &node.kind else {
            break;
        };
        let value = pairs.iter().find_map(|(name, value)| match &name.kind {
            NodeKind::Scalar { text, .. } if text == key => Some(value),
            _ => None,
        });
        match value {
            Some(value) => node = value,
            None => break,
        }
    }
    node.span.clone()
}

/// The place of one item of a list; the list's own where it has no such item.
pub(super) fn place_of_item(root: &Node, keys: &[&str], item: usize) -> Range<usize> {
    let list = place(root, keys);
    item_at(root, &list, item).unwrap_or(list)
}

fn item_at(node: &Node, list: &Range<usize>, item: usize) -> Option<Range<usize>> {
    match &node.kind {
        NodeKind::Sequence(items) if node.span == *list => {
            items.get(item).map(|item| item.span.clone())
        }
        _ => node.children().find_map(|child| item_at(child, list, item)),
    }
}

/// `vendor/model`, so that it can be a folder and nothing else.
pub(super) fn is_profile_id(id: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
    };
    id.split_once('/').is_some_and(|(v, m)| word(v) && word(m))
}

/// Exactly so many hex digits.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
