//! What is proved so far, at one point of the plan.
//!
//! There is one state for the whole walk. What a step that may be skipped adds is taken back from a log, so that a
//! step costs what it changes and not what is known already: the walk is linear in the steps.

use crate::action::signature::Leaves;
use crate::plan::{Kind, Modes};
use crate::yaml::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

#[derive(Debug)]
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
    /// What the present group or step has changed, with what was there before.
    log: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Known(String, Option<Kind>),
    Maybe(String, Option<String>),
    Ran(String, Option<&'static str>),
    Fresh(String),
}

/// What holds where a step is left out. Made by [`State::enter`], spent by [`State::merge`].
pub(super) struct Skipped {
    mark: usize,
    why: Option<(Range<usize>, String)>,
    unproved: Option<Spanned<String>>,
    stale: Vec<Range<usize>>,
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
            log: Vec::new(),
        }
    }

    /// The step surely saves a fact.
    pub(super) fn save(&mut self, name: &str, kind: Kind) {
        let before = self.known.insert(name.to_owned(), kind);
        self.log.push(Change::Known(name.to_owned(), before));
        if let Some((name, step)) = self.maybe.remove_entry(name) {
            self.log.push(Change::Maybe(name, Some(step)));
        }
    }

    /// The step surely runs.
    pub(super) fn ran(&mut self, step: &str, action: &'static str) {
        let before = self.ran.insert(step.to_owned(), action);
        self.log.push(Change::Ran(step.to_owned(), before));
    }

    /// The fact tells how the modem is now.
    pub(super) fn freshen(&mut self, name: &str) {
        if self.fresh.insert(name.to_owned()) {
            self.log.push(Change::Fresh(name.to_owned()));
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

    /// With these facts for the time of one look.
    pub(super) fn with<T>(
        &mut self,
        facts: impl Iterator<Item = (String, Kind)>,
        look: impl FnOnce(&Self) -> T,
    ) -> T {
        let before: Vec<(String, Option<Kind>)> = facts
            .map(|(name, kind)| {
                let before = self.known.insert(name.clone(), kind);
                (name, before)
            })
            .collect();
        let seen = look(self);
        for (name, kind) in before.into_iter().rev() {
            put_back(&mut self.known, name, kind);
        }
        seen
    }

    /// Goes into a step that may be skipped.
    pub(super) fn enter(&mut self) -> Skipped {
        Skipped {
            mark: self.log.len(),
            why: self.why.clone(),
            unproved: self.unproved.take(),
            stale: std::mem::take(&mut self.stale),
        }
    }

    /// Goes on after a step that may have been skipped: `modes` are those if it was, `here` those in which it began.
    pub(super) fn merge(&mut self, skipped: Skipped, modes: Modes, here: Modes, step: &str) {
        let mut facts = Vec::new();
        for change in self.log.split_off(skipped.mark).into_iter().rev() {
            match change {
                Change::Known(name, before) => {
                    facts.push(name.clone());
                    put_back(&mut self.known, name, before);
                }
                Change::Maybe(name, before) => {
                    facts.push(name.clone());
                    put_back(&mut self.maybe, name, before);
                }
                Change::Ran(name, before) => {
                    if before.is_none() {
                        self.maybe_ran.insert(name.clone());
                    }
                    put_back(&mut self.ran, name, before);
                }
                Change::Fresh(name) => {
                    self.fresh.remove(&name);
                }
            }
        }
        for name in facts {
            if !self.known.contains_key(&name) && !self.maybe.contains_key(&name) {
                self.maybe.insert(name.clone(), step.to_owned());
                self.log.push(Change::Maybe(name, None));
            }
        }
        if self.modes == here {
            self.why = skipped.why;
        } else {
            self.why = self
                .why
                .take()
                .map(|(at, text)| (at, format!("{text}, where it runs")));
        }
        self.modes = modes.or(self.modes);
        self.unproved = self.unproved.take().or(skipped.unproved);
        let mut stale = skipped.stale;
        stale.append(&mut self.stale);
        self.stale = stale;
    }
}

fn put_back<T>(map: &mut BTreeMap<String, T>, name: String, before: Option<T>) {
    match before {
        Some(value) => map.insert(name, value),
        None => map.remove(&name),
    };
}
