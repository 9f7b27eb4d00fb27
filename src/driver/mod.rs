//! The host side of each conversation, over any port. A driver never retries, resets or erases on its own.

pub mod at;
pub mod diag;
pub mod dload;
pub mod fastboot;
pub mod firehose;
pub mod sahara;
#[cfg(test)]
pub(crate) mod scripted;
