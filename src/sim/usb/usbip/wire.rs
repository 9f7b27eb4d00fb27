//! Messages of USB/IP, from the host and to it.

use crate::sim::usb::control::Setup;
use crate::sim::usb::urb::{INPUT, Urb};

/// Bytes of every header.
pub const HEADER: usize = 48;
/// Longest transfer: all that usbfs may hold at once unless a person raised it (`usbfs_memory_mb`, 16 MiB).
pub(super) const LONGEST: usize = 16 * 1024 * 1024;

/// Commands of the host, and ours.
const SUBMIT: u32 = 1;
const UNLINK: u32 = 2;
const SUBMITTED: u32 = 3;
const UNLINKED: u32 = 4;
const DIRECTION_IN: u32 = 1;
/// Flags of a URB: an input shorter than wanted is an error; end an output with a zero-length packet.
const SHORT_NOT_OK: u32 = 0x01;
const ZERO_PACKET: u32 = 0x40;
/// In place of a number of isochronous packets, where there are none.
const NO_PACKETS: u32 = u32::MAX;

/// What the host said that nobody can go on after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it sent command {0:#x}, which USB/IP does not have")]
    Command(u32),
    #[error("it named direction {0} where USB/IP has 0 and 1")]
    Direction(u32),
    #[error("it named endpoint {0}")]
    Endpoint(u32),
    #[error("it asked for a transfer of {0} bytes")]
    Length(u32),
    #[error("it asked for {0} isochronous packets, and there is no such endpoint")]
    Isochronous(u32),
    #[error("it let more transfers wait than any host has memory for")]
    TooMuch,
}

/// One message of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Control {
        tag: u32,
        setup: Setup,
        data: Vec<u8>,
        /// Most bytes of an answer.
        room: usize,
    },
    Submit(Urb),
    Unlink {
        tag: u32,
        victim: u32,
    },
}

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
    /// How many of them have been read.
    read: usize,
}

impl Reader {
    pub fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message; `None` until more bytes come. Nothing is believed after a fault.
    pub fn next_request(&mut self) -> Result<Option<Request>, Fault> {
        let rest = self.bytes.get(self.read..).unwrap_or_default();
        let Some(header) = rest.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let tag = word(header, 4);
        match word(header, 0) {
            UNLINK => {
                let victim = word(header, 20);
                self.read += HEADER;
                return Ok(Some(Request::Unlink { tag, victim }));
            }
            SUBMIT => {}
            other => return Err(Fault::Command(other)),
        }
        let is_input = match word(header, 12) {
            0 => false,
            DIRECTION_IN => true,
            other => return Err(Fault::Direction(other)),
        };
        let endpoint = word(header, 16);
        let number = u8::try_from(endpoint).ok().filter(|number| *number < 16);
        let number = number.ok_or(Fault::Endpoint(endpoint))?;
        let told = word(header, 24);
        let length = usize::try_from(told)
            .ok()
            .filter(|length| *length <= LONGEST);
        let length = length.ok_or(Fault::Length(told))?;
        let packets = word(header, 32);
        if packets != 0 && packets != NO_PACKETS {
            return Err(Fault::Isochronous(packets));
        }
        let payload = if is_input { 0 } else { length };
        let Some(data) = rest.get(HEADER..HEADER + payload) else {
            return Ok(None);
        };
        let data = data.to_vec();
        let flags = word(header, 20);
        let mut setup = [0; 8];
        setup.copy_from_slice(&header[40..]);
        self.read += HEADER + payload;
        Ok(Some(if number == 0 {
            Request::Control {
                tag,
                setup: Setup::parse(setup),
                data,
                room: if is_input { length } else { 0 },
            }
        } else {
            Request::Submit(Urb {
                tag,
                endpoint: if is_input { number | INPUT } else { number },
                length,
                data,
                zero_packet: flags & ZERO_PACKET != 0,
                short_is_error: flags & SHORT_NOT_OK != 0,
            })
        }))
    }
}

/// The end of a transfer.
pub(super) fn submitted(tag: u32, status: i32, moved: usize, data: &[u8], to: &mut Vec<u8>) {
    let moved = u32::try_from(moved).unwrap_or(u32::MAX);
    header([SUBMITTED, tag, status.cast_unsigned(), moved], to);
    to.extend_from_slice(data);
}

/// The answer to an unlink.
pub(super) fn unlinked(tag: u32, status: i32, to: &mut Vec<u8>) {
    header([UNLINKED, tag, status.cast_unsigned(), 0], to);
}

fn header([command, tag, status, moved]: [u32; 4], to: &mut Vec<u8>) {
    // Device, direction and endpoint are zero in what a device says; so is all behind the length.
    for value in [command, tag, 0, 0, 0, status, moved, 0, 0, 0, 0, 0] {
        to.extend(value.to_be_bytes());
    }
}

fn word(header: &[u8; HEADER], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&header[at..at + 4]);
    u32::from_be_bytes(bytes)
}
