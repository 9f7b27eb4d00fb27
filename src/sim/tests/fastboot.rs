//! The boot loader spoken to packet by packet, by a host that is no driver.

use crate::files::hex;
use crate::plan::{Fault, FaultKind, Hand, Mode, Operation, Scenario, library};
use crate::sim::fixture::{self, spanned};
use crate::sim::image::Image;
use crate::sim::{Modem, Options, RecordKind, Wire};
use sha2::{Digest, Sha256};
use std::time::Duration;

const FIRMWARE: &str = "EC25EFAR06A11M4G_01.001.01.001";
/// Pages of a block, and first pages of partitions (`plans/quectel/ec25/modem.yaml`).
const BLOCK: u64 = 64;
const RECOVERY: (u64, u64) = (317 * BLOCK, 62 * BLOCK);

struct Host {
    modem: Modem,
}

impl Host {
    fn new(change: impl FnOnce(&mut Scenario)) -> Self {
        let (_, profile) = library::load_profile("quectel/ec25", None).unwrap();
        let mut scenario = fixture::scenario();
        scenario.modem = spanned("quectel/ec25".to_owned());
        scenario.firmware = spanned(FIRMWARE.to_owned());
        scenario.mode = spanned(Mode::Fastboot);
        change(&mut scenario);
        let modem = Modem::new(&scenario, &profile, Options { seed: 1 }).unwrap();
        Self { modem }
    }

    fn with_fault(kind: FaultKind, on: Operation) -> Self {
        Self::new(|scenario| {
            scenario.faults = vec![Fault {
                kind: spanned(kind),
                on: Some(spanned(on)),
                step: None,
                nth: None,
                value: None,
            }];
        })
    }

    fn wait(&mut self, time: u64) {
        let until = self.modem.now() + Duration::from_secs(time);
        self.modem.advance(until);
    }

    /// Packets that come within a minute.
    fn heard(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        let end = self.modem.now() + Duration::from_secs(60);
        loop {
            match self.modem.take_transfer(Wire::Fastboot) {
                Ok(Some(bytes)) => all.push(String::from_utf8_lossy(&bytes).into_owned()),
                Ok(None) => match self.modem.next_event().filter(|next| *next <= end) {
                    Some(next) => self.modem.advance(next),
                    None => return all,
                },
                Err(_) => return all,
            }
        }
    }

    fn say(&mut self, command: &str) -> Vec<String> {
        self.modem
            .write(Wire::Fastboot, command.as_bytes())
            .unwrap();
        self.heard()
    }

    fn download(&mut self, image: &[u8]) -> Vec<String> {
        let ready = format!("DATA{:08x}", image.len());
        assert_eq!(self.say(&format!("download:{:08x}", image.len())), [ready]);
        for part in image.chunks(16 * 1024) {
            if self.modem.write(Wire::Fastboot, part).is_err() {
                break;
            }
        }
        self.heard()
    }

    fn words(&self) -> Vec<&'static str> {
        let records = self.modem.record().iter();
        records.map(|record| record.kind.word()).collect()
    }
}

fn image(part: &str, bytes: u64) -> Vec<u8> {
    let image = Image::of_stage(part, FIRMWARE, bytes);
    let mut all = vec![0; usize::try_from(image.len()).unwrap()];
    image.fill(0, &mut all);
    all
}

#[test]
fn the_running_modem_goes_into_fastboot_without_a_word() {
    let mut host = Host::new(|scenario| scenario.mode = spanned(Mode::Normal));
    host.modem.write(Wire::At, b"ATE0\r").unwrap();
    host.wait(1);
    while host.modem.take_transfer(Wire::At).unwrap().is_some() {}
    host.modem.write(Wire::At, b"AT+QFASTBOOT\r").unwrap();
    let until = host.modem.now() + Duration::from_millis(900);
    host.modem.advance(until);
    assert_eq!(host.modem.take_transfer(Wire::At).unwrap(), None);
    host.wait(5);
    let presence = host.modem.presence().unwrap();
    assert_eq!(presence.wires, [Wire::Fastboot]);
    // protocols.md §2.1, and Biktorgj/quectel_lk for the rest.
    let usb = presence.usb;
    assert_eq!((usb.vid, usb.pid, usb.bcd), (0x18d1, 0xd00d, 0x0100));
    let classes: Vec<_> = usb.interfaces.iter().map(|shown| shown.class).collect();
    assert_eq!(classes, [(0xff, 0x42, 0x03)]);
    assert_eq!(usb.product.as_deref(), Some("Android"));
    assert!(host.words().contains(&"mode-switch"));
}

