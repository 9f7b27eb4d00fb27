//! The same plan between two processes over real pseudo-terminals, in real time: the modem in one, the run in the
//! other, and this test as its hands. Nothing sleeps: lines are waited for, with a deadline.

use crate::bench::{Bench, DESTRUCTIVE, PLAN, of_kind};
use crate::talker::Talker;
use crate::unit::Unit;
use serde_json::Value;
use std::process::Stdio;

pub(crate) const GROUND: &str = "Tie M.2 pin 65";
const FREE: &str = "take the wire off";
/// The third image of a flash.
const THIRD_IMAGE: &str = "update/devcfg.mbn: ";

/// Starts the program with a terminal for its stdin.
fn in_terminal(bench: &Bench, arguments: &[&str]) -> Talker {
    Talker::in_terminal(bench.command(arguments))
}

/// A modem in one process, and what the other one is given.
pub(crate) struct Lab {
    pub(crate) bench: Bench,
    pub(crate) sim: Talker,
    options: Vec<String>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let bench = Bench::new();
        let unit = Unit::make(&bench);
        Self::with(bench, unit)
    }

    pub(crate) fn with(bench: Bench, Unit { scenario, inputs }: Unit) -> Self {
        let (link, log) = (bench.text("modem"), bench.text("sim.log"));
        let mut command = bench.command(&[
            "sim", &scenario, "--link", &link, "--log", &log, "--speed", "50",
        ]);
        command.stdin(Stdio::piped());
        let mut sim = Talker::start(command, None);
        sim.hear("modem/edl is ");
        let mut options = vec!["--inputs".to_owned(), inputs];
        for role in ["at", "diag", "edl"] {
            options.extend(["--port".to_owned(), format!("{role}={link}/{role}")]);
        }
        Self {
            bench,
            sim,
            options,
        }
    }

    pub(crate) fn arguments<'a>(&'a self, first: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
        let options = self.options.iter().map(String::as_str);
        first
            .iter()
            .copied()
            .chain(options)
            .chain(more.iter().copied())
            .collect()
    }

    pub(crate) fn digest(&self) -> String {
        let said = self.bench.run(&self.arguments(&["dry-run", PLAN], &[]));
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        let line = said.stdout.lines().last().unwrap();
        line.strip_prefix("Digest: ").unwrap().to_owned()
    }

    pub(crate) fn in_terminal(&self, arguments: &[&str]) -> Talker {
        in_terminal(&self.bench, arguments)
    }

    /// Starts the plan and brings it to `text`, grounding the pin when it says so.
    pub(crate) fn run_until(&mut self, text: &str) -> Talker {
        let digest = self.digest();
        let mut run = self.in_terminal(&self.arguments(&["run", PLAN], &["--approve", &digest]));
        run.hear(GROUND);
        self.sim.say("ground-pin-65");
        run.hear(text);
        run
    }

    pub(crate) fn record(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.bench.path("sim.log")).unwrap_or_default();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    pub(crate) fn wrote_nothing(&self) {
        let record = self.record();
        let destructive = of_kind(&record, &DESTRUCTIVE);
        assert!(destructive.is_empty(), "{destructive:?}");
    }

    /// The name of the only run, and how `runs` lists it.
    pub(crate) fn listed(&self) -> (String, String) {
        let runs = self.bench.run(&["runs"]).stdout;
        (runs.split_whitespace().next().unwrap().to_owned(), runs)
    }

    /// The digest that a resume without a terminal asks for.
    pub(crate) fn resume_digest(&self, run: &str) -> String {
        let said = self.bench.run(&["--plain", "resume", run]);
        assert_eq!(said.code, 12, "{}", said.stderr);
        let at = said
            .stderr
            .find("unit:")
            .unwrap_or_else(|| panic!("{}", said.stderr));
        said.stderr[at..at + 69].to_owned()
    }
}

