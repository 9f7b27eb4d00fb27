//! Faults of a scenario, each struck once at its operation.

use super::told::Told;
use crate::plan::{Fault, FaultKind, Operation};

/// The faults that have not struck yet.
#[derive(Debug)]
pub(super) struct Faults {
    waiting: Vec<Waiting>,
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
struct Waiting {
    /// Its place in the scenario's list.
    place: usize,
    /// Only while this step runs.
    step: Option<String>,
    kind: FaultKind,
    on: Option<Operation>,
    /// Operations to let pass.
    before: u32,
    told: Told,
}

impl Faults {
    pub(super) fn new(faults: &[Fault]) -> Self {
        let waiting = faults.iter().enumerate().map(|(place, fault)| Waiting {
            place,
            step: fault.step.as_ref().map(|step| step.value.clone()),
            kind: fault.kind.value,
            on: fault.on.as_ref().map(|on| on.value),
            before: fault.nth.unwrap_or(1).saturating_sub(1),
            told: Told::of(fault),
        });
        Self {
            waiting: waiting.collect(),
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

    /// Counts one operation; says which fault strikes at it. Of two at once, the first in the scenario does, and the other
    /// at the next operation.
    pub(super) fn strike(&mut self, operation: Operation) -> Option<FaultKind> {
        let mut struck = None;
        let mut index = 0;
        while let Some(fault) = self.waiting.get_mut(index) {
            index += 1;
            let elsewhere = fault.step.is_some() && fault.step != self.step;
            if elsewhere || fault.on.is_some_and(|on| on != operation) {
                continue;
            }
            if fault.before > 0 {
                fault.before -= 1;
            } else if fault.kind.is_of_the_host() {
                self.of_the_host.push(fault.place);
                index -= 1;
                self.waiting.remove(index);
            } else if struck.is_none() {
                struck = Some(index - 1);
            }
        }
        let fault = self.waiting.remove(struck?);
        self.struck.push(fault.place);
        self.told = fault.told;
        Some(fault.kind)
    }

    /// Places of those of the host whose moment has come since the last call.
    pub(super) fn take_of_the_host(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.of_the_host)
    }

    /// What the fault that struck last was told.
    pub(super) fn told(&self) -> &Told {
        &self.told
    }

    /// Nothing strikes any more.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::fixture::spanned;

    #[test]
    fn a_fault_of_a_step_counts_from_the_start_of_that_step() {
        let mut faults = Faults::new(&[Fault {
            value: None,
            kind: spanned(FaultKind::Nak),
            on: None,
            step: Some(spanned("flash".to_owned())),
            nth: Some(2),
        }]);
        let steps = [None, Some("load"), Some("flash"), None, Some("flash")];
        let struck = steps.map(|step| {
            faults.entered(step);
            faults.strike(Operation::Erase)
        });
        assert_eq!(struck, [None, None, None, None, Some(FaultKind::Nak)]);
        assert_eq!(faults.struck(), [0]);
    }

    #[test]
    fn the_moment_of_a_fault_of_the_host_is_told_and_changes_nothing_here() {
        let fault = |kind, nth| Fault {
            kind: spanned(kind),
            on: Some(spanned(Operation::Erase)),
            step: None,
            nth: Some(nth),
            value: None,
        };
        let mut faults = Faults::new(&[
            fault(FaultKind::Interrupt, 2),
            fault(FaultKind::DiskFull, 2),
            fault(FaultKind::Nak, 2),
        ]);
        let mut come = Vec::new();
        let struck = [(); 3].map(|()| {
            let struck = faults.strike(Operation::Erase);
            come.push(faults.take_of_the_host());
            struck
        });
        assert_eq!(struck, [None, Some(FaultKind::Nak), None]);
        assert_eq!(come, [vec![], vec![0, 1], vec![]]);
    }

    #[test]
    fn a_fault_strikes_once_at_its_own_operation() {
        let mut faults = Faults::new(&[Fault {
            kind: spanned(FaultKind::Nak),
            on: Some(spanned(Operation::Erase)),
            step: None,
            nth: Some(2),
            value: None,
        }]);
        let operations = [
            Operation::Erase,
            Operation::Program,
            Operation::Erase,
            Operation::Erase,
        ];
        let struck = operations.map(|operation| faults.strike(operation));
        assert_eq!(struck, [None, None, Some(FaultKind::Nak), None]);
    }

    #[test]
    fn of_two_faults_at_once_the_second_strikes_at_the_next_operation() {
        let fault = |kind| Fault {
            kind: spanned(kind),
            on: Some(spanned(Operation::At)),
            step: None,
            nth: None,
            value: None,
        };
        let mut faults = Faults::new(&[fault(FaultKind::Nak), fault(FaultKind::Slow)]);
        assert_eq!(faults.strike(Operation::At), Some(FaultKind::Nak));
        assert_eq!(faults.struck(), [0]);
        assert_eq!(faults.strike(Operation::At), Some(FaultKind::Slow));
        assert_eq!(faults.struck(), [0, 1]);
    }

    #[test]
    fn the_zeroth_operation_is_the_first() {
        let mut faults = Faults::new(&[Fault {
            kind: spanned(FaultKind::Slow),
            on: None,
            step: None,
            nth: Some(0),
            value: None,
        }]);
        assert_eq!(faults.strike(Operation::At), Some(FaultKind::Slow));
    }
}
