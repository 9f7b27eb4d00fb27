//! The sealed room: the only place where an engine is made, and the thread in which it runs.

use super::functions::{MAX_ITEMS, register_own};
use super::guest::{Guest, Link, serve};
use super::place::{self, Origin};
use super::{Cause, Fault, Host, ScriptError, ScriptProblem};
use crate::plan::{Kind, Value, Values};
use rhai::{
    AST, Dynamic, Engine, EvalAltResult, OptimizationLevel, ParseErrorType, Position, Scope,
};
use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;

/// What is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Condition,
    Script,
}

/// Keywords that call functions by name, capture, or print.
pub(super) const DISABLED: [&str; 7] =
    ["eval", "Fn", "call", "curry", "is_shared", "print", "debug"];

pub(super) const MAX_OPERATIONS: u64 = 50_000;
pub(super) const MAX_TEXT: usize = 16 * 1024;
/// The default 2 MiB of a thread are not enough for deep values (plan-language.md §14.4, B4).
const STACK: usize = 64 << 20;

/// Makes the engine: raw, without any package, every limit set.
fn sealed() -> Engine {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one constructor, and what it returns is sealed"
    )]
    let mut engine = Engine::new_raw();
    for symbol in DISABLED {
        engine.disable_symbol(symbol);
    }
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_allow_shadowing(false)
        .set_fast_operators(false)
        // A backstop: `on_progress` counts to 50,000 and its verdict sticks.
        .set_max_operations(MAX_OPERATIONS + 1_000)
        // The default differs between debug and release builds (rhaiscript/rhai:src/api/limits.rs).
        .set_max_expr_depths(32)
        .set_max_variables(64)
        .set_max_string_size(MAX_TEXT)
        .set_max_array_size(MAX_ITEMS)
        .set_max_map_size(256)
        .set_max_strings_interned(256);
    register_own(&mut engine);
    engine
}

/// Compiles over variables of these kinds.
pub(super) fn compile(
    text: &str,
    kinds: &BTreeMap<String, Kind>,
    purpose: Use,
) -> Result<AST, ScriptProblem> {
    let words: BTreeSet<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| kinds.get(*word).is_some_and(|kind| *kind != Kind::Secret))
        .map(str::to_owned)
        .collect();
    let compiled = with_engine(|engine| {
        let scope = neutral(kinds, &words);
        match purpose {
            Use::Condition => engine.compile_expression_with_scope(&scope, text),
            Use::Script => engine.compile_with_scope(&scope, text),
        }
    });
    match compiled {
        Ok(Ok(ast)) => Ok(ast),
        Ok(Err(error)) => {
            let (message, cause) = match error.err_type() {
                ParseErrorType::VariableUndefined(name) => (
                    format!("nothing before this is called `{name}`"),
                    Cause::Name(name.clone()),
                ),
                ParseErrorType::VariableExists(name) => {
                    (format!("`{name}` is already a name here"), Cause::Other)
                }
                ParseErrorType::UnexpectedEOF => {
                    ("something is missing at the end".to_owned(), Cause::Other)
                }
                ParseErrorType::PropertyExpected if is_fraction(text, error.position()) => {
                    ("there are whole numbers only".to_owned(), Cause::Other)
                }
                other => (decapitalised(&other.to_string()), Cause::Other),
            };
            Err(ScriptProblem {
                cause,
                ..ScriptProblem::new(message, error.position())
            })
        }
        Err(error) => Err(ScriptProblem::whole(error.to_string())),
    }
}

/// Whether digits stand at a place, behind a point.
fn is_fraction(text: &str, at: Position) -> bool {
    let (Some(line), Some(column)) = (at.line(), at.position()) else {
        return false;
    };
    let line = text.lines().nth(line - 1).unwrap_or_default();
    let mut written = line.chars().skip(column.saturating_sub(2));
    written.next() == Some('.') && written.next().is_some_and(|digit| digit.is_ascii_digit())
}

