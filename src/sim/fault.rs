//! Faults of a scenario, each struck once at its operation.

use super::told::Told;
use crate::plan::{Fault, FaultKind, Operation};

/// The faults that have not struck yet.
#[derive(Debug)]
pub(super) struct Faults {
    waiting: Vec<Waiting>,
    /// What the fault that struck last was told.
    told: Told,
}

#[derive(Debug)]
struct Waiting {
    kind: FaultKind,
    on: Option<Operation>,
    /// Operations to let pass.
    before: u32,
    told: Told,
}

impl Faults {
    pub(super) fn new(faults: &[Fault]) -> Self {
        let waiting = faults.iter().map(|fault| Waiting {
            kind: fault.kind.value,
            on: fault.on.as_ref().map(|on| on.value),
            before: fault.nth.unwrap_or(1).saturating_sub(1),
            told: Told::of(fault),
        });
        Self {
            waiting: waiting.collect(),
            told: Told::default(),
        }
    }

    /// Counts one operation; says which fault strikes at it.
    pub(super) fn strike(&mut self, operation: Operation) -> Option<FaultKind> {
        let mut struck = None;
        for (index, fault) in self.waiting.iter_mut().enumerate() {
            if fault.on.is_some_and(|on| on != operation) {
                continue;
            }
            if fault.before > 0 {
                fault.before -= 1;
            } else if struck.is_none() {
                struck = Some(index);
            }
        }
        struck.map(|index| {
            let struck = self.waiting.remove(index);
            self.told = struck.told;
            struck.kind
        })
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
    fn a_fault_strikes_once_at_its_own_operation() {
        let mut faults = Faults::new(&[Fault {
            kind: spanned(FaultKind::Nak),
            on: Some(spanned(Operation::Erase)),
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
