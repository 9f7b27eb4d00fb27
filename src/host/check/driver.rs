//! Kernel drivers that have the bulk pair of a modem in EDL; a run detaches them and gives it back.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::scene::Scene;
use crate::plan::Mode;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const WHY: &str = "the driver and a run cannot have one interface together";
    let mut found = Vec::new();
    for modem in scene.modems {
        let bulk = matches!(modem.mode(), Some(Mode::Edl | Mode::Ramdump));
        for attached in modem.plugged.attached.values().filter(|_| bulk) {
            if let Some(driver) = &attached.driver {
                let place = &modem.plugged.place;
                let what = format!(
                    "the driver {driver} has the modem at {place}; a run takes it over and gives it back"
                );
                found.push(finding("kernel-drivers", Severity::Note, what, WHY));
            }
        }
    }
    found
}
