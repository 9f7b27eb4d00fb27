//! A small host: writes bytes, waits in virtual time, reads bytes.

use crate::plan::{Mode, Scenario};
use crate::protocol::firehose::{Element, Reply, Scanner};
use crate::protocol::sahara::{Mode as SaharaMode, Packet};
use crate::sim::package::programmer::programmer;
use crate::sim::{Modem, Options, RecordKind, Wire, fixture};
use std::time::Duration;

pub(super) const PAGE: usize = 4096;

pub(super) struct Host {
    pub modem: Modem,
    scanner: Scanner,
    pub logs: Vec<String>,
}

/// What a command led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Ack,
    Raw,
    Nak,
    Silence,
}

impl Host {
    pub(super) fn new(change: impl FnOnce(&mut Scenario)) -> Self {
        let mut scenario = fixture::scenario();
        change(&mut scenario);
        let modem = Modem::new(&scenario, &fixture::profile(), Options::default()).unwrap();
        Self {
            modem,
            scanner: Scanner::default(),
            logs: Vec::new(),
        }
    }

    /// In the boot ROM, before HELLO was read.
    pub(super) fn in_edl(change: impl FnOnce(&mut Scenario)) -> Self {
        Self::new(|scenario| {
            scenario.mode = fixture::spanned(Mode::Edl);
            change(scenario);
        })
    }

    /// With a programmer that runs, configured.
    pub(super) fn in_firehose(change: impl FnOnce(&mut Scenario)) -> Self {
        let mut host = Self::in_edl(change);
        host.upload(&programmer("sdx55"));
        host.wait(Duration::from_secs(2));
        host.drain();
        let configure = Element::new("configure").with("MaxPayloadSizeToTargetInBytes", 8192);
        assert_eq!(host.command(&configure), Answer::Ack);
        host
    }

    pub(super) fn wait(&mut self, time: Duration) {
        let until = self.modem.now() + time;
        self.modem.advance(until);
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.modem.write(Wire::Edl, bytes).unwrap();
    }

    /// The next transfer within 20 s; empty if none comes.
    pub(super) fn read(&mut self) -> Vec<u8> {
        let deadline = self.modem.now() + Duration::from_secs(20);
        let mut buffer = vec![0; 16384];
        loop {
            let Ok(count) = self.modem.read(Wire::Edl, &mut buffer) else {
                return Vec::new();
            };
            if count > 0 {
                buffer.truncate(count);
                return buffer;
            }
            match self.modem.next_event() {
                Some(next) if next <= deadline => self.modem.advance(next),
                _ => return Vec::new(),
            }
        }
    }

    pub(super) fn packet(&mut self) -> Option<Packet> {
        Packet::decode(&self.read()).ok()
    }

    pub(super) fn send(&mut self, packet: &Packet) {
        self.write(&packet.encode());
    }

    /// HELLO and the answer that wants a mode.
    pub(super) fn greet(&mut self, mode: SaharaMode) {
        assert!(matches!(self.packet(), Some(Packet::Hello { .. })));
        self.respond(mode);
    }

    pub(super) fn respond(&mut self, mode: SaharaMode) {
        self.send(&Packet::HelloResponse {
            version: 2,
            compatible: 1,
            status: 0,
            mode,
        });
    }

    /// Serves reads until something else comes; gives that and what was asked.
    pub(super) fn serve(&mut self, file: &[u8]) -> (Option<Packet>, Vec<(usize, usize)>) {
        let mut asked = Vec::new();
        loop {
            let (offset, length) = match self.packet() {
                Some(Packet::ReadData { offset, length, .. }) => {
                    (u64::from(offset), u64::from(length))
                }
                Some(Packet::ReadData64 { offset, length, .. }) => (offset, length),
                other => return (other, asked),
            };
            let (offset, length) = (
                usize::try_from(offset).unwrap(),
                usize::try_from(length).unwrap(),
            );
            asked.push((offset, length));
            let Some(part) = file.get(offset..offset + length) else {
                return (None, asked);
            };
            self.write(part);
            self.modem.transfer_ended(Wire::Edl).unwrap();
        }
    }

