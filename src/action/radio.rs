//! What the actions over AT and DIAG share: how a driver's error becomes a failure that a person can act on.

use super::{Cause, Failure};
use crate::driver::{at, diag};
use crate::protocol::diag::Refusal;
use crate::{files, transport};

impl From<transport::Error> for Failure {
    fn from(error: transport::Error) -> Self {
        let message = error.to_string();
        match error {
            transport::Error::Timeout => Self::new("modem::no-answer", Cause::Modem, message)
                .help("wait until the modem has started, then try again"),
            transport::Error::Gone => Self::new("modem::gone", Cause::Modem, message)
                .help("check the cable and the supply, then try again"),
            transport::Error::Interrupted => Self::new("run::stopped", Cause::Interrupted, message),
            transport::Error::Open(_) => Self::new("host::port", Cause::Host, message)
                .help("end whatever else uses the port, such as ModemManager"),
            transport::Error::NoUsb | transport::Error::Io(_) => {
                Self::new("host::port", Cause::Host, message)
            }
        }
    }
}

impl From<at::Error> for Failure {
    fn from(error: at::Error) -> Self {
        let message = error.to_string();
        match error {
            at::Error::Refused(_) => Self::new("at::refused-command", Cause::Plan, message)
                .help("leave the command out of the plan: nothing was sent"),
            at::Error::Timeout => Self::new("at::no-answer", Cause::Modem, message)
                .help("add `retry:`; one lost answer is normal"),
            at::Error::TooLong => Self::new("at::too-long", Cause::Modem, message),
            at::Error::Port(error) => error.into(),
        }
    }
}

impl From<diag::Error> for Failure {
    fn from(error: diag::Error) -> Self {
        let message = error.to_string();
        let modem = |code| Self::new(code, Cause::Modem, message.clone());
        match error {
            diag::Error::Port(error) => error.into(),
            diag::Error::Timeout { .. } => modem("diag::no-answer"),
            diag::Error::Refused { refusal, .. } => {
                let failure = modem("diag::refused");
                match refusal {
                    Refusal::SpcLocked | Refusal::SecurityLocked => failure.help(
                        "unlock the unit with its own code; this program knows the usual one only",
                    ),
                    _ => failure,
                }
            }
            diag::Error::Damaged { .. } => {
                modem("diag::damaged").help("use a shorter cable or another USB port")
            }
            diag::Error::Unexpected { .. } => modem("diag::unexpected"),
            diag::Error::Nv { .. } => modem("diag::nv"),
            diag::Error::Efs { .. } | diag::Error::NoEfs => modem("diag::efs"),
            diag::Error::Length { .. } => modem("diag::length"),
            diag::Error::Identity(_) => Self::new("diag::identity", Cause::Program, message),
            diag::Error::Path(_) => modem("diag::path"),
            diag::Error::StillThere => {
                modem("diag::still-there").help("power-cycle the modem, then try again")
            }
        }
    }
}

impl From<files::Error> for Failure {
    fn from(error: files::Error) -> Self {
        Self::new("host::file", Cause::Host, error.to_string())
    }
}

/// A person wished to stop, and this is a place where that leaves nothing half done.
pub(super) fn stop_if_wished(diag: &diag::Diag) -> Result<(), Failure> {
    if diag.port().interrupt().at_safe_point() {
        Err(transport::Error::Interrupted.into())
    } else {
        Ok(())
    }
}

/// The last four digits, as reports show an identity.
pub fn masked(imei: &str) -> String {
    let start = imei.len().saturating_sub(4);
    format!("…{}", imei.get(start..).unwrap_or_default())
}
