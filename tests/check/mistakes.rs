//! Mistakes put into good plans, each found under its characters.

use super::*;

const LOADER: &str = include_str!("../../examples/table-by-dload.yaml");

/// One injected mistake: plan, what to replace, by what, code, text under the first label. Without a code the change
/// is no mistake.
type Mistake = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const LOAD: &str = "{ programmer: \"${package}/update/firehose/prog_firehose_sdx55.mbn\" }";
const FLASH: &str = "firehose.flash: { package: \"${package}\" }";
const PACKAGE: &str = "{ package: \"${package}\" }";
const GUARDS: &str = "guards: [right-model, no-rollback, whole-package, nand-saved]";
const IN_EDL: &str =
    "  - id: in-edl\n    usb.wait: { for: edl }\n    timeout: 3m\n    checkpoint: true\n";

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    // shape
    (UNBRICK, "only_in: [ramdump]", "onli_in: [ramdump]", "plan::shape", "onli_in"),
    (UNBRICK, "for: edl }", "for: eld }", "plan::shape", "eld"),
    (UNBRICK, "timeout: 3m", "timeout: 180", "plan::shape", "180"),
    (UNBRICK, "usb.wait: { for: edl }", "usb.wait: {}", "plan::shape", "{}"),
    (UNBRICK, FLASH, "firehose.flash: { package: \"${package}\", verify: yes }", "plan::shape", "yes"),
    (UNBRICK, "attempts: 12", "attempts: 1", "plan::shape", "1"),
    (UNBRICK, "before.xqcn", "before.qcn", "plan::shape", "\"backup/${unit}/before.qcn\""),
    (UNBRICK, "    when: cfun != 1\n", "    when: cfun != 1\n    timeout: 5m\n", "plan::shape", "5m"),
    (UNBRICK, "is: [RM502QGLAA]", "is: []", "plan::shape", "[]"),
    (UNBRICK, "parts: [efs2, sys_rev, rawdata], to", "parts: [], to", "plan::shape", "[]"),
    (SMALL, "about: A name }", "about: \"\" }", "plan::shape", "unit"),
    // the subset
    (UNBRICK, "inputs:\n", "inputs: [\n", "plan::yaml-syntax", "*"),
    (UNBRICK, "    timeout: 3m\n", "    timeout: 3m\n    timeout: 4m\n", "plan::duplicate-key", "timeout"),
    (UNBRICK, "timeout: 3m", "timeout: &t 3m", "plan::anchor", "&t 3m"),
    (UNBRICK, "report: [fw", "---\nreport: [fw", "plan::two-documents", "---"),
    (UNBRICK, "timeout: 3m", "timeout: !!str 3m", "plan::tag", "!!str 3m"),
    (UNBRICK, "timeout: 3m", "timeout: ~", "plan::null", "~"),
    (UNBRICK, "inputs:\n", "<<: {}\ninputs:\n", "plan::merge-key", "<<"),
    // the head
    (UNBRICK, "plan: 1\n", "plan: 2\n", "plan::version", "2"),
    (UNBRICK, "id: rm502q-gl-unbrick-900e", "id: RM502Q", "plan::name", "RM502Q"),
    (UNBRICK, "starts_in: [ramdump, edl]", "starts_in: [fastboot]", "plan::never-starts", "[fastboot]"),
    (UNBRICK, "ends_in: [normal]", "ends_in: [edl]", "plan::ends-elsewhere", "[edl]"),
    (UNBRICK, "  unit:  ", "  let:   ", "plan::name", "let"),
    (UNBRICK, "  unit:  ", "  un-it: ", "plan::name", "un-it"),
    (UNBRICK, "default: unknown", "default: newest", "plan::wrong-kind", "newest"),
    (UNBRICK, "\"[A-Za-z0-9_-]{1,40}\"", "\"[A-Za-z0-9_-{1,40}\"", "plan::regex", "\"[A-Za-z0-9_-{1,40}\""),
    (SMALL, "about: An unlock key }", "about: An unlock key, default: x }", "plan::secret", "x"),
    (SMALL, "about: A name }", "about: A name, choices: [a, \"\"] }", "plan::wrong-kind", "\"\""),
    (UNBRICK, "report: [fw,", "report: [fwx,", "plan::unknown-name", "fwx"),
    (UNBRICK, "report: [fw,", "report: [imei_after,", "plan::private", "imei_after"),
    (SMALL, "report: [cfun,", "report: [key,", "plan::secret", "key"),
    (SMALL, "report: [cfun,", "report: [more,", "plan::maybe-unknown", "more"),
    // steps
    (UNBRICK, "    usb.wait: { for: edl }\n", "    usb.wait: { for: edl }\n    check: []\n", "plan::two-actions", "{ for: edl }"),
    (UNBRICK, "    usb.wait: { for: edl }\n", "", "plan::no-action", "in-edl"),
    (UNBRICK, "- id: in-edl", "- id: flash", "plan::name-taken", "flash"),
    (UNBRICK, "- id: in-edl", "- id: In EDL", "plan::name", "In EDL"),
    (UNBRICK, "    usb.wait: { for: edl }\n    timeout: 3m\n", "    usb.wait: { for: edl }\n", "plan::no-timeout", "{ for: edl }"),
    (UNBRICK, "    timeout: 20m\n", "    timeout: 20m\n    retry: { attempts: 2, delay: 1s }\n", "plan::retry-destroys", "{ attempts: 2, delay: 1s }"),
    (UNBRICK, "  - id: load-programmer\n", "  - id: load-programmer\n    optional: true\n    because: x\n", "plan::optional-changes", LOAD),
    (SMALL, "    because: Old firmware does not answer.\n", "", "plan::because", "true"),
    (SMALL, "    usb.wait: { for: normal }\n", "    optional: true\n    because: x\n    usb.wait: { for: normal }\n", "plan::optional-changes", "{ for: normal }"),
    (UNBRICK, "  - id: free-pin-65\n", "  - id: free-pin-65\n    checkpoint: true\n", "plan::loose-checkpoint", "true"),
    (UNBRICK, "        modem.reset: {}\n", "        group: []\n", "plan::shape", "[]"),
    (SMALL, "usb.wait: { for: normal }", "fastboot.reboot: { to: normal }", "plan::no-transport", "{ to: normal }"),
    // modes
    (UNBRICK, IN_EDL, "", "plan::wrong-mode", LOAD),
    (UNBRICK, "  - id: flash\n", "  - id: early\n    at.ask: { send: ATI }\n    timeout: 5s\n  - id: flash\n", "plan::wrong-mode", "{ send: ATI }"),
    (UNBRICK, "  - id: free-pin-65\n", "  - id: free-pin-65\n    only_in: [ramdump]\n", "plan::never-runs", "[ramdump]"),
    (UNBRICK, "modem.reset: {}", "at.set: { send: AT+CFUN=1, restarts: true }", "plan::wrong-mode", "{ send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun_after>\\d+)' }"),
    (UNBRICK, "usb.wait: { for: normal }", "only_in: [edl]\n    usb.wait: { for: normal }", "plan::wrong-mode", "{ send: AT+QGMR, reply: '^(?<fw_first>RM502QGL\\S+)' }"),
    // commands
    (UNBRICK, "send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun>", "send: \"AT+CFUN=1\", reply: '\\+CFUN: (?<cfun>", "plan::not-a-query", "\"AT+CFUN=1\""),
    (UNBRICK, "send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun>", "send: \"AT+CFUN=1;+CFUN?\", reply: '\\+CFUN: (?<cfun>", "plan::not-a-query", "\"AT+CFUN=1;+CFUN?\""),
    (SMALL, "'AT+QLOCK=\"${key}\"'", "'AT+EGMR=1,7,\"490154203237518\"'", "plan::refused-command", "'AT+EGMR=1,7,\"490154203237518\"'"),
    (SMALL, "'AT+QLOCK=\"${key}\"'", "'AT+EGMR=${unit},7'", "plan::refused-command", "'AT+EGMR=${unit},7'"),
    (SMALL, "'AT+QLOCK=\"${key}\"'", "'AT+${unit}=1'", "plan::refused-command", "'AT+${unit}=1'"),
    (SMALL, "'AT+QLOCK=\"${key}\"'", "AT+QPRTPARA=3", "plan::unguarded", "{ send: AT+QPRTPARA=3 }"),
    (SMALL, "at(\"AT+CFUN?\")", "at(\"AT+CFUN=0\")", "plan::not-a-query", "\"AT+CFUN=0\""),
    // names
    (UNBRICK, "backup/${unit}/before", "backup/${unti}/before", "plan::unknown-name", "${unti}"),
    (UNBRICK, "backup/${unit}/nand", "backup/${unit + 1}/nand", "plan::not-a-name", "${unit + 1}"),
    (UNBRICK, "confirm: Write ${package_fw}", "confirm: Write ${package_fx}", "plan::unknown-name", "${package_fx}"),
    (UNBRICK, "say: Leave the module as it is,", "say: Leave ${fw} as it is,", "plan::maybe-unknown", "${fw}"),
    (UNBRICK, "when: cfun != 1", "when: cfum != 1", "plan::unknown-name", "cfum"),
    (UNBRICK, "when: cfun != 1", "when: cfun_after != 1", "plan::unknown-name", "cfun_after"),
    (UNBRICK, "  - id: radio\n", "  - id: radio\n    when: fw == package_fw\n", "plan::maybe-unknown", "cfun"),
    (SMALL, "rfnv > 0", "more == \"1\"", "plan::maybe-unknown", "more"),
    (UNBRICK, "backup/${unit}/before", "backup/${label_imei}/before", "plan::private", "${label_imei}"),
    (UNBRICK, "unit:         { type: text,", "unit:         { type: secret,", "plan::secret", "${unit}"),
    (SMALL, "label of ${unit} say", "label of ${key} say", "plan::secret", "${key}"),
    (SMALL, "that: cfun == 1 &&", "that: key == \"1\" &&", "plan::secret", "key"),
    (SMALL, "'AT+QLOCK=\"${key}\"'", "'AT+QLOCK=\"${label_imei}\"'", "plan::private", "${label_imei}"),
    (UNBRICK, "\"${xqcn}\"", "\"x/${xqcn}\"", "plan::outside", "${xqcn}"),
    (UNBRICK, "\"backup/${unit}/nand\"", "\"../${unit}/nand\"", "plan::outside", "\"../${unit}/nand\""),
    (UNBRICK, "\"backup/${unit}/nand\"", "/var/nand", "plan::outside", "/var/nand"),
    // expressions, patterns, scripts
    (UNBRICK, "when: cfun != 1", "when: ${cfun} != 1", "plan::no-interpolation", "${cfun} != 1"),
    (UNBRICK, "when: cfun != 1", "when: cfun + 1", "plan::expression", "cfun + 1"),
    (UNBRICK, "that: rftest == 0", "that: rftest == \"0\"", "plan::expression", "=="),
    (UNBRICK, "that: fw == package_fw", "that: same(fw, package_fw)", "plan::expression", "same"),
    (UNBRICK, "that: fw == package_fw", "that: fw >= package_fw", "plan::expression", ">="),
    (UNBRICK, "until: cfun_after == 1", "until: cfun_after = 1", "plan::expression", "="),
    (UNBRICK, "(?<cfun>\\d+)'", "(?<cfun>\\d+'", "plan::regex", "'\\+CFUN: (?<cfun>\\d+'"),
    (SMALL, "let found = rfnv_count();", "let found = rfnv_count() +;", "plan::script", ";"),
    (SMALL, "let found = rfnv_count();", "let found = rfnv_cuont();", "plan::script", "rfnv_cuont"),
    (SMALL, "set(\"rfnv\", found);", "set(\"rfnv\");", "plan::script", "set"),
    (SMALL, "if found == 0 {", "if fuond == 0 {", "plan::unknown-name", "fuond"),
    (SMALL, "fail(\"no RF", "feil(\"no RF", "plan::script", "feil"),
    (SMALL, "set(\"rfnv\", found);", "set(\"rfmv\", found);", "plan::save", "\"rfmv\""),
    (SMALL, "      set(\"rfnv\", found);\n", "", "plan::save", "rfnv"),
    (UNBRICK, "save: { cfun: int }", "save: { mode: int }", "plan::save", "mode"),
    (UNBRICK, "    save: { cfun: int }\n", "", "plan::unsaved", "'\\+CFUN: (?<cfun>\\d+)'"),
    (SMALL, "save: { label: text }", "save: { label: text, second: text }", "plan::save", "{ say: \"What does the label of ${unit} say?\" }"),
    (SMALL, "save: { cfun: int }", "save: { cfun: file }", "plan::save", "file"),
    // guards
    (UNBRICK, "    guards: [right-model, no-rollback, whole-package, nand-saved]\n", "", "plan::unguarded", PACKAGE),
    (UNBRICK, GUARDS, "guards: [right-model, whole-package, nand-saved]", "plan::unguarded", PACKAGE),
    (UNBRICK, "guards: [right-model, no-rollback,", "guards: [right-model, no-rolback,", "plan::unknown-guard", "no-rolback"),
    (UNBRICK, "    confirm: Write ${package_fw} to the module?\n", "", "plan::unconfirmed", PACKAGE),
    (UNBRICK, "backup: { step: save-nand }", "backup: { step: save-nv }", "plan::no-backup", "nand-saved"),
    (UNBRICK, "  - id: save-nand\n", "  - id: save-nand\n    when: package_fw != installed_fw\n", "plan::no-backup", "nand-saved"),
    (UNBRICK, "backup: { step: save-nand }", "backup: { step: in-edl }", "plan::not-a-backup", "in-edl"),
    (UNBRICK, "    backup: { step: save-nand }\n    unknown: confirm\n", "    backup: { step: save-nand }\n", "plan::weak-backup", "save-nand"),
    (UNBRICK, "    backup: { step: save-nand }\n", "    backup: { step: save-nand }\n    that: fw == package_fw\n", "plan::guard-kind", "{ step: save-nand }"),
    (UNBRICK, "    backup: { step: save-nand }\n", "", "plan::guard-kind", "nand-saved"),
    (UNBRICK, "fact: label_model,", "fact: label_modle,", "plan::unknown-name", "label_modle"),
    (UNBRICK, "installed: installed_fw,", "installed: unit,", "plan::wrong-kind", "unit"),
    (UNBRICK, "is: [RM502QGLAA]", "is: [EC25EFA]", "plan::unknown-model", "EC25EFA"),
    (UNBRICK, "    guards: [right-model, own-xqcn, nv-saved]\n", "    guards: [right-model, nv-saved]\n", "plan::unguarded", "{ from: \"${xqcn}\" }"),
    (SMALL, "that: cfun == 1\n", "that: cfum == 1\n", "plan::unknown-name", "cfum"),
    // guards that judge another thing than is written
    (UNBRICK, "firehose.flash: { package: \"${package}\" }", "firehose.flash: { package: \"${other}\" }", "plan::guards-another", "\"${other}\""),
    (UNBRICK, "firehose.flash: { package: \"${package}\" }", "firehose.flash: { package: \"${package}/old\" }", "plan::guards-another", "\"${package}/old\""),
    (UNBRICK, "firehose.flash: { package: \"${package}\" }", "firehose.flash: { package: stock }", "plan::no-source", "stock"),
    (UNBRICK, "diag.restore: { from: \"${xqcn}\" }", "diag.restore: { from: donor.xqcn }", "plan::guards-another", "donor.xqcn"),
    (UNBRICK, "diag.restore: { from: \"${xqcn}\" }", "diag.restore: { from: donor.xqcn }", "plan::no-source", "donor.xqcn"),
    (UNBRICK, "diag.restore: { from: \"${xqcn}\" }", "diag.restore: { from: \"backup/${unit}/before.xqcn\" }", "plan::no-source", "\"backup/${unit}/before.xqcn\""),
    (UNBRICK, "diag.restore: { from: \"${xqcn}\" }", "diag.restore: { from: \"${other}/a.xqcn\" }", "plan::guards-another", "\"${other}/a.xqcn\""),
    (UNBRICK, LOAD, "{ programmer: prog.mbn }", "plan::no-source", "prog.mbn"),
    (UNBRICK, LOAD, "{ programmer: \"${unit}/prog.mbn\" }", "plan::no-source", "\"${unit}/prog.mbn\""),
    (UNBRICK, LOAD, "{ programmer: \"${other}/prog.mbn\" }", "plan::guards-another", "\"${other}/prog.mbn\""),
    (UNBRICK, LOAD, "{ programmer: \"${package}-old/prog.mbn\" }", "plan::outside", "\"${package}-old/prog.mbn\""),
    (UNBRICK, LOAD, "{ programmer: \"${xqcn}.mbn\" }", "plan::outside", "\"${xqcn}.mbn\""),
    (UNBRICK, "target: package_fw", "target: unit", "plan::wrong-kind", "unit"),
    (UNBRICK, "installed: installed_fw,", "installed: package_fw,", "plan::guards-another", "package_fw"),
    (UNBRICK, "fact: label_model,", "fact: package_fw,", "plan::guards-another", "package_fw"),
    (UNBRICK, "default: unknown", "default: RM502QGLAAR11A01M4G_01.100.01.100", "plan::assumed", "RM502QGLAAR11A01M4G_01.100.01.100"),
    (UNBRICK, "matches: \"RM502QGLAA.*\" }", "default: RM502QGLAA }", "plan::assumed", "RM502QGLAA"),
    (UNBRICK, "about: IMEI on the shield }", "about: IMEI on the shield, default: \"490154203237518\" }", "plan::assumed", "\"490154203237518\""),
    // backups that hold less than cannot be bought again
    (UNBRICK, "parts: [efs2, sys_rev, rawdata], to", "parts: [tz], to", "plan::weak-backup", "[tz]"),
    (UNBRICK, "parts: [efs2, sys_rev, rawdata], to", "parts: [efs2, rawdata], to", "plan::weak-backup", "[efs2, rawdata]"),
    (UNBRICK, "  - id: save-nand\n", "  - id: save-nand\n    optional: true\n", "plan::no-backup", "nand-saved"),
    // commands that the driver knows
    (SMALL, "'AT+QLOCK=\"${key}\"'", "'AT^NV=2497,1,\"01\"'", "plan::unguarded", "{ send: 'AT^NV=2497,1,\"01\"' }"),
    (SMALL, "'AT+QLOCK=\"${key}\"'", "'AT$NVW=550,0'", "plan::refused-command", "'AT$NVW=550,0'"),
    (SMALL, "'AT+QLOCK=\"${key}\"'", "AT+QRFTEST=?", "plan::refused-command", "AT+QRFTEST=?"),
    (SMALL, "at(\"AT+CFUN?\")", "at(\"AT+CFUN=\" + cfun)", "plan::script", "at"),
    // proofs of the past
    (UNBRICK, "  - id: proof\n", "  - id: proof\n    when: cfun == 1\n", "plan::unproved-end", "restart"),
    (UNBRICK, "  - id: proof\n", "  - id: proof\n    optional: true\n    because: x\n", "plan::unproved-end", "restart"),
    (UNBRICK, "rescue:\n", "  - id: again\n    modem.reset: {}\n    timeout: 1m\nrescue:\n", "plan::unproved-end", "again"),
    (UNBRICK, "rescue:\n", "  - id: touch\n    operator.do: { say: Press the button. }\n    timeout: 1m\n  - id: up\n    usb.wait: { for: normal }\n    timeout: 1m\nrescue:\n", "plan::unproved-end", "touch"),
    (UNBRICK, "that: cfun_after == 1", "that: cfun == 1", "plan::stale-proof", "cfun == 1"),
    (UNBRICK, "that: cfun_after == 1", "that: package_fw != installed_fw", "plan::stale-proof", "package_fw != installed_fw"),
    (UNBRICK, "that: cfun_after == 1", "that: \"true\"", "plan::stale-proof", "\"true\""),
    (UNBRICK, "that: fw == package_fw", "that: fw_first == package_fw", "plan::stale-proof", "fw_first == package_fw"),
    // flashing
    (UNBRICK, FLASH, "firehose.flash: { package: \"${package}\", verify: none }", "plan::unverified", "none"),
    (LOADER, "    because: The table of the chip is damaged, the loader opens no partition without one, and reads nothing back.\n", "", "plan::because", "true"),
    (LOADER, "    because: The table of the chip is damaged, the loader opens no partition without one, and reads nothing back.\n", "", "plan::unverified", "none"),
    (LOADER, "keeps: [efs2, sys_rev, rawdata, cust_info]", "keeps: [efs2, sys_rev, rawdata]", "plan::kept-part", "whole-package"),
    (LOADER, "[right-model, no-rollback, whole-package, nand-saved]", "[right-model, no-rollback, nand-saved]", "plan::unguarded", "{ package: \"${package}\", replace_table: true, verify: none }"),
    (LOADER, ", speaks: dload }", " }", "plan::wrong-mode", "{ package: \"${package}\", replace_table: true, verify: none }"),
    (UNBRICK, FLASH, "firehose.flash: { package: \"${package}\", erase_all: true }", "plan::because", "true"),
    (UNBRICK, FLASH, "firehose.flash: { package: \"${package}\", erase_all: true }", "plan::kept-part", "whole-package"),
    (UNBRICK, "keeps: [efs2, sys_rev, rawdata]", "keeps: [efs2, sys_rev]", "plan::kept-part", "whole-package"),
    (UNBRICK, "parts: [efs2,", "parts: [efs,", "plan::unknown-part", "efs"),
    (UNBRICK, "keeps: [efs2,", "keeps: [efs3,", "plan::unknown-part", "efs3"),
    // rescue
    (UNBRICK, "      hands_off: true\n    timeout: 30m\n", "    timeout: 30m\n  - id: back\n    only_in: [firehose]\n    firehose.reset: { to: edl }\n    timeout: 1m\n", "plan::rescue-disrupts", "{ to: edl }"),
    // warnings
    (SMALL, "    guards: [ready]\n", "", "plan::unused-guard", "ready"),
    (SMALL, "report:", "  - id: after\n    modem.reset: {}\n    timeout: 1m\nreport:", "plan::unproved-end", "after"),
    // no mistakes
    (UNBRICK, "  - id: firmware-after\n", "  - id: again\n    modem.reset: {}\n    timeout: 1m\n  - id: firmware-after\n", "plan::stale-proof", "cfun_after == 1"),
    (UNBRICK, "  - id: radio-after\n", "  - id: again\n    modem.reset: {}\n    timeout: 1m\n  - id: radio-after\n", "", ""),
    (UNBRICK, "only_in: [ramdump]", "only_in: [ramdump, edl]", "", ""),
    (UNBRICK, LOAD, "{ programmer: \"${xqcn}\" }", "", ""),
    (UNBRICK, "parts: [efs2, sys_rev, rawdata], to", "parts: [tz, rawdata, sys_rev, efs2], to", "", ""),
    (UNBRICK, "attempts: 12", "attempts: 100", "", ""),
    (UNBRICK, "plan: 1\n", "plan: 1\r\n", "", ""),
    (SMALL, "plan: 1\n", "\u{feff}plan: 1\n", "", ""),
];