    pub(super) fn upload(&mut self, file: &[u8]) {
        self.greet(SaharaMode::ImagePending);
        let (end, _) = self.serve(file);
        assert_eq!(
            end,
            Some(Packet::EndOfImage {
                image: 13,
                status: 0
            })
        );
        self.send(&Packet::Done);
        assert!(matches!(self.packet(), Some(Packet::DoneResponse { .. })));
    }

    /// Reads away what is there now.
    pub(super) fn drain(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = self.modem.read(Wire::Edl, &mut buffer) {
            all.extend_from_slice(&buffer[..count]);
        }
        all
    }

    pub(super) fn command(&mut self, element: &Element) -> Answer {
        self.write(&element.document());
        self.answer()
    }

    pub(super) fn answer(&mut self) -> Answer {
        loop {
            while let Some(element) = self.scanner.next_element() {
                match Reply::from_element(element).unwrap() {
                    Reply::Log(text) => self.logs.push(text),
                    Reply::Response(r) if r.ack && r.raw_mode => return Answer::Raw,
                    Reply::Response(r) if r.ack => return Answer::Ack,
                    Reply::Response(_) => return Answer::Nak,
                }
            }
            let bytes = self.read();
            if bytes.is_empty() {
                return Answer::Silence;
            }
            self.scanner.push(&bytes);
        }
    }

    pub(super) fn range(name: &str, start: u64, count: u64) -> Element {
        Element::new(name)
            .with("SECTOR_SIZE_IN_BYTES", PAGE)
            .with("PAGES_PER_BLOCK", 64)
            .with("num_partition_sectors", count)
            .with("physical_partition_number", 0)
            .with("start_sector", start)
    }

    pub(super) fn erase(&mut self, start: u64, count: u64) -> Answer {
        self.command(&Self::range("erase", start, count))
    }

    /// Programs bytes, padded with zeros to whole sectors.
    pub(super) fn program(&mut self, start: u64, bytes: &[u8]) -> Answer {
        let sectors = bytes.len().div_ceil(PAGE);
        let element = Self::range("program", start, sectors as u64);
        match self.command(&element) {
            Answer::Raw => {}
            other => return other,
        }
        let mut padded = bytes.to_vec();
        padded.resize(sectors * PAGE, 0);
        for piece in padded.chunks(8192) {
            if self.modem.write(Wire::Edl, piece).is_err() {
                return Answer::Silence;
            }
        }
        // Bulk data that end on a packet border are closed by a zero-length packet.
        let _ = self.modem.transfer_ended(Wire::Edl);
        let until = self.modem.busy_until();
        self.modem.advance(until);
        self.answer()
    }

    pub(super) fn read_sectors(&mut self, start: u64, count: u64) -> Vec<u8> {
        let element = Self::range("read", start, count);
        assert_eq!(self.command(&element), Answer::Raw);
        let wanted = usize::try_from(count).unwrap() * PAGE;
        let mut bytes = self.scanner.take_rest();
        while bytes.len() < wanted {
            let more = self.read();
            assert!(!more.is_empty());
            bytes.extend(more);
        }
        self.scanner.push(&bytes.split_off(wanted));
        assert_eq!(self.answer(), Answer::Ack);
        bytes
    }

    pub(super) fn digest(&mut self, start: u64, count: u64) -> Option<String> {
        self.logs.clear();
        let element = Self::range("getsha256digest", start, count);
        match self.command(&element) {
            Answer::Ack => self.logs.last()?.strip_prefix("Digest ").map(str::to_owned),
            _ => None,
        }
    }

    /// Tells the programmer to reset; waits until something is on the bus again.
    pub(super) fn reset(&mut self) -> Mode {
        let power = Element::new("power").with("value", "reset");
        assert_eq!(self.command(&power), Answer::Ack);
        self.wait(Duration::from_secs(15));
        self.modem.summary().mode
    }

    pub(super) fn words(&self) -> Vec<&'static str> {
        let record = self.modem.record().iter();
        record.map(|record| record.kind.word()).collect()
    }

    pub(super) fn kinds(&self) -> Vec<RecordKind> {
        self.modem.record().iter().map(|r| r.kind.clone()).collect()
    }
}
