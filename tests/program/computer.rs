//! Faults of the computer that a rehearsed run is on: each strikes, each that does not is told, and no case may lie about
//! them.

use crate::bench::Bench;
use crate::rehearse::{json, replaced, tree, underlined, write_case};

const HEAD: &str = "rehearsal: 1\nplan: ../unbrick-900e.yaml\nscenario: ../scenarios/900e.yaml\nabout: A fault of the computer.\n";

/// A fault, and what must come of it.
const STRIKES: [(&str, &str); 11] = [
    // Nobody may stop an erase or an image by one Ctrl-C.
    (
        "{ kind: interrupt, step: flash, on: program, nth: 2 }",
        "expect: { outcome: proved }",
    ),
    (
        "{ kind: interrupt, step: save-nand, on: read, nth: 3 }",
        "expect: { outcome: interrupted, step: save-nand, rule: backup::interrupted, never: [erase] }\n\
         replug: true\nresumed: { outcome: proved }",
    ),
    (
        "{ kind: interrupt, step: restore-nv, on: nv-write, nth: 2 }",
        "expect: { outcome: in-doubt, step: restore-nv }\nresumed: { outcome: proved }",
    ),
    (
        "{ kind: interrupt-twice, step: flash, on: erase, nth: 2 }",
        "expect: { outcome: in-doubt, step: flash, rule: flash::interrupted, never: [program, power] }\n\
         resumed: { outcome: proved }",
    ),
    (
        "{ kind: disk-full, step: save-nv, on: nv-read }",
        "expect: { outcome: failed, step: save-nv, never: [nv-write] }\nresumed: { outcome: proved }",
    ),
    // What cannot be put into the journal is not begun, and what was begun is in doubt.
    (
        "{ kind: disk-full, step: flash, on: erase, nth: 2 }",
        "expect: { outcome: in-doubt, step: flash, rule: host::journal, never: [program, power] }\n\
         resumed: { outcome: proved }",
    ),
    (
        "{ kind: io-error, step: load-programmer, on: read-data }",
        "expect: { outcome: failed, step: save-nand, rule: host::journal, never: [erase] }\n\
         replug: true\nresumed: { outcome: proved }",
    ),
    (
        "{ kind: killed, step: restore-nv, on: nv-write, nth: 3 }",
        "expect: { outcome: interrupted, step: restore-nv, modem: { mode: normal } }\nresumed: { outcome: proved }",
    ),
    (
        "{ kind: killed, step: save-nv, on: efs-read }",
        "expect: { outcome: interrupted, step: save-nv, never: [nv-write] }\nresumed: { outcome: proved }",
    ),
    (
        "{ kind: file-swapped, step: load-programmer, on: read-data, value: package }",
        "expect: { outcome: refused, step: flash, rule: package::wrong-md5, never: [erase] }",
    ),
    (
        "{ kind: file-swapped, value: save-nv }",
        "expect: { outcome: failed, step: restore-nv, rule: backup, never: [nv-write] }",
    ),
];

#[test]
fn each_fault_of_the_computer_strikes() {
    let bench = Bench::new();
    let plan = tree(&bench);
    for (number, (fault, expect)) in STRIKES.iter().enumerate() {
        let text = format!("{HEAD}faults:\n  - {fault}\n{expect}\n");
        write_case(&bench, &format!("case-{number:02}"), &text);
    }
    let told = json(&bench.run(&["rehearse", &plan, "--json"]));
    let cases = told["cases"].as_array().unwrap();
    assert_eq!(cases.len(), STRIKES.len());
    for (case, (fault, _)) in cases.iter().zip(STRIKES) {
        assert_eq!(case["ok"], true, "{fault}: {case:#}");
    }
}

