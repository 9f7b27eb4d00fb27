//! Mistakes inside expressions and scripts.

use crate::subject::Subject;
use crate::{Kind, Mutant};
use std::ops::Range;
use unbrick::plan::Step;

pub(crate) const KINDS: &[Kind] = &[
    ("a condition on what nobody knows", |s| {
        when(s, "nobody_knows == 1", "plan::unknown-name", 0..12)
    }),
    ("a condition that is a number", |s| {
        when(s, "1 + 1", "plan::expression", 0..5)
    }),
    ("a condition with `${ }`", |s| {
        when(s, "\"${x} == 1\"", "plan::no-interpolation", 1..10)
    }),
    ("a condition that assigns", |s| {
        when(s, "1 = 1", "plan::expression", 2..3)
    }),
    ("a condition that compares a text with a number", |s| {
        when(s, "1 == \"1\"", "plan::expression", 2..4)
    }),
    ("a condition that is not finished", |s| {
        when(s, "(1 == 1", "plan::expression", 6..7)
    }),
    ("a condition that calls what is not there", |s| {
        when(s, "launch(1)", "plan::expression", 0..6)
    }),
    ("a condition that gives too many arguments", |s| {
        when(s, "abs(1, 2) == 1", "plan::expression", 0..3)
    }),
    ("a fact misspelt in a claim", |s| {
        of_claims(s, |s, at, name| {
            s.misspelt(&(at..at + name.len()), "plan::unknown-name")
        })
    }),
    ("a claim that assigns", |s| {
        let claims = claims(s).filter_map(|claim| {
            let at = claim.start + s.text[claim.clone()].find(" == ")? + 1;
            Some(s.with(&(at..at + 2), "=", "plan::expression"))
        });
        claims.collect()
    }),
    ("a claim that is no claim", |s| {
        claims(s)
            .map(|claim| s.with(&claim, "1", "plan::expression"))
            .collect()
    }),
    ("a fact misspelt in `until`", |s| {
        let retries = s
            .steps()
            .into_iter()
            .filter_map(|step| step.retry.as_ref()?.until.as_ref());
        let names = retries.filter_map(|until| {
            let name = first_name(until)?;
            let at = until.span.start + s.text[until.span.clone()].find(&name)?;
            s.misspelt(&(at..at + name.len()), "plan::unknown-name")
        });
        names.collect()
    }),
    ("a fact that a step may not have read", |s| {
        let last = s.plan.steps.last().unwrap();
        let Some(claim) = last.check.as_ref().and_then(|claims| claims.first()) else {
            return Vec::new();
        };
        let Some(name) = first_name(&claim.that) else {
            return Vec::new();
        };
        let reads = |step: &&Step| {
            step.save.iter().any(|(saved, _)| saved.value == name) && step.when.is_none()
        };
        let readers = s.plan.steps.iter().filter(reads);
        readers
            .map(|step| {
                let at = claim.that.span.start..claim.that.span.start + name.len();
                s.added_at(step, "when", "1 == 2", "plan::maybe-unknown", &at)
            })
            .collect()
    }),
    ("a script that calls what is not there", |s| {
        in_scripts(s, "launch(1);", "plan::script", 0..6)
    }),
    ("a script that gives too few arguments", |s| {
        in_scripts(s, "log();", "plan::script", 0..3)
    }),
    ("a script that is not finished", |s| {
        in_scripts(s, "let x = ;", "plan::script", 8..9)
    }),
    ("a script that saves what is not declared", |s| {
        in_scripts(s, "set(\"other\", 1);", "plan::save", 4..11)
    }),
    ("a script that knows what nobody knows", |s| {
        in_scripts(s, "log(nobody_knows);", "plan::unknown-name", 4..16)
    }),
    ("a script that changes the modem", |s| {
        in_scripts(s, "at(\"AT+CFUN=1\");", "plan::not-a-query", 3..14)
    }),
    ("a script that imports", |s| {
        in_scripts(s, "import \"x\";", "plan::script", 0..6)
    }),
    ("a script that defines a function", |s| {
        in_scripts(s, "fn f() { 1 }", "plan::script", 0..2)
    }),
];

/// A condition added to steps that have none; `at` is the place inside it.
fn when(s: &Subject, text: &str, code: &'static str, at: Range<usize>) -> Vec<Mutant> {
    let steps = s.single().filter(|step| step.when.is_none());
    let added = steps.map(|step| {
        let mut mutant = s.added(step, "when", text, code);
        mutant.at = mutant.at.start + at.start..mutant.at.start + at.end;
        mutant
    });
    added.collect()
}

fn claims(s: &Subject) -> impl Iterator<Item = Range<usize>> {
    let checks = s.steps().into_iter().filter_map(|step| step.check.as_ref());
    checks.flat_map(|claims| claims.iter().map(|claim| claim.that.span.clone()))
}

fn of_claims(s: &Subject, change: fn(&Subject, usize, &str) -> Option<Mutant>) -> Vec<Mutant> {
    let claims = claims(s).filter_map(|claim| {
        let name = first_name(&s.text[claim.clone()])?;
        change(s, claim.start, &name)
    });
    claims.collect()
}

/// The name with which an expression begins.
fn first_name(text: &str) -> Option<String> {
    let name: String = text
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    name.starts_with(|c: char| c.is_ascii_lowercase())
        .then_some(name)
}

/// A line put in front of every script of more than one line.
fn in_scripts(s: &Subject, line: &str, code: &'static str, at: Range<usize>) -> Vec<Mutant> {
    let scripts = s
        .steps()
        .into_iter()
        .filter_map(|step| step.script.as_ref());
    let long = scripts.filter(|script| script.contains('\n'));
    long.map(|script| {
        let start = script.span.start;
        let column = start - s.text[..start].rfind('\n').unwrap() - 1;
        let new = format!("{line}\n{}", " ".repeat(column));
        let mut mutant = s.with(&(start..start), &new, code);
        mutant.at = start + at.start..start + at.end;
        mutant
    })
    .collect()
}
