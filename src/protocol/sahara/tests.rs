//! Packets against the vectors of the reference, and headers that lie.

use super::*;

/// Vectors of protocols.md §12.1.
#[test]
fn packets_match_the_published_vectors() {
    let zeros = " 00".repeat(24);
    let table: Vec<(String, Packet)> = vec![
        (
            format!("01 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 04 00 00 00 00 00 00{zeros}"),
            Packet::Hello { version: 2, compatible: 1, max_packet: 1024, mode: Mode::ImagePending },
        ),
        (
            format!("02 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 03 00 00 00{zeros}"),
            Packet::HelloResponse { version: 2, compatible: 1, status: 0, mode: Mode::Command },
        ),
        (
            "03 00 00 00 14 00 00 00 0D 00 00 00 34 00 00 00 80 00 00 00".into(),
            Packet::ReadData { image: 13, offset: 0x34, length: 0x80 },
        ),
        (
            "04 00 00 00 10 00 00 00 0D 00 00 00 25 00 00 00".into(),
            Packet::EndOfImage { image: 13, status: 0x25 },
        ),
        ("05 00 00 00 08 00 00 00".into(), Packet::Done),
        ("06 00 00 00 0C 00 00 00 01 00 00 00".into(), Packet::DoneResponse { status: 1 }),
        ("07 00 00 00 08 00 00 00".into(), Packet::Reset),
        ("08 00 00 00 08 00 00 00".into(), Packet::ResetResponse),
        ("0B 00 00 00 08 00 00 00".into(), Packet::CommandReady),
        ("0C 00 00 00 0C 00 00 00 00 00 00 00".into(), Packet::SwitchMode { mode: Mode::ImagePending }),
        ("0D 00 00 00 0C 00 00 00 01 00 00 00".into(), Packet::Execute { command: 1 }),
        ("0E 00 00 00 10 00 00 00 01 00 00 00 04 00 00 00".into(), Packet::ExecuteResponse { command: 1, length: 4 }),
        ("0F 00 00 00 0C 00 00 00 01 00 00 00".into(), Packet::ExecuteData { command: 1 }),
        (
            "12 00 00 00 20 00 00 00 0D 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 40 00 00 00 00 00 00 00".into(),
            Packet::ReadData64 { image: 13, offset: 0, length: 0x40 },
        ),
        ("13 00 00 00 08 00 00 00".into(), Packet::ResetStateMachine),
    ];
    for (hex, packet) in table {
        let bytes: Vec<u8> = hex
            .split(' ')
            .map(|b| u8::from_str_radix(b, 16).unwrap())
            .collect();
        assert_eq!(packet.encode(), bytes, "{packet:?}");
        assert_eq!(Packet::decode(&bytes), Ok(packet));
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    assert!(header([1, 0, 0, 0, 4, 0, 0, 0]).is_err());
    assert!(header([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]).is_err());
    assert!(header([0x3c, 0x3f, 0x78, 0x6d, 8, 0, 0, 0]).is_err());
    assert!(Packet::decode(&[3, 0, 0, 0, 8, 0, 0, 0]).is_err());
}
