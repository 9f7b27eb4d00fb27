//! Every message of a programmer cut short, too long, in the wrong place or bent: each operation ends with the right error,
//! after a bounded number of reads, and never well.

mod negotiation;
mod operations;

use super::*;
use crate::driver::scripted::{MOST_READS, Seen, Step, Then, port};
use operations::{
    Kind::{Answer, Bytes, Raw},
    Operation, ack, document, log, operations, response, taken,
};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

/// Runs an operation whose reply `at` is another one, after which nothing comes but `then`.
fn with(
    operation: &Operation,
    at: usize,
    bytes: &[u8],
    then: Then,
    piece: usize,
) -> Result<(), Error> {
    let before = operation.replies[..at].iter();
    let mut steps: Vec<Step> = before
        .map(|reply| Step {
            after: reply.after,
            says: reply.bytes.clone(),
        })
        .collect();
    steps.push(Step {
        after: operation.replies[at].after,
        says: bytes.to_vec(),
    });
    let (port, seen) = port(steps, then, piece);
    bounded(operation, port, &seen)
}

fn bounded(operation: &Operation, port: Port, seen: &Arc<Mutex<Seen>>) -> Result<(), Error> {
    let deadline = port.within(Duration::from_secs(600));
    let result = (operation.run)(port, deadline);
    let seen = seen.lock().unwrap();
    assert!(
        seen.reads < MOST_READS,
        "{}: reads for ever",
        operation.name
    );
    assert!(
        seen.heard.len() < 16 * 1024,
        "{}: sends for ever",
        operation.name
    );
    result
}

fn code(result: Result<(), Error>) -> &'static str {
    result.map_or_else(|error| error.code(), |()| "well")
}

#[test]
fn each_operation_ends_well_where_the_programmer_does() {
    for operation in operations() {
        for piece in [1, 7, usize::MAX] {
            let steps = operation.replies.iter().map(|reply| Step {
                after: reply.after,
                says: reply.bytes.clone(),
            });
            let (port, seen) = port(steps.collect(), Then::Silence, piece);
            assert_eq!(
                code(bounded(&operation, port, &seen)),
                "well",
                "{}",
                operation.name
            );
        }
    }
}

/// At every byte: what was not said whole was not said.
#[test]
fn a_reply_that_is_cut_is_none() {
    for operation in operations() {
        for (at, reply) in operation.replies.iter().enumerate() {
            for cut in 0..reply.bytes.len() {
                for (then, of_bytes, of_answer) in [
                    (Then::Silence, "firehose::out-of-step", "firehose::timeout"),
                    (Then::Gone, "firehose::gone", "firehose::gone"),
                ] {
                    let gone_is_done = operation.name == "reset" && matches!(then, Then::Gone);
                    let found = code(with(&operation, at, &reply.bytes[..cut], then, usize::MAX));
                    let wanted = match reply.kind {
                        _ if gone_is_done => "well",
                        Bytes => of_bytes,
                        Answer | Raw => of_answer,
                    };
                    assert_eq!(found, wanted, "{} {at} cut at {cut}", operation.name);
                }
            }
        }
    }
}

