//! Everything that `unbrick doctor` looks at; one file each.

mod autosuspend;
mod clock;
mod disk;
mod driver;
mod holder;
mod hub;
mod modem_manager;
mod permission;
mod power_manager;
mod state;
mod udev;
mod usb;

#[cfg(test)]
mod tests;

use super::finding::Finding;
use super::scene::Scene;

type Check = fn(&Scene<'_>) -> Vec<Finding>;

/// Every check.
pub fn all(scene: &Scene<'_>) -> Vec<Finding> {
    const ALL: [Check; 12] = [
        usb::check,
        modem_manager::check,
        power_manager::check,
        permission::check,
        udev::check,
        holder::check,
        driver::check,
        autosuspend::check,
        hub::check,
        state::check,
        disk::check,
        clock::check,
    ];
    ALL.iter().flat_map(|check| check(scene)).collect()
}

/// What is in the way of a run on these modems. ModemManager is not asked: the run keeps it away, and tells where it
/// cannot.
pub fn before_a_run(scene: &Scene<'_>) -> Vec<Finding> {
    const SOME: [Check; 4] = [
        power_manager::check,
        permission::check,
        holder::check,
        disk::check,
    ];
    let found = SOME.iter().flat_map(|check| check(scene));
    found
        .filter(|finding| finding.severity.is_obstacle())
        .collect()
}
