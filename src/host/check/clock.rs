//! A clock that is plainly wrong, as on a board without a battery.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;

/// 2026-01-01, before the first version.
const BEFORE_ALL: i64 = 1_767_225_600;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const WHY: &str = "journals and backups are told apart by their time";
    if scene.now >= BEFORE_ALL {
        return Vec::new();
    }
    let what = "this computer's clock is years behind";
    vec![finding("clock", Severity::Note, what, WHY).cure("sudo timedatectl set-ntp true")]
}
