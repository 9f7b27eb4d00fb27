//! ModemManager: whether it runs, and whether a run can keep it away.

use crate::host::finding::{Finding, Severity, finding};
use crate::host::modem_manager::{Presence, STOP, presence};
use crate::host::process::INSIDE;
use crate::host::scene::Scene;

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "modem-manager";
    const WHY: &str = "it opens every new port at once and reads the greeting of a modem in EDL, which is said once";
    let processes = scene.host.processes();
    let runs = processes.map(|all| all.iter().any(|process| process.name == "ModemManager"));
    vec![match (presence(&scene.dbus), runs) {
        (Presence::Yields, _) => {
            let what = "ModemManager runs, and a run keeps it away from its modem";
            finding(CHECK, Severity::Good, what, WHY)
        }
        (Presence::Insists(reason), _) => {
            let what = format!("ModemManager runs and cannot be kept away: {reason}");
            finding(CHECK, Severity::Spoils, what, WHY).cure(STOP)
        }
        (Presence::NoBus(reason), Some(true)) => {
            let what = format!("ModemManager runs and cannot be asked to stay away: {reason}");
            finding(CHECK, Severity::Spoils, what, WHY).cure(STOP)
        }
        // Its own bus may have no ModemManager, and the computer's may.
        (Presence::Absent | Presence::NoBus(_), _) if scene.host.is_inside() => {
            let what = format!("whether ModemManager runs is not known: {INSIDE}");
            finding(CHECK, Severity::Unknown, what, WHY)
                .cure(format!("outside of the container: {STOP}"))
        }
        (Presence::Absent | Presence::NoBus(_), Some(false)) | (Presence::Absent, _) => {
            finding(CHECK, Severity::Good, "ModemManager does not run", WHY)
        }
        (Presence::NoBus(reason), None) => {
            let what = format!("neither D-Bus nor /proc tells whether ModemManager runs: {reason}");
            finding(CHECK, Severity::Unknown, what, WHY)
        }
    }]
}
