//! Real pseudo-terminals, with the firmware of a simulated modem behind them.

use super::{Served, Shown, Terms, Wired, serve_ptys};
use crate::files::{Root, read_capped};
use crate::plan::{Duration as Span, Hand};
use crate::sim::Wire;
use crate::sim::radio::Radio;
use crate::sim::radio::fixture::{FIRMWARE, profile, scenario, spanned};
use crate::transport::{Interrupt, SystemClock};
use camino::{Utf8Path, Utf8PathBuf};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use std::io::Write as _;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longest wait for anything; only a failure waits that long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A modem that is nothing but its firmware and a plug.
struct Plugged {
    radio: Radio,
    now: Duration,
    arrival: Option<u64>,
    arrivals: u64,
    record: Vec<String>,
}

impl Plugged {
    fn new() -> Self {
        let mut state = scenario();
        state.boot_time = Some(spanned(Span(Duration::ZERO)));
        let mut modem = Self {
            radio: Radio::new(&state, &profile(), 1),
            now: Duration::ZERO,
            arrival: None,
            arrivals: 0,
            record: Vec::new(),
        };
        modem.hand(Hand::Plug);
        modem
    }
}

impl Served for Plugged {
    fn now(&self) -> Duration {
        self.now
    }

    fn advance(&mut self, now: Duration) {
        self.now = now;
        self.radio.advance(now);
        let records = self.radio.take_records();
        let lines = records
            .iter()
            .map(|kind| serde_json::to_string(kind).unwrap());
        self.record.extend(lines);
    }

    fn next_event(&self) -> Option<Duration> {
        self.radio.next_event()
    }

    fn asked(&mut self, step: &str) {
        assert_eq!(step, "pull-it");
        self.hand(Hand::Unplug);
    }

    fn hand(&mut self, hand: Hand) {
        match hand {
            Hand::Plug => {
                self.arrivals += 1;
                self.arrival = Some(self.arrivals);
                self.radio.boot(self.now, FIRMWARE);
            }
            Hand::Unplug => {
                self.arrival = None;
                self.radio.power_off();
            }
            _ => {}
        }
    }

    fn records_from(&self, first: usize) -> Vec<String> {
        self.record.iter().skip(first).cloned().collect()
    }

    fn summary(&self) -> String {
        format!("arrival {:?}", self.arrival)
    }
}

impl Wired for Plugged {
    fn shown(&self) -> Option<Shown> {
        self.arrival.map(|arrival| Shown {
            wires: vec![Wire::At, Wire::Diag],
            arrival,
        })
    }

    fn write(&mut self, wire: Wire, bytes: &[u8]) -> usize {
        self.radio.write(wire, bytes);
        bytes.len()
    }

    fn read(&mut self, wire: Wire, buffer: &mut [u8]) -> usize {
        self.radio.read(wire, buffer)
    }

    fn opened(&mut self, wire: Wire) {
        self.record.push(format!("opened {wire:?}"));
    }

    fn closed(&mut self, wire: Wire) {
        self.record.push(format!("closed {wire:?}"));
    }
}

/// What a test does while the modem is served.
struct Person {
    folder: Utf8PathBuf,
    console: Option<std::io::PipeWriter>,
    said: Receiver<String>,
    stop: Interrupt,
}

impl Person {
    fn hears(&self, text: &str) {
        loop {
            let line = self.said.recv_timeout(PATIENCE).unwrap();
            if line.contains(text) {
                return;
            }
        }
    }

    fn says(&mut self, line: &str) {
        let console = self.console.as_mut().unwrap();
        console.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn opens(&self, name: &str) -> OwnedFd {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        open(self.folder.join(name).as_str(), flags, Mode::empty()).unwrap()
    }

    fn sees(&self, name: &str) -> bool {
        Root::open(&self.folder)
            .unwrap()
            .exists(Utf8Path::new(name))
    }
}

/// Reads until the text came; `None` once the terminal is gone.
fn hear(terminal: &OwnedFd, text: &str) -> Option<String> {
    let mut all = String::new();
    while !all.contains(text) {
        let mut wanted = [PollFd::from_borrowed_fd(terminal.as_fd(), PollFlags::IN)];
        let time = Timespec::try_from(PATIENCE).unwrap();
        let ready = poll(&mut wanted, Some(&time)).unwrap();
        assert!(ready > 0, "heard {all:?} and waited for {text:?}");
        let mut buffer = [0; 512];
        match rustix::io::read(terminal, &mut buffer) {
            Ok(0) | Err(rustix::io::Errno::IO) => return None,
            Ok(count) => all.push_str(&String::from_utf8_lossy(&buffer[..count])),
            Err(errno) => panic!("{errno}"),
        }
    }
    Some(all)
}

/// Serves while the test runs; whatever the test does, serving ends.
fn while_served(test: impl FnOnce(&mut Person) + Send) -> (Plugged, tempfile::TempDir) {
    let scratch = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(scratch.path()).unwrap();
    let folder = root.join("ports");
    let log = root.join("log.jsonl");
    let (console, writer) = std::io::pipe().unwrap();
    let (tell, said) = channel();
    let stop = Interrupt::default();
    let mut person = Person {
        folder: folder.clone(),
        console: Some(writer),
        said,
        stop: stop.clone(),
    };
    let mut modem = Plugged::new();
    std::thread::scope(|scope| {
        let tester = scope.spawn(move || {
            let stop = person.stop.clone();
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                person.hears("diag is /dev/");
                test(&mut person);
            }));
            stop.wish();
            result
        });
        let terms = Terms {
            log: Some(&log),
            steps: &["pull-it".to_owned()],
            console: Some(console.as_fd()),
            speed: 1,
            stop,
        };
        let mut say = |line: &str| drop(tell.send(line.to_owned()));
        serve_ptys(&mut modem, &folder, &terms, &SystemClock::start(), &mut say).unwrap();
        if let Err(panic) = tester.join().unwrap() {
            std::panic::resume_unwind(panic);
        }
    });
    assert_eq!(
        Root::open(&folder).unwrap().names("".into()).unwrap(),
        [""; 0]
    );
    (modem, scratch)
}

