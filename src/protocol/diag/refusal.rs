//! Why a request was not taken.

/// Why the modem refused a request, from the first byte of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    BadCommand,
    BadParameter,
    BadLength,
    NotAccepted,
    /// Not allowed in this mode.
    WrongMode,
    /// The service programming code is locked.
    SpcLocked,
    SecurityLocked,
}

impl Refusal {
    pub fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x13 => Self::BadCommand,
            0x14 => Self::BadParameter,
            0x15 => Self::BadLength,
            0x16 => Self::NotAccepted,
            0x18 => Self::WrongMode,
            0x42 => Self::SpcLocked,
            0x47 => Self::SecurityLocked,
            _ => return None,
        })
    }

    pub fn byte(self) -> u8 {
        match self {
            Self::BadCommand => 0x13,
            Self::BadParameter => 0x14,
            Self::BadLength => 0x15,
            Self::NotAccepted => 0x16,
            Self::WrongMode => 0x18,
            Self::SpcLocked => 0x42,
            Self::SecurityLocked => 0x47,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::BadCommand => "bad command",
            Self::BadParameter => "bad parameter",
            Self::BadLength => "bad length",
            Self::NotAccepted => "not accepted",
            Self::WrongMode => "not allowed in this mode",
            Self::SpcLocked => "the service programming code is locked",
            Self::SecurityLocked => "the security password is locked",
        };
        write!(f, "0x{:02x}, {text}", self.byte())
    }
}
