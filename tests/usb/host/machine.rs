//! QEMU without hardware virtualisation, which every machine has.

use super::evidence;
use super::rig::Rig;
use crate::guest::{EXIT_PORT, RESULT};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// QEMU's isa-debug-exit device makes an exit code of what is written: twice the number, plus one.
const ALL_PASSED: i32 = 1;

/// A running machine; it never outlives this value.
pub(crate) struct Machine {
    number: usize,
    child: Child,
    console: Receiver<String>,
    _contents: tempfile::NamedTempFile,
}

impl Machine {
    pub(crate) fn boot(rig: &Rig, number: usize, contents: &[&[u8]]) -> Self {
        let initramfs = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(initramfs.path(), contents.concat()).unwrap();
        let mut child = Command::new(rig.qemu())
            .args(["-M", "q35", "-accel", "tcg", "-m", "512", "-nodefaults", "-no-user-config"])
            .args(["-no-reboot", "-display", "none", "-serial", "stdio"])
            .arg("-serial")
            .arg(format!("file:{}", evidence::raw(rig, number).display()))
            .arg("-device")
            .arg(format!("isa-debug-exit,iobase={EXIT_PORT:#x},iosize=0x04"))
            .arg("-append")
            .arg("console=ttyS0 quiet panic=-1 reboot=t tsc=reliable no_timer_check mitigations=off random.trust_cpu=on")
            .arg("-kernel")
            .arg(rig.kernel())
            .arg("-initrd")
            .arg(initramfs.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let console = lines(child.stdout.take().unwrap());
        Self {
            number,
            child,
            console,
            _contents: initramfs,
        }
    }

    /// Passes the console on until the machine ends. How many cases passed, or why it failed.
    pub(crate) fn watch(mut self, limit: Duration) -> Result<u32, String> {
        let end = Instant::now() + limit;
        let mut passed = None;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.console.recv_timeout(left) {
                Ok(line) => {
                    println!("{}| {line}", self.number);
                    if let Some(result) = line.strip_prefix(RESULT) {
                        passed = result.split(' ').next().and_then(|n| n.parse().ok());
                    }
                }
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    return Err(format!("the machine still runs after {limit:?}"));
                }
            }
        }
        let code = self.child.wait().unwrap().code();
        match (code, passed) {
            (Some(ALL_PASSED), Some(passed @ 1..)) => Ok(passed),
            (Some(ALL_PASSED), _) => Err("the machine ran no case".to_owned()),
            (code, _) => Err(format!(
                "cases failed, or the machine did (QEMU ended with {code:?})"
            )),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines as they come; the kernel may print what is no text.
fn lines(console: impl Read + Send + 'static) -> Receiver<String> {
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(console).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if tell.send(line).is_err() {
                break;
            }
        }
    });
    lines
}
