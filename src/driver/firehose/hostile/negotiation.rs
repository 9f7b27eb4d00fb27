//! What a programmer says in the wrong words or at the wrong time, and is understood all the same; and a plan's time that
//! is over while it works.

use super::super::tests::{small_chip, started};
use super::*;
use crate::protocol::nand::Sector;

fn script(says: &[&str]) -> Vec<Step> {
    let step = |text: &&str| Step {
        after: 1,
        says: response(text),
    };
    says.iter().map(step).collect()
}

/// What it takes may be what was asked for, said back.
#[test]
fn the_smaller_of_two_sizes_is_asked_for_again() {
    let (max, supported) = (
        "MaxPayloadSizeToTargetInBytes",
        "MaxPayloadSizeToTargetInBytesSupported",
    );
    for first in [
        format!("value=\"NAK\" {max}=\"1048576\" {supported}=\"8192\""),
        format!("value=\"NAK\" {max}=\"8192\" {supported}=\"1048576\""),
        format!("value=\"NAK\" {supported}=\"8192\""),
        format!("value=\"NAK\" {max}=\"0\" {supported}=\"8192\""),
    ] {
        let agreed = format!("value=\"ACK\" {max}=\"8192\" {supported}=\"8192\"");
        let says = ["value=\"ACK\"", &first, &agreed];
        let (port, seen) = port(script(&says), Then::Silence, usize::MAX);
        let deadline = port.within(Duration::from_secs(60));
        let firehose = Firehose::take_up(port, deadline).unwrap();
        assert_eq!(firehose.payload(), 8192, "{first}");
        let heard = String::from_utf8(seen.lock().unwrap().heard.clone()).unwrap();
        assert_eq!(heard.matches("<configure").count(), 2, "{first}");
    }
}

/// EM7511 answers leftovers of raw data (libqmi:qfu-sahara-device.c): that answer comes before the one to the nop.
#[test]
fn an_answer_for_a_host_before_us_does_not_answer_configure() {
    let stray = response("value=\"NAK\"");
    let piece = stray.len();
    let both = [stray, response("value=\"ACK\"")].concat();
    let agreed = response("value=\"ACK\" MaxPayloadSizeToTargetInBytes=\"8192\"");
    let steps = [both, agreed].map(|says| Step { after: 1, says });
    let (port, _) = port(steps.into(), Then::Silence, piece);
    let deadline = port.within(Duration::from_secs(60));
    let firehose = Firehose::take_up(port, deadline).unwrap();
    assert_eq!(firehose.payload(), 8192);
}

type Operate = fn(&mut Firehose, Geometry, &Writing<'_>, Deadline) -> Result<(), Error>;

#[test]
fn a_plans_time_ends_no_operation_that_has_begun() {
    let sectors = Sectors::new(Sector(0), 4).unwrap();
    let chip = small_chip();
    let writing = Writing {
        sectors,
        name: "x.mbn",
        last_sector: None,
    };
    let all: [(&str, Duration, Operate); 4] = [
        ("erase", patience::ERASE, |f, chip, w, d| {
            f.erase(chip, w.sectors, d)
        }),
        ("program", patience::SET_UP, |f, chip, w, d| {
            f.program(chip, w, &mut [1; 2048].as_slice(), d, &mut |_, _| {})
                .map(drop)
        }),
        ("read", patience::SET_UP, |f, chip, w, d| {
            f.read(chip, w.sectors, &mut std::io::sink(), d, &mut |_, _| {})
        }),
        ("getsha256digest", patience::DIGEST, |f, chip, w, d| {
            f.sha256(chip, w.sectors, d).map(drop)
        }),
    ];
    for (command, patience, operate) in all {
        let (mut firehose, state) = started(|state| state.mute = Some(command));
        let until = firehose.now() + patience;
        let deadline = firehose.within(Duration::from_secs(1));
        let error = operate(&mut firehose, chip, &writing, deadline).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error}");
        assert!(firehose.now() >= until, "{command}");
        let sent = state.lock().unwrap().record.len();
        let error = operate(&mut firehose, chip, &writing, deadline).unwrap_err();
        assert!(matches!(error, Error::TooLate { .. }), "{error}");
        assert!(error.in_step() && error.code() == "firehose::timeout");
        assert_eq!(state.lock().unwrap().record.len(), sent, "nothing is sent");
    }
}
