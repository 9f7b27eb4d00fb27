//! The simulated modem of one run, and what the run is given by its scenario: for `run --sim` and for rehearsals.

use super::computer::Computer;
use crate::check::CheckedPlan;
use crate::diagnostic::Problem;
use crate::engine::inputs::Given;
use crate::files::{self, Root};
use crate::modem::Session;
use crate::plan::{Make, Scenario};
use crate::sim::{self, Modem, SimBus};
use crate::transport::Clock;
use crate::yaml::{Spanned, Table};
use camino::Utf8Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The simulated modem of one run.
pub struct Simulation {
    pub modem: Arc<Mutex<Modem>>,
    pub bus: SimBus,
    pub clock: Arc<dyn Clock>,
}

impl Simulation {
    /// Builds the scenario's modem. Its model must be the plan's.
    pub fn new(scenario: &Scenario, plan: &CheckedPlan, seed: u64) -> Result<Self, Problem> {
        let profile = plan.profile();
        if scenario.modem.value != profile.id.value {
            let message = format!(
                "the scenario is about {}, the plan about {}",
                scenario.modem.value, profile.id.value
            );
            let problem = Problem::bare("scenario::other-modem", message);
            return Err(problem.help("take a scenario of the plan's modem"));
        }
        let modem = Modem::new(scenario, profile, sim::Options { seed })
            .map_err(|error| Problem::bare("scenario::modem", error.to_string()))?;
        let (bus, clock, modem) = SimBus::new(modem);
        Ok(Self { modem, bus, clock })
    }
}

/// A run's session, from its computer to a modem that may have been there before.
pub(super) fn session(
    computer: &Computer,
    modem: &Arc<Mutex<Modem>>,
    plan: &CheckedPlan,
) -> Session {
    let (bus, clock) = SimBus::on(modem);
    let profile = Arc::new(plan.profile().clone());
    Session::new(computer.bus(bus), clock, computer.interrupt(), profile)
}

pub(super) fn lock(modem: &Mutex<Modem>) -> MutexGuard<'_, Modem> {
    modem.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How large a made package is.
#[derive(Debug, Clone, Copy)]
pub enum PackageSize<'a> {
    /// As its description says, or the simulator's own usual size.
    Described,
    /// This size, whatever its description says.
    Wanted(&'a str),
    /// This size where its description says nothing.
    Usual(&'a str),
}

/// Adds inputs that the plan asks for and nobody gave: words as they are, and what the simulator makes, made once in
/// `folder`.
pub fn give(
    words: &Table<Spanned<String>>,
    makes: &Table<Make>,
    size: PackageSize<'_>,
    plan: &CheckedPlan,
    folder: &Root,
    given: &mut Given,
) -> Result<(), Problem> {
    let wanted = |name: &str, given: &Given| {
        plan.plan().inputs.get(name).is_some() && !given.contains_key(name)
    };
    for (name, value) in words {
        if wanted(name, given) {
            given.insert(name.value.clone(), value.value.clone());
        }
    }
    for (name, make) in makes {
        if wanted(name, given) {
            let described = make.package.as_ref().is_some_and(|p| p.size.is_some());
            let size = match size {
                PackageSize::Wanted(size) => Some(size),
                PackageSize::Usual(size) if !described => Some(size),
                PackageSize::Usual(_) | PackageSize::Described => None,
            };
            let path = sim::made(folder, make, size, plan.profile())
                .map_err(|error| Problem::bare("scenario::make", error.to_string()))?;
            given.insert(name.value.clone(), path.into_string());
        }
    }
    Ok(())
}

/// Where `to:` paths of a simulated run go: the run's own folder, for nothing is real.
pub fn outputs(run: &Root) -> Result<Root, files::Error> {
    let path = Utf8Path::new("outputs");
    run.make_folder(path)?;
    run.folder(path)
}
