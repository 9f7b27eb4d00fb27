use super::*;
use crate::transport::memory::{FarEnd, Memory};
use crate::transport::{Clock, Interrupt, StandingClock};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Answers each command with the next script: pieces, each after its delay.
struct Script {
    time: Arc<StandingClock>,
    answers: VecDeque<Vec<(Duration, Vec<u8>)>>,
    due: VecDeque<(Duration, Vec<u8>)>,
    sent: Arc<Mutex<Vec<u8>>>,
    piece: usize,
}

impl FarEnd for Script {
    fn host_reads(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, transport::Error> {
        let until = self.time.now() + timeout;
        let Some((when, bytes)) = self.due.front_mut().filter(|(when, _)| *when <= until) else {
            self.time.sleep(timeout);
            return Err(transport::Error::Timeout);
        };
        let now = self.time.now();
        self.time.sleep(when.saturating_sub(now));
        let count = bytes.len().min(buffer.len()).min(self.piece);
        buffer[..count].copy_from_slice(&bytes[..count]);
        bytes.drain(..count);
        if bytes.is_empty() {
            self.due.pop_front();
        }
        Ok(count)
    }

    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, transport::Error> {
        self.sent.lock().unwrap().extend_from_slice(bytes);
        let now = self.time.now();
        for (delay, bytes) in self.answers.pop_front().unwrap_or_default() {
            self.due.push_back((now + delay, bytes));
        }
        Ok(bytes.len())
    }

    fn transfer_ended(&mut self) -> Result<(), transport::Error> {
        Ok(())
    }
}

struct Bench {
    at: At,
    sent: Arc<Mutex<Vec<u8>>>,
}

fn bench(piece: usize, answers: &[&[(u64, &str)]]) -> Bench {
    let time = Arc::new(StandingClock::default());
    let sent = Arc::new(Mutex::new(Vec::new()));
    let script = Script {
        time: time.clone(),
        answers: answers
            .iter()
            .map(|pieces| {
                let piece = |(delay, text): &(u64, &str)| {
                    (Duration::from_millis(*delay), text.as_bytes().to_vec())
                };
                pieces.iter().map(piece).collect()
            })
            .collect(),
        due: VecDeque::new(),
        sent: sent.clone(),
        piece,
    };
    let wire = Memory::new(Box::new(script), "script");
    let at = At::new(Port::new(Box::new(wire), time, Interrupt::default()));
    Bench { at, sent }
}

impl Bench {
    fn ask(&mut self, command: &str) -> Result<Answer, Error> {
        let deadline = self.at.port().within(Duration::from_secs(3));
        self.at.ask(command, deadline)
    }
}

fn ok(lines: &[&str]) -> Answer {
    Answer {
        lines: lines.iter().map(ToString::to_string).collect(),
        result: Final::Ok,
    }
}

#[test]
fn answers_are_read_whatever_surrounds_them() {
    let table: &[(&str, &str, &[&str])] = &[
        ("AT+CFUN?", "\r\n+CFUN: 5\r\n\r\nOK\r\n", &["+CFUN: 5"]),
        (
            "AT+CFUN?",
            "AT+CFUN?\r\r\n+CFUN: 5\r\n\r\nOK\r\n",
            &["+CFUN: 5"],
        ),
        (
            "AT+CFUN?",
            "\r\n+QIND: SMS DONE\r\nAT+CFUN?\r\r\n+CFUN: 5\r\n\r\n+CFUN: 1\r\n\r\nRDY\r\n\r\nOK\r\n",
            &["+CFUN: 5"],
        ),
        ("AT+CFUN=1", "\r\n+CFUN: 1\r\n\r\nOK\r\n", &[]),
        (
            "ATI",
            "ATI\r\r\nQuectel\r\nRM502Q-AE\r\n+CPIN: READY\r\nRevision: RM502QAEAAR13A02M4G\r\n\r\nOK\r\n",
            &["Quectel", "RM502Q-AE", "Revision: RM502QAEAAR13A02M4G"],
        ),
        (
            "AT+CPIN?",
            "\r\n+CPIN: READY\r\n\r\nOK\r\n",
            &["+CPIN: READY"],
        ),
        (
            "AT+QGMR",
            "\r\nOKAY\r\nERRORS\r\n\r\nOK\r\n",
            &["OKAY", "ERRORS"],
        ),
    ];
    for (command, wire, lines) in table {
        for piece in [1, 2, 7, 4096] {
            let mut bench = bench(piece, &[&[(0, wire)]]);
            assert_eq!(bench.ask(command), Ok(ok(lines)), "{command} in {piece}");
            assert_eq!(
                *bench.sent.lock().unwrap(),
                format!("{command}\r").as_bytes()
            );
        }
    }
}

#[test]
fn errors_are_answers() {
    for (wire, result) in [
        ("\r\nERROR\r\n", Final::Error),
        ("\r\n+CME ERROR: 4\r\n", Final::Cme("4".into())),
        ("\r\n+CMS ERROR: 500\r\n", Final::Cms("500".into())),
    ] {
        let mut bench = bench(4096, &[&[(0, wire)]]);
        assert_eq!(bench.ask("AT+CFUN=1").unwrap().result, result);
    }
}

#[test]
fn stale_lines_do_not_answer() {
    let mut bench = bench(
        4096,
        &[
            &[(0, "\r\nOK\r\n\r\n+CFUN: 1\r\n\r\nOK\r\n")],
            &[(5, "\r\n+CFUN: 5\r\n\r\nOK\r\n")],
        ],
    );
    assert_eq!(bench.ask("AT"), Ok(ok(&[])));
    assert_eq!(bench.ask("AT+CFUN?"), Ok(ok(&["+CFUN: 5"])));
}

#[test]
fn a_late_answer_never_answers_the_next_command() {
    let mut bench = bench(
        4096,
        &[
            &[(3500, "\r\n+CFUN: 1\r\n\r\nOK\r\n")],
            &[(5, "\r\n+CFUN: 5\r\n\r\nOK\r\n")],
        ],
    );
    assert_eq!(bench.ask("AT+CFUN?"), Err(Error::Timeout));
    assert_eq!(bench.ask("AT+CFUN?"), Ok(ok(&["+CFUN: 5"])));
}

#[test]
fn the_timeout_is_total_and_not_per_byte() {
    let drip: Vec<(u64, &str)> = (0..60).map(|i| (i * 100, "x\r\n")).collect();
    let mut bench = bench(4096, &[&drip]);
    assert_eq!(bench.ask("AT+QTEMP"), Err(Error::Timeout));
    assert_eq!(bench.at.port().clock().now(), Duration::from_secs(3));
}

#[test]
fn a_refused_command_sends_nothing() {
    let mut bench = bench(4096, &[&[(0, "\r\nOK\r\n")]]);
    assert_eq!(
        bench.ask("AT+EGMR=1,7,\"490154203237518\""),
        Err(Error::Refused(Refused::Identity))
    );
    assert!(bench.sent.lock().unwrap().is_empty());
}

proptest! {
    #[test]
    fn any_bytes_end_in_an_answer_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400), piece in 1usize..9) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut bench = bench(piece, &[&[(0, text.as_str())]]);
        let _ = bench.ask("AT+CFUN?");
    }
}
