//! What is asked of a programmer, and the replies with which it ends well.

use super::super::tests::small_chip;
use super::super::*;
use crate::protocol::nand::Sector;

/// One operation, and the replies of a programmer with which it ends well.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) replies: Vec<Reply>,
    pub(super) run: fn(Port, Deadline) -> Result<(), Error>,
}

/// Said once the host has sent so many bytes.
pub(super) struct Reply {
    pub(super) after: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Kind {
    /// A response that ends the operation or lets it go on.
    Answer,
    /// A response behind which raw bytes go either way.
    Raw,
    /// Raw bytes.
    Bytes,
}
use Kind::{Answer, Bytes, Raw};

pub(super) const PAGE: usize = 512;

pub(super) fn document(inside: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n{inside}\n</data>").into_bytes()
}

pub(super) fn response(attributes: &str) -> Vec<u8> {
    document(&format!("<response {attributes} />"))
}

pub(super) fn log(text: &str) -> Vec<u8> {
    document(&format!("<log value=\"{text}\" />"))
}

pub(super) fn ack() -> Reply {
    answer(response("value=\"ACK\" rawmode=\"false\""))
}

fn answer(bytes: Vec<u8>) -> Reply {
    Reply {
        after: 1,
        bytes,
        kind: Answer,
    }
}

fn raw() -> Reply {
    Reply {
        after: 1,
        bytes: response("value=\"ACK\" rawmode=\"true\""),
        kind: Raw,
    }
}

pub(super) fn configured() -> Reply {
    let size =
        "MaxPayloadSizeToTargetInBytes=\"1024\" MaxPayloadSizeToTargetInBytesSupported=\"1024\"";
    answer(response(&format!("value=\"ACK\" {size}")))
}

/// Taken up without a word on the wire.
pub(super) fn taken(port: Port) -> Firehose {
    Firehose {
        line: Line::new(port),
        offers: Offers::unknown(),
        payload: 1024,
    }
}

fn sectors() -> Sectors {
    Sectors::new(Sector(0), 4).unwrap()
}

#[expect(clippy::too_many_lines, reason = "it is one table")]
pub(super) fn operations() -> Vec<Operation> {
    let digest = "0123456789abcdef".repeat(4);
    let storage = "INFO: {&quot;storage_info&quot;: {&quot;total_blocks&quot;:32, &quot;block_size&quot;:2048, &quot;page_size&quot;:512}}";
    let operation = |name, replies, run| Operation { name, replies, run };
    vec![
        operation("take up", vec![ack(), configured()], |port, deadline| {
            Firehose::take_up(port, deadline).map(drop)
        }),
        operation("nop", vec![ack()], |port, deadline| {
            taken(port).nop(deadline)
        }),
        operation(
            "storage",
            vec![answer(
                [log(storage), response("value=\"ACK\" rawmode=\"false\"")].concat(),
            )],
            |port, deadline| {
                let found = taken(port).storage(deadline)?;
                // Whoever flashes compares the chip.
                let same = found.filter(|found| found.is(small_chip()));
                same.map(drop).ok_or(Error::Unexpected {
                    command: "getstorageinfo",
                    what: "no chip, as the caller sees it",
                })
            },
        ),
        operation("erase", vec![ack()], |port, deadline| {
            taken(port).erase(small_chip(), sectors(), deadline)
        }),
        operation(
            "program",
            vec![
                raw(),
                Reply {
                    after: 4 * PAGE,
                    ..ack()
                },
            ],
            |port, deadline| {
                let writing = Writing {
                    sectors: sectors(),
                    name: "x",
                    last_sector: None,
                };
                let mut reader: &[u8] = &[7; 4 * PAGE];
                taken(port)
                    .program(
                        small_chip(),
                        &writing,
                        &mut reader,
                        deadline,
                        &mut |_, _| {},
                    )
                    .map(drop)
            },
        ),
        operation(
            "read",
            vec![
                raw(),
                Reply {
                    after: 0,
                    bytes: vec![7; 4 * PAGE],
                    kind: Bytes,
                },
                Reply { after: 0, ..ack() },
            ],
            |port, deadline| {
                let mut found = Vec::new();
                taken(port).read(
                    small_chip(),
                    sectors(),
                    &mut found,
                    deadline,
                    &mut |_, _| {},
                )?;
                assert_eq!(found.len(), 4 * PAGE);
                Ok(())
            },
        ),
        operation(
            "digest",
            vec![answer(
                [log(&digest), response("value=\"ACK\" rawmode=\"false\"")].concat(),
            )],
            |port, deadline| {
                let digest = taken(port).sha256(small_chip(), sectors(), deadline)?;
                assert_eq!(digest.len(), 64);
                Ok(())
            },
        ),
        operation("patch", vec![ack()], |port, deadline| {
            let change = Change {
                sector: Sectors::new(Sector(0), 1).unwrap(),
                byte_offset: 0,
                size: 4,
                value: "0",
                what: "",
            };
            taken(port).patch(small_chip(), &change, deadline)
        }),
        operation("reset", vec![ack()], |port, deadline| {
            taken(port).reset(deadline)
        }),
    ]
}
