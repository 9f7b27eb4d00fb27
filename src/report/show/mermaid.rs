//! A plan as a Mermaid flowchart.

use super::facts::one_line;
use super::graph::{EFFECTS, Item, Node, Shape, colours, graph};
use crate::check::CheckedPlan;

pub(super) fn mermaid(plan: &CheckedPlan) -> String {
    let graph = graph(plan);
    let mut lines = vec!["flowchart TD".to_owned()];
    write(&graph.items, 1, &mut lines);
    for edge in &graph.edges {
        let arrow = if edge.skips { "-.->" } else { "-->" };
        let label = match edge.label.as_str() {
            "" => String::new(),
            label => format!("|\"{}\"|", escaped(label)),
        };
        lines.push(format!("  {} {arrow}{label} {}", edge.from, edge.to));
    }
    for effect in EFFECTS {
        let (fill, line) = colours(effect);
        lines.push(format!(
            "  classDef {effect} fill:{fill},stroke:{line},color:#111111"
        ));
    }
    lines.push("  classDef terminal fill:#ffffff,stroke:#333333,color:#111111".to_owned());
    lines.join("\n")
}

fn write(items: &[Item], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for item in items {
        match item {
            Item::Node(node) => lines.push(format!("{indent}{}", written(node))),
            Item::Frame {
                key,
                lines: title,
                items,
            } => {
                lines.push(format!("{indent}subgraph {key}[\"{}\"]", label(title)));
                write(items, depth + 1, lines);
                lines.push(format!("{indent}end"));
            }
        }
    }
}

fn written(node: &Node) -> String {
    let (key, label) = (&node.key, label(&node.lines));
    match node.shape {
        Shape::Terminal => format!("{key}([\"{label}\"]):::terminal"),
        Shape::Join => format!("{key}(( )):::terminal"),
        Shape::Step(effect) => format!("{key}[\"{label}\"]:::{effect}"),
    }
}

fn label(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    lines.join("<br/>")
}

/// Everything but letters, digits and plain signs as a character's number, which Mermaid turns back: so no text ends
/// a label, opens a tag, or is read as Markdown.
fn escaped(text: &str) -> String {
    one_line(text)
        .chars()
        .map(|c| match c {
            _ if c.is_alphanumeric() || " .,:?!()/'-=".contains(c) => c.to_string(),
            _ => format!("#{};", u32::from(c)),
        })
        .collect()
}
