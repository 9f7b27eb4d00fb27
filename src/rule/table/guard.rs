//! Guards, backups, and what a step that destroys must bring.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, place, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "plan" "guard-kind",
        "a guard has no kind, or more than one",
        "A guard judges one thing, and says one `else:` when it refuses. Make two guards of it and name both in the step."),
    rule!(Error "plan" "unknown-guard",
        "a step asks a guard that is not declared",
        "Declare the guard under `guards:` of the plan. A name that is passed over would leave the step unguarded."),
    rule!(Error "plan" "unknown-model",
        "a `model` guard allows a model that the profile does not cover",
        "The profile says for which hardware keys its modes and partitions hold. A plan cannot allow more than that: write \
         a profile of the other model."),
    rule!(Warning "plan" "unused-guard",
        "no step asks this guard",
        "A guard protects nothing until a step names it under `guards:`. Name it there, or remove it."),
    rule!(Error "plan" "unguarded",
        "a step that destroys data lacks a guard that its action demands",
        "Flashing the wrong model, going back behind a version barrier, or restoring the calibration of another unit ruins a \
         modem for good. Each action that destroys lists the kinds of guards without which it is not run."),
    rule!(Error "plan" "unconfirmed",
        "a step that destroys data asks nobody",
        "A person must know that the next step cannot be undone, and what it will write. Add `confirm:` with the question. `--yes` \
         never answers it."),
    rule!(Error "plan" "guards-another",
        "a guard judges something else than what the step writes",
        "A guard that looked at one file says nothing of another one. The file of the step is the very input that its guard \
         names, the programmer belongs to the package, and what the modem is comes from the modem or its label, not from what \
         shall be written."),
    rule!(Error "plan" "no-source",
        "what is written to a modem does not come from an input",
        "Inputs are looked at before step one, and their digests are in the approval. A file from elsewhere could be another \
         one tomorrow. Begin the path with an input of type `file` or `folder`."),
    rule!(Error "plan" "assumed",
        "a guard judges what the plan itself assumes",
        "A default that a guard relies on makes the guard say yes to everything. Leave `default:` out, so that a person reads \
         the value off the modem; `unknown` is allowed, because guards treat it as not known."),
    rule!(Error "plan" "no-backup",
        "the backup that a guard rests on has not surely been made before",
        "Before the calibration is overwritten it must have been saved, on every way through the plan. The backup comes \
         earlier in the plan, and no condition skips it alone: put both steps into one group where they depend on one."),
    rule!(Error "plan" "not-a-backup",
        "a `backup` guard names a step that backs nothing up",
        "Only `diag.backup` and `firehose.backup` write what can be restored. Name such a step."),
    rule!(Error "plan" "weak-backup",
        "a copy of the NAND is taken for a sure backup",
        "Pages that could not be read are holes in such a copy, and nothing proves that what was read is calibration. It \
         counts only where a person answers for it, `unknown: confirm`, and where it reads every partition that the profile \
         keeps."),
    rule!(Error "plan" "unknown-part",
        "the modem has no such partition",
        "The profile lists the partitions of the model. A name that is not there would be backed up or kept by nobody."),
    rule!(Error "plan" "kept-part",
        "a partition of calibration or identity would be written",
        "What the profile marks with `keep: true` belongs to one unit, and nothing but its own backup brings it back. The \
         `package` guard of a flash names all of these partitions under `keeps:`; only `erase_all` gives them up, openly."),
];
