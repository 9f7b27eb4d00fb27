//! Nodes of modems that this user may not open.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;
use crate::host::udev::INSTALL;
use camino::Utf8Path;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "permissions";
    const WHY: &str = "without them no port of the modem can be opened";
    let host = scene.host;
    let Some(user) = host.user() else {
        let what = "there is no /proc to tell who runs this";
        return vec![finding(CHECK, Severity::Unknown, what, WHY)];
    };
    let mut found = Vec::new();
    for (place, node) in scene.nodes() {
        let below = node.strip_prefix("/").unwrap_or(Utf8Path::new(""));
        match host.may_open(&user, below) {
            Some(true) => {}
            Some(false) => {
                let what = format!("this user may not open {node} of the modem at {place}");
                let cure = match host.helpful_group(below) {
                    Some(group) => {
                        format!("sudo usermod -aG {group} $USER, then log in anew")
                    }
                    None => INSTALL.to_owned(),
                };
                found.push(finding(CHECK, Severity::Stops, what, WHY).cure(cure));
            }
            None => {
                let what = format!("the modem at {place} has no node {node} here");
                let cure = "in a container: pass /dev through, with `-v /dev:/dev --privileged`";
                found.push(finding(CHECK, Severity::Stops, what, WHY).cure(cure));
            }
        }
    }
    if found.is_empty() && !scene.modems.is_empty() {
        let what = "this user may open every port of the modems that are plugged in";
        found.push(finding(CHECK, Severity::Good, what, WHY));
    }
    found
}
