use super::host::{Answer, Host, PAGE};
use crate::plan::{Fault, FaultKind, Hand, Mode, Operation, Scenario};
use crate::protocol::firehose::Element;
use crate::protocol::sahara::{Mode as SaharaMode, Packet};
use crate::sim::fixture::spanned;
use crate::sim::package::programmer::programmer;
use std::time::Duration;

const TZ: u64 = 136 * 64;

fn fault(kind: FaultKind, on: Operation, nth: u32) -> impl FnOnce(&mut Scenario) {
    move |scenario| {
        scenario.faults = vec![Fault {
            kind: spanned(kind),
            on: Some(spanned(on)),
            step: None,
            nth: Some(nth),
            value: None,
        }];
    }
}

#[test]
fn a_hello_that_never_comes_is_got_by_a_nudge() {
    let mut host = Host::in_edl(fault(FaultKind::NoHello, Operation::Hello, 1));
    assert_eq!(host.packet(), None);
    host.write(&[0x3a]);
    host.respond(SaharaMode::ImagePending);
    assert!(matches!(host.packet(), Some(Packet::ReadData { .. })));
}

#[test]
fn reads_may_end_with_a_status_or_be_lost() {
    let mut host = Host::in_edl(fault(FaultKind::EndStatus, Operation::ReadData, 5));
    host.greet(SaharaMode::ImagePending);
    let (end, asked) = host.serve(&programmer("sdx55"));
    let refused = Packet::EndOfImage {
        image: 13,
        status: 0x25,
    };
    assert_eq!((end, asked.len()), (Some(refused), 4));
    let mut host = Host::in_edl(fault(FaultKind::LostReply, Operation::ReadData, 5));
    host.greet(SaharaMode::ImagePending);
    let (end, asked) = host.serve(&programmer("sdx55"));
    assert_eq!((end, asked.len()), (None, 4));
}

#[test]
fn the_answer_may_be_lost_and_the_work_done() {
    let mut host = Host::in_firehose(fault(FaultKind::LostReply, Operation::Erase, 1));
    assert_eq!(host.erase(TZ, 64), Answer::Silence);
    assert_eq!(host.read_sectors(TZ, 1), [0xff; PAGE]);
    assert_eq!(host.erase(TZ, 64), Answer::Ack);
}

#[test]
fn garbage_comes_instead_of_an_answer() {
    let mut host = Host::in_firehose(fault(FaultKind::Garbage, Operation::Erase, 1));
    host.write(&Host::range("erase", TZ, 64).document());
    let bytes = host.read();
    assert!(!bytes.is_empty() && !bytes.starts_with(b"<"));
}

#[test]
fn a_refused_command_does_nothing() {
    for (operation, word) in [(Operation::Erase, "erase"), (Operation::Program, "program")] {
        let mut host = Host::in_firehose(fault(FaultKind::Nak, operation, 1));
        let command = Host::range(word, TZ, 64);
        assert_eq!(host.command(&command), Answer::Nak);
        assert!(!host.words().contains(&word));
        assert!(host.modem.summary().boots);
    }
}

#[test]
fn lost_and_flipped_data_show_in_the_digest_and_do_not_boot() {
    let image = vec![0x5a; 40 * PAGE];
    let wanted = crate::files::sha256(&image[..]).unwrap().0;
    for kind in [FaultKind::AckButLost, FaultKind::BitFlip] {
        for operation in [Operation::Program, Operation::Raw] {
            let mut host = Host::in_firehose(fault(kind, operation, 1));
            assert_eq!(host.erase(TZ, 8 * 64), Answer::Ack);
            assert_eq!(host.program(TZ, &image), Answer::Ack);
            let digest = host.digest(TZ, 40).unwrap();
            assert_ne!(digest, wanted, "{kind:?} at {operation:?}");
            assert!(!host.modem.summary().boots);
            assert_eq!(host.erase(TZ, 8 * 64), Answer::Ack);
            assert_eq!(host.program(TZ, &image), Answer::Ack);
            assert_eq!(host.digest(TZ, 40).as_ref(), Some(&wanted));
        }
    }
}

#[test]
fn a_plug_pulled_in_the_data_leaves_what_came_and_no_record_of_an_end() {
    let mut host = Host::in_firehose(fault(FaultKind::Unplug, Operation::Raw, 10));
    assert_eq!(host.erase(TZ, 8 * 64), Answer::Ack);
    assert_eq!(host.program(TZ, &vec![0x5a; 64 * PAGE]), Answer::Silence);
    assert_eq!(host.modem.presence(), None);
    host.wait(Duration::from_secs(100));
    assert_eq!(host.modem.presence(), None);
    assert_eq!(host.words().iter().filter(|w| **w == "program").count(), 1);
    host.modem.hand(Hand::Plug);
    host.wait(Duration::from_secs(10));
    // TZ is half written: the boot loader runs and cannot go on.
    assert_eq!(host.modem.summary().mode, Mode::Ramdump);
}

#[test]
fn slow_answers_take_ten_times_as_long() {
    let time = |change: Box<dyn FnOnce(&mut Scenario)>| {
        let mut host = Host::in_firehose(change);
        let before = host.modem.now();
        assert_eq!(host.erase(0, 1024 * 64), Answer::Ack);
        host.modem.now().saturating_sub(before)
    };
    let usual = time(Box::new(|_| ()));
    let slow = time(Box::new(fault(FaultKind::Slow, Operation::Erase, 1)));
    assert_eq!(slow, usual * 10);
}

#[test]
fn a_refused_configure_works_when_asked_again() {
    let mut host = Host::in_firehose(fault(FaultKind::Nak, Operation::Configure, 2));
    let configure = Element::new("configure").with("MaxPayloadSizeToTargetInBytes", 8192);
    assert_eq!(host.command(&configure), Answer::Nak);
    assert_eq!(host.command(&configure), Answer::Ack);
}
