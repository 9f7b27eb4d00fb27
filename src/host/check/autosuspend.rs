//! Modems that the kernel may put to sleep.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;
use camino::Utf8Path;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const WHY: &str =
        "a modem that is put to sleep while nothing is open may come back anew, or not at all";
    let mut found = Vec::new();
    for modem in scene.modems {
        let place = &modem.plugged.place;
        let control = format!("sys/bus/usb/devices/{place}/power/control");
        // `on` or `auto` (kernel Documentation/ABI/testing/sysfs-devices-power).
        if scene.host.root.text(Utf8Path::new(&control)).as_deref() == Some("auto") {
            let what = format!("the kernel may put the modem at {place} to sleep");
            let cure = format!("echo on | sudo tee /{control}");
            found.push(finding("autosuspend", Severity::Note, what, WHY).cure(cure));
        }
    }
    found
}
