//! What a boot ROM tells of its chip, and what it wants besides a programmer, from the plan to the modem's own record.

use crate::bench::{Bench, Said, of_kind};
use serde_json::Value;

/// The unit's test serial: it identifies the unit, so it must not appear in any output.
const SERIAL: &str = "0badcafe";
/// `SYNTHETC`, as the simulated chip says it.
const HWID: &str = "43544548544e5953";
/// The simulated chip's: SHA-256 of the model's name.
const KEY: &str = "909f4855ce6df64d0cdb404d5b4079eb385beb854cabd193bbf60ee4191b2df8";

const ALL: &str = "{ serial: text, hwid: text, pk_hash: text, software: int, sahara: int }";

/// A plan from EDL through the programmer into the running firmware.
fn plan(chip: &str, images: &str) -> String {
    format!(
        r#"plan: 1
id: x
title: X
modem: quectel/rm502q-gl
starts_in: [edl]
ends_in: [normal]
inputs:
  programmer: {{ type: file, about: P }}
  other: {{ type: file, about: O }}
steps:
{chip}  - id: load
    sahara.load: {{ programmer: "${{programmer}}", images: {images} }}
    timeout: 1m
  - id: leave
    firehose.reset: {{ to: normal }}
    timeout: 3m
  - id: radio
    at.ask: {{ send: "AT+CFUN?", reply: '\+CFUN: (?<cfun>\d+)' }}
    save: {{ cfun: int }}
    timeout: 5s
    retry: {{ attempts: 20, delay: 3s }}
  - id: proof
    check:
      - {{ that: cfun == 1, else: It does not run. }}
"#
    )
}

fn chip(save: &str, more: &str) -> String {
    format!("  - id: chip\n    sahara.info: {{}}\n    save: {save}\n    timeout: 1m\n{more}")
}

struct Rom {
    bench: Bench,
    plan: String,
    scenario: String,
    inputs: [String; 2],
}

impl Rom {
    fn new(plan: &str, traits: &str) -> Self {
        Self::found_in("edl", plan, traits, "")
    }

    /// What an earlier program left: the modem in a mode, and what goes wrong with its first words.
    fn found_in(mode: &str, plan: &str, traits: &str, faults: &str) -> Self {
        let bench = Bench::new();
        let plan = bench.write("plan.yaml", plan);
        let scenario = bench.write(
            "sim.yaml",
            &format!(
                "scenario: 1\nmodem: quectel/rm502q-gl\nmode: {mode}\nserial: {SERIAL}\n\
                 firmware: RM502QGLAAR11A02M4G_01.200.01.200\nsahara: {{ {traits} }}\nfaults: [{faults}]\n\
                 makes: {{ package: {{ package: {{ firmware: RM502QGLAAR11A02M4G_01.200.01.200 }} }} }}\n"
            ),
        );
        let package = bench.text("package");
        let said = bench.run(&["sim", &scenario, "--package", &package, "--size", "1M"]);
        assert_eq!(said.code, 0, "{said:?}");
        let programmer = bench.path("package/update/firehose/prog_firehose_sdx55.mbn");
        // Another image of the same form: its last segment ends with another byte.
        let mut other = std::fs::read(&programmer).unwrap();
        *other.last_mut().unwrap() ^= 1;
        std::fs::write(bench.path("other.mbn"), other).unwrap();
        let inputs = [
            format!("programmer={}", programmer.display()),
            format!("other={}", bench.text("other.mbn")),
        ];
        Self {
            bench,
            plan,
            scenario,
            inputs,
        }
    }

    fn call(&self, verb: &str) -> (Said, Vec<Value>) {
        let log = self.bench.text("sim.log");
        let _ = std::fs::remove_file(&log);
        let mut arguments = vec![verb, &self.plan, "--sim", &self.scenario, "--sim-log", &log];
        arguments.extend(self.inputs.iter().flat_map(|input| ["--input", input]));
        let said = self.bench.run(&arguments);
        let record = std::fs::read_to_string(&log).unwrap_or_default();
        let record = record
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.to_lowercase().contains(SERIAL), "{said:?}");
        }
        (said, record)
    }
}

