//! Every packet of a boot ROM cut short, with a lie about its length, in the wrong place or bent: a load and a question for
//! the identity end with the right error, after a bounded number of reads, and never well.

use super::tests::{done, end, hello, read};
use super::*;
use crate::driver::scripted::{MOST_READS, Seen, Step, Then, port};
use crate::protocol::sahara::execute;
use proptest::prelude::*;
use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

struct Conversation {
    name: &'static str,
    steps: Vec<Step>,
    /// Steps that are answers without a header.
    data: &'static [usize],
    run: fn(&mut Port, Deadline) -> Result<(), Error>,
}

fn step(after: usize, says: Vec<u8>) -> Step {
    Step { after, says }
}

fn read64(image: u64, offset: u64, length: u64) -> Vec<u8> {
    Packet::ReadData64 {
        image,
        offset,
        length,
    }
    .encode()
}

fn told(command: u32, length: u32) -> Vec<u8> {
    Packet::ExecuteResponse { command, length }.encode()
}

fn loaded(port: &mut Port, deadline: Deadline) -> Result<(), Error> {
    let mut programmer = Cursor::new(vec![7; 1000]);
    let mut images = Images::only(&mut programmer);
    let loaded = load(port, &mut images, deadline, &mut |_, _| {})?;
    assert!(loaded.bytes <= 4000, "more than is asked for at most");
    Ok(())
}

fn asked(port: &mut Port, deadline: Deadline) -> Result<(), Error> {
    info(port, deadline).map(drop)
}

fn conversations() -> Vec<Conversation> {
    let list = [execute::SERIAL, execute::KEY_HASH].map(u32::to_le_bytes);
    vec![
        Conversation {
            name: "load",
            steps: vec![
                step(0, hello(Mode::ImagePending)),
                step(1, read(13, 0, 64)),
                step(64, read64(13, 64, 100)),
                step(100, end(0)),
                step(1, done(1)),
            ],
            data: &[],
            run: loaded,
        },
        Conversation {
            name: "info",
            steps: vec![
                step(0, hello(Mode::ImagePending)),
                step(1, Packet::CommandReady.encode()),
                step(1, told(execute::SUPPORTED, 8)),
                step(1, list.concat()),
                step(1, told(execute::SERIAL, 4)),
                step(1, 0x0bad_cafe_u32.to_le_bytes().to_vec()),
                step(1, told(execute::KEY_HASH, 32)),
                step(1, vec![9; 32]),
                step(1, hello(Mode::ImagePending)),
            ],
            data: &[3, 5, 7],
            run: asked,
        },
    ]
}

impl Conversation {
    /// With another packet in the place of one; nothing comes behind it but `then`.
    fn with(&self, at: usize, says: &[u8], then: Then) -> &'static str {
        let mut steps = self.steps[..at].to_vec();
        steps.push(step(self.steps[at].after, says.to_vec()));
        self.end(steps, then, usize::MAX)
    }

    fn end(&self, steps: Vec<Step>, then: Then, piece: usize) -> &'static str {
        let (mut port, seen) = port(steps, then, piece);
        let deadline = port.within(Duration::from_secs(600));
        let result = (self.run)(&mut port, deadline);
        bounded(&seen);
        result.map_or_else(|error| error.code(), |()| "well")
    }

    /// Places of packets.
    fn packets(&self) -> impl Iterator<Item = usize> {
        (0..self.steps.len()).filter(|at| !self.data.contains(at))
    }
}

fn bounded(seen: &Arc<Mutex<Seen>>) {
    let seen = seen.lock().unwrap();
    assert!(seen.reads < MOST_READS, "reads for ever");
    assert!(seen.heard.len() < 64 * 1024, "sends for ever");
}

