//! Printers: for people and for machines. They hear events, which are masked already.

mod machine;
mod output;
mod people;
pub mod problems;

pub use machine::Machine;
pub use output::Output;
pub use people::People;
