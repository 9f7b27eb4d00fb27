//! Steps: an action that may fit where the modem is hoped to be, and what stands around it.

mod loaded;
mod normal;
mod person;

use crate::draft::{Draft, Known, Part, Step, modes, quoted};
use unbrick::plan::Mode;

/// What a step does to hopes.
#[derive(Debug, Default)]
pub(crate) struct Does {
    pub(crate) saves: Vec<Known>,
    /// Where the modem is afterwards; as before where nothing is said.
    pub(crate) leaves: Option<Vec<Mode>>,
    pub(crate) grade: Grade,
    /// Its condition, `only_in` or the like stand there already.
    pub(crate) dressed: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    #[default]
    Reads,
    Changes,
    Destroys,
    /// A group or a fragment: no fields of single steps.
    Holds,
}

impl Draft {
    pub(crate) fn step(&mut self, part: Part) -> Step {
        let outer = std::mem::replace(&mut self.part, part);
        let before = self.modes.clone();
        let mut only = None;
        if self.modes.len() > 1 && self.random.percent(60) {
            let likely = self.likely();
            let mode = *self.random.pick(&likely);
            only = Some(mode);
            self.modes = vec![mode];
        }
        let (mut step, does) = self.action(part);
        let inside = self.modes.clone();
        if let Some(mode) = only {
            step.put(format!("only_in: {}", modes(&[mode])));
        }
        let sure = self.dress(&mut step, &does, part);
        let after = does.leaves.clone().unwrap_or(inside);
        self.modes = after;
        if let Some(mode) = only {
            let others = before.iter().filter(|other| **other != mode);
            self.also_in(&others.copied().collect::<Vec<_>>());
        }
        if !sure {
            self.also_in(&before);
        }
        let always = sure && only.is_none();
        if !always && !self.slips() {
            self.backups.retain(|(id, _)| *id != step.id);
        }
        let known = if always {
            &mut self.names
        } else {
            &mut self.doubtful
        };
        known.extend(does.saves);
        let single = always && self.modes.len() == 1 && does.grade != Grade::Holds;
        if (single || self.slips()) && self.random.percent(25) {
            step.put("checkpoint: true");
        }
        self.part = outer;
        step
    }

    /// Of the modes in which it may be, those that the model has.
    fn likely(&self) -> Vec<Mode> {
        let all = self.model.modes();
        let loaded = [Mode::Firehose, Mode::Dload];
        let has = |mode: &&Mode| all.contains(mode) || loaded.contains(mode);
        let likely: Vec<Mode> = self.modes.iter().filter(has).copied().collect();
        if likely.is_empty() {
            self.modes.clone()
        } else {
            likely
        }
    }

    pub(crate) fn also_in(&mut self, more: &[Mode]) {
        for mode in more {
            if !self.modes.contains(mode) {
                self.modes.push(*mode);
            }
        }
    }

    /// What may stand around an action. Whether the step surely runs.
    fn dress(&mut self, step: &mut Step, does: &Does, part: Part) -> bool {
        let mut sure = true;
        if self.random.percent(20) {
            step.put(format!("title: {}", quoted("What it does")));
        }
        if self.random.percent(14) && !does.dressed && does.grade != Grade::Destroys {
            let condition = self.condition();
            step.put(format!("when: {}", quoted(&condition)));
            sure = false;
        }
        let reads = does.grade == Grade::Reads && does.leaves.is_none();
        let erases = does.grade == Grade::Destroys;
        if (reads && self.random.percent(12) || self.slips() && !erases) && part != Part::Rescue {
            step.put("because: \"It may fail.\"");
            step.put("optional: true");
            sure = false;
        }
        let single = does.grade != Grade::Holds;
        if single && does.grade != Grade::Destroys && self.random.percent(15) {
            self.retry(step, does);
        }
        if single && part != Part::Fragment && does.grade != Grade::Destroys {
            if self.random.percent(10) {
                let guard = self.condition_guard();
                step.put(format!("guards: [{guard}]"));
            }
            if self.random.percent(6) {
                let words = self.words();
                step.put(format!("confirm: {}", quoted(&words)));
            }
        }
        sure
    }

    fn retry(&mut self, step: &mut Step, does: &Does) {
        let attempts = self.random.between(2, 4);
        let grow = if self.random.percent(30) {
            ", grow: 2"
        } else {
            ""
        };
        let stays = does.leaves.is_none() || self.slips();
        let until = if stays && self.random.percent(60) {
            let known = self.names.len();
            self.names.extend(does.saves.iter().cloned());
            let condition = self.condition();
            self.names.truncate(known);
            format!(", until: {}", quoted(&condition))
        } else {
            String::new()
        };
        step.put(format!(
            "retry: {{ attempts: {attempts}, delay: 1s{grow}{until} }}"
        ));
    }

