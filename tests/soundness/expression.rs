//! Expressions of a wanted type; now and then one of another type slips in, at any depth.

use crate::draft::Draft;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Truth,
    Number,
    Text,
    /// Of text.
    List,
}

const TYPES: [Type; 4] = [Type::Truth, Type::Number, Type::Text, Type::List];

impl Type {
    pub(crate) fn of_kind(kind: &str) -> Self {
        match kind {
            "int" => Self::Number,
            "bool" => Self::Truth,
            _ => Self::Text,
        }
    }
}

impl Draft {
    pub(crate) fn condition(&mut self) -> String {
        let depth = self.random.between(1, 3);
        self.expression(Type::Truth, depth)
    }

    pub(crate) fn expression(&mut self, wanted: Type, depth: usize) -> String {
        let wanted = if self.random.below(1000) < 7 {
            *self.random.pick(&TYPES)
        } else {
            wanted
        };
        let local: Vec<String> = (self.locals.iter())
            .filter(|(_, kind)| *kind == wanted)
            .map(|(name, _)| name.clone())
            .collect();
        if !local.is_empty() && self.random.percent(35) {
            return self.random.pick(&local).clone();
        }
        if depth == 0 {
            return self.leaf(wanted);
        }
        match wanted {
            Type::Truth => self.truth(depth - 1),
            Type::Number => self.number(depth - 1),
            Type::Text => self.text(depth - 1),
            Type::List => self.list(depth - 1),
        }
    }

    fn leaf(&mut self, wanted: Type) -> String {
        let kinds: &[&str] = match wanted {
            Type::Truth => &["bool"],
            Type::Number => &["int"],
            Type::Text => &["text", "firmware", "imei", "file", "folder"],
            Type::List => &[],
        };
        let named = self.random.percent(75);
        if let Some(name) = self.name_of(kinds).filter(|_| named) {
            return name;
        }
        match wanted {
            Type::Truth => self.random.word(&["true", "false"]).to_owned(),
            Type::Number => self.random.word(&["0", "1", "5", "-1", "42"]).to_owned(),
            Type::Text => {
                let word = self.random.word(&["bench", "1", "", "RM502Q", "a,b", "5"]);
                format!("\"{word}\"")
            }
            Type::List => self.random.word(&["[\"a\"]", "[\"a\", \"b\"]"]).to_owned(),
        }
    }

    /// Two sides of one type, or, in a slip, of two.
    fn sides(&mut self, of: Type, depth: usize) -> (String, String) {
        (self.expression(of, depth), self.expression(of, depth))
    }

    fn truth(&mut self, depth: usize) -> String {
        let draw = self.random.below(15);
        match draw {
            0..=2 => {
                let (one, other) = self.sides(Type::Number, depth);
                let operator = self.random.word(&["==", "!=", "<", "<=", ">", ">="]);
                format!("{one} {operator} {other}")
            }
            3 => {
                let (one, other) = self.sides(Type::Text, depth);
                format!("{one} {} {other}", self.random.word(&["==", "!="]))
            }
            4 => self.same_kind(),
            5 => {
                let (one, other) = self.sides(Type::Truth, depth);
                format!("({one}) == ({other})")
            }
            6..=9 => {
                let (one, other) = self.sides(Type::Truth, depth);
                format!("({one}) {} ({other})", self.random.word(&["&&", "||"]))
            }
            10 => format!("!({})", self.expression(Type::Truth, depth)),
            11 => {
                let (text, part) = self.sides(Type::Text, depth);
                let function = self.random.word(&["contains", "starts_with", "ends_with"]);
                if self.random.percent(50) {
                    format!("{function}({text}, {part})")
                } else {
                    format!("({text}).{function}({part})")
                }
            }
            12 => {
                let (list, part) = (
                    self.expression(Type::List, depth),
                    self.expression(Type::Text, depth),
                );
                if self.random.percent(50) {
                    format!("{list}.contains({part})")
                } else {
                    format!("{part} in {list}")
                }
            }
            13 => {
                let choice = self.expression(Type::Truth, depth);
                let (one, other) = self.sides(Type::Truth, depth);
                format!("if {choice} {{ {one} }} else {{ {other} }}")
            }
            _ => self.leaf(Type::Truth),
        }
    }

    /// Versions and identities are compared with their like.
    fn same_kind(&mut self) -> String {
        let kind = self
            .random
            .word(&["firmware", "imei", "text", "int", "bool"]);
        match (self.name_of(&[kind]), self.name_of(&[kind])) {
            (Some(one), Some(other)) => {
                let operator = if self.random.percent(97) { "==" } else { "<" };
                format!("{one} {operator} {other}")
            }
            _ => self.leaf(Type::Truth),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        match self.random.below(9) {
            0 => format!("len({})", self.expression(Type::Text, depth)),
            1 => format!("{}.len()", self.expression(Type::List, depth)),
            2 => format!("abs({})", self.expression(Type::Number, depth)),
            3 => {
                let (one, other) = self.sides(Type::Number, depth);
                format!("{}({one}, {other})", self.random.word(&["min", "max"]))
            }
            4 | 5 => {
                let (one, other) = self.sides(Type::Number, depth);
                format!(
                    "({one}) {} ({other})",
                    self.random.word(&["+", "-", "*", "%", "/"])
                )
            }
            6 if self.random.percent(30) => {
                format!("to_int({})", self.expression(Type::Text, depth))
            }
            7 if self.random.percent(30) => format!("-({})", self.expression(Type::Number, depth)),
            _ => self.leaf(Type::Number),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        match self.random.below(8) {
            0 => format!("trimmed({})", self.expression(Type::Text, depth)),
            1 => format!("({}).lower()", self.expression(Type::Text, depth)),
            2 => {
                let (one, other) = self.sides(Type::Text, depth);
                format!("({one}) + ({other})")
            }
            3 => {
                let text = self.expression(Type::Text, depth);
                format!("({text}) + ({})", self.expression(Type::Number, depth))
            }
            4 => format!("({})[0]", self.expression(Type::List, depth)),
            _ => self.leaf(Type::Text),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        match self.random.below(3) {
            0 => self.leaf(Type::List),
            1 => {
                let (one, other) = self.sides(Type::Text, depth);
                format!("[{one}, {other}]")
            }
            _ => format!("split({}, \",\")", self.expression(Type::Text, depth)),
        }
    }
}
