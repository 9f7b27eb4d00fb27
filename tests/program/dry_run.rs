//! A dry run with a modem attached reads what changes nothing, decides by it, and ends where nobody can know more. The
//! modem's own record is the oracle of what it was sent.

use crate::bench::{Bench, DESTRUCTIVE, IMEI, Said, of_kind};
use serde_json::Value;

const SCENARIO: &str = "scenario: 1\nmodem: quectel/rm502q-gl\nmode: normal\n\
                        firmware: RM502QGLAAR11A02M4G_01.200.01.200\nimei: \"490154203237518\"\n";
const RADIO: &str = "  - id: radio\n    at.ask: { send: \"AT+CFUN?\", reply: '\\+CFUN: (?<cfun>\\d+)' }\n    \
                     save: { cfun: int }\n    timeout: 5s\n";

struct Dry {
    said: Said,
    /// What the modem was sent.
    record: Vec<Value>,
}

impl Dry {
    /// The lines of one step, without its own.
    fn step(&self, id: &str) -> Vec<&str> {
        let own = format!("  {id} [");
        let mut lines = self
            .said
            .stdout
            .lines()
            .skip_while(|l| !l.starts_with(&own));
        assert!(lines.next().is_some(), "no step `{id}`: {:?}", self.said);
        lines
            .take_while(|l| l.starts_with("      "))
            .map(str::trim)
            .collect()
    }

    fn line(&self, start: &str) -> &str {
        let line = self
            .said
            .stdout
            .lines()
            .find(|line| line.starts_with(start));
        line.unwrap_or_else(|| panic!("no `{start}`: {:?}", self.said))
    }

    fn at_commands(&self) -> Vec<&str> {
        let asked = of_kind(&self.record, &["at-command"]).into_iter();
        asked
            .filter_map(|record| record["command"].as_str())
            .collect()
    }
}

fn plan(rest: &str, steps: &str) -> String {
    format!(
        "plan: 1\nid: x\ntitle: X\nmodem: quectel/rm502q-gl\nstarts_in: [normal]\n\
         ends_in: [normal, edl, \"off\", ramdump, firehose, fastboot, dload]\n{rest}steps:\n{steps}"
    )
}

fn dry(text: &str, more: &[&str]) -> Dry {
    dry_on(SCENARIO, text, more)
}

fn dry_on(scenario: &str, text: &str, more: &[&str]) -> Dry {
    let bench = Bench::new();
    let path = bench.write("plan.yaml", text);
    let sim = bench.write("sim.yaml", scenario);
    let log = bench.text("sim.log");
    let mut arguments = vec!["dry-run", &path, "--sim", &sim, "--sim-log", &log];
    arguments.extend(more);
    let said = bench.run(&arguments);
    let record: Vec<Value> = std::fs::read_to_string(&log)
        .unwrap_or_default()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let destructive = of_kind(&record, &DESTRUCTIVE);
    assert!(destructive.is_empty(), "{destructive:?}");
    assert!(
        !said.stdout.contains(IMEI) && !said.stderr.contains(IMEI),
        "{said:?}"
    );
    Dry { said, record }
}

#[test]
fn what_is_read_decides_conditions_claims_and_templates() {
    let steps = format!(
        "{RADIO}  - id: off\n    when: cfun != 1\n    operator.do: {{ say: Never }}\n    timeout: 5m\n\
         {}{}{}",
        "  - id: both\n    when: cfun == 1\n    group:\n      - id: sum\n        script: |\n          \
         log(\"adds up\");\n          set(\"next\", cfun + 1);\n        save: { next: int }\n        timeout: 5s\n      \
         - id: inner\n        check:\n          - { that: next == 2, else: No }\n",
        "  - id: proof\n    check:\n      - { that: cfun == 1, else: No }\n",
        "  - id: told\n    operator.do: { say: \"It is ${cfun}\", hands_off: true }\n    timeout: 5m\n",
    );
    let dry = dry(&plan("", &steps), &[]);
    assert_eq!(dry.said.code, 0, "{:?}", dry.said);
    assert_eq!(dry.step("radio"), ["ask `AT+CFUN?`", "cfun = 1"]);
    assert_eq!(
        dry.step("off"),
        ["would be skipped: `cfun != 1` does not hold"]
    );
    assert!(
        dry.said.stdout.contains("says: adds up\n"),
        "{:?}",
        dry.said
    );
    assert!(dry.said.stdout.contains("next = 2\n"), "{:?}", dry.said);
    assert_eq!(dry.step("told"), ["tell a person: It is 1"]);
    assert!(!dry.said.stdout.contains("Undecided"), "{:?}", dry.said);
    assert!(dry.at_commands().contains(&"AT+CFUN?"), "{:?}", dry.record);
}

