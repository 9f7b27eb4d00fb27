//! The real ModemManager is kept away from the modem of a run, and gets it back.

use super::Verdict;
use crate::bench::Bench;
use crate::guest::{UNBRICK, evidence};
use crate::stand::Services;
use crate::talker::Talker;
use rustix::process::Signal;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

const PLAN: &str = "quectel/ec25/clear-ftm";
/// What ModemManager calls the modem in the first port.
const UID: &str = "/sys/devices/platform/vhci_hcd.0/usb1/1-1";
/// What it says as it opens a port, whatever for.
const OPENS: &str = "opening serial port";
const INHIBITED: &str = "device inhibition setup for uid";
const RELEASED: &str = "device inhibition teardown for uid";

/// While a run goes on it has no port of the modem open, not even when the modem restarts; whether the run ends by
/// itself or is killed, it finds the modem again.
pub(crate) fn modem_manager_leaves_the_modem_of_a_run_alone_and_gets_it_back() -> Verdict {
    let Some(manager) = Services::start() else {
        return Verdict::PassedOver("ModemManager could not be fetched".to_owned());
    };
    let finds_the_modem = |since: usize| {
        Services::says(since, "exported modem at path");
        assert!(Services::modems().contains("/Modem/"));
    };
    let bench = Bench::new();
    let mut command = bench.command(&["sim", "quectel/ec25/ftm", "--usb", "--speed", "50"]);
    command.stdin(Stdio::piped());
    let mut sim = Talker::start(command, None);
    sim.hear("is plugged into");
    finds_the_modem(0);
    assert!(Services::log().contains(OPENS));
    doctor_tells_who_may_keep_it_away();

    let inhibited = Services::log().len();
    let killed = run(&bench);
    assert!(!Services::modems().contains("/Modem/"));
    assert_eq!(manager.open_ttys(), [""; 0]);
    killed.signal(Signal::KILL);
    drop(killed);
    Services::says(inhibited, &format!("{RELEASED} '{UID}'"));
    finds_the_modem(inhibited);

    let inhibited = Services::log().len();
    let mut whole = run(&bench);
    let terminal = whole.terminal.take().unwrap();
    rustix::io::write(&terminal, b"yes\n").unwrap();
    let (code, stdout, stderr) = whole.end();
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("PROVED."), "{stdout}");
    finds_the_modem(inhibited);
    let log = Services::log();
    evidence::save("modem-manager.log", log.as_bytes());
    let (_, after) = log[inhibited..].split_once(INHIBITED).unwrap();
    let (during, _) = after.split_once(RELEASED).unwrap();
    // It saw that the modem left and came back, and let it be.
    assert!(during.contains("while inhibited"), "{during}");
    assert!(!during.contains(OPENS), "{during}");
    Verdict::Passed
}

/// A run that has told ModemManager to stay away, and has asked the modem something.
fn run(bench: &Bench) -> Talker {
    let mut command = bench.command(&["run", PLAN, "--usb", "1-1"]);
    // With the machine's own sysfs and bus.
    command.env_remove("UNBRICK_ROOT");
    let mut run = Talker::in_terminal(command);
    run.hear(&format!("ModemManager is kept away from {UID} until"));
    run.hear("rfnv = ");
    run
}

/// Debian's policy lets root alone inhibit.
fn doctor_tells_who_may_keep_it_away() {
    for (user, wanted) in [
        (0, "ModemManager runs, and a run keeps it away"),
        (65534, "ModemManager runs and cannot be kept away"),
    ] {
        let mut doctor = Command::new(UNBRICK);
        doctor.arg("doctor").uid(user).gid(user).current_dir("/");
        let said = doctor.output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(text.contains(wanted), "{text}");
    }
}
