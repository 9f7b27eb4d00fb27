//! A partition that may be written: none that holds calibration or identity ever becomes one.

use crate::plan::Partition;

/// The name of a partition that may be erased and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    name: String,
}

/// The partition holds calibration or identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` holds calibration or identity, and is never written")]
pub struct Kept(pub String);

impl Target {
    /// The only way to a target, so that no caller can forget to ask.
    pub fn of(partition: &Partition) -> Result<Self, Kept> {
        let name = partition.name.value.clone();
        if partition.keep {
            Err(Kept(name))
        } else {
            Ok(Self { name })
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}
