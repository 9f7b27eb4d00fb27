//! One modem during a run: its mode, and the drivers on its open ports.
//!
//! The mode is observed, never remembered: a port that was opened before the modem left the bus is closed as soon
//! as that is seen.

use super::bus::Notice;
use super::identity::Chip;
use super::{Bus, LookError, Role, Sighting, UsbIdentity, identity};
use crate::driver::at::At;
use crate::driver::diag::Diag;
use crate::driver::dload::{self, Dload};
use crate::driver::fastboot::Fastboot;
use crate::driver::firehose::{self, Firehose};
use crate::driver::sahara::{self, FirstBytes};
use crate::plan::{Mode, Profile, TransportName};
use crate::transport::{self, Clock, Deadline, Interrupt, Port};
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at the bus.
const LOOK: Duration = Duration::from_millis(250);
/// How long the bulk pair may be silent before the programmer is asked whether it runs (protocols.md §5.6).
const FIRST_BYTES: Duration = Duration::from_secs(2);
/// How long what is no word of any protocol is read away: at the slowest rate that was ever measured (3.83 MB/s, protocols.md
/// §7.1) that is the rest of a read of the largest partition.
const REST: Duration = Duration::from_secs(30);
/// Behind the rest of a read nothing comes.
const QUIET: Duration = Duration::from_millis(300);
/// How long a port may take to answer `AT` before the firmware counts as not up yet.
const ANSWER: Duration = Duration::from_secs(1);

/// What a look at the modem says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub mode: Mode,
    /// Why, for people.
    pub evidence: String,
    pub certainty: Certainty,
}

/// Whether the modem itself told its mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    Told,
    /// A port by hand says nothing, or nothing that is known: EDL or a dump whose HELLO was read by somebody else, or a
    /// programmer that counts bytes of an image. Nothing may be built on it; a modem that is powered anew says what it is.
    Guessed,
}

/// Why the session cannot give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("cannot look for the modem: {0}")]
    Look(LookError),
    #[error("cannot open the {role} port: {error}")]
    Open { role: Role, error: transport::Error },
    #[error("the modem has no {0} port now")]
    NoPort(Role),
    #[error("no programmer runs on the modem")]
    NoProgrammer,
    #[error("the programmer does not answer: {0}")]
    Programmer(String),
    #[error("no streaming loader runs on the modem")]
    NoLoader,
    #[error("the streaming loader does not answer: {0}")]
    Loader(String),
    #[error("the modem was waited for in {wanted} for {}, but it is in {seen}: {evidence}", seconds(*.waited))]
    NotSeen {
        wanted: Mode,
        waited: Duration,
        seen: Mode,
        evidence: String,
    },
    #[error("stopped by a person")]
    Interrupted,
}

/// One modem during a run.
pub struct Session {
    bus: Box<dyn Bus>,
    clock: Arc<dyn Clock>,
    interrupt: Interrupt,
    profile: Arc<Profile>,
    arrival: Option<u64>,
    pinned: Option<String>,
    chip: Option<Chip>,
    at: Option<At>,
    diag: Option<Diag>,
    fastboot: Option<Fastboot>,
    /// The firmware has answered since the modem arrived.
    answered: bool,
    bulk: Bulk,
}

/// The bulk pair of the boot ROM, the programmer or the streaming loader.
enum Bulk {
    Closed,
    /// Open, its first bytes seen and pushed back.
    Known(Port, Observed),
    /// Lent to the Sahara driver.
    Lent,
    /// Open, and its next words are not seen yet.
    Open(Port),
    Programmer(Box<Firehose>),
    Loader(Box<Dload>),
}

impl Session {
    pub fn new(
        bus: Box<dyn Bus>,
        clock: Arc<dyn Clock>,
        interrupt: Interrupt,
        profile: Arc<Profile>,
    ) -> Self {
        Self {
            bus,
            clock,
            interrupt,
            profile,
            arrival: None,
            pinned: None,
            chip: None,
            at: None,
            diag: None,
            fastboot: None,
            answered: false,
            bulk: Bulk::Closed,
        }
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// What came up on this computer since it was asked last.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.bus.notices()
    }

    /// The port path at which the modem was looked for last, where there are such.
    pub fn pinned(&self) -> Option<&str> {
        self.pinned.as_deref()
    }

    /// Which chip the modem showed at the last look, where its descriptors tell that.
    pub fn chip(&self) -> Option<&Chip> {
        self.chip.as_ref()
    }

    pub fn is_simulated(&self) -> bool {
        self.bus.is_simulated()
    }

