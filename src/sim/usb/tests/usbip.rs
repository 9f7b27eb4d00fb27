//! The server: messages in, messages out.

use super::kernel::{Reply, control, read, reply, submit, unlink, write};
use super::lab::{IN, Lab, OUT};
use crate::sim::usb::usbip::Fault;
use crate::sim::usb::{AfterFull, Given, Server, foreign_boot_rom};
use std::io::Cursor;
use std::time::Duration;

const LENGTH_LIMIT: u32 = 16 * 1024 * 1024;

fn server(lab: &mut Lab) -> Server {
    let mut server = Server::new(foreign_boot_rom());
    let replies = says(&mut server, lab, &control(2, 0, 9, 1, 0, 0));
    assert_eq!(replies[0].status, 0);
    server
}

/// Everything that the server answers; odd tags are reads.
fn says(server: &mut Server, lab: &mut Lab, bytes: &[u8]) -> Vec<Reply> {
    server.hear(bytes, lab).unwrap();
    server.pump(lab);
    let said = server.said().to_vec();
    server.sent(said.len());
    let mut cursor = Cursor::new(&said);
    let mut all = Vec::new();
    while cursor.position() < said.len() as u64 {
        all.push(reply(&mut cursor, |tag| tag % 2 == 1));
    }
    all
}

fn transfer(tag: u32, status: i32, data: &[u8]) -> Reply {
    Reply {
        command: 3,
        tag,
        status,
        moved: data.len(),
        data: data.to_vec(),
    }
}

fn unlinked(tag: u32, status: i32) -> Reply {
    Reply {
        command: 4,
        tag,
        status,
        moved: 0,
        data: Vec::new(),
    }
}

#[test]
fn messages_may_come_in_any_pieces() {
    let mut lab = Lab {
        echoes: true,
        ..Lab::default()
    };
    let mut server = server(&mut lab);
    let mut all = write(4, OUT, 0, &[9; 700]);
    all.extend(read(5, IN, 4096));
    let mut replies = Vec::new();
    for piece in all.chunks(7) {
        replies.extend(says(&mut server, &mut lab, piece));
    }
    assert_eq!((replies[0].tag, replies[0].moved), (4, 700));
    assert_eq!(replies[1], transfer(5, 0, &[9; 700]));
}

#[test]
fn a_zero_length_packet_of_the_host_comes_by_flag_and_on_its_own() {
    use crate::sim::usb::Ending;
    for (flags, bytes, ending) in [
        (0x40, 512, Ending::ZeroPacket),
        (0, 512, Ending::Open),
        (0, 0, Ending::ZeroPacket),
    ] {
        let mut lab = Lab::default();
        let mut server = server(&mut lab);
        let replies = says(
            &mut server,
            &mut lab,
            &write(4, OUT, flags, &vec![1; bytes]),
        );
        assert_eq!((replies[0].status, replies[0].moved), (0, bytes));
        assert_eq!(lab.taken, [(vec![1; bytes], ending)]);
    }
}

#[test]
fn an_unlinked_read_gives_its_bytes_first() {
    let mut lab = Lab::default();
    let mut server = server(&mut lab);
    lab.gives(&[7; 1024], AfterFull::Nothing);
    assert_eq!(says(&mut server, &mut lab, &read(5, IN, 4096)), []);
    let replies = says(&mut server, &mut lab, &unlink(6, 5));
    assert_eq!(replies, [transfer(5, -104, &[7; 1024]), unlinked(6, 0)]);
}

#[test]
fn an_unlinked_read_without_bytes_is_unlinked_and_no_more() {
    let mut lab = Lab::default();
    let mut server = server(&mut lab);
    assert_eq!(says(&mut server, &mut lab, &read(5, IN, 4096)), []);
    assert_eq!(
        says(&mut server, &mut lab, &unlink(6, 5)),
        [unlinked(6, -104)]
    );
}

