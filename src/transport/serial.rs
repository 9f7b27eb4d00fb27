//! Serial ports: the ttys of a running modem, and ptys of the simulated one (dependencies.md §1.4).

use super::{Error, Transport};
use camino::Utf8Path;
use rustix::fs::{Mode, OFlags};
use serialport::{DataBits, ErrorKind, FlowControl, Parity, SerialPort, StopBits};
use std::io;
use std::time::Duration;

/// Has no meaning over USB, but a tty wants one (protocols.md §3).
const BAUD: u32 = 115_200;
/// EIO: what Linux says of a tty whose USB modem left, and of a pty whose other end closed.
const EIO: i32 = 5;

/// Opens a tty raw, without flow control, for this process alone.
///
/// Settings are never read back: the `option` driver ignores them. Modem lines are left alone, for ptys have none.
pub fn open(path: &Utf8Path) -> Result<Box<dyn Transport>, Error> {
    let port = serialport::new(path.as_str(), BAUD)
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .timeout(Duration::ZERO)
        .open()
        .map_err(|error| match error.kind {
            ErrorKind::NoDevice => Error::Open(format!("`{path}` is not there or in use: {error}")),
            _ if is_no_tty(path) => Error::Open(format!("`{path}` {}", no_tty(path))),
            _ => Error::Open(format!("`{path}`: {error}")),
        })?;
    Ok(Box::new(Serial {
        port,
        path: path.to_string(),
    }))
}

/// Whether it can be opened, and has no settings of a terminal.
fn is_no_tty(path: &Utf8Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path.as_str(), flags, Mode::empty());
    opened.is_ok_and(|file| !rustix::termios::isatty(file))
}

fn no_tty(path: &Utf8Path) -> &'static str {
    let name = path.file_name().unwrap_or_default();
    let is_wwan = name.strip_prefix("wwan");
    if is_wwan.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return "is a WWAN port: modems on PCI Express are listed, and cannot be spoken with yet";
    }
    "is no tty"
}

struct Serial {
    port: Box<dyn SerialPort>,
    path: String,
}

impl Serial {
    fn wait_up_to(&mut self, timeout: Duration) -> Result<(), Error> {
        self.port
            .set_timeout(timeout)
            .map_err(|e| Error::Io(e.to_string()))
    }
}

impl Transport for Serial {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        self.wait_up_to(timeout)?;
        moved(self.port.read(buffer))
    }

    fn write(&mut self, bytes: &[u8], timeout: Duration) -> Result<usize, Error> {
        self.wait_up_to(timeout)?;
        moved(self.port.write(bytes))
    }

    fn name(&self) -> String {
        self.path.clone()
    }
}

/// After an unplug a read gives nothing at once, again and again (esp-rs/espmonitor#12): that is the end.
pub(super) fn moved(result: io::Result<usize>) -> Result<usize, Error> {
    match result {
        Ok(0) => Err(Error::Gone),
        Ok(count) => Ok(count),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {
                Error::Timeout
            }
            io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected
            | io::ErrorKind::NotFound
            | io::ErrorKind::UnexpectedEof => Error::Gone,
            _ if error.raw_os_error() == Some(EIO) => Error::Gone,
            _ => Error::Io(error.to_string()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    #[test]
    fn bytes_move_over_a_pty_and_a_closed_end_is_gone() {
        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&far).unwrap();
        unlockpt(&far).unwrap();
        let path = ptsname(&far, Vec::new()).unwrap();
        let mut near = open(Utf8Path::new(path.to_str().unwrap())).unwrap();
        assert_eq!(near.read(&mut [0; 4], Duration::ZERO), Err(Error::Timeout));
        assert_eq!(near.write(b"AT\r", Duration::from_secs(5)), Ok(3));
        let mut heard = [0; 8];
        assert_eq!(rustix::io::read(&far, &mut heard).unwrap(), 3);
        // Raw: nothing is echoed, and no byte is changed.
        rustix::io::write(&far, b"\x7e\x03\r\n").unwrap();
        let mut answer = [0; 8];
        assert_eq!(near.read(&mut answer, Duration::from_secs(5)), Ok(4));
        assert_eq!(&answer[..4], b"\x7e\x03\r\n");
        drop(far);
        assert_eq!(
            near.read(&mut answer, Duration::from_secs(5)),
            Err(Error::Gone)
        );
    }

    #[test]
    fn what_is_no_tty_is_told_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let wwan = folder.join("wwan0at0");
        std::os::unix::fs::symlink("/dev/null", &wwan).unwrap();
        for (path, says) in [
            (Utf8Path::new("/dev/null"), "`/dev/null` is no tty"),
            (folder, "is no tty"),
            (&wwan, "wwan0at0` is a WWAN port"),
        ] {
            let told = open(path).err().map(|error| error.to_string());
            assert!(told.as_ref().is_some_and(|t| t.contains(says)), "{told:?}");
        }
    }

    #[test]
    fn a_port_that_is_not_there_is_told() {
        assert!(matches!(
            open(Utf8Path::new("/dev/no-such-tty")),
            Err(Error::Open(_))
        ));
    }
}
