//! What steps do. One file per action: its fields meet the modem there. The table of signatures is in
//! [`signature`]; checker, schema, documentation and engine read the same one.

pub mod at_ask;
pub mod at_rules;
pub mod at_set;
pub mod diag_backup;
pub mod diag_edl;
pub mod diag_restore;
pub mod dload_flash;
pub mod dload_reset;
pub mod fastboot_flash;
pub mod fastboot_reboot;
pub mod firehose_backup;
pub mod firehose_flash;
pub mod firehose_reset;
mod halting;
pub mod modem_reset;
pub mod radio;
#[cfg(test)]
mod radio_tests;
pub mod sahara_info;
pub mod sahara_load;
pub mod signature;

use crate::driver::{at::At, diag::Diag, dload::Dload, fastboot::Fastboot, firehose::Firehose};
use crate::event::{BackupFile, Event, Unit};
use crate::modem::session;
use crate::modem::{LookError, Session};
use crate::plan::{Mode, Profile};
use crate::transport::{Deadline, Port, Urgency};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a modem may take to leave the bus after it was told to. SDX55 takes about three seconds to come back in
/// EDL (protocols.md §11.3); EM05-G needs ten to leave (§4).
const LEAVING: Duration = Duration::from_secs(15);

/// Why an action did not succeed, and what a person can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// `area::kebab-case`.
    pub code: &'static str,
    pub cause: Cause,
    /// What happened, in lower case, without a full stop.
    pub message: String,
    /// What to do, as an order.
    pub help: Option<String>,
}

/// Whose failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The modem said no, said nothing, or left.
    Modem,
    /// This computer: a file, a port, a disk.
    Host,
    /// The plan or an input is wrong.
    Plan,
    /// A person stopped it.
    Interrupted,
    /// It was written and could not be verified.
    Unverified,
    /// A fault of the program.
    Program,
}

impl Failure {
    pub fn new(code: &'static str, cause: Cause, message: impl Into<String>) -> Self {
        Self {
            code,
            cause,
            message: message.into(),
            help: None,
        }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What a running action may use.
pub struct Context<'a> {
    pub session: &'a mut Session,
    pub profile: &'a Profile,
    /// The end of this attempt.
    pub deadline: Deadline,
    pub witness: &'a mut dyn Witness,
}

impl Context<'_> {
    /// The AT port, opened where it is not.
    pub fn at(&mut self) -> Result<&mut At, Failure> {
        Ok(self.session.at()?)
    }

    /// The DIAG port, opened where it is not.
    pub fn diag(&mut self) -> Result<&mut Diag, Failure> {
        Ok(self.session.diag()?)
    }

    /// The DIAG port and the witness at once, for operations that tell their progress.
    pub fn diag_and_witness(&mut self) -> Result<(&mut Diag, &mut dyn Witness), Failure> {
        Ok((self.session.diag()?, &mut *self.witness))
    }

    /// The bulk pair in EDL, for Sahara. It belongs to the caller until [`Self::programmer_runs`] or
    /// [`Self::edl_port_back`] gives it back.
    pub fn edl_port(&mut self) -> Result<Port, Failure> {
        Ok(self.session.lend_bulk()?)
    }

    /// The boot ROM waits as before, and its next words are in the port.
    pub fn edl_port_back(&mut self, port: Port) {
        self.session.give_back(port);
    }

    /// From now on the modem is in Firehose.
    pub fn programmer_runs(&mut self, firehose: Firehose) {
        self.session.programmer_runs(firehose);
    }

    /// The running programmer; taken up where an earlier run left it.
    pub fn firehose(&mut self) -> Result<&mut Firehose, Failure> {
        Ok(self.session.firehose(self.deadline)?)
    }

    /// The running programmer and the witness at once, for operations that tell their progress.
    pub fn firehose_and_witness(&mut self) -> Result<(&mut Firehose, &mut dyn Witness), Failure> {
        Ok((self.session.firehose(self.deadline)?, &mut *self.witness))
    }

    /// From now on a streaming loader runs.
    pub fn loader_runs(&mut self, loader: Dload) {
        self.session.loader_runs(loader);
    }

    /// The streaming loader that runs; taken up where an earlier run left it.
    pub fn dload(&mut self) -> Result<&mut Dload, Failure> {
        Ok(self.session.dload(self.deadline)?)
    }

