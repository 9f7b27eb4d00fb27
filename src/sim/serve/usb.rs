//! The modem as a USB device of this machine.
//!
//! When it leaves it is unplugged, and what comes back is plugged into the same port, as a modem in its slot is. A
//! port needs a moment to become free again (usb-test-rig.md §10).

use super::{Error, LOOK_AROUND, Terms, Way, serve};
use crate::sim::usb::{Controller, Function, Hub, Port, Server, Speed, VhciError};
use crate::transport::Clock;
use rustix::event::{PollFd, PollFlags};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longest sleep while a device is plugged in: whoever shares it may have moved it.
const LOOK_AT_DEVICE: Duration = Duration::from_millis(20);
/// Between two looks at a port that must become free, and how long it may take.
const LOOK_AT_PORT: Duration = Duration::from_millis(5);
const PORT_PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that are read from the kernel at once.
const PIECE: usize = 256 * 1024;
/// While so many bytes wait for the kernel, nothing more is heard.
const MOST_UNSENT: usize = 1024 * 1024;

/// Serves on a port of the controller until a person wishes to stop or says so. `say` gets lines for people.
pub fn serve_usb(
    function: &mut dyn Function,
    controller: &mut dyn Controller,
    terms: &Terms<'_>,
    clock: &dyn Clock,
    say: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let mut slot = Slot {
        controller,
        place: None,
        attached: None,
        waiting_since: None,
        buffer: vec![0; PIECE],
    };
    serve(function, &mut slot, terms, clock, say)
}

/// One port of the machine, and what is plugged into it.
struct Slot<'c> {
    controller: &'c mut dyn Controller,
    /// The port's place on its hub, once it was chosen.
    place: Option<usize>,
    attached: Option<Attached>,
    /// The port is not free yet.
    waiting_since: Option<Duration>,
    buffer: Vec<u8>,
}

struct Attached {
    server: Server,
    socket: UnixStream,
    arrival: u64,
    name: String,
}

impl Slot<'_> {
    /// The port for this speed, if it is free. The first free place stays ours for good.
    fn port(&mut self, speed: Speed) -> Result<Option<u32>, VhciError> {
        let ports = self.controller.ports()?;
        let of = |hub| ports.iter().filter(move |port| port.hub == hub);
        let free = |hub, place| of(hub).nth(place).filter(|port: &&Port| port.free);
        let place = match self.place {
            Some(place) => place,
            None => (0..of(Hub::High).count())
                .find(|place| {
                    // A controller without a super-speed hub is told so when such a device comes.
                    let other = of(Hub::Super).nth(*place).is_none_or(|port| port.free);
                    free(Hub::High, *place).is_some() && other
                })
                .ok_or(VhciError::Full)?,
        };
        self.place = Some(place);
        let hub = match speed {
            Speed::High => Hub::High,
            Speed::Super => Hub::Super,
        };
        if of(hub).nth(place).is_none() {
            return Err(VhciError::Full);
        }
        Ok(free(hub, place).map(|port| port.number))
    }

    fn plug_in(
        &mut self,
        function: &mut dyn Function,
        arrival: u64,
        time: Duration,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), Error> {
        let Some(device) = function.device() else {
            return Ok(());
        };
        let known = self.place;
        let Some(port) = self.port(device.speed)? else {
            return self.keep_waiting(time);
        };
        let (socket, kernels) = UnixStream::pair().map_err(VhciError::Socket)?;
        socket.set_nonblocking(true).map_err(VhciError::Socket)?;
        match self.controller.attach(port, device.speed, kernels) {
            // Somebody was quicker between the look and the deed; a port that was not ours yet may be another one.
            Err(VhciError::Taken(_)) => {
                self.place = known;
                return self.keep_waiting(time);
            }
            attached => attached?,
        }
        self.waiting_since = None;
        let name = format!("{:04x}:{:04x}", device.vid, device.pid);
        say(&format!("{name} is plugged into virtual port {port}"));
        self.attached = Some(Attached {
            server: Server::new(device),
            socket,
            arrival,
            name,
        });
        Ok(())
    }

    /// The port is looked at again soon, but not for ever.
    fn keep_waiting(&mut self, time: Duration) -> Result<(), Error> {
        let since = *self.waiting_since.get_or_insert(time);
        if time.saturating_sub(since) > PORT_PATIENCE {
            let place = self.place.and_then(|place| u32::try_from(place).ok());
            return Err(VhciError::Stuck(place.unwrap_or_default()).into());
        }
        Ok(())
    }
}

impl<'f> Way<dyn Function + 'f> for Slot<'_> {
    fn follow(
        &mut self,
        function: &mut (dyn Function + 'f),
        time: Duration,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), Error> {
        let arrival = function.arrival();
        if self.attached.as_ref().map(|a| a.arrival) != arrival {
            self.take_down(function, say)?;
        }
        match arrival {
            Some(arrival) if self.attached.is_none() => self.plug_in(function, arrival, time, say),
            _ => Ok(()),
        }
    }

    fn move_bytes(&mut self, function: &mut (dyn Function + 'f)) -> Result<(), Error> {
        match &mut self.attached {
            Some(attached) => attached.move_bytes(function, &mut self.buffer),
            None => Ok(()),
        }
    }

    fn wants<'a>(&'a self, wanted: &mut Vec<PollFd<'a>>) -> Duration {
        let Some(attached) = &self.attached else {
            return if self.waiting_since.is_some() {
                LOOK_AT_PORT
            } else {
                LOOK_AROUND.min(LOOK_AT_DEVICE)
            };
        };
        let unsent = attached.server.said().len();
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, unsent < MOST_UNSENT);
        flags.set(PollFlags::OUT, unsent > 0);
        wanted.push(PollFd::from_borrowed_fd(attached.socket.as_fd(), flags));
        LOOK_AT_DEVICE
    }

    /// Closing the socket is unplugging.
    fn take_down(
        &mut self,
        _function: &mut (dyn Function + 'f),
        say: &mut dyn FnMut(&str),
    ) -> Result<(), Error> {
        if let Some(attached) = self.attached.take() {
            say(&format!("{} is gone", attached.name));
        }
        Ok(())
    }
}

impl Attached {
    fn move_bytes(&mut self, function: &mut dyn Function, buffer: &mut [u8]) -> Result<(), Error> {
        while self.server.said().len() < MOST_UNSENT {
            match self.socket.read(buffer) {
                Ok(0) => return Err(Error::Detached),
                Ok(count) => {
                    let bytes = buffer.get(..count).unwrap_or_default();
                    self.server.hear(bytes, function).map_err(Error::Host)?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(ended(error)),
            }
            self.server.pump(function);
            self.send()?;
        }
        self.server.pump(function);
        self.send()
    }

    fn send(&mut self) -> Result<(), Error> {
        while !self.server.said().is_empty() {
            match self.socket.write(self.server.said()) {
                Ok(count) => self.server.sent(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(ended(error)),
            }
        }
        Ok(())
    }
}

fn ended(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Error::Detached,
        _ => Error::Socket(error),
    }
}
