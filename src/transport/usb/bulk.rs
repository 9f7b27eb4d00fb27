//! A bulk pair as a transport: whole packets are read, partial transfers are kept, a stall is told.

use super::super::{Error, Transport};
use std::time::Duration;

/// Most bytes of one read that goes through the buffer of our own.
const MOST: usize = 64 * 1024;

/// What moves bulk transfers: libusb, and made ones in tests.
pub(super) trait Pipe: Send {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> rusb::Result<usize>;
    fn write(&mut self, bytes: &[u8], timeout: Duration) -> rusb::Result<usize>;
    fn clear_halt(&mut self, way: Way) -> rusb::Result<()>;
}

/// One of the two endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// An open bulk pair.
pub(super) struct Bulk<P> {
    pipe: P,
    /// Bytes of one packet of the endpoint that is read.
    packet: usize,
    /// Read and not yet asked for, the oldest last.
    held: Vec<u8>,
    /// An endpoint whose halt was cleared, and that has moved nothing since.
    cleared: Option<Way>,
    name: String,
}

impl<P: Pipe> Bulk<P> {
    pub(super) fn new(pipe: P, packet: u16, name: String) -> Self {
        Self {
            pipe,
            packet: usize::from(packet).max(1),
            held: Vec::new(),
            cleared: None,
            name,
        }
    }

    fn hand_out(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.held.len());
        let at = self.held.len() - count;
        for (place, byte) in buffer.iter_mut().zip(self.held.drain(at..).rev()) {
            *place = byte;
        }
        count
    }

    fn moved(&mut self, way: Way, result: rusb::Result<usize>) -> Result<usize, Error> {
        match result {
            // A zero-length packet is no byte and no end.
            Ok(0) => Err(Error::Timeout),
            Ok(count) => {
                self.cleared = None;
                Ok(count)
            }
            Err(rusb::Error::Pipe) => Err(self.stalled(way)),
            Err(error) => Err(to_error(error)),
        }
    }

    /// A modem halts an endpoint to refuse a transfer. The halt is cleared once, so that it can be spoken to again; what
    /// comes next is decided above.
    fn stalled(&mut self, way: Way) -> Error {
        let word = match way {
            Way::In => "reading",
            Way::Out => "writing",
        };
        if self.cleared == Some(way) {
            return Error::Io(format!(
                "the modem stalled the endpoint for {word} again, right after its halt was cleared"
            ));
        }
        self.cleared = Some(way);
        match self.pipe.clear_halt(way) {
            Ok(()) => Error::Io(format!(
                "the modem stalled the endpoint for {word}; its halt was cleared"
            )),
            Err(rusb::Error::NoDevice | rusb::Error::Io) => Error::Gone,
            Err(error) => Error::Io(format!(
                "the modem stalled the endpoint for {word}, and its halt cannot be cleared: {error}"
            )),
        }
    }
}

