//! Fragments: a file of its own with parameters, and the step that includes it.

use crate::draft::{Draft, Known, Part, Step, quoted};
use crate::steps::{Does, Grade};

const KINDS: [&str; 7] = ["text", "int", "bool", "firmware", "file", "folder", "imei"];

impl Draft {
    pub(crate) fn include(&mut self) -> (Step, Does) {
        let mut step = Step::new(self.fresh("part"));
        let file = format!("{}.yaml", self.fresh("fragment"));
        let mut params = Vec::new();
        let mut with = Vec::new();
        for _ in 0..self.random.below(4) {
            let kind = *self.random.pick(&KINDS);
            let Some(given) = self.argument(kind) else {
                continue;
            };
            let name = self.fresh("p");
            with.push(format!("{name}: {}", quoted(&given)));
            params.push(Known { name, kind });
        }
        // The file counts before its steps are drawn, so that fragments do not go on without end.
        self.fragments.push((file.clone(), String::new()));
        let place = self.fragments.len() - 1;
        let known = std::mem::replace(&mut self.names, params.clone());
        let doubtful = std::mem::take(&mut self.doubtful);
        let before = self.modes.clone();
        let mut lines = vec!["fragment: 1".to_owned(), "about: Drawn".to_owned()];
        if !params.is_empty() {
            lines.push("params:".to_owned());
            lines.extend(params.iter().map(|param| {
                format!("  {}: {{ type: {}, about: Drawn }}", param.name, param.kind)
            }));
        }
        lines.push("steps:".to_owned());
        for _ in 0..self.random.between(1, 3) {
            let inner = self.step(Part::Fragment);
            lines.extend(inner.shown(1));
        }
        lines.push(String::new());
        self.fragments[place].1 = lines.join("\n");
        let after = std::mem::replace(&mut self.modes, before);
        let inner = std::mem::replace(&mut self.names, known);
        self.doubtful = doubtful;
        let prefix = format!("{}_", step.id.replace('-', "_"));
        let saves = inner.into_iter().skip(params.len()).map(|fact| Known {
            name: format!("{prefix}{}", fact.name),
            kind: fact.kind,
        });
        let with = if with.is_empty() {
            String::new()
        } else {
            format!(", with: {{ {} }}", with.join(", "))
        };
        step.put(format!("include: {{ file: {file}{with} }}"));
        let does = Does {
            saves: saves.collect(),
            leaves: Some(after),
            grade: Grade::Holds,
            dressed: false,
        };
        (step, does)
    }

    /// What is given for a parameter: a name of its kind, or a text.
    fn argument(&mut self, kind: &str) -> Option<String> {
        let named = self.name_of(&[kind]).map(|name| format!("${{{name}}}"));
        if named.is_some() && self.random.percent(60) {
            return named;
        }
        let written = match kind {
            "int" => Some(self.random.word(&["1", "5", "-3"]).to_owned()),
            "bool" => Some(self.random.word(&["true", "false", "1"]).to_owned()),
            "firmware" => Some(self.random.word(self.model.firmware()).to_owned()),
            "text" => {
                let part = self.name_of(&["text", "int", "bool", "firmware"]);
                Some(part.map_or_else(|| "plain".to_owned(), |name| format!("x-${{{name}}}")))
            }
            _ => None,
        };
        let mut written = written.or(named);
        if self.slips() {
            let any = self.name_of(&KINDS);
            written = any.map(|name| format!("1${{{name}}}")).or(written);
        }
        written
    }
}
