//! A plan as nodes and edges, before it is written in a language of drawings.

use super::facts::{conditions, may_be_skipped, modes};
use crate::action::signature::Effect;
use crate::check::{CheckedPlan, CheckedStep};

/// A drawing, top to bottom.
pub(super) struct Graph {
    pub(super) items: Vec<Item>,
    pub(super) edges: Vec<Edge>,
}

pub(super) enum Item {
    Node(Node),
    /// Nodes in a frame: a group, or what runs after a failed step.
    Frame {
        key: String,
        lines: Vec<String>,
        items: Vec<Item>,
    },
}

pub(super) struct Node {
    /// Letters and digits, given by us: whatever a plan calls its steps, no language of drawings takes it for a word
    /// of its own.
    pub(super) key: String,
    pub(super) shape: Shape,
    pub(super) lines: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Step(Effect),
    /// Where the plan begins or ends.
    Terminal,
    /// Where a way around a step comes back.
    Join,
}

pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) label: String,
    pub(super) skips: bool,
}

pub(super) fn graph(plan: &CheckedPlan) -> Graph {
    let data = plan.plan();
    let mut drawing = Drawing::default();
    let mut items = Vec::new();
    let begin = drawing.node(
        Shape::Terminal,
        vec![
            data.title.clone(),
            format!("starts in {}", modes(&data.starts_in)),
        ],
    );
    let mut here = begin.key.clone();
    items.push(Item::Node(begin));
    drawing.steps(plan.steps(), &mut here, &mut items);
    let ends = modes(&data.ends_in);
    let end = drawing.node(Shape::Terminal, vec![format!("ends in {ends}")]);
    drawing.edge(&here, &end.key, ends.to_string(), false);
    items.push(Item::Node(end));
    if !plan.rescue().is_empty() {
        let mut inside = Vec::new();
        let failed = drawing.node(Shape::Terminal, vec!["a step failed".to_owned()]);
        let mut here = failed.key.clone();
        inside.push(Item::Node(failed));
        drawing.steps(plan.rescue(), &mut here, &mut inside);
        let key = drawing.key("g");
        let lines = vec!["after a failed step".to_owned()];
        items.push(Item::Frame {
            key,
            lines,
            items: inside,
        });
    }
    Graph {
        items,
        edges: drawing.edges,
    }
}

#[derive(Default)]
struct Drawing {
    keys: usize,
    edges: Vec<Edge>,
}

impl Drawing {
    fn key(&mut self, letter: &str) -> String {
        self.keys += 1;
        format!("{letter}{}", self.keys)
    }

    fn node(&mut self, shape: Shape, lines: Vec<String>) -> Node {
        Node {
            key: self.key("n"),
            shape,
            lines,
        }
    }

    fn edge(&mut self, from: &str, to: &str, label: String, skips: bool) {
        self.edges.push(Edge {
            from: from.to_owned(),
            to: to.to_owned(),
            label,
            skips,
        });
    }

    /// Draws steps one after the other; `here` is where the way has come to.
    fn steps(&mut self, steps: &[CheckedStep], here: &mut String, items: &mut Vec<Item>) {
        for checked in steps {
            let before = here.clone();
            if checked.children.is_empty() {
                let node = self.node(Shape::Step(checked.signature.effect), lines(checked));
                self.edge(here, &node.key, checked.runs_in.to_string(), false);
                here.clone_from(&node.key);
                items.push(Item::Node(node));
            } else {
                let key = self.key("g");
                let mut inside = Vec::new();
                self.steps(&checked.children, here, &mut inside);
                items.push(Item::Frame {
                    key,
                    lines: lines(checked),
                    items: inside,
                });
            }
            if may_be_skipped(checked) {
                // One point where both ways meet again, so that many skipped steps need no edge for each pair.
                let join = self.node(Shape::Join, Vec::new());
                self.edge(here, &join.key, String::new(), false);
                let skipped = match checked.step.when {
                    Some(_) => checked.before,
                    None => checked.before.minus(checked.runs_in),
                };
                self.edge(&before, &join.key, format!("skipped in {skipped}"), true);
                here.clone_from(&join.key);
                items.push(Item::Node(join));
            }
        }
    }
}

fn lines(checked: &CheckedStep) -> Vec<String> {
    let step = &checked.step;
    let mut lines = vec![
        step.id.value.clone(),
        format!("{} ({})", checked.signature.key, checked.signature.effect),
    ];
    lines.extend(step.title.clone());
    lines.extend(conditions(checked));
    if !step.guards.is_empty() {
        let names: Vec<&str> = step.guards.iter().map(|guard| guard.as_str()).collect();
        lines.push(format!("guards: {}", names.join(", ")));
    }
    lines
}

/// Fill and line of an effect's colour; the effect itself is in the label, for those who print without colour.
pub(super) fn colours(effect: Effect) -> (&'static str, &'static str) {
    match effect {
        Effect::Pure => ("#f4f4f4", "#777777"),
        Effect::Read => ("#e3f0fb", "#2b6ca3"),
        Effect::Manual => ("#fff6d6", "#a07800"),
        Effect::Disrupt => ("#ece4f7", "#6a3fa0"),
        Effect::Configure => ("#ffe6cc", "#b35c00"),
        Effect::Destroy => ("#f9d6d5", "#a40e0b"),
    }
}

/// Every effect, from harmless on.
pub(super) const EFFECTS: [Effect; 6] = [
    Effect::Pure,
    Effect::Read,
    Effect::Manual,
    Effect::Disrupt,
    Effect::Configure,
    Effect::Destroy,
];
