//! From the start of a loader to its HELLO, and the question whether one runs.

use super::line::{Line, framed};
use super::{Dload, Error};
use crate::protocol::dload::{Greeting, MAX_VERSION, MIN_VERSION, Reply, Request};
use crate::protocol::hdlc::Deframer;
use crate::transport::{self, Deadline, Port};
use std::time::Duration;

/// `QFirehose` reads five times 3 s for the first answer. A HELLO that came before the loader listened is lost, and one
/// that comes twice changes nothing: it may be said at any time (hostdl: `handle_hello`).
const HELLO: Duration = Duration::from_secs(3);
const HELLOS: u32 = 5;
const NOP: Duration = Duration::from_millis(500);
/// Echoed by a loader that was greeted.
const MARK: &[u8] = b"unbrick";

/// Greets until the loader answers. Noise before its answer is what an earlier conversation left.
pub(super) fn start(port: Port, deadline: Deadline) -> Result<Dload, Error> {
    let command = "hello";
    let mut line = Line::new(port);
    for _ in 0..HELLOS {
        line.clear(command)?;
        if line.is_firehose() {
            return Err(Error::Firehose);
        }
        line.send(command, &hello(), deadline)?;
        match greeting(&mut line, command, deadline) {
            Ok(greeting) if greeting.min_version > MAX_VERSION => {
                return Err(Error::Version {
                    least: greeting.min_version,
                    most: MAX_VERSION,
                });
            }
            Ok(greeting) => return Ok(Dload { line, greeting }),
            Err(_) if line.is_firehose() => return Err(Error::Firehose),
            Err(Error::Timeout { .. }) if !deadline.passed(line.now()) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Timeout {
        command,
        words: Vec::new(),
    })
}

/// Whether a streaming loader runs behind a port that says nothing by itself: any frame of its answers the nop, an error
/// of one that was not greeted yet, too.
pub fn answers(port: &mut Port, deadline: Deadline) -> Result<bool, transport::Error> {
    let until = port.within(NOP).min(deadline);
    port.write_all(&framed(&Request::Nop(MARK.to_vec())), until)?;
    let until = port.within(NOP).min(deadline);
    let mut deframer = Deframer::default();
    let mut buffer = [0; 4096];
    for _ in 0..16 {
        match port.read(&mut buffer, until) {
            Ok(count) => deframer.push(buffer.get(..count).unwrap_or_default()),
            Err(transport::Error::Timeout) => return Ok(false),
            Err(error) => return Err(error),
        }
        while let Some(frame) = deframer.next_frame() {
            if frame.is_ok_and(|payload| Reply::decode(&payload).is_ok()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The feature bits that `QFirehose` asks for: none.
fn hello() -> Request {
    Request::Hello {
        max_version: MAX_VERSION,
        min_version: MIN_VERSION,
        features: 0,
    }
}

/// The HELLO among what comes. What is damaged before it belongs to nobody, and what is no HELLO answers an earlier host.
fn greeting(line: &mut Line, command: &'static str, deadline: Deadline) -> Result<Greeting, Error> {
    let until = line.within(HELLO).min(deadline);
    for _ in 0..64 {
        let left = until.left(line.now());
        match line.answer(command, left, deadline) {
            Ok(Reply::Hello(greeting)) => return Ok(greeting),
            Ok(_) | Err(Error::Damaged { .. } | Error::Malformed { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::unexpected(command, "frames without end"))
}
