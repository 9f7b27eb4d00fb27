//! What is on a bulk pair, by what it says first. USB identity alone does not tell (protocols.md §1 fact 2).

use super::packets::{self, Next};
use crate::protocol::sahara::{Mode, Packet};
use crate::transport::{Deadline, Error, Port};

/// The first words of whatever is behind a bulk pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstBytes {
    /// The boot ROM, and what it wants.
    Hello {
        mode: Mode,
    },
    /// A programmer runs.
    Firehose,
    /// The rest of an earlier conversation with the boot ROM.
    StaleSahara,
    /// DIAG, or a streaming loader.
    Hdlc,
    /// Nothing: a programmer that waits for orders, or a boot ROM whose HELLO another program has read. A nop
    /// tells them apart ([`crate::driver::firehose::answers`]).
    Silent,
    Other,
}

/// Listens until the deadline, sends nothing, and leaves every byte for whoever reads next.
pub fn identify(port: &mut Port, deadline: Deadline) -> Result<FirstBytes, Error> {
    match packets::next(port, deadline) {
        Ok(Next::Packet(packet)) => {
            // The packet was taken out whole; its encoding is what it was, but for fields of newer versions.
            port.push_back(&packet.encode());
            Ok(match packet {
                Packet::Hello { mode, .. } => FirstBytes::Hello { mode },
                _ => FirstBytes::StaleSahara,
            })
        }
        Ok(Next::Firehose) => Ok(FirstBytes::Firehose),
        Ok(Next::Hdlc) => Ok(FirstBytes::Hdlc),
        Ok(Next::Malformed(_)) => Ok(FirstBytes::Other),
        Err(Error::Timeout) => Ok(FirstBytes::Silent),
        Err(error) => Err(error),
    }
}
