//! `unbrick rehearse`: shipped cases hold, a false expectation is found under its very characters, and a case that
//! makes no sense is refused before anything runs.

use crate::bench::{Bench, IMEI, PLAN, Said};
use serde_json::Value;
use std::collections::BTreeMap;

const CASE: &str = include_str!("../../plans/quectel/rm502q-gl/rehearsals/flash-unplugged.yaml");

/// The shipped plan in a tree of its own. Blocks of 4 pages instead of 64 make a run a matter of milliseconds.
pub(crate) fn tree(bench: &Bench) -> String {
    let profile = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
    assert!(profile.contains("pages_per_block: 64"));
    let profile = profile.replace("pages_per_block: 64", "pages_per_block: 4");
    bench.write("quectel/rm502q-gl/modem.yaml", &profile);
    let scenario = include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml");
    bench.write("quectel/rm502q-gl/scenarios/900e.yaml", scenario);
    let plan = include_str!("../../plans/quectel/rm502q-gl/unbrick-900e.yaml");
    bench.write("quectel/rm502q-gl/unbrick-900e.yaml", plan)
}

pub(crate) fn write_case(bench: &Bench, name: &str, text: &str) -> String {
    bench.write(&format!("quectel/rm502q-gl/rehearsals/{name}.yaml"), text)
}

pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(
        text.matches(from).count(),
        1,
        "the case has changed: {from}"
    );
    text.replacen(from, to, 1)
}

pub(crate) fn json(said: &Said) -> Value {
    serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{}", said.stderr))
}

/// Code and underlined text of every problem.
pub(crate) fn underlined(text: &str, problems: &Value) -> Vec<(String, String)> {
    let problems = problems.as_array().unwrap().iter();
    problems
        .map(|problem| {
            let place = |key: &str| usize::try_from(problem["labels"][0][key].as_u64().unwrap());
            let under = &text[place("start").unwrap()..place("end").unwrap()];
            (
                problem["code"].as_str().unwrap().to_owned(),
                under.to_owned(),
            )
        })
        .collect()
}

