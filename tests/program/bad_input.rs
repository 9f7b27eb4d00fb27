//! Whatever is given, a wrong thing ends with its own exit code and a coded message, before the modem is touched.

use crate::bench::{Bench, PLAN, SCENARIO};
use crate::wrong::{Wrong, judge, simulated, texts};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const PROFILE: &str = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
const RECOVERY: &str = include_str!("../../plans/quectel/rm502q-gl/unbrick-900e.yaml");
const BRICK: &str = include_str!("../../plans/quectel/rm502q-gl/scenarios/900e.yaml");

/// A tree of plan, profile and scenario, each with one change.
fn tree(bench: &Bench, name: &str, file: &str, from: &str, to: &str) -> String {
    let files = [
        ("modem.yaml", PROFILE),
        ("unbrick-900e.yaml", RECOVERY),
        ("scenarios/900e.yaml", BRICK),
    ];
    for (path, text) in files {
        let text = if path == file {
            assert!(text.contains(from), "{file} has changed: {from}");
            text.replacen(from, to, 1)
        } else {
            text.to_owned()
        };
        bench.write(&format!("{name}/quectel/rm502q-gl/{path}"), &text);
    }
    bench.text(&format!("{name}/quectel/rm502q-gl"))
}

#[test]
fn broken_plans_and_profiles_are_problems() {
    let bench = Bench::new();
    let changes = [
        ("unbrick-900e.yaml", "plan: 1", "plan: 2"),
        ("unbrick-900e.yaml", "plan: 1", "plan: [1"),
        ("unbrick-900e.yaml", "plan: 1", "plan: 1\nplan: 1"),
        ("unbrick-900e.yaml", "plan: 1", "plan: &a 1"),
        ("unbrick-900e.yaml", "title:", "titel:"),
        (
            "unbrick-900e.yaml",
            "starts_in: [ramdump, edl]",
            "starts_in: [moon]",
        ),
        ("unbrick-900e.yaml", "ends_in: [normal]", "ends_in: [edl]"),
        (
            "unbrick-900e.yaml",
            "modem: quectel/rm502q-gl",
            "modem: quectel/none",
        ),
        (
            "unbrick-900e.yaml",
            "modem: quectel/rm502q-gl",
            "modem: ../../etc",
        ),
        ("unbrick-900e.yaml", "timeout: 20m", "timeout: soon"),
        (
            "unbrick-900e.yaml",
            "guards: [right-model, no-rollback, whole-package, nand-saved]",
            "guards: []",
        ),
        (
            "unbrick-900e.yaml",
            "send: AT+QGMR",
            "send: AT+EGMR=1,7,\"0\"",
        ),
        ("unbrick-900e.yaml", "cfun != 1", "cfun !="),
        ("unbrick-900e.yaml", "'^(?<fw>RM502QGL\\S+)'", "'^(?<fw>['"),
        ("unbrick-900e.yaml", "type: folder", "type: secret"),
        ("modem.yaml", "profile: 1", "profile: one"),
        (
            "modem.yaml",
            "start: 10, blocks: 4",
            "start: 4000, blocks: 4",
        ),
        ("modem.yaml", "start: 10, blocks: 4", "start: -1, blocks: 4"),
        ("modem.yaml", "page: 4096", "page: 4095"),
        ("modem.yaml", "05c6:9008", "9008"),
        ("modem.yaml", "chip: sdx55", "chip:"),
    ];
    let wrong: Vec<Wrong<'_>> = (changes.iter().enumerate())
        .map(|(number, (file, from, to))| {
            let folder = tree(&bench, &format!("t{number}"), file, from, to);
            let plan = format!("{folder}/unbrick-900e.yaml");
            let arguments = simulated(&bench, &[]);
            let arguments = arguments
                .into_iter()
                .map(|a| if a == PLAN { plan.clone() } else { a });
            Wrong {
                name: to,
                arguments: arguments.collect(),
                code: 10,
                says: "",
            }
        })
        .collect();
    judge(&bench, &wrong);
    let bytes = bench.path("bytes.yaml");
    std::fs::write(&bytes, [0xff, 0xfe, 0, 1]).unwrap();
    let long = bench.write("long.yaml", &"a".repeat(300 * 1024));
    let deep = bench.write("deep.yaml", &"{a: ".repeat(3000));
    let empty = bench.write("empty.yaml", "");
    let folder = bench.text(".");
    for plan in [
        bytes.to_str().unwrap(),
        &long,
        &deep,
        &empty,
        &folder,
        "no/such/plan",
    ] {
        let arguments = texts(&["run", plan, "--sim", SCENARIO]);
        judge(
            &bench,
            &[Wrong {
                name: plan,
                arguments,
                code: 10,
                says: "",
            }],
        );
    }
}

#[test]
fn broken_scenarios_are_problems() {
    let bench = Bench::new();
    let changes = [
        ("scenario: 1", "scenario: 9"),
        ("mode: ramdump", "mode: asleep"),
        ("damage: [abl]", "damage: [nothing]"),
        ("serial: 0badcafe", "serial: xyz"),
        ("imei: \"490154203237518\"", "imei: \"490154203237519\""),
        ("bad_blocks: [700, 1203]", "bad_blocks: [99999]"),
        ("after: 20s", "after: later"),
        ("{ package: { firmware:", "{ package: { firm:"),
        ("modem: quectel/rm502q-gl", "modem: quectel/none"),
        ("calibration: missing", "calibration: maybe"),
        ("damage: [abl]", "faults: [{ kind: flood }]"),
        ("damage: [abl]", "sahara: { version: -1 }"),
    ];
    let wrong: Vec<Wrong<'_>> = (changes.iter().enumerate())
        .map(|(number, (from, to))| {
            let folder = tree(
                &bench,
                &format!("t{number}"),
                "scenarios/900e.yaml",
                from,
                to,
            );
            let path = format!("{folder}/scenarios/900e.yaml");
            let arguments = texts(&["run", PLAN, "--sim", &path]);
            Wrong {
                name: to,
                arguments,
                code: 10,
                says: "",
            }
        })
        .collect();
    judge(&bench, &wrong);
}