impl<P: Pipe> Transport for Bulk<P> {
    /// A device may send a whole packet whatever was asked for, and a shorter buffer loses it (overflow): whole
    /// packets are read always, and what is too much waits for the next read.
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        if !self.held.is_empty() || buffer.is_empty() {
            return Ok(self.hand_out(buffer));
        }
        let timeout = at_least_a_moment(timeout);
        let whole = buffer.len() - buffer.len() % self.packet;
        if whole > 0 {
            let direct = buffer.get_mut(..whole).unwrap_or_default();
            let result = self.pipe.read(direct, timeout);
            return self.moved(Way::In, result);
        }
        let mut own = vec![0; self.packet.min(MOST)];
        let result = self.pipe.read(&mut own, timeout);
        let count = self.moved(Way::In, result)?;
        own.truncate(count);
        own.reverse();
        self.held = own;
        Ok(self.hand_out(buffer))
    }

    /// What moved before the timeout counts: rusb then says so instead of failing (`rusb:src/device_handle.rs`).
    fn write(&mut self, bytes: &[u8], timeout: Duration) -> Result<usize, Error> {
        let result = self.pipe.write(bytes, at_least_a_moment(timeout));
        self.moved(Way::Out, result)
    }

    fn end_transfer(&mut self, timeout: Duration) -> Result<(), Error> {
        let result = self.pipe.write(&[], at_least_a_moment(timeout));
        match self.moved(Way::Out, result) {
            // Nothing was to be moved.
            Ok(_) => Ok(()),
            Err(Error::Timeout) if result == Ok(0) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

/// libusb takes zero as "for ever".
fn at_least_a_moment(timeout: Duration) -> Duration {
    timeout.max(Duration::from_millis(1))
}

/// After an unplug `NoDevice` and `Io` mean the same (usb-test-rig.md §9).
fn to_error(error: rusb::Error) -> Error {
    match error {
        rusb::Error::Timeout | rusb::Error::Interrupted => Error::Timeout,
        rusb::Error::NoDevice | rusb::Error::Io => Error::Gone,
        rusb::Error::Overflow => {
            Error::Io("the modem sent more than a whole packet; bytes are lost".to_owned())
        }
        other => Error::Io(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Gives packets as a host controller does: a transfer ends with a short packet or a full buffer, and a buffer
    /// shorter than a packet overflows.
    #[derive(Default)]
    struct Made {
        packet: usize,
        input: VecDeque<rusb::Result<Vec<u8>>>,
        output: VecDeque<rusb::Result<usize>>,
        clears: Vec<Way>,
        writes: Vec<usize>,
    }

    impl Pipe for Made {
        fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> rusb::Result<usize> {
            assert!(timeout > Duration::ZERO, "zero is for ever");
            let mut filled = 0;
            loop {
                match self.input.pop_front() {
                    None if filled > 0 => return Ok(filled),
                    None => return Err(rusb::Error::Timeout),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(packet)) => {
                        let Some(place) = buffer.get_mut(filled..filled + packet.len()) else {
                            return Err(rusb::Error::Overflow);
                        };
                        place.copy_from_slice(&packet);
                        filled += packet.len();
                        if packet.len() < self.packet || filled == buffer.len() {
                            return Ok(filled);
                        }
                    }
                }
            }
        }

        fn write(&mut self, bytes: &[u8], timeout: Duration) -> rusb::Result<usize> {
            assert!(timeout > Duration::ZERO, "zero is for ever");
            self.writes.push(bytes.len());
            self.output.pop_front().unwrap_or(Ok(bytes.len()))
        }

        fn clear_halt(&mut self, way: Way) -> rusb::Result<()> {
            self.clears.push(way);
            Ok(())
        }
    }

    fn bulk(input: impl IntoIterator<Item = rusb::Result<Vec<u8>>>) -> Bulk<Made> {
        let made = Made {
            packet: 512,
            input: input.into_iter().collect(),
            ..Made::default()
        };
        Bulk::new(made, 512, "made".to_owned())
    }

    const SOON: Duration = Duration::from_millis(100);

    #[test]
    fn reads_of_any_size_lose_nothing() {
        for size in [1, 7, 8, 511, 512, 513, 1000, 1024, 4096] {
            let sent: Vec<u8> = (0..=255).cycle().take(3 * 512 + 48).collect();
            let mut bulk = bulk(sent.chunks(512).map(|packet| Ok(packet.to_vec())));
            let mut got = Vec::new();
            let mut buffer = vec![0; size];
            while let Ok(count) = bulk.read(&mut buffer, SOON) {
                got.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(got, sent, "by {size}");
        }
    }

    #[test]
    fn a_device_that_leaves_is_gone_by_either_error_and_what_came_is_kept() {
        for error in [rusb::Error::NoDevice, rusb::Error::Io] {
            let mut bulk = bulk([Ok(vec![1, 2, 3]), Err(error)]);
            let mut two = [0; 2];
            assert_eq!(bulk.read(&mut two, SOON), Ok(2));
            assert_eq!(bulk.read(&mut two, SOON), Ok(1));
            assert_eq!(bulk.read(&mut two, SOON), Err(Error::Gone));
        }
    }

    #[test]
    fn a_zero_length_packet_is_no_byte_and_no_end() {
        let mut bulk = bulk([Ok(vec![]), Ok(vec![9])]);
        let mut buffer = [0; 512];
        assert_eq!(bulk.read(&mut buffer, SOON), Err(Error::Timeout));
        assert_eq!(bulk.read(&mut buffer, SOON), Ok(1));
    }

    #[test]
    fn a_part_of_a_write_counts() {
        let mut bulk = bulk([]);
        bulk.pipe.output = [Ok(1024), Err(rusb::Error::Timeout), Ok(0)].into();
        assert_eq!(bulk.write(&[0; 4096], SOON), Ok(1024));
        assert_eq!(bulk.write(&[0; 3072], SOON), Err(Error::Timeout));
        assert_eq!(bulk.write(&[0; 3072], SOON), Err(Error::Timeout));
    }

    #[test]
    fn a_stall_is_cleared_once_and_told() {
        let mut bulk = bulk([
            Err(rusb::Error::Pipe),
            Err(rusb::Error::Pipe),
            Ok(vec![1]),
            Err(rusb::Error::Pipe),
        ]);
        let mut buffer = [0; 512];
        let mut read = || bulk.read(&mut buffer, SOON);
        assert!(matches!(read(), Err(Error::Io(text)) if text.contains("was cleared")));
        assert!(matches!(read(), Err(Error::Io(text)) if text.contains("again")));
        assert_eq!(read(), Ok(1));
        assert!(matches!(read(), Err(Error::Io(_))));
        assert_eq!(bulk.pipe.clears, [Way::In, Way::In]);
    }

    #[test]
    fn a_transfer_is_ended_by_a_packet_without_bytes() {
        let mut bulk = bulk([]);
        assert_eq!(bulk.end_transfer(SOON), Ok(()));
        assert_eq!(bulk.pipe.writes, [0]);
        bulk.pipe.output = [Err(rusb::Error::Timeout)].into();
        assert_eq!(bulk.end_transfer(SOON), Err(Error::Timeout));
    }
}