#[test]
fn a_killed_script_goes_with_its_program() {
    let bench = Bench::new();
    tree(&bench);
    let plan = include_str!("../../examples/restart.yaml");
    let plan = replaced(
        plan,
        "steps:",
        "steps:\n  - id: asked\n    script: set(\"lines\", at(\"AT+QGMR\").len())\n    save: { lines: int }\n    timeout: 5s\n    checkpoint: true\n",
    );
    let plan = bench.write("quectel/rm502q-gl/restart.yaml", &plan);
    let runs = "scenario: 1\nmodem: quectel/rm502q-gl\nmode: normal\nfirmware: RM502QGLAAR11A02M4G_01.200.01.200\n";
    bench.write("quectel/rm502q-gl/scenarios/runs.yaml", runs);
    let case = "rehearsal: 1\nplan: ../restart.yaml\nscenario: ../scenarios/runs.yaml\n\
                faults:\n  - { kind: killed, step: asked, on: at }\n\
                expect: { outcome: interrupted, step: asked, ran: [asked] }\n\
                resumed: { outcome: no-modem, rule: run::resume }\n";
    write_case(&bench, "killed", case);
    let said = bench.run(&["rehearse", &plan]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
}

#[test]
fn a_fault_of_the_computer_whose_moment_never_comes_is_told() {
    let bench = Bench::new();
    let plan = tree(&bench);
    // The person says no before the moment comes.
    let rest = "answers: { flash: no }\nexpect: { outcome: declined }\n";
    let faults = [
        ("{ kind: interrupt, step: flash, on: erase }", "interrupt"),
        ("{ kind: disk-full, on: nv-read }", "disk-full"),
        ("{ kind: file-swapped, value: save-nv }", "file-swapped"),
        (
            "{ kind: file-swapped, on: at, value: xqcn }",
            "file-swapped",
        ),
    ];
    let text = |fault: &str| format!("{HEAD}faults:\n  - {fault}\n{rest}");
    for (number, (fault, _)) in faults.iter().enumerate() {
        write_case(&bench, &format!("case-{number}"), &text(fault));
    }
    let told = json(&bench.run(&["rehearse", &plan, "--json"]));
    for (number, (fault, kind)) in faults.into_iter().enumerate() {
        let found = underlined(&text(fault), &told["cases"][number]["problems"]);
        assert_eq!(
            found,
            [("rehearsal::idle-fault".to_owned(), kind.to_owned())]
        );
    }
}

#[test]
fn a_case_cannot_lie_about_the_computer() {
    let killed = "{ kind: killed, step: flash, on: erase }";
    let resumed = "resumed: { outcome: proved }";
    let of_run = "expect: { outcome: interrupted }";
    let table = [
        (killed, of_run.to_owned(), "rehearsal::expect", "killed"),
        (
            killed,
            format!("expect: {{ outcome: in-doubt }}\n{resumed}"),
            "rehearsal::expect",
            "in-doubt",
        ),
        (
            killed,
            format!("expect: {{ outcome: interrupted, rule: firehose::gone }}\n{resumed}"),
            "rehearsal::expect",
            "firehose::gone",
        ),
        (
            killed,
            format!("expect: {{ outcome: interrupted, facts: {{ cfun: 5 }} }}\n{resumed}"),
            "rehearsal::expect",
            "cfun",
        ),
        (
            "{ kind: killed, value: flash }",
            format!("{of_run}\n{resumed}"),
            "scenario::fault",
            "flash",
        ),
        (
            "{ kind: file-swapped }",
            of_run.to_owned(),
            "scenario::fault",
            "file-swapped",
        ),
        (
            "{ kind: file-swapped, value: unit }",
            of_run.to_owned(),
            "scenario::fault",
            "unit",
        ),
        (
            "{ kind: file-swapped, value: flash }",
            of_run.to_owned(),
            "scenario::fault",
            "flash",
        ),
        (
            "{ kind: file-swapped, on: erase, value: save-nv }",
            of_run.to_owned(),
            "scenario::fault",
            "erase",
        ),
        (
            "{ kind: zlp-required, on: at }",
            of_run.to_owned(),
            "scenario::fault",
            "at",
        ),
        (
            "{ kind: other-port, value: 3 }",
            of_run.to_owned(),
            "scenario::fault",
            "3",
        ),
    ];
    let bench = Bench::new();
    tree(&bench);
    for (number, (fault, expect, code, at)) in table.into_iter().enumerate() {
        let text = format!("{HEAD}faults:\n  - {fault}\n{expect}\n");
        let path = write_case(&bench, &format!("case-{number}"), &text);
        let said = bench.run(&["check", &path, "--format", "json"]);
        let found = underlined(&text, &json(&said)["problems"]);
        assert_eq!(
            found,
            [(code.to_owned(), at.to_owned())],
            "{fault} {expect}"
        );
    }
    let scenario = include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml");
    let text = format!("{scenario}faults:\n  - {{ kind: disk-full }}\n");
    let path = bench.write("quectel/rm502q-gl/scenarios/full.yaml", &text);
    let said = bench.run(&["check", &path, "--format", "json"]);
    let found = underlined(&text, &json(&said)["problems"]);
    assert_eq!(
        found,
        [("scenario::fault".to_owned(), "disk-full".to_owned())]
    );
}

const RUNS: &str = "scenario: 1\nmodem: quectel/rm502q-gl\nmode: normal\nfirmware: RM502QGLAAR11A02M4G_01.200.01.200\n";
/// Stores a setting, on the word of a guard, and tries again where the answer is lost.
const SETS: &str = "plan: 1\nid: sets\ntitle: Stores a setting\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\nends_in: [normal]\n\
    inputs:\n  xqcn: { type: file, about: Its calibration }\n  label: { type: imei, about: IMEI on the shield }\n\
    guards:\n  own: { same_unit: { file: xqcn, imei: label } }\n\
    steps:\n\
    \x20 - id: set\n    at.set: { send: AT+CFUN=1 }\n    guards: [own]\n    timeout: 5s\n    retry: { attempts: 3, delay: 1s }\n\
    \x20 - id: ask\n    at.ask: { send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun>\\d+)' }\n    save: { cfun: int }\n    timeout: 5s\n\
    \x20 - id: proof\n    check:\n      - { that: cfun == 1, else: The radio is not on. }\n";

/// What a guard judged may change while a step waits for its next attempt (plan-language.md §11.2).
#[test]
fn a_guard_is_asked_again_before_a_further_attempt() {
    let bench = Bench::new();
    tree(&bench);
    let plan = bench.write("quectel/rm502q-gl/sets.yaml", SETS);
    bench.write("quectel/rm502q-gl/scenarios/runs.yaml", RUNS);
    let head = "rehearsal: 1\nplan: ../sets.yaml\nscenario: ../scenarios/runs.yaml\n\
                inputs: { label: \"490154203237518\" }\n\
                makes: { xqcn: { xqcn: { imei: \"490154203237518\", calibration: present } } }\nfaults:\n\
                \x20 - { kind: lost-reply, step: set, on: at }\n";
    let kept = format!("{head}expect: {{ outcome: proved }}\n");
    write_case(&bench, "kept", &kept);
    let swapped = format!(
        "{head}  - {{ kind: file-swapped, step: set, on: at, value: xqcn }}\n\
         expect: {{ outcome: refused, step: set }}\n"
    );
    write_case(&bench, "swapped", &swapped);
    let said = bench.run(&["rehearse", &plan]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
}

#[test]
fn a_setting_whose_answer_was_lost_may_be_stored() {
    let bench = Bench::new();
    let once = replaced(SETS, "    retry: { attempts: 3, delay: 1s }\n", "");
    let once = replaced(&once, "    guards: [own]\n", "");
    let once = replaced(
        &once,
        "guards:\n  own: { same_unit: { file: xqcn, imei: label } }\n",
        "",
    );
    let inputs = "inputs:\n  xqcn: { type: file, about: Its calibration }\n  label: { type: imei, about: IMEI on the shield }\n";
    let once = replaced(&once, inputs, "");
    let plan = bench.write("sets.yaml", &once);
    let faults = format!("{RUNS}faults: [{{ kind: lost-reply, step: set, on: at }}]\n");
    let scenario = bench.write("lost.yaml", &faults);
    let said = bench.run(&["run", &plan, "--sim", &scenario]);
    assert_eq!(said.code, 20, "{}", said.stderr);
    let told = said.stderr.replace(['\n', ' '], "");
    assert!(
        told.contains("asettingmayhavebeenstored"),
        "{}",
        said.stderr
    );
    assert!(!told.contains("Nothingwaswrittentoit."), "{}", said.stderr);
}
