//! Expressions, scripts and patterns.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, place, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "plan" "no-interpolation",
        "`${ }` stands in an expression",
        "In `when`, `that` and `until` a fact is a variable: write its name. With `${ }` the value would become part of the \
         program, so that what a modem answers could change what is computed."),
    rule!(Error "plan" "expression",
        "an expression does not compile",
        "Expressions compare and combine facts of the same kind and give true or false: `cfun == 1 && fw == package_fw`. The \
         label is where the compiler stopped. Mixed kinds and functions that do not exist are found here and not in the \
         middle of a flash."),
    rule!(Error "plan" "script",
        "a script does not compile",
        "Scripts are compiled against the functions and facts that they may use, so that a slip shows before a modem is \
         touched. A script of more than one line is a literal block, `script: |`, so that every place in it can be shown."),
    rule!(Error "plan" "regex",
        "a pattern is no regular expression",
        "`reply:` is searched in the lines of an answer, `matches:` must fit a whole value; both are regular expressions \
         without look-around and back references. In YAML they are best written in single quotes, where a backslash is a \
         backslash."),
];
