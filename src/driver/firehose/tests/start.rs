//! The banner, the payload that both agree on, and a programmer that runs already.

use super::*;

#[test]
fn start_hears_the_banner_and_takes_the_size_of_a_refusal() {
    let (firehose, state) = started(|_| {});
    assert_eq!(firehose.payload(), 1024);
    assert_eq!(firehose.offers().has("getsha256digest"), Some(true));
    assert_eq!(firehose.offers().has("peek"), Some(false));
    let configures = state.lock().unwrap().record.len();
    assert_eq!(configures, 2);
}

#[test]
fn a_banner_in_one_log_is_understood() {
    let (port, _) = port(|state| {
        state.log("INFO: Supported Functions: program configure power benchmark read getstorageinfo erase nop ");
    });
    let deadline = port.within(Duration::from_secs(60));
    let firehose = Firehose::start(port, deadline).unwrap();
    assert_eq!(firehose.offers().has("erase"), Some(true));
    assert_eq!(firehose.offers().has("getsha256digest"), Some(false));
}

#[test]
fn a_programmer_that_runs_already_is_taken_up_without_its_banner() {
    let (port, state) = port(|_| {});
    let deadline = port.within(Duration::from_secs(60));
    let firehose = Firehose::take_up(port, deadline).unwrap();
    assert_eq!(firehose.offers().has("erase"), None);
    assert_eq!(state.lock().unwrap().record[0].0, "nop");
}

#[test]
fn a_refusal_without_a_size_ends_the_negotiation() {
    let (port, _) = port(|state| state.nak = Some(("configure", 1)));
    let deadline = port.within(Duration::from_secs(60));
    let error = Firehose::start(port, deadline).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::Nak {
                command: "configure",
                ..
            }
        ) && error.in_step()
    );
    assert!(error.to_string().contains("it <cannot> be"), "{error}");
}
