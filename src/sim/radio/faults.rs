//! What goes wrong while the firmware runs, by count of operations.

use crate::plan::{Fault, FaultKind, Operation};
use crate::sim::told::Told;

/// The scenario's faults that can strike here, each once.
#[derive(Debug)]
pub(super) struct Faults {
    armed: Vec<Armed>,
    /// The step that runs.
    step: Option<String>,
    /// Places in the scenario's list of those that have struck.
    struck: Vec<usize>,
    /// What the fault that struck last was told.
    told: Told,
    /// Faults of the host whose moment has come, not yet told.
    of_the_host: Vec<usize>,
}

#[derive(Debug)]
struct Armed {
    /// Its place in the scenario's list.
    place: usize,
    /// Only while this step runs.
    step: Option<String>,
    kind: FaultKind,
    /// Any operation of the running firmware where nothing is given.
    on: Option<Operation>,
    /// Operations until it strikes.
    left: u32,
    told: Told,
}

/// Operations of the running firmware; the others belong to the boot ROM and the programmer.
const HERE: [Operation; 6] = [
    Operation::At,
    Operation::NvRead,
    Operation::NvWrite,
    Operation::EfsRead,
    Operation::EfsWrite,
    Operation::Edl,
];

impl Faults {
    pub(super) fn new(faults: &[Fault]) -> Self {
        let armed = faults
            .iter()
            .enumerate()
            .map(|(place, fault)| Armed {
                place,
                step: fault.step.as_ref().map(|step| step.value.clone()),
                kind: fault.kind.value,
                on: fault.on.as_ref().map(|on| on.value),
                left: fault.nth.unwrap_or(1).max(1),
                told: Told::of(fault),
            })
            .filter(|armed| armed.on.is_none_or(|on| HERE.contains(&on)))
            .collect();
        Self {
            armed,
            step: None,
            struck: Vec::new(),
            told: Told::default(),
            of_the_host: Vec::new(),
        }
    }

    /// Another step runs now, or none.
    pub(super) fn entered(&mut self, step: Option<&str>) {
        self.step = step.map(str::to_owned);
    }

    /// Places in the scenario's list of those that have struck.
    pub(super) fn struck(&self) -> &[usize] {
        &self.struck
    }

    /// Counts an operation; gives the fault that strikes at it. Of two at once, the first in the scenario strikes.
    pub(super) fn strike(&mut self, operation: Operation) -> Option<FaultKind> {
        let mut struck = None;
        let Self {
            armed,
            step,
            struck: places,
            told,
            of_the_host,
        } = self;
        armed.retain_mut(|armed| {
            let elsewhere = armed.step.is_some() && armed.step != *step;
            if elsewhere || armed.on.is_some_and(|on| on != operation) {
                return true;
            }
            armed.left -= 1;
            if armed.left == 0 && armed.kind.is_of_the_host() {
                of_the_host.push(armed.place);
            } else if armed.left == 0 {
                places.push(armed.place);
                if struck.is_none() {
                    *told = armed.told.clone();
                }
                struck = struck.or(Some(armed.kind));
            }
            armed.left > 0
        });
        struck
    }

    /// Places of those of the host whose moment has come since the last call.
    pub(super) fn take_of_the_host(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.of_the_host)
    }

    /// What the fault that struck last was told.
    pub(super) fn told(&self) -> &Told {
        &self.told
    }

    pub(super) fn clear(&mut self) {
        self.armed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Spanned;

    fn fault(kind: FaultKind, on: Option<Operation>, nth: u32) -> Fault {
        let spanned = |value| Spanned { value, span: 0..0 };
        Fault {
            kind: spanned(kind),
            on: on.map(|value| Spanned { value, span: 0..0 }),
            step: None,
            nth: Some(nth),
            value: None,
        }
    }

    #[test]
    fn a_fault_strikes_once_at_its_own_operation() {
        let mut faults = Faults::new(&[
            fault(FaultKind::LostReply, Some(Operation::NvRead), 2),
            fault(FaultKind::Garbage, Some(Operation::Erase), 1),
        ]);
        assert_eq!(faults.strike(Operation::NvRead), None);
        assert_eq!(faults.strike(Operation::At), None);
        assert_eq!(faults.strike(Operation::NvRead), Some(FaultKind::LostReply));
        assert_eq!(faults.strike(Operation::NvRead), None);
        assert_eq!(faults.strike(Operation::Erase), None);
    }

    #[test]
    fn the_moment_of_a_fault_of_the_host_is_told_and_changes_nothing_here() {
        let mut faults = Faults::new(&[
            fault(FaultKind::Killed, Some(Operation::At), 1),
            fault(FaultKind::Nak, Some(Operation::At), 1),
        ]);
        assert_eq!(faults.strike(Operation::At), Some(FaultKind::Nak));
        assert_eq!(
            (faults.take_of_the_host(), faults.struck()),
            (vec![0], &[1][..])
        );
        assert!(faults.take_of_the_host().is_empty());
    }

    #[test]
    fn the_zeroth_operation_is_the_first() {
        let mut faults = Faults::new(&[fault(FaultKind::Slow, None, 0)]);
        assert_eq!(faults.strike(Operation::At), Some(FaultKind::Slow));
    }
}