#[test]
fn a_secret_that_is_typed_is_not_shown() {
    let bench = Bench::new();
    let text = "plan: 1\nid: x\ntitle: X\nmodem: quectel/ec25\nstarts_in: [normal]\nends_in: [normal]\ninputs:\n  \
                key: { type: secret, about: The key }\nsteps:\n  - id: set\n    \
                at.set: { send: 'AT+QADBKEY=\"${key}\"' }\n    timeout: 5s\n";
    let plan = bench.write("plan.yaml", text);
    let log = bench.text("sim.log");
    let run = [
        "run",
        &plan,
        "--sim",
        "quectel/ec25/healthy",
        "--sim-log",
        &log,
    ];
    let mut run = in_terminal(&bench, &run);
    run.hear("key (The key), not shown while it is typed:");
    let terminal = run.terminal.take().unwrap();
    rustix::io::write(&terminal, b"hunter2\n").unwrap();
    run.hear("Exit ");
    let mut shown = [0; 1024];
    // All that the terminal has echoed; nothing at all is an error of the terminal.
    let count = rustix::fs::fcntl_setfl(&terminal, rustix::fs::OFlags::NONBLOCK)
        .and_then(|()| rustix::io::read(&terminal, &mut shown))
        .unwrap_or(0);
    let shown = String::from_utf8_lossy(&shown[..count]).into_owned();
    assert!(!shown.contains("hunter2"), "{shown}");
    let record = std::fs::read_to_string(bench.path("sim.log")).unwrap();
    assert!(
        record.contains("hunter2"),
        "the modem was sent it: {record}"
    );
}

