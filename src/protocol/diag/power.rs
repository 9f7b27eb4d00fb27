//! Power states.

/// What the modem is told to be (command 0x29).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    Offline,
    Reset,
    FactoryTest,
    Online,
    Low,
    Off,
    Other(u16),
}

impl Power {
    pub(super) fn number(self) -> u16 {
        match self {
            Self::Offline => 1,
            Self::Reset => 2,
            Self::FactoryTest => 3,
            Self::Online => 4,
            Self::Low => 5,
            Self::Off => 6,
            Self::Other(other) => other,
        }
    }

    pub(super) fn from_number(number: u16) -> Self {
        match number {
            1 => Self::Offline,
            2 => Self::Reset,
            3 => Self::FactoryTest,
            4 => Self::Online,
            5 => Self::Low,
            6 => Self::Off,
            other => Self::Other(other),
        }
    }
}
