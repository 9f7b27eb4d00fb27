//! Responses and log lines, each at its time, with the faults that strike them.

use super::Programmer;
use crate::plan::FaultKind;
use crate::protocol::firehose::Element;
use crate::sim::world::{World, slowed};
use std::time::Duration;

/// From a command to its answer, where nothing has to be done.
pub(super) const TURN: Duration = Duration::from_millis(1);
/// A log line that comes after its response; made up.
const LATE_LOG: Duration = Duration::from_millis(5);

impl Programmer {
    /// The moment at which an answer is due that takes `time`, after everything asked before.
    pub(super) fn due(
        &mut self,
        world: &World,
        fault: Option<FaultKind>,
        time: Duration,
    ) -> Duration {
        self.busy_until = self.busy_until.max(world.now) + slowed(time, fault);
        self.busy_until
    }

    pub(super) fn ack(
        &mut self,
        world: &mut World,
        fault: Option<FaultKind>,
        time: Duration,
        attributes: &[(&str, String)],
    ) {
        let due = self.due(world, fault, time);
        reply(world, due, fault, response("ACK", attributes));
    }

    pub(super) fn refuse(
        &mut self,
        world: &mut World,
        fault: Option<FaultKind>,
        what: &str,
        because: &str,
    ) {
        world.refused(what, because);
        let due = self.due(world, fault, TURN);
        world.outbox.send(due, log(because));
        // As qdlrs reads it (protocols.md §6.4).
        let again = [("AttemptRetry", "1".to_owned())];
        let attributes: &[_] = match fault {
            Some(FaultKind::NakRetry) => &again,
            _ => &[],
        };
        world.outbox.send(due, response("NAK", attributes));
    }
}

pub(super) fn refuses(fault: Option<FaultKind>) -> bool {
    matches!(fault, Some(FaultKind::Nak | FaultKind::NakRetry))
}

/// Whether the modem goes in the middle of the command.
pub(super) fn leaves(fault: FaultKind) -> bool {
    matches!(
        fault,
        FaultKind::Unplug | FaultKind::Vanish | FaultKind::WrongMode
    )
}

/// Sends a response, and log lines where a fault says so.
pub(super) fn reply(world: &mut World, due: Duration, fault: Option<FaultKind>, response: Vec<u8>) {
    let remark = log("Calling handler");
    match fault {
        Some(FaultKind::TwoDocuments) => world.outbox.send(due, [remark, response].concat()),
        Some(FaultKind::LogWithoutResponse) => world.outbox.send(due, remark),
        Some(FaultKind::LateLog) => {
            world.outbox.send(due, response);
            world.outbox.send(due + LATE_LOG, remark);
        }
        _ => world.answer(due, fault, response),
    }
}

pub(super) fn log(text: &str) -> Vec<u8> {
    Element::new("log").with("value", text).document()
}

pub(super) fn response(value: &str, attributes: &[(&str, String)]) -> Vec<u8> {
    let element = Element::new("response").with("value", value);
    attributes
        .iter()
        .fold(element, |element, (name, value)| element.with(name, value))
        .document()
}
