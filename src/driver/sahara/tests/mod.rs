//! A scripted boot ROM, and what the driver makes of it.

mod info;
mod load;

use super::*;
use crate::driver::firehose::tests::babble;
use crate::driver::scripted;
use crate::protocol::sahara::Packet;
use crate::transport::memory::FarEnd;
use crate::transport::{self, StandingClock};
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
        // Whoever only looks what is there already does not wait for the next one.
        if self.out.is_empty()
            && self.wants == 0
            && !self.waits
            && timeout > Duration::from_millis(10)
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
        scripted::says(&mut self.out, self.piece, buffer, (&self.clock, timeout))
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
    (scripted::wired(rom, clock), far)
}

pub(super) fn hello(mode: Mode) -> Vec<u8> {
    Packet::Hello {
        version: 2,
        compatible: 1,
        max_packet: 1024,
        mode,
    }
    .encode()
}

pub(super) fn read(image: u32, offset: u32, length: u32) -> Vec<u8> {
    Packet::ReadData {
        image,
        offset,
        length,
    }
    .encode()
}

pub(super) fn end(status: u32) -> Vec<u8> {
    Packet::EndOfImage { image: 13, status }.encode()
}

pub(super) fn done(status: u32) -> Vec<u8> {
    Packet::DoneResponse { status }.encode()
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
        let _ = super::info(&mut port, deadline);
        let _ = load::try_load(&mut port);
    }
}
