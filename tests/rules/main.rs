//! The rules: table, code, examples and pages agree.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and lays its files out as they are"
)]

mod bench;
mod codes;
mod examples;
mod explain;
mod formats;
mod mark;
mod pages;
