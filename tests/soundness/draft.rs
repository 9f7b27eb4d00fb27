//! A plan while it is written, and what its author hopes: which names are known, and where the modem is. Hopes are kept
//! loosely, and now and then nothing is given about them.

use crate::random::Random;
use unbrick::plan::Mode;

/// A name and its kind, in the words of the language.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
}

/// A modem model, and what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Model {
    Rm502q,
    Ec25,
}

/// One step, as lines below its `id`.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) id: String,
    pub(crate) lines: Vec<String>,
}

/// Where a step is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Main,
    Group,
    Fragment,
    Rescue,
}

pub(crate) struct Draft {
    pub(crate) random: Random,
    pub(crate) model: Model,
    pub(crate) part: Part,
    /// Inputs that were asked for so far; a fragment has none to ask for.
    pub(crate) inputs: Vec<Known>,
    pub(crate) names: Vec<Known>,
    /// Names that may be known, or will be.
    pub(crate) doubtful: Vec<Known>,
    /// Variables of the script that is being written.
    pub(crate) locals: Vec<(String, crate::expression::Type)>,
    pub(crate) modes: Vec<Mode>,
    /// Where it comes to by itself, if it does as it is hoped.
    pub(crate) bound: Option<Mode>,
    /// A step destroys.
    pub(crate) destroys: bool,
    /// Name, and its lines.
    pub(crate) guards: Vec<(String, Vec<String>)>,
    /// Backup steps so far, and whether each is a copy of the flash.
    pub(crate) backups: Vec<(String, bool)>,
    /// Steps at which a person uses their hands, and what they do.
    pub(crate) hands: Vec<(String, Vec<&'static str>)>,
    /// Files of fragments.
    pub(crate) fragments: Vec<(String, String)>,
    counter: usize,
}

/// Everything that is written to disk for one plan.
pub(crate) struct Written {
    pub(crate) plan: String,
    pub(crate) fragments: Vec<(String, String)>,
    pub(crate) hands: Vec<(String, Vec<&'static str>)>,
}

impl Model {
    pub(crate) fn profile(self) -> &'static str {
        match self {
            Self::Rm502q => "quectel/rm502q-gl",
            Self::Ec25 => "quectel/ec25",
        }
    }

    pub(crate) fn hardware(self) -> &'static str {
        match self {
            Self::Rm502q => "RM502QGLAA",
            Self::Ec25 => "EC25EFA",
        }
    }

    pub(crate) fn firmware(self) -> &'static [&'static str] {
        match self {
            Self::Rm502q => &[
                "RM502QGLAAR11A02M4G_01.001.01.001",
                "RM502QGLAAR11A02M4G_01.200.01.200",
            ],
            Self::Ec25 => &["EC25EFAR06A17M4G_20.200.20.200"],
        }
    }

    /// In a package that the simulator makes.
    pub(crate) fn programmer(self) -> &'static str {
        match self {
            Self::Rm502q => "update/firehose/prog_firehose_sdx55.mbn",
            Self::Ec25 => "update/firehose/prog_nand_firehose_9x07.mbn",
        }
    }

    pub(crate) fn kept(self) -> &'static [&'static str] {
        match self {
            Self::Rm502q => &["efs2", "sys_rev", "rawdata"],
            Self::Ec25 => &["efs2", "sys_rev", "rawdata", "cust_info"],
        }
    }

    pub(crate) fn modes(self) -> &'static [Mode] {
        match self {
            Self::Rm502q => &[Mode::Normal, Mode::Ramdump, Mode::Edl, Mode::Off],
            Self::Ec25 => &[Mode::Normal, Mode::Edl, Mode::Off, Mode::Fastboot],
        }
    }
}

