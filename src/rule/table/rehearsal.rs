//! Rehearsal cases. What only playing a case can show, such as a fault that never strikes, is no rule of a file.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, rehearsed, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "rehearsal" "no-such-case"
        (Example::Named("quectel/rm502q-gl/rehearsals/good-wya"))
        (Example::Named("quectel/rm502q-gl/rehearsals/good-way")),
        "there is neither a file nor a built-in rehearsal case of this name",
        "A case is checked by the path of its file, or by the name of one that is built into the program, such as \
         `quectel/rm502q-gl/rehearsals/good-way`. `unbrick rehearse PLAN CASE` wants the plan and the last word only."),
    rule!(Error "rehearsal" "version" rehearsed,
        "the case is written in a version that this program does not know",
        "Only version 1 exists. A newer number means a newer `unbrick`."),
    rule!(Error "rehearsal" "no-plan" rehearsed,
        "the plan of the case is not there",
        "`plan:` is the path of the plan's file from the case's own folder on; cases lie in a folder `rehearsals` beside \
         their plan, so it begins with `../` as a rule."),
    rule!(Error "rehearsal" "no-scenario" rehearsed,
        "the scenario of the case is not there",
        "`scenario:` is the path of the scenario's file from the case's own folder on."),
    rule!(Error "rehearsal" "broken" rehearsed,
        "the plan or the scenario of the case has problems of its own",
        "A plan that is not proved is not run, on no modem and on no simulated one. Check the file that is named, mend it, \
         and look at the case again: what it says about a plan that cannot be read is not judged."),
    rule!(Error "plan" "case-step" rehearsed,
        "a case names a step that its plan does not have",
        "A fault, an answer or an expectation about such a step never comes true, so the case would show nothing, or fail \
         for a reason that has nothing to do with the plan. Steps of fragments are named as `unbrick show` lists them."),
    rule!(Error "rehearsal" "input" rehearsed,
        "an input of the case is missing, unknown, of the wrong kind, or given and made",
        "A case plays without a person, so every input of the plan comes from the case or from its scenario, and is read as \
         one from the command line would be. Files and folders are made under `makes:`, or lie beside the case."),
    rule!(Error "rehearsal" "override" rehearsed,
        "a case overrides a guard that is not there, or one that nobody may override",
        "Only `rollback` and `same_unit` guards can be overridden, on a real modem as in a rehearsal. A case that passes by \
         another way than a run can take proves nothing about a run."),
    rule!(Error "rehearsal" "fact" rehearsed,
        "a case expects a fact that its plan does not save, or a value that is none of its kind",
        "Such an expectation fails whatever the plan does. Name a fact from `save:` of a step, and give a value of the kind \
         that is declared there."),
    rule!(Error "rehearsal" "modem" rehearsed,
        "what a case expects of the modem can never be so",
        "`firmware` is a full version or `none`; `imei` is `same`, `none` or 15 digits with their check digit; and \
         `unchanged` lists partitions of the profile. A misspelt partition would leave unwatched what must not be touched."),
    rule!(Error "rehearsal" "expect" rehearsed,
        "two expectations of a case contradict one another",
        "A run that ends proved has no step that failed and is never resumed, and `replug` comes before a resume only. One \
         of the two is not what was meant."),
];
