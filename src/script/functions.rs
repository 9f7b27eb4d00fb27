//! Every function that a condition or a script can call. The walk over the program, the engine's registration and
//! the documentation read this one table.

use super::guest::Guest;
use crate::action::signature::Effect;
use crate::plan::{Mode, Modes};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext, Position};

/// One function.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    pub name: &'static str,
    pub arguments: &'static [Argument],
    pub usable: Usable,
    /// What it gives, where an expression can be judged by that.
    pub(super) gives: Option<Type>,
    /// What it gives, for people.
    pub gives_word: &'static str,
    pub needs: Modes,
    pub effect: Effect,
    /// One line of documentation.
    pub does: &'static str,
    /// Of a function that only computes: a condition that holds. Else: a script.
    pub example: &'static str,
}

/// A name, and the types that fit.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    pub name: &'static str,
    pub kind: &'static str,
}

/// Where a function may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usable {
    /// In conditions and scripts, also behind a value and a dot.
    Everywhere,
    /// In scripts only, and never behind a dot.
    InScripts,
}

impl Function {
    /// The call with its types, as in `len(of: text or list) -> number`.
    pub fn signature(&self) -> String {
        let arguments: Vec<String> = self
            .arguments
            .iter()
            .map(|argument| format!("{}: {}", argument.name, argument.kind))
            .collect();
        let gives = match self.gives_word {
            "" => String::new(),
            word => format!(" -> {word}"),
        };
        format!("{}({}){gives}", self.name, arguments.join(", "))
    }

    /// The call without types, as in `len(of)`.
    pub(super) fn call(&self) -> String {
        let names: Vec<&str> = self.arguments.iter().map(|a| a.name).collect();
        format!("{}({})", self.name, names.join(", "))
    }
}

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Truth,
}

impl Type {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Truth => "true or false",
        }
    }
}

const fn argument(name: &'static str, kind: &'static str) -> Argument {
    Argument { name, kind }
}

const fn own(name: &'static str, arguments: &'static [Argument], gives: Option<Type>) -> Function {
    let gives_word = match gives {
        Some(Type::Text) => "text",
        Some(Type::Number) => "number",
        Some(Type::Truth) => "truth",
        None => "",
    };
    Function {
        name,
        arguments,
        usable: Usable::Everywhere,
        gives,
        gives_word,
        needs: Modes::ANY,
        effect: Effect::Pure,
        does: "",
        example: "",
    }
}

const fn host(name: &'static str, arguments: &'static [Argument], gives: Option<Type>) -> Function {
    Function {
        usable: Usable::InScripts,
        ..own(name, arguments, gives)
    }
}

impl Function {
    /// It asks the running modem.
    const fn reads(self) -> Self {
        Self {
            needs: Modes::one(Mode::Normal),
            effect: Effect::Read,
            ..self
        }
    }

    const fn gives_list(self) -> Self {
        Self {
            gives_word: "list of text",
            ..self
        }
    }

    const fn does(self, does: &'static str, example: &'static str) -> Self {
        Self {
            does,
            example,
            ..self
        }
    }
}

use Type::{Number, Text, Truth};

const TEXT: Argument = argument("text", "text");
const PART: Argument = argument("part", "text");
const NUMBER: Argument = argument("number", "number");

/// The table.
pub static FUNCTIONS: [Function; 16] = [
    own("len", &[argument("of", "text or list")], Some(Number)).does(
        "the number of characters, or of items",
        r#""RM502Q".len() == 6"#,
    ),
    own(
        "contains",
        &[
            argument("in", "text or list"),
            argument("part", "text, or an item of the list"),
        ],
        Some(Truth),
    )
    .does(
        "whether the part is in it",
        r#"["normal", "edl"].contains("edl")"#,
    ),
    own("starts_with", &[TEXT, PART], Some(Truth)).does(
        "whether the text begins so",
        r#""RM502QGLAA".starts_with("RM502Q")"#,
    ),
    own("ends_with", &[TEXT, PART], Some(Truth)).does(
        "whether the text ends so",
        r#""backup.xqcn".ends_with(".xqcn")"#,
    ),
    own("trimmed", &[TEXT], Some(Text)).does(
        "the text without blanks at its ends",
        r#"" ready ".trimmed() == "ready""#,
    ),
    own("lower", &[TEXT], Some(Text))
        .does("the text in small letters", r#""READY".lower() == "ready""#),
    own("split", &[TEXT, argument("separator", "text")], None)
        .gives_list()
        .does(
            "the parts between separators, at most 1,024",
            r#""+CFUN: 5".split(": ")[1] == "5""#,
        ),
    own("to_int", &[TEXT], Some(Number)).does(
        "the whole number that the text spells; an error if it spells none",
        r#"" 42 ".to_int() == 42"#,
    ),
    own("abs", &[NUMBER], Some(Number)).does("the number without its sign", "abs(-3) == 3"),
    own(
        "min",
        &[argument("one", "number"), argument("other", "number")],
        Some(Number),
    )
    .does("the smaller number", "min(3, 5) == 3"),
    own(
        "max",
        &[argument("one", "number"), argument("other", "number")],
        Some(Number),
    )
    .does("the larger number", "max(3, 5) == 5"),
    host("at", &[argument("command", "text, written out")], None)
        .reads()
        .gives_list()
        .does(
            "asks one AT query and gives the lines of the answer, at most 16 KiB",
            r#"for line in at("AT+CFUN?") { log(line); }"#,
        ),
    host("rfnv_count", &[], Some(Number)).reads().does(
        "the number of RF calibration files that are present, asked over DIAG",
        r#"if rfnv_count() == 0 { fail("the calibration is gone"); }"#,
    ),
    host("log", &[TEXT], None).does(
        "writes a line into the report",
        r#"log("the radio is on");"#,
    ),
    host(
        "set",
        &[
            argument("name", "text, written out"),
            argument("value", "of the kind that `save` says"),
        ],
        None,
    )
    .does(
        "saves a fact that `save` of the step declares, once",
        r#"let files = 12; set("files", files);"#,
    ),
    host("fail", &[TEXT], None).does(
        "ends the script and the step; it cannot be caught",
        r#"let files = 12; if files == 0 { fail("the calibration is gone"); }"#,
    ),
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
        return Err("`split` gives more than 1,024 parts".into());
    }
    Ok(parts)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Registers the functions that reach beyond the script; each goes through the guest, which knows the way to the host.
pub(super) fn register_host(engine: &mut Engine, guest: &Guest) {
    let at = guest.clone();
    engine.register_fn(
        "at",
        move |call: NativeCallContext, command: ImmutableString| {
            at.at(&command, call.call_position())
        },
    );
    let rfnv_count = guest.clone();
    engine.register_fn("rfnv_count", move |call: NativeCallContext| {
        rfnv_count.rfnv_count(call.call_position())
    });
    let log = guest.clone();
    engine.register_fn(
        "log",
        move |call: NativeCallContext, text: ImmutableString| log.log(&text, call.call_position()),
    );
    let set = guest.clone();
    engine.register_fn(
        "set",
        move |call: NativeCallContext, name: ImmutableString, value: Dynamic| {
            set.set(&name, &value, call.call_position())
        },
    );
    let fail = guest.clone();
    engine.register_fn(
        "fail",
        move |call: NativeCallContext, text: ImmutableString| {
            fail.fail(&text, call.call_position())
        },
    );
}
