//! Steps for a modem whose firmware runs.

use super::{Does, Grade, changes};
use crate::draft::{Draft, Known, Model, Part, Step, quoted};
use crate::script::save;
use unbrick::plan::Mode;

impl Draft {
    pub(super) fn in_normal(&mut self) -> (Step, Does) {
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

    pub(super) fn ask(&mut self) -> (Step, Does) {
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

    pub(crate) fn by_diag(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("edl"));
        step.put("diag.edl: {}");
        step.put("timeout: 1m");
        (step, changes(vec![Mode::Edl]))
    }
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
