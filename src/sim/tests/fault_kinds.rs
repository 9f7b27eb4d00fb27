//! Each kind of fault of the boot ROM and the programmer really strikes: bytes on the wire or the flash show it.

use super::host::{Answer, Host, PAGE};
use crate::plan::{Fault, FaultKind, Hand, Mode, Operation, Scenario};
use crate::protocol::firehose::Element;
use crate::protocol::sahara::{Mode as SaharaMode, Packet};
use crate::sim::Wire;
use crate::sim::fixture::spanned;
use crate::sim::package::programmer::programmer;
use std::time::Duration;

const TZ: u64 = 136 * 64;

fn told(
    kind: FaultKind,
    on: Operation,
    nth: u32,
    value: Option<&str>,
) -> impl FnOnce(&mut Scenario) + use<'_> {
    move |scenario| {
        scenario.faults = vec![Fault {
            step: None,
            kind: spanned(kind),
            on: Some(spanned(on)),
            nth: Some(nth),
            value: value.map(|text| spanned(text.to_owned())),
        }];
    }
}

fn fault(kind: FaultKind, on: Operation) -> impl FnOnce(&mut Scenario) {
    told(kind, on, 1, None)
}

/// The transfers that answer an erase.
fn transfers(kind: FaultKind, value: Option<&str>) -> Vec<Vec<u8>> {
    let mut host = Host::in_firehose(told(kind, Operation::Erase, 1, value));
    host.write(&Host::range("erase", TZ, 64).document());
    let mut all = Vec::new();
    loop {
        match host.read() {
            bytes if bytes.is_empty() => return all,
            bytes => all.push(bytes),
        }
    }
}

fn documents(bytes: &[u8]) -> usize {
    bytes.windows(7).filter(|part| part == b"</data>").count()
}

#[test]
fn an_answer_is_cut_and_joined_and_is_the_same_bytes() {
    let usual = transfers(FaultKind::Slow, None);
    assert_eq!(usual.len(), 2, "a log line and a response");
    let split = transfers(FaultKind::Split, None);
    assert!(split.len() > 10 && split[1..].iter().all(|piece| piece.len() <= 3));
    let short = transfers(FaultKind::ShortRead, Some("7"));
    assert_eq!((short.len(), short[1].len()), (3, 7));
    let joined = transfers(FaultKind::Join, None);
    assert_eq!(joined.len(), 1);
    for other in [split, short, joined] {
        assert_eq!(other.concat(), usual.concat());
    }
    let two = transfers(FaultKind::TwoDocuments, None);
    assert_eq!(documents(two.last().unwrap()), 2);
    let twice = transfers(FaultKind::DuplicateReply, None);
    assert_eq!((twice.len(), &twice[1]), (3, &twice[2]));
    let stale = transfers(FaultKind::StaleBytes, None);
    assert!(!stale[1].starts_with(b"<") && stale[2] == usual[1]);
    let late = transfers(FaultKind::LateLog, None);
    assert!(String::from_utf8_lossy(late.last().unwrap()).contains("<log"));
}

#[test]
fn a_command_that_is_not_heard_does_nothing_and_one_without_response_does() {
    let mut host = Host::in_firehose(fault(FaultKind::Timeout, Operation::Erase));
    assert_eq!(host.erase(TZ, 64), Answer::Silence);
    assert!(!host.words().contains(&"erase"));
    assert_eq!(host.erase(TZ, 64), Answer::Ack);
    let mut host = Host::in_firehose(fault(FaultKind::LogWithoutResponse, Operation::Erase));
    host.logs.clear();
    assert_eq!(host.erase(TZ, 64), Answer::Silence);
    assert!(!host.logs.is_empty());
    assert!(host.read_sectors(TZ, 1) == [0xff; PAGE]);
}

#[test]
fn a_modem_that_stalls_keeps_the_order_and_a_late_answer_is_overtaken() {
    let nop = Element::new("nop");
    let mut host = Host::in_firehose(told(FaultKind::Stall, Operation::Digest, 1, Some("10s")));
    let before = host.modem.now();
    host.write(&Host::range("getsha256digest", TZ, 1).document());
    assert_eq!(host.command(&nop), Answer::Ack);
    assert!(host.modem.now().saturating_sub(before) >= Duration::from_secs(10));
    let told = told(FaultKind::LateReply, Operation::Digest, 1, Some("10s"));
    let mut host = Host::in_firehose(told);
    let before = host.modem.now();
    host.write(&Host::range("getsha256digest", TZ, 1).document());
    assert_eq!(host.command(&nop), Answer::Ack);
    assert!(host.modem.now().saturating_sub(before) < Duration::from_secs(1));
    assert_eq!(host.answer(), Answer::Ack);
    assert!(host.modem.now().saturating_sub(before) >= Duration::from_secs(10));
}

