//! Steps for a modem whose firmware does not run: boot ROM, programmer, loader, boot loader.

use super::{Does, Grade, changes};
use crate::draft::{Draft, Known, Model, Step, quoted};
use crate::script::save;
use unbrick::plan::Mode;

impl Draft {
    pub(super) fn in_edl(&mut self) -> (Step, Does) {
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

    pub(super) fn in_dload(&mut self) -> (Step, Does) {
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

    pub(super) fn in_firehose(&mut self) -> (Step, Does) {
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

    pub(super) fn in_fastboot(&mut self) -> (Step, Does) {
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
}