#[test]
fn every_shipped_case_comes_out_as_expected() {
    let bench = Bench::new();
    let said = bench.run(&["rehearse", "--all", "--json"]);
    let told = json(&said);
    let cases = told["cases"].as_array().unwrap();
    for case in cases {
        assert_eq!(case["ok"], true, "{case:#}");
        assert_ne!(case["about"], "", "{case:#}");
    }
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(told["as_expected"], cases.len());
    let of = |plan: &str| cases.iter().filter(|case| case["plan"] == plan).count();
    assert!(of(PLAN) >= 20);
    assert!(!said.stdout.contains(IMEI) && !said.stderr.contains(IMEI));
    assert!(
        !bench.path("state").exists(),
        "the person's runs are left alone"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
fn every_key_of_an_expectation_can_fail() {
    let bench = Bench::new();
    let plan = tree(&bench);
    // What is replaced, what by, and what of it must be underlined.
    let table = [
        (
            "expect:\n  outcome: in-doubt",
            "expect:\n  outcome: failed",
            "failed",
        ),
        ("step: flash\n  rule", "step: boots\n  rule", "boots"),
        (
            "rule: firehose::gone",
            "rule: firehose::left",
            "firehose::left",
        ),
        (
            "flash, say-where]",
            "flash]",
            "[ground-pin-65, in-edl, load-programmer, save-nand, flash]",
        ),
        (
            "save-nand, flash, say-where]",
            "save-nand, boots, say-where]",
            "boots",
        ),
        ("mode: \"off\"", "mode: edl", "edl"),
        ("boots: false", "boots: true", "true"),
        ("calibration: missing", "calibration: present", "present"),
        (
            "imei: same, unchanged: [efs2, sys_rev, rawdata] }\n  never: [power",
            "imei: none, unchanged: [] }\n  never: [power",
            "none",
        ),
        (
            "rawdata] }\n  never: [power, reset",
            "rawdata, abl, sbl] }\n  never: [power, reset",
            "sbl",
        ),
        (
            "never: [power, reset",
            "never: [power, erase, reset",
            "erase",
        ),
        (
            "resumed:\n  outcome: proved",
            "resumed:\n  outcome: unproved",
            "unproved",
        ),
        ("skipped: [save-nand]", "skipped: []", "[]"),
        ("skipped: [save-nand]", "skipped: [boots]", "boots"),
        (
            "asked: [flash, flash, flash, restore-nv]",
            "asked: [flash, flash, restore-nv]",
            "restore-nv",
        ),
        (
            "facts: { fw: RM502QGLAAR11A02M4G_01.200",
            "facts: { fw: RM502QGLAAR11A02M4G_01.201",
            "RM502QGLAAR11A02M4G_01.201.01.200",
        ),
        ("cfun_after: 1", "cfun_after: 4", "4"),
        (
            "imei_after: \"490154203237518\"",
            "imei_after: \"356938035643809\"",
            "\"356938035643809\"",
        ),
        ("mode: normal", "mode: ramdump", "ramdump"),
        (
            "firmware: RM502QGLAAR11A02M4G_01.200",
            "firmware: RM502QGLAAR11A02M4G_01.201",
            "RM502QGLAAR11A02M4G_01.201.01.200",
        ),
        (
            "firmware: RM502QGLAAR11A02M4G_01.200.01.200",
            "firmware: none",
            "none",
        ),
        ("boots: true", "boots: false", "false"),
        ("calibration: present", "calibration: missing", "missing"),
        (
            "imei: same, unchanged: [efs2, sys_rev, rawdata] }\n  never: [identity",
            "imei: \"356938035643809\", unchanged: [] }\n  never: [identity",
            "\"356938035643809\"",
        ),
        (
            "never: [identity-write, transmit]\n",
            "never: [identity-write, nv-write]\n",
            "nv-write",
        ),
    ];
    let mut texts = BTreeMap::new();
    write_case(&bench, "true", CASE);
    for (number, (from, to, _)) in table.iter().enumerate() {
        let name = format!("case-{number:02}");
        // The last line ends both expectations' lists: only the second is meant.
        let text = if from.starts_with("never: [identity") {
            let at = CASE.rfind(from).unwrap();
            format!("{}{to}", &CASE[..at])
        } else {
            replaced(CASE, from, to)
        };
        write_case(&bench, &name, &text);
        texts.insert(name, text);
    }
    let said = bench.run(&["rehearse", &plan, "--json"]);
    assert_eq!(said.code, 22, "{}", said.stderr);
    let told = json(&said);
    assert_eq!(told["as_expected"], 1);
    assert_eq!(told["otherwise"], table.len());
    for case in told["cases"].as_array().unwrap() {
        let name = case["case"].as_str().unwrap();
        if name == "true" {
            assert_eq!(case["ok"], true, "{case:#}");
            continue;
        }
        let number: usize = name["case-".len()..].parse().unwrap();
        let (_, to, at) = table[number];
        let found = underlined(&texts[name], &case["problems"]);
        let wanted = ("rehearsal::differs".to_owned(), at.to_owned());
        assert!(found.contains(&wanted), "{to}: {found:?}");
        // A second label may belong to the same falsehood, never another key.
        assert!(found.len() <= 2, "{to}: {found:?}");
    }
}

#[test]
fn a_fault_or_an_answer_that_nothing_comes_to_fails_the_case() {
    let bench = Bench::new();
    let plan = tree(&bench);
    let idle = replaced(CASE, "on: program, nth: 3", "on: nv-write, nth: 3");
    write_case(&bench, "idle", &idle);
    let unasked = format!("{CASE}answers: {{ boots: no }}\n");
    write_case(&bench, "unasked", &unasked);
    let told = json(&bench.run(&["rehearse", &plan, "--json"]));
    for (case, text, code, at) in [
        (0, &idle, "rehearsal::idle-fault", "unplug"),
        (1, &unasked, "rehearsal::unused-answer", "boots"),
    ] {
        let found = underlined(text, &told["cases"][case]["problems"]);
        assert!(
            found.contains(&(code.to_owned(), at.to_owned())),
            "{found:?}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
fn a_case_that_makes_no_sense_is_refused_where_it_does_not() {
    let table = [
        ("rehearsal: 1", "rehearsal: 2", "rehearsal::version", "2"),
        ("about: The", "abuot: The", "plan::shape", "abuot"),
        (
            "outcome: in-doubt",
            "outcome: in-dobut",
            "plan::shape",
            "in-dobut",
        ),
        (
            "plan: ../unbrick-900e.yaml",
            "plan: ../unbrick-900.yaml",
            "rehearsal::no-plan",
            "../unbrick-900.yaml",
        ),
        (
            "plan: ../unbrick-900e.yaml",
            "plan: /unbrick-900e.yaml",
            "plan::outside",
            "/unbrick-900e.yaml",
        ),
        (
            "plan: ../unbrick-900e.yaml",
            "plan: ../modem.yaml",
            "rehearsal::broken",
            "../modem.yaml",
        ),
        (
            "scenarios/900e.yaml",
            "scenarios/900f.yaml",
            "rehearsal::no-scenario",
            "../scenarios/900f.yaml",
        ),
        (
            "scenario: ../scenarios/900e.yaml",
            "scenario: ../scenarios/other.yaml",
            "scenario::other-modem",
            "../scenarios/other.yaml",
        ),
        (
            "step: flash, on",
            "step: flahs, on",
            "plan::case-step",
            "flahs",
        ),
        ("nth: 3", "nth: 0", "scenario::fault", "unplug"),
        ("step: flash\n", "step: flush\n", "plan::case-step", "flush"),
        (
            "save-nand, flash, say-where]",
            "save-nadn, flash, say-where]",
            "plan::case-step",
            "save-nadn",
        ),
        (
            "skipped: [save-nand]",
            "skipped: [save-nadn]",
            "plan::case-step",
            "save-nadn",
        ),
        (
            "asked: [flash, flash, flash",
            "asked: [flash, flush, flash",
            "plan::case-step",
            "flush",
        ),
        (
            "resumed:\n  outcome: proved",
            "resumed:\n  outcome: proved\n  step: flash",
            "rehearsal::expect",
            "flash",
        ),
        ("facts: { fw:", "facts: { fv:", "rehearsal::fact", "fv"),
        ("cfun_after: 1", "cfun_after: one", "rehearsal::fact", "one"),
        ("cfun_after: 1", "cfun_after: 1.5", "plan::shape", "1.5"),
        (
            "transmit]\nresumed",
            "transmitt]\nresumed",
            "plan::shape",
            "transmitt",
        ),
        ("boots: true", "boots: perhaps", "plan::shape", "perhaps"),
        (
            "firmware: RM502QGLAAR11A02M4G_01.200.01.200",
            "firmware: R11",
            "rehearsal::modem",
            "R11",
        ),
        (
            "rawdata] }\n  never: [power",
            "rawdate] }\n  never: [power",
            "rehearsal::modem",
            "rawdate",
        ),
        (
            "imei: same, unchanged: [efs2, sys_rev, rawdata] }\n  never: [power",
            "imei: other, unchanged: [] }\n  never: [power",
            "rehearsal::modem",
            "other",
        ),
        (
            "faults:",
            "inputs: { unti: bench-2 }\nfaults:",
            "rehearsal::input",
            "unti",
        ),
        (
            "faults:",
            "inputs: { unit: bench 2 }\nfaults:",
            "rehearsal::input",
            "bench 2",
        ),
        (
            "faults:",
            "inputs: { xqcn: no-such.xqcn }\nfaults:",
            "rehearsal::input",
            "no-such.xqcn",
        ),
        (
            "faults:",
            "makes: { unit: { xqcn: { imei: \"490154203237518\" } } }\nfaults:",
            "rehearsal::input",
            "unit",
        ),
        (
            "faults:",
            "makes: { xqcn: { xqcn: { imei: none } } }\nfaults:",
            "scenario::imei",
            "none",
        ),
        (
            "faults:",
            "overrides: [no-rolback]\nfaults:",
            "rehearsal::override",
            "no-rolback",
        ),
        (
            "faults:",
            "overrides: [whole-package]\nfaults:",
            "rehearsal::override",
            "whole-package",
        ),
        (
            "faults:",
            "answers: { flahs: no }\nfaults:",
            "plan::case-step",
            "flahs",
        ),
    ];
    let bench = Bench::new();
    tree(&bench);
    bench.write("quectel/rm502q-gl/scenarios/other.yaml", OTHER_MODEM);
    bench.write("quectel/other/modem.yaml", &other_profile());
    let path = write_case(&bench, "true", CASE);
    let said = bench.run(&["check", &path]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    for (number, (from, to, code, at)) in table.into_iter().enumerate() {
        let text = replaced(CASE, from, to);
        let path = write_case(&bench, &format!("case-{number}"), &text);
        let said = bench.run(&["check", &path, "--format", "json"]);
        assert_eq!(said.code, 10, "{to}: {}", said.stderr);
        let found = underlined(&text, &json(&said)["problems"]);
        assert_eq!(found, [(code.to_owned(), at.to_owned())], "{to}");
    }
    let text = format!("{}replug: true\n", &CASE[..CASE.find("resumed:").unwrap()]);
    let path = write_case(&bench, "nothing-resumed", &text);
    let said = bench.run(&["check", &path, "--format", "json"]);
    let found = underlined(&text, &json(&said)["problems"]);
    assert_eq!(found, [("rehearsal::expect".to_owned(), "true".to_owned())]);
}

const OTHER_MODEM: &str = "scenario: 1\nmodem: quectel/other\nmode: edl\nfirmware: none\n";

fn other_profile() -> String {
    let profile = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
    replaced(profile, "id: quectel/rm502q-gl", "id: quectel/other")
}

#[test]
fn near_names_are_offered_and_no_broken_file_is_passed_over() {
    let bench = Bench::new();
    let plan = tree(&bench);
    let none = bench.run(&["rehearse", &plan]);
    assert_eq!(none.code, 10);
    assert!(none.stderr.contains("rehearsal::none"), "{}", none.stderr);
    write_case(&bench, "flash-unplugged", CASE);
    let near = bench.run(&["rehearse", &plan, "flash-unpluged"]);
    assert_eq!(near.code, 10);
    assert!(
        near.stderr.contains("did you mean `flash-unplugged`?"),
        "{}",
        near.stderr
    );
    let one = bench.run(&["rehearse", &plan, "flash-unplugged"]);
    assert_eq!(
        (one.code, one.stdout.lines().count()),
        (0, 2),
        "{}",
        one.stderr
    );
    write_case(&bench, "broken", "rehearsal: 1\n");
    let broken = bench.run(&["rehearse", &plan]);
    assert_eq!(broken.code, 10);
    assert!(broken.stderr.contains("broken.yaml"), "{}", broken.stderr);
    // Whoever names one case is not held up by another.
    let one = bench.run(&["rehearse", &plan, "flash-unplugged"]);
    assert_eq!(one.code, 0, "{}", one.stderr);
}

#[test]
fn a_secret_is_written_out_in_a_case_and_shown_nowhere() {
    let bench = Bench::new();
    tree(&bench);
    let plan = include_str!("../../examples/restart.yaml");
    let plan = replaced(
        plan,
        "steps:",
        "inputs:\n  key: { type: secret, about: A key }\n\nsteps:",
    );
    let plan = bench.write("quectel/rm502q-gl/restart.yaml", &plan);
    bench.write("quectel/rm502q-gl/scenarios/runs.yaml", RUNS);
    let case = "rehearsal: 1\nplan: ../restart.yaml\nscenario: ../scenarios/runs.yaml\ninputs: { key: hunter2 }\nexpect: { outcome: proved }\n";
    write_case(&bench, "secret", case);
    let said = bench.run(&["rehearse", &plan, "-v"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("> "),
        "the events are shown: {}",
        said.stderr
    );
    assert!(!said.stdout.contains("hunter2") && !said.stderr.contains("hunter2"));
}

const RUNS: &str = "scenario: 1\nmodem: quectel/rm502q-gl\nmode: normal\nfirmware: RM502QGLAAR11A02M4G_01.200.01.200\n";
