//! The streaming loader spoken to frame by frame, by a host that is no driver.

use super::host::Host;
use crate::plan::{Fault, FaultKind, Hand, Mode, Operation, Scenario, library};
use crate::protocol::dload::{
    BY_NAME, Code, OpenStatus, Replace, Reply, Request, TRUSTED, TableStatus, UserTable,
};
use crate::protocol::hdlc::{self, Deframer};
use crate::sim::fixture::{self, spanned};
use crate::sim::image::Image;
use crate::sim::package::programmer::loader;
use crate::sim::{Modem, Options, RecordKind, Wire};
use std::time::Duration;

const FIRMWARE: &str = "EC25EFAR06A11M4G_01.001.01.001";

struct Loader {
    host: Host,
    deframer: Deframer,
}

impl Loader {
    /// A loader that runs and was not greeted.
    fn new(change: impl FnOnce(&mut Scenario)) -> Self {
        let (_, profile) = library::load_profile("quectel/ec25", None).unwrap();
        let mut scenario = fixture::scenario();
        scenario.modem = spanned("quectel/ec25".to_owned());
        scenario.firmware = spanned(FIRMWARE.to_owned());
        scenario.mode = spanned(Mode::Dload);
        change(&mut scenario);
        let mut host = Host::new(|_| ());
        host.modem = Modem::new(&scenario, &profile, Options { seed: 1 }).unwrap();
        Self {
            host,
            deframer: Deframer::default(),
        }
    }

    fn with_fault(kind: FaultKind, on: Operation, nth: u32) -> Self {
        Self::new(|scenario| {
            scenario.faults = vec![Fault {
                kind: spanned(kind),
                on: Some(spanned(on)),
                step: None,
                nth: Some(nth),
                value: None,
            }];
        })
    }

    /// Up to where partitions can be opened.
    fn ready(mut self) -> Self {
        assert!(matches!(self.ask(&hello())[..], [Reply::Hello(_)]));
        assert_eq!(self.ask(&Request::Security(TRUSTED)), [Reply::Security]);
        assert_eq!(
            self.ask(&table(Replace::Never)),
            [Reply::Table(TableStatus::Accepted)]
        );
        self
    }

    fn raw(&mut self, bytes: &[u8]) -> Vec<Reply> {
        self.host.write(bytes);
        let mut replies = Vec::new();
        loop {
            let bytes = self.host.read();
            if bytes.is_empty() {
                return replies;
            }
            self.deframer.push(&bytes);
            while let Some(frame) = self.deframer.next_frame() {
                replies.push(Reply::decode(&frame.unwrap()).unwrap());
            }
        }
    }

    fn ask(&mut self, request: &Request) -> Vec<Reply> {
        self.raw(&hdlc::encode(&request.encode()))
    }

    fn write_all(&mut self, name: &str, image: &[u8]) -> Vec<Reply> {
        let mut replies = self.ask(&open(name));
        for (number, part) in (0..).zip(image.chunks(1024)) {
            replies = self.ask(&Request::StreamWrite {
                address: number * 1024,
                data: part.to_vec(),
            });
        }
        replies
    }
}

fn hello() -> Request {
    Request::Hello {
        max_version: 4,
        min_version: 2,
        features: 0,
    }
}

/// That of the profile.
fn user_table() -> UserTable {
    let (_, profile) = library::load_profile("quectel/ec25", None).unwrap();
    crate::sim::package::text::user_table(&profile)
}

fn table(replaces: Replace) -> Request {
    let table = user_table().encode();
    Request::Table { replaces, table }
}

fn open(name: &str) -> Request {
    let mut payload = name.as_bytes().to_vec();
    payload.push(0);
    Request::OpenMulti {
        mode: BY_NAME,
        payload,
    }
}

fn refusal(code: Code, words: &str) -> [Reply; 2] {
    let text = words.to_owned();
    [Reply::Log(text.clone()), Reply::Error { code, text }]
}

fn sbl() -> Vec<u8> {
    let image = Image::of_stage("sbl", FIRMWARE, 200_001);
    let mut bytes = vec![0; 200_001];
    image.fill(0, &mut bytes);
    bytes
}

#[test]
fn a_boot_rom_that_takes_a_loader_starts_it() {
    let mut loader = Loader::new(|scenario| scenario.mode = spanned(Mode::Edl));
    loader.host.upload(&self::loader("mdm9x07"));
    assert_eq!(loader.host.modem.summary().mode, Mode::Dload);
    assert!(loader.host.read().is_empty());
    loader.ready();
}

