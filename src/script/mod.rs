//! The sealed Rhai engine and its host functions; the only user of rhai.
//!
//! Conditions and scripts are compiled once, when a plan is checked, and run between driver exchanges, never inside
//! one. They compute over facts and reach the modem through [`Host`] only. Whatever they do, they end: steps, time,
//! sizes and depth are bounded, and a limit that was hit cannot be caught (plan-language.md §14).

mod functions;
mod guest;
mod inspect;
mod place;
mod room;
mod types;

pub use functions::{Argument, FUNCTIONS, Function, Usable};
pub use place::{Origin, Place};

use crate::action::signature::Effect;
use crate::plan::{Kind, Modes, Value, Values};
use rhai::{AST, Position};
use std::collections::{BTreeMap, BTreeSet};

/// What a script reaches of the world.
pub trait Host {
    /// Asks one AT query and returns the lines of the answer.
    fn at(&mut self, command: &str) -> Result<Vec<String>, String>;
    /// Counts the RF calibration files that are present.
    fn rfnv_count(&mut self) -> Result<i64, String>;
    /// A line for the report.
    fn log(&mut self, text: &str);
    /// Whether the run is being stopped.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Why a text is no condition or script. Line and column count from 1; without them the whole text is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptProblem {
    pub message: String,
    pub place: Option<(usize, usize)>,
    pub cause: Cause,
}

/// What kind of mistake it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A name that is not surely known.
    Name(String),
    /// A name in `set()` that is not declared in `save`.
    Save(String),
    Other,
}

/// Why a condition or script gave no result, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}{}", shown(place.as_ref()))]
pub struct ScriptError {
    pub fault: Fault,
    pub place: Option<Place>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("`{name}` is not known")]
    Unknown { name: String },
    /// The script called `fail`.
    #[error("{message}")]
    Failed { message: String },
    #[error("the script took more than its {limit}")]
    Limit { limit: &'static str },
    #[error("the script was stopped")]
    Stopped,
    #[error("{message}")]
    Host { message: String },
    #[error("{message}")]
    Runtime { message: String },
    /// Values of kinds that do not go together, whatever they are: the checker refuses what can come to it.
    #[error("{message}")]
    Type { message: String },
    #[error("the script did not set `{name}`")]
    NotSet { name: String },
    #[error("the script gave `{name}` a wrong value: {reason}")]
    Value { name: String, reason: String },
    /// A fault of the program.
    #[error("the script engine broke off")]
    Crashed,
}

fn shown(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!(" ({place})"))
}

/// An expression that is true or false.
#[derive(Debug, Clone)]
pub struct Condition {
    ast: AST,
    names: BTreeSet<String>,
    calls: BTreeSet<&'static str>,
    origin: Option<Origin>,
}

/// Most bytes of a condition.
const MAX_CONDITION: usize = 4 * 1024;
/// Most bytes of a script.
const MAX_SCRIPT: usize = 64 * 1024;

impl Condition {
    /// Compiles an expression over the facts that are surely known.
    pub fn compile(text: &str, kinds: &BTreeMap<String, Kind>) -> Result<Self, ScriptProblem> {
        if text.len() > MAX_CONDITION {
            return Err(ScriptProblem::whole("a condition has at most 4 KiB"));
        }
        if text.trim().is_empty() {
            return Err(ScriptProblem::whole("there is no condition"));
        }
        let ast = room::compile(text, kinds, room::Use::Condition)?;
        let found = inspect::inspect(&ast, kinds, None)?;
        room::try_out(&ast, kinds, &found.names)?;
        types::check(&ast, kinds, None)?;
        Ok(Self {
            ast,
            names: found.names,
            calls: found.calls,
            origin: None,
        })
    }

    /// Says where it is written, for the places of errors.
    #[must_use]
    pub fn written_in(mut self, origin: Option<Origin>) -> Self {
        self.origin = origin;
        self
    }

    /// Whether it is true.
    pub fn holds(&self, values: &Values) -> Result<bool, ScriptError> {
        let ended = room::run(&self.ast, values, &self.names, room::Use::Condition, None);
        let (result, _) = ended.map_err(|end| end.located(self.origin.as_ref()))?;
        result.as_bool().map_err(|_| {
            let message = "the condition gives neither true nor false".to_owned();
            room::End::from(Fault::Type { message }).located(None)
        })
    }

    /// The facts that it needs.
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// The functions that it calls.
    pub fn calls(&self) -> &BTreeSet<&'static str> {
        &self.calls
    }
}

