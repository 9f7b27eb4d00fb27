//! Serves the simulated modem on pseudo-terminals, in real time, to any program.
//!
//! `at`, `diag` and `edl` in a folder point to the terminals of the wires that the modem shows now; they vanish when
//! it leaves, and what was open then reads as gone. Only while a program has a terminal open do bytes leave the
//! modem, so that none is lost before. A terminal has no packets: a zero-length packet does not exist here.

mod console;
mod modem;
mod pty;

#[cfg(test)]
mod tests;

use self::console::{Console, Order};
use self::pty::Pty;
use super::Wire;
use crate::files::{self, Root};
use crate::plan::Hand;
use crate::transport::{Clock, Interrupt};
use camino::Utf8Path;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use std::io::Write as _;
use std::time::Duration;

/// A modem that can be served.
pub trait Served {
    /// Its own time.
    fn now(&self) -> Duration;
    fn advance(&mut self, now: Duration);
    fn next_event(&self) -> Option<Duration>;
    /// What is on the bus; `None` while nothing is.
    fn shown(&self) -> Option<Shown>;
    /// Bytes from the host; how many were taken. Zero where the wire is gone or busy.
    fn write(&mut self, wire: Wire, bytes: &[u8]) -> usize;
    /// Bytes for the host; zero where there are none.
    fn read(&mut self, wire: Wire, buffer: &mut [u8]) -> usize;
    fn opened(&mut self, wire: Wire);
    fn closed(&mut self, wire: Wire);
    /// A step asked for the operator's hands.
    fn asked(&mut self, step: &str);
    fn hand(&mut self, hand: Hand);
    /// Entries of its record from a number on, one JSON object each.
    fn records_from(&self, first: usize) -> Vec<String>;
    /// Its state, for people.
    fn summary(&self) -> String;
}

/// The wires that are on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub wires: Vec<Wire>,
    /// Changes whenever the modem left and came back.
    pub arrival: u64,
}

/// Where and how it is served.
#[derive(Debug)]
pub struct Place<'a> {
    /// Holds the links; made where missing.
    pub folder: &'a Utf8Path,
    /// Gets each new record as a JSON line.
    pub log: Option<&'a Utf8Path>,
    /// Step ids that the scenario's hands know.
    pub steps: &'a [String],
    /// Lines with orders; its end ends nothing.
    pub console: Option<BorrowedFd<'a>>,
    /// How many times as fast as the clock the modem lives; its programs do not.
    pub speed: u32,
    /// A wish ends the serving.
    pub stop: Interrupt,
}

/// Why it cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The operating system gave no pseudo-terminal.
    #[error("cannot make a pseudo-terminal: {0}")]
    Terminal(std::io::Error),
    #[error("cannot wait for the pseudo-terminals: {0}")]
    Wait(std::io::Error),
    #[error("cannot write the log: {0}")]
    Log(std::io::Error),
}

/// Longest sleep: signals that came in between are seen then.
const LOOK_AROUND: Duration = Duration::from_millis(250);
/// Longest sleep while a terminal is closed: the kernel cannot be asked to wake us when it is opened.
const LOOK_FOR_PROGRAM: Duration = Duration::from_millis(20);
/// Shortest sleep, so that a modem that is late does not make us spin.
const BREATH: Duration = Duration::from_micros(100);

/// Serves until a person wishes to stop or says so. `say` gets lines for people.
pub fn serve(
    modem: &mut dyn Served,
    place: &Place<'_>,
    clock: &dyn Clock,
    say: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let folder = Root::create(place.folder)?;
    let log = place.log.map(open_log).transpose()?;
    let mut serving = Serving {
        place,
        folder,
        log,
        logged: 0,
        arrival: None,
        links: Vec::new(),
        console: Console::new(place.console),
        say,
    };
    serving.clear_stale()?;
    let result = serving.run(modem, clock);
    let gone = serving.take_down(modem);
    result.and(gone)
}

fn open_log(path: &Utf8Path) -> Result<cap_std::fs_utf8::File, Error> {
    let folder = Root::create(path.parent().unwrap_or(Utf8Path::new("")))?;
    Ok(folder.append(Utf8Path::new(path.file_name().unwrap_or(path.as_str())))?)
}

struct Serving<'a> {
    place: &'a Place<'a>,
    folder: Root,
    log: Option<cap_std::fs_utf8::File>,
    logged: usize,
    arrival: Option<u64>,
    links: Vec<Link>,
    console: Console<'a>,
    say: &'a mut dyn FnMut(&str),
}

/// A wire and its terminal.
struct Link {
    wire: Wire,
    pty: Pty,
    /// Whether a program has the terminal open.
    open: bool,
    to_modem: Vec<u8>,
    to_host: Vec<u8>,
}