    /// Tells hands that can hear it that a step asked for them.
    pub fn asked(&mut self, step: &str) {
        self.bus.asked(step);
    }

    /// Tells the simulated modem which step runs now, if any.
    pub fn entered(&mut self, step: Option<&str>) {
        self.bus.entered(step);
    }

    /// One look at the bus, no port opened.
    pub fn look(&mut self) -> Result<Sighting, Error> {
        let sighting = self.bus.look().map_err(Error::Look)?;
        self.pinned.clone_from(&sighting.pinned);
        self.chip = sighting.usb.as_ref().and_then(UsbIdentity::chip);
        if self.arrival != Some(sighting.arrival) || sighting.roles.is_empty() {
            self.forget();
            self.arrival = Some(sighting.arrival);
        }
        Ok(sighting)
    }

    /// The mode now. Opens the bulk pair where only its first bytes can tell, and gives those bytes back.
    pub fn observe(&mut self) -> Result<Observed, Error> {
        let sighting = self.look()?;
        match &sighting.usb {
            Some(usb) => match identity::recognise(usb, &self.profile) {
                Some(by) if by.mode == Mode::Edl => {
                    self.first_bytes(&by.evidence(usb), Certainty::Told)
                }
                Some(by) if sighting.roles.is_empty() => Ok(told(
                    Mode::Off,
                    format!("{}: no driver has given its ports a tty", by.evidence(usb)),
                )),
                Some(by) => Ok(told(by.mode, by.evidence(usb))),
                None => Ok(told(Mode::Off, self.no_state(usb))),
            },
            None if sighting.roles.is_empty() => Ok(told(Mode::Off, absence(&sighting))),
            None if sighting.roles.contains(&Role::Edl) => {
                self.first_bytes("the edl port", Certainty::Guessed)
            }
            None => self.firmware_answers(&sighting),
        }
    }

    /// What is at the modem's place is none of the profile's states; the table of ids may know it.
    fn no_state(&self, usb: &UsbIdentity) -> String {
        let title = &self.profile.title;
        match identity::known(usb) {
            Some(known) if known.row.state != identity::State::VendorGuess => format!(
                "{usb} is no known state of {title}: it is {} ({})",
                known.row.name(),
                known.row.state
            ),
            _ => format!("{usb} is no known state of {title}"),
        }
    }

    /// Ports given by hand show the running firmware only by its answers.
    fn firmware_answers(&mut self, sighting: &Sighting) -> Result<Observed, Error> {
        if !self.answered {
            let deadline = Deadline::after(self.clock.now(), ANSWER);
            self.answered = if sighting.roles.contains(&Role::At) {
                self.at()?.ask("AT", deadline).is_ok()
            } else {
                self.diag()?.build(deadline).is_ok()
            };
            if !self.answered {
                // The port may have gone with what was on it.
                self.at = None;
                self.diag = None;
                let waited = seconds(ANSWER);
                return Ok(told(
                    Mode::Off,
                    format!(
                        "the ports are there, but the firmware does not answer within {waited}"
                    ),
                ));
            }
        }
        Ok(told(Mode::Normal, "the firmware answers on its port"))
    }

