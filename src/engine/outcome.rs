//! The exit code that says how a run ended. One enum each; the manual's table is compared with them.

pub use crate::plan::Outcome;

impl Outcome {
    pub fn exit(self) -> ExitCode {
        match self {
            Self::Proved => ExitCode::Proved,
            Self::Refused => ExitCode::Refused,
            Self::Declined => ExitCode::Declined,
            Self::NoModem => ExitCode::NoModem,
            Self::Failed => ExitCode::Failed,
            Self::InDoubt => ExitCode::InDoubt,
            Self::Unproved => ExitCode::Unproved,
            Self::Interrupted => ExitCode::Interrupted,
        }
    }
}

/// What the process ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    Proved = 0,
    /// A fault of the program.
    Unexpected = 1,
    Usage = 2,
    /// The plan or another input file has problems.
    Problems = 10,
    Refused = 11,
    Declined = 12,
    NoModem = 13,
    /// Something on this computer stands in the way: another run has the modem, or `doctor` found what would spoil one.
    Host = 14,
    Failed = 20,
    InDoubt = 21,
    Unproved = 22,
    Interrupted = 130,
}

impl ExitCode {
    pub const ALL: [Self; 12] = [
        Self::Proved,
        Self::Unexpected,
        Self::Usage,
        Self::Problems,
        Self::Refused,
        Self::Declined,
        Self::NoModem,
        Self::Host,
        Self::Failed,
        Self::InDoubt,
        Self::Unproved,
        Self::Interrupted,
    ];

    pub fn number(self) -> u8 {
        self as u8
    }

    /// The line of the manual.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Proved => "done and proved",
            Self::Unexpected => "unexpected failure (a fault of the program)",
            Self::Usage => "wrong usage",
            Self::Problems => "the plan or another input file has problems",
            Self::Refused => "a guard refused; nothing was written",
            Self::Declined => "a person is needed and there is no terminal, or the person declined",
            Self::NoModem => "no modem, or more than one",
            Self::Host => {
                "this computer is in the way: another run has the modem, or `doctor` found an obstacle"
            }
            Self::Failed => "a step failed; the modem is as before, or `rescue` brought it back",
            Self::InDoubt => {
                "a destroying step failed or is in doubt; the message says what state the modem is in and the command that goes on"
            }
            Self::Unproved => "a final check failed, or something written could not be verified",
            Self::Interrupted => "interrupted at a safe point",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}
