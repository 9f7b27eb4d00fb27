//! Whatever a host does, in whatever order: nothing panics, and no byte is lost, doubled or moved out of order.

use super::kernel::{read, reply, unlink, write};
use super::lab::{IN, Lab, OUT};
use crate::sim::usb::{AfterFull, Server, foreign_boot_rom};
use proptest::collection::vec;
use proptest::prelude::*;
use std::io::Cursor;

#[derive(Debug, Clone)]
enum Deed {
    Read(u16),
    Write(u16, bool),
    /// Takes back one of the last requests.
    Unlink(u8),
    /// The device gets a transfer for the host.
    Gives(u16, bool),
    /// The device takes so many more bytes.
    Eats(u16),
    Clear(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    // Sizes near packets and far from them.
    let size = || prop_oneof![0..2000_u16, Just(512), Just(1024), Just(511)];
    prop_oneof![
        size().prop_map(Deed::Read),
        (size(), any::<bool>()).prop_map(|(size, zero)| Deed::Write(size, zero)),
        any::<u8>().prop_map(Deed::Unlink),
        (size(), any::<bool>()).prop_map(|(size, zero)| Deed::Gives(size, zero)),
        size().prop_map(Deed::Eats),
        any::<bool>().prop_map(Deed::Clear),
    ]
}

/// Bytes that tell their place in the whole stream.
fn stream(from: usize, count: usize) -> Vec<u8> {
    (from..from + count)
        .map(|place| u8::try_from(place % 251).unwrap())
        .collect()
}

proptest! {
    #[test]
    fn every_byte_arrives_once_and_in_order(deeds in vec(deed(), 1..60)) {
        let mut lab = Lab { appetite: 0, ..Lab::default() };
        let mut server = Server::new(foreign_boot_rom());
        server.hear(&super::kernel::control(2, 0, 9, 1, 0, 0), &mut lab).unwrap();
        let (mut given, mut written, mut tag) = (0, 0, 2);
        let mut said = Vec::new();
        for deed in deeds {
            match deed {
                Deed::Read(length) => {
                    tag += 2;
                    server.hear(&read(tag + 1, IN, u32::from(length)), &mut lab).unwrap();
                }
                Deed::Write(length, zero) => {
                    tag += 2;
                    let bytes = stream(written, usize::from(length));
                    written += bytes.len();
                    let flags = if zero { 0x40 } else { 0 };
                    server.hear(&write(tag, OUT, flags, &bytes), &mut lab).unwrap();
                }
                // A write that is taken back leaves a gap in what follows, so only reads are.
                Deed::Unlink(back) => {
                    let victim = (tag + 1).saturating_sub(2 * u32::from(back % 8));
                    tag += 2;
                    server.hear(&unlink(tag, victim), &mut lab).unwrap();
                }
                Deed::Gives(length, zero) => {
                    let after = if zero { AfterFull::ZeroPacket } else { AfterFull::Nothing };
                    let bytes = stream(given, usize::from(length));
                    given += bytes.len();
                    lab.gives(&bytes, after);
                }
                Deed::Eats(count) => lab.appetite += usize::from(count),
                Deed::Clear(input) => {
                    tag += 2;
                    let endpoint = if input { IN } else { OUT };
                    let clear = super::kernel::control(tag, 2, 1, 0, u16::from(endpoint), 0);
                    server.hear(&clear, &mut lab).unwrap();
                }
            }
            server.pump(&mut lab);
            said.extend_from_slice(server.said());
            server.sent(server.said().len());
        }
        // What is still on its way is taken back, and the rest is read at once.
        lab.appetite = usize::MAX;
        for victim in (3..=tag + 1).step_by(2) {
            server.hear(&unlink(2, victim), &mut lab).unwrap();
        }
        for _ in 0..200 {
            server.hear(&read(1, IN, 1 << 16), &mut lab).unwrap();
        }
        server.pump(&mut lab);
        server.hear(&unlink(2, 1), &mut lab).unwrap();
        said.extend_from_slice(server.said());
        let (mut got, mut sent) = (Vec::new(), 0);
        let mut cursor = Cursor::new(&said);
        while cursor.position() < said.len() as u64 {
            let reply = reply(&mut cursor, |tag| tag % 2 == 1);
            got.extend(reply.data);
            if reply.tag % 2 == 0 && reply.command == 3 {
                sent += reply.moved;
            }
        }
        prop_assert_eq!(got, stream(0, given));
        prop_assert_eq!(sent, written);
        prop_assert_eq!(lab.taken_bytes(), stream(0, written));
    }

    #[test]
    fn no_bytes_of_a_host_are_too_strange(bytes in vec(any::<u8>(), 0..400), command in 0..4_u32) {
        let mut lab = Lab { echoes: true, ..Lab::default() };
        let mut server = Server::new(foreign_boot_rom());
        let mut all = command.to_be_bytes().to_vec();
        all.extend(bytes);
        // A fault is an answer, too.
        let _ = server.hear(&all, &mut lab);
        server.pump(&mut lab);
    }
}
