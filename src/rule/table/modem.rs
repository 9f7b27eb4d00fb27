//! Modem profiles.

use crate::diagnostic::Severity;
use crate::rule::Rule;
use crate::rule::example::{Example, File, example, place, rule};

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule!(Error "modem" "version",
        "the profile is written in a version that this program does not know",
        "Only version 1 exists. A newer number means a newer `unbrick`."),
    rule!(Error "modem" "id",
        "the profile has no name, or another one than its folder",
        "Plans find a profile by `<vendor>/<model>`, in small letters, and that is the folder in which `modem.yaml` lies. With \
         another name inside, a plan would be proved against the wrong modem."),
    rule!(Error "modem" "hw",
        "a hardware key is not one",
        "The hardware key is the first part of the firmware version and of the ordering code on the label, such as \
         `RM502QGLAA`. Guards compare it with both, so it is written as the modem writes it: capital letters and digits."),
    rule!(Error "modem" "usb",
        "a USB descriptor is not written as one",
        "The mode of a modem is read off the bus by what `modes:` says. Vendor and product are four hex digits each, \
         `2c7c:0800`; class, subclass and protocol two each, `ff/ff/10`; a `bcdDevice` four."),
    rule!(Error "modem" "pattern",
        "a pattern of the profile is no regular expression",
        "`product`, `nv_writing` and `refused` are regular expressions. One that does not compile would recognise no modem and \
         refuse no command."),
    rule!(Error "modem" "mode",
        "a mode is used that the profile does not describe",
        "Say under `modes:` how the modem looks on USB in this mode, or leave the mode out."),
    rule!(Error "modem" "nand",
        "no flash chip has this geometry",
        "Firehose addresses the chip in pages and erases it in blocks. A page is a power of two of at least 512 bytes; a wrong \
         number here would put every partition elsewhere."),
    rule!(Error "modem" "partition",
        "partitions overlap, lie outside the chip, or share a name",
        "What a flash may touch is decided by these places. Two partitions on the same blocks would let a harmless write erase \
         calibration."),
    rule!(Error "modem" "query",
        "a query of the profile is not one AT command",
        "Commands under `queries:` are sent as harmless although they do not end in `?`. Each is one command and nothing that \
         hides behind a `;`."),
    rule!(Error "modem" "command",
        "what the model alone knows is not the name of an AT command",
        "`commands:` lists commands that some models know and others answer with ERROR, by their names, such as \
         `AT+QRFTESTMODE`: capital letters, and nothing of the arguments."),
    rule!(Error "modem" "programmer",
        "a programmer is given by more than its file name",
        "The programmer is looked for in the package by its name; `*` stands for anything. A folder in the pattern would find \
         it in one package and not in the next."),
    rule!(Error "modem" "barrier",
        "a version barrier is not about this modem, or names no full version",
        "Once a modem is at or above a barrier it must never go below it again. The version is compared part by part, so it is \
         written in full, and it is one of the hardware keys of the profile."),
];
