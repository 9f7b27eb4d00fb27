//! The AT port: lines in, echo, answers and unsolicited lines out.

mod command;
mod vendor;

use super::core::Core;
use super::outbox::Outbox;
use crate::plan::{FaultKind, Operation};
use crate::protocol::at::Final;
use crate::sim::delivery::keeps_the_answer;
use crate::sim::record::RecordKind;
use std::collections::VecDeque;
use std::time::Duration;

/// Longest command line that is kept; what is longer is thrown away with its end.
const MAX_COMMAND: usize = 4096;
/// How long a command takes.
const ANSWER: Duration = Duration::from_millis(20);
/// Unsolicited lines of a start with a radio and without one, by time since the ports answer. The order is that of
/// quectel.md §7.1, the times are made up.
const START: [(u64, &str); 6] = [
    (0, "RDY"),
    (100, "+CFUN: 1"),
    (1000, "+CPIN: READY"),
    (1200, "+QUSIM: 1"),
    (4000, "+QIND: PB DONE"),
    (6000, "+QIND: SMS DONE"),
];
const START_WITHOUT_RADIO: [(u64, &str); 2] = [(0, "RDY"), (1000, "+CPIN: NOT READY")];
/// When each part of AT+QINISTAT is there: its bit, and time since the ports answer.
const PARTS: [(u8, u64); 3] = [(1, 1000), (4, 4000), (2, 6000)];

/// An unsolicited line in the midst of an answer (quectel.md §7.1).
const EXTRA: &str = "+QIND: SMS DONE";

/// Whether the port repeats what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Echo {
    On,
    Off,
}

/// What a command brings: lines, and how it ends.
#[derive(Debug)]
struct Answer {
    lines: Vec<String>,
    /// Absent where nothing is answered.
    end: Option<Final>,
}

impl Answer {
    fn ok() -> Self {
        Self::lines([])
    }

    fn line(line: impl Into<String>) -> Self {
        Self::lines([line.into()])
    }

    fn lines<const N: usize>(lines: [String; N]) -> Self {
        Self {
            lines: lines.into(),
            end: Some(Final::Ok),
        }
    }

    fn error() -> Self {
        Self {
            lines: Vec::new(),
            end: Some(Final::Error),
        }
    }

    fn equipment_error(code: u16) -> Self {
        Self {
            lines: Vec::new(),
            end: Some(Final::Cme(code.to_string())),
        }
    }

    /// The modem leaves without a word.
    fn silence() -> Self {
        Self {
            lines: Vec::new(),
            end: None,
        }
    }
}

#[derive(Debug)]
pub(super) struct AtPort {
    out: Outbox,
    pending: Vec<u8>,
    echo: Echo,
    /// Unsolicited lines to come.
    unsolicited: VecDeque<(Duration, &'static str)>,
}

impl Default for AtPort {
    fn default() -> Self {
        Self {
            out: Outbox::default(),
            pending: Vec::new(),
            echo: Echo::On,
            unsolicited: VecDeque::new(),
        }
    }
}

impl AtPort {
    pub(super) fn boot(&mut self, core: &Core) {
        let Some(ready) = core.ready() else { return };
        let lines: &[(u64, &str)] = if core.healthy_at_boot() {
            &START
        } else {
            &START_WITHOUT_RADIO
        };
        let due = |after: &u64| ready.saturating_add(Duration::from_millis(*after));
        self.unsolicited = lines
            .iter()
            .map(|(after, line)| (due(after), *line))
            .collect();
    }

    pub(super) fn advance(&mut self, core: &Core) {
        while let Some((due, line)) = self.unsolicited.front().filter(|(due, _)| *due <= core.now) {
            self.out.push(*due, framed(line));
            self.unsolicited.pop_front();
        }
    }

    pub(super) fn next_event(&self, now: Duration) -> Option<Duration> {
        let unsolicited = self.unsolicited.front().map(|(due, _)| *due);
        [unsolicited, self.out.next_event(now)]
            .into_iter()
            .flatten()
            .filter(|due| *due > now)
            .min()
    }

    pub(super) fn read(&mut self, now: Duration, buffer: &mut [u8]) -> usize {
        self.out.read(now, buffer)
    }

    pub(super) fn take_piece(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.out.take_piece(now)
    }

    pub(super) fn write(&mut self, core: &mut Core, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\r' => {
                    let line = std::mem::take(&mut self.pending);
                    if line.len() <= MAX_COMMAND {
                        self.command(core, &String::from_utf8_lossy(&line));
                    }
                }
                b'\n' => {}
                // One byte more than allowed is kept, so that the line is known to be too long.
                byte if self.pending.len() <= MAX_COMMAND => self.pending.push(*byte),
                _ => {}
            }
        }
    }

    fn command(&mut self, core: &mut Core, line: &str) {
        let command = line.trim();
        if command.is_empty() || !core.answers() {
            return;
        }
        core.records.push(RecordKind::AtCommand {
            command: command.to_owned(),
        });
        let fault = core.strike(Operation::At);
        // It has left, or heard nothing.
        if !core.answers() || fault == Some(FaultKind::Timeout) {
            return;
        }
        let echo = self.echo;
        let mut answer = if fault == Some(FaultKind::Nak) {
            Answer::error()
        } else {
            self.run(core, command)
        };
        if fault == Some(FaultKind::ExtraLine) {
            answer.lines.insert(0, EXTRA.to_owned());
        }
        let due = core.pace(ANSWER, fault);
        if echo == Echo::On && !fault.is_some_and(replaces_the_answer) {
            self.out.push(core.now, format!("{line}\r").into_bytes());
        }
        let bytes = spoken(core, command, &answer);
        if bytes.is_empty() {
            return;
        }
        if let Some(fault) = fault {
            for piece in core.pieces(Some(fault), due, bytes) {
                self.out.deliver(piece);
            }
        } else {
            self.out.push_cut(due, &bytes, &mut core.random);
        }
    }
}

/// Whether not even the echo comes.
fn replaces_the_answer(fault: FaultKind) -> bool {
    fault == FaultKind::Garbage || keeps_the_answer(fault)
}

/// The answer as bytes, now and then with a line between that nobody asked for.
fn spoken(core: &mut Core, command: &str, answer: &Answer) -> Vec<u8> {
    let Some(end) = &answer.end else {
        return Vec::new();
    };
    let mut lines: Vec<String> = answer.lines.clone();
    lines.push(end.to_string());
    if core.random.once_in(4) {
        let candidates: &[&str] = if core.healthy_at_boot() {
            &["+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"]
        } else {
            &["+CPIN: NOT READY"]
        };
        let line = candidates[core.random.below(candidates.len())];
        // A line with the prefix of the command in hand could not be told from its answer, on a real modem either.
        let own = crate::protocol::at::answer_prefix(command);
        if !own.is_some_and(|prefix| line.starts_with(&prefix)) {
            lines.insert(core.random.below(lines.len()), line.to_owned());
        }
    }
    lines.iter().flat_map(|line| framed(line)).collect()
}

fn framed(line: &str) -> Vec<u8> {
    format!("\r\n{line}\r\n").into_bytes()
}
