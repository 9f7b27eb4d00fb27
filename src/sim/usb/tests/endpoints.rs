//! Each rule by which bytes move, as a test of its own (usb-test-rig.md §5 and §6).

use super::lab::{IN, Lab, OUT};
use crate::sim::usb::{
    AfterFull, Answer, Done, Ending, Engine, Given, Outcome, Setup, Urb, foreign_boot_rom,
};
use std::time::Duration;

/// A configured device.
fn engine(lab: &mut Lab) -> Engine {
    let mut engine = Engine::new(foreign_boot_rom());
    let answer = engine.control(request(0x00, 9, 1, 0), &[], lab);
    assert_eq!(answer, Answer::Acknowledge);
    engine
}

fn request(kind: u8, request: u8, value: u16, index: u16) -> Setup {
    Setup {
        kind,
        request,
        value,
        index,
        length: 64,
    }
}

/// Reads; what came is told with its outcome. `None` while the request is pending.
fn read(engine: &mut Engine, lab: &mut Lab, length: usize) -> Option<(Outcome, Vec<u8>)> {
    engine.submit(Urb::input(7, IN, length));
    let done = engine.pump(lab).pop();
    done.map(|done| (done.outcome, done.data))
}

fn write(engine: &mut Engine, lab: &mut Lab, bytes: &[u8], zero_packet: bool) -> Option<Done> {
    engine.submit(Urb {
        zero_packet,
        ..Urb::output(8, OUT, bytes.to_vec())
    });
    engine.pump(lab).pop()
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "compared with a read that may be pending"
)]
fn complete(count: usize) -> Option<(Outcome, Vec<u8>)> {
    Some((Outcome::Complete, vec![7; count]))
}

#[test]
fn a_read_ends_at_a_short_packet() {
    for count in [1, 48, 511, 513, 1000] {
        let mut lab = Lab::default();
        let mut engine = engine(&mut lab);
        lab.gives(&vec![7; count], AfterFull::Nothing);
        lab.gives(&[9; 10], AfterFull::Nothing);
        assert_eq!(read(&mut engine, &mut lab, 4096), complete(count));
    }
}

#[test]
fn a_read_goes_on_over_full_packets_until_it_is_full() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    for _ in 0..3 {
        lab.gives(&[7; 512], AfterFull::Nothing);
    }
    assert_eq!(read(&mut engine, &mut lab, 1024), complete(1024));
    assert_eq!(read(&mut engine, &mut lab, 512), complete(512));
}

#[test]
fn a_read_that_is_not_full_waits_after_a_full_packet() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives(&[7; 512], AfterFull::Nothing);
    assert_eq!(read(&mut engine, &mut lab, 1024), None);
    lab.gives(&[7; 1], AfterFull::Nothing);
    assert_eq!(engine.pump(&mut lab)[0].data, [7; 513]);
}

#[test]
fn a_zero_length_packet_ends_a_read_with_room_left() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives(&[7; 1024], AfterFull::ZeroPacket);
    assert_eq!(read(&mut engine, &mut lab, 4096), complete(1024));
}

#[test]
fn a_zero_length_packet_behind_a_full_read_is_the_next_read() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives(&[7; 1024], AfterFull::ZeroPacket);
    lab.gives(&[7; 3], AfterFull::ZeroPacket);
    assert_eq!(read(&mut engine, &mut lab, 1024), complete(1024));
    assert_eq!(read(&mut engine, &mut lab, 1024), complete(0));
    assert_eq!(read(&mut engine, &mut lab, 1024), complete(3));
}

#[test]
fn a_transfer_longer_than_the_read_goes_on_in_the_next_one() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives(&[7; 1500], AfterFull::Nothing);
    assert_eq!(read(&mut engine, &mut lab, 1024), complete(1024));
    assert_eq!(read(&mut engine, &mut lab, 1024), complete(476));
}

#[test]
fn an_empty_transfer_is_a_zero_length_packet() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives(&[], AfterFull::Nothing);
    assert_eq!(read(&mut engine, &mut lab, 64), complete(0));
}

#[test]
fn a_packet_that_does_not_fit_is_babble_and_still_there() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives(&[7; 100], AfterFull::Nothing);
    let babble = |count| Some((Outcome::Babble, vec![7; count]));
    assert_eq!(read(&mut engine, &mut lab, 99), babble(0));
    assert_eq!(read(&mut engine, &mut lab, 0), babble(0));
    assert_eq!(read(&mut engine, &mut lab, 100), complete(100));
    lab.gives(&[7; 1024], AfterFull::Nothing);
    assert_eq!(read(&mut engine, &mut lab, 600), babble(512));
}

#[test]
fn a_read_without_data_is_pending_until_they_come() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives_at(Duration::from_secs(3), &[7; 5], AfterFull::Nothing);
    assert_eq!(read(&mut engine, &mut lab, 64), None);
    lab.now = Duration::from_secs(3);
    assert_eq!(engine.pump(&mut lab)[0].moved, 5);
}

#[test]
fn reads_end_in_the_order_in_which_they_came() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    for tag in 1..=3 {
        engine.submit(Urb::input(tag, IN, 512));
    }
    for byte in 1..=3 {
        lab.gives(&[byte], AfterFull::Nothing);
    }
    let done = engine.pump(&mut lab);
    let came: Vec<_> = done.iter().map(|d| (d.tag, d.data[0])).collect();
    assert_eq!(came, [(1, 1), (2, 2), (3, 3)]);
}