    /// `silence`: what a bulk pair without a word comes to.
    fn first_bytes(&mut self, place: &str, silence: Certainty) -> Result<Observed, Error> {
        match &self.bulk {
            Bulk::Programmer(_) => {
                return Ok(told(
                    Mode::Firehose,
                    format!("{place}, and the programmer that was loaded"),
                ));
            }
            Bulk::Loader(_) => {
                return Ok(told(
                    Mode::Dload,
                    format!("{place}, and the streaming loader that was loaded"),
                ));
            }
            Bulk::Known(_, observed) => return Ok(observed.clone()),
            Bulk::Closed | Bulk::Lent | Bulk::Open(_) => {}
        }
        let mut port = match std::mem::replace(&mut self.bulk, Bulk::Closed) {
            Bulk::Open(port) => port,
            _ => self.open(Role::Edl)?,
        };
        let deadline = port.within(FIRST_BYTES);
        let first = match sahara::identify(&mut port, deadline) {
            Ok(first) => first,
            Err(transport::Error::Interrupted) => return Err(Error::Interrupted),
            Err(error) => {
                return Ok(told(Mode::Off, format!("{place} went away: {error}")));
            }
        };
        // A programmer whose host was killed while it read sends on, and hears nothing before all of it was taken.
        if first == FirstBytes::Other {
            let deadline = port.within(REST);
            match port.drain_until_quiet(QUIET, deadline) {
                Ok(()) => {}
                Err(transport::Error::Interrupted) => return Err(Error::Interrupted),
                Err(error) => return Ok(told(Mode::Off, format!("{place} went away: {error}"))),
            }
        }
        let silent = matches!(first, FirstBytes::Silent | FirstBytes::Other);
        let deadline = port.within(FIRST_BYTES);
        if silent && firehose::answers(&mut port, deadline).unwrap_or(false) {
            let observed = told(Mode::Firehose, format!("{place}: a programmer answers"));
            self.bulk = Bulk::Known(port, observed.clone());
            return Ok(observed);
        }
        // Asked of those models alone that have such loaders: a boot ROM that hears it may fall silent.
        let deadline = port.within(FIRST_BYTES);
        if silent && self.has_loaders() && dload::answers(&mut port, deadline).unwrap_or(false) {
            let observed = told(Mode::Dload, format!("{place}: a streaming loader answers"));
            self.bulk = Bulk::Known(port, observed.clone());
            return Ok(observed);
        }
        let (mode, what) = match first {
            FirstBytes::Hello {
                mode: crate::protocol::sahara::Mode::MemoryDebug,
            } => (Mode::Ramdump, "Sahara says memory debug"),
            FirstBytes::Hello { .. } => (Mode::Edl, "Sahara says HELLO"),
            FirstBytes::Firehose => (Mode::Firehose, "a programmer answers"),
            FirstBytes::StaleSahara => (Mode::Edl, "Sahara is in the middle of something"),
            FirstBytes::Silent => (
                Mode::Edl,
                "it is silent for 2 s and answers no command: somebody else has read its HELLO, or a programmer waits for the rest of an image",
            ),
            FirstBytes::Hdlc if self.has_loaders() => (Mode::Dload, "a streaming loader speaks"),
            FirstBytes::Hdlc => (Mode::Edl, "its first bytes are not known"),
            FirstBytes::Other => (
                Mode::Edl,
                "its first bytes are not known, and it answers no command behind them",
            ),
        };
        let observed = Observed {
            mode,
            evidence: format!("{place}: {what}"),
            certainty: if silent { silence } else { Certainty::Told },
        };
        self.bulk = Bulk::Known(port, observed.clone());
        Ok(observed)
    }

    /// Waits until the modem is seen in a mode.
    pub fn wait_for(&mut self, wanted: Mode, deadline: Deadline) -> Result<Observed, Error> {
        let since = self.clock.now();
        loop {
            let observed = match self.observe() {
                // A port that vanished between the look and the opening is no reason to give up.
                Err(error @ (Error::Open { .. } | Error::NoPort(_))) => {
                    told(Mode::Off, error.to_string())
                }
                other => other?,
            };
            if observed.mode == wanted && observed.certainty == Certainty::Told {
                return Ok(observed);
            }
            if deadline.passed(self.clock.now()) {
                return Err(Error::NotSeen {
                    wanted,
                    waited: self.clock.now().saturating_sub(since),
                    seen: observed.mode,
                    evidence: observed.evidence,
                });
            }
            self.pause(deadline)?;
        }
    }

    /// Waits until what is on the bus changes: hands have done something.
    pub fn wait_for_change(&mut self, deadline: Deadline) -> Result<bool, Error> {
        let before = self.look()?;
        loop {
            self.pause(deadline)?;
            let now = self.look()?;
            if now.differs_from(&before) {
                return Ok(true);
            }
            if deadline.passed(self.clock.now()) {
                return Ok(false);
            }
        }
    }

    fn pause(&mut self, deadline: Deadline) -> Result<(), Error> {
        if self.interrupt.at_safe_point() {
            return Err(Error::Interrupted);
        }
        let now = self.clock.now();
        let time = LOOK.min(deadline.left(now)).max(Duration::from_millis(1));
        self.bus.pause(&*self.clock, time);
        Ok(())
    }

    /// The AT port, opened where it is not.
    pub fn at(&mut self) -> Result<&mut At, Error> {
        let at = match self.at.take() {
            Some(at) => at,
            None => At::new(self.open(Role::At)?),
        };
        Ok(self.at.insert(at))
    }

    /// The DIAG port, opened where it is not.
    pub fn diag(&mut self) -> Result<&mut Diag, Error> {
        let diag = match self.diag.take() {
            Some(diag) => diag,
            None => Diag::new(self.open(Role::Diag)?),
        };
        Ok(self.diag.insert(diag))
    }

