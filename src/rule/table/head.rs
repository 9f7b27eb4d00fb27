//! The head of a plan: version, names, inputs, what a name may be used for.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, place, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "plan" "version",
        "the plan is written in a version of the language that this program does not know",
        "Only version 1 exists. A newer number means a newer `unbrick`: a plan is never run by a program that may \
         understand it differently."),
    rule!(Error "plan" "no-profile",
        "there is no profile of this modem",
        "Everything that is proved of a plan rests on what is known of the modem: its modes, transports and partitions. \
         `modem:` names a folder `<vendor>/<model>` that holds `modem.yaml`, beside the plan or built in."),
    rule!(Error "plan" "name",
        "this is not a name",
        "Names are small letters, digits, `_` and `-`, begin with a letter and have at most 40 characters, so that they can \
         stand in commands, file names and journals. Inputs and facts are variables of expressions, too: no `-`, and no \
         word of the expression language."),
    rule!(Error "plan" "name-taken",
        "an input, a fact or a step has this name already",
        "Inputs, facts and steps share one set of names, so that a name in a message, an expression or a journal is one \
         thing. Take another name."),
    rule!(Error "plan" "wrong-kind",
        "a value is not of the kind that is needed here",
        "A guard judges values of its own kind: a `rollback` guard versions, a `same_unit` guard an IMEI and a file. The \
         default and the choices of an input must be values that the input itself would take."),
    rule!(Error "plan" "secret",
        "a secret stands where it would be shown or stored",
        "An unlock key may be sent, and nothing else: only `send:` of `at.set` takes it. Questions, paths, expressions, \
         reports and the plan itself are kept and handed on, so no secret stands there, not even as a default."),
    rule!(Error "plan" "private",
        "an identity stands where it would leave the bench",
        "An IMEI tells one modem of one owner apart. Paths, commands and reports are kept and handed on, so it does not \
         stand there. It is only ever compared: `imei_after == label_imei`."),
    rule!(Error "plan" "unknown-name",
        "nothing before this is called so",
        "Where a name is used, an input or an earlier step must have given it. The help names what was probably meant, or \
         says that a later step saves it."),
    rule!(Error "plan" "maybe-unknown",
        "a fact may not be known where it is used",
        "The step that saves the fact can be skipped: by `when`, by `only_in`, or because it is optional. Then the name would \
         have no value. Use the fact in the same group, make the step sure, or ask again where it is needed."),
    rule!(Error "plan" "not-a-name",
        "only a name may stand in `${ }`",
        "`${name}` puts the value of an input or a fact into a text, and nothing is computed there, so that a reader sees what \
         will be sent. Save what you need as a fact first. Where `${` itself is meant, write `$${`."),
    rule!(Error "plan" "outside",
        "a path leaves the folder in which it begins",
        "Plans read and write below the folders that a person has named, and nowhere else: no `..`, no absolute path, nothing \
         beside an input. What is written goes below the working folder; what is read begins with an input."),
];
