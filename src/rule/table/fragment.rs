//! Fragments, and the steps that include them.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "plan" "include-missing" ["plan.yaml", "radio.yaml"] ["plan.yaml", "radio.yaml"],
        "the fragment that a step includes is not there",
        "A fragment is looked for beside the file that includes it, then from the folder of all plans on, then among the \
         built-in ones, such as `lib/wait-for-radio.yaml`. Its name never leaves these folders."),
    rule!(Error "plan" "include-param" ["plan.yaml", "radio.yaml"] ["plan.yaml", "radio.yaml"],
        "what a step gives to a fragment is not what the fragment wants",
        "Each parameter of a fragment is given, nothing else is, and each value is of the kind that the fragment declares: a \
         text or a number written out, or one name of the plan as `${name}`. Files, identities and secrets are given by name \
         only, so that the rules about them hold inside the fragment, too."),
    rule!(Error "plan" "include-loop" ["plan.yaml", "radio.yaml"] ["plan.yaml", "radio.yaml"],
        "a fragment includes itself",
        "Fragments are put in their place before anything is proved, so that every proof covers their steps. One that \
         includes itself, directly or through others, would have no end."),
    rule!(Error "fragment" "version" ["plan.yaml", "radio.yaml"] ["plan.yaml", "radio.yaml"],
        "the fragment is written in a format that this program does not know",
        "Only version 1 of the fragment format exists. A later program may know more; an older plan stays what it was."),
];
