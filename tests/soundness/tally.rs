//! What was reached, so that the test cannot become vacuous.

use std::collections::{BTreeMap, BTreeSet};
use unbrick::check::CheckedPlan;

/// Counts, by word.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<String, usize>);

impl Tally {
    pub(crate) fn add(&mut self, word: impl Into<String>) {
        *self.0.entry(word.into()).or_default() += 1;
    }

    pub(crate) fn of(&self, word: &str) -> usize {
        self.0.get(word).copied().unwrap_or_default()
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (word, count) in other.0 {
            *self.0.entry(word).or_default() += count;
        }
    }

    pub(crate) fn shown(&self) -> String {
        let words: Vec<String> = (self.0.iter())
            .map(|(word, count)| format!("{word} {count}"))
            .collect();
        words.join(", ")
    }
}

/// What a plan is made of, each once.
pub(crate) fn constructs(plan: &CheckedPlan) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |word: String| {
        found.insert(word);
    };
    for (_, input) in &plan.plan().inputs.0 {
        add(format!("input {}", input.kind.value));
        for (key, is) in [
            ("default", input.default.is_some()),
            ("matches", input.matches.is_some()),
            ("choices", !input.choices.is_empty()),
        ] {
            if is {
                add(format!("input {key}"));
            }
        }
    }
    if !plan.rescue().is_empty() {
        add("rescue".to_owned());
    }
    if !plan.plan().report.is_empty() {
        add("report".to_owned());
    }
    let written = plan.plan().steps.iter().chain(&plan.plan().rescue);
    for step in written.flat_map(unbrick::plan::Step::all) {
        for (key, is) in [
            ("only_in", step.only_in.is_some()),
            ("when", step.when.is_some()),
            ("retry", step.retry.is_some()),
            (
                "until",
                step.retry.as_ref().is_some_and(|r| r.until.is_some()),
            ),
            ("optional", step.optional.is_some()),
            ("checkpoint", step.checkpoint.is_some()),
            ("confirm", step.confirm.is_some()),
            ("group", step.group.is_some()),
            ("include", step.include.is_some()),
        ] {
            if is {
                add(key.to_owned());
            }
        }
        for (_, kind) in &step.save {
            add(format!("save {}", kind.value));
        }
        for (_, param) in step.included.iter().flat_map(|included| &included.params) {
            add(format!("parameter {}", param.kind.value));
        }
    }
    for step in plan.all_steps() {
        add(step.signature.key.to_owned());
        for guard in &step.guards {
            add(format!("guard {}", guard.kind.name().word()));
        }
    }
    for call in plan.calls() {
        add(format!("{call}()"));
    }
    found
}