/// Evaluates a condition once on neutral values. Only what is wrong for every value counts.
pub(super) fn try_out(
    ast: &AST,
    kinds: &BTreeMap<String, Kind>,
    names: &BTreeSet<String>,
) -> Result<(), ScriptProblem> {
    let tried = with_engine(|engine| {
        let guest = Guest::new(engine, Use::Condition);
        let mut scope = neutral(kinds, names);
        let result = engine.eval_ast_with_scope::<Dynamic>(&mut scope, ast);
        (result, guest.verdict())
    });
    match tried {
        Err(fault) => Err(ScriptProblem::whole(fault.to_string())),
        Ok((_, Some(end))) => Err(ScriptProblem::new(end.fault.to_string(), end.at)),
        Ok((Ok(value), None)) if value.is_bool() => Ok(()),
        Ok((Ok(value), None)) => Err(ScriptProblem::whole(format!(
            "a condition is true or false, and this is {}",
            word(&value)
        ))),
        Ok((Err(error), None)) => match *error {
            EvalAltResult::ErrorRuntime(..)
            | EvalAltResult::ErrorArithmetic(..)
            | EvalAltResult::ErrorArrayBounds(..)
            | EvalAltResult::ErrorStringBounds(..) => Ok(()),
            _ => {
                let (message, position) = explain(&error);
                Err(ScriptProblem::new(message, position))
            }
        },
    }
}

/// Runs a program on values; a script has a host, and facts to save.
pub(super) fn run(
    ast: &AST,
    values: &Values,
    names: &BTreeSet<String>,
    purpose: Use,
    host: Option<(&mut dyn Host, &BTreeMap<String, Kind>)>,
) -> Result<(Dynamic, Values), End> {
    let mut scope = Scope::new();
    for name in names {
        let value = values
            .get(name)
            .ok_or_else(|| Fault::Unknown { name: name.clone() })?;
        push(&mut scope, name, value);
    }
    let (requests, answers, link, saves, host) = match host {
        Some((host, saves)) => {
            let (ask, requests) = channel();
            let (answers, answered) = channel();
            let link = Link {
                ask,
                answered: Mutex::new(answered),
            };
            (
                Some(requests),
                Some(answers),
                Some(link),
                saves.clone(),
                Some(host),
            )
        }
        None => (None, None, None, BTreeMap::new(), None),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let interpreter = {
        let stop = Arc::clone(&stop);
        move || {
            let mut engine = sealed();
            let guest = Guest::link(&mut engine, purpose, link, saves, stop);
            let result = engine.eval_ast_with_scope::<Dynamic>(&mut scope, ast);
            // The flag decides, whatever the program returned (plan-language.md §14.4, B5).
            let verdict = guest.verdict();
            match (verdict, result) {
                (Some(end), Err(error)) if end.at.is_none() => {
                    Err(End::new(end.fault, error.position()))
                }
                (Some(end), _) => Err(end),
                (None, Ok(value)) => Ok((value, guest.saved())),
                (None, Err(error)) => Err(runtime(&error)),
            }
        }
    };
    thread::scope(|scope| {
        let running = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || catch_unwind(AssertUnwindSafe(interpreter)))
            .map_err(|_| Fault::Crashed)?;
        if let (Some(host), Some(requests), Some(answers)) = (host, requests, answers) {
            serve(host, &requests, &answers, &stop);
        }
        running
            .join()
            .unwrap_or_else(Err)
            .unwrap_or(Err(Fault::Crashed.into()))
    })
}

/// How a program ended that gave no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    fault: Fault,
    at: Position,
}

impl End {
    pub(super) fn new(fault: Fault, at: Position) -> Self {
        Self { fault, at }
    }

    pub(super) fn located(self, origin: Option<&Origin>) -> ScriptError {
        ScriptError {
            place: place::resolve(origin, super::place(self.at)),
            fault: self.fault,
        }
    }
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::new(fault, Position::NONE)
    }
}

fn runtime(error: &EvalAltResult) -> End {
    let limit = match error {
        EvalAltResult::ErrorTooManyOperations(_) => Some("50,000 operations"),
        EvalAltResult::ErrorTooManyVariables(_) => Some("64 variables"),
        EvalAltResult::ErrorDataTooLarge(..) => Some("largest value"),
        EvalAltResult::ErrorStackOverflow(_) => Some("depth"),
        _ => None,
    };
    if let Some(limit) = limit {
        return End::new(Fault::Limit { limit }, error.position());
    }
    let (message, at) = explain(error);
    let fault = if is_of_types(error) {
        Fault::Type { message }
    } else {
        Fault::Runtime { message }
    };
    End::new(fault, at)
}

