//! Printers: for people and for machines. They hear events, which are masked already.

pub mod devices;
pub mod doctor;
pub mod functions;
mod long_lines;
mod machine;
mod markdown;
mod output;
mod people;
pub mod problems;
mod ranges;
pub mod show;
mod visible;

pub use machine::Machine;
pub use output::Output;
pub use people::People;
pub use ranges::Ranges;
