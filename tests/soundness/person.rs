//! A person who answers by chance.

use crate::draft::Model;
use crate::random::Random;
use crate::scenario::answer;
use std::collections::BTreeMap;
use unbrick::check::CheckedPlan;
use unbrick::engine::Operator;
use unbrick::engine::operator::Answer;

pub(crate) struct Person<'r> {
    random: &'r mut Random,
    model: Model,
    /// The kind that each asking step saves.
    kinds: BTreeMap<String, String>,
    /// Sits at a terminal.
    there: bool,
}

impl<'r> Person<'r> {
    pub(crate) fn new(random: &'r mut Random, model: Model, plan: &CheckedPlan) -> Self {
        let asks = plan
            .all_steps()
            .filter(|step| step.step.operator_ask.is_some());
        let kinds = asks
            .filter_map(|step| {
                let (_, kind) = step.step.save.iter().next()?;
                Some((step.id().to_owned(), kind.value.to_string()))
            })
            .collect();
        let there = !random.percent(4);
        Self {
            random,
            model,
            kinds,
            there,
        }
    }

    fn word(&mut self) -> Answer {
        match self.random.below(100) {
            _ if !self.there => Answer::Nobody,
            0..=4 => Answer::No,
            _ => Answer::Yes { how: "test" },
        }
    }
}

impl Operator for Person<'_> {
    fn tell(&mut self, _step: &str, _text: &str) {}

    fn can_act(&self) -> bool {
        self.there
    }

    fn can_answer(&self, _step: &str) -> bool {
        self.there
    }

    fn confirm(&mut self, _step: &str, _question: &str, _typed: &str) -> Answer {
        self.word()
    }

    fn agree(&mut self, _step: &str, _question: &str) -> Answer {
        self.word()
    }

    fn ask(&mut self, step: &str, _question: &str) -> Option<String> {
        let kind = self.kinds.get(step).map_or("text", String::as_str);
        let said = answer(self.random, self.model, kind);
        self.there.then_some(said)
    }
}
