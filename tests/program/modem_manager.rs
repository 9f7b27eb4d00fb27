//! ModemManager is kept away from the modem of a run, over a real bus, and gets it back however the run ends.

use crate::bench::{Bench, PLAN};
use crate::dbus::{Bus, Policy, Seen};
use crate::ptys::{GROUND, Lab};
use crate::talker::Talker;
use rustix::process::Signal;
use std::os::unix::fs::symlink;

const DEVICE: &str = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2";

/// A lab whose ptys are the ttys of a USB device, on a computer with this bus.
fn lab(bus: &Bus) -> Lab {
    let mut lab = Lab::new();
    let root = lab.bench.path("root");
    let device = root.join(&DEVICE[1..]);
    std::fs::create_dir_all(device.join("1-2:1.0")).unwrap();
    std::fs::create_dir_all(root.join("sys/bus/usb/devices")).unwrap();
    symlink(
        format!("../../../..{DEVICE}"),
        root.join("sys/bus/usb/devices/1-2"),
    )
    .unwrap();
    // Which pty it is depends on what else runs here.
    for number in 0..256 {
        let tty = root.join(format!("sys/class/tty/pts!{number}"));
        std::fs::create_dir_all(&tty).unwrap();
        symlink(format!("../../../..{DEVICE}/1-2:1.0"), tty.join("device")).unwrap();
    }
    lab.bench.dbus = Some(bus.address.clone());
    lab
}

/// A run that waits for hands.
fn waiting(lab: &mut Lab) -> Talker {
    let run = lab.arguments(&["run", PLAN], &[]);
    let mut run = lab.in_terminal(&run);
    run.hear("this computer: ModemManager is kept away from /sys/");
    run.hear(GROUND);
    run
}

#[test]
fn modem_manager_is_kept_away_and_let_back_however_a_run_ends() {
    let Some(bus) = Bus::start(Policy::All) else {
        return;
    };
    let mut lab = lab(&bus);
    let inhibited = || Seen::Inhibited(DEVICE.to_owned());
    let released = || Seen::Released(DEVICE.to_owned());
    // While it still probes the modem, it is asked again.
    let run = waiting(&mut lab);
    assert_eq!(bus.sees(), Seen::TooEarly(DEVICE.to_owned()));
    assert_eq!(bus.sees(), inhibited());
    run.signal(Signal::KILL);
    assert_eq!(bus.sees(), released());
    drop(run);
    // The greeting was read: this run fails at once.
    let said = lab.bench.run(&lab.arguments(&["run", PLAN], &[]));
    assert_eq!(said.code, 13, "{}", said.stderr);
    assert_eq!([bus.sees(), bus.sees()], [inhibited(), released()]);
    // And this one is stopped by a person.
    lab.sim.say("unplug");
    lab.sim.hear("edl is gone");
    lab.sim.say("plug");
    lab.sim.hear("edl is /dev");
    let run = waiting(&mut lab);
    assert_eq!(bus.sees(), inhibited());
    run.signal(Signal::INT);
    let (code, _, stderr) = run.end();
    assert_eq!(code, 130, "{stderr}");
    assert_eq!(bus.sees(), released());
}

#[test]
fn a_modem_manager_that_stays_is_told_with_the_cure_and_stops_nothing() {
    let Some(bus) = Bus::start(Policy::NoInhibition) else {
        return;
    };
    let lab = lab(&bus);
    let run = lab.arguments(&["run", PLAN], &[]);
    let mut run = lab.in_terminal(&run);
    run.hear("this computer: ModemManager runs and cannot be kept away from /sys/");
    run.hear("sudo systemctl stop ModemManager");
    run.hear(GROUND);
    let warned = |event: &serde_json::Value| event["code"] == "host::modem-manager";
    assert_eq!(
        lab.bench
            .journal()
            .iter()
            .filter(|event| warned(event))
            .count(),
        1
    );
}

#[test]
fn doctor_asks_modem_manager_whether_it_would_yield() {
    for (policy, wanted) in [
        (
            Policy::All,
            "good: ModemManager runs, and a run keeps it away",
        ),
        (
            Policy::NoInhibition,
            "spoils a run: ModemManager runs and cannot be kept away",
        ),
    ] {
        let Some(bus) = Bus::start(policy) else {
            return;
        };
        let mut bench = Bench::new();
        bench.dbus = Some(bus.address.clone());
        let said = bench.run(&["doctor"]);
        assert!(said.stdout.contains(wanted), "{}", said.stdout);
    }
}
