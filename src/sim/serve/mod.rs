//! Serves the simulated modem in real time, to any program: on pseudo-terminals, or as a USB device of this machine.
//!
//! One loop for both: time passes, a person's orders are obeyed, bytes move, the log is written, and nothing is done
//! until a program, a person or the modem wants something.

mod console;
mod modem;
mod pty;
mod ptys;
mod usb;

#[cfg(test)]
mod tests;

pub use self::ptys::{Shown, Wired, serve_ptys};
pub use self::usb::serve_usb;

use self::console::{Console, Order};
use super::usb::VhciError;
use super::usb::usbip::Fault;
use crate::files::{self, Root};
use crate::plan::Hand;
use crate::transport::{Clock, Interrupt};
use camino::Utf8Path;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use std::io::Write as _;
use std::time::Duration;

/// A modem that can be served: it lives, it has hands, and it keeps a record.
pub trait Served {
    /// Its own time.
    fn now(&self) -> Duration;
    fn advance(&mut self, now: Duration);
    fn next_event(&self) -> Option<Duration>;
    /// A step asked for the operator's hands.
    fn asked(&mut self, _step: &str) {}
    fn hand(&mut self, _hand: Hand) {}
    /// Entries of its record from a number on, one JSON object each.
    fn records_from(&self, _first: usize) -> Vec<String> {
        Vec::new()
    }
    /// Its state, for people.
    fn summary(&self) -> String {
        String::new()
    }
}

/// How it is served, wherever that is.
#[derive(Debug)]
pub struct Terms<'a> {
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
    #[error(transparent)]
    Vhci(#[from] VhciError),
    /// The host said something that nobody can go on after.
    #[error("the kernel does not speak USB/IP as expected: {0}")]
    Host(Fault),
    #[error("somebody detached the simulated modem from the virtual USB host controller")]
    Detached,
    #[error("cannot speak with the kernel: {0}")]
    Socket(std::io::Error),
    #[error("cannot wait for programs: {0}")]
    Wait(std::io::Error),
    #[error("cannot write the log: {0}")]
    Log(std::io::Error),
}

/// Longest sleep: signals that came in between are seen then.
const LOOK_AROUND: Duration = Duration::from_millis(250);
/// Shortest sleep, so that a modem that is late does not make us spin.
const BREATH: Duration = Duration::from_micros(100);

/// Where the modem's bytes go.
trait Way<M: ?Sized> {
    /// Becomes what the modem shows now; `time` is that of the clock.
    fn follow(
        &mut self,
        modem: &mut M,
        time: Duration,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), Error>;
    fn move_bytes(&mut self, modem: &mut M) -> Result<(), Error>;
    /// Adds what can wake us, and says how long we may sleep at most.
    fn wants<'a>(&'a self, wanted: &mut Vec<PollFd<'a>>) -> Duration;
    /// Nothing is shown any more.
    fn take_down(&mut self, modem: &mut M, say: &mut dyn FnMut(&str)) -> Result<(), Error>;
}

/// Serves until a person wishes to stop or says so. `say` gets lines for people.
fn serve<M: Served + ?Sized>(
    modem: &mut M,
    way: &mut dyn Way<M>,
    terms: &Terms<'_>,
    clock: &dyn Clock,
    say: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let mut serving = Serving {
        terms,
        log: terms.log.map(open_log).transpose()?,
        logged: 0,
        console: Console::new(terms.console),
        say,
    };
    let result = serving.run(modem, way, clock);
    let gone = way.take_down(modem, serving.say);
    result.and(gone)
}

fn open_log(path: &Utf8Path) -> Result<files::Output, Error> {
    let folder = Root::create(path.parent().unwrap_or(Utf8Path::new("")))?;
    Ok(folder.append(Utf8Path::new(path.file_name().unwrap_or(path.as_str())))?)
}

struct Serving<'a> {
    terms: &'a Terms<'a>,
    log: Option<files::Output>,
    logged: usize,
    console: Console<'a>,
    say: &'a mut dyn FnMut(&str),
}

impl Serving<'_> {
    fn run<M: Served + ?Sized>(
        &mut self,
        modem: &mut M,
        way: &mut dyn Way<M>,
        clock: &dyn Clock,
    ) -> Result<(), Error> {
        let start = (modem.now(), clock.now());
        while !self.terms.stop.wished() {
            let time = clock.now();
            let passed = time.saturating_sub(start.1);
            let now = start.0 + passed.saturating_mul(self.terms.speed);
            modem.advance(now);
            if self.obey(modem) == Flow::Stop {
                return Ok(());
            }
            way.follow(modem, time, self.say)?;
            way.move_bytes(modem)?;
            self.write_log(modem)?;
            self.wait(modem, way, now)?;
        }
        Ok(())
    }

    fn obey<M: Served + ?Sized>(&mut self, modem: &mut M) -> Flow {
        for order in self.console.orders(self.terms.steps) {
            match order {
                Order::Quit => return Flow::Stop,
                Order::State => (self.say)(&modem.summary()),
                Order::Hand(hand) => modem.hand(hand),
                Order::Step(step) => modem.asked(&step),
                Order::Unknown(text) => (self.say)(&console::help(&text, self.terms.steps)),
            }
        }
        Flow::Go
    }

    fn write_log<M: Served + ?Sized>(&mut self, modem: &M) -> Result<(), Error> {
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
    fn wait<M: Served + ?Sized>(
        &self,
        modem: &M,
        way: &dyn Way<M>,
        now: Duration,
    ) -> Result<(), Error> {
        let mut wanted = Vec::new();
        if let Some(console) = self.console.descriptor() {
            wanted.push(PollFd::from_borrowed_fd(console, PollFlags::IN));
        }
        let longest = way.wants(&mut wanted).min(LOOK_AROUND);
        let event = modem.next_event();
        let time = event.map_or(longest, |due| {
            due.saturating_sub(now) / self.terms.speed.max(1)
        });
        let time = Timespec::try_from(time.clamp(BREATH, longest.max(BREATH))).ok();
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
