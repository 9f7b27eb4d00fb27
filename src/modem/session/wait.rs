//! Waiting until the modem is seen somewhere, or something moves.

use super::{Certainty, Error, Observed, Session, told};
use crate::plan::Mode;
use crate::transport::Deadline;
use std::time::Duration;

/// Between two looks at the bus.
const LOOK: Duration = Duration::from_millis(250);

impl Session {
    /// Waits until the modem is seen in a mode.
    pub fn wait_for(&mut self, wanted: Mode, deadline: Deadline) -> Result<Observed, Error> {
        let since = self.clock.now();
        loop {
            let observed = match self.observe() {
                // A port that vanished between the look and the opening is no reason to give up.
                Err(error @ (Error::Open { .. } | Error::NoPort(_))) => {
                    told(Mode::Off, error.to_string())
                }
                other => other?,
            };
            if observed.mode == wanted && observed.certainty == Certainty::Told {
                return Ok(observed);
            }
            if deadline.passed(self.clock.now()) {
                return Err(Error::NotSeen {
                    wanted,
                    waited: self.clock.now().saturating_sub(since),
                    seen: observed.mode,
                    evidence: observed.evidence,
                });
            }
            self.pause(deadline)?;
        }
    }

    /// Waits until what is on the bus changes: hands have done something.
    pub fn wait_for_change(&mut self, deadline: Deadline) -> Result<bool, Error> {
        let before = self.look()?;
        loop {
            self.pause(deadline)?;
            let now = self.look()?;
            if now.differs_from(&before) {
                return Ok(true);
            }
            if deadline.passed(self.clock.now()) {
                return Ok(false);
            }
        }
    }

    fn pause(&mut self, deadline: Deadline) -> Result<(), Error> {
        if self.interrupt.at_safe_point() {
            return Err(Error::Interrupted);
        }
        let now = self.clock.now();
        let time = LOOK.min(deadline.left(now)).max(Duration::from_millis(1));
        self.bus.pause(&*self.clock, time);
        Ok(())
    }
}
