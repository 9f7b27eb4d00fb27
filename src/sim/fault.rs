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

    /// Counts one operation; says which fault strikes at it.
    pub(super) fn strike(&mut self, operation: Operation) -> Option<FaultKind> {
        let mut struck = None;
        for (index, fault) in self.waiting.iter_mut().enumerate() {
            let elsewhere = fault.step.is_some() && fault.step != self.step;
            if elsewhere || fault.on.is_some_and(|on| on != operation) {
                continue;
            }
            if fault.before > 0 {
                fault.before -= 1;
            } else if struck.is_none() {
                struck = Some(index);
            }
        }
        let fault = self.waiting.remove(struck?);
        self.struck.push(fault.place);
        self.told = fault.told;
        Some(fault.kind)
    }

    /// What the fault that struck last was told.
    pub(super) fn told(&self) -> &Told {
        &self.told
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
}
