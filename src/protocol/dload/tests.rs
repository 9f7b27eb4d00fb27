//! Frames that other tools send, tables of a real package, and whatever bytes there are.

use super::*;
use crate::protocol::hdlc;
use proptest::prelude::*;

/// A constant of `uc15_upgrade.c`, with its flag in front.
fn frame(request: &Request) -> Vec<u8> {
    let mut frame = vec![0x7e];
    frame.extend(hdlc::encode(&request.encode()));
    frame
}

#[test]
fn requests_are_the_frames_that_another_tool_sends_to_a_quectel_loader() {
    let mut hello = b"\x7e\x01QCOM fast download protocol host".to_vec();
    hello.extend([0x02, 0x02, 0x01, 0x8a, 0xfd, 0x7e]);
    for (request, wire) in [
        (
            Request::Hello {
                max_version: 2,
                min_version: 2,
                features: 1,
            },
            hello,
        ),
        (Request::Close, vec![0x7e, 0x15, 0x54, 0xb7, 0x7e]),
        (
            Request::Security(0),
            vec![0x7e, 0x17, 0x00, 0xde, 0xd7, 0x7e],
        ),
        (
            Request::DownloadFlag(true),
            vec![0x7e, 0x60, 0x01, 0x9b, 0x7b, 0x7e],
        ),
        (
            Request::DownloadFlag(false),
            vec![0x7e, 0x60, 0x00, 0x12, 0x6a, 0x7e],
        ),
        (Request::Reset, vec![0x7e, 0x0b, 0xab, 0x4e, 0x7e]),
    ] {
        assert_eq!(frame(&request), wire);
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
}

/// The bodies as `qfh:stream_download_protocol.c` composes them.
#[test]
fn writes_tables_and_opens_have_the_shape_that_qfirehose_gives_them() {
    let write = Request::StreamWrite {
        address: 0x0001_0400,
        data: vec![9, 8],
    };
    assert_eq!(write.encode(), [0x07, 0x00, 0x04, 0x01, 0x00, 9, 8]);
    let table = Request::Table {
        replaces: Replace::Differing,
        table: vec![0x9a, 0x1b],
    };
    assert_eq!(table.encode(), [0x19, 0x01, 0x9a, 0x1b]);
    let open = Request::OpenMulti {
        mode: BY_NAME,
        payload: b"0:SBL\0".to_vec(),
    };
    assert_eq!(open.encode(), b"\x1b\x0e0:SBL\0");
    for request in [write, table, open] {
        assert_eq!(Request::decode(&request.encode()), Ok(request));
    }
}

/// A HELLO by hand from `openpst:streaming_dload.h`, with a chip of four sectors.
fn greeting() -> (Greeting, Vec<u8>) {
    let mut wire = b"\x02QCOM fast download protocol targ\x04\x02".to_vec();
    wire.extend([0x00, 0x04, 0x00, 0x00, 0, 0, 0, 0]);
    wire.extend(b"\x04NAND\x64\x00\x04\x00");
    for _ in 0..4 {
        wire.extend([0x00, 0x00, 0x02, 0x00]);
    }
    wire.push(0x09);
    let greeting = Greeting {
        max_version: 4,
        min_version: 2,
        block: 1024,
        flash: "NAND".to_owned(),
        window: 100,
        sectors: vec![0x2_0000; 4],
        features: 9,
    };
    (greeting, wire)
}

#[test]
fn a_hello_of_a_loader_is_read_and_one_that_is_cut_anywhere_is_refused() {
    let (greeting, wire) = greeting();
    assert_eq!(Reply::decode(&wire), Ok(Reply::Hello(greeting.clone())));
    assert_eq!(Reply::Hello(greeting).encode(), wire);
    for length in 0..wire.len() {
        assert!(Reply::decode(&wire[..length]).is_err(), "{length}");
    }
    let mut other = wire;
    other[5] ^= 1;
    assert_eq!(Reply::decode(&other), Err(Malformed::Magic));
}

#[test]
fn malformed_replies_are_refused_by_what_is_wrong_with_them() {
    let short = |what, length| Err(Malformed::Short { what, length });
    for (bytes, refused) in [
        (&[][..], Err(Malformed::Empty)),
        (&[0x00], Err(Malformed::Unknown { code: 0 })),
        // What a host says is no answer.
        (&[0x07, 0, 0, 0, 0], Err(Malformed::Unknown { code: 7 })),
        (&[0xff, 0xff], Err(Malformed::Unknown { code: 0xff })),
        (&[0x08, 1, 2, 3], short("block written", 4)),
        (&[0x0d, 1, 0], short("error", 3)),
        (&[0x1a], short("table status", 1)),
        (&[0x1c], short("open status", 1)),
        (&[0x61], short("download flag", 1)),
        (&[0x04, 0, 0, 0], short("read data", 4)),
        (
            &[0x08, 0, 0, 0, 0, 0],
            Err(Malformed::Long {
                what: "reply",
                extra: 1,
            }),
        ),
        (
            &[0x16, 0x16],
            Err(Malformed::Long {
                what: "reply",
                extra: 1,
            }),
        ),
    ] {
        assert_eq!(Reply::decode(bytes), refused, "{bytes:02x?}");
    }
}

#[test]
fn logs_and_errors_give_their_words_without_the_end_of_the_line() {
    assert_eq!(
        Reply::decode(b"\x0eERR: CRC invalid\n"),
        Ok(Reply::Log("ERR: CRC invalid".to_owned()))
    );
    let error = Reply::decode(b"\x0d\x0f\0\0\0Cannot reset before close\0");
    assert_eq!(
        error,
        Ok(Reply::Error {
            code: Code::OUT_OF_SEQUENCE,
            text: "Cannot reset before close".to_owned()
        })
    );
    assert_eq!(
        Code::OUT_OF_SEQUENCE.to_string(),
        "error 0x0f, command out of sequence"
    );
}

/// `eg25:update/partition.mbn`: sizes and pads as `partition_nand.xml` has them, places as quectel.md §9 decodes them from
/// the chip's own table.
#[test]
fn the_table_of_a_real_package_gives_the_places_of_the_chips_own_table() {
    let blocks = |size, pad| Size::Blocks { size, pad };
    let kib = |size, pad| Size::Kib { size, pad };
    let table = UserTable {
        entries: [
            ("0:SBL", blocks(8, 2)),
            ("0:MIBIB", blocks(6, 4)),
            ("0:EFS2", kib(16384, 1024)),
            ("0:sys_rev", kib(4864, 256)),
            ("0:RAWDATA", kib(1024, 256)),
            ("0:TZ", kib(1280, 256)),
            ("0:RPM", kib(1024, 128)),
            ("0:cust_info", kib(1536, 512)),
            ("0:aboot", kib(1280, 256)),
            ("0:boot", kib(7680, 256)),
            ("0:recovery", kib(7680, 256)),
            ("0:modem", kib(54272, 512)),
            ("0:misc", kib(512, 128)),
            ("0:recoveryfs", kib(20480, 256)),
            ("0:usr_data", kib(60928, 512)),
            ("0:sec", kib(256, 256)),
            ("0:system", Size::Rest),
        ]
        .map(|(name, size)| Entry {
            name: name.to_owned(),
            size,
        })
        .to_vec(),
    };
    let bytes = table.encode();
    assert_eq!(bytes.len(), 492);
    // The first entry of the file, but for its third attribute, which no place hangs on.
    let first = b"\x9a\x1b\x7d\xaa\xbc\x48\x7d\x1f\x04\0\0\0\x11\0\0\x000:SBL\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0\x02\0\0\0\xff\x01\0\xfe";
    assert_eq!(&bytes[..first.len()], first);
    assert_eq!(UserTable::decode(&bytes), Ok(table.clone()));
    let places = table.places(128, 2048).unwrap();
    let expected = [
        (0, 10),
        (10, 10),
        (20, 136),
        (156, 40),
        (196, 10),
        (206, 12),
        (218, 9),
        (227, 16),
        (243, 12),
        (255, 62),
        (317, 62),
        (379, 428),
        (807, 5),
        (812, 162),
        (974, 480),
        (1454, 4),
        (1458, 590),
    ];
    assert_eq!(places, expected);
    assert_eq!(
        table.places(128, 1024),
        Err(Invalid::Outside("0:usr_data".to_owned()))
    );
}

#[test]
fn a_table_that_lies_is_refused() {
    let entry = |name: &str| Entry {
        name: name.to_owned(),
        size: Size::Kib { size: 128, pad: 0 },
    };
    let table = |names: &[&str]| {
        UserTable {
            entries: names.iter().copied().map(entry).collect(),
        }
        .encode()
    };
    let good = table(&["0:SBL", "0:TZ"]);
    assert!(UserTable::decode(&good).is_ok());
    for length in 0..good.len() {
        assert!(UserTable::decode(&good[..length]).is_err(), "{length}");
    }
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        UserTable::decode(&bytes)
    };
    assert_eq!(changed(0, 0), Err(Invalid::Magic));
    assert_eq!(changed(8, 9), Err(Invalid::Version(9)));
    assert_eq!(changed(12, 1), Err(Invalid::Cut));
    assert_eq!(changed(16, b'1'), Err(Invalid::Name(0)));
    assert_eq!(changed(43, 0), Err(Invalid::Unit("0:SBL".to_owned())));
    let twice = UserTable::decode(&table(&["0:TZ", "0:tz"]));
    assert_eq!(twice, Err(Invalid::Twice("0:tz".to_owned())));
    assert_eq!(
        UserTable::decode(&[0; MAX_TABLE + 1]),
        Err(Invalid::Length(MAX_TABLE + 1))
    );
    let odd = UserTable {
        entries: vec![entry("0:SBL")],
    };
    assert_eq!(odd.places(100, 9), Err(Invalid::Unit("0:SBL".to_owned())));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic_and_what_is_read_is_said_again(
        bytes in proptest::collection::vec(any::<u8>(), 0..80)
    ) {
        if let Ok(reply) = Reply::decode(&bytes) {
            prop_assert_eq!(Reply::decode(&reply.encode()), Ok(reply));
        }
        if let Ok(request) = Request::decode(&bytes) {
            prop_assert_eq!(Request::decode(&request.encode()), Ok(request));
        }
        let _ = UserTable::decode(&bytes);
    }

    #[test]
    fn a_write_of_any_data_survives_its_frame_however_it_is_cut(
        address in any::<u32>(),
        data in proptest::collection::vec(any::<u8>(), 0..MAX_DATA),
        cut in 1usize..600,
    ) {
        let request = Request::StreamWrite { address, data };
        let mut deframer = hdlc::Deframer::default();
        for piece in frame(&request).chunks(cut) {
            deframer.push(piece);
        }
        let payload = deframer.next_frame().unwrap().unwrap();
        prop_assert_eq!(Request::decode(&payload), Ok(request));
    }
}
