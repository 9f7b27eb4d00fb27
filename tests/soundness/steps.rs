//! Steps: an action that may fit where the modem is hoped to be, and what stands around it.

use crate::draft::{Draft, Known, Model, Part, Step, modes, quoted};
use crate::script::save;
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

/// Queries: what is sent, the pattern, and the kinds that its group may be saved as.
const ASKS: [(&str, &str, &[&str]); 9] = [
    ("AT", "", &[]),
    ("ATI", r"^Revision: (?<F>\S+)", &["text"]),
    ("AT+QGMR", r"^(?<F>\S+_\S+)", &["firmware", "text"]),
    ("AT+CFUN?", r"\+CFUN: (?<F>\d+)", &["int", "int", "text"]),
    ("AT+CGSN", r"^(?<F>\d{15})", &["imei", "text"]),
    ("AT+EGMR=0,7", r#""(?<F>\d{15})""#, &["imei"]),
    ("AT+QINISTAT?", r"\+QINISTAT: (?<F>\d+)", &["int"]),
    ("AT+CFUN=?", r"\+CFUN: (?<F>.*)$", &["text"]),
    (
        "AT+QRFTEST=\"mode\"",
        r"\+QRFTEST: .*(?<F>[01])\s*$",
        &["bool", "int"],
    ),
];

/// Commands that store something and keep the modem where it is.
const SETS: [&str; 7] = [
    "AT+CFUN=1",
    "AT+CFUN=0",
    "AT+CFUN=4",
    "AT+CMEE=1",
    "ATE0",
    "AT+QNVR=453,0",
    "AT+QRFTESTMODE=0",
];

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

    fn in_normal(&mut self) -> (Step, Does) {
        match self.random.below(100) {
            0..=49 => self.ask(),
            50..=64 => self.set(),
            65..=70 => self.reset(),
            71..=75 => self.restart(),
            76..=78 => self.backup(),
            79..=83 => self.restore(),
            84..=87 => self.write_nv(),
            _ => self.by_diag(),
        }
    }

    fn ask(&mut self) -> (Step, Does) {
        // The last one is no query of every model.
        let asks = match self.model {
            Model::Rm502q => ASKS.len(),
            Model::Ec25 => ASKS.len() - 1,
        };
        let (send, pattern, kinds) = *self.random.pick(&ASKS[..asks]);
        let mut step = Step::new(self.fresh("ask"));
        let mut saves = Vec::new();
        let mut fields = format!("send: {}", quoted(send));
        if !kinds.is_empty() {
            let known = Known {
                name: self.fresh("f"),
                kind: self.random.word(kinds),
            };
            let pattern = pattern.replace("<F>", &format!("<{}>", known.name));
            fields = format!("{fields}, reply: {}", quoted(&pattern));
            saves.push(known);
        }
        step.put(format!("at.ask: {{ {fields} }}"));
        if !saves.is_empty() {
            step.put(save(&saves));
        }
        step.put("timeout: 5s");
        (
            step,
            Does {
                saves,
                ..Does::default()
            },
        )
    }

    fn set(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("set"));
        let number = self.name_of(&["int", "text", "bool"]);
        let send = match number {
            Some(name) if self.random.percent(25) => {
                let head = self
                    .random
                    .word(&["AT+CFUN=", "AT+QNVR=", "AT+CMEE=", "AT+X=1,"]);
                format!("{head}${{{name}}}")
            }
            _ if self.random.percent(15) && self.part != Part::Fragment => {
                self.secret();
                "AT+QADBKEY=\"${adb_key}\"".to_owned()
            }
            _ => self.random.word(&SETS).to_owned(),
        };
        let reply = if self.random.percent(20) {
            ", reply: \"^OK\""
        } else {
            ""
        };
        step.put(format!("at.set: {{ send: {}{reply} }}", quoted(&send)));
        step.put("timeout: 5s");
        (
            step,
            Does {
                grade: Grade::Changes,
                ..Does::default()
            },
        )
    }

    fn secret(&mut self) {
        if !self.inputs.iter().any(|known| known.kind == "secret") {
            let known = Known {
                name: "adb_key".to_owned(),
                kind: "secret",
            };
            self.inputs.push(known.clone());
            self.names.push(known);
        }
    }

    fn reset(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("reset"));
        step.put("modem.reset: {}");
        step.put("timeout: 2m");
        (step, changes(vec![Mode::Normal]))
    }

    /// A command after which the modem goes by itself; now and then nothing is said of that.
    fn restart(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("restart"));
        let send = self
            .random
            .word(&["AT+CFUN=1,1", "AT+CFUN=1,1", "AT+QPOWD", "AT+QPOWD=1"]);
        let says = self.random.percent(65);
        let restarts = if says { ", restarts: true" } else { "" };
        step.put(format!("at.set: {{ send: {}{restarts} }}", quoted(send)));
        step.put("timeout: 20s");
        self.bound = Some(if send == "AT+CFUN=1,1" {
            Mode::Normal
        } else {
            Mode::Off
        });
        let leaves = if says {
            Mode::ALL.to_vec()
        } else {
            vec![Mode::Normal]
        };
        (step, changes(leaves))
    }

    pub(crate) fn backup(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("save"));
        let to = self.target(&step.id, ".xqcn");
        step.put(format!("diag.backup: {{ to: {} }}", quoted(&to)));
        step.put("timeout: 10m");
        self.backups.push((step.id.clone(), false));
        (step, Does::default())
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

    pub(crate) fn by_diag(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("edl"));
        step.put("diag.edl: {}");
        step.put("timeout: 1m");
        (step, changes(vec![Mode::Edl]))
    }

    fn in_edl(&mut self) -> (Step, Does) {
        if self.random.percent(30) {
            self.chip()
        } else {
            self.load()
        }
    }

    /// Its facts have names of its own, so each is saved once.
    fn chip(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("chip"));
        step.put("sahara.info: {}");
        let mut saves = Vec::new();
        for (name, kind) in [("hwid", "text"), ("serial", "text"), ("sahara", "int")] {
            let is_taken = |known: &Known| known.name == name;
            let taken = self.names.iter().any(is_taken) || self.doubtful.iter().any(is_taken);
            if !taken && self.random.percent(40) {
                let name = name.to_owned();
                saves.push(Known { name, kind });
            }
        }
        if !saves.is_empty() {
            step.put(save(&saves));
        }
        step.put("timeout: 30s");
        (
            step,
            Does {
                saves,
                ..Does::default()
            },
        )
    }

    pub(crate) fn load(&mut self) -> (Step, Does) {
        if !self.has("folder") || !self.has("file") {
            return self.hands();
        }
        let mut step = Step::new(self.fresh("load"));
        if self.model == Model::Ec25 && self.random.percent(65) {
            let package = self.input("package");
            step.put(format!(
                "sahara.load: {{ programmer: \"${{{package}}}/update/ENPRG9x07.mbn\", speaks: dload }}"
            ));
            step.put("timeout: 30s");
            return (step, changes(vec![Mode::Dload]));
        }
        let programmer = if self.random.percent(70) {
            let package = self.input("package");
            format!("${{{package}}}/{}", self.model.programmer())
        } else {
            format!("${{{}}}", self.input("programmer"))
        };
        let images = if self.random.percent(20) {
            format!(", images: {{ 21: {} }}", quoted(&programmer))
        } else {
            String::new()
        };
        step.put(format!(
            "sahara.load: {{ programmer: {}{images} }}",
            quoted(&programmer)
        ));
        step.put("timeout: 30s");
        (step, changes(vec![Mode::Firehose]))
    }

    fn in_dload(&mut self) -> (Step, Does) {
        let saved = self.backups.iter().any(|(_, copy)| !copy);
        if self.has("folder") && saved && self.random.percent(30) {
            return self.flash_by_loader();
        }
        let mut step = Step::new(self.fresh("leave"));
        let to = match self.random.below(10) {
            0 | 1 => Mode::Edl,
            _ => Mode::Normal,
        };
        step.put(format!("dload.reset: {{ to: {} }}", to.word()));
        step.put("timeout: 3m");
        (step, changes(vec![to]))
    }

    fn in_firehose(&mut self) -> (Step, Does) {
        let draw = self.random.below(100);
        if draw >= 50 {
            return self.leave_programmer();
        }
        let copied = self.backups.iter().any(|(_, copy)| *copy);
        if draw >= 30 && self.has("folder") && (copied || self.slips()) {
            self.flash()
        } else {
            self.read_back()
        }
    }

    pub(crate) fn read_back(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("copy"));
        let to = self.target(&step.id, "");
        let kept = self.model.kept();
        let parts = if self.random.percent(95) {
            kept
        } else {
            &kept[..1]
        };
        let parts = parts.join(", ");
        step.put(format!(
            "firehose.backup: {{ parts: [{parts}], to: {} }}",
            quoted(&to)
        ));
        step.put("timeout: 10m");
        self.backups.push((step.id.clone(), true));
        (step, Does::default())
    }

    pub(crate) fn leave_programmer(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("leave"));
        let to = match self.random.below(10) {
            0 | 1 => Mode::Edl,
            2 => Mode::Off,
            _ => Mode::Normal,
        };
        step.put(format!("firehose.reset: {{ to: \"{}\" }}", to.word()));
        step.put("timeout: 3m");
        (step, changes(vec![to]))
    }

    fn in_fastboot(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("boot"));
        if self.random.percent(40) {
            let image = self.input("programmer");
            let guards = [self.model_guard(), self.rollback_guard()].join(", ");
            step.put(format!(
                "fastboot.flash: {{ part: recovery, image: \"${{{image}}}\" }}"
            ));
            step.put(format!("guards: [{guards}]"));
            step.put("confirm: Write it?");
            step.put("timeout: 5m");
            let does = Does {
                grade: Grade::Destroys,
                dressed: true,
                ..Does::default()
            };
            return (step, does);
        }
        step.put("fastboot.reboot: { to: normal }");
        step.put("timeout: 3m");
        (step, changes(vec![Mode::Normal]))
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

    /// Hands do what brings the modem somewhere; what does, the step does not say.
    fn hands(&mut self) -> (Step, Does) {
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

    /// Text for a person, with names in it.
    pub(crate) fn words(&mut self) -> String {
        let kinds = ["text", "int", "bool", "file", "folder", "firmware", "imei"];
        match self.name_of(&kinds) {
            Some(name) if self.random.percent(60) => format!("Look at ${{{name}}}."),
            _ => "Look at it.".to_owned(),
        }
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
}

pub(crate) fn changes(leaves: Vec<Mode>) -> Does {
    Does {
        leaves: Some(leaves),
        grade: Grade::Changes,
        ..Does::default()
    }
}
