//! How fast the flash is.

use std::time::Duration;

/// Bytes a second while programming (protocols.md §7.1, measured).
pub(super) const PROGRAM_RATE: u64 = 3_830_000;
/// Bytes a second while reading and hashing; unverified.
pub(super) const READ_RATE: u64 = 10_000_000;

/// How long so many bytes take at a rate.
pub(super) fn at_rate(bytes: u64, rate: u64) -> Duration {
    scaled(Duration::from_secs(1), bytes, rate)
}

/// `time` times `part` of `whole`.
pub(super) fn scaled(time: Duration, part: u64, whole: u64) -> Duration {
    let nanos = time.as_nanos() * u128::from(part) / u128::from(whole.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
