//! A plan as a Graphviz digraph.

use super::facts::one_line;
use super::graph::{Item, Node, Shape, colours, graph};
use crate::check::CheckedPlan;

pub(super) fn dot(plan: &CheckedPlan) -> String {
    let graph = graph(plan);
    let mut lines = vec![
        "digraph plan {".to_owned(),
        "  node [shape=\"box\", style=\"filled,rounded\", fontname=\"sans-serif\"];".to_owned(),
        "  edge [fontname=\"sans-serif\", fontsize=\"10\"];".to_owned(),
    ];
    write(&graph.items, 1, &mut lines);
    for edge in &graph.edges {
        let style = if edge.skips { "dotted" } else { "solid" };
        let label = escaped(&edge.label);
        lines.push(format!(
            "  {} -> {} [label=\"{label}\", style=\"{style}\"];",
            edge.from, edge.to
        ));
    }
    lines.push("}".to_owned());
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
                // Graphviz draws a frame around a subgraph whose name begins so.
                lines.push(format!("{indent}subgraph cluster_{key} {{"));
                lines.push(format!("{indent}  label=\"{}\";", label(title)));
                write(items, depth + 1, lines);
                lines.push(format!("{indent}}}"));
            }
        }
    }
}

fn written(node: &Node) -> String {
    let (key, label) = (&node.key, label(&node.lines));
    match node.shape {
        Shape::Terminal => {
            format!("{key} [label=\"{label}\", shape=\"oval\", fillcolor=\"#ffffff\"];")
        }
        Shape::Join => format!("{key} [label=\"\", shape=\"point\"];"),
        Shape::Step(effect) => {
            let (fill, line) = colours(effect);
            format!("{key} [label=\"{label}\", fillcolor=\"{fill}\", color=\"{line}\"];")
        }
    }
}

fn label(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    lines.join("\\n")
}

/// Inside of quotes. Graphviz reads backslashes as its own escapes, and `&...;` as a character of HTML.
fn escaped(text: &str) -> String {
    one_line(text)
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('&', "&amp;")
}
