//! One pass of marked events: a tree of spans, and every refusal that needs them.

use super::cure::{cure, lines};
use super::node::{Node, NodeKind, Style};
use crate::diagnostic::{MAX_PROBLEMS, Problem, Source};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::HashMap;
use std::ops::Range;

/// Nested collections.
const MAX_DEPTH: usize = 32;

/// Scalars and collections of a file. Time and memory grow with them rather than with bytes: a list of `a,` to the
/// longest file took 0.1 s to read. The densest shipped file spends 8 bytes on each, so no plan within 256 KiB has more.
const MAX_VALUES: usize = 32 * 1024;

/// Reads the outline, or says what is outside the subset.
pub(super) fn outline(source: &Source, what: &'static str) -> Result<Node, Vec<Problem>> {
    let mark = super::byte_order_mark(source.text());
    let text = &source.text()[mark..];
    let mut reader = Reader {
        source,
        what,
        bytes: text
            .char_indices()
            .map(|(at, _)| at + mark)
            .chain([mark + text.len()])
            .collect(),
        open: Vec::new(),
        root: None,
        documents: 0,
        values: 0,
        last_end: mark,
        problems: Vec::new(),
    };
    for item in Parser::new_from_str(text) {
        let (event, span) = match item {
            Ok((event, span)) => (event, reader.range(&span)),
            Err(error) => {
                let at = reader.byte(error.marker().index());
                reader.stop("plan::yaml-syntax", error.info(), at);
                break;
            }
        };
        if !reader.event(event, span) || reader.problems.len() >= MAX_PROBLEMS {
            break;
        }
    }
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    let holds_something = |root: &Node| match &root.kind {
        NodeKind::Scalar { style, text } => *style != Style::Plain || !is_null(text),
        NodeKind::Sequence(_) | NodeKind::Mapping(_) => true,
    };
    reader.root.filter(holds_something).ok_or_else(|| {
        let message = format!("the file holds no {what}");
        let help = format!("a {what} begins with `{what}: 1`");
        vec![Problem::new(source, "plan::empty", message).help(help)]
    })
}

/// A collection whose end has not come yet.
struct Open {
    node: Node,
    /// The key whose value comes next.
    key: Option<Node>,
    /// First places of the keys; comparing every pair takes half a second for 20,000 keys (plan-language.md §15.2).
    seen: HashMap<String, Range<usize>>,
}

