//! The shipped recovery under every fault that the simulated modem knows, in one process and in virtual time.
//!
//! The modem keeps its own record of what it was sent. The oracle reads that record beside the events of the engine,
//! and believes neither alone.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test may fail where it stands, looks at files as a person would, and prints its table"
)]

mod again;
mod cell;
mod kinds;
mod matrix;
mod oracle;
mod random_bytes;
mod streaming;
mod units;
mod variants;
