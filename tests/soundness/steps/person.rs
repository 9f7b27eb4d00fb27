//! Steps for a person: hands, words and answers.

use super::{Does, Grade, changes};
use crate::draft::{Draft, Known, Step, quoted};
use crate::script::save;
use unbrick::plan::Mode;

impl Draft {
    /// Hands do what brings the modem somewhere; what does, the step does not say.
    pub(super) fn hands(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("hands"));
        let (does, bound): (&[&str], Mode) = match self.random.below(12) {
            0..=6 => (&["unplug", "boot-pin-off", "plug"], Mode::Normal),
            7..=9 => (&["unplug", "boot-pin-on", "plug"], Mode::Edl),
            10 => (&["unplug"], Mode::Off),
            _ => (&["nothing"], Mode::Normal),
        };
        self.bound = Some(bound);
        self.hands.push((step.id.clone(), does.to_vec()));
        let say = self.words();
        step.put(format!("operator.do: {{ say: {} }}", quoted(&say)));
        step.put("timeout: 5m");
        (step, changes(Mode::ALL.to_vec()))
    }

    pub(crate) fn hands_off(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("say"));
        let say = self.words();
        step.put(format!(
            "operator.do: {{ say: {}, hands_off: true }}",
            quoted(&say)
        ));
        step.put("timeout: 1m");
        (
            step,
            Does {
                grade: Grade::Changes,
                ..Does::default()
            },
        )
    }

    pub(crate) fn ask_person(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("person"));
        let say = self.words();
        let known = Known {
            name: self.fresh("f"),
            kind: self
                .random
                .word(&["text", "int", "bool", "firmware", "imei", "file", "folder"]),
        };
        step.put(format!("operator.ask: {{ say: {} }}", quoted(&say)));
        let saves = vec![known];
        step.put(save(&saves));
        step.put("timeout: 10m");
        (
            step,
            Does {
                saves,
                grade: Grade::Changes,
                ..Does::default()
            },
        )
    }

    /// Text for a person, with names in it.
    pub(crate) fn words(&mut self) -> String {
        let kinds = ["text", "int", "bool", "file", "folder", "firmware", "imei"];
        match self.name_of(&kinds) {
            Some(name) if self.random.percent(60) => format!("Look at ${{{name}}}."),
            _ => "Look at it.".to_owned(),
        }
    }
}
