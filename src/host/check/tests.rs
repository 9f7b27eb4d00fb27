//! Each check finds what it is for, on a made computer that is otherwise an ordinary one.

use super::all;
use crate::host::Severity;
use crate::host::tests::{Fixture, SOMEBODY};
use crate::host::udev;

/// What is found: check, severity, what and cure.
fn found(fixture: &Fixture) -> Vec<(&'static str, Severity, String, String)> {
    let host = fixture.host();
    let modems = fixture.modems();
    all(&fixture.scene(&host, &modems))
        .into_iter()
        .map(|f| (f.check, f.severity, f.what, f.cure.unwrap_or_default()))
        .collect()
}

/// An ordinary computer on which nothing is in the way.
fn healthy() -> Fixture {
    let fixture = Fixture::ordinary();
    for node in [
        "dev/ttyUSB0",
        "dev/ttyUSB1",
        "dev/ttyUSB2",
        "dev/ttyUSB3",
        "dev/bus/usb/001/005",
    ] {
        fixture.node(node, 0o666);
    }
    fixture.file(&format!("etc/udev/rules.d/{}", udev::FILE), &udev::rules());
    fixture
}

/// The finding of a check that has a text in it.
fn the(fixture: &Fixture, check: &str, text: &str) -> (Severity, String) {
    let all = found(fixture);
    let mut right = all.iter().filter(|f| f.0 == check && f.2.contains(text));
    let (_, severity, _, cure) = right
        .next()
        .unwrap_or_else(|| panic!("no {check}: {text} in {all:#?}"));
    (*severity, cure.clone())
}

#[test]
fn nothing_is_in_the_way_on_a_healthy_computer() {
    let fixture = healthy();
    let obstacles: Vec<_> = found(&fixture)
        .into_iter()
        .filter(|f| f.1.is_obstacle())
        .collect();
    assert_eq!(obstacles, []);
    assert_eq!(the(&fixture, "usb", "1 modem").0, Severity::Good);
}

#[test]
fn nodes_that_may_not_be_opened_are_told_with_the_group_that_may() {
    let fixture = healthy();
    fixture.node("dev/ttyUSB2", 0o600);
    let (severity, cure) = the(&fixture, "permissions", "/dev/ttyUSB2 of the modem at 1-2");
    assert_eq!(severity, Severity::Stops);
    assert_eq!(cure, udev::INSTALL);
    let gid = rustix::process::getegid().as_raw();
    if gid != 0 {
        fixture.node("dev/ttyUSB2", 0o660);
        fixture.file("etc/group", &format!("root:x:0:\ndialout:x:{gid}:\n"));
        let (_, cure) = the(&fixture, "permissions", "/dev/ttyUSB2");
        assert!(cure.contains("usermod -aG dialout"), "{cure}");
    }
    // Root may.
    fixture.user(0);
    the(&fixture, "permissions", "may open every port");
}

#[test]
fn a_modem_without_a_node_is_in_a_container() {
    let fixture = healthy();
    crate::files::Root::open(fixture.root())
        .and_then(|root| root.remove_file("dev/bus/usb/001/005".into()))
        .unwrap();
    let (severity, cure) = the(&fixture, "permissions", "no node /dev/bus/usb/001/005");
    assert_eq!(severity, Severity::Stops);
    assert!(cure.contains("container"), "{cure}");
}

#[test]
fn rules_that_are_missing_or_old_are_told() {
    let fixture = healthy();
    fixture.file(&format!("etc/udev/rules.d/{}", udev::FILE), "# old\n");
    assert_eq!(
        the(&fixture, "udev-rules", "another version").0,
        Severity::Note
    );
    let fixture = Fixture::ordinary();
    let missing = the(&fixture, "udev-rules", "not installed");
    assert_eq!(missing, (Severity::Spoils, udev::INSTALL.to_owned()));
    fixture.user(0);
    assert_eq!(
        the(&fixture, "udev-rules", "not installed").0,
        Severity::Note
    );
}

#[test]
fn a_program_that_has_a_port_open_is_named() {
    let fixture = healthy();
    fixture.process(812, "minicom", &["/dev/null", "/dev/ttyUSB2"]);
    let (severity, cure) = the(
        &fixture,
        "holders",
        "minicom (process 812) has /dev/ttyUSB2 open",
    );
    assert_eq!((severity, cure.as_str()), (Severity::Spoils, "kill 812"));
}