    /// The streaming loader and the witness at once, for operations that tell their progress.
    pub fn dload_and_witness(&mut self) -> Result<(&mut Dload, &mut dyn Witness), Failure> {
        Ok((self.session.dload(self.deadline)?, &mut *self.witness))
    }

    /// The boot loader, its port opened where it is not.
    pub fn fastboot(&mut self) -> Result<&mut Fastboot, Failure> {
        Ok(self.session.fastboot()?)
    }

    /// The boot loader and the witness at once, for operations that tell their progress.
    pub fn fastboot_and_witness(&mut self) -> Result<(&mut Fastboot, &mut dyn Witness), Failure> {
        Ok((self.session.fastboot()?, &mut *self.witness))
    }

    /// The modem was told to leave: every port is closed, and it is waited for until it has left, so that what is on
    /// the bus next is the modem after its restart.
    pub fn modem_leaves(&mut self) -> Result<(), Failure> {
        self.session.forget();
        let now = self.session.clock().now();
        let deadline = self.deadline.min(Deadline::after(now, LEAVING));
        if self.session.wait_for_change(deadline)? {
            return Ok(());
        }
        Err(Failure::new(
            "modem::stays",
            Cause::Modem,
            "the modem took the command to restart, and stays on the bus as it is",
        ))
    }

    /// Waits until the modem is seen in a mode, or until the deadline.
    pub fn wait_for(&mut self, mode: Mode) -> Result<(), Failure> {
        self.session.wait_for(mode, self.deadline)?;
        Ok(())
    }
}

impl From<session::Error> for Failure {
    fn from(error: session::Error) -> Self {
        let (code, cause) = match &error {
            session::Error::Look(LookError::Several(_)) => ("modem::several", Cause::Host),
            session::Error::Look(LookError::Bus(_)) => ("modem::look", Cause::Host),
            session::Error::Open { .. } => ("modem::open", Cause::Modem),
            session::Error::NoPort(_) => ("modem::no-port", Cause::Modem),
            session::Error::NoProgrammer => ("modem::no-programmer", Cause::Modem),
            session::Error::Programmer(_) => ("firehose::silent", Cause::Modem),
            session::Error::NoLoader => ("modem::no-loader", Cause::Modem),
            session::Error::Loader(_) => ("dload::silent", Cause::Modem),
            session::Error::NotSeen { .. } => ("modem::not-seen", Cause::Modem),
            session::Error::Interrupted => ("run::interrupted", Cause::Interrupted),
        };
        Self::new(code, cause, error.to_string())
    }
}

/// How many wishes to stop it takes while such an action runs.
pub fn urgency(signature: &signature::Signature) -> Urgency {
    use signature::Effect;
    match signature.effect {
        Effect::Destroy
            if ["firehose.flash", "fastboot.flash", "dload.flash"].contains(&signature.key) =>
        {
            Urgency::Hold
        }
        Effect::Destroy | Effect::Configure => Urgency::Finish,
        // A raw read that is broken off leaves the programmer out of step.
        Effect::Read if signature.key == "firehose.backup" => Urgency::Finish,
        Effect::Pure | Effect::Read | Effect::Manual | Effect::Disrupt => Urgency::Free,
    }
}

/// Hears what an action does; the engine's journal stands behind it.
pub trait Witness {
    /// Before the first destructive packet of one operation. On an error nothing may be sent: the intent is not on
    /// disk.
    fn intent(
        &mut self,
        operation: &str,
        target: &str,
        digest: Option<&str>,
    ) -> Result<(), Failure>;
    /// The operation is finished; the evidence says how that is known.
    fn done(&mut self, operation: &str, target: &str, evidence: &str) -> Result<(), Failure>;
    /// The operation failed, as far as is known.
    fn failed(&mut self, operation: &str, target: &str, error: &str);
    /// Bytes or items moved; a total of 0 is not known yet.
    fn progress(&mut self, what: &str, unit: Unit, done: u64, total: u64);
    /// A line for the report.
    fn note(&mut self, text: &str);
    /// A backup stands under its final name; `holes` counts the pages of each file that could not be read.
    fn backup(
        &mut self,
        files: Vec<BackupFile>,
        holes: BTreeMap<String, u64>,
    ) -> Result<(), Failure>;
    /// Any other event.
    fn event(&mut self, event: Event);
}
