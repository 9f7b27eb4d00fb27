//! A scripted boot ROM, and what the driver makes of it.

use super::*;
use crate::driver::firehose::tests::babble;
use crate::protocol::sahara::Packet;
use crate::transport::memory::{FarEnd, Memory};
use crate::transport::{self, Clock, Interrupt, StandingClock};
use proptest::prelude::*;
use std::collections::VecDeque;
use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Says its packets one after another; a read waits until the host has given its bytes.
struct BootRom {
    script: VecDeque<Vec<u8>>,
    out: VecDeque<u8>,
    /// Raw bytes still to come from the host.
    wants: usize,
    got: Arc<Mutex<Vec<u8>>>,
    heard: Arc<Mutex<Vec<Packet>>>,
    ended: Arc<Mutex<usize>>,
    clock: Arc<StandingClock>,
    piece: usize,
    /// Says nothing before the host does.
    waits: bool,
}

impl FarEnd for BootRom {
    fn host_reads(
        &mut self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<usize, transport::Error> {
        if self.out.is_empty()
            && self.wants == 0
            && !self.waits
            && let Some(bytes) = self.script.pop_front()
        {
            if let Ok(Packet::ReadData { length, .. }) = Packet::decode(&bytes) {
                self.wants = length as usize;
            }
            if let Ok(Packet::ReadData64 { length, .. }) = Packet::decode(&bytes) {
                self.wants = usize::try_from(length).unwrap();
            }
            self.out.extend(bytes);
        }
        let count = buffer.len().min(self.out.len()).min(self.piece);
        if count == 0 {
            self.clock.sleep(timeout.max(Duration::from_millis(1)));
            return Err(transport::Error::Timeout);
        }
        for (to, from) in buffer.iter_mut().zip(self.out.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }

    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, transport::Error> {
        if self.wants > 0 {
            let count = bytes.len().min(self.wants);
            self.got.lock().unwrap().extend_from_slice(&bytes[..count]);
            self.wants -= count;
            return Ok(count);
        }
        self.waits = false;
        if let Ok(packet) = Packet::decode(bytes) {
            self.heard.lock().unwrap().push(packet);
        }
        Ok(bytes.len())
    }

    fn transfer_ended(&mut self) -> Result<(), transport::Error> {
        *self.ended.lock().unwrap() += 1;
        Ok(())
    }
}

struct Far {
    got: Arc<Mutex<Vec<u8>>>,
    heard: Arc<Mutex<Vec<Packet>>>,
    ended: Arc<Mutex<usize>>,
}

fn boot_rom(script: Vec<Vec<u8>>, piece: usize, waits: bool) -> (Port, Far) {
    let far = Far {
        got: Arc::default(),
        heard: Arc::default(),
        ended: Arc::default(),
    };
    let clock = Arc::new(StandingClock::default());
    let rom = BootRom {
        script: script.into(),
        out: VecDeque::new(),
        wants: 0,
        got: far.got.clone(),
        heard: far.heard.clone(),
        ended: far.ended.clone(),
        clock: clock.clone(),
        piece,
        waits,
    };
    let memory = Memory::new(Box::new(rom), "boot rom");
    (
        Port::new(Box::new(memory), clock, Interrupt::default()),
        far,
    )
}

fn hello(mode: Mode) -> Vec<u8> {
    Packet::Hello {
        version: 2,
        compatible: 1,
        max_packet: 1024,
        mode,
    }
    .encode()
}

fn read(image: u32, offset: u32, length: u32) -> Vec<u8> {
    Packet::ReadData {
        image,
        offset,
        length,
    }
    .encode()
}

fn end(status: u32) -> Vec<u8> {
    Packet::EndOfImage { image: 13, status }.encode()
}

fn done(status: u32) -> Vec<u8> {
    Packet::DoneResponse { status }.encode()
}

fn image() -> Vec<u8> {
    (0..10_000u32).map(|i| (i % 251) as u8).collect()
}

fn try_load(port: &mut Port) -> Result<Loaded, Error> {
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
            version: 2,
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
        (vec![pending(), read(13, 0, 64)], "sahara::stale"),
        (vec![pending()], "sahara::no-hello"),
        (vec![hello(Mode::MemoryDebug)], "sahara::ramdump"),
        (
            vec![pending(), ready(), response(8, 1 << 20)],
            "sahara::malformed",
        ),
        (vec![pending(), ready(), response(7, 4)], "sahara::stale"),
        (
            vec![pending(), ready(), response(8, 8), vec![1, 0, 0]],
            "sahara::no-hello",
        ),
        (vec![b"<?xml version".to_vec()], "sahara::firehose-runs"),
    ] {
        let (mut port, _) = boot_rom(script, usize::MAX, false);
        let deadline = port.within(Duration::from_secs(120));
        assert_eq!(info(&mut port, deadline).unwrap_err().code(), code);
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
        (vec![pending(), end(0)], "sahara::refused"),
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

#[test]
fn listening_takes_nothing_away() {
    for (bytes, wanted) in [
        (
            hello(Mode::ImagePending),
            FirstBytes::Hello {
                mode: Mode::ImagePending,
            },
        ),
        (
            hello(Mode::MemoryDebug),
            FirstBytes::Hello {
                mode: Mode::MemoryDebug,
            },
        ),
        (end(0), FirstBytes::StaleSahara),
        (
            b"<?xml version=\"1.0\"?><data>".to_vec(),
            FirstBytes::Firehose,
        ),
        (vec![0x7e, 1, 2, 3], FirstBytes::Hdlc),
        (vec![], FirstBytes::Silent),
        (vec![0xaa; 12], FirstBytes::Other),
    ] {
        let (mut port, far) = boot_rom(vec![bytes.clone()], usize::MAX, false);
        let deadline = port.within(Duration::from_secs(1));
        assert_eq!(identify(&mut port, deadline).unwrap(), wanted);
        assert_eq!(port.drain(1000).unwrap(), bytes);
        assert!(far.heard.lock().unwrap().is_empty());
    }
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let packet = (
        0u32..0x16,
        prop::sample::select(vec![8u32, 12, 16, 0x14, 0x20, 0x30, 0x400]),
        prop::collection::vec(0u32..20, 0..12),
    );
    let packets = prop::collection::vec(packet, 0..8).prop_map(|packets| {
        packets
            .into_iter()
            .flat_map(|(command, length, words)| {
                let mut bytes = [command, length].map(u32::to_le_bytes).concat();
                bytes.extend(words.into_iter().flat_map(u32::to_le_bytes));
                bytes.resize(length as usize, 0);
                bytes
            })
            .collect()
    });
    prop_oneof![packets, prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn no_bytes_of_a_modem_make_the_driver_panic_or_run_for_ever(bytes in noise(), for_ever in any::<bool>()) {
        let mut port = babble(bytes, for_ever);
        let deadline = port.within(Duration::from_secs(60));
        let _ = identify(&mut port, deadline);
        let _ = info(&mut port, deadline);
        let _ = try_load(&mut port);
    }
}