#[test]
fn an_unlink_that_comes_too_late_says_so() {
    let mut lab = Lab::default();
    let mut server = server(&mut lab);
    lab.gives(&[7], AfterFull::Nothing);
    let mut both = read(5, IN, 64);
    both.extend(unlink(6, 5));
    let replies = says(&mut server, &mut lab, &both);
    assert_eq!(replies, [transfer(5, 0, &[7]), unlinked(6, 0)]);
}

#[test]
fn an_unlinked_write_tells_how_much_was_taken() {
    let mut lab = Lab {
        appetite: 1024,
        ..Lab::default()
    };
    let mut server = server(&mut lab);
    assert_eq!(
        says(&mut server, &mut lab, &write(4, OUT, 0, &[1; 4096])),
        []
    );
    let replies = says(&mut server, &mut lab, &unlink(6, 4));
    assert_eq!((replies[0].tag, replies[0].moved), (4, 1024));
    assert_eq!(replies[1], unlinked(6, 0));
}

#[test]
fn outcomes_have_the_kernels_numbers() {
    let mut lab = Lab::default();
    let mut server = server(&mut lab);
    lab.gives(&[7; 100], AfterFull::Nothing);
    let babble = says(&mut server, &mut lab, &read(5, IN, 64));
    assert_eq!(babble, [transfer(5, -75, &[])]);
    let short = says(&mut server, &mut lab, &submit(5, IN, 1, 512, [0; 8]));
    assert_eq!(short, [transfer(5, -121, &[7; 100])]);
    lab.gives.push_back((Duration::ZERO, Given::Stall));
    let stall = says(&mut server, &mut lab, &read(5, IN, 64));
    assert_eq!(stall, [transfer(5, -32, &[])]);
    let unknown = says(&mut server, &mut lab, &control(7, 0xc0, 99, 0, 0, 8));
    assert_eq!(unknown, [transfer(7, -32, &[])]);
}

#[test]
fn the_functions_own_requests_carry_data_both_ways() {
    let mut lab = Lab::default();
    let mut server = server(&mut lab);
    let answer = says(&mut server, &mut lab, &control(5, 0xc0, 1, 0, 0, 4));
    assert_eq!(answer, [transfer(5, 0, &[0, 1, 2, 3])]);
    let mut told = control(6, 0x40, 2, 0, 0, 3);
    told.extend(b"abc");
    assert_eq!(says(&mut server, &mut lab, &told)[0].moved, 3);
    assert_eq!(lab.taken_bytes(), b"abc");
}

#[test]
fn what_no_host_says_ends_the_talk() {
    for (at, value, fault) in [
        (0, 7, Fault::Command(7)),
        (0, 3, Fault::Command(3)),
        (12, 2, Fault::Direction(2)),
        (16, 16, Fault::Endpoint(16)),
        (16, u32::MAX, Fault::Endpoint(u32::MAX)),
        (24, LENGTH_LIMIT + 1, Fault::Length(LENGTH_LIMIT + 1)),
        (24, u32::MAX, Fault::Length(u32::MAX)),
        (32, 8, Fault::Isochronous(8)),
    ] {
        let mut lab = Lab::default();
        let mut server = server(&mut lab);
        let mut bytes = read(5, IN, 64);
        bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
        assert_eq!(server.hear(&bytes, &mut lab), Err(fault));
    }
}

#[test]
fn a_host_cannot_make_us_hold_more_than_any_host_would() {
    let mut lab = Lab::default();
    let mut server = server(&mut lab);
    let many = (0..5000).find_map(|tag| server.hear(&read(tag, IN, 64), &mut lab).err());
    assert_eq!(many, Some(Fault::TooMuch));
    let mut server = Server::new(foreign_boot_rom());
    let large = (0..9).find_map(|tag| server.hear(&read(tag, IN, LENGTH_LIMIT), &mut lab).err());
    assert_eq!(large, Some(Fault::TooMuch));
}