#[test]
fn what_a_dry_run_reads_leaves_its_digest_good_for_the_run_that_follows() {
    let bench = Bench::new();
    let shipped = include_str!("../../plans/quectel/ec25/scenarios/ftm.yaml");
    let scenario = bench.write("quick.yaml", &format!("{shipped}\nboot_time: 1s\n"));
    let (link, log) = (bench.text("modem"), bench.text("sim.log"));
    let sim = ["sim", &scenario, "--link", &link, "--log", &log];
    let mut command = bench.command(&[&sim[..], &["--speed", "50"]].concat());
    command.stdin(Stdio::piped());
    let mut sim = Talker::start(command, None);
    sim.hear("modem/diag is ");
    let ports: Vec<String> = ["at", "diag", "edl"]
        .iter()
        .map(|role| format!("--port={role}={link}/{role}"))
        .collect();
    let call = |first: &[&str]| {
        let ports = ports.iter().map(String::as_str);
        bench.run(&first.iter().copied().chain(ports).collect::<Vec<_>>())
    };
    let dry = call(&["dry-run", "quectel/ec25/clear-ftm"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    for read in ["cfun = 5", "rfnv = 24", "depends on `cfun_after`"] {
        assert!(dry.stdout.contains(read), "{read}: {dry:?}");
    }
    let record = std::fs::read_to_string(bench.path("sim.log")).unwrap();
    assert!(!record.contains("QRFTESTMODE"), "{record}");
    let digest = dry.stdout.lines().last().unwrap();
    let digest = digest.strip_prefix("Digest: ").unwrap();
    let run = call(&["run", "quectel/ec25/clear-ftm", "--approve", digest]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("PROVED."), "{run:?}");
    drop(sim);
}

#[test]
fn a_plan_runs_between_two_processes() {
    let mut lab = Lab::new();
    let mut run = lab.run_until(FREE);
    lab.sim.say("free-pin-65");
    run.hear("> proof");
    let (code, stdout, stderr) = run.end();
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("PROVED."), "{stdout}");
    let record = lab.record();
    let erased = of_kind(&record, &["erase"]);
    let programmed = of_kind(&record, &["program"]);
    assert!(erased.len() > 10 && programmed.len() > 10);
    assert_eq!(erased[0]["start"], 0);
    assert_eq!(programmed[programmed.len() - 1]["start"], 0);
    assert!(of_kind(&record, &["identity-write", "transmit"]).is_empty());
    assert!(!of_kind(&record, &["nv-write"]).is_empty());
    for saved in [
        "nand/efs2.bin",
        "nand/sys_rev.bin",
        "nand/rawdata.bin",
        "before.xqcn",
    ] {
        assert!(
            lab.bench.path("backup/bench-1").join(saved).is_file(),
            "{saved}"
        );
    }
}

#[test]
fn a_wrong_or_offline_digest_approves_nothing() {
    let lab = Lab::new();
    let right = lab.digest();
    let wrong = format!("unit:{}", "0".repeat(64));
    let offline = format!("offline:{}", &right[5..]);
    let stale = [
        "--input",
        "installed_fw=RM502QGLAAR11A01M4G_01.001.01.001",
        "--approve",
        &right,
    ];
    for more in [&["--approve", &wrong][..], &["--approve", &offline], &stale] {
        let run = lab.in_terminal(&lab.arguments(&["run", PLAN], more));
        let (code, _, stderr) = run.end();
        assert_eq!(code, 12, "{stderr}");
        assert!(stderr.contains("run::approval"), "{stderr}");
    }
    lab.wrote_nothing();
    assert!(!lab.bench.path("backup").exists());
}

#[test]
fn without_aterminal_hands_and_words_are_missing() {
    let mut lab = Lab::new();
    let digest = lab.digest();
    let said = lab
        .bench
        .run(&lab.arguments(&["run", PLAN], &["--approve", &digest]));
    assert_eq!(said.code, 12, "{}", said.stderr);
    assert!(
        said.stderr.contains("`ground-pin-65` did not run"),
        "{}",
        said.stderr
    );
    // Its HELLO was read, so nobody can tell what is on the port: nothing is guessed.
    let said = lab.bench.run(&lab.arguments(&["run", PLAN], &[]));
    assert_eq!(said.code, 13, "{}", said.stderr);
    assert!(
        said.stderr.contains("cut the modem's power"),
        "{}",
        said.stderr
    );
    // In EDL no hands are needed before the flash, but a word is.
    lab.sim.say("ground-pin-65");
    lab.sim.hear("edl is gone");
    lab.sim.hear("edl is /dev");
    let said = lab.bench.run(&lab.arguments(&["run", PLAN], &[]));
    assert_eq!(said.code, 12, "{}", said.stderr);
    assert!(
        said.stderr.contains("`flash` did not run"),
        "{}",
        said.stderr
    );
    lab.wrote_nothing();
}

#[test]
fn a_killed_run_goes_on_after_the_checkpoint_that_fits() {
    let mut lab = Lab::new();
    let first = lab.digest();
    let run = lab.run_until(THIRD_IMAGE);
    run.signal(rustix::process::Signal::KILL);
    drop(run);
    let (name, listed) = lab.listed();
    assert!(listed.contains("interrupted at step flash"), "{listed}");
    // The approval of the first part is no word for the second.
    let stale = lab.bench.run(&["resume", &name, "--approve", &first]);
    assert_eq!(stale.code, 12, "{}", stale.stderr);
    // Whatever state the programmer is in, power brings the modem into EDL: its boot loader is blank.
    lab.sim.say("unplug");
    lab.sim.hear("edl is gone");
    lab.sim.say("plug");
    lab.sim.hear("edl is /dev");
    let digest = lab.resume_digest(&name);
    let mut run = lab.in_terminal(&["resume", &name, "--approve", &digest]);
    run.hear("after checkpoint in-edl");
    run.hear("save-nand: skipped");
    run.hear(FREE);
    let record = lab.record();
    let erases = of_kind(&record, &["erase"]);
    assert_eq!(erases.iter().filter(|e| e["start"] == 0).count(), 2);
}

#[test]
fn one_ctrl_c_goes_on_and_two_stop_at_the_end_of_a_range() {
    let mut lab = Lab::new();
    let mut run = lab.run_until(THIRD_IMAGE);
    run.signal(rustix::process::Signal::INT);
    run.hear("The flash goes on");
    run.hear("update/apdp.mbn: ");
    run.signal(rustix::process::Signal::INT);
    let (code, _, stderr) = run.end();
    assert_eq!(code, 21, "{stderr}");
    assert!(stderr.contains("The modem is in"), "{stderr}");
    let (name, listed) = lab.listed();
    assert!(listed.contains("in-doubt at step flash"), "{listed}");
    assert!(stderr.contains("resume"), "{stderr}");
    let digest = lab.resume_digest(&name);
    let mut run = lab.in_terminal(&["resume", &name, "--approve", &digest]);
    run.hear("after checkpoint save-nand");
    run.hear("> leave-programmer");
}

#[test]
fn a_modem_that_vanishes_is_told_at_once() {
    let mut lab = Lab::new();
    let run = lab.run_until(THIRD_IMAGE);
    lab.sim.signal(rustix::process::Signal::KILL);
    let (code, _, stderr) = run.end();
    assert_eq!(code, 21, "{stderr}");
    assert!(stderr.contains("The modem is not on the bus"), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}