#[test]
fn a_modem_leaves_and_comes_back() {
    let mut host = Host::in_firehose(told(FaultKind::Vanish, Operation::Erase, 1, Some("5s")));
    assert_eq!(host.erase(0, 640), Answer::Silence);
    assert_eq!(host.modem.presence(), None);
    host.wait(Duration::from_secs(4));
    assert_eq!(host.modem.presence(), None, "power is still away");
    host.wait(Duration::from_secs(2));
    // Half of the boot loader is gone.
    assert_eq!(host.modem.summary().mode, Mode::Edl);
    for mode in [Mode::Ramdump, Mode::Edl, Mode::Normal] {
        let value = Some(mode.word());
        let mut host = Host::in_firehose(told(FaultKind::WrongMode, Operation::Digest, 1, value));
        assert_eq!(host.digest(TZ, 1), None);
        host.wait(Duration::from_secs(30));
        assert_eq!(host.modem.summary().mode, mode);
    }
}

#[test]
fn a_greeting_comes_twice_or_behind_an_older_end() {
    let mut host = Host::in_edl(fault(FaultKind::HelloTwice, Operation::Hello));
    for _ in 0..2 {
        assert!(matches!(host.packet(), Some(Packet::Hello { .. })));
    }
    let mut host = Host::in_edl(told(FaultKind::StaleEnd, Operation::Hello, 1, Some("7")));
    let stale = Packet::EndOfImage {
        image: 13,
        status: 7,
    };
    assert_eq!(host.packet(), Some(stale));
    host.greet(SaharaMode::ImagePending);
    let told = told(FaultKind::EndStatus, Operation::ReadData, 3, Some("8"));
    let mut host = Host::in_edl(told);
    host.greet(SaharaMode::ImagePending);
    let (end, _) = host.serve(&programmer("sdx55"));
    assert!(matches!(end, Some(Packet::EndOfImage { status: 8, .. })));
}

#[test]
fn a_boot_rom_goes_silent_after_a_read() {
    let told = told(FaultKind::SilenceAfterRead, Operation::ReadData, 3, None);
    let mut host = Host::in_edl(told);
    host.greet(SaharaMode::ImagePending);
    let (end, asked) = host.serve(&programmer("sdx55"));
    assert_eq!((end, asked.len()), (None, 3), "it asked, and then no more");
}

#[test]
fn a_looping_boot_rom_leaves_until_a_programmer_runs() {
    let mut host = Host::in_edl(fault(FaultKind::EdlLoop, Operation::Hello));
    let first = host.modem.presence().unwrap().arrival;
    host.wait(Duration::from_secs(40));
    let later = host.modem.presence().unwrap().arrival;
    assert_eq!(later - first, 2);
    host.drain();
    host.wait(Duration::from_secs(9));
    host.upload(&programmer("sdx55"));
    let arrival = host.modem.presence().unwrap().arrival;
    host.wait(Duration::from_secs(60));
    assert_eq!(host.modem.presence().unwrap().arrival, arrival);
}

#[test]
fn a_dump_state_stays_until_the_boot_pin_is_tied() {
    let mut host = Host::new(|scenario| {
        scenario.mode = spanned(Mode::Ramdump);
        fault(FaultKind::StayRamdump, Operation::Hello)(scenario);
    });
    for pin in [Hand::Nothing, Hand::BootPinOn] {
        host.modem.hand(pin);
        host.modem.hand(Hand::Unplug);
        host.modem.hand(Hand::Plug);
        host.wait(Duration::from_secs(30));
        let wanted = if pin == Hand::BootPinOn {
            Mode::Edl
        } else {
            Mode::Ramdump
        };
        assert_eq!(host.modem.summary().mode, wanted);
    }
}

#[test]
fn a_programmer_offers_less_and_lets_try_again() {
    let kind = FaultKind::NakSmallerPayload;
    let mut host = Host::in_firehose(told(kind, Operation::Configure, 2, None));
    let ask = |size: u32| Element::new("configure").with("MaxPayloadSizeToTargetInBytes", size);
    assert_eq!(host.command(&ask(8192)), Answer::Nak);
    assert_eq!(host.command(&ask(8192)), Answer::Nak);
    assert_eq!(host.command(&ask(4096)), Answer::Ack);
    let retry = transfers(FaultKind::NakRetry, None).concat();
    assert!(String::from_utf8_lossy(&retry).contains("AttemptRetry=\"1\""));
}

