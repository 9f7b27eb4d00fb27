//! Room for backups.

use crate::files::Root;
use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;

/// Some times a backup of NAND partitions and NV items, which is some tens of MiB (README).
const ENOUGH: u64 = 256 << 20;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "disk";
    const WHY: &str = "nothing is erased before its backup is on the disk";
    let folder = &scene.outputs;
    let free = Root::open(folder)
        .ok()
        .and_then(|root| root.free("".into()));
    vec![match free {
        None => finding(
            CHECK,
            Severity::Unknown,
            format!("how much is free in {folder} is not known"),
            WHY,
        ),
        Some(free) if free < ENOUGH => {
            let what = format!("{} MiB are free in {folder}, where backups go", free >> 20);
            let cure = format!(
                "make {} MiB free there, or run in another folder",
                ENOUGH >> 20
            );
            finding(CHECK, Severity::Spoils, what, WHY).cure(cure)
        }
        Some(_) => finding(
            CHECK,
            Severity::Good,
            format!("backups have room in {folder}"),
            WHY,
        ),
    }]
}
