//! Hears when something is plugged in or out, where the platform tells; elsewhere the caller's looks are spaced by the
//! clock alone.

use super::super::Clock;
use rusb::{Context, Device, Hotplug, HotplugBuilder, UsbContext};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How often the listening thread sees whether it is still wanted.
const ROUND: Duration = Duration::from_millis(500);

/// An ear on the bus. It only wakes: what is there is told by the next look.
pub struct Arrivals {
    heard: Option<Receiver<()>>,
    ended: Arc<AtomicBool>,
}

impl Arrivals {
    /// Listens from now on. Where that is not possible, [`Self::wait`] waits by the clock.
    pub fn listen() -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let (events, heard) = channel();
        let until = Arc::clone(&ended);
        std::thread::spawn(move || serve(events, &until));
        Self {
            heard: Some(heard),
            ended,
        }
    }

    /// Listens to nothing: where made devices stand for the bus.
    pub fn none() -> Self {
        Self {
            heard: None,
            ended: Arc::default(),
        }
    }

    /// Waits until something comes or goes, but no longer than `time`.
    pub fn wait(&mut self, clock: &dyn Clock, time: Duration) {
        match self.heard.as_ref().map(|heard| heard.recv_timeout(time)) {
            Some(Ok(())) => {
                // Many events of one plug are one reason to look.
                while self.heard.as_ref().is_some_and(|h| h.try_recv().is_ok()) {}
            }
            Some(Err(RecvTimeoutError::Timeout)) => {}
            Some(Err(RecvTimeoutError::Disconnected)) | None => {
                self.heard = None;
                clock.sleep(time);
            }
        }
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// No transfer and no string descriptor inside the callback (dependencies.md §1.3): it only tells.
struct Tell(Sender<()>);

impl Hotplug<Context> for Tell {
    fn device_arrived(&mut self, _: Device<Context>) {
        // Nobody listens any more: the thread ends with its next round.
        let _ = self.0.send(());
    }

    fn device_left(&mut self, _: Device<Context>) {
        let _ = self.0.send(());
    }
}

fn serve(events: Sender<()>, ended: &AtomicBool) {
    let Ok(context) = Context::new() else {
        return;
    };
    let registered = HotplugBuilder::new().register(&context, Box::new(Tell(events)));
    let Ok(_registration) = registered else {
        return;
    };
    while !ended.load(Ordering::Relaxed) && context.handle_events(Some(ROUND)).is_ok() {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::StandingClock;

    #[test]
    fn where_nothing_is_told_the_clock_spaces_the_looks() {
        let clock = StandingClock::default();
        let mut deaf = Arrivals::none();
        deaf.wait(&clock, Duration::from_secs(1));
        assert_eq!(clock.now(), Duration::from_secs(1));
        // A thread that could not start to listen counts as deaf.
        let (events, heard) = channel();
        let mut ear = Arrivals {
            heard: Some(heard),
            ended: Arc::default(),
        };
        events.send(()).unwrap();
        events.send(()).unwrap();
        ear.wait(&clock, Duration::from_secs(60));
        assert_eq!(clock.now(), Duration::from_secs(1), "two events wake once");
        drop(events);
        ear.wait(&clock, Duration::from_secs(2));
        assert_eq!(clock.now(), Duration::from_secs(3));
    }
}
