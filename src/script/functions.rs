//! Every function that a condition or a script can call. The walk over the program, the engine's registration and
//! the documentation read this one table.

use super::guest::Guest;
use crate::action::signature::Effect;
use crate::plan::{Mode, Modes};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Position};

/// One function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    pub name: &'static str,
    pub arguments: &'static [&'static str],
    /// Only scripts may call it, and never as a method.
    pub host: bool,
    /// What it gives, where that is always the same.
    pub gives: Option<Type>,
    pub needs: Modes,
    pub effect: Effect,
    /// One line of documentation.
    pub does: &'static str,
}

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Text,
    Number,
    Truth,
}

impl Type {
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Truth => "true or false",
        }
    }
}

const fn own(
    name: &'static str,
    arguments: &'static [&'static str],
    gives: Option<Type>,
    does: &'static str,
) -> Function {
    Function {
        name,
        arguments,
        host: false,
        gives,
        needs: Modes::ANY,
        effect: Effect::Pure,
        does,
    }
}

const fn host(
    name: &'static str,
    arguments: &'static [&'static str],
    gives: Option<Type>,
    does: &'static str,
) -> Function {
    Function {
        host: true,
        ..own(name, arguments, gives, does)
    }
}

const fn reads(function: Function) -> Function {
    Function {
        needs: Modes::one(Mode::Normal),
        effect: Effect::Read,
        ..function
    }
}

use Type::{Number, Text, Truth};

/// The table.
#[rustfmt::skip]
pub static FUNCTIONS: [Function; 16] = [
    own("len", &["text or list"], Some(Number), "number of characters, or of items"),
    own("contains", &["text or list", "part"], Some(Truth), "whether the part is in it"),
    own("starts_with", &["text", "part"], Some(Truth), "whether the text begins so"),
    own("ends_with", &["text", "part"], Some(Truth), "whether the text ends so"),
    own("trimmed", &["text"], Some(Text), "the text without blanks at its ends"),
    own("lower", &["text"], Some(Text), "the text in small letters"),
    own("split", &["text", "separator"], None, "list of the parts between separators, at most 1,024"),
    own("to_int", &["text"], Some(Number), "the number that the text spells; ends the script if it spells none"),
    own("abs", &["number"], Some(Number), "the number without its sign"),
    own("min", &["number", "number"], Some(Number), "the smaller number"),
    own("max", &["number", "number"], Some(Number), "the larger number"),
    reads(host("at", &["command"], None, "asks one AT query and gives the lines of the answer")),
    reads(host("rfnv_count", &[], Some(Number), "number of RF calibration files that are present")),
    host("log", &["text"], None, "writes a line into the report"),
    host("set", &["name", "value"], None, "saves a fact that `save` declares, once"),
    host("fail", &["text"], None, "ends the script and the step"),
];

