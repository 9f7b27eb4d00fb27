//! stdout is data, stderr is talk. A reader that closed its pipe is no failure.

use std::io::{self, IsTerminal, Write};

/// Where data and talk go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    pub plain: bool,
    pub color: bool,
    pub quiet: bool,
}

impl Output {
    /// One line of data.
    pub fn data(&self, line: &str) -> io::Result<()> {
        forgive(writeln!(io::stdout().lock(), "{line}"))
    }

    /// One JSON document of data.
    pub fn json(&self, value: &serde_json::Value) -> io::Result<()> {
        self.data(&value.to_string())
    }

    /// One line of talk. Nothing can be done where even that fails.
    pub fn talk(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Whether talk goes to a terminal that can redraw.
    pub fn is_terminal(&self) -> bool {
        !self.plain && io::stderr().is_terminal()
    }
}

fn forgive(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
