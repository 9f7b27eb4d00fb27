//! Packets out of a stream that splits and joins them (protocols.md §3: "serial is a byte stream").

use crate::protocol::sahara::{HEADER, Malformed, Packet, header};
use crate::transport::{Deadline, Error, Port};

pub(super) enum Next {
    Packet(Packet),
    /// XML: a programmer runs.
    Firehose,
    Hdlc,
    Malformed(Malformed),
}

/// Reads the next packet. What follows it in the same read is pushed back; of what is no packet, all is.
pub(super) fn next(port: &mut Port, deadline: Deadline) -> Result<Next, Error> {
    let mut bytes = Vec::new();
    // Whole transfers are read, because a USB read shorter than its transfer fails.
    let mut buffer = [0; 4096];
    loop {
        let wanted = match bytes.first() {
            Some(b'<') => return Ok(give_back(port, &bytes, Next::Firehose)),
            Some(0x7e) => return Ok(give_back(port, &bytes, Next::Hdlc)),
            _ => match bytes.first_chunk::<HEADER>().map(|head| header(*head)) {
                Some(Ok((_, length))) => length,
                Some(Err(reason)) => {
                    return Ok(give_back(port, &bytes, Next::Malformed(reason)));
                }
                None => HEADER,
            },
        };
        if (wanted > HEADER || bytes.len() >= HEADER)
            && let Some((packet, rest)) = bytes.split_at_checked(wanted)
        {
            port.push_back(rest);
            return Ok(match Packet::decode(packet) {
                Ok(packet) => Next::Packet(packet),
                Err(reason) => Next::Malformed(reason),
            });
        }
        match port.read(&mut buffer, deadline) {
            Ok(count) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) => {
                port.push_back(&bytes);
                return Err(error);
            }
        }
    }
}

fn give_back(port: &mut Port, bytes: &[u8], next: Next) -> Next {
    port.push_back(bytes);
    next
}

pub(super) fn name(packet: &Packet) -> &'static str {
    match packet {
        Packet::Hello { .. } => "HELLO",
        Packet::HelloResponse { .. } => "HELLO_RESPONSE",
        Packet::ReadData { .. } => "READ_DATA",
        Packet::EndOfImage { .. } => "END_OF_IMAGE",
        Packet::Done => "DONE",
        Packet::DoneResponse { .. } => "DONE_RESPONSE",
        Packet::Reset => "RESET",
        Packet::ResetResponse => "RESET_RESPONSE",
        Packet::MemoryDebug { .. } => "MEMORY_DEBUG",
        Packet::MemoryRead { .. } => "MEMORY_READ",
        Packet::CommandReady => "CMD_READY",
        Packet::SwitchMode { .. } => "SWITCH_MODE",
        Packet::Execute { .. } => "EXECUTE",
        Packet::ExecuteResponse { .. } => "EXECUTE_RESPONSE",
        Packet::ExecuteData { .. } => "EXECUTE_DATA",
        Packet::MemoryDebug64 { .. } => "MEMORY_DEBUG_64",
        Packet::MemoryRead64 { .. } => "MEMORY_READ_64",
        Packet::ReadData64 { .. } => "READ_DATA_64",
        Packet::ResetStateMachine => "RESET_STATE_MACHINE",
    }
}