/// Message, the code for a response, the code for one before raw bytes.
type Strange = (&'static str, Vec<u8>, &'static str, &'static str);

#[rustfmt::skip]
fn strange() -> Vec<Strange> {
    let logs = [log("INFO: a"), log("ERROR: b")].concat();
    let big = log(&"x".repeat(200 * 1024));
    let many = log("INFO: on and on").repeat(3000);
    let size = |value: &str| {
        response(&format!(
            "value=\"NAK\" MaxPayloadSizeToTargetInBytes=\"{value}\""
        ))
    };
    vec![
        ("nothing", vec![], "firehose::timeout", "firehose::timeout"),
        ("refusal", response("value=\"NAK\" rawmode=\"false\""), "firehose::refused", "firehose::refused"),
        ("refusal to be tried again", response("value=\"NAK\" AttemptRetry=\"1\""), "firehose::refused", "firehose::refused"),
        ("refusal that says raw", response("value=\"NAK\" rawmode=\"true\""), "firehose::refused", "firehose::refused"),
        ("response without value", response("rawmode=\"true\""), "firehose::refused", "firehose::refused"),
        ("response of another value", response("value=\"MAYBE\""), "firehose::refused", "firehose::refused"),
        ("value in small letters", response("value=\"ack\""), "firehose::refused", "firehose::refused"),
        ("value with a blank", response("value=\" ACK\""), "firehose::refused", "firehose::refused"),
        ("logs alone", logs, "firehose::timeout", "firehose::timeout"),
        ("log that says ACK", log("&lt;response value=&quot;ACK&quot; /&gt;"), "firehose::timeout", "firehose::timeout"),
        ("other element", document("<ack value=\"ACK\"/>"), "firehose::timeout", "firehose::timeout"),
        ("response in capitals", document("<RESPONSE value=\"ACK\"/>"), "firehose::timeout", "firehose::timeout"),
        ("document without end", b"<?xml?><data><response value=\"ACK\" />".to_vec(), "firehose::timeout", "firehose::timeout"),
        ("element without end", document("<response value=\"ACK\""), "firehose::timeout", "firehose::timeout"),
        ("value without end", document("<response value=\"ACK />"), "firehose::timeout", "firehose::timeout"),
        ("HELLO of a boot ROM", [&[1_u8, 0, 0, 0, 48, 0, 0, 0][..], &[0; 40]].concat(), "firehose::timeout", "firehose::timeout"),
        ("HDLC", vec![0x7e, 1, 2, 3, 0x7e], "firehose::timeout", "firehose::timeout"),
        ("zeros", vec![0; 4096], "firehose::timeout", "firehose::timeout"),
        ("very long log", big, "firehose::unexpected", "firehose::unexpected"),
        ("very many logs", many, "firehose::unexpected", "firehose::unexpected"),
        ("noise", vec![0xff; 80 * 1024], "firehose::unexpected", "firehose::unexpected"),
        ("raw where none is", response("value=\"ACK\" rawmode=\"true\""), "firehose::unexpected", "well"),
        ("no raw where it is", response("value=\"ACK\" rawmode=\"false\""), "well", "firehose::unexpected"),
        ("raw in capitals", response("value=\"ACK\" rawmode=\"TRUE\""), "well", "firehose::unexpected"),
        ("size of nothing", size("0"), "firehose::refused", "firehose::refused"),
        ("size below nothing", size("-1"), "firehose::refused", "firehose::refused"),
        ("size beyond all", size("99999999999999999999999"), "firehose::refused", "firehose::refused"),
        ("size that is more than asked", size("2097152"), "firehose::refused", "firehose::refused"),
    ]
}

/// In the place of every response.
#[test]
fn a_reply_that_does_not_belong_there_ends_the_operation() {
    let replies = strange();
    for operation in operations() {
        for (at, reply) in operation.replies.iter().enumerate() {
            for (name, bytes, of_answer, of_raw) in &replies {
                let wanted = match reply.kind {
                    Answer => *of_answer,
                    Raw => *of_raw,
                    Bytes => continue,
                };
                // What is a right reply there is the other tests' business; a digest and a chip are in logs.
                let in_logs = matches!(operation.name, "storage" | "digest");
                let last = operation.replies.len() == at + 1;
                if wanted == "well" && (in_logs || !last || operation.name == "take up") {
                    continue;
                }
                // Any response shows a programmer, and whoever answers a reset with a yes leaves.
                let any = operation.name == "take up" && at == 0;
                if any || (operation.name == "reset" && *name == "raw where none is") {
                    continue;
                }
                let found = code(with(&operation, at, bytes, Then::Silence, usize::MAX));
                assert_eq!(found, wanted, "{} {at}: {name}", operation.name);
            }
        }
    }
}

/// A programmer that never ends.
#[test]
fn talk_without_end_ends() {
    for operation in operations() {
        for (at, _) in operation.replies.iter().enumerate() {
            for (name, bytes) in [
                ("logs", log("INFO: on and on")),
                (
                    "document without end",
                    b"<?xml?><data><log value=\"".to_vec(),
                ),
                ("quote", vec![b'"'; 100]),
                ("zeros", vec![0; 100]),
                ("other elements", document("<thing/>")),
                ("empty documents", document("")),
            ] {
                let result = with(&operation, at, &[], Then::ForEver(bytes), usize::MAX);
                let found = code(result);
                // Raw bytes are whatever comes; behind them the response is missing.
                assert_eq!(
                    found, "firehose::unexpected",
                    "{} {at}: {name}",
                    operation.name
                );
            }
        }
    }
}

/// Cut at every byte, it ends in an error, or in a programmer that offers no more than it said whole.
#[test]
fn a_banner_that_is_cut_offers_no_more_than_it_said() {
    let names = ["program", "read", "erase"];
    let banner: Vec<u8> = ["INFO: Binary build date", "INFO: Supported Functions (3):"]
        .into_iter()
        .chain(names)
        .chain(["INFO: End of supported functions 3"])
        .flat_map(log)
        .collect();
    for cut in 0..=banner.len() {
        let said = &banner[..cut];
        let steps = [(0, said.to_vec()), (1, operations::configured().bytes)];
        let steps = steps.map(|(after, says)| Step { after, says });
        let (port, seen) = port(steps.into(), Then::Silence, usize::MAX);
        let deadline = port.within(Duration::from_secs(600));
        let started = Firehose::start(port, deadline);
        assert!(seen.lock().unwrap().reads < 1000);
        match started {
            Ok(firehose) => {
                for name in &firehose.offers().0 {
                    let whole = format!("\"{name}\" />");
                    let found = String::from_utf8_lossy(said).contains(&whole);
                    assert!(found && names.contains(&name.as_str()), "{cut}: {name}");
                }
            }
            Err(error) => assert_eq!(error.code(), "firehose::timeout", "{cut}"),
        }
    }
}

/// A refusal that offers a smaller size each time, and one that offers the same.
#[test]
fn a_negotiation_without_end_ends() {
    for sizes in [[900_000, 800_000, 700_000, 600_000, 500_000], [8192; 5]] {
        let mut steps = vec![Step {
            after: 1,
            says: ack().bytes,
        }];
        steps.extend(sizes.iter().map(|size| Step {
            after: 1,
            says: response(&format!(
                "value=\"NAK\" MaxPayloadSizeToTargetInBytes=\"{size}\""
            )),
        }));
        let (port, seen) = port(steps, Then::Silence, usize::MAX);
        let deadline = port.within(Duration::from_secs(600));
        let error = Firehose::take_up(port, deadline).unwrap_err();
        let wanted = if sizes[0] == sizes[1] {
            "firehose::refused"
        } else {
            "firehose::unexpected"
        };
        assert_eq!(error.code(), wanted);
        assert!(seen.lock().unwrap().reads < 1000);
    }
}

/// A digest is exactly one, and whole.
#[test]
fn a_digest_that_is_none_is_not_taken_for_one() {
    let digest = "0123456789abcdef".repeat(4);
    let other = digest.replace('0', "1");
    let operations = operations();
    let operation = operations.iter().find(|o| o.name == "digest").unwrap();
    for (name, logs) in [
        ("none", vec![]),
        ("short", vec![digest[..63].to_owned()]),
        ("long", vec![format!("{digest}0")]),
        ("no hex", vec![digest.replace('f', "g")]),
        ("two that differ", vec![digest.clone(), other.clone()]),
        ("two in one", vec![format!("{digest} {other}")]),
        (
            "cut in two",
            vec![digest[..32].to_owned(), digest[32..].to_owned()],
        ),
    ] {
        let logs: Vec<u8> = logs.iter().flat_map(|text| log(text)).collect();
        let bytes = [logs, response("value=\"ACK\"")].concat();
        let found = code(with(operation, 0, &bytes, Then::Silence, usize::MAX));
        assert_eq!(found, "firehose::unexpected", "{name}");
    }
}

/// What says nothing of a chip, or says it twice in different ways, is no chip.
#[test]
fn a_chip_that_is_not_told_is_not_guessed() {
    for text in [
        "INFO: nothing",
        "{",
        "}",
        "}{",
        "{}",
        "{&quot;storage_info&quot;: {}}",
        "{&quot;storage_info&quot;: {&quot;total_blocks&quot;:32}}",
        "{&quot;storage_info&quot;: {&quot;total_blocks&quot;:-1, &quot;block_size&quot;:2048, &quot;page_size&quot;:512}}",
        "{&quot;storage_info&quot;: {&quot;total_blocks&quot;:4294967296, &quot;block_size&quot;:2048, &quot;page_size&quot;:512}}",
        "{&quot;storage_info&quot;: {&quot;total_blocks&quot;:&quot;32&quot;, &quot;block_size&quot;:2048, &quot;page_size&quot;:512}}",
        "{&quot;storage_info&quot;: {&quot;total_blocks&quot;:32, &quot;block_size&quot;:2048, &quot;page_size&quot;:512",
    ] {
        let steps = vec![Step {
            after: 1,
            says: [log(text), response("value=\"ACK\"")].concat(),
        }];
        let (port, _) = port(steps, Then::Silence, usize::MAX);
        let deadline = port.within(Duration::from_secs(60));
        assert_eq!(taken(port).storage(deadline).unwrap(), None, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// A reply that is bent is an error, or still holds the word without which nothing is well.
    #[test]
    fn a_bent_reply_is_never_taken_for_a_yes(
        which in any::<prop::sample::Index>(),
        reply in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..5),
        piece in prop::sample::select(vec![1, 3, 100, usize::MAX]),
    ) {
        let operations = operations();
        let operation = which.get(&operations);
        let at = reply.index(operation.replies.len());
        let mut bytes = operation.replies[at].bytes.clone();
        for (place, byte, how) in changes {
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => drop(bytes.remove(place)),
                _ => bytes.insert(place, byte),
            }
        }
        let mut steps: Vec<Step> = operation
            .replies
            .iter()
            .map(|reply| Step { after: reply.after, says: reply.bytes.clone() })
            .collect();
        steps[at].says.clone_from(&bytes);
        let (port, seen) = port(steps, Then::Silence, piece);
        let result = bounded(operation, port, &seen);
        // NULs between the letters of real programmers are read over (protocols.md §6.1).
        let letters: Vec<u8> = bytes.into_iter().filter(|byte| *byte != 0).collect();
        let yes = letters.windows(3).any(|word| word == b"ACK");
        // Any response shows that a programmer runs.
        let any = operation.name == "take up" && at == 0;
        prop_assert!(result.is_err() || yes || any || operation.replies[at].kind == Bytes, "{} {at} {}", operation.name, String::from_utf8_lossy(&letters));
    }
}
