//! Why a command ended early: what is said, and the exit code.

use crate::diagnostic::Problem;
use crate::engine::ExitCode;
use crate::files;

/// The end of a command that could not do its work.
#[derive(Debug)]
pub struct Stop {
    pub exit: ExitCode,
    pub problems: Vec<Problem>,
}

impl Stop {
    /// Something given is wrong: a file, a name, an input.
    pub fn problems(problems: Vec<Problem>) -> Self {
        Self {
            exit: ExitCode::Problems,
            problems,
        }
    }

    pub fn one(exit: ExitCode, problem: Problem) -> Self {
        Self {
            exit,
            problems: vec![problem],
        }
    }

    /// An option that clap cannot judge.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::one(
            ExitCode::Usage,
            Problem::bare("cli::usage", message).help(help),
        )
    }
}

impl From<Vec<Problem>> for Stop {
    fn from(problems: Vec<Problem>) -> Self {
        Self::problems(problems)
    }
}

impl From<files::Error> for Stop {
    fn from(error: files::Error) -> Self {
        Self::one(
            ExitCode::Problems,
            Problem::bare("host::file", error.to_string()),
        )
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::one(
            ExitCode::Unexpected,
            Problem::bare("host::output", format!("cannot write the output: {error}")),
        )
    }
}
