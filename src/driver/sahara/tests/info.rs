//! What a scripted boot ROM tells of itself.

use super::*;
use crate::driver::sahara::info;

fn response(command: u32, length: u32) -> Vec<u8> {
    Packet::ExecuteResponse { command, length }.encode()
}

#[test]
fn a_boot_rom_tells_its_identity_and_is_left_as_it_was() {
    let supported: Vec<u8> = [1u32, 2, 3, 7, 8]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    let script = vec![
        hello(Mode::ImagePending),
        Packet::CommandReady.encode(),
        response(8, 20),
        supported,
        response(1, 4),
        0x0bad_cafe_u32.to_le_bytes().to_vec(),
        response(2, 24),
        0x0029_30e1_0000_0001_u64.to_le_bytes().repeat(3),
        response(3, 96),
        vec![0xab; 96],
        end(0x1f),
        hello(Mode::ImagePending),
    ];
    let (mut port, far) = boot_rom(script, usize::MAX, false);
    let deadline = port.within(Duration::from_secs(120));
    let found = info(&mut port, deadline).unwrap();
    assert_eq!(
        found,
        ChipInfo {
            version: Some(2),
            serial: Some(0x0bad_cafe),
            hardware: Some("002930e100000001".into()),
            key_hash: Some("ab".repeat(32)),
            software: None,
            refused: vec![7],
        }
    );
    let last = far.heard.lock().unwrap().last().cloned();
    assert_eq!(
        last,
        Some(Packet::SwitchMode {
            mode: Mode::ImagePending
        })
    );
    let deadline = port.within(Duration::from_secs(1));
    let first = identify(&mut port, deadline).unwrap();
    assert!(matches!(first, FirstBytes::Hello { .. }), "{first:?}");
}

#[test]
fn an_identity_that_is_not_told_is_no_identity() {
    let pending = || hello(Mode::ImagePending);
    let ready = || Packet::CommandReady.encode();
    for (script, code) in [
        (vec![pending(), end(0x1c)], "sahara::no-command-mode"),
        (vec![pending(), read(13, 0, 64)], "sahara::no-command-mode"),
        (vec![pending()], "sahara::no-command-mode"),
        (vec![], "sahara::no-hello"),
        (vec![hello(Mode::MemoryDebug)], "sahara::ramdump"),
        (
            vec![pending(), ready(), response(8, 1 << 20)],
            "sahara::malformed",
        ),
        (vec![pending(), ready(), response(7, 4)], "sahara::stale"),
        (
            vec![pending(), ready(), response(8, 8), vec![1, 0, 0]],
            "sahara::no-answer",
        ),
        (vec![b"<?xml version".to_vec()], "sahara::firehose-runs"),
    ] {
        assert_eq!(asked(script).0.unwrap_err().code(), code);
    }
}

fn asked(script: Vec<Vec<u8>>) -> (Result<ChipInfo, Error>, Port, Far) {
    let (mut port, far) = boot_rom(script, usize::MAX, false);
    let deadline = port.within(Duration::from_secs(120));
    (info(&mut port, deadline), port, far)
}

/// What comes after a boot ROM that has no command mode, or stops answering there: its HELLO once more where it begins
/// anew, its first question where it passed over the wish, and else nothing.
#[test]
fn a_boot_rom_without_command_mode_is_left_ready_or_called_deaf() {
    let pending = || hello(Mode::ImagePending);
    let ready = || Packet::CommandReady.encode();
    let wants = FirstBytes::Hello {
        mode: Mode::ImagePending,
    };
    for (script, then, first) in [
        (vec![pending(), end(0x1c), pending()], Then::Waits, wants),
        (vec![pending(), end(0x1c)], Then::Deaf, FirstBytes::Silent),
        (
            vec![pending(), read(13, 0, 64)],
            Then::Waits,
            FirstBytes::StaleSahara,
        ),
        (
            vec![pending(), ready(), response(8, 4), vec![1]],
            Then::Deaf,
            FirstBytes::Silent,
        ),
    ] {
        let (found, mut port, far) = asked(script);
        let error = found.unwrap_err();
        let (Error::NoCommandMode { then: told, .. } | Error::NoAnswer { then: told }) = error
        else {
            panic!("{error}");
        };
        assert_eq!(told, then, "{error}");
        assert!(error.to_string().ends_with(&then.to_string()), "{error}");
        let deadline = port.within(Duration::from_secs(1));
        assert_eq!(identify(&mut port, deadline).unwrap(), first);
        assert!(!far.heard.lock().unwrap().contains(&Packet::Reset));
    }
}

#[test]
fn without_its_hello_the_version_stays_unknown() {
    let ready = Packet::CommandReady.encode();
    let rest = vec![end(0x1f), response(1, 4), vec![1, 0, 0, 0]];
    let refusals = vec![end(0x1f); 4];
    let script = [vec![ready], rest, refusals, vec![hello(Mode::ImagePending)]].concat();
    let (mut port, _) = boot_rom(script, usize::MAX, true);
    let deadline = port.within(Duration::from_secs(120));
    let found = info(&mut port, deadline).unwrap();
    assert_eq!((found.version, found.serial), (None, Some(1)));
    assert_eq!(found.refused, [2, 3, 7, 10]);
}

/// What is sent to it would be taken for bytes of the image.
#[test]
fn a_boot_rom_in_the_middle_of_an_image_is_told_nothing() {
    let (mut port, far) = boot_rom(vec![read(13, 0, 64), end(0), done(1)], usize::MAX, false);
    let deadline = port.within(Duration::from_secs(60));
    let error = super::super::info(&mut port, deadline).unwrap_err();
    assert_eq!(error.code(), "sahara::mid-image");
    assert!(error.help().contains("cut the modem's power"));
    assert!(far.heard.lock().unwrap().is_empty());
    load::try_load(&mut port).unwrap();
    assert_eq!(far.got.lock().unwrap().len(), 64);
}