/// Whether an error follows from the types of the values alone.
fn is_of_types(error: &EvalAltResult) -> bool {
    matches!(
        error,
        EvalAltResult::ErrorMismatchDataType(..)
            | EvalAltResult::ErrorMismatchOutputType(..)
            | EvalAltResult::ErrorFunctionNotFound(..)
            | EvalAltResult::ErrorVariableNotFound(..)
            | EvalAltResult::ErrorPropertyNotFound(..)
            | EvalAltResult::ErrorIndexingType(..)
            | EvalAltResult::ErrorFor(..)
            | EvalAltResult::ErrorDotExpr(..)
            | EvalAltResult::ErrorNonPureMethodCallOnConstant(..)
            | EvalAltResult::ErrorAssignmentToConstant(..)
    )
}

/// An error in our words, and where it happened.
fn explain(error: &EvalAltResult) -> (String, Position) {
    let message = match error {
        EvalAltResult::ErrorMismatchDataType(left, right, _) => {
            format!("{left} is never equal to {right}")
        }
        EvalAltResult::ErrorRuntime(value, _) => value.to_string(),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            format!("nothing here takes `{}`", plain_types(signature))
        }
        other => {
            let text = other.to_string();
            let end = text.rfind(" (line ").unwrap_or(text.len());
            decapitalised(&text[..end])
        }
    };
    (message, error.position())
}

fn plain_types(signature: &str) -> String {
    signature
        .replace("&str | ImmutableString | String", "text")
        .replace("i64", "number")
        .replace("bool", "truth")
}

fn word(value: &Dynamic) -> &'static str {
    if value.is_int() {
        "a number"
    } else if value.is_string() {
        "text"
    } else if value.is_array() {
        "a list"
    } else {
        "nothing of the kind"
    }
}

fn decapitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Values of the right types, for compiling and for one trial.
fn neutral(kinds: &BTreeMap<String, Kind>, names: &BTreeSet<String>) -> Scope<'static> {
    let mut scope = Scope::new();
    for name in names {
        match kinds.get(name) {
            Some(Kind::Int) => scope.push_constant(name.clone(), 1_i64),
            Some(Kind::Bool) => scope.push_constant(name.clone(), false),
            Some(Kind::Secret) | None => continue,
            Some(_) => scope.push_constant(name.clone(), String::new()),
        };
    }
    scope
}

fn push(scope: &mut Scope<'_>, name: &str, value: &Value) {
    match value {
        Value::Int(number) => scope.push_constant(name, *number),
        Value::Bool(truth) => scope.push_constant(name, *truth),
        // Secrets are not visible to programs; none has been compiled that names one.
        Value::Secret(_) => scope,
        _ => scope.push_constant(name, value.display()),
    };
}

thread_local! {
    /// The engine of a thread with room for it: making one takes longer than compiling a condition.
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

/// Does work that compiles many programs, on one thread with a large stack and with one engine for all of them.
pub(super) fn workshop<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    on_own_thread(|| {
        ENGINE.with_borrow_mut(|engine| *engine = Some(sealed()));
        work()
    })
}

/// Lends an engine for compiling or for one trial: that of the workshop, or one on a thread of its own.
fn with_engine<T: Send>(work: impl FnOnce(&mut Engine) -> T + Send) -> Result<T, Fault> {
    let Some(mut engine) = ENGINE.with_borrow_mut(Option::take) else {
        return on_own_thread(|| work(&mut sealed()));
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut engine)));
    // An engine that has panicked is in no known state.
    let engine = if outcome.is_ok() { engine } else { sealed() };
    ENGINE.with_borrow_mut(|place| *place = Some(engine));
    outcome.map_err(|_| Fault::Crashed)
}

/// Deep values need a large stack, and a panic of the engine must not become ours.
fn on_own_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Fault> {
    thread::scope(|scope| {
        thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || catch_unwind(AssertUnwindSafe(work)))
            .map_err(|_| Fault::Crashed)?
            .join()
            .unwrap_or_else(Err)
            .map_err(|_: Box<dyn Any + Send>| Fault::Crashed)
    })
}
