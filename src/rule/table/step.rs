//! What a step has, and its limits.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, place, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "plan" "no-action",
        "a step does nothing",
        "A step has exactly one action. Most often the action's line was lost, or the step is a heading: `title:` is for that."),
    rule!(Error "plan" "two-actions",
        "a step has more than one action",
        "A step is what is tried, journalled, guarded and resumed as one, and its order would not be written anywhere. Make \
         two steps."),
    rule!(Error "plan" "no-timeout",
        "a step that waits has no timeout",
        "A modem that does not answer would hold the run for ever, and nobody knows how long a technician should wait. Say how \
         long one attempt may take. Only `check` and `group` have none."),
    rule!(Error "plan" "because",
        "what weakens the plan is given without its reason",
        "A step that may fail, or a flash that erases the calibration, is sometimes right. The person who runs the plan, and \
         the next author, must be able to read why: add `because:`."),
    rule!(Error "plan" "optional-changes",
        "a step that changes the modem is optional",
        "After a change that failed nobody knows what the modem is, so the plan must not go on as if nothing had been. Only \
         steps that read and leave the mode as it is may be optional."),
    rule!(Error "plan" "retry-destroys",
        "a step that destroys data is tried again by itself",
        "A flash that was cut short may have written half of something, and a second try could do more harm than the first. A \
         person looks at the modem and resumes the run. Remove `retry:`."),
    rule!(Error "plan" "rescue-disrupts",
        "`rescue` changes the modem, and the plan destroys data",
        "Rescue steps run after any failure, so perhaps over a flash that is half written. As long as such a modem keeps its \
         power and mode it can be saved; a reset can end that. Rescue may compute, read, and talk to people."),
    rule!(Error "plan" "unverified",
        "a flash is not verified, without a reason",
        "An acknowledged write may be lost in a worn block: digests or reading back are the only proof. Leave `verify:` out to \
         get the best there is, or say in `because:` why neither is possible."),
    rule!(Error "plan" "unread-version",
        "a write is to be verified by a version that nothing reads",
        "fastboot reads nothing back. That the modem tells the version of the image afterwards, and told another one before, is \
         the proof that is left; so a step behind the write must ask for it."),
    rule!(Error "plan" "not-a-query",
        "a command of `at.ask` may change the modem",
        "`at.ask` and `at()` in a script are counted as reading, so they may be optional, retried and used while everything is \
         still harmless. Only `AT`, `ATI`, forms that end in `?`, and the queries of the profile surely read. Send everything \
         else with `at.set:`."),
    rule!(Error "plan" "refused-command",
        "a command is never sent to a modem",
        "Some commands write an identity, lock a modem for good, or hide another command. No plan may send them, whatever it is \
         for; the message says why. The name of a command is written out: `${name}` may stand behind the `=` only, so that \
         this can be seen in the plan."),
    rule!(Error "plan" "save",
        "nothing in the step gives the fact that it saves",
        "Facts come from named groups of `reply:`, `(?<name>...)`, from the answer to `operator.ask`, or from `set()` in a \
         script. A fact that nothing gives would have no value for the rest of the plan. Secrets are never saved."),
    rule!(Error "plan" "unsaved",
        "a named group of a reply is not saved",
        "A name that is given and not saved was forgotten: a later step would miss it. Add it to `save:` with its kind, or \
         write a group without a name."),
];
