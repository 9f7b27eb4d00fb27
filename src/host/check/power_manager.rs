//! Programs and drivers that switch a modem off in the middle of a flash (protocols.md §3:
//! `Biktorgj/quectel_eg25_recovery#5`, mobile-nixos/mobile-nixos#457).

use crate::host::finding::{Finding, Severity, finding};
use crate::host::process::INSIDE;
use crate::host::scene::Scene;
use camino::Utf8Path;

/// The kernel cuts a name after 15 bytes (`proc_pid_comm(5)`).
const MANAGERS: [&str; 1] = ["eg25-manager"];
/// The driver outside the kernel's tree (fwupd:plugins/modem-manager, `MODEM_POWER_SYSFS_PATH`).
const DRIVER: &str = "sys/class/modem-power";

pub(super) fn check(scene: &Scene<'_>) -> Vec<Finding> {
    const CHECK: &str = "power-managers";
    const WHY: &str =
        "it switches the modem off when it stops answering, also in the middle of a flash";
    let host = scene.host;
    let mut found = Vec::new();
    let Some(processes) = host.processes() else {
        let what = "there is no /proc to look for programs such as eg25-manager in";
        return vec![finding(CHECK, Severity::Unknown, what, WHY)];
    };
    for process in processes
        .iter()
        .filter(|p| MANAGERS.contains(&p.name.as_str()))
    {
        let what = format!("{} runs (process {})", process.name, process.id);
        // Asked to stop, it switches the modem off (quectel.md P5).
        let cure = format!(
            "sudo systemctl mask --runtime {0} && sudo systemctl kill -s KILL {0}",
            process.name
        );
        found.push(finding(CHECK, Severity::Spoils, what, WHY).cure(cure));
    }
    let drives = host
        .root
        .names(Utf8Path::new(DRIVER))
        .is_ok_and(|names| !names.is_empty());
    if drives {
        let what = "the kernel driver modem-power has the modem's power";
        found
            .push(finding(CHECK, Severity::Spoils, what, WHY).cure("sudo modprobe -r modem_power"));
    }
    if found.is_empty() && host.is_inside() {
        let what = format!("whether a program would switch the modem off is not known: {INSIDE}");
        found.push(finding(CHECK, Severity::Unknown, what, WHY));
    } else if found.is_empty() {
        let what = "no program or driver is known that would switch the modem off";
        found.push(finding(CHECK, Severity::Good, what, WHY));
    }
    found
}
