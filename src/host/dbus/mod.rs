//! As much of D-Bus as a call with texts and flags needs, over a Unix socket, with a deadline on every wait.
//!
//! Own code because the synchronous crate that is small (rustbus 0.19) waits for ever where a bus accepts and says
//! nothing, and spins where it closes during the greeting. That crate plays the other side in the tests.
//! Source of the format: D-Bus Specification 0.43.

mod connection;
mod message;

pub(super) use connection::{Connection, Error};
pub(super) use message::Argument;
