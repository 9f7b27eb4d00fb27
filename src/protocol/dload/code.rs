//! The numbers in a loader's answers, and what they mean.

use std::fmt;

/// Why a loader did not obey (`openpst:streaming_dload.h`; the same list is in hostdl as `response_code_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub u32);

impl Code {
    pub const INVALID_LENGTH: Self = Self(0x03);
    pub const INVALID_COMMAND: Self = Self(0x05);
    pub const FAILED: Self = Self(0x07);
    pub const OUT_OF_SEQUENCE: Self = Self(0x0f);
    pub const NO_POWER_OFF: Self = Self(0x15);

    pub fn meaning(self) -> &'static str {
        match self.0 {
            0x02 => "invalid destination address",
            0x03 => "invalid length",
            0x04 => "unexpected end of packet",
            0x05 => "invalid command",
            0x07 => "operation failed",
            0x08 => "flash chip not recognised",
            0x09 => "bad programming voltage",
            0x0a => "what was written does not read back",
            0x0c => "wrong security code",
            0x0d => "cannot power down",
            0x0e => "no NAND programming in this loader",
            0x0f => "command out of sequence",
            0x10 => "close failed",
            0x11 => "incompatible feature bits",
            0x12 => "no room",
            0x13 => "invalid security mode",
            0x14 => "no multi-image NAND in this loader",
            0x15 => "power off not supported",
            _ => "no known code",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error {:#04x}, {}", self.0, self.meaning())
    }
}

/// What a loader makes of a partition table (openpst; qfh names the first four). hostdl counts one more, for a table that
/// is too big.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableStatus {
    Accepted,
    /// The chip has another one.
    Differs,
    NotRecognised,
    EraseFailed,
    TooBig,
    Other(u8),
}

impl TableStatus {
    pub fn of(code: u8) -> Self {
        match code {
            0 => Self::Accepted,
            1 => Self::Differs,
            2 => Self::NotRecognised,
            3 => Self::EraseFailed,
            4 => Self::TooBig,
            other => Self::Other(other),
        }
    }

    pub fn code(self) -> u8 {
        match self {
            Self::Accepted => 0,
            Self::Differs => 1,
            Self::NotRecognised => 2,
            Self::EraseFailed => 3,
            Self::TooBig => 4,
            Self::Other(code) => code,
        }
    }
}

impl fmt::Display for TableStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Accepted => "accepted",
            Self::Differs => "the chip has another table",
            Self::NotRecognised => "its format is not recognised",
            Self::EraseFailed => "an erase failed",
            Self::TooBig => "it is too big",
            Self::Other(_) => "no known status",
        };
        write!(f, "status {:#04x}, {what}", self.code())
    }
}

/// What a loader makes of an open (openpst; hostdl names 5, and the strings of the loader say the same of 4 in an error).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenStatus {
    Opened,
    TooLong,
    NoPayload,
    PayloadNeeded,
    Protected,
    UnknownPartition,
    Other(u8),
}

impl OpenStatus {
    pub fn of(code: u8) -> Self {
        match code {
            0 => Self::Opened,
            1 => Self::TooLong,
            2 => Self::NoPayload,
            3 => Self::PayloadNeeded,
            4 => Self::Protected,
            5 => Self::UnknownPartition,
            other => Self::Other(other),
        }
    }

    pub fn code(self) -> u8 {
        match self {
            Self::Opened => 0,
            Self::TooLong => 1,
            Self::NoPayload => 2,
            Self::PayloadNeeded => 3,
            Self::Protected => 4,
            Self::UnknownPartition => 5,
            Self::Other(code) => code,
        }
    }
}

impl fmt::Display for OpenStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Opened => "opened",
            Self::TooLong => "its name is too long",
            Self::NoPayload => "no name is expected",
            Self::PayloadNeeded => "a name is needed",
            Self::Protected => "block 0 is write-protected",
            Self::UnknownPartition => "no such partition",
            Self::Other(_) => "no known status",
        };
        write!(f, "status {:#04x}, {what}", self.code())
    }
}
