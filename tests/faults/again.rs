//! After a failure in any phase of Sahara and Firehose a second run takes the modem up: as it was left, or, where the first
//! run said so, after its power was cut. Nothing resets it in between.

use Way::{Borne, Over, Replug, TakenUp};
use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;
use unbrick::check::{self, CheckedPlan};
use unbrick::engine::Listener;
use unbrick::event::Event;
use unbrick::plan::Outcome;
use unbrick::plan::library::Place;
use unbrick::rehearse::{Rehearsed, Stage, cases};

/// From EDL into the running firmware. Without a boot loader the modem comes back in EDL by itself.
const PLAN: &str = r#"plan: 1
id: again
title: Flash a modem in EDL
modem: quectel/rm502q-gl
starts_in: [edl, firehose]
ends_in: [normal]
inputs:
  package: { type: folder, about: P }
  package_fw: { type: firmware, about: F }
  installed: { type: firmware, about: I }
  label_model: { type: text, about: L }
guards:
  model: { model: { fact: label_model, is: [RM502QGLAA] }, else: Another model. }
  rollback: { rollback: { installed: installed, target: package_fw }, else: Older. }
  package: { package: { folder: package, keeps: [efs2, sys_rev, rawdata] }, else: Not whole. }
  backup: { backup: { step: save }, unknown: confirm, else: No backup. }
steps:
  - { id: begin, operator.do: { say: Begin, hands_off: true }, timeout: 1m }
  - id: in-edl
    usb.wait: { for: edl }
    timeout: 1m
    checkpoint: true
  - id: chip
    sahara.info: {}
    save: { hwid: text }
    timeout: 30s
  - id: load
    sahara.load: { programmer: "${package}/update/firehose/prog_firehose_sdx55.mbn" }
    timeout: 1m
    checkpoint: true
  - id: save
    firehose.backup: { parts: [efs2, sys_rev, rawdata], to: backup }
    timeout: 10m
    checkpoint: true
  - id: flash
    firehose.flash: { package: "${package}" }
    timeout: 20m
    guards: [model, rollback, package, backup]
    confirm: Write?
  - id: leave
    firehose.reset: { to: normal }
    timeout: 5m
  - id: firmware
    at.ask: { send: AT+QGMR, reply: '^(?<fw>RM502QGL\S+)' }
    save: { fw: firmware }
    timeout: 5s
    retry: { attempts: 12, delay: 5s }
  - id: proof
    check:
      - { that: fw == package_fw, else: Another version. }
"#;

const SCENARIO: &str = r#"scenario: 1
modem: quectel/rm502q-gl
mode: edl
firmware: RM502QGLAAR11A02M4G_01.001.01.001
damage: [sbl]
serial: 0badcafe
imei: "490154203237518"
inputs: { installed: RM502QGLAAR11A02M4G_01.001.01.001, package_fw: RM502QGLAAR11A02M4G_01.200.01.200, label_model: RM502QGLAA-M20-CASA }
makes:
  package: { package: { firmware: RM502QGLAAR11A02M4G_01.200.01.200 } }
"#;

/// How a second run comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is not needed: the first one ended proved.
    Borne,
    /// It goes on with the modem as it was left; one whose plug was pulled is plugged in.
    TakenUp,
    /// The power is cut before it, and the first run said so.
    Replug,
    /// The modem was flashed whole and has left for its firmware, behind the last checkpoint: there is nothing to go on with.
    Over,
}

