//! The main job: a simulated modem in one process, on the kernel's USB; the run in another.

use crate::bench::{Bench, PLAN, of_kind};
use crate::stand::unit;
use crate::talker::Talker;
use crate::unit::Unit;
use serde_json::Value;
use std::process::Stdio;

const GROUND: &str = "Tie M.2 pin 65";
const FREE: &str = "take the wire off";

struct Lab {
    bench: Bench,
    sim: Talker,
    inputs: String,
}

impl Lab {
    fn new() -> Self {
        let bench = Bench::new();
        let Unit { scenario, inputs } = unit();
        let log = bench.text("sim.log");
        let mut command =
            bench.command(&["sim", &scenario, "--usb", "--log", &log, "--speed", "50"]);
        command.stdin(Stdio::piped());
        let mut sim = Talker::start(command, None);
        sim.hear("is plugged into");
        Self { bench, sim, inputs }
    }

    fn digest(&self) -> String {
        let said = self
            .bench
            .run(&["dry-run", PLAN, "--usb", "1-1", "--inputs", &self.inputs]);
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        let line = said.stdout.lines().last().unwrap();
        line.strip_prefix("Digest: ").unwrap().to_owned()
    }

    /// Starts the plan and brings it to `text`, grounding the pin when it says so.
    fn run_until(&mut self, text: &str) -> Talker {
        let digest = self.digest();
        let arguments = [
            "run",
            PLAN,
            "--usb",
            "1-1",
            "--inputs",
            &self.inputs,
            "--approve",
            &digest,
        ];
        let mut run = Talker::in_terminal(self.bench.command(&arguments));
        run.hear(GROUND);
        self.sim.say("ground-pin-65");
        run.hear(text);
        run
    }

    fn record(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.bench.path("sim.log")).unwrap_or_default();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

pub(crate) fn the_whole_main_job() {
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
}
