//! Scenarios of the simulated modem.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, place, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "scenario" "no-such-scenario"
        (Example::Named("quectel/rm502q-gl/scenarios/900f"))
        (Example::Named("quectel/rm502q-gl/900e")),
        "there is neither a file nor a built-in scenario of this name",
        "A scenario is given by the path of its file, or by the name of one that is built into the program, such as \
         `quectel/rm502q-gl/900e`."),
    rule!(Error "scenario" "version",
        "the scenario is written in a version that this program does not know",
        "Only version 1 exists. A newer number means a newer `unbrick`."),
    rule!(Error "scenario" "mode",
        "the modem is never in this mode",
        "The simulated modem shows itself as the profile describes. A mode that it does not describe has no looks."),
    rule!(Error "scenario" "firmware",
        "a firmware version is not complete",
        "Guards read versions part by part, so the simulated modem answers with a full one, such as \
         `RM502QGLAAR11A02M4G_01.001.01.001`; `none` stands for an empty flash."),
    rule!(Error "scenario" "imei",
        "an IMEI is not one",
        "An IMEI has 15 digits, the last of them a check digit. Use `490154203237518`, which belongs to nobody, and quotes, \
         so that it stays text."),
    rule!(Error "scenario" "serial",
        "a chip serial is not one",
        "Sahara reports the serial of the chip as eight hex digits. Use `0badcafe`."),
    rule!(Error "scenario" "damage",
        "a partition that is not there is damaged",
        "Blank partitions decide how far the simulated modem boots. One that the profile does not list would damage nothing, \
         and the rehearsal would prove nothing."),
    rule!(Error "scenario" "nand",
        "a defect lies beyond the flash chip",
        "Bad blocks and unreadable pages are counted from 0 in the geometry of the profile."),
    rule!(Error "scenario" "programmer",
        "what the boot ROM accepts is neither `any` nor a SHA-256",
        "Give `any`, or the 64 hex digits of the one programmer that is signed for this modem."),
    rule!(Error "scenario" "hands",
        "hands are told what to do at something that is no step",
        "The key is the id of a step that asks a person; hands act when it comes."),
    rule!(Error "scenario" "fault",
        "a fault cannot happen at this operation",
        "A programmer can refuse to erase, and cannot refuse an NV write, which DIAG does. A fault that never strikes would let \
         a rehearsal pass that proves nothing. `nth` counts from 1."),
    rule!(Error "scenario" "input",
        "an input is given and made",
        "`inputs:` gives a value, `makes:` lets the simulator make one. Of both nobody could say which one a run takes."),
    rule!(Error "scenario" "make",
        "what the simulator shall make is not clear",
        "Every entry makes one thing: a `package` or an `xqcn`. The size of a package is a number with `K` or `M`, such as \
         `32M`."),
    rule!(Error "scenario" "factory-copy",
        "a modem that knows no copy of its own holds one",
        "A copy of the calibration that the modem brings back by itself is made with `AT+QPRTPARA`, which few models know: those \
         whose profile lists it under `commands:`."),
];
