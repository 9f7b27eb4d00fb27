//! Why the session cannot give what was asked for.

use crate::modem::{LookError, Role};
use crate::plan::Mode;
use crate::transport;
use std::time::Duration;

/// Why the session cannot give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("cannot look for the modem: {0}")]
    Look(LookError),
    #[error("cannot open the {role} port: {error}")]
    Open { role: Role, error: transport::Error },
    #[error("the modem has no {0} port now")]
    NoPort(Role),
    #[error("no programmer runs on the modem")]
    NoProgrammer,
    #[error("the programmer does not answer: {0}")]
    Programmer(String),
    #[error("no streaming loader runs on the modem")]
    NoLoader,
    #[error("the streaming loader does not answer: {0}")]
    Loader(String),
    #[error("the modem was waited for in {wanted} for {}, but it is in {seen}: {evidence}", seconds(*.waited))]
    NotSeen {
        wanted: Mode,
        waited: Duration,
        seen: Mode,
        evidence: String,
    },
    #[error("stopped by a person")]
    Interrupted,
}

/// `10 s`, `0.5 s`.
pub(super) fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
