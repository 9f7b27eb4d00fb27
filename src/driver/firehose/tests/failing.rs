//! What fails says whether the conversation is still in step.

use super::*;
use crate::transport;

#[test]
fn every_way_to_fail_says_whether_the_conversation_is_in_step() {
    let (mut firehose, _) = started(|state| state.nak = Some(("program", 1)));
    let error = write(&mut firehose, 0, 4, &[0; 2048]).unwrap_err();
    assert!(matches!(error, Error::Nak { .. }) && error.in_step());
    write(&mut firehose, 0, 4, &[0; 2048]).unwrap();

    let (mut firehose, _) = started(|state| state.mute = Some("erase"));
    let deadline = late(&firehose);
    let error = firehose
        .erase(small_chip(), range(0, 4), deadline)
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && !error.in_step());

    let (mut firehose, _) = started(|state| state.leave = Some(("program", 1)));
    let error = write(&mut firehose, 0, 4, &[0; 2048]).unwrap_err();
    assert!(matches!(error, Error::Gone { .. }) && !error.in_step());

    let (mut firehose, _) = started(|state| state.stall_after = Some(1024));
    let error = write(&mut firehose, 0, 4, &[0; 2048]).unwrap_err();
    assert!(
        matches!(error, Error::Stopped { sent: 1024, .. }) && !error.in_step(),
        "{error:?}"
    );
}

#[test]
fn three_wishes_stop_in_the_middle_of_raw_data_and_say_so() {
    let (mut firehose, state) = started(|state| state.accepts = 1024);
    firehose.interrupt().set_urgency(transport::Urgency::Hold);
    state.lock().unwrap().hasty = Some(firehose.interrupt().clone());
    let error = write(&mut firehose, 0, 16, &[1; 8192]).unwrap_err();
    assert!(
        matches!(
            error,
            Error::OutOfStep {
                sent: 3072,
                announced: 8192,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_reset_is_done_when_it_is_acknowledged_or_the_modem_is_gone() {
    for leave in [None, Some(("power", 1))] {
        let (mut firehose, _) = started(|state| state.leave = leave);
        let deadline = late(&firehose);
        firehose.reset(deadline).unwrap();
    }
    let (mut firehose, _) = started(|state| state.nak = Some(("power", 1)));
    let deadline = late(&firehose);
    assert!(firehose.reset(deadline).is_err());
}
