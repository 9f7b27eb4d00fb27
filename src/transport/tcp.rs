//! A modem's port behind TCP: the simulated modem, or a serial port server.

use super::serial::moved;
use super::{Error, Transport};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long one address is tried.
const CONNECT: Duration = Duration::from_secs(5);

/// Connects to `host:port`.
pub fn open(host_port: &str) -> Result<Box<dyn Transport>, Error> {
    let because = |reason: String| Error::Open(format!("`tcp:{host_port}`: {reason}"));
    let addresses = host_port
        .to_socket_addrs()
        .map_err(|e| because(e.to_string()))?;
    let mut last = because("the name has no address".to_owned());
    for address in addresses {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(stream) => {
                // Requests are small and waited for; holding them back would only cost time.
                stream
                    .set_nodelay(true)
                    .map_err(|e| because(e.to_string()))?;
                return Ok(Box::new(Tcp {
                    stream,
                    name: format!("tcp:{host_port}"),
                }));
            }
            Err(error) => last = because(error.to_string()),
        }
    }
    Err(last)
}

struct Tcp {
    stream: TcpStream,
    name: String,
}

/// The operating system takes zero as "for ever".
fn at_least_a_moment(timeout: Duration) -> Duration {
    timeout.max(Duration::from_millis(1))
}

impl Transport for Tcp {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        self.stream
            .set_read_timeout(Some(at_least_a_moment(timeout)))
            .map_err(|e| Error::Io(e.to_string()))?;
        moved(self.stream.read(buffer))
    }

    fn write(&mut self, bytes: &[u8], timeout: Duration) -> Result<usize, Error> {
        self.stream
            .set_write_timeout(Some(at_least_a_moment(timeout)))
            .map_err(|e| Error::Io(e.to_string()))?;
        moved(self.stream.write(bytes))
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn bytes_move_both_ways_and_a_closed_end_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = open(&listener.local_addr().unwrap().to_string()).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        assert_eq!(near.read(&mut [0; 4], Duration::ZERO), Err(Error::Timeout));
        assert_eq!(near.write(b"AT\r", Duration::from_secs(5)), Ok(3));
        let mut heard = [0; 3];
        far.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"AT\r");
        far.write_all(b"OK").unwrap();
        let mut answer = [0; 2];
        assert_eq!(near.read(&mut answer, Duration::from_secs(5)), Ok(2));
        drop(far);
        assert_eq!(
            near.read(&mut answer, Duration::from_secs(5)),
            Err(Error::Gone)
        );
    }

    #[test]
    fn an_address_that_is_none_is_told() {
        assert!(matches!(open("nonsense"), Err(Error::Open(_))));
    }
}