#[test]
fn variables_are_told_as_lk_tells_them() {
    let mut host = Host::new(|_| ());
    assert_eq!(host.say("getvar:version"), ["OKAY0.5"]);
    assert_eq!(host.say("getvar:serialno"), ["OKAYbadcafe"]);
    assert_eq!(host.say("getvar:max-download-size"), ["OKAY\t0x4500000"]);
    // Not known, and sizes of partitions are told for an eMMC only.
    assert_eq!(host.say("getvar:nonexistant"), ["OKAY"]);
    assert_eq!(host.say("getvar:partition-size:recovery"), ["OKAY"]);
    let all = host.say("getvar:all");
    assert!(all.contains(&"INFOkernel:lk".to_owned()));
    assert_eq!(all.last().unwrap(), "OKAY");
    assert_eq!(host.say("powerdown"), ["FAILunknown command"]);
    assert!(host.words().iter().all(|word| *word == "refused"));
}

#[test]
fn an_image_is_written_into_its_partition_and_into_no_other() {
    let mut host = Host::new(|_| ());
    let image = image("recovery", 300_001);
    assert_eq!(host.download(&image), ["OKAY"]);
    assert!(host.words().is_empty(), "a download stores nothing");
    assert_eq!(host.say("flash:recovery"), ["OKAY"]);
    let (start, pages) = RECOVERY;
    let count = 300_001_u64.div_ceil(2048);
    let kinds: Vec<&RecordKind> = host.modem.record().iter().map(|r| &r.kind).collect();
    assert_eq!(
        kinds,
        [
            &RecordKind::Erase {
                start,
                count: pages
            },
            &RecordKind::ProgramBegin { start, count },
            &RecordKind::Program {
                start,
                count,
                sha256: hex(&Sha256::digest(&image)),
            },
        ]
    );
    let nand = &host.modem.world().nand;
    let mut read = Vec::new();
    let mut page = vec![0; 2048];
    for number in start..start + count {
        nand.read(number, &mut page).unwrap();
        read.extend_from_slice(&page);
    }
    assert_eq!(read[..image.len()], image);
    assert!(read[image.len()..].iter().all(|byte| *byte == 0));
    let summary = host.modem.summary();
    let unchanged = summary.unchanged.iter();
    assert_eq!(unchanged.filter(|name| *name == "recovery").count(), 0);
    assert!(summary.calibration && summary.unchanged.contains(&"boot".to_owned()));
}

#[test]
fn what_lk_refuses_changes_nothing() {
    let mut host = Host::new(|_| ());
    let over = format!("download:{:08x}", 0x0450_0001);
    assert_eq!(host.say(&over), ["FAILdata too large"]);
    assert_eq!(host.download(&[1; 5000]), ["OKAY"]);
    assert_eq!(
        host.say("flash:recovery"),
        ["FAILImage is not a boot image"]
    );
    assert_eq!(host.say("flash:nowhere"), ["FAILupdate_ubi_vol failed"]);
    assert_eq!(host.say("erase:nowhere"), ["FAILunknown partition name"]);
    assert!(host.words().iter().all(|word| *word == "refused"));
    // Room for 4 blocks of 128 KiB: what fitted was written.
    assert_eq!(host.download(&vec![1; 600 * 1024]), ["OKAY"]);
    assert_eq!(host.say("flash:sec"), ["FAILflash write failure"]);
    assert!(!host.words().contains(&"program") || host.words().contains(&"erase"));
}

/// `hsusb_usb_read`, `cmd_download`: where a careless host loses LK.
#[test]
fn a_short_packet_in_a_download_and_an_empty_one_after_it_lose_the_boot_loader() {
    let mut host = Host::new(|_| ());
    assert_eq!(host.say("download:00002000"), ["DATA00002000"]);
    host.modem.write(Wire::Fastboot, &[1; 1000]).unwrap();
    host.modem.write(Wire::Fastboot, &[1; 7192]).unwrap();
    assert!(host.heard().is_empty());
    assert!(host.say("getvar:version").is_empty(), "deaf from now on");
    host.modem.hand(Hand::Unplug);
    host.modem.hand(Hand::Plug);
    host.wait(60);
    assert_eq!(host.modem.summary().mode, Mode::Normal);

    let mut host = Host::new(|_| ());
    assert_eq!(host.download(&[1; 4096]), ["OKAY"]);
    host.modem.transfer_ended(Wire::Fastboot).unwrap();
    assert_eq!(host.heard(), ["FAILunknown command"]);
}

