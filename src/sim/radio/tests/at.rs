//! Dialogues on the AT port.

use super::Bench;
use crate::plan::{Calibration, FactoryCopy, FaultKind, Operation};
use crate::sim::Wire;
use crate::sim::radio::fixture::{FIRMWARE, fault, profile, scenario, spanned};
use crate::sim::radio::{Radio, Wish};
use crate::sim::record::RecordKind;
use std::time::Duration;

#[test]
fn a_healthy_modem_answers_as_the_manual_says() {
    for seed in 0..20 {
        let mut bench = Bench::up(&scenario(), seed);
        for (command, lines) in [
            ("AT", &["OK"][..]),
            (
                "ATI",
                &[
                    "Quectel",
                    "RM502Q-GL",
                    "Revision: RM502QGLAAR11A02M4G",
                    "OK",
                ],
            ),
            ("AT+CGMR", &["RM502QGLAAR11A02M4G", "OK"]),
            ("at+qgmr", &[FIRMWARE, "OK"]),
            ("AT+CGSN", &["490154203237518", "OK"]),
            ("AT+EGMR=0,7", &["+EGMR: \"490154203237518\"", "OK"]),
            ("AT+CFUN?", &["+CFUN: 1", "OK"]),
            ("AT+QRFTEST=\"mode\"", &["+QRFTEST: \"mode\",0", "OK"]),
            ("AT+QINISTAT", &["+QINISTAT: 7", "OK"]),
            (
                "AT+QNVFR=\"/nv/item_files/modem/mmode/sms_only\"",
                &["+QNVFR: 00", "OK"],
            ),
            ("AT+QRFTESTMODE=0", &["ERROR"]),
            ("AT+NOSUCH?", &["ERROR"]),
        ] {
            assert_eq!(bench.ask(command), lines, "{command}, seed {seed}");
        }
    }
}

#[test]
fn echo_goes_when_told() {
    let mut bench = Bench::up(&scenario(), 1);
    assert!(bench.say("AT").starts_with("AT\r"));
    bench.say("ATE0");
    assert!(!bench.say("AT").contains("AT"));
    bench.say("ATE1");
    assert!(bench.say("AT").starts_with("AT\r"));
}

#[test]
fn unsolicited_lines_stand_between_and_reads_are_cut() {
    let mut bench = Bench::up(&scenario(), 7);
    let (mut between, mut cut) = (false, false);
    for _ in 0..100 {
        bench.radio.write(Wire::At, b"AT+CFUN?\r");
        bench.pass(Duration::from_secs(1));
        let mut buffer = [0; 512];
        let mut reads = Vec::new();
        loop {
            let count = bench.radio.read(Wire::At, &mut buffer);
            if count == 0 {
                break;
            }
            reads.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
        }
        // The echo is a read of its own.
        cut |= reads.len() > 2;
        let all = reads.concat();
        between |= all.contains("+QUSIM: 1") && all.find("+QUSIM") < all.find("OK");
    }
    assert!(between && cut);
}

#[test]
fn the_start_says_so_in_the_order_of_the_manual() {
    let mut bench = Bench::booted(&scenario(), 1);
    bench.radio.write(Wire::At, b"AT\r");
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.read(Wire::At), b"", "nothing answers while it boots");
    assert_eq!(bench.radio.next_event(), Some(Duration::from_secs(2)));
    bench.pass(Duration::from_secs(20));
    let said = String::from_utf8(bench.read(Wire::At)).unwrap();
    let lines: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(
        lines.join(" "),
        "RDY +CFUN: 1 +CPIN: READY +QUSIM: 1 +QIND: PB DONE +QIND: SMS DONE"
    );
}

#[test]
fn the_application_half_is_late() {
    let mut bench = Bench::booted(&scenario(), 1);
    bench.pass(Duration::from_secs(2));
    bench.read(Wire::At);
    let said = bench.say("AT+QGMR");
    assert!(said.contains("RM502QGLAAR11A02M4G_01.200.00.000"), "{said}");
    bench.pass(Duration::from_secs(10));
    assert!(bench.say("AT+QGMR").contains(FIRMWARE));
}

#[test]
fn without_calibration_it_is_in_factory_test_mode_and_the_radio_stays_off() {
    let mut state = scenario();
    state.calibration = Calibration::Missing;
    let mut bench = Bench::up(&state, 3);
    assert!(!bench.radio.calibration_present());
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
    assert_eq!(bench.ask("AT+CFUN=1"), ["+CME ERROR: 0"]);
    assert_eq!(
        bench.ask("AT+QRFTEST=\"mode\""),
        ["+QRFTEST: \"mode\",1", "OK"]
    );
    assert_eq!(bench.ask("AT+QINISTAT"), ["+QINISTAT: 0", "OK"]);
}

#[test]
fn the_flag_alone_makes_factory_test_mode() {
    let mut state = scenario();
    state.ftm = true;
    let mut bench = Bench::up(&state, 3);
    assert!(bench.radio.calibration_present());
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
}

