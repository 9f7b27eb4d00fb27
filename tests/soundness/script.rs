//! Scripts: statements over facts and the functions of the host.

use crate::draft::{Draft, Known, Step};
use crate::expression::Type;

impl Draft {
    pub(crate) fn script(&mut self, asks: bool) -> (Step, Vec<Known>) {
        let mut step = Step::new(self.fresh("script"));
        let mut saved = Vec::new();
        for _ in 0..self.random.below(3) {
            let kind = *self
                .random
                .pick(&["text", "int", "bool", "firmware", "imei"]);
            // What is computed is rarely a version or an identity.
            if matches!(kind, "text" | "int" | "bool") || self.random.percent(10) {
                saved.push(Known {
                    name: self.fresh("f"),
                    kind,
                });
            }
        }
        let mut lines = Vec::new();
        for _ in 0..self.random.between(1, 4) {
            self.statement(&mut lines, asks, 1);
        }
        for known in &saved {
            let same = self.name_of(&[known.kind]);
            let value = match same {
                Some(name) if matches!(known.kind, "firmware" | "imei") => name,
                _ => self.expression(Type::of_kind(known.kind), 2),
            };
            let set = format!("set(\"{}\", {value});", known.name);
            if self.random.percent(5) {
                let condition = self.condition();
                lines.push(format!("if {condition} {{ {set} }}"));
            } else {
                lines.push(set);
            }
        }
        self.locals.clear();
        step.block("script: |", lines);
        if !saved.is_empty() {
            step.put(save(&saved));
        }
        step.put("timeout: 30s");
        (step, saved)
    }

    fn statement(&mut self, lines: &mut Vec<String>, asks: bool, depth: usize) {
        match self.random.below(10) {
            0 | 1 => {
                let kind = *self
                    .random
                    .pick(&[Type::Number, Type::Text, Type::Truth, Type::List]);
                let value = self.expression(kind, 2);
                self.declare(lines, kind, &value);
            }
            2 if asks => {
                let command = self
                    .random
                    .word(&["AT+CFUN?", "ATI", "AT+QINISTAT?", "AT+QGMR"]);
                self.declare(lines, Type::List, &format!("at(\"{command}\")"));
            }
            3 if asks => self.declare(lines, Type::Number, "rfnv_count()"),
            4 if !self.locals.is_empty() => {
                let (name, kind) = self.random.pick(&self.locals).clone();
                let value = self.expression(kind, 2);
                let operator = match kind {
                    Type::Number | Type::Text => self.random.word(&["=", "+="]),
                    Type::Truth | Type::List => "=",
                };
                lines.push(format!("{name} {operator} {value};"));
            }
            5 if depth > 0 => {
                let condition = self.condition();
                lines.push(format!("if {condition} {{"));
                self.inner(lines, asks, depth);
                if self.random.percent(40) {
                    lines.push("} else {".to_owned());
                    self.inner(lines, asks, depth);
                }
                lines.push("}".to_owned());
            }
            6 if depth > 0 => {
                let list = self.expression(Type::List, 1);
                let item = self.fresh("item");
                lines.push(format!("for {item} in {list} {{"));
                self.locals.push((item.clone(), Type::Text));
                self.inner(lines, asks, depth);
                self.locals.retain(|(name, _)| *name != item);
                lines.push("}".to_owned());
            }
            7 => {
                let condition = self.condition();
                let text = self.expression(Type::Text, 1);
                // Most conditions hold half of the time, and a script that fails teaches little.
                lines.push(format!("if ({condition}) && 1 == 2 {{ fail({text}); }}"));
            }
            8 => {
                let condition = self.condition();
                let (one, other) = (self.log(), self.log());
                lines.push(format!(
                    "try {{ if {condition} {{ throw \"x\"; }} {one} }} catch (e) {{ {other} }}"
                ));
            }
            _ => {
                let log = self.log();
                lines.push(log);
            }
        }
    }

    fn inner(&mut self, lines: &mut Vec<String>, asks: bool, depth: usize) {
        let known = self.locals.len();
        let mut inner = Vec::new();
        for _ in 0..self.random.between(1, 2) {
            self.statement(&mut inner, asks, depth - 1);
        }
        if !self.slips() {
            self.locals.truncate(known);
        }
        lines.extend(inner.into_iter().map(|line| format!("  {line}")));
    }

    fn declare(&mut self, lines: &mut Vec<String>, kind: Type, value: &str) {
        let name = self.fresh("v");
        lines.push(format!("let {name} = {value};"));
        self.locals.push((name, kind));
    }

    fn log(&mut self) -> String {
        if self.random.percent(15) {
            let kind = *self.random.pick(&[Type::Number, Type::Text]);
            let value = self.expression(kind, 0);
            return format!("log(`it is ${{{value}}}`);");
        }
        format!("log({});", self.expression(Type::Text, 1))
    }
}

/// The line that declares facts.
pub(crate) fn save(saved: &[Known]) -> String {
    let facts: Vec<String> = (saved.iter())
        .map(|known| format!("{}: {}", known.name, known.kind))
        .collect();
    format!("save: {{ {} }}", facts.join(", "))
}
