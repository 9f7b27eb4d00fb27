//! What mode the modem is in, from what it shows and says.

use super::error::seconds;
use super::{Bulk, Certainty, Error, Observed, Session, told};
use crate::driver::dload;
use crate::driver::firehose;
use crate::driver::sahara::{self, FirstBytes};
use crate::modem::{Role, Sighting, UsbIdentity, identity};
use crate::plan::{Mode, TransportName};
use crate::transport::{self, Deadline};
use std::time::Duration;

/// How long the bulk pair may be silent before the programmer is asked whether it runs (protocols.md §5.6).
const FIRST_BYTES: Duration = Duration::from_secs(2);
/// Behind the rest of a read nothing comes.
const QUIET: Duration = Duration::from_millis(300);
/// How long a port may take to answer `AT` before the firmware counts as not up yet.
const ANSWER: Duration = Duration::from_secs(1);

impl Session {
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
            let deadline = port.within(firehose::REST);
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

    /// Whether the model has streaming loaders.
    fn has_loaders(&self) -> bool {
        let mut transports = self.profile.transports.iter();
        transports.any(|transport| transport.value == TransportName::Dload)
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
