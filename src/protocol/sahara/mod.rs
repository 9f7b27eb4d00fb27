//! Sahara: how the boot ROM takes a programmer (protocols.md §5; qdl:src/sahara.c,
//! openpst:include/qualcomm/sahara.h, libqmi:src/qmi-firmware-update/qfu-sahara-message.h).
//!
//! All fields are little-endian. A packet is a header of two u32, command and total length, and a body. The
//! length may exceed the fields known here, because newer versions append some.

mod status;
#[cfg(test)]
mod tests;

pub use status::{Cause, cause, status_text};

use super::wire::{Fields, Message};

/// Bytes of the header: command and total length.
pub const HEADER: usize = 8;
/// Longest packet that is believed; libqmi caps at the same (qfu-sahara-message.h).
pub const MAX_PACKET: u32 = 0x400;
/// Image id of the Firehose programmer, EHOSTDL (protocols.md §5.3).
pub const IMAGE_PROGRAMMER: u32 = 13;

/// Questions of command mode (protocols.md §5.5: openpst:include/qualcomm/sahara.h, edl:edlclient/Library/sahara.py).
pub mod execute {
    /// The chip's serial number, u32.
    pub const SERIAL: u32 = 0x01;
    /// HWID, u64, often said three times. Version 3 refuses it (bkerler/edl#443).
    pub const HARDWARE: u32 = 0x02;
    /// Hash of the key that programmers are signed with, 32 or 48 bytes, said once to three times.
    pub const KEY_HASH: u32 = 0x03;
    /// Version of the boot loader, u32.
    pub const SOFTWARE: u32 = 0x07;
    /// The questions that are answered, u32 each.
    pub const SUPPORTED: u32 = 0x08;
    /// The chip id of version 3, at least 44 bytes.
    pub const CHIP_V3: u32 = 0x0a;
}

/// What a side of the conversation wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    ImagePending,
    ImageComplete,
    MemoryDebug,
    Command,
    Other(u32),
}

impl Mode {
    pub fn from_number(number: u32) -> Self {
        match number {
            0 => Self::ImagePending,
            1 => Self::ImageComplete,
            2 => Self::MemoryDebug,
            3 => Self::Command,
            other => Self::Other(other),
        }
    }

    pub fn number(self) -> u32 {
        match self {
            Self::ImagePending => 0,
            Self::ImageComplete => 1,
            Self::MemoryDebug => 2,
            Self::Command => 3,
            Self::Other(other) => other,
        }
    }
}

/// One packet, of either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// Modem: sent once after power-up. `max_packet` in bytes.
    Hello {
        version: u32,
        compatible: u32,
        max_packet: u32,
        mode: Mode,
    },
    HelloResponse {
        version: u32,
        compatible: u32,
        status: u32,
        mode: Mode,
    },
    /// Modem: asks for `length` bytes of the image at `offset`; the host answers with raw bytes, no header.
    ReadData {
        image: u32,
        offset: u32,
        length: u32,
    },
    /// Modem: the image is complete (status 0), or anything went wrong (see [`status_text`]).
    EndOfImage {
        image: u32,
        status: u32,
    },
    Done,
    /// Modem: 0 = more images pending, 1 = complete.
    DoneResponse {
        status: u32,
    },
    Reset,
    ResetResponse,
    MemoryDebug {
        table: u32,
        length: u32,
    },
    MemoryRead {
        address: u32,
        length: u32,
    },
    CommandReady,
    SwitchMode {
        mode: Mode,
    },
    Execute {
        command: u32,
    },
    ExecuteResponse {
        command: u32,
        length: u32,
    },
    ExecuteData {
        command: u32,
    },
    MemoryDebug64 {
        table: u64,
        length: u64,
    },
    MemoryRead64 {
        address: u64,
        length: u64,
    },
    ReadData64 {
        image: u64,
        offset: u64,
        length: u64,
    },
    ResetStateMachine,
}

/// Why bytes are no packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("Sahara command {0:#x} is not known")]
    UnknownCommand(u32),
    #[error("Sahara packet {command:#x} says it is {length} bytes long")]
    Length { command: u32, length: u32 },
    #[error("Sahara packet {0:#x} is too short for its fields")]
    Short(u32),
}

/// Reads a header: (command, total length in bytes). The length is between [`HEADER`] and [`MAX_PACKET`].
pub fn header(bytes: [u8; HEADER]) -> Result<(u32, usize), Malformed> {
    let mut fields = Fields::new(&bytes);
    let command = fields.u32().unwrap_or_default();
    let length = fields.u32().unwrap_or_default();
    if !(0x01..=0x14).contains(&command) {
        return Err(Malformed::UnknownCommand(command));
    }
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    if size < HEADER || length > MAX_PACKET {
        return Err(Malformed::Length { command, length });
    }
    Ok((command, size))
}

