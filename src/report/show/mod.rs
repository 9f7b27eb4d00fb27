//! A proved plan for people and machines: as text, as a document to print, as a drawing, as data.

mod dot;
mod facts;
mod graph;
mod json;
mod markdown;
mod mermaid;
#[cfg(test)]
mod tests;
mod text;

pub(super) use text::aligned;

use crate::check::CheckedPlan;

/// How a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for a terminal.
    Text,
    /// A document to print and hand to a technician.
    Markdown,
    /// A flowchart in Mermaid's language.
    Mermaid,
    /// A flowchart in Graphviz's language.
    Dot,
    /// One JSON document.
    Json,
}

/// The plan in a format, without a line end.
pub fn render(plan: &CheckedPlan, format: Format) -> String {
    match format {
        Format::Text => text::text(plan),
        Format::Markdown => markdown::markdown(plan),
        Format::Mermaid => mermaid::mermaid(plan),
        Format::Dot => dot::dot(plan),
        Format::Json => json::document(plan).to_string(),
    }
}
