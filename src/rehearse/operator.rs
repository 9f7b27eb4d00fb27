//! The person of a rehearsal: answers by the case, else yes.

use crate::engine::Operator;
use crate::engine::operator::Answer;
use crate::yaml::{Spanned, Table};
use std::collections::BTreeSet;

/// The answer that stops.
const NO: &str = "no";

pub(super) struct Answers<'a> {
    answers: &'a Table<Spanned<String>>,
    /// Steps that asked.
    heard: BTreeSet<String>,
}

impl<'a> Answers<'a> {
    pub(super) fn new(answers: &'a Table<Spanned<String>>) -> Self {
        Self {
            answers,
            heard: BTreeSet::new(),
        }
    }

    /// Names of steps whose answer nobody asked for.
    pub(super) fn unused(&self) -> impl Iterator<Item = &'a Spanned<String>> {
        let names = self.answers.iter().map(|(name, _)| name);
        names.filter(|name| !self.heard.contains(&name.value))
    }

    fn given(&mut self, step: &str) -> Option<&'a str> {
        self.heard.insert(step.to_owned());
        self.answers.get(step).map(|answer| answer.value.as_str())
    }

    fn word(&mut self, step: &str) -> Answer {
        match self.given(step) {
            Some(NO) => Answer::No,
            _ => Answer::Yes { how: "rehearsed" },
        }
    }
}

impl Operator for Answers<'_> {
    fn tell(&mut self, _step: &str, _text: &str) {}

    fn can_act(&self) -> bool {
        true
    }

    fn can_answer(&self, step: &str) -> bool {
        self.answers.get(step).is_some()
    }

    fn how_to_answer(&self, step: &str) -> String {
        format!("give the case an answer: `answers: {{ {step}: ... }}`")
    }

    fn confirm(&mut self, step: &str, _question: &str, _typed: &str) -> Answer {
        self.word(step)
    }

    fn agree(&mut self, step: &str, _question: &str) -> Answer {
        self.word(step)
    }

    fn ask(&mut self, step: &str, _question: &str) -> Option<String> {
        self.given(step).map(str::to_owned)
    }
}