/// The inputs that a plan may have: name, kind, and the other fields.
const INPUTS: [(&str, &str, &str); 13] = [
    ("unit", "text", "matches: \"[A-Za-z0-9_-]{1,40}\""),
    ("place", "text", "choices: [bench, field], default: bench"),
    ("note", "text", "about: x"),
    ("least", "int", "default: \"1\""),
    ("many", "int", "about: x"),
    ("strict", "bool", "default: \"true\""),
    ("package", "folder", ""),
    ("package_fw", "firmware", ""),
    ("installed_fw", "firmware", "default: unknown"),
    ("label_model", "text", ""),
    ("label_imei", "imei", ""),
    ("xqcn", "file", ""),
    ("programmer", "file", ""),
];

impl Draft {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let model = if random.percent(75) {
            Model::Rm502q
        } else {
            Model::Ec25
        };
        Self {
            random,
            model,
            part: Part::Main,
            inputs: Vec::new(),
            names: Vec::new(),
            doubtful: Vec::new(),
            locals: Vec::new(),
            modes: Vec::new(),
            bound: None,
            destroys: false,
            guards: Vec::new(),
            backups: Vec::new(),
            hands: Vec::new(),
            fragments: Vec::new(),
            counter: 0,
        }
    }

    /// Nothing is given about hopes here: what comes may be unsound.
    pub(crate) fn slips(&mut self) -> bool {
        self.random.below(1000) < 8
    }

    pub(crate) fn fresh(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}{}", self.counter)
    }

    /// Whether the names here hold one of this kind, or may be given one.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.part != Part::Fragment || self.names.iter().any(|known| known.kind == kind)
    }

    /// An input of the plan, whoever asks: guards know no other names.
    pub(crate) fn of_plan(&mut self, name: &str) -> String {
        let outer = std::mem::replace(&mut self.part, Part::Main);
        let known = self.names.clone();
        let name = self.input(name);
        self.part = outer;
        if outer == Part::Fragment {
            self.names = known;
        }
        name
    }

    /// An input of the plan by its name, asked for where it was not. In a fragment it is whatever is of that kind.
    pub(crate) fn input(&mut self, name: &str) -> String {
        let wanted = INPUTS.iter().find(|(known, ..)| *known == name);
        let kind = wanted.map_or("text", |(_, kind, _)| *kind);
        if self.part == Part::Fragment {
            let own = self.names.iter().find(|known| known.kind == kind);
            return own.map_or_else(|| name.to_owned(), |known| known.name.clone());
        }
        if !self.inputs.iter().any(|known| known.name == name) {
            let known = Known {
                name: name.to_owned(),
                kind,
            };
            self.inputs.push(known.clone());
            self.names.push(known);
        }
        name.to_owned()
    }

    /// A name of one of these kinds that is hoped to be known.
    pub(crate) fn name_of(&mut self, kinds: &[&str]) -> Option<String> {
        let doubtful = self.slips();
        let from = if doubtful {
            &self.doubtful
        } else {
            &self.names
        };
        // `package` is a word of Rhai's own, and of no use in an expression.
        let all = kinds.len() == 1 && kinds[0] == "folder";
        let fits = |k: &&Known| kinds.contains(&k.kind) && (all || k.name != "package");
        let fitting: Vec<&Known> = from.iter().filter(fits).collect();
        if fitting.is_empty() {
            return None;
        }
        Some(self.random.pick(&fitting).name.clone())
    }

    pub(crate) fn mode(&self) -> Option<Mode> {
        match self.modes.as_slice() {
            [mode] => Some(*mode),
            _ => None,
        }
    }

    /// The whole plan.
    pub(crate) fn write(mut self) -> Written {
        for (name, ..) in INPUTS {
            if self.random.percent(35) {
                self.input(name);
            }
        }
        let starts = self.starts();
        self.modes.clone_from(&starts);
        let count = self.random.between(2, 9);
        let mut steps = Vec::new();
        self.meet(&mut steps);
        let recipe_at = self.random.below(count);
        for place in 0..count {
            if place == recipe_at {
                self.recipe(&mut steps);
            }
            let step = self.step(Part::Main);
            steps.push(step);
        }
        self.go_home(&mut steps);
        let ends = self.ends();
        let known = self.names.clone();
        let rescue = self.rescue();
        self.names = known;
        let report = self.report();
        let mut lines = vec![
            "plan: 1".to_owned(),
            "id: drawn".to_owned(),
            "title: Drawn".to_owned(),
            format!("modem: {}", self.model.profile()),
            format!("starts_in: {}", modes(&starts)),
            format!("ends_in: {}", modes(&ends)),
        ];
        if !self.inputs.is_empty() {
            lines.push("inputs:".to_owned());
            let inputs = self.inputs.clone();
            lines.extend(inputs.iter().map(input_line));
        }
        if !self.guards.is_empty() {
            lines.push("guards:".to_owned());
            for (name, inner) in &self.guards {
                lines.push(format!("  {name}:"));
                lines.extend(inner.iter().map(|line| format!("    {line}")));
            }
        }
        lines.push("steps:".to_owned());
        for step in &steps {
            lines.extend(step.shown(1));
        }
        if !rescue.is_empty() {
            lines.push("rescue:".to_owned());
            for step in &rescue {
                lines.extend(step.shown(1));
            }
        }
        if !report.is_empty() {
            lines.push(format!("report: [{}]", report.join(", ")));
        }
        lines.push(String::new());
        Written {
            plan: lines.join("\n"),
            fragments: self.fragments,
            hands: self.hands,
        }
    }

    fn starts(&mut self) -> Vec<Mode> {
        let all = self.model.modes();
        if self.random.percent(75) {
            return vec![if self.random.percent(75) {
                Mode::Normal
            } else {
                *self.random.pick(all)
            }];
        }
        let mut some: Vec<Mode> = all.to_vec();
        some.retain(|_| self.random.percent(60));
        if some.is_empty() {
            vec![Mode::Normal]
        } else {
            some
        }
    }

    fn ends(&mut self) -> Vec<Mode> {
        let mut ends = self.modes.clone();
        if self.random.percent(20) {
            let more = *self.random.pick(&Mode::ALL);
            if !ends.contains(&more) {
                ends.push(more);
            }
        }
        if self.slips() && ends.len() > 1 {
            ends.pop();
        }
        ends
    }

    fn report(&mut self) -> Vec<String> {
        if !self.random.percent(40) {
            return Vec::new();
        }
        let shown = |known: &&Known| !matches!(known.kind, "secret" | "imei" | "file" | "folder");
        let fitting: Vec<String> = (self.names.iter().filter(shown))
            .map(|known| known.name.clone())
            .collect();
        fitting.into_iter().take(3).collect()
    }
}

