//! Whether runs can be kept.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "state-folder";
    const WHY: &str = "a run without a journal is not begun";
    let cure = "name a folder with `--state DIR`";
    let Some(state) = &scene.state else {
        let what = "no folder for runs is known: neither XDG_STATE_HOME nor HOME is set";
        return vec![finding(CHECK, Severity::Stops, what, WHY).cure(cure)];
    };
    // The folder is made by the first run; a file in its way stays.
    let there = state.ancestors().find(|path| path.exists());
    vec![match there {
        Some(file) if !file.is_dir() => {
            let what = format!("{file} is no folder, so no run can be kept in {state}");
            finding(CHECK, Severity::Stops, what, WHY).cure(cure)
        }
        Some(folder) if crate::files::may_write(folder) => finding(
            CHECK,
            Severity::Good,
            format!("runs are kept in {state}"),
            WHY,
        ),
        _ => {
            let what = format!("this user may not write into {state}");
            finding(CHECK, Severity::Stops, what, WHY).cure(cure)
        }
    }]
}