/// What silence is called, by where it begins. An identity is told by the time that a boot ROM is asked to leave command
/// mode: what it does then is the next conversation's affair.
fn is_silence(conversation: &Conversation, at: usize, code: &str) -> bool {
    match (conversation.name, at) {
        ("info", 8) => code == "well",
        ("info", 1) => code == "sahara::no-command-mode",
        // The piece of an answer that came is no packet.
        ("info", 3 | 5 | 7) => ["sahara::no-answer", "sahara::malformed"].contains(&code),
        ("info", 2..) => code == "sahara::no-answer",
        ("info", _) | ("load", 0 | 1) => code == "sahara::no-hello",
        _ => code == "sahara::silent",
    }
}

#[test]
fn each_conversation_ends_well_where_the_boot_rom_does() {
    for conversation in conversations() {
        for piece in [1, 7, usize::MAX] {
            let found = conversation.end(conversation.steps.clone(), Then::Silence, piece);
            assert_eq!(found, "well", "{}", conversation.name);
        }
    }
}

/// At every byte of every packet, and of every answer.
#[test]
fn a_packet_that_is_cut_is_none() {
    for conversation in conversations() {
        for (at, whole) in conversation.steps.iter().enumerate() {
            for cut in 0..whole.says.len() {
                let found = conversation.with(at, &whole.says[..cut], Then::Silence);
                assert!(
                    is_silence(&conversation, at, found),
                    "{} {at} cut at {cut}: {found}",
                    conversation.name
                );
                let found = conversation.with(at, &whole.says[..cut], Then::Gone);
                assert_eq!(
                    found, "sahara::gone",
                    "{} {at} cut at {cut}",
                    conversation.name
                );
            }
        }
    }
}

/// The length in a header decides how much is waited for, and is never believed without bounds.
#[test]
fn a_packet_that_lies_about_its_length_is_malformed_or_awaited() {
    for conversation in conversations() {
        for at in conversation.packets() {
            let whole = &conversation.steps[at].says;
            let length = u32::try_from(whole.len()).unwrap();
            for lie in [0, 1, 7, 0x401, 0x1000, 0x8000_0000, u32::MAX] {
                let mut says = whole.clone();
                says[4..8].copy_from_slice(&lie.to_le_bytes());
                let found = conversation.with(at, &says, Then::Silence);
                assert_eq!(
                    found, "sahara::malformed",
                    "{} {at} says {lie}",
                    conversation.name
                );
            }
            for lie in [length + 1, length + 4, 0x400] {
                let mut says = whole.clone();
                says[4..8].copy_from_slice(&lie.to_le_bytes());
                let found = conversation.with(at, &says, Then::Silence);
                assert!(
                    is_silence(&conversation, at, found),
                    "{} {at} says {lie}: {found}",
                    conversation.name
                );
            }
            for lie in (8..length.min(16)).step_by(4) {
                let mut says = whole.clone();
                says[4..8].copy_from_slice(&lie.to_le_bytes());
                let found = conversation.with(at, &says, Then::Silence);
                assert_eq!(
                    found, "sahara::malformed",
                    "{} {at} says {lie}",
                    conversation.name
                );
            }
        }
    }
}

#[test]
fn a_packet_that_does_not_exist_is_malformed() {
    for conversation in conversations() {
        for at in conversation.packets() {
            for command in [0, 0x15, 0x7f, 0x100, 0x0400_0000, u32::MAX] {
                let mut says = conversation.steps[at].says.clone();
                says[..4].copy_from_slice(&u32::to_le_bytes(command));
                let found = conversation.with(at, &says, Then::Silence);
                assert_eq!(
                    found, "sahara::malformed",
                    "{} {at}: {command:#x}",
                    conversation.name
                );
            }
            for (says, wanted) in [
                (&b"<?xml version=\"1.0\"?>"[..], "sahara::firehose-runs"),
                (&[0x7e, 0x14, 0x7e], "sahara::hdlc"),
                (&[0xff; 600], "sahara::malformed"),
                (&[0; 600], "sahara::malformed"),
            ] {
                let found = conversation.with(at, says, Then::Silence);
                assert_eq!(found, wanted, "{} {at}", conversation.name);
            }
        }
    }
}

