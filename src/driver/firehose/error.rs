//! Why a command to the programmer did not work, and whether the conversation is still in step.

use crate::transport;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The programmer said no. The logs are its own words, the last ones.
    #[error("the programmer refused `{command}`{}", said(.logs))]
    Nak {
        command: &'static str,
        logs: Vec<String>,
    },
    /// No answer in time; one may still come.
    #[error("the programmer did not answer `{command}` in time{}", said(.logs))]
    Timeout {
        command: &'static str,
        logs: Vec<String>,
    },
    /// The time for it was over before it was sent.
    #[error("the step's time was over before `{command}` began")]
    TooLate { command: &'static str },
    /// The modem left the bus.
    #[error("the modem left during `{command}`")]
    Gone { command: &'static str },
    #[error("stopped by a person during `{command}`")]
    Interrupted {
        command: &'static str,
        in_step: bool,
    },
    /// The programmer still counts bytes of a raw phase, and takes the next command for data.
    #[error("`{command}` was cut off after {sent} of {announced} bytes: {reason}")]
    OutOfStep {
        command: &'static str,
        sent: u64,
        announced: u64,
        reason: transport::Error,
    },
    /// The programmer refused in the middle of a raw phase; what it makes of the bytes behind that is not known.
    #[error("the programmer stopped `{command}` after {sent} of {announced} bytes{}", said(.logs))]
    Stopped {
        command: &'static str,
        sent: u64,
        announced: u64,
        logs: Vec<String>,
    },
    #[error("the programmer answered `{command}` with something that makes no sense: {what}")]
    Unexpected {
        command: &'static str,
        what: &'static str,
    },
    /// The file to be sent could not be read, or what was read could not be written. The raw phase was finished.
    #[error("the file failed during `{command}`: {reason}")]
    File {
        command: &'static str,
        reason: std::io::Error,
    },
    /// The request is no request: it was never sent.
    #[error("`{command}` makes no sense: {what}")]
    Request {
        command: &'static str,
        what: &'static str,
    },
    #[error("the port failed during `{command}`: {reason}")]
    Port {
        command: &'static str,
        reason: transport::Error,
    },
}

impl Error {
    /// `firehose::kebab-case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nak { .. } => "firehose::refused",
            Self::Timeout { .. } | Self::TooLate { .. } => "firehose::timeout",
            Self::Gone { .. } => "firehose::gone",
            Self::Interrupted { .. } => "firehose::interrupted",
            Self::OutOfStep { .. } => "firehose::out-of-step",
            Self::Stopped { .. } => "firehose::stopped",
            Self::Unexpected { .. } => "firehose::unexpected",
            Self::File { .. } => "firehose::file",
            Self::Request { .. } => "firehose::request",
            Self::Port { .. } => "firehose::port",
        }
    }

    /// Whether the next command will be understood. Otherwise the modem must be powered anew.
    pub fn in_step(&self) -> bool {
        match self {
            Self::Nak { .. } | Self::File { .. } | Self::Request { .. } | Self::TooLate { .. } => {
                true
            }
            Self::Interrupted { in_step, .. } => *in_step,
            Self::Timeout { .. }
            | Self::Gone { .. }
            | Self::OutOfStep { .. }
            | Self::Stopped { .. }
            | Self::Unexpected { .. }
            | Self::Port { .. } => false,
        }
    }

    pub(super) fn port(command: &'static str, reason: transport::Error) -> Self {
        match reason {
            transport::Error::Gone => Self::Gone { command },
            transport::Error::Interrupted => Self::Interrupted {
                command,
                in_step: false,
            },
            transport::Error::Timeout => Self::Timeout {
                command,
                logs: Vec::new(),
            },
            reason => Self::Port { command, reason },
        }
    }
}

/// Quotes the programmer, without control characters.
fn said(logs: &[String]) -> String {
    let quoted: Vec<String> = logs
        .iter()
        .rev()
        .take(3)
        .rev()
        .map(|log| {
            let plain: String = log.chars().filter(|c| !c.is_control()).take(200).collect();
            format!("`{plain}`")
        })
        .collect();
    if quoted.is_empty() {
        String::new()
    } else {
        format!(": it said {}", quoted.join(", "))
    }
}
