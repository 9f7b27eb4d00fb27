//! After a failure in any phase of Streaming DLOAD a second run takes the modem up: in its loader, as it was left, or,
//! where the first run said so, after its power was cut. Nothing resets it in between.

use crate::again::Way::TakenUp;
use crate::again::{Bench, Faults, Phase, Subject};

const PLAN: &str = r#"plan: 1
id: stream
title: Flash a modem through its streaming loader
modem: quectel/ec25
starts_in: [normal]
ends_in: [normal]
inputs:
  package: { type: folder, about: P }
  package_fw: { type: firmware, about: F }
  installed: { type: firmware, about: I }
  label_model: { type: text, about: L }
guards:
  model: { model: { fact: label_model, is: [EC25EFA] }, else: Another model. }
  rollback: { rollback: { installed: installed, target: package_fw }, else: Older. }
  package: { package: { folder: package, keeps: [efs2, sys_rev, rawdata, cust_info] }, else: Not whole. }
  backup: { backup: { step: save }, unknown: confirm, else: No backup. }
steps:
  - { id: begin, operator.do: { say: Begin, hands_off: true }, timeout: 1m }
  - id: save
    diag.backup: { to: backup.xqcn }
    timeout: 10m
    checkpoint: true
  - id: enter
    diag.edl: {}
    timeout: 1m
  - id: in-edl
    usb.wait: { for: edl }
    timeout: 1m
    checkpoint: true
  - id: load
    sahara.load: { programmer: "${package}/update/ENPRG9x07.mbn", speaks: dload }
    timeout: 1m
    checkpoint: true
  - id: flash
    dload.flash: { package: "${package}", verify: none }
    because: Nothing is read back.
    timeout: 20m
    guards: [model, rollback, package, backup]
    confirm: Write?
  - id: leave
    dload.reset: { to: normal }
    timeout: 5m
  - id: firmware
    at.ask: { send: AT+QGMR, reply: '^(?<fw>EC25EFA\S+)' }
    save: { fw: firmware }
    timeout: 5s
    retry: { attempts: 12, delay: 5s }
  - id: proof
    check:
      - { that: fw == package_fw, else: Another version. }
"#;

const SCENARIO: &str = r#"scenario: 1
modem: quectel/ec25
mode: normal
firmware: EC25EFAR06A11M4G_01.001.01.001
serial: 0badcafe
imei: "490154203237518"
inputs: { installed: EC25EFAR06A11M4G_01.001.01.001, package_fw: EC25EFAR06A11M4G_01.002.01.002, label_model: EC25EFA-512-STD }
makes:
  package: { package: { firmware: EC25EFAR06A11M4G_01.002.01.002 } }
"#;

const SUBJECT: Subject = Subject {
    model: "quectel/ec25",
    profile: include_str!("../../plans/quectel/ec25/modem.yaml"),
    plan: PLAN,
    scenario: SCENARIO,
    // Into EDL it is switched by the plan.
    never: "power, reset, identity-write",
};

const FAULTS: Faults = ["nak", "lost-reply", "unplug", "garbage", "interrupt-twice"];

/// The first open is of the boot loader, which is made invalid.
#[rustfmt::skip]
const PHASES: [Phase; 4] = [
    ("flash", "dload-table", 1, [TakenUp; 5]),
    ("flash", "dload-open", 1, [TakenUp; 5]),
    ("flash", "dload-write", 5, [TakenUp; 5]),
    ("flash", "dload-close", 2, [TakenUp; 5]),
];

#[test]
fn streaming_dload_is_taken_up_or_declared() {
    Bench::new(&SUBJECT).all(&PHASES, FAULTS, "");
}

#[test]
fn what_a_killed_program_left_in_a_loader_is_taken_up() {
    let bench = Bench::new(&SUBJECT);
    for (step, on, nth, _) in &PHASES[2..] {
        let fault = format!("{{ kind: killed, step: {step}, on: {on}, nth: {nth} }}");
        assert_eq!(
            bench.cell(&fault, "", TakenUp),
            Vec::<String>::new(),
            "{fault}"
        );
    }
}
