//! Programs that have a port of a modem open.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::process::INSIDE;
use crate::host::scene::Scene;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "holders";
    const WHY: &str = "what one program reads from a port the other never sees";
    let nodes: Vec<_> = scene.nodes().into_iter().map(|(_, node)| node).collect();
    if nodes.is_empty() {
        return Vec::new();
    }
    let Some(holders) = scene.host.holders(&nodes) else {
        let what = "there is no /proc to look for programs in that have a port open";
        return vec![finding(CHECK, Severity::Unknown, what, WHY)];
    };
    let mut found: Vec<Finding> = holders
        .found
        .iter()
        .map(|(process, node)| {
            let what = format!(
                "{} (process {}) has {node} open",
                shown(&process.name),
                process.id
            );
            finding(CHECK, Severity::Spoils, what, WHY).cure(format!("kill {}", process.id))
        })
        .collect();
    if holders.hidden > 0 {
        let what = format!(
            "open files of {} processes of other users are hidden",
            holders.hidden
        );
        found.push(finding(CHECK, Severity::Unknown, what, WHY).cure("sudo unbrick doctor"));
    } else if found.is_empty() && scene.host.is_inside() {
        let what = format!("whether another program has a port open is not known: {INSIDE}");
        found.push(finding(CHECK, Severity::Unknown, what, WHY));
    } else if found.is_empty() {
        found.push(finding(
            CHECK,
            Severity::Good,
            "no other program has a port open",
            WHY,
        ));
    }
    found
}

/// A program chooses its own name.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect()
}
