//! A child process under limits that the kernel holds, and how it ended.

use crate::texts::{ABOVE, Ends, plan_with_script};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::Duration;
use tempfile::TempDir;

/// Above what an empty script needs.
const MEMORY_KIB: u64 = 64 * 1024;
/// Processor time, so that a busy machine does not matter; the kernel counts whole seconds.
const SECONDS: u64 = 1;
/// A child that neither ends nor computes is killed after this; the one use of the clock.
const HANGS: Duration = Duration::from_secs(60);

const SCENARIO: &str = "scenario: 1\nabout: A modem that runs.\nmodem: quectel/rm502q-gl\nmode: normal\n\
    firmware: RM502QGLAAR11A02M4G_01.001.01.001\nimei: \"490154203237518\"\nserial: 0badcafe\n";

/// The program under test, and the limits of its children.
pub(crate) struct Cell {
    folder: TempDir,
    pub(crate) program: PathBuf,
    pub(crate) memory_kib: u64,
}

pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) said: String,
}

impl Cell {
    pub(crate) fn new() -> Self {
        static EMPTY: OnceLock<u64> = OnceLock::new();
        let given = std::env::var_os("UNBRICK_BIN").map(PathBuf::from);
        let program = given.unwrap_or_else(|| env!("CARGO_BIN_EXE_unbrick").into());
        let mut cell = Self {
            folder: tempfile::tempdir().unwrap(),
            program: std::path::absolute(program).unwrap(),
            memory_kib: 1 << 20,
        };
        std::fs::write(cell.path("scenario.yaml"), SCENARIO).unwrap();
        cell.memory_kib = *EMPTY.get_or_init(|| cell.least()) + MEMORY_KIB;
        cell
    }

    /// The least that an empty script runs in, to 4 MiB.
    fn least(&mut self) -> u64 {
        self.write(&plan_with_script("log(\"empty\");"));
        let (mut too_little, mut enough) = (0, 1 << 20);
        let ended = self.run();
        assert!(ended.status.success(), "{}", ended.said);
        while enough - too_little > 4096 {
            self.memory_kib = u64::midpoint(too_little, enough);
            if self.run().status.success() {
                enough = self.memory_kib;
            } else {
                too_little = self.memory_kib;
            }
        }
        enough
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, plan: &str) {
        std::fs::write(self.path("plan.yaml"), plan).unwrap();
    }

    pub(crate) fn check(&self) -> Ended {
        self.child(&["check", "plan.yaml", "--format", "json"])
    }

    pub(crate) fn run(&self) -> Ended {
        self.child(&["run", "plan.yaml", "--sim", "scenario.yaml", "--plain"])
    }

    /// The kernel holds the limits: memory that is written to (the data segment), and processor time.
    pub(crate) fn child(&self, arguments: &[&str]) -> Ended {
        let limits = format!(
            "ulimit -c 0; ulimit -t {SECONDS}; ulimit -d {}; exec \"$@\"",
            self.memory_kib
        );
        let child = Command::new("sh")
            .args(["-c", &limits, "sh"])
            .arg(&self.program)
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let id = Pid::from_child(&child);
        let (tell, told) = channel();
        std::thread::spawn(move || tell.send(child.wait_with_output()));
        let output = told.recv_timeout(HANGS).unwrap_or_else(|_| {
            kill_process(id, Signal::KILL).unwrap();
            told.recv().unwrap()
        });
        let output = output.unwrap();
        let both = [output.stdout, output.stderr].concat();
        Ended {
            status: output.status,
            said: String::from_utf8_lossy(&both).into_owned(),
        }
    }

    /// What is wrong with how a text ended; nothing if it ended as it must.
    pub(crate) fn judge(&self, ends: Ends) -> Result<(), String> {
        let (line, words, said) = match ends {
            Ends::AtLoad(line, words) => {
                let checked = self.check();
                sound(&checked)?;
                exits(&checked, 10)?;
                (line, words, line_of_report(&checked.said)?)
            }
            // A run checks first, and would end with another code.
            Ends::InRun(line, words) => {
                let ran = self.run();
                sound(&ran)?;
                exits(&ran, 20)?;
                (line, words, line_of_failure(&ran.said)?)
            }
            Ends::Well => {
                let ran = self.run();
                sound(&ran)?;
                return exits(&ran, 0);
            }
        };
        let (found, message) = said;
        if !message.contains(words) {
            return Err(format!("must say `{words}`: {message}"));
        }
        if line > 0 && found != line + ABOVE {
            return Err(format!(
                "must name line {}, not {found}: {message}",
                line + ABOVE
            ));
        }
        Ok(())
    }
}

/// No signal, no panic, no fault of the program.
fn sound(ended: &Ended) -> Result<(), String> {
    let said = &ended.said;
    if let Some(signal) = ended.status.signal() {
        return Err(format!("killed by signal {signal}: {said}"));
    }
    if ended.status.code() == Some(1) || said.contains("panicked") || said.contains("broke off") {
        return Err(format!("a fault of the program: {said}"));
    }
    Ok(())
}

fn exits(ended: &Ended, code: i32) -> Result<(), String> {
    if ended.status.code() == Some(code) {
        return Ok(());
    }
    Err(format!("{}, not exit {code}: {}", ended.status, ended.said))
}

/// Line and message of the first problem that `check` reports.
fn line_of_report(said: &str) -> Result<(usize, String), String> {
    let report: serde_json::Value =
        serde_json::from_str(said).map_err(|error| format!("{error}: {said}"))?;
    let problem = &report["problems"][0];
    let code = problem["code"].as_str().unwrap_or("");
    if !code.starts_with("plan::") {
        return Err(format!("no code of a rule: {said}"));
    }
    let line = problem["line"]
        .as_u64()
        .ok_or_else(|| format!("no line: {said}"))?;
    Ok((
        usize::try_from(line).unwrap(),
        problem["message"].to_string(),
    ))
}

/// Line and message of the failed step: `...: failed: MESSAGE (plan.yaml:LINE:COLUMN)`.
fn line_of_failure(said: &str) -> Result<(usize, String), String> {
    let message = said
        .lines()
        .find(|line| line.trim_start().starts_with("failed:"))
        .ok_or_else(|| format!("no failed step: {said}"))?;
    let line = message
        .rsplit_once("(plan.yaml:")
        .and_then(|(_, place)| place.split(':').next()?.parse().ok())
        .ok_or_else(|| format!("no place in the file: {said}"))?;
    Ok((line, message.to_owned()))
}
