//! Pid 1 of the machine: mounts, loads modules, runs each case in a process of its own, tells the result, and ends.

pub(crate) mod evidence;
mod limit;

use crate::cases::{self, ALL};
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
/// Paths in the machine, without the leading slash.
pub(crate) const UNBRICK: &str = "bin/unbrick";
pub(crate) const LIBRARIES: &str = "tools/lib";
pub(crate) const WORDS: &str = "words";
/// Programs that are not ours: the piece of the rig, and the path.
pub(crate) const TOOLS: [(&str, &str); 2] = [
    ("qdl", "tools/qdl"),
    ("qdl-backports", "tools/qdl-backports"),
];
pub(crate) const EXIT_PORT: u16 = 0xf4;
pub(crate) const RESULT: &str = "result: ";

/// A case is killed after this; the others go on.
const LIMIT: Duration = Duration::from_secs(60);

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
        ("tmpfs", "/tmp"),
    ] {
        std::fs::create_dir_all(at).unwrap();
        mount(kind, at, kind, MountFlags::empty(), None).unwrap_or_else(|e| panic!("{at}: {e}"));
    }
    for name in MODULES {
        let file = std::fs::File::open(format!("/{}", module(name))).unwrap();
        finit_module(file, c"", 0).unwrap_or_else(|error| panic!("module {name}: {error}"));
    }
    println!("up after {} s", uptime());
    let words = std::fs::read_to_string(format!("/{WORDS}")).unwrap();
    let words: Vec<&str> = words.lines().collect();
    let (mut passed, mut failed, mut passed_over) = (0, Vec::new(), 0);
    for case in ALL.iter().filter(|case| case.is_chosen_by(&words)) {
        let start = Instant::now();
        let mut command = Command::new("/init");
        command.args([CASE, case.name]);
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
                failed.push(case.name);
                "FAILED"
            }
            None => {
                failed.push(case.name);
                "KILLED: it did not end"
            }
        };
        println!(
            "case {} ... {end} ({:.2} s)",
            case.name,
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
