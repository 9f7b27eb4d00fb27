//! Why a command to the boot loader did not work, and whether the conversation is still in step.

use crate::protocol::fastboot::CommandError;
use crate::transport;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The boot loader said FAIL, in these words, the last ones.
    #[error("the boot loader refused `{command}`{}", quoted(.said))]
    Refused { command: String, said: Vec<String> },
    /// No final reply in time; one may still come.
    #[error("the boot loader did not answer `{command}` in time")]
    Timeout { command: String },
    /// The modem left the bus.
    #[error("the modem left during `{command}`")]
    Gone { command: String },
    #[error("stopped by a person during `{command}`")]
    Interrupted { command: String, in_step: bool },
    /// The boot loader still waits for data, and takes the next command for them.
    #[error("`{command}` was cut off after {sent} of {announced} bytes: {reason}")]
    Cut {
        command: String,
        sent: u64,
        announced: u64,
        reason: transport::Error,
    },
    #[error("the boot loader answered `{command}` with {what}")]
    Unexpected { command: String, what: String },
    /// Nothing was sent.
    #[error("`{command}` was not sent: an earlier command has no answer that makes sense")]
    OutOfStep { command: String },
    /// The image could not be read. The download was finished with zeros, and nothing was stored.
    #[error("the image cannot be read: {reason}")]
    File { reason: std::io::Error },
    #[error(
        "the image has {bytes} bytes and the boot loader takes {most} at once; only a sparse image could come in parts, \
         and for a NAND there is none"
    )]
    TooLarge { bytes: u64, most: u64 },
    #[error("the image is empty")]
    Empty,
    #[error(
        "the boot loader does not say how much it takes at once{}",
        quoted(std::slice::from_ref(said))
    )]
    NoLimit { said: String },
    /// The command is none: it was never sent.
    #[error(transparent)]
    Request(#[from] CommandError),
    #[error("the port failed during `{command}`: {reason}")]
    Port {
        command: String,
        reason: transport::Error,
    },
}

impl Error {
    /// `fastboot::kebab-case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "fastboot::refused",
            Self::Timeout { .. } => "fastboot::timeout",
            Self::Gone { .. } => "fastboot::gone",
            Self::Interrupted { .. } => "fastboot::interrupted",
            Self::Cut { .. } => "fastboot::cut",
            Self::Unexpected { .. } => "fastboot::unexpected",
            Self::OutOfStep { .. } => "fastboot::out-of-step",
            Self::File { .. } => "fastboot::file",
            Self::TooLarge { .. } => "fastboot::too-large",
            Self::Empty => "fastboot::empty",
            Self::NoLimit { .. } => "fastboot::no-limit",
            Self::Request(_) => "fastboot::request",
            Self::Port { .. } => "fastboot::port",
        }
    }

    /// Whether the next command will be understood. Otherwise the modem must be powered anew.
    pub fn in_step(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::File { .. }
            | Self::TooLarge { .. }
            | Self::Empty
            | Self::NoLimit { .. }
            | Self::Request(_) => true,
            Self::Interrupted { in_step, .. } => *in_step,
            Self::Timeout { .. }
            | Self::Gone { .. }
            | Self::Cut { .. }
            | Self::Unexpected { .. }
            | Self::OutOfStep { .. }
            | Self::Port { .. } => false,
        }
    }

    /// After the command was sent, or some of it.
    pub(super) fn port(command: String, reason: transport::Error) -> Self {
        match reason {
            transport::Error::Gone => Self::Gone { command },
            transport::Error::Timeout => Self::Timeout { command },
            transport::Error::Interrupted => Self::Interrupted {
                command,
                in_step: false,
            },
            reason => Self::Port { command, reason },
        }
    }

    /// Before anything was sent.
    pub(super) fn before(command: String, reason: transport::Error) -> Self {
        match reason {
            transport::Error::Interrupted => Self::Interrupted {
                command,
                in_step: true,
            },
            reason => Self::port(command, reason),
        }
    }
}

/// Quotes the boot loader, without control characters.
fn quoted(said: &[String]) -> String {
    let last = said.iter().filter(|line| !line.is_empty()).rev().take(3);
    let mut quoted: Vec<String> = last
        .map(|line| {
            let plain = line.chars().filter(|c| !c.is_control()).take(200);
            format!("`{}`", plain.collect::<String>())
        })
        .collect();
    quoted.reverse();
    if quoted.is_empty() {
        String::new()
    } else {
        format!(": it said {}", quoted.join(", "))
    }
}
