//! Time as the engine sees it, so that a rehearsal of half an hour takes milliseconds.

use std::time::{Duration, Instant};

/// A clock that can be waited on. Virtual on the simulated modem, real elsewhere.
pub trait Clock: Send + Sync {
    /// Time since an arbitrary start; never goes back.
    fn now(&self) -> Duration;
    /// Waits. A virtual clock lets the simulated modem live through that time instead.
    fn sleep(&self, time: Duration);
}

/// The clock of the host.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the engine's clock")]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the engine's clock")]
    fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.start)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the engine's clock")]
    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// A moment after which waiting ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Duration);

impl Deadline {
    /// The moment `time` after `now`.
    pub fn after(now: Duration, time: Duration) -> Self {
        Self(now.saturating_add(time))
    }

    /// What is left of the time at `now`; zero once it has passed.
    pub fn left(self, now: Duration) -> Duration {
        self.0.saturating_sub(now)
    }

    pub fn passed(self, now: Duration) -> bool {
        now >= self.0
    }

    /// The earlier of two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

/// A clock that stands until it is waited on.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct StandingClock(std::sync::Mutex<Duration>);

#[cfg(test)]
impl Clock for StandingClock {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}
