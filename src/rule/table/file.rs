//! What a file must be before anything in it is looked at.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, place, rule};

/// Bytes of a file that is over the limit.
const TOO_LARGE: usize = 300_000;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "plan" "no-such-plan"
        (Example::Named("quectel/rm502q-gl/unbrick-900f"))
        (Example::Named("quectel/rm502q-gl/unbrick-900e")),
        "there is neither a file nor a built-in plan of this name",
        "A plan is given by the path of its file, or by the name of a plan that is built into the program. `unbrick plans` \
         lists the built-in names."),
    rule!(Error "plan" "unreadable"
        (Example::Named("/dev/null"))
        (Example::Named("quectel/rm502q-gl/unbrick-900e")),
        "what was given is there, and cannot be read as a file",
        "A folder, a device, a pipe or a file without the right to read it holds no plan. Nothing is waited for: a pipe \
         could block a run for ever. Give a plain file that you may read."),
    rule!(Error "plan" "not-utf8"
        (Example::Made {
            path: "quectel/rm502q-gl/example.yaml",
            about: "A plan whose title holds the byte `0xFC`, which is the letter u with diaeresis in Latin-1.",
            bytes: || b"plan: 1\nid: example\ntitle: Pr\xfcft die Version\nmodem: quectel/rm502q-gl\n".to_vec(),
        })
        (Example::Named("quectel/rm502q-gl/unbrick-900e")),
        "the file is not UTF-8",
        "A plan is text that people in many places read and compare byte by byte. Save the file as UTF-8 in your editor."),
    rule!(Error "plan" "too-large"
        (Example::Made {
            path: "quectel/rm502q-gl/example.yaml",
            about: "A plan with 300,000 blanks at its end.",
            bytes: || {
                let mut bytes = b"plan: 1\n".to_vec();
                bytes.resize(TOO_LARGE, b' ');
                bytes
            },
        })
        (Example::Named("quectel/rm502q-gl/unbrick-900e")),
        "the file is longer than 256 KiB, or holds more than 32,768 values",
        "The limits keep a file that was made to harm from costing time or memory. No plan comes \
         near them: give the plan, not the package beside it."),
    rule!(Error "plan" "too-deep",
        "brackets or lists are nested too deeply",
        "At most 32 collections lie within one another, and at most 200 brackets are open at once, quotes included. No plan \
         needs more than ten; deeper files cost a YAML reader seconds and were made to do so."),
    rule!(Error "plan" "odd-character",
        "a character stands in the file that YAML readers see differently, or nobody sees",
        "Control characters, a lone carriage return, and the line breaks U+0085, U+2028 and U+2029: where one reader sees one \
         line another sees two, so two people could check two different plans. Remove the character; a copy from a word \
         processor is where it usually comes from."),
    rule!(Error "plan" "empty",
        "the file holds nothing but comments",
        "There is nothing to check. Begin with `plan: 1`, `profile: 1` or `scenario: 1`."),
    rule!(Error "plan" "yaml-syntax",
        "the YAML reader had to stop",
        "The place is where the reader could not go on; the mistake is there or shortly before it. Look for a bracket or a \
         quotation mark that is not closed, an indentation that does not fit, a tab, or a `: ` in a text without quotes."),
    rule!(Error "plan" "two-documents",
        "a file holds one YAML document",
        "`---` begins a second document, which no run would ever look at. Make it a file of its own."),
    rule!(Error "plan" "duplicate-key",
        "a key is given twice in one mapping",
        "YAML readers take one of the two and say nothing, and not all of them the same one. Keep the one that is meant."),
    rule!(Error "plan" "anchor",
        "YAML anchors are no part of the language",
        "A reader of a plan must see what a step does where the step stands. Write the value out."),
    rule!(Error "plan" "alias",
        "YAML aliases are no part of the language",
        "An alias copies a value from elsewhere, so that a change there changes a step that nobody looked at; a few lines of \
         them grow to gigabytes. Write the value out."),
    rule!(Error "plan" "tag",
        "YAML tags are no part of the language",
        "The kind of every value follows from the key it stands under. Remove the `!tag`."),
    rule!(Error "plan" "merge-key",
        "YAML merge keys are no part of the language",
        "`<<` brings keys in that a reader does not see, and readers of YAML disagree about it. Write the keys out."),
    rule!(Error "plan" "complex-key",
        "a key is one word before a colon",
        "Keys in the `? key` form, or keys that are lists, are read differently by different readers. Write `key: value`."),
    rule!(Error "plan" "null",
        "a key is given without a value",
        "An empty value, `~` and `null` say nothing, and often stand where a value was forgotten. Give the value, or leave \
         the key out."),
    rule!(Error "plan" "shape",
        "a field is unknown or missing, or its value is of the wrong kind",
        "Every key that is not known is refused: a `timout:` that is passed over would leave a step without its limit. The \
         help names what was probably meant. Durations carry their unit (`30s`, `5m`), and lists that must hold something \
         are not empty. The schema of `unbrick schema plan` lets an editor show this while you write."),
];
