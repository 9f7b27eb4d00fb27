//! Rehearsals: a plan on a scenario of the simulated modem, carried out by the real engine and the real drivers, and
//! held against what its case expects (plan-language.md §12.2).
//!
//! Nothing here knows better than the engine: what came out is read from its events, from its last word, and from the
//! modem's own record. Runs lie in a temporary folder that is removed.

mod case;
mod compare;
mod computer;
mod operator;
mod paths;
mod rules;
mod simulation;
mod stage;

pub use case::{Case, cases, check};
pub use simulation::{PackageSize, Simulation, give, outputs};
pub use stage::{Rehearsed, Stage};
