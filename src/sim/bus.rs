//! The simulated modem behind the engine's bus: in this process, in virtual time.
//!
//! Waiting is what makes time pass: a read that finds nothing, a write that the flash must swallow, and a sleep let
//! the modem live on until there is something, or until the time is over.

use super::{Gone, Modem, Wire};
use crate::modem::{Bus, LookError, Role, Sighting};
use crate::transport::memory::{FarEnd, Memory};
use crate::transport::{Clock, Error, Transport};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A bus with one simulated modem.
pub struct SimBus {
    modem: Arc<Mutex<Modem>>,
    /// Where it was seen first, as on a real bus: what comes back at another port is not known to be the same modem.
    pinned: Option<String>,
}

impl SimBus {
    /// The bus, the clock that its modem lives by, and the modem itself for whoever asks it afterwards.
    pub fn new(modem: Modem) -> (Self, Arc<dyn Clock>, Arc<Mutex<Modem>>) {
        let modem = Arc::new(Mutex::new(modem));
        let (bus, clock) = Self::on(&modem);
        (bus, clock, modem)
    }

    /// A bus, and its clock, on a modem that was there before: a run that goes on.
    pub fn on(modem: &Arc<Mutex<Modem>>) -> (Self, Arc<dyn Clock>) {
        let bus = Self {
            modem: Arc::clone(modem),
            pinned: None,
        };
        let clock = Arc::new(SimClock {
            modem: Arc::clone(modem),
        });
        (bus, clock)
    }
}

impl Bus for SimBus {
    fn look(&mut self) -> Result<Sighting, LookError> {
        let Some(presence) = lock(&self.modem).presence() else {
            return Ok(Sighting::default());
        };
        let pinned = self.pinned.get_or_insert_with(|| presence.usb.path.clone());
        if port(pinned) != port(&presence.usb.path) {
            return Ok(Sighting {
                pinned: Some(pinned.clone()),
                elsewhere: vec![presence.usb],
                ..Sighting::default()
            });
        }
        Ok(Sighting {
            usb: Some(presence.usb),
            roles: presence.wires.iter().map(|wire| role_of(*wire)).collect(),
            arrival: presence.arrival,
            ..Sighting::default()
        })
    }

    fn open(&mut self, role: Role) -> Result<Box<dyn Transport>, Error> {
        let wire = wire_of(role);
        let mut modem = lock(&self.modem);
        let presence = modem
            .presence()
            .filter(|presence| presence.wires.contains(&wire))
            .filter(|presence| {
                let pinned = self.pinned.as_deref();
                pinned.is_none_or(|pinned| port(&presence.usb.path) == port(pinned))
            })
            .ok_or(Error::Gone)?;
        modem.opened(wire);
        let far_end = SimPort {
            modem: Arc::clone(&self.modem),
            wire,
            arrival: presence.arrival,
        };
        let name = format!("simulated {}", name_of(wire));
        Ok(Box::new(Memory::new(Box::new(far_end), name)))
    }

    fn asked(&mut self, step: &str) {
        lock(&self.modem).asked(step);
    }

    fn entered(&mut self, step: Option<&str>) {
        lock(&self.modem).entered(step);
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

/// The clock of a simulated modem: it stands still unless somebody waits.
pub struct SimClock {
    modem: Arc<Mutex<Modem>>,
}

impl Clock for SimClock {
    fn now(&self) -> Duration {
        lock(&self.modem).now()
    }

    fn sleep(&self, time: Duration) {
        let mut modem = lock(&self.modem);
        let until = modem.now().saturating_add(time);
        modem.advance(until);
    }
}

/// One open port. It is gone for good once the modem has left, even if it came back.
struct SimPort {
    modem: Arc<Mutex<Modem>>,
    wire: Wire,
    arrival: u64,
}

impl SimPort {
    /// The modem, if it has not left since the port was opened.
    fn modem(&self) -> Result<MutexGuard<'_, Modem>, Error> {
        let modem = lock(&self.modem);
        self.check(&modem)?;
        Ok(modem)
    }

    fn check(&self, modem: &Modem) -> Result<(), Error> {
        match modem.presence() {
            Some(presence) if presence.arrival == self.arrival => Ok(()),
            _ => Err(Error::Gone),
        }
    }
}

impl FarEnd for SimPort {
    fn host_reads(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        let mut modem = self.modem()?;
        let deadline = modem.now().saturating_add(timeout);
        loop {
            let count = modem.read(self.wire, buffer).map_err(gone)?;
            if count > 0 {
                return Ok(count);
            }
            let now = modem.now();
            if now >= deadline {
                return Err(Error::Timeout);
            }
            let next = modem.next_event().filter(|next| *next > now);
            modem.advance(next.unwrap_or(deadline).min(deadline));
            self.check(&modem)?;
        }
    }

    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let mut modem = self.modem()?;
        let count = modem.write(self.wire, bytes).map_err(gone)?;
        // The endpoint takes no more until the flash has swallowed this.
        let until = modem.busy_until();
        if until > modem.now() {
            modem.advance(until);
        }
        Ok(count)
    }

    fn transfer_ended(&mut self) -> Result<(), Error> {
        let mut modem = self.modem()?;
        modem.transfer_ended(self.wire).map_err(gone)
    }
}

impl Drop for SimPort {
    /// Nothing is sent: the modem only hears that nobody listens any more.
    fn drop(&mut self) {
        let mut modem = lock(&self.modem);
        if self.check(&modem).is_ok() {
            modem.closed(self.wire);
        }
    }
}

fn lock(modem: &Mutex<Modem>) -> MutexGuard<'_, Modem> {
    // A panic elsewhere leaves the modem as it was; the test that caused it says so.
    modem.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone(_: Gone) -> Error {
    Error::Gone
}

/// The port of a path, without its bus: both buses of the simulated machine share their ports.
fn port(path: &str) -> &str {
    path.split_once('-').map_or(path, |(_, port)| port)
}

fn wire_of(role: Role) -> Wire {
    match role {
        Role::At => Wire::At,
        Role::Diag => Wire::Diag,
        Role::Edl => Wire::Edl,
        Role::Fastboot => Wire::Fastboot,
    }
}

fn role_of(wire: Wire) -> Role {
    match wire {
        Wire::At => Role::At,
        Wire::Diag => Role::Diag,
        Wire::Edl => Role::Edl,
        Wire::Fastboot => Role::Fastboot,
    }
}

fn name_of(wire: Wire) -> &'static str {
    match wire {
        Wire::At => "at",
        Wire::Diag => "diag",
        Wire::Edl => "edl",
        Wire::Fastboot => "fastboot",
    }
}
