//! Waiting in real time. The machine is slow and uneven, so limits are generous and steps short (usb-test-rig.md §10).

use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until there is something.
pub(crate) fn patiently<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    patiently_for(PATIENCE, what, look)
}

/// Where it may take longer than anything else here.
pub(crate) fn patiently_for<T>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "never seen: {what}");
        std::thread::sleep(STEP);
    }
}

/// Does something that must not take longer.
pub(crate) fn at_most<T>(limit: Duration, what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    let took = start.elapsed();
    assert!(took < limit, "{what} took {took:?}");
    done
}