/// In every place but its own.
#[test]
fn a_packet_in_the_wrong_place_ends_the_conversation() {
    // What only a host says, and what belongs to a dump, fits nowhere.
    let (address, length) = (0, 64);
    let nowhere = [
        (
            Packet::HelloResponse {
                version: 2,
                compatible: 1,
                status: 0,
                mode: Mode::ImagePending,
            },
            "sahara::stale",
        ),
        (Packet::Done, "sahara::stale"),
        (Packet::Reset, "sahara::stale"),
        (Packet::ResetResponse, "sahara::stale"),
        (
            Packet::SwitchMode {
                mode: Mode::Command,
            },
            "sahara::stale",
        ),
        (Packet::Execute { command: 1 }, "sahara::stale"),
        (Packet::ExecuteData { command: 1 }, "sahara::stale"),
        (Packet::MemoryRead { address, length }, "sahara::stale"),
        (
            Packet::MemoryRead64 {
                address: 0,
                length: 64,
            },
            "sahara::stale",
        ),
        (Packet::ResetStateMachine, "sahara::stale"),
    ];
    for conversation in conversations() {
        for at in conversation.packets() {
            for (packet, wanted) in &nowhere {
                let found = conversation.with(at, &packet.encode(), Then::Silence);
                // Whoever does not leave is brought back to its beginning, or does not answer.
                let leaving = conversation.name == "info" && at == 8;
                let wanted = if leaving { "sahara::no-answer" } else { wanted };
                assert_eq!(found, wanted, "{} {at}: {packet:?}", conversation.name);
            }
        }
    }
}

/// Place in a load, packet, code.
#[test]
fn a_load_says_what_is_wrong_with_a_packet_that_comes_too_early_or_too_late() {
    let load = &conversations()[0];
    let ready = Packet::CommandReady.encode();
    let dump = Packet::MemoryDebug {
        table: 0,
        length: 8,
    }
    .encode();
    let dump64 = Packet::MemoryDebug64 {
        table: 0,
        length: 8,
    }
    .encode();
    let table: Vec<(usize, Vec<u8>, &str)> = vec![
        (0, hello(Mode::MemoryDebug), "sahara::ramdump"),
        (0, end(0), "sahara::stale"),
        (0, end(0x25), "sahara::refused"),
        (0, done(0), "sahara::stale"),
        (0, ready.clone(), "sahara::stale"),
        (0, told(1, 4), "sahara::stale"),
        (0, dump.clone(), "sahara::ramdump"),
        (0, dump64.clone(), "sahara::ramdump"),
        (1, end(0), "sahara::stale"),
        (1, end(0x12), "sahara::refused"),
        (1, done(1), "sahara::stale"),
        (1, ready.clone(), "sahara::stale"),
        (1, dump.clone(), "sahara::ramdump"),
        (1, hello(Mode::MemoryDebug), "sahara::ramdump"),
        (1, read(12, 0, 64), "sahara::other-image"),
        (1, read64(0x1_0000_000d, 0, 64), "sahara::other-image"),
        (1, read64(u64::MAX, 0, 64), "sahara::other-image"),
        (1, read(13, 0, 1001), "sahara::beyond-image"),
        (1, read(13, 1000, 1), "sahara::beyond-image"),
        (1, read(13, 1001, 0), "sahara::beyond-image"),
        (1, read(13, u32::MAX, 1), "sahara::beyond-image"),
        (1, read64(13, u64::MAX, 1), "sahara::beyond-image"),
        (1, read64(13, 1, u64::MAX), "sahara::beyond-image"),
        (1, read64(13, 1 << 63, 1 << 63), "sahara::beyond-image"),
        (2, read(21, 0, 64), "sahara::other-image"),
        (2, done(1), "sahara::stale"),
        (2, dump, "sahara::ramdump"),
        (3, end(1), "sahara::refused"),
        (3, end(u32::MAX), "sahara::refused"),
        (3, done(1), "sahara::stale"),
        (4, end(0), "sahara::stale"),
        (4, hello(Mode::ImagePending), "sahara::stale"),
        (4, read(13, 0, 64), "sahara::stale"),
        (4, ready, "sahara::stale"),
        (4, dump64, "sahara::stale"),
    ];
    for (at, says, wanted) in table {
        let found = load.with(at, &says, Then::Silence);
        assert_eq!(found, wanted, "{at}: {says:02x?}");
    }
}