/// The line of an input.
fn input_line(known: &Known) -> String {
    let fields = INPUTS.iter().find(|(name, ..)| *name == known.name);
    let fields = match fields.map(|(.., fields)| *fields) {
        None if known.kind == "secret" => ", matches: \"[A-Za-z0-9./]{1,64}\"".to_owned(),
        None | Some("" | "about: x") => String::new(),
        Some(fields) => format!(", {fields}"),
    };
    format!(
        "  {}: {{ type: {}, about: Drawn{fields} }}",
        known.name, known.kind
    )
}

pub(crate) fn modes(modes: &[Mode]) -> String {
    let words: Vec<String> = (modes.iter())
        .map(|mode| format!("\"{}\"", mode.word()))
        .collect();
    format!("[{}]", words.join(", "))
}

/// A text in quotes, for YAML.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

impl Step {
    pub(crate) fn new(id: String) -> Self {
        Self {
            id,
            lines: Vec::new(),
        }
    }

    pub(crate) fn put(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// A key, and lines of a list or a block below it.
    pub(crate) fn block(&mut self, key: &str, lines: impl IntoIterator<Item = String>) {
        self.put(key);
        self.lines
            .extend(lines.into_iter().map(|line| format!("  {line}")));
    }

    pub(crate) fn shown(&self, depth: usize) -> Vec<String> {
        let indent = "  ".repeat(depth);
        let mut lines = vec![format!("{indent}- id: {}", self.id)];
        lines.extend(self.lines.iter().map(|line| format!("{indent}  {line}")));
        lines
    }
}
