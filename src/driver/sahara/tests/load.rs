//! A programmer, and other images, given to a scripted boot ROM.

use super::*;

fn image() -> Vec<u8> {
    (0..10_000u32).map(|i| (i % 251) as u8).collect()
}

pub(super) fn try_load(port: &mut Port) -> Result<Loaded, Error> {
    let deadline = port.within(Duration::from_secs(120));
    let mut programmer = Cursor::new(image());
    let mut images = Images::only(&mut programmer);
    load(port, &mut images, deadline, &mut |_, _| {})
}

fn after(script: Vec<Vec<u8>>) -> Result<Loaded, Error> {
    try_load(&mut boot_rom(script, usize::MAX, false).0)
}

#[test]
fn a_programmer_is_given_byte_for_byte_however_packets_are_cut() {
    let script = || {
        vec![
            hello(Mode::ImagePending),
            read(13, 0, 0x34),
            read(13, 0x34, 0x80),
            Packet::ReadData64 {
                image: 13,
                offset: 0x1000,
                length: 0x1000,
            }
            .encode(),
            end(0),
            done(1),
        ]
    };
    for piece in [1, 3, 20, usize::MAX] {
        let (mut port, far) = boot_rom(script(), piece, false);
        let loaded = try_load(&mut port).unwrap();
        assert_eq!(
            loaded,
            Loaded {
                image: 13,
                ended_as: None,
                bytes: 0x34 + 0x80 + 0x1000
            }
        );
        let image = image();
        let wanted = [&image[..0xb4], &image[0x1000..0x2000]].concat();
        assert_eq!(*far.got.lock().unwrap(), wanted);
        let heard = far.heard.lock().unwrap();
        assert!(matches!(
            heard[..],
            [
                Packet::HelloResponse {
                    version: 2,
                    mode: Mode::ImagePending,
                    ..
                },
                Packet::Done
            ]
        ));
        assert_eq!(
            *far.ended.lock().unwrap(),
            0,
            "no zero-length packet in Sahara"
        );
    }
}

#[test]
fn pending_after_the_programmer_counts_as_finished() {
    let script = vec![hello(Mode::ImagePending), read(13, 0, 64), end(0), done(0)];
    assert!(after(script).is_ok());
    let enprg = Packet::EndOfImage {
        image: 11,
        status: 0,
    }
    .encode();
    let script = vec![hello(Mode::ImagePending), read(11, 0, 64), enprg, done(0)];
    assert!(matches!(
        after(script),
        Err(Error::MoreImages { image: 11 })
    ));
}