pub(super) fn lookup(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

type Answer<T> = Result<T, Box<EvalAltResult>>;

/// Most items of a list.
pub(super) const MAX_ITEMS: usize = 1024;

/// Registers the functions that only compute.
pub(super) fn register_own(engine: &mut Engine) {
    engine
        .register_fn("len", |text: ImmutableString| count(text.chars().count()))
        .register_fn("len", |list: &mut Array| count(list.len()))
        .register_fn(
            "contains",
            |text: ImmutableString, part: ImmutableString| text.contains(part.as_str()),
        )
        .register_fn("contains", |list: &mut Array, part: ImmutableString| {
            list.iter()
                .any(|item| item.clone().into_immutable_string() == Ok(part.clone()))
        })
        .register_fn("contains", |list: &mut Array, part: i64| {
            list.iter().any(|item| item.as_int() == Ok(part))
        })
        .register_fn(
            "starts_with",
            |text: ImmutableString, part: ImmutableString| text.starts_with(part.as_str()),
        )
        .register_fn(
            "ends_with",
            |text: ImmutableString, part: ImmutableString| text.ends_with(part.as_str()),
        )
        .register_fn("trimmed", |text: ImmutableString| text.trim().to_owned())
        // Some capitals have longer small letters, three bytes at most for two: 16 KiB stay below 24 KiB.
        .register_fn("lower", |text: ImmutableString| text.to_lowercase())
        .register_fn(
            "split",
            |text: ImmutableString, separator: ImmutableString| split(&text, &separator),
        )
        .register_fn("to_int", |text: ImmutableString| -> Answer<i64> {
            let number = text.trim().parse();
            number.map_err(|_| format!("`{text}` is not a whole number").into())
        })
        .register_fn("abs", |number: i64| -> Answer<i64> {
            number
                .checked_abs()
                .ok_or_else(|| "the number is too large".into())
        })
        .register_fn("min", |a: i64, b: i64| a.min(b))
        .register_fn("max", |a: i64, b: i64| a.max(b))
        .register_iterator::<Array>();
    // The packages that are left out also bring these operators.
    engine
        .register_fn("!", |truth: bool| !truth)
        .register_fn("-", |number: i64| -> Answer<i64> {
            number
                .checked_neg()
                .ok_or_else(|| "the number is too large".into())
        })
        .register_fn("+", |text: ImmutableString, number: i64| {
            format!("{text}{number}")
        })
        .register_fn("+", |number: i64, text: ImmutableString| {
            format!("{number}{text}")
        });
    register_mixed_comparisons(engine);
}

/// Text, number and truth are never compared with each other: by default Rhai calls `"5" == 5` false without a word
/// (rhaiscript/rhai#491).
fn register_mixed_comparisons(engine: &mut Engine) {
    macro_rules! refuse {
        ($left:ty, $right:ty) => {
            for operator in ["==", "!=", "<", "<=", ">", ">="] {
                engine.register_fn(operator, |_: $left, _: $right| -> Answer<bool> {
                    let (left, right) = (
                        std::any::type_name::<$left>(),
                        std::any::type_name::<$right>(),
                    );
                    Err(mismatch(word_of(left), word_of(right)).into())
                });
            }
        };
    }
    refuse!(ImmutableString, i64);
    refuse!(i64, ImmutableString);
    refuse!(ImmutableString, bool);
    refuse!(bool, ImmutableString);
    refuse!(i64, bool);
    refuse!(bool, i64);
}

fn word_of(type_name: &str) -> &'static str {
    match type_name {
        "i64" => Number.word(),
        "bool" => Truth.word(),
        _ => Text.word(),
    }
}

fn mismatch(left: &str, right: &str) -> EvalAltResult {
    EvalAltResult::ErrorMismatchDataType(left.into(), right.into(), Position::NONE)
}

fn split(text: &str, separator: &str) -> Answer<Array> {
    if separator.is_empty() {
        return Err("`split` needs a separator".into());
    }
    let parts: Array = text
        .split(separator)
        .take(MAX_ITEMS + 1)
        .map(|part| Dynamic::from(part.to_owned()))
        .collect();
    if parts.len() > MAX_ITEMS {
        return Err(format!("`split` gives more than {MAX_ITEMS} parts").into());
    }
    Ok(parts)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Registers the functions that reach beyond the script; each goes through the guest, which knows the way to the host.
pub(super) fn register_host(engine: &mut Engine, guest: &Guest) {
    let at = guest.clone();
    engine.register_fn("at", move |command: ImmutableString| at.at(&command));
    let rfnv_count = guest.clone();
    engine.register_fn("rfnv_count", move || rfnv_count.rfnv_count());
    let log = guest.clone();
    engine.register_fn("log", move |text: ImmutableString| log.log(&text));
    let set = guest.clone();
    engine.register_fn("set", move |name: ImmutableString, value: Dynamic| {
        set.set(&name, &value)
    });
    let fail = guest.clone();
    engine.register_fn("fail", move |text: ImmutableString| fail.fail(&text));
}
