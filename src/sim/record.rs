//! What a simulated modem was sent, as it remembers it: the oracle of the tests, whatever the engine says.

use crate::plan::Recorded;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// Something that mattered happened to the simulated modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Time of the modem.
    pub at: Duration,
    pub kind: RecordKind,
}

impl Record {
    /// As one line of a log: the time in milliseconds, the word, and what belongs to it.
    pub fn json(&self) -> Value {
        let at = u64::try_from(self.at.as_millis()).unwrap_or(u64::MAX);
        let mut line = serde_json::Map::from_iter([("at_ms".to_owned(), Value::from(at))]);
        if let Ok(Value::Object(fields)) = serde_json::to_value(&self.kind) {
            line.extend(fields);
        }
        Value::Object(line)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum RecordKind {
    /// Blocks were erased; in sectors.
    Erase {
        start: u64,
        count: u64,
    },
    /// A program command was taken; data follow, so the range is in doubt until [`Self::Program`].
    ProgramBegin {
        start: u64,
        count: u64,
    },
    /// All data of a program command came; the hash is over what was received.
    Program {
        start: u64,
        count: u64,
        sha256: String,
    },
    /// Bytes of one sector were changed in place.
    Patch {
        sector: u64,
        offset: u64,
    },
    /// The programmer, or the boot loader, was told to reset or to power off.
    Power {
        what: String,
    },
    /// The boot ROM took an image besides the programmer.
    ImageLoaded {
        image: u32,
        sha256: String,
    },
    /// A programmer was taken, and runs.
    ProgrammerLoaded {
        sha256: String,
    },
    /// Sahara's reset.
    Reset,
    /// The modem was told to come back in another mode.
    ModeSwitch {
        to: String,
    },
    /// A command was understood and not obeyed.
    Refused {
        what: String,
        because: String,
    },
    NvWrite {
        item: u16,
        index: u16,
    },
    EfsWrite {
        path: String,
    },
    /// IMEI, serial number or the like.
    IdentityWrite {
        what: String,
    },
    /// A command that makes the radio transmit.
    Transmit {
        command: String,
    },
    AtCommand {
        command: String,
    },
    Offline,
    Online,
}

impl RecordKind {
    /// Whether what was stored on the modem is changed by it.
    pub fn is_destructive(&self) -> bool {
        match self {
            Self::Erase { .. }
            | Self::ProgramBegin { .. }
            | Self::Program { .. }
            | Self::Patch { .. }
            | Self::NvWrite { .. }
            | Self::EfsWrite { .. }
            | Self::IdentityWrite { .. } => true,
            Self::Power { .. }
            | Self::ImageLoaded { .. }
            | Self::ProgrammerLoaded { .. }
            | Self::Reset
            | Self::ModeSwitch { .. }
            | Self::Refused { .. }
            | Self::Transmit { .. }
            | Self::AtCommand { .. }
            | Self::Offline
            | Self::Online => false,
        }
    }

    /// What it counts as in a rehearsal's `never` (plan-language.md §12.2).
    pub fn recorded(&self) -> Recorded {
        match self {
            Self::Erase { .. } => Recorded::Erase,
            Self::ProgramBegin { .. } | Self::Program { .. } => Recorded::Program,
            Self::Patch { .. } => Recorded::Patch,
            Self::Power { .. } => Recorded::Power,
            Self::ImageLoaded { .. } => Recorded::ImageLoaded,
            Self::ProgrammerLoaded { .. } => Recorded::ProgrammerLoaded,
            Self::Reset => Recorded::Reset,
            Self::ModeSwitch { .. } => Recorded::ModeSwitch,
            Self::Refused { .. } => Recorded::Refused,
            Self::NvWrite { .. } => Recorded::NvWrite,
            Self::EfsWrite { .. } => Recorded::EfsWrite,
            Self::IdentityWrite { .. } => Recorded::IdentityWrite,
            Self::Transmit { .. } => Recorded::Transmit,
            Self::AtCommand { .. } => Recorded::AtCommand,
            Self::Offline => Recorded::Offline,
            Self::Online => Recorded::Online,
        }
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        self.recorded().word()
    }
}
