//! One request of the host for an endpoint, on its way and done.

/// A request. The direction is in the endpoint's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urb {
    /// The host's name for it.
    pub tag: u32,
    /// With 0x80 for IN.
    pub endpoint: u8,
    /// Room for IN; for OUT the bytes are `data`.
    pub length: usize,
    pub data: Vec<u8>,
    /// The host wants a zero-length packet after a full last packet.
    pub zero_packet: bool,
    /// Fewer bytes than asked for are an error.
    pub short_is_error: bool,
}

impl Urb {
    /// A read of up to `length` bytes.
    pub fn input(tag: u32, endpoint: u8, length: usize) -> Self {
        Self {
            tag,
            endpoint: endpoint | INPUT,
            length,
            data: Vec::new(),
            zero_packet: false,
            short_is_error: false,
        }
    }

    /// A write.
    pub fn output(tag: u32, endpoint: u8, data: Vec<u8>) -> Self {
        Self {
            tag,
            endpoint,
            length: data.len(),
            data,
            zero_packet: false,
            short_is_error: false,
        }
    }

    pub fn is_input(&self) -> bool {
        self.endpoint & INPUT != 0
    }
}

/// The bit of an endpoint's address that means device to host (USB 2.0, table 9-13).
pub(super) const INPUT: u8 = 0x80;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Complete,
    /// Fewer bytes than asked for, where the host called that an error.
    Short,
    /// The endpoint is halted, or does not exist.
    Stall,
    /// A packet was longer than the room that was left.
    Babble,
}

/// A request that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub tag: u32,
    pub endpoint: u8,
    pub outcome: Outcome,
    /// Bytes that moved, either way.
    pub moved: usize,
    /// For the host.
    pub data: Vec<u8>,
}

/// A request that the host took back, with what had moved until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    pub endpoint: u8,
    pub moved: usize,
    pub data: Vec<u8>,
}
