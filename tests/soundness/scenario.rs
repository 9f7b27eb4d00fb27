//! States of the simulated modem, hands and faults.

use crate::draft::{Model, quoted};
use crate::random::Random;
use unbrick::plan::Mode;

/// Whether anything goes wrong that is no part of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// The modem may be broken, and does what such a modem does.
    Clear,
    /// Faults strike.
    Stormy,
}

const FAULTS: [&str; 26] = [
    "unplug",
    "lost-reply",
    "garbage",
    "nak",
    "ack-but-lost",
    "bit-flip",
    "slow",
    "vanish",
    "wrong-mode",
    "short-read",
    "split",
    "join",
    "timeout",
    "stall",
    "stale-bytes",
    "bad-crc",
    "duplicate-reply",
    "late-reply",
    "hello-twice",
    "edl-loop",
    "stay-ramdump",
    "nak-retry",
    "late-log",
    "read-error",
    "extra-line",
    "half-version",
];

const PLACES: [&str; 13] = [
    "hello",
    "read-data",
    "configure",
    "erase",
    "program",
    "digest",
    "read",
    "nv-read",
    "nv-write",
    "efs-read",
    "at",
    "power",
    "edl",
];

/// A scenario's file.
pub(crate) fn scenario(
    random: &mut Random,
    model: Model,
    mode: Mode,
    hands: &[(String, Vec<&'static str>)],
    weather: Weather,
) -> String {
    let firmware = *random.pick(model.firmware());
    let mut lines = vec![
        "scenario: 1".to_owned(),
        format!("modem: {}", model.profile()),
        format!("mode: \"{}\"", mode.word()),
        format!("firmware: {firmware}"),
    ];
    if random.percent(15) {
        let part = random.word(&["sbl", "boot", "modem"]);
        lines.push(format!("damage: [{part}]"));
    }
    if random.percent(30) {
        lines.push("calibration: missing".to_owned());
    }
    if random.percent(20) {
        lines.push("ftm: true".to_owned());
    }
    if random.percent(15) {
        lines.push("imei: none".to_owned());
    }
    if random.percent(20) {
        lines.push("spc: locked".to_owned());
    }
    if random.percent(25) {
        lines.push("programmer: { digest: false }".to_owned());
    }
    if random.percent(25) {
        let dialect = random.word(&[
            "version: 3",
            "command_mode: false",
            "command_mode: false, begins_anew: false",
            "images: [21]",
        ]);
        lines.push(format!("sahara: {{ {dialect} }}"));
    }
    if random.percent(30) {
        let seconds = random.between(5, 40);
        lines.push(format!("boot_time: {seconds}s"));
    }
    if !hands.is_empty() {
        lines.push("hands:".to_owned());
        for (step, does) in hands {
            let does = does.join(", ");
            lines.push(format!("  {step}: {{ does: [{does}], after: 1s }}"));
        }
    }
    if weather == Weather::Stormy {
        lines.push("faults:".to_owned());
        for _ in 0..random.between(1, 2) {
            let kind = random.word(&FAULTS);
            let on = if random.percent(60) {
                format!(", on: {}", random.word(&PLACES))
            } else {
                String::new()
            };
            let nth = random.between(1, 4);
            lines.push(format!("  - {{ kind: {kind}{on}, nth: {nth} }}"));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What a person gives for a value of this kind: mostly one, now and then none of the kind.
pub(crate) fn answer(random: &mut Random, model: Model, kind: &str) -> String {
    if random.percent(5) {
        return random
            .word(&["", "x", "999999999999999999999", "1;+EGMR=1,7", ".."])
            .to_owned();
    }
    match kind {
        "int" => random.word(&["0", "1", "5", "-1", "42", "9223372036854775807"]),
        "bool" => random.word(&["true", "false"]),
        "firmware" if random.percent(20) => "unknown",
        "firmware" => random.word(model.firmware()),
        "imei" => random.word(&["490154203237518", "356938035643809"]),
        "file" | "folder" => random.word(&["somewhere", "some/where"]),
        _ => random.word(&["bench", "a,b", "5", "RM502QGLAA-M20", "1.5", "ä"]),
    }
    .to_owned()
}

/// The value of an input of the generator's own pool.
pub(crate) fn input(random: &mut Random, model: Model, name: &str, kind: &str) -> String {
    match name {
        "unit" => random.word(&["bench-1", "5", "_"]).to_owned(),
        "place" => random.word(&["bench", "field"]).to_owned(),
        "label_model" if random.percent(90) => format!("{}-M20-CASA", model.hardware()),
        "label_imei" if random.percent(85) => "490154203237518".to_owned(),
        "package_fw" if random.percent(85) => (*model.firmware().last().unwrap()).to_owned(),
        "adb_key" => random.word(&["12345678", "a/b", "x.y"]).to_owned(),
        _ => loop {
            let value = answer(random, model, kind);
            // Inputs that are no value of their kind are refused before a run.
            if unbrick::plan::Value::parse(parsed(kind), &value).is_ok() {
                return value;
            }
        },
    }
}

fn parsed(kind: &str) -> unbrick::plan::Kind {
    use unbrick::plan::Kind;
    match kind {
        "int" => Kind::Int,
        "bool" => Kind::Bool,
        "firmware" => Kind::Firmware,
        "imei" => Kind::Imei,
        "secret" => Kind::Secret,
        _ => Kind::Text,
    }
}

/// A base scenario from which packages and calibration files are made.
pub(crate) fn makes(model: Model) -> String {
    let firmware = quoted(model.firmware().last().unwrap());
    format!(
        "scenario: 1\nmodem: {}\nmode: normal\nfirmware: {firmware}\nmakes:\n  \
         package: {{ package: {{ firmware: {firmware} }} }}\n  \
         broken: {{ package: {{ firmware: {firmware}, broken: wrong-md5 }} }}\n  \
         xqcn: {{ xqcn: {{ imei: \"490154203237518\" }} }}\n  \
         foreign: {{ xqcn: {{ imei: \"356938035643809\" }} }}\n",
        model.profile()
    )
}
