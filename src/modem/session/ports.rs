//! The drivers on the modem's ports: opened when they are asked for, closed when it has left.

use super::{Bulk, Error, Session};
use crate::driver::at::At;
use crate::driver::diag::Diag;
use crate::driver::dload::Dload;
use crate::driver::fastboot::Fastboot;
use crate::driver::firehose::Firehose;
use crate::modem::Role;
use crate::plan::Mode;
use crate::transport::{Deadline, Port};

impl Session {
    /// The AT port, opened where it is not.
    pub fn at(&mut self) -> Result<&mut At, Error> {
        let at = match self.at.take() {
            Some(at) => at,
            None => At::new(self.open(Role::At)?),
        };
        Ok(self.at.insert(at))
    }

    /// The DIAG port, opened where it is not.
    pub fn diag(&mut self) -> Result<&mut Diag, Error> {
        let diag = match self.diag.take() {
            Some(diag) => diag,
            None => Diag::new(self.open(Role::Diag)?),
        };
        Ok(self.diag.insert(diag))
    }

    /// The boot loader, its port opened where it is not. One that is out of step stays so until the modem has left.
    pub fn fastboot(&mut self) -> Result<&mut Fastboot, Error> {
        let fastboot = match self.fastboot.take() {
            Some(fastboot) => fastboot,
            None => Fastboot::new(self.open(Role::Fastboot)?),
        };
        Ok(self.fastboot.insert(fastboot))
    }

    /// Lends the bulk pair to the Sahara driver, first bytes included.
    pub fn lend_bulk(&mut self) -> Result<Port, Error> {
        match std::mem::replace(&mut self.bulk, Bulk::Lent) {
            Bulk::Known(port, _) | Bulk::Open(port) => Ok(port),
            Bulk::Programmer(firehose) => Ok(firehose.into_port()),
            Bulk::Loader(loader) => Ok(loader.into_port()),
            Bulk::Closed | Bulk::Lent => self.open(Role::Edl),
        }
    }

    /// The bulk pair comes back from the Sahara driver with the boot ROM's next words in it: they come only once.
    pub fn give_back(&mut self, port: Port) {
        self.bulk = Bulk::Open(port);
    }

    /// From now on the modem is in Firehose.
    pub fn programmer_runs(&mut self, firehose: Firehose) {
        self.bulk = Bulk::Programmer(Box::new(firehose));
    }

    /// The running programmer; taken up where an earlier run left it.
    pub fn firehose(&mut self, deadline: Deadline) -> Result<&mut Firehose, Error> {
        if !matches!(self.bulk, Bulk::Programmer(_)) {
            let seen = self.observe()?;
            if seen.mode != Mode::Firehose {
                return Err(Error::NoProgrammer);
            }
            let port = self.lend_bulk()?;
            let firehose =
                Firehose::take_up(port, deadline).map_err(|e| Error::Programmer(e.to_string()))?;
            self.programmer_runs(firehose);
        }
        match &mut self.bulk {
            Bulk::Programmer(firehose) => Ok(firehose),
            _ => Err(Error::NoProgrammer),
        }
    }

    /// From now on a streaming loader runs.
    pub fn loader_runs(&mut self, loader: Dload) {
        self.bulk = Bulk::Loader(Box::new(loader));
    }

    /// The streaming loader that runs; taken up where an earlier run left it.
    pub fn dload(&mut self, deadline: Deadline) -> Result<&mut Dload, Error> {
        if !matches!(self.bulk, Bulk::Loader(_)) {
            let seen = self.observe()?;
            if seen.mode != Mode::Dload {
                return Err(Error::NoLoader);
            }
            let port = self.lend_bulk()?;
            let loader =
                Dload::take_up(port, deadline).map_err(|e| Error::Loader(e.to_string()))?;
            self.loader_runs(loader);
        }
        match &mut self.bulk {
            Bulk::Loader(loader) => Ok(loader),
            _ => Err(Error::NoLoader),
        }
    }

    /// Closes every port: the modem was told to restart, or has left.
    pub fn forget(&mut self) {
        self.at = None;
        self.diag = None;
        self.fastboot = None;
        self.answered = false;
        self.bulk = Bulk::Closed;
    }

    pub(super) fn open(&mut self, role: Role) -> Result<Port, Error> {
        let sighting = self.bus.look().map_err(Error::Look)?;
        if !sighting.roles.contains(&role) {
            return Err(Error::NoPort(role));
        }
        self.arrival = Some(sighting.arrival);
        let transport = self
            .bus
            .open(role)
            .map_err(|error| Error::Open { role, error })?;
        Ok(Port::new(
            transport,
            self.clock.clone(),
            self.interrupt.clone(),
        ))
    }
}
