//! Whether a hub could cut a modem's power: no run relies on it, so it is worth a note.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const WHY: &str = "a modem that hangs needs its power cut, by a hub that can or by hand";
    let hubs = scene
        .modems
        .iter()
        .filter_map(|modem| modem.plugged.place.hub());
    let mut hubs: Vec<_> = hubs.collect();
    hubs.sort();
    hubs.dedup();
    // sysfs does not show the hub's own descriptor (wHubCharacteristics), and asking the hub would open it.
    hubs.iter()
        .map(|hub| {
            let what =
                format!("whether the hub at {hub} can switch the power of one port is not known");
            finding("hub-power", Severity::Unknown, what, WHY)
                .cure(format!("sudo uhubctl -l {hub}"))
        })
        .collect()
}
