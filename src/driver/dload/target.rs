//! What may be opened for writing.

use crate::plan::Partition;
use crate::protocol::dload::Entry;

/// A partition that may be written, by the name that the loader knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(String);

/// Calibration or identity: no loader is told to write it, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("partition `{0}` holds calibration or identity, and is never written over Streaming DLOAD")]
pub struct Kept(pub String);

impl Target {
    /// The partition of the profile, under the name of the table's entry for it.
    pub fn of(partition: &Partition, entry: &Entry) -> Result<Self, Kept> {
        if partition.keep {
            Err(Kept(partition.name.value.clone()))
        } else {
            Ok(Self(entry.name.clone()))
        }
    }

    pub fn name(&self) -> &str {
        &self.0
    }
}