#[test]
fn the_order_of_the_protocol_is_held() {
    let mut loader = Loader::new(|_| ());
    assert_eq!(
        loader.ask(&Request::Security(TRUSTED)),
        refusal(Code::INVALID_COMMAND, "Invalid Command")
    );
    assert!(matches!(loader.ask(&hello())[..], [Reply::Hello(_)]));
    let out_of_sequence = |words| refusal(Code::OUT_OF_SEQUENCE, words);
    assert_eq!(
        loader.ask(&table(Replace::Never)),
        out_of_sequence("No security mode received before partition table")
    );
    assert_eq!(
        loader.ask(&open("0:SBL")),
        out_of_sequence("No security mode received before open multi")
    );
    loader.ask(&Request::Security(TRUSTED));
    assert_eq!(
        loader.ask(&open("0:SBL")),
        out_of_sequence("No partition table received before open multi")
    );
    assert_eq!(
        loader.ask(&Request::Close),
        out_of_sequence("Cannot close when not previously opened")
    );
    loader.ask(&table(Replace::Never));
    let failed = |words| refusal(Code::FAILED, words);
    assert_eq!(
        loader.ask(&open("0:sbl")),
        failed("Open multi failed, unknown error")
    );
    let write = |address| Request::StreamWrite {
        address,
        data: vec![0; 8],
    };
    assert_eq!(loader.ask(&write(0)), failed("Write unsuccessful"));
    assert_eq!(
        loader.ask(&open("0:SBL")),
        [Reply::OpenMulti(OpenStatus::Opened)]
    );
    assert_eq!(loader.ask(&write(8)), failed("Write unsuccessful"));
    assert_eq!(
        loader.ask(&Request::Reset),
        out_of_sequence("Cannot reset before close")
    );
    let no_name = Request::OpenMulti {
        mode: BY_NAME,
        payload: Vec::new(),
    };
    assert_eq!(
        loader.ask(&no_name),
        [Reply::OpenMulti(OpenStatus::PayloadNeeded)]
    );
}

#[test]
fn the_flash_holds_what_was_written_and_the_modem_runs_it() {
    let mut loader = Loader::new(|scenario| {
        scenario.damage = vec![spanned("sbl".to_owned())];
    })
    .ready();
    assert!(!loader.host.modem.summary().boots);
    let last = loader.write_all("0:SBL", &sbl());
    let address = u32::try_from(200_001 / 1024 * 1024).unwrap();
    assert_eq!(last, [Reply::Written { address }]);
    // The last page is not full, and so not yet written.
    assert!(!loader.host.modem.summary().boots);
    assert_eq!(loader.ask(&Request::Close), [Reply::Closed]);
    assert!(loader.host.modem.summary().boots);
    let sha256 = crate::files::sha256(&sbl()[..]).unwrap().0;
    let written = loader.host.kinds().into_iter().any(|kind| {
        kind == RecordKind::Program {
            start: 0,
            count: 98,
            sha256: sha256.clone(),
        }
    });
    assert!(written);
    assert_eq!(loader.ask(&Request::Reset), [Reply::Reset]);
    loader.host.wait(Duration::from_secs(60));
    assert_eq!(loader.host.modem.summary().mode, Mode::Normal);
}

#[test]
fn a_boot_loader_of_zeros_brings_the_modem_back_into_edl() {
    let mut loader = Loader::new(|_| ()).ready();
    loader.write_all("0:SBL", &[0; 4096]);
    loader.ask(&Request::Close);
    loader.host.modem.hand(Hand::Unplug);
    loader.host.modem.hand(Hand::Plug);
    loader.host.wait(Duration::from_secs(5));
    assert_eq!(loader.host.modem.summary().mode, Mode::Edl);
}

#[test]
fn a_frame_that_is_damaged_is_dropped_with_a_log() {
    let mut loader = Loader::new(|_| ()).ready();
    let mut frame = hdlc::encode(&open("0:SBL").encode());
    frame[3] ^= 1;
    assert_eq!(
        loader.raw(&frame),
        [Reply::Log("ERR: CRC invalid".to_owned())]
    );
    assert!(loader.raw(&[0x7e, 0x01, 0x7e, 0x7e]).is_empty());
    assert_eq!(
        loader.ask(&Request::Close),
        refusal(
            Code::OUT_OF_SEQUENCE,
            "Cannot close when not previously opened"
        )
    );
}

#[test]
fn a_table_that_differs_is_taken_only_where_it_may_replace_the_chips() {
    let mut loader = Loader::new(|scenario| {
        scenario.damage = vec![spanned("mibib".to_owned())];
    });
    loader.ask(&hello());
    loader.ask(&Request::Security(TRUSTED));
    let differs = [Reply::Table(TableStatus::Differs)];
    assert_eq!(loader.ask(&table(Replace::Never)), differs);
    assert!(
        loader
            .host
            .kinds()
            .iter()
            .all(|kind| !kind.is_destructive())
    );
    assert_eq!(
        loader.ask(&open("0:SBL")),
        refusal(
            Code::OUT_OF_SEQUENCE,
            "No partition table received before open multi"
        )
    );
    let accepted = [Reply::Table(TableStatus::Accepted)];
    assert_eq!(loader.ask(&table(Replace::Differing)), accepted);
    assert!(loader.host.modem.summary().boots);
    let mut shifted = user_table();
    shifted.entries.swap(0, 1);
    let shifted = Request::Table {
        replaces: Replace::Never,
        table: shifted.encode(),
    };
    assert_eq!(loader.ask(&shifted), differs);
    let garbage = Request::Table {
        replaces: Replace::Differing,
        table: vec![7; 100],
    };
    assert_eq!(
        loader.ask(&garbage),
        [Reply::Table(TableStatus::NotRecognised)]
    );
}

#[test]
fn a_plug_that_is_pulled_in_a_write_leaves_what_was_written_before() {
    let mut loader = Loader::with_fault(FaultKind::Unplug, Operation::DloadWrite, 3).ready();
    loader.ask(&open("0:SBL"));
    for address in [0, 1024] {
        let data = vec![0; 1024];
        loader.ask(&Request::StreamWrite { address, data });
    }
    let third = Request::StreamWrite {
        address: 2048,
        data: vec![0; 1024],
    };
    loader.host.write(&hdlc::encode(&third.encode()));
    assert!(loader.host.modem.presence().is_none());
    assert!(!loader.host.modem.summary().boots);
    assert!(loader.host.modem.write(Wire::Edl, &[0]).is_err());
}
