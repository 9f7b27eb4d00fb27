//! The udev rules that this program ships: missing, or of another version.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;
use crate::host::udev::{FILE, INSTALL, rules};
use camino::Utf8Path;

/// Where udev reads rules, the strongest first (udev(7)).
const FOLDERS: [&str; 5] = [
    "etc/udev/rules.d",
    "run/udev/rules.d",
    "usr/local/lib/udev/rules.d",
    "usr/lib/udev/rules.d",
    "lib/udev/rules.d",
];

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "udev-rules";
    const WHY: &str = "they let this user open a modem whose id changes in mid-run, and keep ModemManager off EDL";
    let root = &scene.host.root;
    let folders = FOLDERS.map(Utf8Path::new);
    let installed = folders
        .iter()
        .find_map(|folder| root.text(&folder.join(FILE)));
    let root_runs = scene.host.user().is_some_and(|user| user.is_root());
    vec![match installed {
        Some(text) if text == rules().trim() => {
            finding(CHECK, Severity::Good, "the udev rules are installed", WHY)
        }
        Some(_) => {
            let what = "the udev rules are those of another version of unbrick";
            finding(CHECK, Severity::Note, what, WHY).cure(INSTALL)
        }
        None if !folders.iter().any(|folder| root.is_folder(folder)) => {
            let what = "there is no udev here, as in a container";
            finding(CHECK, Severity::Unknown, what, WHY)
        }
        None => {
            // Root may open everything, and ModemManager leaves 9008 alone by its own rules, though not the rest.
            let severity = if root_runs {
                Severity::Note
            } else {
                Severity::Spoils
            };
            finding(CHECK, severity, "the udev rules are not installed", WHY).cure(INSTALL)
        }
    }]
}