/// What strikes: a no, silence, the plug pulled, garbage, and Ctrl-C twice, which stops even a flash.
pub(crate) type Faults = [&'static str; 5];

#[rustfmt::skip]
const IN_SAHARA: Faults = ["end-status", "lost-reply", "unplug", "garbage", "interrupt-twice"];
const IN_FIREHOSE: Faults = ["nak", "lost-reply", "unplug", "garbage", "interrupt-twice"];
/// The order to restart need not be answered, so no garbage can stand for it: the modem is away for a while instead.
const AT_THE_END: Faults = [
    "error-on-reset",
    "timeout",
    "unplug",
    "vanish",
    "interrupt-twice",
];

/// Step, operation, the how manieth, and what comes of each fault.
pub(crate) type Phase = (&'static str, &'static str, u32, [Way; 5]);

/// The HELLO is the one behind command mode.
#[rustfmt::skip]
const SAHARA: [Phase; 3] = [
    ("chip", "hello", 1, [Borne, Borne, TakenUp, TakenUp, TakenUp]),
    ("load", "read-data", 1, [TakenUp, TakenUp, TakenUp, TakenUp, TakenUp]),
    ("load", "read-data", 3, [TakenUp, TakenUp, TakenUp, TakenUp, TakenUp]),
];

/// A boot ROM from before Sahara 2.9 does not begin anew when it is asked to; a lost HELLO costs it everything, since the
/// simulated one ends at the programmer's `nop` by which a silent port is told from a programmer.
#[rustfmt::skip]
const OLD: [Phase; 3] = [
    ("chip", "hello", 1, [Replug, Replug, TakenUp, Replug, Replug]),
    ("load", "read-data", 1, [Replug, Replug, TakenUp, Replug, Replug]),
    ("load", "read-data", 3, [Replug, Replug, TakenUp, Replug, Replug]),
];

/// Pages that a programmer refuses to read are holes of the backup.
#[rustfmt::skip]
const FIREHOSE: [Phase; 6] = [
    ("load", "configure", 1, [Replug, Replug, TakenUp, Replug, Replug]),
    ("save", "read", 2, [Borne, TakenUp, TakenUp, TakenUp, TakenUp]),
    ("flash", "erase", 3, [TakenUp; 5]),
    ("flash", "program", 3, [TakenUp, Replug, TakenUp, Replug, TakenUp]),
    ("flash", "raw", 5, [TakenUp; 5]),
    ("flash", "digest", 2, [TakenUp; 5]),
];

/// The program is killed: it says nothing, and what it left on the line is taken away by the second run.
const KILLED: [(&str, &str, u32); 5] = [
    ("save", "read", 1),
    ("save", "read", 2),
    ("flash", "erase", 3),
    ("flash", "digest", 2),
    ("leave", "power", 1),
];

const END: [Phase; 1] = [("leave", "power", 1, [TakenUp, TakenUp, Over, Borne, Over])];

/// A plan, the modem that it is for, and the state of that.
pub(crate) struct Subject {
    pub(crate) model: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) plan: &'static str,
    pub(crate) scenario: &'static str,
    /// What the first run must not have done to the modem.
    pub(crate) never: &'static str,
}

const SUBJECT: Subject = Subject {
    model: "quectel/rm502q-gl",
    profile: include_str!("../../plans/quectel/rm502q-gl/modem.yaml"),
    plan: PLAN,
    scenario: SCENARIO,
    never: "power, reset, mode-switch, identity-write",
};

pub(crate) struct Bench {
    _folder: TempDir,
    /// Of the model, in that folder.
    at: Utf8PathBuf,
    plan: CheckedPlan,
    scenario: &'static str,
    never: String,
    stage: Stage,
}