#[test]
fn wrong_inputs_options_and_ports_are_told() {
    let bench = Bench::new();
    let file = bench.write("file", "text");
    let cases: [(&[&str], i32, &str); 22] = [
        (&["--input", "label_imei=490154203237519"], 10, "label_imei"),
        (&["--input", "label_imei=12"], 10, "label_imei"),
        (&["--input", "unit=../../etc"], 10, "unit"),
        (&["--input", "unit="], 10, "unit"),
        (&["--input", "package_fw=latest"], 10, "package_fw"),
        (&["--input", "nobody=1"], 10, "input::unknown"),
        (&["--input", "package=/no/such/folder"], 10, "input::value"),
        (&["--input", "label_model=RM520NGLAA"], 10, "label_model"),
        (&["--input", "unit"], 2, "cli::usage"),
        (&["--input", "=x"], 2, "cli::usage"),
        (&["--input", "unit=a", "--input", "unit=b"], 2, "cli::usage"),
        (&["--inputs", "/no/such/file"], 10, "host::file"),
        (&["--package-size", "huge"], 2, "package-size"),
        (&["--seed", "x"], 2, "seed"),
        (&["--approve", "yes"], 2, "cli::usage"),
        (
            &["--override", "whole-package=because"],
            2,
            "never overridden",
        ),
        (&["--override", "no-rollback="], 2, "no reason"),
        (&["--override", "nobody=x"], 2, "no guard"),
        (&["--port", "at=/dev/null"], 2, "--port"),
        (&["--usb", "1-2"], 2, "--usb"),
        (&["--state", &file], 10, "host::file"),
        (&["--state", "/proc/none"], 10, "host::file"),
    ];
    for (more, code, says) in cases {
        let arguments = simulated(&bench, more);
        judge(
            &bench,
            &[Wrong {
                name: &more.join(" "),
                arguments,
                code,
                says,
            }],
        );
    }
    for arguments in [
        &["resume", "none"][..],
        &["log", "none"],
        &["schema", "none"],
        &["sim", SCENARIO],
        &["sim", SCENARIO, "--usb", "--link", "x"],
        &["sim", SCENARIO, "--usb", "--package", "x"],
        &["sim", SCENARIO, "--usb3", "--link", "x"],
        &["sim", SCENARIO, "--speed", "2", "--xqcn", "x"],
        &["fly"],
        &[],
    ] {
        judge(
            &bench,
            &[Wrong {
                name: "",
                arguments: texts(arguments),
                code: 2,
                says: "",
            }],
        );
    }
    // Nobody is there to ask for the inputs.
    let arguments = texts(&["run", PLAN, "--port", "edl=/no/such/port"]);
    judge(
        &bench,
        &[Wrong {
            name: "missing inputs",
            arguments,
            code: 12,
            says: "input::missing",
        }],
    );
}

#[test]
fn ports_and_sockets_that_cannot_be_are_wrong_usage() {
    let bench = Bench::new();
    let given: [(&[&str], &str); 10] = [
        (&["--port", "at"], "no name and value"),
        (&["--port", "moon=/dev/null"], "no role of a port"),
        (&["--port", "at=tcp:nowhere"], "no port"),
        (&["--port", "at="], "no port"),
        (
            &["--port", "at=/dev/a", "--port", "at=/dev/b"],
            "given twice",
        ),
        (
            &["--port", "at=/dev/a", "--port", "diag=/dev/a"],
            "for at and for diag",
        ),
        (&["--usb", "1-2.3:1.0"], "no USB port path"),
        (&["--usb", "../../etc"], "no USB port path"),
        (&["--usb", ""], "no USB port path"),
        (
            &["--usb", "1-2", "--port", "at=/dev/a"],
            "cannot be used with",
        ),
    ];
    for (options, says) in given {
        judge(
            &bench,
            &[Wrong {
                name: &options.join(" "),
                arguments: texts(&[&["run", PLAN], options].concat()),
                code: 2,
                says,
            }],
        );
    }
}

#[test]
fn a_modem_that_is_not_there_is_told() {
    let bench = Bench::new();
    let package = bench.text("package");
    let xqcn = bench.text("unit.xqcn");
    assert_eq!(
        bench
            .run(&["sim", SCENARIO, "--package", &package, "--size", "1M"])
            .code,
        0
    );
    assert_eq!(bench.run(&["sim", SCENARIO, "--xqcn", &xqcn]).code, 0);
    let inputs = format!(
        "unit=a\npackage={package}\npackage_fw=RM502QGLAAR11A02M4G_01.200.01.200\nlabel_model=RM502QGLAA\n\
         label_imei=490154203237518\nxqcn={xqcn}\n"
    );
    let inputs = bench.write("inputs", &inputs);
    let mut arguments = texts(&["run", PLAN, "--port", "edl=/no/such/port"]);
    arguments.extend(texts(&["--inputs", &inputs]));
    judge(
        &bench,
        &[Wrong {
            name: "no port",
            arguments,
            code: 13,
            says: "modem::none",
        }],
    );
}

#[test]
fn a_pipe_in_place_of_a_file_is_not_waited_for() {
    let bench = Bench::new();
    let pipe: PathBuf = bench.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let pipe = pipe.to_str().unwrap();
    let mut child = bench.command(&["check", pipe]).spawn().unwrap();
    for _ in 0..100 {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(10));
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    child.kill().unwrap();
    panic!("it waits for the pipe");
}