#[test]
fn the_flash_decides_what_comes_after_a_reboot() {
    let mut host = Host::new(|_| ());
    assert_eq!(host.say("reboot-bootloader"), ["OKAY"]);
    host.wait(30);
    assert_eq!(host.modem.summary().mode, Mode::Fastboot);
    assert_eq!(host.say("reboot"), ["OKAY"]);
    host.wait(60);
    assert_eq!(host.modem.summary().mode, Mode::Normal);

    for (part, mode) in [
        ("sbl", Mode::Edl),
        ("boot", Mode::Fastboot),
        ("tz", Mode::Ramdump),
    ] {
        let mut host = Host::new(|_| ());
        assert_eq!(host.say(&format!("erase:{part}")), ["OKAY"]);
        assert_eq!(host.say("continue"), ["OKAY"]);
        host.wait(60);
        assert_eq!(host.modem.summary().mode, mode, "{part}");
    }
    // Without a kernel the boot loader stays, and takes one.
    let mut host = Host::new(|scenario| {
        scenario.damage = vec![spanned("boot".to_owned())];
        scenario.mode = spanned(Mode::Off);
    });
    host.modem.hand(Hand::Plug);
    host.wait(10);
    assert_eq!(host.modem.summary().mode, Mode::Fastboot);
    assert_eq!(host.download(&image("boot", 2_000_000)), ["OKAY"]);
    assert_eq!(host.say("flash:boot"), ["OKAY"]);
    assert_eq!(host.say("reboot"), ["OKAY"]);
    host.wait(60);
    let summary = host.modem.summary();
    assert_eq!(summary.mode, Mode::Normal);
    assert_eq!(summary.firmware.as_deref(), Some(FIRMWARE));
}

/// The boot loader does not know what must be kept: who speaks to it must.
#[test]
fn erasing_the_calibration_is_obeyed_and_seen() {
    let mut host = Host::new(|_| ());
    assert_eq!(host.say("erase:efs2"), ["OKAY"]);
    assert!(!host.modem.summary().calibration);
    assert_eq!(host.words(), ["erase"]);
}

#[test]
fn each_fault_strikes() {
    let flash = |kind| {
        let mut host = Host::with_fault(kind, Operation::Flash);
        host.download(&image("recovery", 400_000));
        let heard = host.say("flash:recovery");
        (host, heard)
    };
    let (host, heard) = flash(FaultKind::Nak);
    assert_eq!(heard, ["FAILflash write failure"]);
    assert_eq!(host.words(), ["refused"]);
    let (host, heard) = flash(FaultKind::Timeout);
    assert!(heard.is_empty() && host.words().is_empty());
    let (host, heard) = flash(FaultKind::LostReply);
    assert!(heard.is_empty() && host.words().ends_with(&["program", "program"]));
    let (host, heard) = flash(FaultKind::Unplug);
    assert!(heard.is_empty() && host.modem.presence().is_none());
    assert_eq!(
        host.words(),
        ["erase", "program"],
        "begun, and not finished"
    );
    for kind in [FaultKind::AckButLost, FaultKind::BitFlip] {
        let (host, heard) = flash(kind);
        assert_eq!(heard, ["OKAY"]);
        let corrupt = (317..379).filter(|block| host.modem.world().nand.is_corrupt(*block));
        assert!(corrupt.count() > 0, "{kind:?}");
    }
    let mut host = Host::with_fault(FaultKind::Unplug, Operation::Data);
    assert!(host.download(&vec![1; 100_000]).is_empty());
    assert!(host.modem.presence().is_none() && host.words().is_empty());
    let mut host = Host::with_fault(FaultKind::AckButLost, Operation::FastbootErase);
    assert_eq!(host.say("erase:boot"), ["OKAY"]);
    assert!(host.modem.summary().unchanged.contains(&"boot".to_owned()));
    let mut host = Host::with_fault(FaultKind::DuplicateReply, Operation::Getvar);
    assert_eq!(host.say("getvar:version"), ["OKAY0.5", "OKAY0.5"]);
    let mut host = Host::with_fault(FaultKind::Nak, Operation::FastbootReboot);
    assert_eq!(host.say("reboot"), ["FAILunknown reason"]);
    host.wait(10);
    assert_eq!(host.modem.summary().mode, Mode::Fastboot);
}

proptest::proptest! {
    #[test]
    fn any_packets_are_taken_without_harm(
        packets in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600), 0..20),
        words in proptest::collection::vec(proptest::sample::select(vec![
            "download:00000400", "download:00000000", "download:ffffffff", "flash:", "flash:sec", "erase:", "getvar:",
            "getvar:all", "reboot-bootloader",
        ]), 0..20),
    ) {
        let mut host = Host::new(|_| ());
        for (bytes, word) in packets.iter().zip(words) {
            let _ = host.modem.write(Wire::Fastboot, word.as_bytes());
            let _ = host.modem.write(Wire::Fastboot, bytes);
            let _ = host.modem.transfer_ended(Wire::Fastboot);
            host.heard();
        }
    }
}
