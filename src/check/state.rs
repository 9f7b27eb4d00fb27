//! What is proved so far, at one point of the plan.

use crate::action::signature::Leaves;
use crate::plan::{Kind, Modes};
use crate::yaml::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

#[derive(Debug, Clone)]
pub(super) struct State {
    /// Modes in which the modem may be.
    pub(super) modes: Modes,
    /// The place that last changed them, and what to say of it.
    pub(super) why: Option<(Range<usize>, String)>,
    /// Facts that are surely known.
    pub(super) known: BTreeMap<String, Kind>,
    /// Facts that may be known, and the step that may not have given them.
    pub(super) maybe: BTreeMap<String, String>,
    /// Steps that surely ran, and their actions.
    pub(super) ran: BTreeMap<String, &'static str>,
    /// Steps that may have run.
    pub(super) maybe_ran: BTreeSet<String>,
    /// Facts that were surely saved after the modem was last changed.
    pub(super) fresh: BTreeSet<String>,
    /// The last step that may have changed the modem without a `check` that surely runs after it.
    pub(super) unproved: Option<Spanned<String>>,
    /// The last step that may have changed the modem, be it proved or not.
    pub(super) changed_by: Option<Spanned<String>>,
    /// Claims of the last `check` that say nothing of the modem as it is now.
    pub(super) stale: Vec<Range<usize>>,
}

impl State {
    pub(super) fn new(modes: Modes, why: (Range<usize>, String)) -> Self {
        Self {
            modes,
            why: Some(why),
            known: BTreeMap::new(),
            maybe: BTreeMap::new(),
            ran: BTreeMap::new(),
            maybe_ran: BTreeSet::new(),
            fresh: BTreeSet::new(),
            unproved: None,
            changed_by: None,
            stale: Vec::new(),
        }
    }

    /// The step has changed the modem: what was known of it before is known of the past.
    pub(super) fn changed(&mut self, step: &Spanned<String>) {
        self.fresh.clear();
        self.stale.clear();
        self.unproved = Some(step.clone());
        self.changed_by = Some(step.clone());
    }

    /// A `check` has passed; `stale` are its claims that rest on nothing fresh.
    pub(super) fn checked(&mut self, stale: Vec<Range<usize>>) {
        self.unproved = None;
        self.stale = stale;
    }

    /// The action is through.
    pub(super) fn leave(&mut self, leaves: Leaves, action: &Range<usize>) {
        match leaves {
            Leaves::Same => {}
            Leaves::Unknown => {
                self.modes = Modes::ANY;
                let text = "the mode is not known after this".to_owned();
                self.why = Some((action.clone(), text));
            }
            Leaves::Known(mode) => {
                self.modes = Modes::one(mode);
                self.why = Some((action.clone(), format!("leaves the modem in {mode}")));
            }
        }
    }

    /// Goes on after a step that may have been skipped: `inner` is the state if it ran, `skipped` the modes if not.
    pub(super) fn merge(&mut self, inner: Self, skipped: Modes, here: Modes, step: &str) {
        for name in inner.known.keys().chain(inner.maybe.keys()) {
            if !self.known.contains_key(name) {
                self.maybe
                    .entry(name.clone())
                    .or_insert_with(|| step.to_owned());
            }
        }
        let ran = inner.ran.into_keys().chain(inner.maybe_ran);
        let maybe_ran: Vec<String> = ran.filter(|id| !self.ran.contains_key(id)).collect();
        self.maybe_ran.extend(maybe_ran);
        if inner.modes != here {
            self.why = inner
                .why
                .map(|(at, text)| (at, format!("{text}, where it runs")));
        }
        self.modes = skipped.or(inner.modes);
        self.fresh.retain(|name| inner.fresh.contains(name));
        self.unproved = inner.unproved.or(self.unproved.take());
        self.changed_by = inner.changed_by.or(self.changed_by.take());
        self.stale.extend(inner.stale);
    }
}