impl Serving<'_> {
    fn run(&mut self, modem: &mut dyn Served, clock: &dyn Clock) -> Result<(), Error> {
        let start = (modem.now(), clock.now());
        while !self.place.stop.wished() {
            let passed = clock.now().saturating_sub(start.1);
            let now = start.0 + passed.saturating_mul(self.place.speed);
            modem.advance(now);
            if self.obey(modem) == Flow::Stop {
                return Ok(());
            }
            self.follow(modem)?;
            for link in &mut self.links {
                link.move_bytes(modem);
            }
            self.write_log(modem)?;
            self.wait(modem, now)?;
        }
        Ok(())
    }

    /// Links of a simulated modem that was killed lead to terminals that are somebody else's by now.
    fn clear_stale(&self) -> Result<(), Error> {
        for wire in [Wire::At, Wire::Diag, Wire::Edl] {
            self.folder.remove_link(Utf8Path::new(name(wire)))?;
        }
        Ok(())
    }

    fn obey(&mut self, modem: &mut dyn Served) -> Flow {
        for order in self.console.orders(self.place.steps) {
            match order {
                Order::Quit => return Flow::Stop,
                Order::State => (self.say)(&modem.summary()),
                Order::Hand(hand) => modem.hand(hand),
                Order::Step(step) => modem.asked(&step),
                Order::Unknown(text) => (self.say)(&console::help(&text, self.place.steps)),
            }
        }
        Flow::Go
    }

    /// Makes the terminals those of the wires that are on the bus now.
    fn follow(&mut self, modem: &mut dyn Served) -> Result<(), Error> {
        let shown = modem.shown();
        let arrival = shown.as_ref().map(|shown| shown.arrival);
        let wires = shown.map_or(Vec::new(), |shown| shown.wires);
        let same = |links: &[Link]| links.iter().map(|link| link.wire).eq(wires.iter().copied());
        if arrival == self.arrival && same(&self.links) {
            return Ok(());
        }
        self.take_down(modem)?;
        self.arrival = arrival;
        for wire in wires {
            let pty = Pty::open().map_err(|errno| Error::Terminal(errno.into()))?;
            self.folder.link(Utf8Path::new(name(wire)), pty.path())?;
            (self.say)(&format!(
                "{} is {}",
                self.folder.path().join(name(wire)),
                pty.path()
            ));
            self.links.push(Link {
                wire,
                pty,
                open: false,
                to_modem: Vec::new(),
                to_host: Vec::new(),
            });
        }
        Ok(())
    }

    fn take_down(&mut self, modem: &mut dyn Served) -> Result<(), Error> {
        let mut result = Ok(());
        for link in self.links.drain(..) {
            if link.open {
                modem.closed(link.wire);
            }
            let path = Utf8Path::new(name(link.wire));
            // All links must go; the first error is told. One that somebody else removed is gone as well.
            match self.folder.remove_file(path) {
                Err(error) if !error.missing => result = result.and(Err(error.into())),
                _ => {}
            }
            (self.say)(&format!("{} is gone", self.folder.path().join(path)));
        }
        self.arrival = None;
        result
    }

    fn write_log(&mut self, modem: &dyn Served) -> Result<(), Error> {
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        for line in modem.records_from(self.logged) {
            writeln!(log, "{line}").map_err(Error::Log)?;
            self.logged += 1;
        }
        Ok(())
    }

    /// Sleeps until a program, a person or the modem wants something.
    fn wait(&self, modem: &dyn Served, now: Duration) -> Result<(), Error> {
        let mut time = modem
            .next_event()
            .map_or(LOOK_AROUND, |due| {
                due.saturating_sub(now) / self.place.speed.max(1)
            })
            .min(LOOK_AROUND);
        let mut wanted = Vec::new();
        if let Some(console) = self.console.descriptor() {
            wanted.push(PollFd::from_borrowed_fd(console, PollFlags::IN));
        }
        for link in &self.links {
            // A closed terminal always reports a hang-up, which would wake us for nothing.
            if !link.open || !link.to_modem.is_empty() {
                time = time.min(LOOK_FOR_PROGRAM);
            }
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, link.to_modem.is_empty());
            flags.set(PollFlags::OUT, !link.to_host.is_empty());
            if link.open && !flags.is_empty() {
                wanted.push(PollFd::from_borrowed_fd(link.pty.master(), flags));
            }
        }
        let time = Timespec::try_from(time.max(BREATH)).ok();
        match poll(&mut wanted, time.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(errno) => Err(Error::Wait(errno.into())),
        }
    }
}

/// Whether serving goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Go,
    Stop,
}

impl Link {
    fn move_bytes(&mut self, modem: &mut dyn Served) {
        let open = self.pty.is_open();
        if open != self.open {
            self.open = open;
            if open {
                modem.opened(self.wire);
            } else {
                modem.closed(self.wire);
            }
        }
        // What a program wrote before it closed is still there.
        loop {
            if self.to_modem.is_empty() {
                self.to_modem = self.pty.read();
            }
            if self.to_modem.is_empty() {
                break;
            }
            let taken = modem.write(self.wire, &self.to_modem);
            self.to_modem.drain(..taken.min(self.to_modem.len()));
            if taken == 0 {
                break;
            }
        }
        let mut buffer = [0; 4096];
        while self.open {
            if self.to_host.is_empty() {
                let count = modem.read(self.wire, &mut buffer);
                self.to_host.extend(buffer.iter().take(count));
            }
            let sent = self.pty.write(&self.to_host);
            self.to_host.drain(..sent);
            if sent == 0 {
                break;
            }
        }
    }
}

fn name(wire: Wire) -> &'static str {
    match wire {
        Wire::At => "at",
        Wire::Diag => "diag",
        Wire::Edl => "edl",
    }
}
