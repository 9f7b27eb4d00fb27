//! How a run ended, and the exit code that says so. One enum each; the manual's table is compared with them.

use std::fmt;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every step that had to run ran, and every final claim holds.
    Proved,
    /// A guard refused before anything was written.
    Refused,
    /// A person said no, or was needed and there is no terminal, before anything was written.
    Declined,
    /// No modem, or more than one.
    NoModem,
    /// A step failed; the modem is as before, or the rescue brought it back.
    Failed,
    /// A destroying step failed or was cut short.
    InDoubt,
    /// The last check failed, or something written could not be verified.
    Unproved,
    /// Stopped at a safe point.
    Interrupted,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Refused => "refused",
            Self::Declined => "declined",
            Self::NoModem => "no-modem",
            Self::Failed => "failed",
            Self::InDoubt => "in-doubt",
            Self::Unproved => "unproved",
            Self::Interrupted => "interrupted",
        }
    }

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

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
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
    Failed = 20,
    InDoubt = 21,
    Unproved = 22,
    Interrupted = 130,
}

impl ExitCode {
    pub const ALL: [Self; 11] = [
        Self::Proved,
        Self::Unexpected,
        Self::Usage,
        Self::Problems,
        Self::Refused,
        Self::Declined,
        Self::NoModem,
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