#[test]
fn a_chip_tells_who_it_is_and_then_takes_its_programmer() {
    let check = format!(
        "  - id: who\n    check:\n      - {{ that: serial != hwid && hwid == \"{HWID}\", else: Another. }}\n      \
         - {{ that: pk_hash == \"{KEY}\" && software == 0 && sahara == 2, else: Odd. }}\n",
    );
    let rom = Rom::new(&plan(&chip(ALL, &check), "{}"), "");
    let (dry, record) = rom.call("dry-run");
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.stdout.contains(HWID), "{dry:?}");
    assert!(record.is_empty(), "{record:?}");
    let (said, record) = rom.call("run");
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(of_kind(&record, &["programmer-loaded"]).len(), 1);
    let facts: Vec<Value> = rom.bench.journal();
    let value = |name: &str| {
        let mut facts = facts.iter().filter(|event| event["event"] == "fact");
        facts.find(|fact| fact["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!(value("hwid"), HWID);
    let serial = value("serial");
    assert!(serial.as_str().unwrap().starts_with("id-"), "{serial}");
    // The run itself knows it, and keeps it where nobody else may read it.
    let private = rom.bench.private();
    assert!(private.contains(&format!("\"value\":\"{SERIAL}\"")));
}

#[test]
fn what_it_does_not_tell_stays_unknown_and_costs_nothing() {
    let rom = Rom::new(&plan(&chip(ALL, ""), "{}"), "version: 3");
    let (said, _) = rom.call("run");
    assert!(said.stderr.contains("sahara::untold"), "{said:?}");
    assert!(said.stderr.contains("does not tell pk_hash"), "{said:?}");
    let told = chip("{ serial: text, hwid: text, sahara: int }", "");
    let (said, _) = Rom::new(&plan(&told, "{}"), "version: 3").call("run");
    assert_eq!(said.code, 0, "{said:?}");
    let optional = chip(
        ALL,
        "    optional: true\n    because: Only for the report.\n",
    );
    let (said, _) = Rom::new(&plan(&optional, "{}"), "version: 3").call("run");
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn without_command_mode_the_way_out_is_named() {
    let optional = chip(
        ALL,
        "    optional: true\n    because: Only for the report.\n",
    );
    let (said, _) = Rom::new(&plan(&optional, "{}"), "command_mode: false").call("run");
    assert_eq!(said.code, 0, "it begins anew when it is asked to: {said:?}");

    let deaf = "command_mode: false, begins_anew: false";
    let (said, record) = Rom::new(&plan(&chip(ALL, ""), "{}"), deaf).call("run");
    assert!(said.stderr.contains("sahara::no-command-mode"), "{said:?}");
    assert!(
        said.stderr
            .contains("hears nothing more until it is powered anew"),
        "{said:?}"
    );
    assert!(
        said.stderr.contains("go on without `sahara.info`"),
        "{said:?}"
    );
    assert!(record.is_empty(), "{record:?}");
    let (said, record) = Rom::new(&plan(&optional, "{}"), deaf).call("run");
    assert!(said.stderr.contains("sahara::no-hello"), "{said:?}");
    assert!(said.stderr.contains("cut the modem's power"), "{said:?}");
    assert!(record.is_empty(), "{record:?}");
    let (said, _) = Rom::new(&plan("", "{}"), deaf).call("run");
    assert_eq!(said.code, 0, "who asks nothing loses nothing: {said:?}");
}

#[test]
fn several_images_are_given_in_the_order_that_the_boot_rom_wants() {
    let wants = "images: [30, 21]";
    let images = r#"{ 21: "${other}", 30: "${programmer}" }"#;
    let rom = Rom::new(&plan("", images), wants);
    let (dry, _) = rom.call("dry-run");
    assert!(dry.stdout.contains("as image 21 "), "{dry:?}");
    let (said, record) = rom.call("run");
    assert_eq!(said.code, 0, "{said:?}");
    let loaded = of_kind(&record, &["image-loaded", "programmer-loaded"]);
    let digest = |index: usize| loaded[index]["sha256"].as_str().unwrap();
    assert_eq!(
        (&loaded[0]["image"], &loaded[1]["image"]),
        (&Value::from(30), &Value::from(21))
    );
    assert_eq!(digest(0), digest(2), "the programmer's file");
    assert_ne!(digest(0), digest(1), "the other file");
    for digest in [digest(1), digest(2)] {
        assert!(dry.stdout.contains(digest), "{dry:?}");
    }
}

#[test]
fn an_image_that_is_missing_is_told_by_its_number() {
    let (said, record) = Rom::new(&plan("", "{}"), "images: [30]").call("run");
    assert!(said.stderr.contains("sahara::other-image"), "{said:?}");
    assert!(said.stderr.contains("asks for image 30"), "{said:?}");
    assert!(said.stderr.contains("`images:`"), "{said:?}");
    let loaded = of_kind(&record, &["image-loaded", "programmer-loaded"]);
    assert!(loaded.is_empty(), "{record:?}");
}

#[test]
fn an_image_is_looked_at_before_the_modem_is_spoken_to() {
    let rom = Rom::new(&plan("", r#"{ 30: "${other}" }"#), "images: [30]");
    std::fs::write(rom.bench.path("other.mbn"), "").unwrap();
    for verb in ["dry-run", "run"] {
        let (said, record) = rom.call(verb);
        let told = format!("{}{}", said.stdout, said.stderr);
        assert!(told.contains("other.mbn` is empty"), "{told}");
        assert!(record.is_empty(), "{record:?}");
    }
}

#[test]
fn what_cannot_be_given_or_saved_is_said_by_the_checker() {
    for (chip, images, told) in [
        (
            chip("{ imei: imei }", ""),
            "{}",
            "nothing in this step gives `imei`",
        ),
        (
            chip("{ serial: int }", ""),
            "{}",
            "`serial` is told as text",
        ),
        (
            chip("{ sahara: text }", ""),
            "{}",
            "`sahara` is told as int",
        ),
        (
            String::new(),
            r#"{ 13: "${other}" }"#,
            "`13` is no number of a further image",
        ),
        (
            String::new(),
            r#"{ 128: "${other}" }"#,
            "`128` is no number of a further image",
        ),
        (
            String::new(),
            r#"{ x: "${other}" }"#,
            "`x` is no number of a further image",
        ),
        (
            String::new(),
            r#"{ 021: "${other}" }"#,
            "`021` is no number of a further image",
        ),
        (
            String::new(),
            r#"{ 21: "${other}", 21: "${other}" }"#,
            "duplicate-key",
        ),
        (String::new(), r#"{ 21: "a.mbn" }"#, "plan::no-source"),
        (
            String::new(),
            r#"{ 21: "${missing}" }"#,
            "plan::unknown-name",
        ),
    ] {
        let bench = Bench::new();
        let path = bench.write("plan.yaml", &plan(&chip, images));
        let said = bench.run(&["check", &path]);
        assert_eq!(said.code, 10, "{told}: {said:?}");
        let text = format!("{}{}", said.stdout, said.stderr);
        assert!(text.contains(told), "{told}: {text}");
    }
}

/// What an earlier program left behind, what the boot ROM is like, and what becomes of it.
const LEFT: [(&str, &str, &str, &str); 10] = [
    // Another program has read the HELLO.
    ("edl", "{ kind: no-hello }", "", ""),
    (
        "edl",
        "{ kind: no-hello }",
        "begins_anew: false",
        "cut the modem's power",
    ),
    // The end of another conversation stands before the HELLO, whatever it says.
    ("edl", "{ kind: stale-end }", "begins_anew: false", ""),
    ("edl", "{ kind: stale-end, value: \"37\" }", "", ""),
    // It stands there alone.
    ("edl", "{ kind: end-status, value: \"1\" }", "", ""),
    (
        "edl",
        "{ kind: end-status, value: \"1\" }",
        "begins_anew: false",
        "cut the modem's power",
    ),
    ("edl", "{ kind: hello-twice }", "", ""),
    // A programmer runs.
    ("firehose", "", "", ""),
    ("ramdump", "", "", "take a plan that starts in ramdump"),
    ("normal", "", "", "bring the modem into that mode"),
];

#[test]
fn what_another_program_left_is_taken_up_or_its_way_out_is_named() {
    let text = plan("", "{}")
        .replace("starts_in: [edl]", "starts_in: [edl, firehose]")
        .replace("  - id: load\n", "  - id: load\n    only_in: [edl]\n");
    for (mode, faults, traits, way_out) in LEFT {
        let rom = Rom::found_in(mode, &text, traits, faults);
        let (said, record) = rom.call("run");
        let name = format!("{mode} {faults} {traits}: {said:?}");
        assert_eq!(said.code == 0, way_out.is_empty(), "{name}");
        let told = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(way_out), "{name}");
        assert!(of_kind(&record, &["reset"]).is_empty(), "{name}");
    }
}

#[test]
fn a_programmer_that_runs_is_told_to_a_plan_that_begins_before_it() {
    let (said, record) = Rom::found_in("firehose", &plan("", "{}"), "", "").call("run");
    let told = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("a programmer runs already"), "{said:?}");
    assert!(record.is_empty(), "{record:?}");
}