impl Packet {
    fn command(&self) -> u32 {
        match self {
            Self::Hello { .. } => 0x01,
            Self::HelloResponse { .. } => 0x02,
            Self::ReadData { .. } => 0x03,
            Self::EndOfImage { .. } => 0x04,
            Self::Done => 0x05,
            Self::DoneResponse { .. } => 0x06,
            Self::Reset => 0x07,
            Self::ResetResponse => 0x08,
            Self::MemoryDebug { .. } => 0x09,
            Self::MemoryRead { .. } => 0x0a,
            Self::CommandReady => 0x0b,
            Self::SwitchMode { .. } => 0x0c,
            Self::Execute { .. } => 0x0d,
            Self::ExecuteResponse { .. } => 0x0e,
            Self::ExecuteData { .. } => 0x0f,
            Self::MemoryDebug64 { .. } => 0x10,
            Self::MemoryRead64 { .. } => 0x11,
            Self::ReadData64 { .. } => 0x12,
            Self::ResetStateMachine => 0x13,
        }
    }

    /// The packet as it goes over the wire.
    pub fn encode(&self) -> Vec<u8> {
        let body = match *self {
            Self::Hello {
                version,
                compatible,
                max_packet: third,
                mode,
            }
            | Self::HelloResponse {
                version,
                compatible,
                status: third,
                mode,
            } => Message::default()
                .u32(version)
                .u32(compatible)
                .u32(third)
                .u32(mode.number())
                .bytes(&[0; 24]),
            Self::ReadData {
                image: a,
                offset: b,
                length: c,
            } => Message::default().u32(a).u32(b).u32(c),
            Self::EndOfImage {
                image: a,
                status: b,
            }
            | Self::MemoryDebug {
                table: a,
                length: b,
            }
            | Self::MemoryRead {
                address: a,
                length: b,
            }
            | Self::ExecuteResponse {
                command: a,
                length: b,
            } => Message::default().u32(a).u32(b),
            Self::DoneResponse { status: a }
            | Self::Execute { command: a }
            | Self::ExecuteData { command: a } => Message::default().u32(a),
            Self::SwitchMode { mode } => Message::default().u32(mode.number()),
            Self::MemoryDebug64 {
                table: a,
                length: b,
            }
            | Self::MemoryRead64 {
                address: a,
                length: b,
            } => Message::default().u64(a).u64(b),
            Self::ReadData64 {
                image,
                offset,
                length,
            } => Message::default().u64(image).u64(offset).u64(length),
            Self::Done
            | Self::Reset
            | Self::ResetResponse
            | Self::CommandReady
            | Self::ResetStateMachine => Message::default(),
        }
        .0;
        let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
        Message::default()
            .u32(self.command())
            .u32(length)
            .bytes(&body)
            .0
    }

    /// Reads one whole packet, header included. Bytes after the known fields are ignored.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let head = bytes.first_chunk::<HEADER>().ok_or(Malformed::Short(
            bytes.first().copied().map_or(0, u32::from),
        ))?;
        let (command, length) = header(*head)?;
        let body = bytes.get(HEADER..length).ok_or(Malformed::Short(command))?;
        Self::body(command, &mut Fields::new(body)).ok_or(Malformed::Short(command))
    }

    /// `None` where a field is missing; `header` has refused unknown commands but 0x14, `WRITE_DATA`, of which no
    /// source gives the layout.
    fn body(command: u32, f: &mut Fields<'_>) -> Option<Self> {
        Some(match command {
            0x01 => Self::Hello {
                version: f.u32()?,
                compatible: f.u32()?,
                max_packet: f.u32()?,
                mode: Mode::from_number(f.u32()?),
            },
            0x02 => Self::HelloResponse {
                version: f.u32()?,
                compatible: f.u32()?,
                status: f.u32()?,
                mode: Mode::from_number(f.u32()?),
            },
            0x03 => Self::ReadData {
                image: f.u32()?,
                offset: f.u32()?,
                length: f.u32()?,
            },
            0x04 => Self::EndOfImage {
                image: f.u32()?,
                status: f.u32()?,
            },
            0x05 => Self::Done,
            0x06 => Self::DoneResponse { status: f.u32()? },
            0x07 => Self::Reset,
            0x08 => Self::ResetResponse,
            0x09 => Self::MemoryDebug {
                table: f.u32()?,
                length: f.u32()?,
            },
            0x0a => Self::MemoryRead {
                address: f.u32()?,
                length: f.u32()?,
            },
            0x0b => Self::CommandReady,
            0x0c => Self::SwitchMode {
                mode: Mode::from_number(f.u32()?),
            },
            0x0d => Self::Execute { command: f.u32()? },
            0x0e => Self::ExecuteResponse {
                command: f.u32()?,
                length: f.u32()?,
            },
            0x0f => Self::ExecuteData { command: f.u32()? },
            0x10 => Self::MemoryDebug64 {
                table: f.u64()?,
                length: f.u64()?,
            },
            0x11 => Self::MemoryRead64 {
                address: f.u64()?,
                length: f.u64()?,
            },
            0x12 => Self::ReadData64 {
                image: f.u64()?,
                offset: f.u64()?,
                length: f.u64()?,
            },
            0x13 => Self::ResetStateMachine,
            _ => return None,
        })
    }
}
