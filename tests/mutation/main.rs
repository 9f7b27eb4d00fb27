//! Every plan of `plans/` and `examples/`, with one mistake injected at a time: the checker finds each, under the very
//! characters. A kind of mistake is a function over a plan; it says where it can be made, which rule it breaks, and where.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and reads plans as a person would"
)]

mod frame;
mod head;
mod inside;
mod schema;
mod steps;
mod subject;
mod words;

use schema::Schema;
use std::collections::BTreeMap;
use subject::{Subject, corpus};

/// One plan with one mistake.
pub(crate) struct Mutant {
    pub(crate) text: String,
    /// The rule that it breaks.
    pub(crate) code: &'static str,
    /// Where the first label must stand.
    pub(crate) at: std::ops::Range<usize>,
    /// What the help must name: the word that was meant.
    pub(crate) meant: Option<String>,
}

/// A kind of mistake: its name, and every place of a plan where it can be made.
pub(crate) type Kind = (&'static str, fn(&Subject) -> Vec<Mutant>);

/// Mutants of one kind in one plan that are tried: the first, and others evenly spread.
const MOST: usize = 8;

#[test]
fn every_mistake_is_found_at_its_characters() {
    let corpus = corpus();
    let kinds: Vec<Kind> = [
        frame::KINDS,
        head::KINDS,
        steps::KINDS,
        words::KINDS,
        inside::KINDS,
    ]
    .concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.yaml");
    let (mut made, mut missed) = (0, Vec::new());
    let schema = Schema::new();
    let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, make) in &kinds {
        for subject in &corpus {
            let mutants = make(subject);
            let stride = mutants.len().div_ceil(MOST).max(1);
            for mutant in mutants.into_iter().step_by(stride) {
                made += 1;
                *of_kind.entry(kind).or_default() += 1;
                std::fs::write(&path, &mutant.text).unwrap();
                if let Some(instead) = instead(path.to_str().unwrap(), &mutant) {
                    missed.push(format!("{kind} in {}: {instead}", subject.name));
                }
                if let Some(passed) = schema.passed(kind, &mutant) {
                    missed.push(format!("{kind} in {}: {passed}", subject.name));
                }
            }
        }
    }
    let unused: Vec<&str> = kinds
        .iter()
        .map(|(kind, _)| *kind)
        .filter(|kind| !of_kind.contains_key(kind))
        .collect();
    println!(
        "{} kinds, {} plans, {made} mistakes, {} found",
        of_kind.len(),
        corpus.len(),
        made - missed.len()
    );
    assert!(of_kind.len() >= 60, "{} kinds", of_kind.len());
    assert!(unused.is_empty(), "kinds that fit nowhere: {unused:?}");
    assert!(
        missed.is_empty(),
        "{} missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

/// What was found instead, if the mistake was not found where it is.
fn instead(path: &str, mutant: &Mutant) -> Option<String> {
    let problems = match unbrick::check::load(path) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    let found = problems.iter().any(|problem| {
        let at = problem.labels.first().map(|(span, _)| span.clone());
        let help = problem.help.as_deref().unwrap_or("");
        let meant = mutant
            .meant
            .as_ref()
            .is_none_or(|word| help.contains(&format!("`{word}`")));
        problem.code == mutant.code && at.as_ref() == Some(&mutant.at) && meant
    });
    let wanted = mutant.text.get(mutant.at.clone()).unwrap_or("?");
    let got: Vec<_> = problems
        .iter()
        .map(|p| {
            (
                p.code,
                p.pointed_at().unwrap_or(""),
                p.help.as_deref().unwrap_or(""),
            )
        })
        .collect();
    (!found).then(|| {
        format!(
            "wanted {} at {wanted:?} ({:?}), got {got:?}",
            mutant.code, mutant.meant
        )
    })
}