struct Reader<'a> {
    source: &'a Source,
    what: &'static str,
    /// Character to byte: saphyr-parser counts characters.
    bytes: Vec<usize>,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    /// Scalars and collections so far.
    values: usize,
    /// End of the last event, to see what stands between two of them.
    last_end: usize,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn byte(&self, character: usize) -> usize {
        let end = self.source.text().len();
        self.bytes.get(character).copied().unwrap_or(end)
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }

    /// The reader gave up. Where it did so at white space, the last thing that it understood shows better; a bracket that
    /// was never closed is often the reason, and may be far above.
    fn stop(&mut self, code: &'static str, message: &str, at: usize) {
        let text = self.source.text();
        let rest = text.get(at..).unwrap_or("");
        let at = if rest.starts_with(|c: char| !c.is_whitespace()) {
            at
        } else {
            let gap = text.get(self.last_end..at).unwrap_or("");
            let is_blank = |line: &str| line.trim().is_empty() || line.trim().starts_with('#');
            let end = if gap.lines().all(is_blank) {
                self.last_end.min(at)
            } else {
                at
            };
            let before = text.get(..end).unwrap_or("").trim_end();
            before
                .char_indices()
                .next_back()
                .map_or(0, |(last, _)| last)
        };
        let mut problem = Problem::new(self.source, code, message)
            .label(at..at + 1, "the YAML reader stopped here");
        if let Some(help) = cure(message, lines(text, self.last_end.min(at), at)) {
            problem = problem.help(help);
        }
        let starts = self.open.iter().rev().map(|open| open.node.span.start);
        let is_bracket = |start: &usize| {
            let rest = text.get(*start..);
            rest.is_some_and(|rest| rest.starts_with(['[', '{']))
        };
        let mut brackets = starts.filter(is_bracket);
        if let Some(bracket) = brackets.next().filter(|bracket| *bracket != at) {
            problem = problem.label(bracket..bracket + 1, "opened here");
        }
        self.problems.push(problem);
    }

    fn refuse(&mut self, code: &'static str, message: String, at: Range<usize>, help: &str) {
        let problem = Problem::new(self.source, code, message)
            .label(at, "here")
            .help(help);
        self.problems.push(problem);
    }

    /// Takes one event; false where reading on makes no sense.
    fn event(&mut self, event: Event<'_>, span: Range<usize>) -> bool {
        let end = span.end;
        if is_value(&event) {
            self.values += 1;
            if self.values > MAX_VALUES {
                let message = format!("a {} may hold at most {MAX_VALUES} values", self.what);
                self.refuse("plan::too-large", message, span, "make it several files");
                return false;
            }
        }
        let done = match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = format!("a {} file holds one YAML document", self.what);
                    self.refuse("plan::two-documents", message, span, "make it two files");
                    return false;
                }
                None
            }
            Event::Alias(_) => {
                let message = format!("a {} has no YAML aliases", self.what);
                self.refuse("plan::alias", message, span.clone(), "write the value out");
                Some(Node {
                    span,
                    kind: NodeKind::Sequence(Vec::new()),
                })
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.anchor_or_tag(anchor, tag.is_some(), &span);
                Some(self.scalar(text.into_owned(), style, span))
            }
            Event::SequenceStart(anchor, tag) => {
                self.anchor_or_tag(anchor, tag.is_some(), &span);
                return self.begin(span, NodeKind::Sequence(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.anchor_or_tag(anchor, tag.is_some(), &span);
                return self.begin(span, NodeKind::Mapping(Vec::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.open.pop().map(|open| Node {
                span: self.trimmed(open.node.span.start..span.end),
                ..open.node
            }),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => None,
        };
        if let Some(node) = done {
            self.place(node);
            self.last_end = end.max(self.last_end);
        }
        true
    }

    fn begin(&mut self, span: Range<usize>, kind: NodeKind) -> bool {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nesting is deeper than {MAX_DEPTH}");
            self.refuse("plan::too-deep", message, span, "flatten it");
            return false;
        }
        let is_key = matches!(self.open.last(), Some(open)
            if open.key.is_none() && matches!(open.node.kind, NodeKind::Mapping(_)));
        if is_key {
            self.complex_key(span.clone());
        }
        self.last_end = span.end.max(self.last_end);
        self.open.push(Open {
            node: Node { span, kind },
            key: None,
            seen: HashMap::new(),
        });
        true
    }

    fn scalar(&mut self, mut text: String, style: ScalarStyle, span: Range<usize>) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        // In `[a, ?b]` one of the two readers sees a key without a value.
        if style == Style::Plain && text.starts_with('?') {
            self.complex_key(span.clone());
        }
        let span = match style {
            Style::Literal | Style::Folded => self.block_scalar(&mut text, span),
            Style::Plain | Style::Quoted => self.trimmed(span),
        };
        if style == Style::Plain && is_null(&text) && !self.open.is_empty() {
            // An empty value has no place of its own: the key before it has.
            let key = self.open.last().and_then(|open| open.key.as_ref());
            let at = match key {
                Some(key) if span.is_empty() => key.span.clone(),
                _ => span.clone(),
            };
            let message = format!("a {} has no null", self.what);
            self.refuse(
                "plan::null",
                message,
                at,
                "give a value, or leave the key out",
            );
        }
        Node {
            span,
            kind: NodeKind::Scalar { style, text },
        }
    }

    /// The place of a block scalar, whose span ends past its last line break. One without any content has the place of
    /// its `|` or `>`: its span would be that of whatever comes next. At the end of a file that does not end in a line
    /// break there is none in the value, either; saphyr-parser adds one.
    fn block_scalar(&self, decoded: &mut String, span: Range<usize>) -> Range<usize> {
        let text = self.source.text();
        let trimmed = self.trimmed(span);
        let rest = text.get(trimmed.end..).unwrap_or("");
        if rest.trim_matches([' ', '\t']).is_empty() && !trimmed.is_empty() {
            decoded.truncate(decoded.strip_suffix('\n').map_or(decoded.len(), str::len));
        }
        if !trimmed.is_empty() {
            return trimmed;
        }
        let gap = text.get(self.last_end..trimmed.start).unwrap_or("");
        match gap.find(['|', '>']) {
            Some(at) => self.last_end + at..self.last_end + at + 1,
            None => trimmed,
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node) {
        let text = self.source.text();
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match (&mut open.node.kind, open.key.take()) {
            (NodeKind::Sequence(items), _) => items.push(node),
            (NodeKind::Mapping(pairs), Some(key)) => pairs.push((key, node)),
            (_, _) => {
                let gap = text.get(self.last_end..node.span.start).unwrap_or("");
                let first = match &node.kind {
                    NodeKind::Scalar { text, .. } => {
                        let first = open.seen.get(text).cloned();
                        open.seen
                            .entry(text.clone())
                            .or_insert_with(|| node.span.clone());
                        first
                    }
                    _ => None,
                };
                let span = node.span.clone();
                let merges = matches!(&node.kind, NodeKind::Scalar { style: Style::Plain, text }
                    if text == "<<");
                open.key = Some(node);
                if let Some(first) = first {
                    let key = text.get(span.clone()).unwrap_or("this key");
                    let problem = Problem::new(
                        self.source,
                        "plan::duplicate-key",
                        format!("`{key}` is given twice"),
                    )
                    .label(span.clone(), "again here")
                    .label(first, "first here")
                    .help("remove one of them");
                    self.problems.push(problem);
                }
                if has_question_mark(gap) {
                    self.complex_key(span);
                } else if merges {
                    let message = format!("a {} has no merge keys", self.what);
                    self.refuse("plan::merge-key", message, span, "write the keys out");
                }
            }
        }
    }

    fn complex_key(&mut self, at: Range<usize>) {
        let message = format!("a key of a {} is one word before a colon", self.what);
        self.refuse("plan::complex-key", message, at, "write `key: value`");
    }

    fn anchor_or_tag(&mut self, anchor: usize, tagged: bool, at: &Range<usize>) {
        if anchor != 0 {
            let message = format!("a {} has no YAML anchors", self.what);
            self.refuse("plan::anchor", message, at.clone(), "remove the `&name`");
        }
        if tagged {
            let message = format!("a {} has no YAML tags", self.what);
            self.refuse("plan::tag", message, at.clone(), "remove the `!tag`");
        }
    }

    fn trimmed(&self, span: Range<usize>) -> Range<usize> {
        let length = self
            .source
            .text()
            .get(span.clone())
            .map_or(span.len(), |text| text.trim_end().len());
        span.start..span.start + length
    }
}

fn is_null(plain: &str) -> bool {
    matches!(plain, "" | "~" | "null" | "Null" | "NULL")
}

fn is_value(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..)
    )
}

/// Whether the text between two events, comments aside, holds a `?`.
fn has_question_mark(gap: &str) -> bool {
    gap.lines()
        .any(|line| line.split('#').next().is_some_and(|l| l.contains('?')))
}
