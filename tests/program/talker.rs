//! Processes that talk: one line is waited for after the other, with a deadline. Nothing sleeps.

use rustix::fd::OwnedFd;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longest silence of a process; a whole backup of NV items is the longest work without a line, and tests/usb does it
/// on an emulated machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A process whose stderr is read line by line; it never outlives the test.
pub(crate) struct Talker {
    child: Child,
    lines: Receiver<String>,
    heard: String,
    stdin: Option<ChildStdin>,
    /// Keeps the terminal of the process alive.
    pub(crate) terminal: Option<OwnedFd>,
}

impl Talker {
    pub(crate) fn start(mut command: Command, terminal: Option<OwnedFd>) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
            heard: String::new(),
            terminal,
        }
    }

    /// Starts a program with a terminal for its stdin.
    pub(crate) fn in_terminal(mut command: Command) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap();
        let slave = std::fs::File::options()
            .read(true)
            .write(true)
            .open(path.to_str().unwrap())
            .unwrap();
        command.stdin(slave);
        Self::start(command, Some(master))
    }

    /// Waits for a line that holds `text`.
    pub(crate) fn hear(&mut self, text: &str) {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.heard.push_str(&line);
                    self.heard.push('\n');
                    if line.contains(text) {
                        return;
                    }
                }
                Err(error) => panic!("no `{text}` ({error}) in:\n{}", self.heard),
            }
        }
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits for the end: exit code (-1 for a signal), stdout and the whole of stderr.
    pub(crate) fn end(mut self) -> (i32, String, String) {
        let mut said = std::mem::take(&mut self.heard);
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => said += &(line + "\n"),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(error) => panic!("the process does not end ({error}):\n{said}"),
            }
        }
        let mut stdout = String::new();
        let mut pipe = self.child.stdout.take().unwrap();
        pipe.read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        (code, stdout, said)
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