#[test]
fn programs_that_cut_the_power_are_told_and_never_asked_to_stop() {
    let fixture = healthy();
    fixture.process(99, "eg25-manager", &[]);
    fixture.folder("class/modem-power/modem-power");
    let (severity, cure) = the(&fixture, "power-managers", "eg25-manager runs");
    assert_eq!(severity, Severity::Spoils);
    assert!(cure.contains("kill -s KILL"), "{cure}");
    assert_eq!(
        the(&fixture, "power-managers", "modem-power has").0,
        Severity::Spoils
    );
}

#[test]
fn modem_manager_without_a_bus_is_found_by_its_process() {
    let fixture = healthy();
    fixture.process(77, "ModemManager", &[]);
    let (severity, cure) = the(&fixture, "modem-manager", "cannot be asked to stay away");
    assert_eq!(severity, Severity::Spoils);
    assert_eq!(cure, "sudo systemctl stop ModemManager");
}

/// A container sees its own programs and its own bus, and the computer's USB.
#[test]
fn a_container_does_not_know_what_runs_beside_it() {
    let fixture = healthy();
    fixture.namespace("pid:[4026532281]");
    for (check, text) in [
        ("modem-manager", "whether ModemManager runs is not known"),
        ("power-managers", "is not known"),
        ("holders", "is not known"),
    ] {
        let (severity, _) = the(&fixture, check, text);
        assert_eq!(severity, Severity::Unknown, "{check}");
    }
    // What it sees, it tells.
    fixture.process(77, "ModemManager", &["/dev/ttyUSB2"]);
    let (severity, _) = the(&fixture, "modem-manager", "cannot be asked to stay away");
    assert_eq!(severity, Severity::Spoils);
    the(&fixture, "holders", "ModemManager (process 77)");
    // A computer itself has the first namespace of all.
    let fixture = healthy();
    fixture.namespace("pid:[4026531836]");
    let known = the(&fixture, "modem-manager", "does not run").0;
    assert_eq!(known, Severity::Good);
}

#[test]
fn the_driver_of_edl_and_sleep_are_notes() {
    let fixture = Fixture::new(&[("0000:00:14.0", &[1, 2])]);
    fixture.user(SOMEBODY);
    fixture.boot_rom();
    fixture.file(
        "devices/pci0000:00/0000:00:14.0/usb1/1-2/power/control",
        "auto\n",
    );
    assert_eq!(
        the(&fixture, "kernel-drivers", "qcserial has").0,
        Severity::Note
    );
    let (severity, cure) = the(&fixture, "autosuspend", "to sleep");
    assert_eq!(severity, Severity::Note);
    assert_eq!(
        cure,
        "echo on | sudo tee /sys/bus/usb/devices/1-2/power/control"
    );
}

#[test]
fn what_cannot_be_found_out_is_unknown() {
    let fixture = Fixture::empty();
    let host = fixture.host();
    let mut scene = fixture.scene(&host, &[]);
    scene.no_usb = Some("there is no USB here".to_owned());
    let all = all(&scene);
    let of = |check: &str| all.iter().find(|f| f.check == check).unwrap().severity;
    assert_eq!(of("usb"), Severity::Stops);
    for check in [
        "modem-manager",
        "power-managers",
        "permissions",
        "udev-rules",
    ] {
        assert_eq!(of(check), Severity::Unknown, "{check}");
    }
}

#[test]
fn a_state_folder_that_cannot_be_is_told() {
    let fixture = healthy();
    let host = fixture.host();
    let mut scene = fixture.scene(&host, &[]);
    scene.state = None;
    let all = all(&scene);
    let state = all.iter().find(|f| f.check == "state-folder").unwrap();
    assert_eq!(state.severity, Severity::Stops);
    assert!(state.cure.as_ref().unwrap().contains("--state"));
    // A file stands where it, or a folder above it, would be.
    for taken in ["state", "state/unbrick/runs"] {
        let fixture = healthy();
        fixture.file("state", "");
        let host = fixture.host();
        let mut scene = fixture.scene(&host, &[]);
        scene.state = Some(fixture.root().join(taken));
        let found = super::all(&scene);
        let state = found.iter().find(|f| f.check == "state-folder").unwrap();
        assert_eq!(state.severity, Severity::Stops, "{taken}");
        assert!(state.what.contains("is no folder"), "{}", state.what);
    }
}

#[test]
fn every_obstacle_has_a_cure_and_every_finding_a_reason() {
    let fixture = Fixture::ordinary();
    fixture.process(99, "eg25-manager", &["/dev/ttyUSB0"]);
    let host = fixture.host();
    let modems = fixture.modems();
    for finding in all(&fixture.scene(&host, &modems)) {
        assert!(!finding.why.is_empty());
        assert!(
            !finding.severity.is_obstacle() || finding.cure.is_some(),
            "{finding:?}"
        );
    }
}