impl Bench {
    pub(crate) fn new(subject: &Subject) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join(subject.model);
        let at = Utf8PathBuf::from_path_buf(at).unwrap();
        let small = { subject.profile }.replace("pages_per_block: 64", "pages_per_block: 4");
        assert_ne!(small, subject.profile);
        write(&at, "modem.yaml", &small);
        let path = write(&at, "again.yaml", subject.plan);
        write(&at, "scenarios/blank.yaml", subject.scenario);
        let (plan, _) = check::load(path.as_str()).unwrap_or_else(|p| panic!("{p:?}"));
        let stage = Stage::new().unwrap_or_else(|problem| panic!("{problem:?}"));
        Self {
            _folder: folder,
            at,
            plan,
            scenario: subject.scenario,
            never: format!("never: [{}]", subject.never),
            stage,
        }
    }

    /// One run with a fault, and its resume on the same modem without one.
    fn twice(&self, fault: &str, sahara: &str, expect: &str, replug: bool) -> Rehearsed {
        let scenario = format!("{}sahara: {{ {sahara} }}\n", self.scenario);
        write(&self.at, "scenarios/blank.yaml", &scenario);
        // So `unbrick runs` tells of a run that was killed.
        let killed = fault.contains("killed");
        let outcome = if killed { "interrupted" } else { "failed" };
        let case = format!(
            "rehearsal: 1\nplan: ../again.yaml\nscenario: ../scenarios/blank.yaml\nfaults:\n  - {fault}\n\
             expect: {{ outcome: {outcome}, {expect} }}\nresumed: {{ outcome: proved }}\nreplug: {replug}\n"
        );
        write(&self.at, "rehearsals/case.yaml", &case);
        let place = Place::Disk(self.at.join("again.yaml"));
        let found = cases(&place, &self.plan, Some("case")).unwrap_or_else(|p| panic!("{p:?}"));
        let result = self.stage.rehearse(&found[0], &self.plan, &mut Deaf);
        result.unwrap_or_else(|problems| panic!("{fault}: {problems:?}"))
    }

    /// What is wrong with one cell.
    pub(crate) fn cell(&self, fault: &str, sahara: &str, way: Way) -> Vec<String> {
        let expect = if way == Borne || fault.contains("on: power") {
            "modem: { boots: true }"
        } else {
            &self.never
        };
        let came = self.twice(fault, sahara, expect, false);
        println!(
            "{fault:<64} {way:<8?} {:?} {:?}",
            came.outcome, came.resumed
        );
        let mut wrong = differences(&came);
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(what.to_owned());
            }
        };
        let is_proved = came.outcome == Outcome::Proved;
        must(is_proved == (way == Borne), "borne, or not");
        let as_it_is = came.resumed == Some(Outcome::Proved);
        match way {
            Borne => {}
            Over => must(!as_it_is, "it can be taken up"),
            TakenUp => must(as_it_is, "taken up as it is"),
            Replug => {
                must(!as_it_is, "it needs no replug");
                let help = came.help.unwrap_or_default();
                let said = ["cut the modem's power", "powered anew", "unplug the modem"];
                must(said.iter().any(|word| help.contains(word)), &help);
                let again = self.twice(fault, sahara, expect, true);
                must(again.resumed == Some(Outcome::Proved), "taken up anew");
            }
        }
        wrong
    }

    pub(crate) fn all(&self, phases: &[Phase], faults: Faults, sahara: &str) {
        let mut wrong = Vec::new();
        for (step, on, nth, ways) in phases {
            for (kind, way) in faults.iter().zip(ways) {
                let fault = format!("{{ kind: {kind}, step: {step}, on: {on}, nth: {nth} }}");
                let found = self.cell(&fault, sahara, *way);
                if !found.is_empty() {
                    wrong.push(format!("{fault}: {way:?}: {found:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

/// The outcomes are judged by the table; nothing else may differ.
fn differences(came: &Rehearsed) -> Vec<String> {
    let judged = [
        "`outcome` ",
        "`resumed.outcome` ",
        "the run cannot be resumed",
    ];
    let messages = came.differences.iter().map(|problem| &problem.message);
    messages
        .filter(|message| !judged.iter().any(|start| message.starts_with(start)))
        .cloned()
        .collect()
}

fn write(folder: &Utf8Path, name: &str, text: &str) -> Utf8PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

struct Deaf;

impl Listener for Deaf {
    fn hear(&mut self, _event: &Event) {}
}

#[test]
fn sahara_is_taken_up_without_a_replug() {
    Bench::new(&SUBJECT).all(&SAHARA, IN_SAHARA, "");
}

#[test]
fn an_older_boot_rom_is_taken_up_or_declared() {
    Bench::new(&SUBJECT).all(&OLD, IN_SAHARA, "begins_anew: false");
}

#[test]
fn firehose_is_taken_up_or_declared() {
    Bench::new(&SUBJECT).all(&FIREHOSE, IN_FIREHOSE, "");
}

#[test]
fn the_restart_at_the_end_is_taken_up() {
    Bench::new(&SUBJECT).all(&END, AT_THE_END, "");
}

#[test]
fn what_a_killed_program_left_is_taken_up_without_a_replug() {
    let bench = Bench::new(&SUBJECT);
    let mut wrong = Vec::new();
    for (step, on, nth) in KILLED {
        let fault = format!("{{ kind: killed, step: {step}, on: {on}, nth: {nth} }}");
        let found = bench.cell(&fault, "", if on == "power" { Over } else { TakenUp });
        if !found.is_empty() {
            wrong.push(format!("{fault}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
