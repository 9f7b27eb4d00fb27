//! A connection to a bus. What the bus binds to it ends with it.

use super::message::{self, Argument, Call};
use crate::files;
use crate::transport::{Clock as _, Deadline, SystemClock};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long a bus may take for the greeting, and for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest line of the greeting.
const MAX_LINE: usize = 4096;

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The service, or the bus in its place, says no.
    #[error("{name}: {text}")]
    Answer { name: String, text: String },
    #[error("{0}")]
    NoBus(String),
    #[error("the bus does not answer within {PATIENCE:?}")]
    Silent,
}

/// An open connection; closing it is what tells the bus that we are gone.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: UnixStream,
    clock: SystemClock,
    serial: u32,
    heard: Vec<u8>,
}

impl Connection {
    /// Connects to the first address of a list such as `unix:path=/run/dbus/system_bus_socket` that answers.
    pub(crate) fn open(addresses: &str) -> Result<Self, Error> {
        let mut last = Error::NoBus("no address of a bus".to_owned());
        for address in addresses.split(';').filter(|address| !address.is_empty()) {
            match Self::open_one(address) {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn open_one(address: &str) -> Result<Self, Error> {
        let no_bus = |error: &dyn std::fmt::Display| Error::NoBus(format!("`{address}`: {error}"));
        let socket = socket_address(address)
            .ok_or_else(|| no_bus(&"no Unix socket"))?
            .map_err(|error| no_bus(&error))?;
        // A queue that is full would make connecting wait.
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let stream = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .and_then(|fd| rustix::net::connect(&fd, &socket).map(|()| fd))
            .map(UnixStream::from)
            .map_err(|error| no_bus(&error))?;
        stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
            .map_err(|error| no_bus(&error))?;
        let mut connection = Self {
            stream,
            clock: SystemClock::start(),
            serial: 0,
            heard: Vec::new(),
        };
        connection.greet()?;
        Ok(connection)
    }

    /// Calls a method and returns the text of its answer, if that begins with one.
    pub(crate) fn call(
        &mut self,
        destination: &str,
        path: &str,
        interface: &str,
        member: &str,
        arguments: &[Argument<'_>],
    ) -> Result<Option<String>, Error> {
        let call = Call {
            destination,
            path,
            interface,
            member,
            arguments,
        };
        self.serial = self.serial.wrapping_add(1).max(1);
        let serial = self.serial;
        self.send(&call.bytes(serial))?;
        let deadline = self.deadline();
        loop {
            let message = self.next(deadline)?;
            if message.reply_to != Some(serial) {
                continue;
            }
            return match message.kind {
                message::METHOD_RETURN => Ok(message.text),
                message::ERROR => Err(Error::Answer {
                    name: message.error.unwrap_or_default(),
                    text: message.text.unwrap_or_default(),
                }),
                _ => continue,
            };
        }
    }

    /// Calls a method of the bus itself.
    pub(crate) fn ask_bus(
        &mut self,
        member: &str,
        arguments: &[Argument<'_>],
    ) -> Result<Option<String>, Error> {
        const BUS: &str = "org.freedesktop.DBus";
        self.call(BUS, "/org/freedesktop/DBus", BUS, member, arguments)
    }

    /// Who we are is told by the socket itself (SASL mechanism EXTERNAL).
    fn greet(&mut self) -> Result<(), Error> {
        let user = rustix::process::geteuid().as_raw().to_string();
        let hex = files::hex(user.as_bytes());
        self.send(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        let deadline = self.deadline();
        let end = loop {
            if let Some(end) = self.heard.windows(2).position(|two| two == b"\r\n") {
                break end;
            }
            if self.heard.len() > MAX_LINE {
                return Err(no_sense());
            }
            self.hear(deadline)?;
        };
        let line: Vec<u8> = self.heard.drain(..end + 2).collect();
        if !line.starts_with(b"OK") {
            return Err(Error::NoBus("the bus does not let this user in".to_owned()));
        }
        self.send(b"BEGIN\r\n")?;
        self.ask_bus("Hello", &[]).map(drop)
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.clock.now(), PATIENCE)
    }

    fn next(&mut self, deadline: Deadline) -> Result<message::Message, Error> {
        loop {
            if let Some((message, length)) = message::parse(&self.heard).map_err(|_| no_sense())? {
                self.heard.drain(..length);
                return Ok(message);
            }
            self.hear(deadline)?;
        }
    }

    fn hear(&mut self, deadline: Deadline) -> Result<(), Error> {
        use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        let left = deadline.left(self.clock.now());
        if left.is_zero() {
            return Err(Error::Silent);
        }
        let mut buffer = [0; 4096];
        let heard = self
            .stream
            .set_read_timeout(Some(left))
            .and_then(|()| self.stream.read(&mut buffer));
        match heard {
            Ok(0) => Err(Error::NoBus("the bus closed the connection".to_owned())),
            Ok(count) => {
                self.heard.extend(&buffer[..count]);
                Ok(())
            }
            Err(error) => match error.kind() {
                Interrupted => Ok(()),
                TimedOut | WouldBlock => Err(Error::Silent),
                _ => Err(Error::NoBus(error.to_string())),
            },
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let sent = self.stream.write_all(bytes);
        sent.map_err(|error| Error::NoBus(error.to_string()))
    }
}

fn no_sense() -> Error {
    Error::NoBus("what the bus says is no D-Bus".to_owned())
}

/// `None` where an address is of another kind than a Unix socket.
fn socket_address(address: &str) -> Option<Result<SocketAddrUnix, rustix::io::Errno>> {
    let pairs = address.strip_prefix("unix:")?;
    pairs
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| match key {
            "path" => Some(SocketAddrUnix::new(unescaped(value))),
            "abstract" => Some(SocketAddrUnix::new_abstract_name(&unescaped(value))),
            _ => None,
        })
}

/// `%20` and the like, as addresses write what has a meaning in them.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let digits = more.get(..2).filter(|_| *first == b'%');
        let byte = digits
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &more[2..] } else { more };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    fn listener() -> (tempfile::TempDir, UnixListener, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a bus");
        let listener = UnixListener::bind(&path).unwrap();
        let address = format!("unix:path={}", path.to_str().unwrap().replace(' ', "%20"));
        (folder, listener, address)
    }

    #[test]
    fn a_bus_that_says_nothing_is_given_up() {
        let (_folder, _listener, address) = listener();
        assert_eq!(Connection::open(&address).unwrap_err(), Error::Silent);
    }

    #[test]
    fn a_bus_that_closes_is_told() {
        let (_folder, listener, address) = listener();
        let closing = std::thread::spawn(move || drop(listener.accept()));
        assert!(matches!(Connection::open(&address), Err(Error::NoBus(_))));
        closing.join().unwrap();
    }

    #[test]
    fn an_address_without_a_bus_is_told() {
        for address in ["", "tcp:host=x", "unix:path=/nowhere/bus", "unix:tmpdir=/x"] {
            assert!(
                matches!(Connection::open(address), Err(Error::NoBus(_))),
                "{address}"
            );
        }
    }
}