#[test]
fn every_mistake_is_found_where_it_is() {
    let mut missed = Vec::new();
    for (plan, from, to, code, at) in MISTAKES {
        assert!(plan.contains(from), "the plan lacks {from:?}");
        let mut mistaken = plan.replacen(from, to, 1);
        if to.contains("${other}") {
            let other = "inputs:\n  other: { type: folder, about: Another package }\n";
            mistaken = mistaken.replacen("inputs:\n", other, 1);
        }
        let found = found(&mistaken);
        let hit = if code.is_empty() {
            found.is_empty()
        } else {
            let same = |place: &str| place == *at || *at == "*";
            found.iter().any(|(c, place, _)| c == code && same(place))
        };
        if !hit {
            missed.push(format!("{to:?}: wanted {code} at {at:?}, got {found:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn a_problem_of_two_places_shows_both() {
    let broken = UNBRICK.replacen(IN_EDL, "", 1);
    let problems = check(&broken).unwrap_err();
    let wrong = problems
        .iter()
        .find(|p| p.code == "plan::wrong-mode")
        .unwrap();
    let labels: Vec<&str> = wrong.labels.iter().map(|(_, text)| text.as_str()).collect();
    let wanted = [
        "needs edl",
        "the mode is not known after this, where it runs",
    ];
    assert_eq!(labels, wanted);
    assert!(wrong.message.contains("its mode is not known here"));
}

#[test]
fn a_guard_on_another_file_is_shown_beside_what_is_written() {
    for (from, to, places) in [
        (
            "diag.restore: { from: \"${xqcn}\" }",
            "diag.restore: { from: donor.xqcn }",
            ["donor.xqcn", "xqcn"],
        ),
        (
            "package: { folder: package,",
            "package: { folder: other,",
            ["\"${package}\"", "other"],
        ),
        (
            "parts: [efs2, sys_rev, rawdata], to",
            "parts: [tz], to",
            ["[tz]", "save-nand"],
        ),
    ] {
        let broken = UNBRICK.replacen(from, to, 1).replacen(
            "inputs:\n",
            "inputs:\n  other: { type: folder, about: Another package }\n",
            1,
        );
        let problems = check(&broken).unwrap_err();
        let wanted = ["plan::guards-another", "plan::weak-backup"];
        let problem = problems.iter().find(|p| wanted.contains(&p.code)).unwrap();
        let shown: Vec<&str> = problem
            .labels
            .iter()
            .map(|(at, _)| &broken[at.clone()])
            .collect();
        assert_eq!(shown, places);
        assert!(problem.help.is_some());
    }
}

/// Found by plans drawn at random (`tests/soundness`): each passed, and a run of it failed by its own doing.
#[test]
fn what_a_step_leads_to_is_what_the_next_one_and_the_next_attempt_find() {
    let plan = |steps: &str| {
        format!(
            "plan: 1\nid: small\ntitle: Small\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\n\
             ends_in: [\"off\", normal, ramdump, edl, firehose, fastboot]\ninputs:\n  \
             many: {{ type: int, about: Many }}\nsteps:\n{steps}"
        )
    };
    let again = "  - id: edl\n    diag.edl: {}\n    timeout: 1m\n    retry: { attempts: 2, delay: 1s, until: many == 1 }\n";
    let ask = "  - id: ask\n    at.ask: { send: AT }\n    timeout: 5s\n";
    let restart = |send: &str| {
        format!("  - id: set\n    at.set: {{ send: '{send}' }}\n    timeout: 5s\n{ask}")
    };
    let came_back = "  - id: gone\n    usb.wait: { for: \"off\" }\n    timeout: 1m\n  - id: person\n    only_in: [\"off\"]\n    \
                     operator.ask: { say: Who? }\n    save: { who: text }\n    timeout: 1m\n  - id: say\n    \
                     operator.do: { say: \"${who}\", hands_off: true }\n    timeout: 1m\n";
    for (steps, code) in [
        (again.to_owned(), "plan::wrong-mode"),
        (restart("AT+CFUN=1,1"), "plan::wrong-mode"),
        (restart("at+cfun = 4, 1"), "plan::wrong-mode"),
        (restart("AT+CFUN=1,${many}"), "plan::wrong-mode"),
        (restart("AT+QPOWD"), "plan::wrong-mode"),
        (came_back.to_owned(), "plan::maybe-unknown"),
    ] {
        let codes: Vec<&str> = found(&plan(&steps))
            .iter()
            .map(|(code, ..)| *code)
            .collect();
        assert!(codes.contains(&code), "{steps}: {codes:?}");
    }
    for send in ["AT+CFUN=1", "AT+CFUN=1,0", "AT+QPOWD=?"] {
        let codes: Vec<&str> = found(&plan(&restart(send)))
            .iter()
            .map(|(code, ..)| *code)
            .collect();
        assert!(!codes.contains(&"plan::wrong-mode"), "{send}: {codes:?}");
    }
}