#[test]
fn a_short_read_is_an_error_for_whom_it_is_one() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    for (count, outcome) in [(5, Outcome::Short), (64, Outcome::Complete)] {
        lab.gives(&vec![7; count], AfterFull::Nothing);
        engine.submit(Urb {
            short_is_error: true,
            ..Urb::input(1, IN, 64)
        });
        let done = engine.pump(&mut lab);
        assert_eq!((done[0].outcome, done[0].moved), (outcome, count));
    }
}

#[test]
fn a_write_tells_how_it_ended() {
    for (count, zero_packet, ending) in [
        (0, false, Ending::ZeroPacket),
        (0, true, Ending::ZeroPacket),
        (10, false, Ending::Short),
        (10, true, Ending::Short),
        (512, false, Ending::Open),
        (512, true, Ending::ZeroPacket),
        (1024, false, Ending::Open),
        (1025, false, Ending::Short),
    ] {
        let mut lab = Lab::default();
        let mut engine = engine(&mut lab);
        let done = write(&mut engine, &mut lab, &vec![1; count], zero_packet).unwrap();
        assert_eq!((done.outcome, done.moved), (Outcome::Complete, count));
        assert_eq!(
            lab.taken,
            [(vec![1; count], ending)],
            "{count} {zero_packet}"
        );
    }
}

#[test]
fn a_write_waits_while_the_device_is_busy() {
    let mut lab = Lab {
        appetite: 1024,
        ..Lab::default()
    };
    let mut engine = engine(&mut lab);
    assert_eq!(write(&mut engine, &mut lab, &[1; 4096], false), None);
    assert_eq!(lab.taken_bytes().len(), 1024);
    lab.appetite = usize::MAX;
    assert_eq!(engine.pump(&mut lab)[0].moved, 4096);
    assert_eq!(lab.taken_bytes(), [1; 4096]);
}

#[test]
fn a_cancelled_read_gives_back_the_bytes_that_it_holds() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives(&[7; 1024], AfterFull::Nothing);
    assert_eq!(read(&mut engine, &mut lab, 4096), None);
    let cancelled = engine.cancel(7).unwrap();
    assert_eq!((cancelled.moved, cancelled.data), (1024, vec![7; 1024]));
    assert_eq!(engine.cancel(7), None);
    assert_eq!(engine.waiting(), (0, 0));
}

#[test]
fn a_cancelled_write_tells_how_much_was_taken() {
    let mut lab = Lab {
        appetite: 512,
        ..Lab::default()
    };
    let mut engine = engine(&mut lab);
    assert_eq!(write(&mut engine, &mut lab, &[1; 4096], false), None);
    assert_eq!(engine.cancel(8).unwrap().moved, 512);
}

#[test]
fn a_device_may_stall_until_the_host_clears_the_halt() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    lab.gives.push_back((Duration::ZERO, Given::Stall));
    lab.gives(&[7; 4], AfterFull::Nothing);
    let stall = Some((Outcome::Stall, Vec::new()));
    assert_eq!(read(&mut engine, &mut lab, 64), stall);
    assert_eq!(read(&mut engine, &mut lab, 64), stall);
    let is_halted = request(0x82, 0, 0, u16::from(IN));
    let answer = engine.control(is_halted, &[], &mut lab);
    assert_eq!(answer, Answer::Data(vec![1, 0]));
    let clear = request(0x02, 1, 0, u16::from(IN));
    assert_eq!(engine.control(clear, &[], &mut lab), Answer::Acknowledge);
    assert_eq!(read(&mut engine, &mut lab, 64), complete(4));
}

#[test]
fn a_stalled_write_moves_nothing_and_leaves_reading_alone() {
    let mut lab = Lab {
        stalls: true,
        ..Lab::default()
    };
    let mut engine = engine(&mut lab);
    let done = write(&mut engine, &mut lab, &[1; 10], false).unwrap();
    assert_eq!((done.outcome, done.moved), (Outcome::Stall, 0));
    lab.gives(&[7; 4], AfterFull::Nothing);
    assert_eq!(read(&mut engine, &mut lab, 64), complete(4));
}

#[test]
fn the_host_may_halt_an_endpoint_and_configuring_ends_it() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    let halt = request(0x02, 3, 0, u16::from(OUT));
    assert_eq!(engine.control(halt, &[], &mut lab), Answer::Acknowledge);
    let done = write(&mut engine, &mut lab, &[1], false).unwrap();
    assert_eq!(done.outcome, Outcome::Stall);
    engine.control(request(0x00, 9, 1, 0), &[], &mut lab);
    let done = write(&mut engine, &mut lab, &[1], false).unwrap();
    assert_eq!(done.outcome, Outcome::Complete);
    assert_eq!(lab.configured, 2);
}

#[test]
fn nothing_moves_at_an_endpoint_that_does_not_exist_or_before_the_device_is_configured() {
    let mut lab = Lab::default();
    let mut engine = engine(&mut lab);
    engine.submit(Urb::input(1, 0x85, 64));
    assert_eq!(engine.pump(&mut lab)[0].outcome, Outcome::Stall);
    let mut new = Engine::new(foreign_boot_rom());
    new.submit(Urb::output(1, OUT, vec![1]));
    assert_eq!(new.pump(&mut lab)[0].outcome, Outcome::Stall);
    assert_eq!(lab.taken, []);
}

#[test]
fn what_is_written_to_an_echo_can_be_read_at_once() {
    let mut lab = Lab {
        echoes: true,
        ..Lab::default()
    };
    let mut engine = engine(&mut lab);
    assert_eq!(read(&mut engine, &mut lab, 512), None);
    engine.submit(Urb::output(2, OUT, b"hello".to_vec()));
    let done = engine.pump(&mut lab);
    assert_eq!(done[1].data, b"hello");
}