#[test]
fn what_was_read_decides_whatever_id_its_end_names() {
    let end = |image| Packet::EndOfImage { image, status: 0 }.encode();
    for (read_as, said, status, wanted) in [
        (13, 13, 0, Ok((13, None))),
        (13, 0, 0, Ok((13, Some(0)))),
        (13, 11, 1, Ok((13, Some(11)))),
        // Of the enprg loader "pending" is no end, under whatever name.
        (11, 13, 0, Err(11)),
    ] {
        let script = vec![
            hello(Mode::ImagePending),
            read(read_as, 0, 64),
            end(said),
            done(status),
        ];
        let came = match after(script) {
            Ok(loaded) => Ok((loaded.image, loaded.ended_as)),
            Err(Error::MoreImages { image }) => Err(image),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(came, wanted);
    }
}

#[test]
fn a_lost_hello_is_nudged_once_and_hello_may_come_twice() {
    let script = vec![
        hello(Mode::ImagePending),
        hello(Mode::ImagePending),
        read(13, 0, 64),
        end(0),
        done(1),
    ];
    let (mut port, far) = boot_rom(script, usize::MAX, true);
    try_load(&mut port).unwrap();
    assert_eq!(far.heard.lock().unwrap().len(), 4);
    assert!(matches!(after(vec![]), Err(Error::Silent { sent: 0 })));
}

#[test]
fn of_hellos_that_are_there_at_once_only_the_last_is_answered() {
    let both = [hello(Mode::ImagePending), hello(Mode::ImagePending)].concat();
    let (mut port, far) = boot_rom(
        vec![both, read(13, 0, 64), end(0), done(1)],
        usize::MAX,
        false,
    );
    try_load(&mut port).unwrap();
    assert_eq!(*far.got.lock().unwrap(), image()[..64]);
    assert_eq!(far.heard.lock().unwrap().len(), 2, "a response and DONE");
}

#[test]
fn what_another_tool_began_is_gone_on_with() {
    assert!(after(vec![read(13, 0, 64), end(0), done(1)]).is_ok());
}

#[test]
fn several_images_are_given_by_their_number() {
    let second = vec![7; 500];
    let script = vec![
        hello(Mode::ImagePending),
        read(21, 100, 64),
        Packet::EndOfImage {
            image: 21,
            status: 0,
        }
        .encode(),
        done(0),
        hello(Mode::ImagePending),
        read(13, 0, 64),
        end(0),
        done(1),
    ];
    let (mut port, far) = boot_rom(script, usize::MAX, false);
    let (mut programmer, mut other) = (Cursor::new(image()), Cursor::new(second.clone()));
    let others: BTreeMap<u64, &mut dyn Image> = BTreeMap::from([(21, &mut other as _)]);
    let mut images = Images::with_others(&mut programmer, others);
    let deadline = port.within(Duration::from_secs(120));
    let loaded = load(&mut port, &mut images, deadline, &mut |_, _| {}).unwrap();
    assert_eq!((loaded.image, loaded.bytes), (13, 128));
    let wanted = [&second[100..164], &image()[..64]].concat();
    assert_eq!(*far.got.lock().unwrap(), wanted);
}

/// What stands before HELLO: the packets of an earlier conversation, and what leads out of it.
#[test]
fn what_an_earlier_conversation_left_needs_no_replug() {
    let good = || vec![hello(Mode::ImagePending), read(13, 0, 64), end(0), done(1)];
    for left in [
        vec![end(1)],
        vec![end(0x25), end(1)],
        vec![done(1)],
        vec![Packet::ResetResponse.encode()],
    ] {
        let script = [left, good()].concat();
        let (mut port, far) = boot_rom(script, usize::MAX, false);
        try_load(&mut port).unwrap();
        let heard = far.heard.lock().unwrap();
        assert!(!heard.contains(&Packet::Reset), "{heard:?}");
    }
    for (left, way_out) in [
        (end(1), Packet::ResetStateMachine),
        (done(0), Packet::ResetStateMachine),
        (
            Packet::CommandReady.encode(),
            Packet::SwitchMode {
                mode: Mode::ImagePending,
            },
        ),
    ] {
        let (mut port, far) = boot_rom(vec![left], usize::MAX, false);
        assert!(try_load(&mut port).is_err());
        assert_eq!(*far.heard.lock().unwrap(), [way_out]);
    }
}

#[test]
fn every_way_to_be_refused_has_its_own_code() {
    let pending = || hello(Mode::ImagePending);
    for (script, code) in [
        (vec![hello(Mode::MemoryDebug)], "sahara::ramdump"),
        (
            vec![pending(), read(13, 0, 64), end(0x25)],
            "sahara::refused",
        ),
        (vec![end(1)], "sahara::refused"),
        // Status 0 refuses nothing.
        (vec![end(0)], "sahara::stale"),
        (vec![pending(), end(0)], "sahara::stale"),
        (vec![done(1)], "sahara::stale"),
        (vec![Packet::CommandReady.encode()], "sahara::stale"),
        (vec![pending(), read(13, 0, 64)], "sahara::silent"),
        (vec![pending(), read(13, 9_990, 64)], "sahara::beyond-image"),
        (
            vec![pending(), read(13, u32::MAX, u32::MAX)],
            "sahara::beyond-image",
        ),
        (vec![pending(), read(99, 0, 64)], "sahara::other-image"),
        (
            vec![pending(), read(13, 0, 64), read(21, 0, 64)],
            "sahara::other-image",
        ),
        (vec![pending(); 5], "sahara::circles"),
        (
            [vec![pending()], vec![read(13, 0, 10_000); 5]].concat(),
            "sahara::circles",
        ),
        (vec![b"<?xml version".to_vec()], "sahara::firehose-runs"),
        (vec![vec![0x7e, 0x13, 0x37]], "sahara::hdlc"),
        (vec![vec![0xff; 48]], "sahara::malformed"),
    ] {
        let error = after(script).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    let error = after(vec![pending(), read(13, 0, 64), end(0x25)]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("status 0x25, image authentication failed")
    );
    assert!(error.help().contains("not signed"));
}