#[test]
fn nothing_is_asked_after_the_first_step_that_would_change_something() {
    for (name, changes) in [
        ("at.set", "at.set: { send: \"AT+CFUN=4\" }"),
        ("modem.reset", "modem.reset: {}"),
        (
            "operator.do",
            "operator.do: { say: Unplug it and plug it in }",
        ),
    ] {
        let back = "  - id: back\n    usb.wait: { for: normal }\n    timeout: 5m\n";
        let firmware = "  - id: firmware\n    at.ask: { send: AT+QGMR, reply: '^(?<fw>RM\\S+)' }\n    \
                        save: { fw: firmware }\n    timeout: 5s\n";
        let proof = "  - id: proof\n    check:\n      - { that: fw != \"unknown\", else: No }\n";
        let change = format!("  - id: change\n    {changes}\n    timeout: 5m\n");
        let text = plan("", &format!("{RADIO}{change}{back}{firmware}{proof}"));
        let dry = dry(&text, &[]);
        assert_eq!(dry.said.code, 0, "{name}: {:?}", dry.said);
        assert_eq!(dry.step("back"), ["wait until the modem is in normal"]);
        assert_eq!(dry.step("firmware"), ["ask `AT+QGMR`"]);
        let wanted =
            "Undecided: beyond this point it depends on `fw`, which step `firmware` reads: proof";
        assert_eq!(dry.line("Undecided"), wanted);
        assert!(!dry.at_commands().contains(&"AT+QGMR"), "{name}");
    }
}

#[test]
fn a_wait_is_one_look_and_reading_ends_where_it_shows_something_else() {
    let wait =
        |mode: &str| format!("  - id: wait\n    usb.wait: {{ for: {mode} }}\n    timeout: 5m\n");
    let here = dry(&plan("", &format!("{}{RADIO}", wait("normal"))), &[]);
    assert!(
        here.step("wait")[1].starts_with("a look shows it in normal"),
        "{:?}",
        here.said
    );
    assert_eq!(here.step("radio")[1], "cfun = 1");
    let back = wait("normal").replace("id: wait", "id: back");
    let away = dry(&plan("", &format!("{}{back}{RADIO}", wait("edl"))), &[]);
    assert!(
        away.step("wait")[1].starts_with("a look shows it in normal"),
        "{:?}",
        away.said
    );
    assert_eq!(away.step("back"), ["wait until the modem is in normal"]);
    assert_eq!(away.step("radio"), ["ask `AT+CFUN?`"]);
}

#[test]
fn a_failed_read_ends_the_decided_part_and_an_optional_one_does_not() {
    let asked = |more: &str| {
        format!(
            "  - id: odd\n{more}    at.ask: {{ send: \"AT+ODD?\", reply: '(?<n>\\d+)' }}\n    \
             save: {{ n: int }}\n    timeout: 5s\n"
        )
    };
    let failed = dry(&plan("", &format!("{}{RADIO}", asked(""))), &[]);
    assert_eq!(failed.said.code, 10, "{:?}", failed.said);
    assert!(
        failed.said.stderr.contains("step `odd` would fail"),
        "{:?}",
        failed.said
    );
    assert_eq!(
        failed.line("Not reached"),
        "Not reached: step `odd` would fail: radio"
    );
    let optional = asked("    optional: true\n    because: It may not be there\n");
    let went_on = dry(&plan("", &format!("{optional}{RADIO}")), &[]);
    assert_eq!(went_on.said.code, 0, "{:?}", went_on.said);
    assert!(went_on.step("odd")[1].starts_with("it failed, and is optional"));
    assert_eq!(went_on.step("radio")[1], "cfun = 1");
}

#[test]
fn a_wait_for_a_value_is_asked_as_often_as_the_step_says() {
    let until = RADIO.replace(
        "timeout: 5s",
        "timeout: 5s\n    retry: { attempts: 3, delay: 1s, until: cfun == 4 }",
    );
    let failed = dry(&plan("", &until), &[]);
    assert_eq!(failed.said.code, 10, "{:?}", failed.said);
    assert!(
        failed
            .said
            .stderr
            .contains("`cfun == 4` does not hold: cfun is 1"),
        "{:?}",
        failed.said
    );
    let asked = failed.at_commands();
    assert_eq!(
        asked
            .iter()
            .filter(|command| **command == "AT+CFUN?")
            .count(),
        3
    );
}