/// Statements that compute facts.
#[derive(Debug, Clone)]
pub struct Script {
    ast: AST,
    saves: BTreeMap<String, Kind>,
    found: inspect::Found,
    origin: Option<Origin>,
}

impl Script {
    /// Compiles statements over the facts that are surely known; `saves` are those that it sets.
    pub fn compile(
        text: &str,
        kinds: &BTreeMap<String, Kind>,
        saves: &BTreeMap<String, Kind>,
    ) -> Result<Self, ScriptProblem> {
        if text.len() > MAX_SCRIPT {
            return Err(ScriptProblem::whole("a script has at most 64 KiB"));
        }
        let ast = room::compile(text, kinds, room::Use::Script)?;
        let found = inspect::inspect(&ast, kinds, Some(saves))?;
        types::check(&ast, kinds, Some(saves))?;
        Ok(Self {
            ast,
            saves: saves.clone(),
            found,
            origin: None,
        })
    }

    /// Says where it is written, for the places of errors.
    #[must_use]
    pub fn written_in(mut self, origin: Option<Origin>) -> Self {
        self.origin = origin;
        self
    }

    /// Runs it and returns what it saved.
    pub fn run(&self, values: &Values, host: &mut dyn Host) -> Result<Values, ScriptError> {
        let ended = room::run(
            &self.ast,
            values,
            &self.found.names,
            room::Use::Script,
            Some((host, &self.saves)),
        );
        let (_, set) = ended.map_err(|end| end.located(self.origin.as_ref()))?;
        match self.saves.keys().find(|name| !set.contains_key(*name)) {
            Some(name) => Err(room::End::from(Fault::NotSet { name: name.clone() }).located(None)),
            None => Ok(set),
        }
    }

    /// Modes in which everything that it calls works.
    pub fn needs(&self) -> Modes {
        self.found.needs
    }

    /// The gravest effect of what it calls.
    pub fn effect(&self) -> Effect {
        self.found.effect
    }

    /// The facts that it needs.
    pub fn names(&self) -> &BTreeSet<String> {
        &self.found.names
    }

    /// The functions that it calls.
    pub fn calls(&self) -> &BTreeSet<&'static str> {
        &self.found.calls
    }

    /// The facts that it sets somewhere.
    pub fn sets(&self) -> &BTreeSet<String> {
        &self.found.sets
    }

    /// AT commands that are written out in it, with line and column.
    pub fn commands(&self) -> impl Iterator<Item = (&str, Option<(usize, usize)>)> {
        let commands = self.found.commands.iter();
        commands.map(|(text, position)| (text.as_str(), place(*position)))
    }
}

/// Does work that compiles many conditions and scripts. Alone each would get a thread and an engine of its own, which
/// takes longer than the compiling.
pub fn workshop<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    room::workshop(work)
}

impl ScriptProblem {
    fn new(message: impl Into<String>, position: Position) -> Self {
        Self {
            message: message.into(),
            place: place(position),
            cause: Cause::Other,
        }
    }

    fn whole(message: impl Into<String>) -> Self {
        Self::new(message, Position::NONE)
    }
}

/// Words that mean something to Rhai, whatever it was built with (rhaiscript/rhai:src/tokenizer.rs). Words that are
/// only kept for later, such as `package`, may name an input: it is then of no use in an expression.
#[rustfmt::skip]
const KEYWORDS: [&str; 36] = [
    "true", "false", "let", "const", "if", "else", "switch", "do", "while", "until", "loop", "for", "in", "continue",
    "break", "return", "throw", "try", "catch", "fn", "private", "this", "import", "export", "as", "global", "eval",
    "call", "curry", "is_shared", "is_def_var", "is_def_fn", "type_of", "print", "debug", "null",
];

/// Whether a word means something to the language, so that no fact can have it as a name.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// Reads the value that a script gives to a fact.
fn value_of(kind: Kind, value: &rhai::Dynamic) -> Result<Value, String> {
    let wrong = || format!("it is no {kind}");
    match kind {
        Kind::Int => value.as_int().map(Value::Int).map_err(|_| wrong()),
        Kind::Bool => value.as_bool().map(Value::Bool).map_err(|_| wrong()),
        _ => {
            let text = value.clone().into_string().map_err(|_| wrong())?;
            Value::parse(kind, &text)
        }
    }
}

fn place(position: Position) -> Option<(usize, usize)> {
    Some((position.line()?, position.position().unwrap_or(1)))
}

#[cfg(test)]
mod tests;
