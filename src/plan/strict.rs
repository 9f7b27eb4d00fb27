//! What the schemas say beyond the types, so that an editor underlines while an author writes what the checker would
//! refuse. Every file that ships and every good example of a rule must still fit (`tests/schemas`).

use super::Mode;
use schemars::Schema;
use serde_json::{Map, Value, json};

const NAME: &str = "^[a-z][a-z0-9_-]{0,39}$";
const NO_NAME: &str =
    "A name: a small letter, then small letters, digits, `-` and `_`, at most 40.";
const VARIABLE: &str = "^[a-z][a-z0-9_]{0,39}$";
const NO_VARIABLE: &str =
    "The name of an input or fact: a small letter, then small letters, digits and `_`, at most 40.";
/// Where a step or a fact is meant, not named: those of a fragment bear two names in one, however long.
const STEP_MEANT: &str = "^[a-z][a-z0-9_-]*$";
const FACT_MEANT: &str = "^[a-z][a-z0-9_]*$";
const NO_MEANT: &str =
    "The name of something in this plan: small letters, digits, `_`, in names of steps also `-`.";
const PROFILE: &str = "^[a-z0-9][a-z0-9_-]*/[a-z0-9][a-z0-9_-]*$";

const ANY_TEXT: [&str; 3] = ["string", "number", "boolean"];

/// The only version there is.
pub(super) fn version(schema: &mut Schema) {
    schema.insert("const".to_owned(), json!(1));
}

/// The name of a plan, a step or a guard.
pub(super) fn name(schema: &mut Schema) {
    pattern(schema, NAME, NO_NAME);
}

/// A list of such names.
pub(super) fn names(schema: &mut Schema) {
    schema.insert("items".to_owned(), matching(NAME, NO_NAME));
}

/// A mapping by such names.
pub(super) fn by_name(schema: &mut Schema) {
    schema.insert("propertyNames".to_owned(), matching(NAME, NO_NAME));
}

/// A step that is named elsewhere.
pub(super) fn step(schema: &mut Schema) {
    pattern(schema, STEP_MEANT, NO_MEANT);
}

/// An input or a fact that is named elsewhere.
pub(super) fn fact(schema: &mut Schema) {
    pattern(schema, FACT_MEANT, NO_MEANT);
}

/// A list of those.
pub(super) fn facts(schema: &mut Schema) {
    schema.insert("items".to_owned(), matching(FACT_MEANT, NO_MEANT));
}

/// A mapping by those.
pub(super) fn by_fact(schema: &mut Schema) {
    schema.insert("propertyNames".to_owned(), matching(FACT_MEANT, NO_MEANT));
}

/// A mapping by names of inputs, parameters or facts: variables of expressions.
pub(super) fn by_variable(schema: &mut Schema) {
    schema.insert("propertyNames".to_owned(), matching(VARIABLE, NO_VARIABLE));
}

/// A mapping by the number of an image; 13 is the programmer. In YAML such a key is a number, which editors hold to be no
/// text: `propertyNames` would refuse it there.
pub(super) fn by_image(schema: &mut Schema) {
    let file = schema.insert("additionalProperties".to_owned(), json!(false));
    let number = "^([0-9]|1[0-24-9]|[2-9][0-9]|1[01][0-9]|12[0-7])$";
    schema.insert("patternProperties".to_owned(), json!({ number: file }));
}

/// A value of an input or a parameter: text, which may look like a number or a truth.
pub(super) fn value(schema: &mut Schema) {
    schema.insert("type".to_owned(), json!(ANY_TEXT));
}

/// A list of such values.
pub(super) fn values(schema: &mut Schema) {
    schema.insert("items".to_owned(), json!({ "type": ANY_TEXT }));
}

/// A mapping from inputs or parameters to their values.
pub(super) fn values_by_variable(schema: &mut Schema) {
    by_variable(schema);
    of_values(schema);
}

/// A mapping to such values.
pub(super) fn of_values(schema: &mut Schema) {
    let value = json!({ "type": ANY_TEXT });
    schema.insert("additionalProperties".to_owned(), value);
}

/// A mapping by mode: an editor offers them, each with its meaning.
pub(super) fn by_mode(schema: &mut Schema) {
    let Some(value) = schema.remove("additionalProperties") else {
        return;
    };
    let mut modes = Map::new();
    for mode in Mode::ALL {
        let mut value = value.clone();
        if let Value::Object(value) = &mut value {
            let about = format!("What shows that the modem is in `{mode}`: one of these.");
            value.insert("description".to_owned(), about.into());
        }
        modes.insert(mode.word().to_owned(), value);
    }
    schema.insert("properties".to_owned(), Value::Object(modes));
    schema.insert("additionalProperties".to_owned(), json!(false));
}