#[test]
fn an_identity_that_is_told_wrongly_is_none() {
    let info = &conversations()[1];
    for (at, says, wanted) in [
        (0, hello(Mode::MemoryDebug), "sahara::ramdump"),
        (1, read(13, 0, 64), "sahara::no-command-mode"),
        (1, end(0x0e), "sahara::no-command-mode"),
        (1, hello(Mode::Command), "sahara::stale"),
        (2, told(execute::SERIAL, 4), "sahara::stale"),
        (2, told(execute::SUPPORTED, 4097), "sahara::malformed"),
        (2, told(execute::SUPPORTED, u32::MAX), "sahara::malformed"),
        (2, Packet::CommandReady.encode(), "sahara::stale"),
        (4, told(execute::KEY_HASH, 32), "sahara::stale"),
        (4, done(1), "sahara::stale"),
        (6, told(execute::KEY_HASH, 1 << 31), "sahara::malformed"),
        (8, Packet::CommandReady.encode(), "sahara::no-answer"),
        (8, end(0), "sahara::no-answer"),
    ] {
        let found = info.with(at, &says, Then::Silence);
        assert_eq!(found, wanted, "{at}: {says:02x?}");
    }
}

/// A boot ROM that never ends.
#[test]
fn a_boot_rom_that_goes_in_circles_is_left() {
    for conversation in conversations() {
        for at in conversation.packets() {
            for says in [
                hello(Mode::ImagePending),
                read(13, 0, 64),
                read(13, 0, 0),
                read64(13, 0, 0),
                end(0),
                done(0),
                Packet::CommandReady.encode(),
                told(execute::SERIAL, 4),
                told(execute::SERIAL, 0),
                Packet::ResetResponse.encode(),
                vec![1, 0, 0, 0, 0, 4, 0, 0],
            ] {
                // "Pending" behind a lone programmer counts as finished (protocols.md §5.4), and a HELLO is what a boot
                // ROM that is left says.
                let pending = conversation.name == "load" && at == 4 && says == done(0);
                let left = conversation.name == "info" && at == 8 && says[0] == 1;
                if pending || left {
                    continue;
                }
                let found = conversation.with(at, &[], Then::ForEver(says.clone()));
                assert!(found != "well", "{} {at}: {says:02x?}", conversation.name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// A packet that is bent is never taken for another kind of packet. Its fields, and a length that still holds them, are
    /// the boot ROM's affair.
    #[test]
    fn a_bent_packet_is_never_taken_for_another(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
        piece in prop::sample::select(vec![1, 3, usize::MAX]),
    ) {
        let conversations = conversations();
        let conversation = which.get(&conversations);
        let at = place.index(conversation.steps.len());
        let mut steps = conversation.steps.clone();
        let whole = steps[at].says.clone();
        let says = &mut steps[at].says;
        for (place, byte, how) in changes {
            let place = place.index(says.len());
            match how {
                0 => says[place] = byte,
                1 => drop(says.remove(place)),
                _ => says.insert(place, byte),
            }
        }
        let bent = says.clone();
        // A load that gave other bytes than it should have would fail by its own claim.
        let found = conversation.end(steps, Then::Silence, piece);
        let same = bent.get(..4) == whole.get(..4);
        let answer = conversation.data.contains(&at);
        // The identity is told by then: a packet that never becomes whole is a boot ROM that is silent (`is_silence`).
        let told = conversation.name == "info" && at == 8;
        prop_assert!(found != "well" || same || answer || told, "{bent:02x?}");
    }
}
