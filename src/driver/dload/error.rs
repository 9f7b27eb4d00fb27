//! Why a command to the loader did not work, and whether the conversation is still in step.

use crate::protocol::dload::{Code, Malformed, OpenStatus};
use crate::transport;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The loader said no, in these words.
    #[error("the loader refused `{command}`: {code}{}", said(.words))]
    Refused {
        command: &'static str,
        code: Code,
        words: Vec<String>,
        /// Every write that was under way has its answer.
        in_step: bool,
    },
    #[error("the loader did not open the partition: {status}")]
    NotOpened { status: OpenStatus },
    /// No answer in time; one may still come.
    #[error("the loader did not answer `{command}` in time{}", said(.words))]
    Timeout {
        command: &'static str,
        words: Vec<String>,
    },
    /// The modem left the bus.
    #[error("the modem left during `{command}`")]
    Gone { command: &'static str },
    #[error("stopped by a person during `{command}`")]
    Interrupted { command: &'static str },
    #[error("the answer to `{command}` came damaged")]
    Damaged { command: &'static str },
    #[error("the answer to `{command}` is {reason}")]
    Malformed {
        command: &'static str,
        reason: Malformed,
    },
    #[error("the loader answered `{command}` with {what}")]
    Unexpected {
        command: &'static str,
        what: &'static str,
    },
    /// A Firehose programmer was loaded, or runs.
    #[error("it is a Firehose programmer that answers, and no streaming loader")]
    Firehose,
    #[error("the loader speaks versions from {least} on, and this program up to {most}")]
    Version { least: u8, most: u8 },
    /// The image could not be read: the partition that is open is not whole.
    #[error("the image cannot be read: {reason}")]
    File { reason: std::io::Error },
    /// It was never sent.
    #[error("the image is longer than a loader can count")]
    TooLong,
    #[error("the port failed during `{command}`: {reason}")]
    Port {
        command: &'static str,
        reason: transport::Error,
    },
}

impl Error {
    /// `dload::kebab-case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "dload::refused",
            Self::NotOpened { .. } => "dload::not-opened",
            Self::Timeout { .. } => "dload::timeout",
            Self::Gone { .. } => "dload::gone",
            Self::Interrupted { .. } => "dload::interrupted",
            Self::Damaged { .. } => "dload::damaged",
            Self::Malformed { .. } | Self::Unexpected { .. } => "dload::unexpected",
            Self::Firehose => "dload::firehose",
            Self::Version { .. } => "dload::version",
            Self::File { .. } => "dload::file",
            Self::TooLong => "dload::too-long",
            Self::Port { .. } => "dload::port",
        }
    }

    /// Whether the next command will be understood. Otherwise the modem must be powered anew.
    pub fn in_step(&self) -> bool {
        match self {
            Self::Refused { in_step, .. } => *in_step,
            Self::NotOpened { .. } | Self::File { .. } | Self::TooLong | Self::Version { .. } => {
                true
            }
            Self::Timeout { .. }
            | Self::Gone { .. }
            | Self::Interrupted { .. }
            | Self::Damaged { .. }
            | Self::Malformed { .. }
            | Self::Unexpected { .. }
            | Self::Firehose
            | Self::Port { .. } => false,
        }
    }

    pub(super) fn unexpected(command: &'static str, what: &'static str) -> Self {
        Self::Unexpected { command, what }
    }

    pub(super) fn port(command: &'static str, reason: transport::Error, words: &[String]) -> Self {
        match reason {
            transport::Error::Gone => Self::Gone { command },
            transport::Error::Interrupted => Self::Interrupted { command },
            transport::Error::Timeout => Self::Timeout {
                command,
                words: words.to_vec(),
            },
            reason => Self::Port { command, reason },
        }
    }
}

/// Quotes the loader's last words, without control characters and without what it says twice: it logs the text of each
/// error before the error itself (hostdl: `transmit_error`).
fn said(words: &[String]) -> String {
    let mut quoted: Vec<String> = Vec::new();
    for word in words {
        let plain: String = word.chars().filter(|c| !c.is_control()).take(200).collect();
        let quote = format!("`{plain}`");
        if !plain.is_empty() && quoted.last() != Some(&quote) {
            quoted.push(quote);
        }
    }
    let skip = quoted.len().saturating_sub(3);
    if quoted.is_empty() {
        String::new()
    } else {
        format!(": it said {}", quoted[skip..].join(", "))
    }
}
