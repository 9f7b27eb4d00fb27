//! What cases are made of: devices that are plugged into the machine's USB, and waiting for what the kernel does.

mod lab;
mod plug;
mod services;
mod wait;

pub(crate) use lab::{Lab, Rule, pattern};
pub(crate) use plug::{Plug, modem, profile, unit};
pub(crate) use services::Services;
use wait::patiently_for;
pub(crate) use wait::{at_most, patiently};