#[test]
fn a_guard_over_a_fact_is_asked_as_soon_as_it_is_read() {
    let guards = "guards:\n  sound:\n    that: cfun == 5\n    else: The module is sound.\n";
    let set =
        "  - id: set\n    at.set: { send: \"AT+CFUN=1\" }\n    timeout: 5s\n    guards: [sound]\n";
    let text = plan(guards, &format!("{RADIO}{set}"));
    let read = dry(&text, &[]);
    assert_eq!(read.said.code, 11, "{:?}", read.said);
    assert_eq!(
        read.line("Not reached"),
        "Not reached: guard `sound` refuses step `set`: set"
    );
    let bench = Bench::new();
    let path = bench.write("plan.yaml", &text);
    let offline = bench.run(&["dry-run", &path]);
    assert_eq!(offline.code, 0, "{offline:?}");
    assert!(
        offline
            .stdout
            .contains("it depends on `cfun`, which step `radio` reads: set"),
        "{offline:?}"
    );
}

#[test]
fn a_fragment_knows_what_it_read_by_its_own_names() {
    let bench = Bench::new();
    bench.write(
        "lib/radio.yaml",
        &format!(
            "fragment: 1\nabout: Reads.\nparams:\n  wanted: {{ type: int, about: Wanted }}\nsteps:\n{RADIO}  - id: say\n    \
             operator.do: {{ say: \"${{cfun}} of ${{wanted}}\", hands_off: true }}\n    timeout: 5s\n"
        ),
    );
    let steps = "  - id: one\n    include: { file: lib/radio.yaml, with: { wanted: 1 } }\n  - id: two\n    \
                 include: { file: lib/radio.yaml, with: { wanted: \"${one_cfun}\" } }\n";
    let path = bench.write("plan.yaml", &plan("", steps));
    let sim = bench.write("sim.yaml", SCENARIO);
    let read = bench.run(&["dry-run", &path, "--sim", &sim]);
    assert_eq!(read.code, 0, "{read:?}");
    assert_eq!(
        read.stdout.matches("tell a person: 1 of 1").count(),
        2,
        "{read:?}"
    );
    let offline = bench.run(&["dry-run", &path]);
    let wanted = "depends on `one_cfun`, which step `one-radio` reads: one-say, two-radio, two-say";
    assert!(offline.stdout.contains(wanted), "{offline:?}");
}

#[test]
fn steps_for_other_modes_are_left_out_or_shown_both_ways() {
    let text = plan("", RADIO)
        .replace("starts_in: [normal]", "starts_in: [normal, ramdump]")
        .replace("  - id: radio\n", "  - id: radio\n    only_in: [normal]\n")
        + "  - id: hands\n    only_in: [ramdump]\n    operator.do: { say: Unplug it }\n    timeout: 5m\n";
    let read = dry(&text, &[]);
    assert_eq!(read.step("radio")[1], "cfun = 1");
    assert_eq!(
        read.step("hands"),
        ["would be skipped: the modem is in normal"]
    );
    let bench = Bench::new();
    let path = bench.write("plan.yaml", &text);
    let offline = bench.run(&["dry-run", &path]).stdout;
    assert!(
        offline.contains("radio [at.ask, read, only in normal]"),
        "{offline}"
    );
    assert!(
        offline.contains("hands [operator.do, manual, only in ramdump]"),
        "{offline}"
    );
}

#[test]
fn on_a_modem_where_a_run_would_not_begin_nothing_is_asked() {
    let text = plan("", RADIO);
    let gone = SCENARIO.replace("mode: normal", "mode: \"off\"");
    let dry = dry_on(&gone, &text, &[]);
    assert_eq!(dry.said.code, 0, "{:?}", dry.said);
    assert!(
        dry.line("Modem: not there")
            .ends_with("`run` would not begin"),
        "{:?}",
        dry.said
    );
    assert_eq!(dry.step("radio"), ["ask `AT+CFUN?`"]);
    assert_eq!(dry.at_commands(), Vec::<&str>::new());
}

#[test]
fn an_answer_that_a_person_would_give_is_not_made_up() {
    let ask = "  - id: name\n    operator.ask: { say: Which one? }\n    save: { given: text }\n    timeout: 5m\n";
    let check = "  - id: proof\n    check:\n      - { that: given == \"a\", else: No }\n";
    let dry = dry(&plan("", &format!("{ask}{RADIO}{check}")), &[]);
    assert_eq!(
        dry.step("radio")[1],
        "cfun = 1",
        "a question changes nothing"
    );
    let wanted = "Undecided: beyond this point it depends on `given`, which step `name` asks a person for: proof";
    assert_eq!(dry.line("Undecided"), wanted);
}