#[test]
fn a_program_speaks_with_the_modem_and_the_log_knows() {
    let (modem, scratch) = while_served(|person| {
        let at = person.opens("at");
        rustix::io::write(&at, b"AT+CGMR\r").unwrap();
        assert!(hear(&at, "OK").unwrap().contains("RM502QGLAAR11A02M4G"));
        let diag = person.opens("diag");
        rustix::io::write(&diag, &[0x7b, 0x11, 0x13, 0x0d, 0x0a, 0x03, 0x7e]).unwrap();
        rustix::io::write(&diag, &[0x7c, 0x93, 0x49, 0x7e]).unwrap();
        assert!(hear(&diag, "RM502QGLAAR11A02M4G").is_some());
    });
    assert!(modem.record.contains(&"opened At".to_owned()));
    let log = Utf8Path::from_path(scratch.path())
        .unwrap()
        .join("log.jsonl");
    let log = String::from_utf8(read_capped(&log, 1 << 20).unwrap().unwrap()).unwrap();
    assert!(log.contains("\"command\":\"AT+CGMR\"}\n"), "{log}");
}

#[test]
fn what_the_modem_says_before_a_program_comes_is_kept() {
    let (modem, _scratch) = while_served(|person| {
        person.says("state");
        person.hears("arrival Some(1)");
        let at = person.opens("at");
        assert!(hear(&at, "RDY").is_some());
        drop(at);
        // A second program finds the same terminal.
        let at = person.opens("at");
        rustix::io::write(&at, b"ATI\r").unwrap();
        assert!(hear(&at, "OK").is_some());
    });
    // A terminal that echoed would feed the modem its own words.
    let commands = modem.record.iter().filter(|line| line.contains("command"));
    assert_eq!(commands.count(), 1, "{:?}", modem.record);
}

#[test]
fn a_terminal_vanishes_with_the_modem_and_another_one_comes() {
    while_served(|person| {
        let at = person.opens("at");
        person.says("pull-it");
        person.hears("diag is gone");
        assert!(!person.sees("at") && !person.sees("diag"));
        assert_eq!(hear(&at, "never said"), None);
        person.says("plug");
        person.hears("diag is /dev/");
        let at = person.opens("at");
        rustix::io::write(&at, b"AT\r").unwrap();
        assert!(hear(&at, "OK").is_some());
    });
}

#[test]
fn the_end_of_the_console_ends_nothing() {
    while_served(|person| {
        person.says("dance");
        person.hears("`dance` is no order");
        person.console = None;
        let at = person.opens("at");
        rustix::io::write(&at, b"AT\r").unwrap();
        assert!(hear(&at, "OK").is_some());
    });
}

#[test]
fn quit_ends_it() {
    let (modem, _scratch) = while_served(|person| {
        person.says("quit");
        person.hears("diag is gone");
        assert!(!person.stop.wished());
    });
    assert_eq!(modem.arrivals, 1);
}

#[test]
fn a_file_in_the_way_is_never_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = Utf8Path::from_path(scratch.path()).unwrap();
    let root = Root::open(folder).unwrap();
    drop(root.create_new(Utf8Path::new("diag")).unwrap());
    let terms = Terms {
        log: None,
        steps: &[],
        console: None,
        speed: 1,
        stop: Interrupt::default(),
    };
    let result = serve_ptys(
        &mut Plugged::new(),
        folder,
        &terms,
        &SystemClock::start(),
        &mut |_| {},
    );
    assert!(result.is_err());
    assert_eq!(root.names("".into()).unwrap(), ["diag"]);
}