    fn action(&mut self, part: Part) -> (Step, Does) {
        let slip = if self.slips() {
            Some(*self.random.pick(self.model.modes()))
        } else {
            None
        };
        let mode = slip.or(self.mode());
        // What a group or a fragment stands for, and what works anywhere, comes first.
        let draw = self.random.below(100);
        match part {
            Part::Main if draw < 8 => return self.group(),
            Part::Main | Part::Fragment if draw < 17 && self.fragments.len() < 3 => {
                return self.include();
            }
            _ => {}
        }
        match (self.random.below(100), mode) {
            (0..=9, _) => self.check(),
            (10..=15, _) => self.ask_person(),
            (16..=19, _) => self.hands_off(),
            (20..=27, mode) => self.script_step(mode == Some(Mode::Normal)),
            (28..=30, _) => self.hands(),
            (_, Some(Mode::Normal)) => self.in_normal(),
            (_, Some(Mode::Edl)) => self.in_edl(),
            (_, Some(Mode::Firehose)) => self.in_firehose(),
            (_, Some(Mode::Ramdump)) if self.random.percent(50) => self.by_diag(),
            (_, Some(Mode::Fastboot)) if self.has("file") => self.in_fastboot(),
            (_, Some(Mode::Fastboot)) => self.hands_off(),
            (_, Some(Mode::Dload)) => self.in_dload(),
            (_, Some(Mode::Ramdump | Mode::Off)) => self.hands(),
            (_, None) => self.wait(None),
        }
    }

    pub(crate) fn wait(&mut self, for_mode: Option<Mode>) -> (Step, Does) {
        let mut step = Step::new(self.fresh("wait"));
        let likely = *self.random.pick(self.model.modes());
        let drawn = match self.bound.take() {
            Some(mode) if self.random.percent(90) => mode,
            _ if self.random.percent(60) => Mode::Normal,
            _ => likely,
        };
        let mode = for_mode.unwrap_or(drawn);
        step.put(format!("usb.wait: {{ for: \"{}\" }}", mode.word()));
        step.put("timeout: 1m");
        // What has left the bus may come back.
        let mut does = match mode {
            Mode::Off if !self.slips() => changes(Mode::ALL.to_vec()),
            _ => changes(vec![mode]),
        };
        does.grade = Grade::Reads;
        (step, does)
    }

    pub(crate) fn check(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("check"));
        let mut lines = Vec::new();
        for _ in 0..self.random.between(1, 2) {
            let mut condition = self.condition();
            if self.random.percent(50) {
                // What always holds lets the plan go on, and is evaluated all the same.
                condition = format!("({condition}) || true");
            }
            lines.push(format!("- that: {}", quoted(&condition)));
            lines.push("  else: It does not hold.".to_owned());
        }
        step.block("check:", lines);
        (step, Does::default())
    }

    fn script_step(&mut self, asks: bool) -> (Step, Does) {
        let (step, saves) = self.script(asks);
        (
            step,
            Does {
                saves,
                ..Does::default()
            },
        )
    }

    fn group(&mut self) -> (Step, Does) {
        let mut group = Step::new(self.fresh("group"));
        let known = self.names.len();
        let before = self.modes.clone();
        let mut lines = Vec::new();
        for _ in 0..self.random.between(1, 3) {
            let step = self.step(Part::Group);
            lines.extend(step.shown(0));
        }
        let after = std::mem::replace(&mut self.modes, before);
        let saves = self.names.split_off(known.min(self.names.len()));
        group.block("group:", lines);
        let does = Does {
            saves,
            leaves: Some(after),
            grade: Grade::Holds,
            dressed: false,
        };
        (group, does)
    }

    /// Steps after a failure: anywhere, with inputs only, and often under a condition.
    pub(crate) fn rescue(&mut self) -> Vec<Step> {
        if !self.random.percent(45) {
            return Vec::new();
        }
        self.names = self.inputs.clone();
        let mut steps = Vec::new();
        for _ in 0..self.random.between(1, 3) {
            let outer = std::mem::replace(&mut self.part, Part::Rescue);
            let (mut step, does) = match self.random.below(6) {
                0 => self.check(),
                1 => self.ask_person(),
                2 | 3 => {
                    let (mut step, mut does) = self.ask();
                    step.put("only_in: [normal]");
                    self.doubtful.append(&mut does.saves);
                    (step, does)
                }
                4 => self.wait(None),
                _ => self.hands_off(),
            };
            self.dress(&mut step, &does, Part::Rescue);
            self.doubtful.extend(does.saves);
            self.part = outer;
            steps.push(step);
        }
        steps
    }

    fn target(&mut self, id: &str, ending: &str) -> String {
        let part = if self.part == Part::Fragment {
            None
        } else {
            self.name_of(&["text", "int", "bool", "firmware"])
        };
        match part.filter(|_| self.random.percent(50)) {
            Some(name) => format!("backup/${{{name}}}/{id}{ending}"),
            None => format!("backup/{id}{ending}"),
        }
    }
}

pub(crate) fn changes(leaves: Vec<Mode>) -> Does {
    Does {
        leaves: Some(leaves),
        grade: Grade::Changes,
        ..Does::default()
    }
}
