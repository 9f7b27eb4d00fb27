//! From the start of a programmer to an agreed payload (protocols.md §6.2, §6.3).

use super::line::Line;
use super::{Error, Firehose, Offers};
use crate::protocol::firehose::{Element, Response};
use crate::transport::{self, Deadline, Port};
use std::time::Duration;

/// The first log came 1.0 s after `DONE_RESPONSE` on SDX24/55 (measured); on 9x07 1 s is not enough.
const FIRST_LOG: Duration = Duration::from_secs(5);
/// The whole banner of SDX24/55 came within 6 ms (measured).
const IDLE: Duration = Duration::from_millis(300);
/// Nothing is asked yet, so whatever comes later than that is not for us.
const QUIET: Duration = Duration::from_millis(50);
/// How long what is no word of any protocol is read away: at the slowest rate that was ever measured (3.83 MB/s, protocols.md
/// §7.1) that is the rest of a read of the largest partition.
pub const REST: Duration = Duration::from_secs(30);
const NOP: Duration = Duration::from_millis(500);
const CONFIGURE: Duration = Duration::from_secs(5);
/// What `QFirehose`, qdl and others ask for first on anything but NAND; NAND programmers say 8192.
const ASKED: usize = 1024 * 1024;
/// One refusal is usual, two were never seen.
const MAX_ROUNDS: u32 = 4;
const MAX_BANNER: usize = 512;

pub(super) fn start(port: Port, deadline: Deadline) -> Result<Firehose, Error> {
    let mut line = Line::new(port);
    let offers = banner(&mut line, deadline).map_err(|e| Error::port("start", e))?;
    configure(line, offers, deadline)
}

pub(super) fn take_up(mut port: Port, deadline: Deadline) -> Result<Firehose, Error> {
    // The rest of a read that another host began may look like the beginning of a document.
    let until = port.within(REST).min(deadline);
    port.drain_until_quiet(QUIET, until)
        .map_err(|error| Error::port("start", error))?;
    let mut line = Line::new(port);
    line.ask("nop", &nop(), CONFIGURE, deadline)?;
    // What answered may have been meant for a host before us; then the answer to the nop comes behind it.
    line.drain_before_next();
    configure(line, Offers::unknown(), deadline)
}

/// Whether a programmer runs behind a port that says nothing by itself: a nop that any response answers. A boot
/// ROM does not answer it with XML.
pub fn answers(port: &mut Port, deadline: Deadline) -> Result<bool, transport::Error> {
    let until = port.within(NOP).min(deadline);
    port.write_all(&nop().document(), until)?;
    let until = port.within(NOP).min(deadline);
    let mut buffer = [0; 4096];
    match port.read(&mut buffer, until) {
        Ok(count) => {
            let bytes = buffer.get(..count).unwrap_or_default();
            let xml = bytes
                .iter()
                .find(|b| !b.is_ascii_whitespace() && **b != 0)
                .is_some_and(|b| *b == b'<');
            port.push_back(bytes);
            Ok(xml)
        }
        Err(transport::Error::Timeout) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) fn nop() -> Element {
    Element::new("nop").with("value", "ping")
}

fn banner(line: &mut Line, deadline: Deadline) -> Result<Offers, transport::Error> {
    let mut offers = Offers::unknown();
    let mut listing = false;
    let mut patience = FIRST_LOG;
    for _ in 0..MAX_BANNER {
        let Some(log) = line.log(patience, deadline)? else {
            break;
        };
        patience = IDLE;
        let text = log.trim().to_lowercase();
        let text = text.strip_prefix("info:").unwrap_or(&text).trim();
        if text.starts_with("end of supported functions") {
            break;
        }
        if let Some(rest) = text.strip_prefix("supported functions") {
            // One log each behind this one, or all names in this one behind the colon.
            listing = true;
            let names = rest.split_once(':').map_or("", |(_, names)| names);
            offers.add(names.split_whitespace());
        } else if listing && !text.contains(char::is_whitespace) {
            offers.add(std::iter::once(text));
        }
    }
    Ok(offers)
}

/// NAK and ACK with a smaller size both mean: use this one (protocols.md §1 fact 6). After a NAK it is asked again.
fn configure(mut line: Line, offers: Offers, deadline: Deadline) -> Result<Firehose, Error> {
    let mut asked = ASKED;
    for _ in 0..MAX_ROUNDS {
        let element = Element::new("configure")
            .with("MemoryName", "nand")
            .with("Verbose", 0)
            .with("AlwaysValidate", 0)
            .with("MaxDigestTableSizeInBytes", 2048)
            .with("MaxPayloadSizeToTargetInBytes", asked)
            .with("ZlpAwareHost", 0)
            .with("SkipStorageInit", 0);
        let answer = line.ask("configure", &element, CONFIGURE, deadline)?;
        let smaller = offered(&answer.response).filter(|size| *size < asked);
        match (answer.response.ack, smaller) {
            (true, _) if answer.response.raw_mode => {
                return Err(Error::Unexpected {
                    command: "configure",
                    what: "raw mode where no data belongs",
                });
            }
            (true, size) => {
                return Ok(Firehose {
                    line,
                    offers,
                    payload: whole_packets(size.unwrap_or(asked)),
                });
            }
            (false, Some(size)) => asked = size,
            (false, None) => {
                return Err(Error::Nak {
                    command: "configure",
                    logs: answer.logs,
                });
            }
        }
    }
    Err(Error::Unexpected {
        command: "configure",
        what: "a smaller size each time",
    })
}

/// The smaller of what it takes and what it could take: either may be what was asked for, said back.
fn offered(response: &Response) -> Option<usize> {
    let size = |name| -> Option<usize> { response.element.attribute(name)?.trim().parse().ok() };
    [
        "MaxPayloadSizeToTargetInBytes",
        "MaxPayloadSizeToTargetInBytesSupported",
    ]
    .into_iter()
    .filter_map(size)
    .filter(|size| *size > 0)
    .min()
}

/// A write unit is a multiple of the packet size, so that no short packet ends a transfer early (protocols.md §3). Packets
/// of a bulk endpoint have 512 bytes at high speed and 1,024 at super speed (USB 3.2 9.6.6), and the rule is the same for
/// both where the unit is large enough.
fn whole_packets(size: usize) -> usize {
    match size {
        0..512 => size,
        512..1024 => 512,
        _ => size - size % 1024,
    }
}