    /// The boot loader, its port opened where it is not. One that is out of step stays so until the modem has left.
    pub fn fastboot(&mut self) -> Result<&mut Fastboot, Error> {
        let fastboot = match self.fastboot.take() {
            Some(fastboot) => fastboot,
            None => Fastboot::new(self.open(Role::Fastboot)?),
        };
        Ok(self.fastboot.insert(fastboot))
    }

    /// Lends the bulk pair to the Sahara driver, first bytes included.
    pub fn lend_bulk(&mut self) -> Result<Port, Error> {
        match std::mem::replace(&mut self.bulk, Bulk::Lent) {
            Bulk::Known(port, _) | Bulk::Open(port) => Ok(port),
            Bulk::Programmer(firehose) => Ok(firehose.into_port()),
            Bulk::Loader(loader) => Ok(loader.into_port()),
            Bulk::Closed | Bulk::Lent => self.open(Role::Edl),
        }
    }

    /// The bulk pair comes back from the Sahara driver with the boot ROM's next words in it: they come only once.
    pub fn give_back(&mut self, port: Port) {
        self.bulk = Bulk::Open(port);
    }

    /// From now on the modem is in Firehose.
    pub fn programmer_runs(&mut self, firehose: Firehose) {
        self.bulk = Bulk::Programmer(Box::new(firehose));
    }

    /// The running programmer; taken up where an earlier run left it.
    pub fn firehose(&mut self, deadline: Deadline) -> Result<&mut Firehose, Error> {
        if !matches!(self.bulk, Bulk::Programmer(_)) {
            let seen = self.observe()?;
            if seen.mode != Mode::Firehose {
                return Err(Error::NoProgrammer);
            }
            let port = self.lend_bulk()?;
            let firehose =
                Firehose::take_up(port, deadline).map_err(|e| Error::Programmer(e.to_string()))?;
            self.programmer_runs(firehose);
        }
        match &mut self.bulk {
            Bulk::Programmer(firehose) => Ok(firehose),
            _ => Err(Error::NoProgrammer),
        }
    }

    /// Whether the model has streaming loaders.
    fn has_loaders(&self) -> bool {
        let mut transports = self.profile.transports.iter();
        transports.any(|transport| transport.value == TransportName::Dload)
    }

    /// From now on a streaming loader runs.
    pub fn loader_runs(&mut self, loader: Dload) {
        self.bulk = Bulk::Loader(Box::new(loader));
    }

    /// The streaming loader that runs; taken up where an earlier run left it.
    pub fn dload(&mut self, deadline: Deadline) -> Result<&mut Dload, Error> {
        if !matches!(self.bulk, Bulk::Loader(_)) {
            let seen = self.observe()?;
            if seen.mode != Mode::Dload {
                return Err(Error::NoLoader);
            }
            let port = self.lend_bulk()?;
            let loader =
                Dload::take_up(port, deadline).map_err(|e| Error::Loader(e.to_string()))?;
            self.loader_runs(loader);
        }
        match &mut self.bulk {
            Bulk::Loader(loader) => Ok(loader),
            _ => Err(Error::NoLoader),
        }
    }

    /// Closes every port: the modem was told to restart, or has left.
    pub fn forget(&mut self) {
        self.at = None;
        self.diag = None;
        self.fastboot = None;
        self.answered = false;
        self.bulk = Bulk::Closed;
    }

    fn open(&mut self, role: Role) -> Result<Port, Error> {
        let sighting = self.bus.look().map_err(Error::Look)?;
        if !sighting.roles.contains(&role) {
            return Err(Error::NoPort(role));
        }
        self.arrival = Some(sighting.arrival);
        let transport = self
            .bus
            .open(role)
            .map_err(|error| Error::Open { role, error })?;
        Ok(Port::new(
            transport,
            self.clock.clone(),
            self.interrupt.clone(),
        ))
    }
}

/// Why nothing is there, and where something is that looks like it.
fn absence(sighting: &Sighting) -> String {
    let Some(pinned) = &sighting.pinned else {
        return "nothing is on the bus".to_owned();
    };
    match &sighting.elsewhere[..] {
        [] => format!("nothing is at usb {pinned}"),
        [first, ..] => {
            let all: Vec<String> = sighting.elsewhere.iter().map(ToString::to_string).collect();
            format!(
                "nothing is at usb {pinned}, where the modem belongs; what looks like it is not touched: {}. Plug it \
                 back, or begin anew with `--usb {}`",
                all.join(", "),
                first.path
            )
        }
    }
}

/// `10 s`, `0.5 s`.
fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

fn told(mode: Mode, evidence: impl Into<String>) -> Observed {
    Observed {
        mode,
        evidence: evidence.into(),
        certainty: Certainty::Told,
    }
}
