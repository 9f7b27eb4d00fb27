//! The modem on pseudo-terminals.
//!
//! `at`, `diag` and `edl` in a folder point to the terminals of the wires that the modem shows now; they vanish when
//! it leaves, and what was open then reads as gone. Only while a program has a terminal open do bytes leave the
//! modem, so that none is lost before. A terminal has no packets: a zero-length packet does not exist here.

use super::pty::Pty;
use super::{Error, LOOK_AROUND, Served, Terms, Way, serve};
use crate::files::Root;
use crate::sim::Wire;
use crate::transport::Clock;
use camino::Utf8Path;
use rustix::event::{PollFd, PollFlags};
use std::time::Duration;

/// A modem whose wires are streams of bytes.
pub trait Wired: Served {
    /// What is on the bus; `None` while nothing is.
    fn shown(&self) -> Option<Shown>;
    /// Bytes from the host; how many were taken. Zero where the wire is gone or busy.
    fn write(&mut self, wire: Wire, bytes: &[u8]) -> usize;
    /// Bytes for the host; zero where there are none.
    fn read(&mut self, wire: Wire, buffer: &mut [u8]) -> usize;
    fn opened(&mut self, wire: Wire);
    fn closed(&mut self, wire: Wire);
}

/// The wires that are on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub wires: Vec<Wire>,
    /// Changes whenever the modem left and came back.
    pub arrival: u64,
}

/// Longest sleep while a terminal is closed: the kernel cannot be asked to wake us when it is opened.
const LOOK_FOR_PROGRAM: Duration = Duration::from_millis(20);

/// Serves on terminals, with links to them in a folder that is made where missing, until a person wishes to stop or
/// says so. `say` gets lines for people.
pub fn serve_ptys(
    modem: &mut dyn Wired,
    folder: &Utf8Path,
    terms: &Terms<'_>,
    clock: &dyn Clock,
    say: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let mut ptys = Ptys {
        folder: Root::create(folder)?,
        arrival: None,
        links: Vec::new(),
    };
    ptys.clear_stale()?;
    serve(modem, &mut ptys, terms, clock, say)
}

struct Ptys {
    folder: Root,
    arrival: Option<u64>,
    links: Vec<Link>,
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

impl Ptys {
    /// Links of a simulated modem that was killed lead to terminals that are somebody else's by now.
    fn clear_stale(&self) -> Result<(), Error> {
        for wire in [Wire::At, Wire::Diag, Wire::Edl] {
            self.folder.remove_link(Utf8Path::new(name(wire)))?;
        }
        Ok(())
    }
}

impl<'m> Way<dyn Wired + 'm> for Ptys {
    /// Makes the terminals those of the wires that are on the bus now.
    fn follow(
        &mut self,
        modem: &mut (dyn Wired + 'm),
        _time: Duration,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), Error> {
        let shown = modem.shown();
        let arrival = shown.as_ref().map(|shown| shown.arrival);
        let mut wires = shown.map_or(Vec::new(), |shown| shown.wires);
        // A terminal has no packets, and replies of fastboot are told apart by nothing else.
        wires.retain(|wire| *wire != Wire::Fastboot);
        let same = |links: &[Link]| links.iter().map(|link| link.wire).eq(wires.iter().copied());
        if arrival == self.arrival && same(&self.links) {
            return Ok(());
        }
        self.take_down(modem, say)?;
        self.arrival = arrival;
        for wire in wires {
            let pty = Pty::open().map_err(|errno| Error::Terminal(errno.into()))?;
            self.folder.link(Utf8Path::new(name(wire)), pty.path())?;
            say(&format!(
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

    fn move_bytes(&mut self, modem: &mut (dyn Wired + 'm)) -> Result<(), Error> {
        for link in &mut self.links {
            link.move_bytes(modem);
        }
        Ok(())
    }

    fn wants<'a>(&'a self, wanted: &mut Vec<PollFd<'a>>) -> Duration {
        let mut longest = LOOK_AROUND;
        for link in &self.links {
            // A closed terminal always reports a hang-up, which would wake us for nothing.
            if !link.open || !link.to_modem.is_empty() {
                longest = LOOK_FOR_PROGRAM;
            }
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, link.to_modem.is_empty());
            flags.set(PollFlags::OUT, !link.to_host.is_empty());
            if link.open && !flags.is_empty() {
                wanted.push(PollFd::from_borrowed_fd(link.pty.master(), flags));
            }
        }
        longest
    }

    fn take_down(
        &mut self,
        modem: &mut (dyn Wired + 'm),
        say: &mut dyn FnMut(&str),
    ) -> Result<(), Error> {
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
            say(&format!("{} is gone", self.folder.path().join(path)));
        }
        self.arrival = None;
        result
    }
}

impl Link {
    fn move_bytes(&mut self, modem: &mut dyn Wired) {
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
        Wire::Fastboot => "fastboot",
    }
}
