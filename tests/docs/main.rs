//! The handbook: its tables are those of the program, and everything in it that can be tried is tried.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and reads pages as they are"
)]

mod bench;
mod block;
mod snippets;
mod tables;
mod tutorial;