/// The name of a modem profile.
pub(super) fn profile(schema: &mut Schema) {
    pattern(schema, PROFILE, "`vendor/model` in small letters.");
}

/// A list that holds something.
pub(super) fn filled(schema: &mut Schema) {
    schema.insert("minItems".to_owned(), json!(1));
}

/// Tries of a step.
pub(super) fn attempts(schema: &mut Schema) {
    range(schema, 2, 100);
}

/// What multiplies a delay.
pub(super) fn grow(schema: &mut Schema) {
    range(schema, 1, 10);
}

/// Something that is counted from 1.
pub(super) fn counted(schema: &mut Schema) {
    schema.insert("minimum".to_owned(), json!(1));
}

/// Text that a person reads.
pub(super) fn words(schema: &mut Schema) {
    pattern(schema, "\\S", "It says something.");
}

/// The file of a backup.
pub(super) fn xqcn(schema: &mut Schema) {
    pattern(schema, "\\.xqcn$", "A file that ends in `.xqcn`.");
}

/// Hardware keys.
pub(super) fn hardware(schema: &mut Schema) {
    filled(schema);
    let says = "A hardware key such as `RM502QGLAA`: capital letters and digits.";
    schema.insert("items".to_owned(), matching("^[A-Z0-9]+$", says));
}

/// Vendor and product of a USB device.
pub(super) fn usb_id(schema: &mut Schema) {
    pattern(
        schema,
        "^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$",
        "`VID:PID` in hex, such as `2c7c:0800`.",
    );
}

/// Class, subclass and protocol of a USB interface.
pub(super) fn usb_class(schema: &mut Schema) {
    let hex = "^[0-9A-Fa-f]{2}/[0-9A-Fa-f]{2}/[0-9A-Fa-f]{2}$";
    pattern(
        schema,
        hex,
        "Class, subclass and protocol in hex, such as `ff/ff/10`.",
    );
}

/// `bcdDevice`, or anything but that.
pub(super) fn bcd(schema: &mut Schema) {
    pattern(
        schema,
        "^!?[0-9A-Fa-f]{4}$",
        "Four hex digits, such as `0504`, or `!0000`.",
    );
}

/// A chip serial.
pub(super) fn serial(schema: &mut Schema) {
    pattern(
        schema,
        "^[0-9A-Fa-f]{8}$",
        "Eight hex digits, such as `0badcafe`.",
    );
}

/// Fifteen digits or a word. Their check digit is the checker's business.
pub(super) fn imei_or_none(schema: &mut Schema) {
    pattern(
        schema,
        "^([0-9]{15}|none)$",
        "Fifteen digits in quotes, or `none`.",
    );
}

/// As in [`imei_or_none`], or as at the start.
pub(super) fn imei_or_same(schema: &mut Schema) {
    pattern(
        schema,
        "^([0-9]{15}|none|same)$",
        "Fifteen digits in quotes, `none`, or `same`.",
    );
}

/// Fifteen digits.
pub(super) fn imei(schema: &mut Schema) {
    pattern(schema, "^[0-9]{15}$", "Fifteen digits in quotes.");
}

/// The size of a package.
pub(super) fn size(schema: &mut Schema) {
    pattern(
        schema,
        "^\\+?0*[1-9][0-9]*[KM]$",
        "A number with `K` or `M`, such as `32M`.",
    );
}

/// A programmer by its digest.
pub(super) fn programmer(schema: &mut Schema) {
    pattern(
        schema,
        "^(any|[0-9A-Fa-f]{64})$",
        "`any`, or the 64 hex digits of a SHA-256.",
    );
}

fn range(schema: &mut Schema, least: u32, most: u32) {
    schema.insert("minimum".to_owned(), json!(least));
    schema.insert("maximum".to_owned(), json!(most));
}

fn pattern(schema: &mut Schema, pattern: &str, says: &str) {
    schema.insert("pattern".to_owned(), pattern.into());
    schema.insert("patternErrorMessage".to_owned(), says.into());
}

/// yaml-language-server shows `patternErrorMessage` in place of the pattern.
fn matching(pattern: &str, says: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "patternErrorMessage": says })
}
