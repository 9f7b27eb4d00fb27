//! Byte-level hosts against the firmware: they share nothing with the drivers.

mod at;
mod diag;
mod faults;
mod restore;

use super::Radio;
use crate::plan::Scenario;
use crate::protocol::hdlc::{self, Deframer};
use crate::sim::Wire;
use crate::sim::radio::fixture::{FIRMWARE, profile};
use std::time::Duration;

/// A firmware that has booted, and a host on both ports.
struct Bench {
    radio: Radio,
    now: Duration,
    frames: Deframer,
}

impl Bench {
    /// Waits until every start-up line is through, and throws them away.
    fn up(scenario: &Scenario, seed: u64) -> Self {
        let mut bench = Self::booted(scenario, seed);
        bench.pass(Duration::from_secs(20));
        bench.read(Wire::At);
        bench
    }

    fn booted(scenario: &Scenario, seed: u64) -> Self {
        let mut radio = Radio::new(scenario, &profile(), seed);
        radio.boot(Duration::ZERO, FIRMWARE);
        Self {
            radio,
            now: Duration::ZERO,
            frames: Deframer::default(),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.radio.advance(self.now);
    }

    /// Everything that can be read now.
    fn read(&mut self, wire: Wire) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buffer = [0; 64];
        loop {
            match self.radio.read(wire, &mut buffer) {
                0 => return all,
                count => all.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// Sends a command line and gives everything that comes within a second.
    fn say(&mut self, command: &str) -> String {
        self.radio
            .write(Wire::At, format!("{command}\r\n").as_bytes());
        self.pass(Duration::from_secs(1));
        String::from_utf8_lossy(&self.read(Wire::At)).into_owned()
    }

    /// Lines of an answer without echo and unsolicited lines.
    fn ask(&mut self, command: &str) -> Vec<String> {
        let said = self.say(command);
        said.split(['\r', '\n'])
            .filter(|line| !line.is_empty() && *line != command)
            .filter(|line| {
                !["+CPIN: ", "+QUSIM: ", "+QIND: "]
                    .iter()
                    .any(|u| line.starts_with(u))
            })
            .map(str::to_owned)
            .collect()
    }

    /// Sends a payload; gives the answer's payload, logs left out. `None` is silence.
    fn diag(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        self.radio.write(Wire::Diag, &hdlc::encode(payload));
        self.pass(Duration::from_millis(50));
        let bytes = self.read(Wire::Diag);
        self.frames.push(&bytes);
        std::iter::from_fn(|| self.frames.next_frame())
            .filter_map(Result::ok)
            .find(|payload| payload.first() != Some(&0x10))
    }

    /// Unlocks DIAG writes as tools do.
    fn unlock(&mut self) {
        assert_eq!(self.diag(b"A000000").unwrap(), [0x41, 1]);
    }

    fn restart(&mut self) {
        self.radio.boot(self.now, FIRMWARE);
        self.pass(Duration::from_secs(20));
        self.read(Wire::At);
    }
}

/// `4b 3e op 00` and a body.
fn efs(op: u8, body: &[&[u8]]) -> Vec<u8> {
    [&[0x4b, 0x3e, op, 0][..], &body.concat()].concat()
}

/// The 32-bit word at an offset.
fn word(bytes: &[u8], at: usize) -> i32 {
    i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

proptest::proptest! {
    #[test]
    fn any_bytes_on_any_port_are_survived(
        pieces in proptest::collection::vec(
            (0_u8..3, proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)), 0..12),
        seed in proptest::prelude::any::<u64>(),
    ) {
        let mut bench = Bench::up(&crate::sim::radio::fixture::scenario(), seed);
        for (wire, bytes) in pieces {
            let framed = hdlc::encode(&bytes);
            match wire {
                0 => bench.radio.write(Wire::At, &[&b"AT+"[..], &bytes, b"\r"].concat()),
                1 => bench.radio.write(Wire::Diag, &framed),
                _ => bench.radio.write(Wire::Diag, &bytes),
            }
            bench.pass(Duration::from_millis(100));
            bench.read(Wire::At);
            bench.read(Wire::Diag);
            bench.radio.next_event();
            bench.radio.take_wish();
        }
    }

    #[test]
    fn any_file_request_is_survived(
        requests in proptest::collection::vec(
            (0_u8..60, proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)), 0..20),
    ) {
        let mut bench = Bench::up(&crate::sim::radio::fixture::scenario(), 1);
        bench.unlock();
        for (op, body) in requests {
            bench.diag(&efs(op, &[&body]));
            bench.diag(&efs(op, &[&body, b"/nv/item_files/x\0"]));
        }
    }
}
