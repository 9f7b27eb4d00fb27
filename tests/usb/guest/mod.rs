//! Pid 1 of the machine: mounts, loads modules, runs each case in a process of its own, tells the result, and ends.

pub(crate) mod evidence;
mod limit;

use crate::cases;
use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, finit_module, reboot};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// In load order: `vhci_hcd` is the host controller that simulated modems are plugged into.
pub(crate) const MODULES: [&str; 10] = [
    "usb-common",
    "usbcore",
    "usbip-core",
    "vhci-hcd",
    "usbmon",
    "usbserial",
    "usb_wwan",
    "option",
    "qcserial",
    "cdc-acm",
];
/// The first argument of a process that runs one case.
pub(crate) const CASE: &str = "usb-case";
/// Where the program is on this machine, too, so that the builder of tests/program finds it.
pub(crate) const UNBRICK: &str = env!("CARGO_BIN_EXE_unbrick");
/// Paths in the machine, without the leading slash.
pub(crate) const LIBRARIES: &str = "tools/lib";
/// Names of the cases to run, one a line.
pub(crate) const CHOSEN: &str = "chosen";
/// Paths of the story's files: a scenario, and inputs that name the others.
pub(crate) const UNIT: &str = "unit";
/// Programs that are not ours: the piece of the rig, and the path.
pub(crate) const TOOLS: [(&str, &str); 2] = [
    ("qdl", "tools/qdl"),
    ("qdl-backports", "tools/qdl-backports"),
];
/// The piece of the rig with ModemManager, and the programs of it that run here, at their own paths.
pub(crate) const MODEM_MANAGER: &str = "modem-manager";
pub(crate) const SERVICES: [&str; 5] = [
    "usr/sbin/ModemManager",
    "usr/bin/mmcli",
    "usr/bin/dbus-daemon",
    "usr/lib/polkit-1/polkitd",
    "usr/bin/udevadm",
];
pub(crate) const EXIT_PORT: u16 = 0xf4;
pub(crate) const RESULT: &str = "result: ";

/// A case is killed after this; the others go on.
const LIMIT: Duration = Duration::from_secs(300);

pub(crate) fn module(name: &str) -> String {
    format!("modules/{name}.ko")
}

pub(crate) fn init() -> ExitCode {
    let failed = std::panic::catch_unwind(run).unwrap_or(1);
    end(u8::from(failed > 0))
}

/// How many cases failed.
fn run() -> usize {
    for (kind, at) in [
        ("proc", "/proc"),
        ("sysfs", "/sys"),
        ("devtmpfs", "/dev"),
        ("devpts", "/dev/pts"),
        ("debugfs", "/sys/kernel/debug"),
    ] {
        std::fs::create_dir_all(at).unwrap();
        mount(kind, at, kind, MountFlags::empty(), None).unwrap_or_else(|e| panic!("{at}: {e}"));
    }
    for name in MODULES {
        let file = std::fs::File::open(format!("/{}", module(name))).unwrap();
        finit_module(file, c"", 0).unwrap_or_else(|error| panic!("module {name}: {error}"));
    }
    std::fs::create_dir_all(std::env::temp_dir()).unwrap();
    println!("up after {} s", uptime());
    let chosen = std::fs::read_to_string(format!("/{CHOSEN}")).unwrap();
    let (mut passed, mut failed, mut passed_over) = (0, Vec::new(), 0);
    for name in chosen.lines() {
        let start = Instant::now();
        let mut command = Command::new("/init");
        command.args([CASE, name]);
        let end = match limit::status(&mut command, LIMIT) {
            Some(cases::PASSED) => {
                passed += 1;
                "ok"
            }
            Some(cases::PASSED_OVER) => {
                passed_over += 1;
                "passed over"
            }
            Some(_) => {
                failed.push(name);
                "FAILED"
            }
            None => {
                failed.push(name);
                "KILLED: it did not end"
            }
        };
        println!(
            "case {name} ... {end} ({:.2} s)",
            start.elapsed().as_secs_f32()
        );
    }
    evidence::hand_out();
    for name in &failed {
        println!("failed: {name}");
    }
    println!("up for {} s", uptime());
    println!(
        "{RESULT}{passed} passed, {} failed, {passed_over} passed over",
        failed.len()
    );
    failed.len()
}

fn uptime() -> String {
    let text = std::fs::read_to_string("/proc/uptime").unwrap();
    text.split(' ').next().unwrap().to_owned()
}

/// Leaves the machine: QEMU ends with the code, or the kernel restarts, which is a failure too.
fn end(code: u8) -> ExitCode {
    let port = std::fs::File::options().write(true).open("/dev/port");
    if let Ok(port) = port {
        let _ = std::os::unix::fs::FileExt::write_all_at(&port, &[code], EXIT_PORT.into());
    }
    let _ = reboot(RebootCommand::Restart);
    ExitCode::FAILURE
}
