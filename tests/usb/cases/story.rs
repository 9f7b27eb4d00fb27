//! The main job: a simulated modem in one process, on the kernel's USB; the run in another.

use super::usbmon::{Monitor, Seen};
use crate::bench::{Bench, PLAN, of_kind};
use crate::guest::evidence;
use crate::stand::{patiently, unit};
use crate::talker::Talker;
use crate::unit::Unit;
use serde_json::Value;
use std::process::Stdio;

const GROUND: &str = "Tie M.2 pin 65";
const FREE: &str = "take the wire off";
/// Bytes of a sector of the story's modem.
const SECTOR: u64 = 4096;
/// Items that it refuses to write, and does not record.
const READ_ONLY: [u64; 2] = [2825, 4399];

struct Lab {
    bench: Bench,
    sim: Talker,
    inputs: String,
}

impl Lab {
    /// The story's scenario, with more lines.
    fn new(more: &str) -> Self {
        let bench = Bench::new();
        let Unit { scenario, inputs } = unit();
        let text = std::fs::read_to_string(scenario).unwrap();
        let scenario = bench.write("scenario.yaml", &(text + more));
        let log = bench.text("sim.log");
        let arguments = ["sim", &scenario, "--usb", "--log", &log, "--speed", "50"];
        let mut command = bench.command(&arguments);
        command.stdin(Stdio::piped());
        let mut sim = Talker::start(command, None);
        sim.hear("is plugged into");
        Self { bench, sim, inputs }
    }

    /// Starts the plan, approved, and grounds the pin when it says so.
    fn run(&mut self) -> Talker {
        let place = ["--usb", "1-1", "--inputs", &self.inputs];
        let said = self.bench.run(&[&["dry-run", PLAN], &place[..]].concat());
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        let line = said.stdout.lines().last().unwrap();
        let digest = line.strip_prefix("Digest: ").unwrap();
        let arguments = [&["run", PLAN], &place[..], &["--approve", digest]].concat();
        let mut run = Talker::in_terminal(self.bench.command(&arguments));
        run.hear(GROUND);
        self.sim.say("ground-pin-65");
        run
    }

    /// Goes on with the only run, with an approval of its own for what is left.
    fn resume(&self) -> Talker {
        let runs = self.bench.run(&["runs"]).stdout;
        let name = runs.split_whitespace().next().unwrap();
        let said = self.bench.run(&["--plain", "resume", name]);
        assert_eq!(said.code, 12, "{}", said.stderr);
        let at = said.stderr.find("unit:").unwrap();
        let digest = &said.stderr[at..at + 69];
        let command = self.bench.command(&["resume", name, "--approve", digest]);
        Talker::in_terminal(command)
    }

    fn record(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.bench.path("sim.log")).unwrap_or_default();
        values(&text)
    }

    /// The journal of the only run.
    fn journal(&self) -> Vec<Value> {
        let runs = self.bench.run(&["runs"]).stdout;
        let name = runs.split_whitespace().next().unwrap();
        values(&self.bench.run(&["log", name, "--json"]).stdout)
    }
}

fn values(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Ends PROVED, and what the kernel saw go by is what the modem says that it was sent.
pub(crate) fn the_whole_main_job() {
    let monitor = Monitor::start();
    let mut lab = Lab::new("");
    let mut run = lab.run();
    run.hear(FREE);
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

    let told = told(&record);
    assert!(told.raw > 1 << 20 && !told.nv_items.is_empty() && told.at.contains("AT+QGMR"));
    // The monitor hears of the last transfer when we do.
    let seen = patiently("an end of what the modem was sent", || {
        let mut seen = monitor.seen();
        seen.nv_items.retain(|item| !READ_ONLY.contains(item));
        (seen == told || monitor.is_quiet()).then_some(seen)
    });
    evidence::save("story-usbmon.txt", monitor.lines().as_bytes());
    let log = std::fs::read(lab.bench.path("sim.log")).unwrap();
    evidence::save("story-modem.jsonl", &log);
    assert_eq!(Monitor::lost(), 0);
    assert_eq!(seen, told);
    println!(
        "{} raw bytes, {} NV items and {} letters of AT commands went by as the modem says",
        seen.raw,
        seen.nv_items.len(),
        seen.at.len()
    );
}

/// What the modem says that it was sent.
fn told(record: &[Value]) -> Seen {
    let programmed = of_kind(record, &["program"]);
    let sectors = programmed.iter().map(|r| r["count"].as_u64().unwrap());
    let asked = of_kind(record, &["at-command"]);
    let written = of_kind(record, &["nv-write"]);
    Seen {
        raw: sectors.sum::<u64>() * SECTOR,
        nv_items: { written.iter() }
            .map(|r| r["item"].as_u64().unwrap())
            .collect(),
        at: asked
            .iter()
            .map(|r| r["command"].as_str().unwrap())
            .collect(),
    }
}

/// Pulled out in the middle of each phase, it ends with the right code, at once; `resume` does the rest.
pub(crate) fn an_unplug_in_any_phase_is_resumed() {
    let phases = [
        ("read-data, nth: 3", "load-programmer", 20),
        ("read, nth: 2", "save-nand", 20),
        ("erase, nth: 4", "flash", 21),
        ("program, nth: 3", "flash", 21),
        ("at, nth: 1", "firmware", 20),
        ("nv-write, nth: 3", "restore-nv", 21),
    ];
    let faults = phases.map(|(on, ..)| format!("  - {{ kind: unplug, on: {on} }}\n"));
    let mut lab = Lab::new(&format!("faults:\n{}", faults.concat()));
    let mut run = lab.run();
    for (on, step, wanted) in phases {
        if step == "firmware" {
            run.hear(FREE);
            lab.sim.say("free-pin-65");
        }
        let (code, _, stderr) = run.end();
        println!("unplugged at {on}: exit {code}");
        assert_eq!(code, wanted, "{on}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        let runs = lab.bench.run(&["runs"]).stdout;
        assert!(runs.contains(&format!("at step {step}")), "{on}: {runs}");
        lab.sim.say("plug");
        lab.sim.hear("is plugged into");
        run = lab.resume();
    }
    let (code, stdout, stderr) = run.end();
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("PROVED."), "{stdout}");
    let record = lab.record();
    assert!(of_kind(&record, &["identity-write", "transmit"]).is_empty());
    // Each run that went on could look where the modem was, and nowhere else.
    let journal = lab.journal();
    let modes: Vec<&Value> = { journal.iter() }
        .filter(|record| record["event"] == "mode")
        .collect();
    assert!(modes.len() > 2 * phases.len());
    assert!(modes.iter().all(|mode| mode["place"] == "1-1"), "{modes:?}");
}
