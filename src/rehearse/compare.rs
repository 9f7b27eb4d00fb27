//! What came out, held against what was expected: each difference is a problem under the expected value.

use crate::diagnostic::{Problem, Source};
use crate::engine::Listener;
use crate::event::Event;
use crate::plan::{
    Calibration, Expectation, ModemExpectation, Outcome, Recorded, Value, Values, Written,
};
use crate::sim::Summary;
use crate::yaml::Spanned;
use std::ops::Range;

/// What came out of one run.
pub(super) struct Came {
    pub(super) outcome: Outcome,
    pub(super) step: Option<String>,
    pub(super) code: Option<String>,
    pub(super) message: String,
    /// What a person is told to do.
    pub(super) help: Option<String>,
    pub(super) facts: Values,
    pub(super) steps: Steps,
    pub(super) modem: Summary,
    /// What the modem recorded in this run.
    pub(super) recorded: Vec<Recorded>,
}

/// Steps as the events tell them.
#[derive(Debug, Default)]
pub(super) struct Steps {
    ran: Vec<String>,
    skipped: Vec<String>,
    asked: Vec<String>,
}

impl Listener for Steps {
    fn hear(&mut self, event: &Event) {
        let (list, step) = match event {
            Event::StepStart { step, .. } => (&mut self.ran, step),
            Event::StepSkip { step, .. } => (&mut self.skipped, step),
            Event::Ask { step, .. } => (&mut self.asked, step),
            _ => return,
        };
        list.push(step.clone());
    }
}

/// Every difference. `before`: the modem before the first run. `prefix`: the key in which the expectation stands.
pub(super) fn differences(
    source: &Source,
    prefix: &str,
    expect: &Expectation,
    came: &Came,
    before: &Summary,
) -> Vec<Problem> {
    let mut against = Against {
        source,
        prefix,
        problems: Vec::new(),
    };
    against.ending(expect, came);
    let steps = &came.steps;
    against.steps("ran", expect.ran.as_ref(), &steps.ran);
    against.steps("skipped", expect.skipped.as_ref(), &steps.skipped);
    against.steps("asked", expect.asked.as_ref(), &steps.asked);
    for (name, wanted) in &expect.facts {
        against.fact(name, wanted, came.facts.get(&name.value));
    }
    if let Some(modem) = &expect.modem {
        against.modem(modem, &came.modem, before);
    }
    for never in &expect.never {
        let times = came.recorded.iter().filter(|r| **r == never.value).count();
        if times > 0 {
            let key = format!("never {}", never.value.word());
            let got = match times {
                1 => "is once in the modem's record".to_owned(),
                times => format!("is {times} times in the modem's record"),
            };
            against.differs(&key, "nothing of it", &got, &never.span);
        }
    }
    against.problems
}

struct Against<'a> {
    source: &'a Source,
    prefix: &'a str,
    problems: Vec<Problem>,
}

impl Against<'_> {
    /// `got`: as the second half of a sentence about the key.
    fn differs(&mut self, key: &str, wanted: &str, got: &str, at: &Range<usize>) {
        let message = format!(
            "`{}{key}` {got}, and the case expects {wanted}",
            self.prefix
        );
        let problem = Problem::new(self.source, "rehearsal::differs", message)
            .label(at.clone(), format!("it {got}"));
        self.problems.push(problem);
    }

    fn text(&mut self, key: &str, wanted: &str, got: &str, at: &Range<usize>) {
        if wanted != got {
            self.differs(key, &format!("`{wanted}`"), &format!("is `{got}`"), at);
        }
    }

    fn ending(&mut self, expect: &Expectation, came: &Came) {
        let before = self.problems.len();
        let outcome = &expect.outcome;
        self.text(
            "outcome",
            outcome.word(),
            came.outcome.word(),
            &outcome.span,
        );
        for (key, wanted, got) in [
            ("step", &expect.step, &came.step),
            ("rule", &expect.rule, &came.code),
        ] {
            let Some(wanted) = wanted else { continue };
            if let Some(got) = got {
                self.text(key, wanted, got, &wanted.span);
            } else {
                let expected = format!("`{}`", wanted.value);
                self.differs(key, &expected, "is not told", &wanted.span);
            }
        }
        if let Some(problem) = self.problems.get_mut(before) {
            problem.help = Some(format!("the run said: {}", came.message).into());
        }
    }

    /// The first step that differs is the one that is shown.
    fn steps(&mut self, key: &str, wanted: Option<&Spanned<Vec<Spanned<String>>>>, got: &[String]) {
        let Some(wanted) = wanted else { return };
        let is = |place: usize| wanted.get(place).map(|step| &step.value) == got.get(place);
        let longest = wanted.len().max(got.len());
        let Some(place) = (0..longest).find(|place| !is(*place)) else {
            return;
        };
        let at = wanted.get(place).map_or(&wanted.span, |step| &step.span);
        let expected = match wanted.get(place) {
            Some(step) => format!("`{}`", step.value),
            None => "no more".to_owned(),
        };
        let number = place + 1;
        let came = match got.get(place) {
            Some(step) => format!("has `{step}` at place {number}"),
            None => format!("ends before place {number}"),
        };
        self.differs(key, &expected, &came, at);
        let all = format!("`{key}` is: [{}]", got.join(", "));
        if let Some(problem) = self.problems.last_mut() {
            problem.help = Some(all.into());
        }
    }

    fn fact(&mut self, name: &str, wanted: &Spanned<Written>, got: Option<&Value>) {
        let key = format!("facts.{name}");
        let Some(got) = got else {
            let expected = format!("`{}`", wanted.0);
            return self.differs(&key, &expected, "is not known", &wanted.span);
        };
        let expected = Value::parse(got.kind(), &wanted.0);
        if expected.as_ref() != Ok(got) {
            let expected = expected.map_or_else(|_| wanted.0.clone(), |value| value.shown());
            self.differs(
                &key,
                &format!("`{expected}`"),
                &format!("is `{}`", got.shown()),
                &wanted.span,
            );
        }
    }

    fn modem(&mut self, expect: &ModemExpectation, modem: &Summary, before: &Summary) {
        if let Some(mode) = &expect.mode {
            self.text("modem.mode", mode.word(), modem.mode.word(), &mode.span);
        }
        if let Some(firmware) = &expect.firmware {
            let got = modem.firmware.as_deref().unwrap_or("none");
            self.text("modem.firmware", firmware, got, &firmware.span);
        }
        if let Some(boots) = &expect.boots {
            let (wanted, got) = (boots.value.to_string(), modem.boots.to_string());
            self.text("modem.boots", &wanted, &got, &boots.span);
        }
        if let Some(calibration) = &expect.calibration {
            let word = |present| if present { "present" } else { "missing" };
            let wanted = word(calibration.value == Calibration::Present);
            let got = word(modem.calibration);
            self.text("modem.calibration", wanted, got, &calibration.span);
        }
        if let Some(imei) = &expect.imei {
            let wanted = match imei.as_str() {
                "same" => before.imei.as_deref(),
                "none" => None,
                number => Some(number),
            };
            if wanted != modem.imei.as_deref() {
                // Neither number is repeated.
                let got = match modem.imei {
                    None => "is none",
                    Some(_) => "is another number",
                };
                self.differs("modem.imei", "otherwise", got, &imei.span);
            }
        }
        for name in &expect.unchanged {
            if !modem.unchanged.contains(&name.value) {
                let key = format!("modem.unchanged {}", name.value);
                let got = "is not as it was at the start";
                self.differs(&key, "every byte of it", got, &name.span);
            }
        }
    }
}
