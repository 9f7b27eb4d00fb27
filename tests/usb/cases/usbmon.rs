//! The kernel's own record of what goes over its buses (Linux:Documentation/usb/usbmon.rst, "raw text data format").
//!
//! A line: tag, time, `S`ubmission or `C`allback, `Bo:bus:device:endpoint`, status, length, and for a submission of
//! output `=` with its first 32 bytes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const BUS: &str = "/sys/kernel/debug/usb/usbmon/1u";
const STATISTICS: &str = "/sys/kernel/debug/usb/usbmon/1s";
/// An XML document.
const XML: &str = "3c3f786d";
/// DIAG writes an NV item, plainly and with an index; its number follows (diag-and-xqcn.md §4).
const NV_WRITE: [&str; 2] = ["27", "4b300200"];
/// OUT endpoints of DIAG and AT of the running modem (kernel commit `option: Add Quectel RM520N`).
const DIAG: &str = "1";
const AT: &str = "3";
/// The highest priority of an ordinary thread.
const FIRST: i32 = -20;
/// Nothing for so long is the end.
const QUIET: Duration = Duration::from_secs(2);
/// Lines of evidence that are kept, about as many bytes as the serial line takes in two seconds.
const MOST: usize = 400 * 1024;

/// What went out, in words that the modem's record has too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Bytes for a programmer that are no XML.
    pub(crate) raw: u64,
    /// Numbers of the items that were to be written.
    pub(crate) nv_items: Vec<u64>,
    /// What the AT port was sent, without line ends.
    pub(crate) at: String,
}

/// Reads along, until its process ends.
pub(crate) struct Monitor(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    seen: Seen,
    /// Devices that have heard XML.
    programmers: Vec<String>,
    /// Of pending output, by tag: its first bytes.
    pending: BTreeMap<String, String>,
    lines: String,
    last: Option<Instant>,
}

impl Monitor {
    pub(crate) fn start() -> Self {
        let file = std::fs::File::open(BUS).unwrap();
        let monitor = Self(Arc::default());
        let state = monitor.0.clone();
        std::thread::spawn(move || {
            // The kernel keeps a hundred events, and drops what nobody reads in time.
            // Linux takes this for the thread that asks (setpriority(2), notes).
            rustix::process::setpriority_process(None, FIRST).unwrap();
            for line in BufReader::new(file).lines().map_while(Result::ok) {
                // Most of all traffic is input, and is not looked at.
                if line.contains(" Bo:") {
                    state.lock().unwrap().hear(&line);
                }
            }
        });
        monitor
    }

    pub(crate) fn seen(&self) -> Seen {
        self.0.lock().unwrap().seen.clone()
    }

    pub(crate) fn lines(&self) -> String {
        self.0.lock().unwrap().lines.clone()
    }

    pub(crate) fn is_quiet(&self) -> bool {
        let last = self.0.lock().unwrap().last;
        last.is_some_and(|last| last.elapsed() > QUIET)
    }

    /// Events that were too many for the kernel's buffer.
    pub(crate) fn lost() -> u64 {
        let text = std::fs::read_to_string(STATISTICS).unwrap();
        let mut words = text
            .split_whitespace()
            .skip_while(|word| *word != "text_lost");
        words.nth(1).unwrap().parse().unwrap()
    }
}

impl State {
    fn hear(&mut self, line: &str) {
        self.last = Some(Instant::now());
        let words: Vec<&str> = line.split(' ').collect();
        let [tag, _, event, address, _, length, rest @ ..] = &words[..] else {
            return;
        };
        let [_, _, device, endpoint] = address.split(':').collect::<Vec<_>>()[..] else {
            return;
        };
        if *event == "S" {
            let data = rest.iter().skip(1).copied().collect::<String>();
            self.pending.insert((*tag).to_owned(), data);
            return;
        }
        let data = self.pending.remove(*tag).unwrap_or_default();
        let length = length.parse().unwrap_or(0);
        let is_programmer = self.programmers.iter().any(|known| known == device);
        if data.starts_with(XML) && !is_programmer {
            self.programmers.push(device.to_owned());
        }
        let mut keep = true;
        if is_programmer && !data.starts_with(XML) {
            self.seen.raw += length;
        } else if endpoint == AT {
            let bytes = (0..data.len() / 2).map(|at| byte(&data, at));
            let text = bytes.map(char::from).filter(|c| !"\r\n".contains(*c));
            self.seen.at.extend(text);
        } else if let Some(start) = NV_WRITE.iter().find(|start| data.starts_with(**start))
            && endpoint == DIAG
        {
            let at = start.len() / 2;
            let item = u16::from_le_bytes([byte(&data, at), byte(&data, at + 1)]);
            self.seen.nv_items.push(item.into());
        } else if endpoint == DIAG && (data.starts_with("26") || data.starts_with("4b")) {
            // Questions, by the ten thousand.
            keep = false;
        }
        if keep && self.lines.len() < MOST {
            self.lines.extend([line, " ", &data, "\n"]);
        }
    }
}

fn byte(hex: &str, at: usize) -> u8 {
    u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()
}
