//! A process with a limit: it and its children are killed when it does not end.

use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(5);

/// The exit code, -1 after a signal; none if it had to be killed.
pub(crate) fn status(command: &mut Command, limit: Duration) -> Option<i32> {
    let mut child = command.process_group(0).spawn().unwrap();
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code().unwrap_or(-1));
        }
        std::thread::sleep(STEP);
    }
    let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    let _ = child.wait();
    None
}
