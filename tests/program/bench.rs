//! One builder for every test of the whole program: a fresh folder, a fresh state, what came out.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub(crate) const PLAN: &str = "quectel/rm502q-gl/unbrick-900e";
pub(crate) const SCENARIO: &str = "quectel/rm502q-gl/900e";
/// The unit's test IMEI: it must not appear in any output.
pub(crate) const IMEI: &str = "490154203237518";

/// A folder of its own for one test.
pub(crate) struct Bench {
    folder: TempDir,
    /// The address of the computer's bus, where it has one.
    pub(crate) dbus: Option<String>,
}

/// What one call of the program gave.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for place in ["root/run/lock", "root/sys"] {
            std::fs::create_dir_all(folder.path().join(place)).unwrap();
        }
        Self { folder, dbus: None }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        self.text(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unbrick"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.path("state"))
            // A computer of its own, without USB and ModemManager, and with a place for locks.
            .env("UNBRICK_ROOT", self.path("root"))
            .envs(
                self.dbus
                    .iter()
                    .map(|address| ("DBUS_SYSTEM_BUS_ADDRESS", address)),
            )
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let out = self.command(arguments).output().unwrap();
        Said {
            code: out.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }

    /// Runs the story's plan on a scenario with a small package, and returns what the modem was sent.
    pub(crate) fn story(&self, scenario: &str, more: &[&str]) -> (Said, Vec<Value>) {
        let log = self.text("sim.log");
        let _ = std::fs::remove_file(&log);
        let mut arguments = vec![
            "run",
            PLAN,
            "--sim",
            scenario,
            "--package-size",
            "2M",
            "--sim-log",
            &log,
        ];
        arguments.extend(more);
        let said = self.run(&arguments);
        let record = std::fs::read_to_string(&log)
            .unwrap_or_default()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (said, record)
    }

    /// A file of the only run.
    fn of_run(&self, name: &str) -> String {
        let runs = self.path("state/unbrick/runs");
        let run = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap();
        std::fs::read_to_string(run.path().join(name)).unwrap()
    }

    /// What a resume of the only run needs, and nobody else may read.
    pub(crate) fn private(&self) -> String {
        self.of_run("private.json")
    }

    /// The journal of the only run.
    pub(crate) fn journal(&self) -> Vec<Value> {
        let text = self.of_run("journal");
        text.lines()
            .map(|line| serde_json::from_str(&line[9..]).unwrap())
            .collect()
    }
}

/// The records of some kinds, in order.
pub(crate) fn of_kind<'a>(record: &'a [Value], kinds: &[&str]) -> Vec<&'a Value> {
    record
        .iter()
        .filter(|r| {
            r["record"]
                .as_str()
                .is_some_and(|kind| kinds.contains(&kind))
        })
        .collect()
}

/// Whatever changes flash, NV, EFS or identity, transmits, or loads a programmer.
pub(crate) const DESTRUCTIVE: [&str; 8] = [
    "erase",
    "program",
    "patch",
    "nv-write",
    "efs-write",
    "identity-write",
    "transmit",
    "power",
];

/// Every file below a folder that a person may hand on: all but `private.json` and backups.
pub(crate) fn shared_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            if name != "outputs" && name != "made" {
                found.extend(shared_files(&path));
            }
        } else if name != "private.json" {
            found.push(path);
        }
    }
    found
}
