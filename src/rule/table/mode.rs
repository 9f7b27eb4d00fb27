//! In which modes a plan starts, works and ends, and what proves its end.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, place, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "plan" "never-starts",
        "the modem never shows itself in any of the modes in which the plan starts",
        "The profile says in which modes the model can be seen. A plan that starts in none of them could never run."),
    rule!(Error "plan" "wrong-mode",
        "an action works in other modes than the modem may be in",
        "The modem would not understand a word, or take it for another. The checker follows every way through the plan; the \
         second place is what last changed the mode. Bring the modem into the mode before this step, or let `only_in:` skip \
         the step in other modes."),
    rule!(Error "plan" "never-runs",
        "the modem is in none of the modes of `only_in` when this step comes",
        "A step that can never run is a mistake in the order of the steps or in the mode. The second place is what last \
         changed the mode."),
    rule!(Error "plan" "ends-elsewhere",
        "the plan may end in another mode than it declares",
        "Whoever runs a plan is promised the modes of `ends_in`. Wait for the mode in the last steps, or declare where the plan \
         really ends."),
    rule!(Error "plan" "loose-checkpoint",
        "after a checkpoint the modem must be in one known mode",
        "`unbrick resume` goes on after a checkpoint, so it must know in which mode the modem has to be found. Put the \
         checkpoint on a step that ends in one mode, such as `usb.wait`."),
    rule!(Error "plan" "no-transport",
        "the modem does not speak what this action needs",
        "The profile lists the transports of the model. An action of another one would wait for an answer that cannot come."),
    rule!(Warning "plan" "unproved-end",
        "what the plan changed last is not proved by a `check`",
        "Every step may succeed and the modem still not work. End with a fresh reading and a `check` that surely runs: not \
         optional, under no condition. It is a warning where the plan destroys nothing, and an error where it does."),
    rule!(Warning "plan" "stale-proof",
        "a claim rests on nothing that was read after the last change",
        "What the modem said before a restart or a flash says nothing of the modem now. Ask it again after the last change and \
         claim that. It is a warning where the plan destroys nothing, and an error where it does."),
];