#[test]
fn an_erase_comes_late_and_a_block_turns_bad() {
    let mut host = Host::in_firehose(fault(FaultKind::LateErase, Operation::Erase));
    assert_eq!(host.erase(TZ, 64), Answer::Ack);
    assert!(host.read_sectors(TZ, 1) != [0xff; PAGE]);
    host.wait(Duration::from_secs(3));
    assert!(host.read_sectors(TZ, 1) == [0xff; PAGE]);
    for operation in [Operation::Erase, Operation::Program] {
        let mut host = Host::in_firehose(fault(FaultKind::BadBlock, operation));
        host.erase(TZ, 2 * 64);
        host.program(TZ, &[0x5a; PAGE]);
        // What was meant for the first block lies in the second.
        assert!(host.read_sectors(TZ, 1) == [0x5a; PAGE]);
        let marked = host.modem.world().nand.is_bad(136);
        assert!(marked, "{operation:?}");
    }
}

#[test]
fn pages_read_as_filler_once_and_a_reset_is_refused() {
    let mut host = Host::in_firehose(fault(FaultKind::ReadError, Operation::Read));
    assert!(host.read_sectors(TZ, 2) == [0xee; 2 * PAGE]);
    assert!(host.read_sectors(TZ, 2) != [0xee; 2 * PAGE]);
    let mut host = Host::in_firehose(fault(FaultKind::ErrorOnReset, Operation::Power));
    let power = Element::new("power").with("value", "reset");
    assert_eq!(host.command(&power), Answer::Nak);
    host.wait(Duration::from_secs(10));
    assert_eq!(host.modem.summary().mode, Mode::Firehose);
    assert!(!host.words().contains(&"power"));
}

#[test]
fn a_modem_comes_back_at_another_port_and_stays_there() {
    let mut host = Host::in_firehose(told(FaultKind::OtherPort, Operation::Erase, 1, Some("3s")));
    assert_eq!(host.modem.presence().unwrap().usb.path, "1-1");
    assert_eq!(host.erase(0, 640), Answer::Silence);
    assert_eq!(host.modem.presence(), None);
    host.wait(Duration::from_secs(5));
    assert_eq!(host.modem.presence().unwrap().usb.path, "1-2");
    host.modem.hand(Hand::Unplug);
    host.modem.hand(Hand::Plug);
    host.wait(Duration::from_secs(5));
    assert_eq!(host.modem.presence().unwrap().usb.path, "1-2");
}

#[test]
fn a_write_is_taken_in_part_and_its_rest_completes_it() {
    let told = told(FaultKind::ShortWrite, Operation::Erase, 1, Some("7"));
    let mut host = Host::in_firehose(told);
    assert_eq!(host.erase(TZ, 64), Answer::Ack);
    let document = Host::range("erase", TZ, 64).document();
    assert_eq!(host.modem.write(Wire::Edl, &document), Ok(7));
    assert_eq!(
        host.modem.write(Wire::Edl, &document[7..]),
        Ok(document.len() - 7)
    );
    assert_eq!(host.answer(), Answer::Ack);
}

#[test]
fn a_transfer_of_whole_packets_waits_for_its_end_where_one_is_required() {
    let end = |host: &mut Host| host.modem.transfer_ended(Wire::Edl).unwrap();
    let program = |host: &mut Host| {
        host.erase(TZ, 64);
        host.write(&Host::range("program", TZ, 1).document());
        assert_eq!(host.answer(), Answer::Raw);
        host.write(&[0x5a; PAGE]);
    };
    let mut usual = Host::in_firehose(|_| {});
    program(&mut usual);
    assert_eq!(usual.answer(), Answer::Ack);
    let mut host = Host::in_firehose(fault(FaultKind::ZlpRequired, Operation::Erase));
    program(&mut host);
    assert_eq!(
        host.answer(),
        Answer::Silence,
        "it waits for the end of the transfer"
    );
    end(&mut host);
    assert_eq!(host.answer(), Answer::Ack);
}

#[test]
fn a_zero_length_packet_silences_a_modem_that_forbids_it_until_power_goes() {
    let nop = Element::new("nop");
    let mut host = Host::in_firehose(fault(FaultKind::ZlpForbidden, Operation::Erase));
    host.modem.transfer_ended(Wire::Edl).unwrap();
    assert_eq!(host.command(&nop), Answer::Ack, "not yet");
    assert_eq!(host.erase(TZ, 64), Answer::Ack);
    host.modem.transfer_ended(Wire::Edl).unwrap();
    assert_eq!(host.command(&nop), Answer::Silence);
    host.modem.hand(Hand::BootPinOn);
    host.modem.hand(Hand::Unplug);
    host.modem.hand(Hand::Plug);
    host.wait(Duration::from_secs(5));
    assert!(matches!(host.packet(), Some(Packet::Hello { .. })));
}
