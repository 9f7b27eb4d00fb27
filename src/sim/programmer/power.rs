//! The programmer is told to leave.

use super::answers::{TURN, leaves, log};
use super::command::Refusal;
use super::{Programmer, State};
use crate::plan::{FaultKind, Operation};
use crate::protocol::firehose::Element;
use crate::sim::RecordKind;
use crate::sim::world::{Next, Want, World};
use std::time::Duration;

/// From the answer of `power` to an empty bus (protocols.md §6.6, measured).
const LEAVING: Duration = Duration::from_millis(9);

impl Programmer {
    pub(super) fn power(&mut self, world: &mut World, element: &Element) {
        let what = element.attribute("value").unwrap_or("reset").to_owned();
        let next = match what.as_str() {
            "reset" => Next::Restart,
            "off" => Next::Off,
            "reset_to_edl" => Next::BootRom {
                after: Duration::from_millis(500),
            },
            _ => return self.refuse(world, None, "power", Refusal::Value.text()),
        };
        match world.strike(Operation::Power) {
            Some(FaultKind::Timeout) => return,
            Some(FaultKind::ErrorOnReset) => {
                return self.refuse(world, None, "power", "Failed to reset");
            }
            fault if fault.is_some_and(leaves) => return,
            _ => {}
        }
        world.record(RecordKind::Power { what });
        let wait = element
            .attribute("DelayInSeconds")
            .and_then(|text| text.parse::<u8>().ok())
            .map_or(Duration::ZERO, |seconds| {
                Duration::from_secs(u64::from(seconds))
            });
        self.ack(world, None, TURN, &[]);
        let due = self.busy_until;
        world.outbox.send(due, log("Will issue reset/power off 100 useconds, if this hangs check if watchdog is enabled"));
        world.outbox.send(due, log("bsp_target_reset() 1"));
        self.state = State::Leaving;
        world.want = Some(Want::Leave {
            at: due + wait + LEAVING,
            next,
        });
    }
}
