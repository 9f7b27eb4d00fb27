//! Guards, and the steps that destroy behind them.

use crate::draft::{Draft, Step, quoted};
use crate::steps::{Does, Grade};

impl Draft {
    fn guard(&mut self, name: &str, lines: &[String]) -> String {
        if !self.guards.iter().any(|(known, _)| known == name) {
            let mut lines = lines.to_vec();
            if self.random.percent(30) {
                lines.push("else: No.".to_owned());
            }
            self.guards.push((name.to_owned(), lines));
        }
        name.to_owned()
    }

    pub(crate) fn condition_guard(&mut self) -> String {
        let name = self.fresh("that-");
        let mut condition = self.condition();
        if self.random.percent(88) {
            condition = format!("({condition}) || true");
        }
        let mut lines = vec![format!("that: {}", quoted(&condition))];
        if self.random.percent(40) {
            lines.push("unknown: confirm".to_owned());
        }
        self.guard(&name, &lines)
    }

    pub(crate) fn model_guard(&mut self) -> String {
        let fact = self.of_plan("label_model");
        let hardware = self.model.hardware();
        self.guard(
            "right-model",
            &[format!("model: {{ fact: {fact}, is: [{hardware}] }}")],
        )
    }

    pub(crate) fn rollback_guard(&mut self) -> String {
        let (installed, target) = (self.of_plan("installed_fw"), self.of_plan("package_fw"));
        self.guard(
            "no-rollback",
            &[
                format!("rollback: {{ installed: {installed}, target: {target} }}"),
                "unknown: confirm".to_owned(),
            ],
        )
    }

    fn backup_guard(&mut self, copy: bool) -> String {
        let doubtful = self.slips();
        let mut known = self
            .backups
            .iter()
            .filter(|(_, is)| doubtful || *is == copy);
        let step = known
            .next_back()
            .map_or("nowhere", |(step, _)| step)
            .to_owned();
        let mut lines = vec![format!("backup: {{ step: {step} }}")];
        if copy {
            lines.push("unknown: confirm".to_owned());
        }
        self.guard(&format!("saved-{step}"), &lines)
    }

    pub(crate) fn flash(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("flash"));
        let (package, guards) = self.package(true);
        let verify = self.random.word(&[
            "",
            "",
            ", verify: digest",
            ", verify: readback",
            ", verify: none",
            ", skip_same: true",
        ]);
        step.put("because: \"It is a test.\"");
        step.put(format!(
            "firehose.flash: {{ package: \"${{{package}}}\"{verify} }}"
        ));
        self.behind(step, &guards)
    }

    pub(crate) fn flash_by_loader(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("flash"));
        let (package, guards) = self.package(false);
        let replace = self.random.word(&["", "", ", replace_table: true"]);
        step.put("because: \"It is a test.\"");
        step.put(format!(
            "dload.flash: {{ package: \"${{{package}}}\"{replace} }}"
        ));
        self.behind(step, &guards)
    }

    /// The package that a step writes, and what every writing demands.
    fn package(&mut self, copy: bool) -> (String, [String; 4]) {
        let package = self.input("package");
        let judged = self.of_plan("package");
        let kept = self.model.kept().join(", ");
        let whole = self.guard(
            "whole-package",
            &[format!("package: {{ folder: {judged}, keeps: [{kept}] }}")],
        );
        let guards = [
            self.model_guard(),
            self.rollback_guard(),
            whole,
            self.backup_guard(copy),
        ];
        (package, guards)
    }

    pub(crate) fn restore(&mut self) -> (Step, Does) {
        let backup = self.backups.iter().any(|(_, copy)| !copy) || self.slips();
        if !backup || !self.has("file") {
            return self.check();
        }
        let mut step = Step::new(self.fresh("restore"));
        let file = self.input("xqcn");
        let (judged, imei) = (self.of_plan("xqcn"), self.of_plan("label_imei"));
        let own = self.guard(
            "own-xqcn",
            &[
                format!("same_unit: {{ file: {judged}, imei: {imei} }}"),
                "unknown: confirm".to_owned(),
            ],
        );
        let guards = [self.model_guard(), own, self.backup_guard(false)];
        let skip = if self.random.percent(40) {
            ", skip_items: [6828]"
        } else {
            ""
        };
        step.put(format!("diag.restore: {{ from: \"${{{file}}}\"{skip} }}"));
        self.behind(step, &guards)
    }

    /// An AT command that writes NV items.
    pub(crate) fn write_nv(&mut self) -> (Step, Does) {
        if !self.backups.iter().any(|(_, copy)| !copy) && !self.slips() {
            return self.check();
        }
        let mut step = Step::new(self.fresh("nv"));
        let send = self
            .random
            .word(&["AT+QNVW=453,0,\"00\"", "AT+QNVFW=\"/drawn\",00"]);
        let guards = [self.model_guard(), self.backup_guard(false)];
        step.put(format!("at.set: {{ send: {} }}", quoted(send)));
        self.behind(step, &guards)
    }

    fn behind(&mut self, mut step: Step, guards: &[String]) -> (Step, Does) {
        self.destroys = true;
        let mut guards = guards.to_vec();
        if self.random.percent(20) {
            guards.push(self.condition_guard());
        }
        let confirm = self.words();
        step.put(format!("guards: [{}]", guards.join(", ")));
        step.put(format!("confirm: {}", quoted(&confirm)));
        step.put("timeout: 20m");
        let does = Does {
            grade: Grade::Destroys,
            dressed: true,
            ..Does::default()
        };
        (step, does)
    }
}
