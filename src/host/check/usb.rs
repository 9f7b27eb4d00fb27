//! No USB at all: a container, mostly.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "usb";
    const WHY: &str = "modems are found and spoken with over USB";
    if let Some(reason) = &scene.no_usb {
        return vec![finding(CHECK, Severity::Stops, reason, WHY).cure(
            "in a container: start it with `--privileged -v /dev/bus/usb:/dev/bus/usb`; elsewhere: `sudo modprobe usbcore`; \
             or name ports with `--port`",
        )];
    }
    let what = match scene.modems.len() {
        0 => "USB is here; no modem is plugged in".to_owned(),
        1 => "USB is here, with 1 modem".to_owned(),
        count => format!("USB is here, with {count} modems"),
    };
    vec![finding(CHECK, Severity::Good, what, WHY)]
}