#[test]
fn a_restart_is_wished_after_its_ok() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.radio.write(Wire::At, b"AT+CFUN=1,1\r");
    bench.pass(Duration::from_millis(500));
    assert!(
        String::from_utf8(bench.read(Wire::At))
            .unwrap()
            .contains("OK")
    );
    assert_eq!(bench.radio.take_wish(), None);
    bench.pass(Duration::from_millis(500));
    assert_eq!(bench.radio.take_wish(), Some(Wish::Reset));
    assert_eq!(bench.radio.take_wish(), None);
    assert_eq!(bench.say("AT"), "");
}

#[test]
fn powering_down_says_so_first() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.ask("AT+QPOWD");
    bench.pass(Duration::from_secs(2));
    let said = String::from_utf8(bench.read(Wire::At)).unwrap();
    assert!(said.contains("POWERED DOWN"), "{said}");
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.radio.take_wish(), Some(Wish::Off));
}

#[test]
fn what_writes_identity_or_transmits_is_on_record() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.ask("AT+QRFTEST=?");
    bench.ask("AT+EGMR=0,7");
    bench.radio.take_records();
    bench.ask("AT+EGMR=1,7,\"356938035643809\"");
    bench.ask("AT+QRFTEST=\"tx\",1");
    let records = bench.radio.take_records();
    assert!(records.contains(&RecordKind::IdentityWrite {
        what: "AT+EGMR=1,7,\"356938035643809\"".into()
    }));
    assert!(records.contains(&RecordKind::Transmit {
        command: "AT+QRFTEST=\"tx\",1".into()
    }));
    assert_eq!(records.len(), 4, "and both commands: {records:?}");
    assert_eq!(bench.radio.imei().as_deref(), Some("356938035643809"));
}

#[test]
fn faults_strike_at_their_command() {
    let mut state = scenario();
    state.faults = vec![
        fault(FaultKind::LostReply, Operation::At, 2),
        fault(FaultKind::Garbage, Operation::At, 3),
        fault(FaultKind::Nak, Operation::At, 4),
        fault(FaultKind::Unplug, Operation::At, 5),
    ];
    let mut bench = Bench::up(&state, 1);
    assert_eq!(bench.ask("AT"), ["OK"]);
    assert_eq!(bench.say("AT"), "");
    assert!(!bench.say("AT").contains("OK"));
    assert_eq!(bench.ask("AT"), ["ERROR"]);
    assert_eq!(bench.say("AT"), "");
    assert_eq!(bench.radio.take_wish(), Some(Wish::Unplug));
}

#[test]
fn power_takes_settings_and_leaves_items() {
    let mut bench = Bench::up(&scenario(), 1);
    bench.say("ATE0");
    bench.ask("AT+QNVW=946,0,\"0102\"");
    bench.radio.power_off();
    assert_eq!(bench.say("AT"), "");
    bench.restart();
    assert!(bench.say("AT").starts_with("AT\r"));
    assert!(bench.ask("AT+QNVR=946,0")[0].starts_with("+QNVR: 010200"));
}

#[test]
fn a_modem_found_running_is_past_its_start() {
    let mut bench = Bench::booted(&scenario(), 1);
    bench.radio.find_running(Duration::ZERO, FIRMWARE);
    assert_eq!(bench.ask("AT+QINISTAT"), ["+QINISTAT: 7", "OK"]);
    assert_eq!(bench.ask("AT+QGMR"), [FIRMWARE, "OK"]);
    bench.pass(Duration::from_secs(20));
    assert_eq!(bench.read(Wire::At), b"");
}

#[test]
fn a_modem_that_made_a_copy_of_itself_puts_it_back_at_the_next_start() {
    let mut profile = profile();
    profile.commands = vec![spanned("AT+QPRTPARA".into())];
    let mut state = scenario();
    state.calibration = Calibration::Missing;
    let mut bench = Bench::up(&state, 1);
    bench.radio = Radio::new(&state, &profile, 1);
    bench.restart();
    assert_eq!(bench.ask("AT+QPRTPARA=3"), ["ERROR"], "there is no copy");
    state.factory_copy = FactoryCopy::Present;
    bench.radio = Radio::new(&state, &profile, 1);
    bench.restart();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
    assert_eq!(bench.ask("AT+QPRTPARA=4"), ["+QPRTPARA: 1,0", "OK"]);
    assert_eq!(bench.ask("AT+QPRTPARA=3"), ["OK"]);
    assert!(
        !bench.radio.calibration_present(),
        "not before the next start"
    );
    bench.restart();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 1", "OK"]);
    assert_eq!(bench.ask("AT+QPRTPARA=4"), ["+QPRTPARA: 1,1", "OK"]);
    let written = RecordKind::EfsWrite { path: "/".into() };
    assert!(bench.radio.take_records().contains(&written));
}

#[test]
fn an_ec25_leaves_factory_test_mode_when_told_and_restarted() {
    let mut state = scenario();
    state.ftm = true;
    let mut profile = profile();
    profile.commands = vec![spanned("AT+QRFTESTMODE".into())];
    let mut bench = Bench::up(&state, 1);
    bench.radio = Radio::new(&state, &profile, 1);
    bench.restart();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
    assert_eq!(bench.ask("AT+QRFTESTMODE=0"), ["OK"]);
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 5", "OK"]);
    bench.restart();
    assert_eq!(bench.ask("AT+CFUN?"), ["+CFUN: 1", "OK"]);
}
