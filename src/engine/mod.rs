//! Turns a proof into effects on a modem: runs, journals, asks, resumes. It emits events and prints nothing.
//!
//! From the first intent of a destructive operation until that step is done, nothing here or below resets the modem.

pub mod approval;
mod attempts;
pub mod dry;
pub mod guards;
pub mod inputs;
pub mod journal;
mod mask;
pub mod operator;
pub mod outcome;
mod perform;
mod recorder;
pub mod resume;
pub mod run;
pub mod store;
mod unverified;
pub mod zips;

pub use operator::Operator;
pub use outcome::{ExitCode, Outcome};
pub use recorder::Listener;
