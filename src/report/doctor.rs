//! What `unbrick doctor` found, for people and for programs.

use crate::host::{Finding, Severity};
use serde_json::{Value, json};

/// Lines for people: what is in the way first.
pub fn lines(findings: &[Finding]) -> Vec<String> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut lines = Vec::new();
    for finding in sorted {
        lines.push(format!("{}: {}", finding.severity.word(), finding.what));
        if finding.severity == Severity::Good {
            continue;
        }
        lines.push(format!("    why: {}", finding.why));
        if let Some(cure) = &finding.cure {
            lines.push(format!("    cure: {cure}"));
        }
    }
    lines.push(verdict(findings));
    lines
}

/// One document.
pub fn document(findings: &[Finding]) -> Value {
    json!({
        "format": 1,
        "obstacles": obstacles(findings),
        "findings": findings,
    })
}

fn obstacles(findings: &[Finding]) -> usize {
    let in_the_way = findings
        .iter()
        .filter(|finding| finding.severity.is_obstacle());
    in_the_way.count()
}

fn verdict(findings: &[Finding]) -> String {
    match obstacles(findings) {
        0 => "Nothing on this computer would spoil a run.".to_owned(),
        1 => "One thing on this computer would spoil a run.".to_owned(),
        count => format!("{count} things on this computer would spoil a run."),
    }
}
