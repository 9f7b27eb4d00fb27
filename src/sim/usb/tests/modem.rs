//! The whole simulated modem behind its descriptors, in virtual time.

use super::kernel::{Host, Reply};
use crate::plan::{Hand, Mode};
use crate::protocol::firehose::Element;
use crate::sim::fixture::{self, spanned};
use crate::sim::serve::Served;
use crate::sim::usb::{Function, Ports, Server, Speed, UsbModem};
use crate::sim::{Modem, Options};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A socket without a kernel: the modem lives on whenever the host waits.
struct Bench {
    modem: UsbModem,
    server: Server,
}

impl Bench {
    fn plug(mode: Mode, ports: Ports) -> Host<Self> {
        let mut scenario = fixture::scenario();
        scenario.mode = spanned(mode);
        let modem = Modem::new(&scenario, &fixture::profile(), Options::default()).unwrap();
        let mut modem = UsbModem::new(Arc::new(Mutex::new(modem)), ports);
        let server = Server::new(modem.device().unwrap());
        Host::new(Self { modem, server })
    }
}

impl Write for Bench {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.server.hear(bytes, &mut self.modem).unwrap();
        self.server.pump(&mut self.modem);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Bench {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.server.said().is_empty() {
            let next = self.modem.next_event();
            self.modem
                .advance(next.expect("the modem is silent for good"));
            self.server.pump(&mut self.modem);
        }
        let count = { self.server.said() }.read(buffer)?;
        self.server.sent(count);
        Ok(count)
    }
}

/// The class triples and endpoint addresses of a configuration.
fn interfaces(configuration: &[u8]) -> Vec<((u8, u8, u8), Vec<u8>)> {
    let mut all = Vec::new();
    let mut rest = configuration;
    while let [length, kind, ..] = rest {
        let (this, next) = rest.split_at(usize::from(*length));
        match kind {
            4 => all.push(((this[5], this[6], this[7]), Vec::new())),
            5 => all.last_mut().unwrap().1.push(this[2]),
            _ => {}
        }
        rest = next;
    }
    all
}

#[test]
fn each_mode_enumerates_as_itself() {
    for (mode, id, count) in [
        (Mode::Edl, [0xc6, 0x05, 0x08, 0x90], 1),
        (Mode::Ramdump, [0xc6, 0x05, 0x0e, 0x90], 1),
        (Mode::Firehose, [0xc6, 0x05, 0x08, 0x90], 1),
        (Mode::Normal, [0x7c, 0x2c, 0x00, 0x08], 5),
    ] {
        let mut host = Bench::plug(mode, Ports::High);
        let (device, configuration) = host.enumerate();
        assert_eq!(device[8..12], id, "{mode}");
        let shown = interfaces(&configuration);
        assert_eq!(shown.len(), count, "{mode}");
        if count == 1 {
            assert_eq!(shown[0].1, [0x81, 0x01], "{mode}");
            assert_eq!(device[16], 0, "{mode} has no serial number");
        }
    }
}

#[test]
fn hello_is_one_transfer_of_48_bytes() {
    let mut host = Bench::plug(Mode::Edl, Ports::High);
    host.enumerate();
    let hello = host.read(0x81, 4096);
    assert_eq!((hello.len(), hello[0]), (48, 1));
}

#[test]
fn at_and_diag_answer_at_their_interfaces_and_the_others_are_silent() {
    let mut host = Bench::plug(Mode::Normal, Ports::High);
    let (_, configuration) = host.enumerate();
    let shown = interfaces(&configuration);
    assert_eq!(shown[0].1, [0x81, 0x01]);
    assert_eq!(shown[2].1, [0x85, 0x84, 0x03]);
    // DTR and RTS of the AT port, as `option` sets them.
    host.control(0x21, 0x22, 3, 2, 0).unwrap();
    // NMEA, an interrupt endpoint and the network wait for ever.
    let mut silent = Vec::new();
    for endpoint in [0x82, 0x83, 0x85, 0x8e] {
        let tag = host.next_tag(true);
        host.send(&super::kernel::read(tag, endpoint, 64));
        silent.push(tag);
    }
    host.write(0x03, b"ATE0\r");
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("OK") {
        heard.extend(host.read(0x84, 4096));
    }
    host.write(0x01, &[0x7c, 0x93, 0x49, 0x7e]);
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("RM502QGLAAR11A01M4G") {
        heard.extend(host.read(0x81, 4096));
    }
    for victim in silent {
        let tag = host.next_tag(false);
        host.send(&super::kernel::unlink(tag, victim));
        let reply = host.hear();
        let wanted = Reply {
            command: 4,
            tag,
            status: -104,
            moved: 0,
            data: Vec::new(),
        };
        assert_eq!(reply, wanted);
    }
}

#[test]
fn requests_of_serial_drivers_are_acknowledged() {
    let mut host = Bench::plug(Mode::Normal, Ports::High);
    host.enumerate();
    assert!(host.control(0x21, 0x22, 3, 2, 0).is_some());
    assert_eq!(host.control(0xa1, 0x21, 0, 2, 7).unwrap().len(), 7);
    assert_eq!(host.control(0xc0, 0x70, 0, 0, 7), None);
}

#[test]
fn only_the_running_modem_is_at_the_usb_3_half() {
    for (mode, speed) in [(Mode::Normal, Speed::Super), (Mode::Edl, Speed::High)] {
        let host = Bench::plug(mode, Ports::RunningAtSuper);
        assert_eq!(host.socket.server.engine().device().speed, speed);
    }
}

#[test]
fn a_modem_that_leaves_comes_back_as_another_arrival() {
    let mut host = Bench::plug(Mode::Normal, Ports::High);
    let modem = &mut host.socket.modem;
    let before = modem.arrival().unwrap();
    modem.hand(Hand::Unplug);
    assert_eq!((modem.arrival(), modem.device()), (None, None));
    modem.hand(Hand::BootPinOn);
    modem.hand(Hand::Plug);
    modem.advance(modem.now().saturating_add(Duration::from_secs(5)));
    assert_ne!(modem.arrival(), Some(before));
    assert_eq!(modem.device().unwrap().pid, 0x9008);
}

const PAGE: usize = 4096;

/// A command to the programmer, and its answer up to the response.
fn command(host: &mut Host<Bench>, element: &Element) -> String {
    host.write(0x01, &element.document());
    answer(host)
}

fn answer(host: &mut Host<Bench>) -> String {
    let mut heard = String::new();
    while !heard.contains("<response") {
        heard.push_str(&String::from_utf8(host.read(0x81, 16_384)).unwrap());
    }
    heard
}

fn range(name: &str, count: usize) -> Element {
    Element::new(name)
        .with("SECTOR_SIZE_IN_BYTES", PAGE)
        .with("num_partition_sectors", count)
        .with("physical_partition_number", 0)
        .with("start_sector", 214 * 64)
}

#[test]
fn a_host_feels_the_speed_of_the_flash_and_reads_back_what_it_wrote() {
    let mut host = Bench::plug(Mode::Firehose, Ports::High);
    host.enumerate();
    assert!(command(&mut host, &range("erase", 64)).contains("ACK"));
    assert!(command(&mut host, &range("program", 64)).contains("rawmode=\"true\""));
    let image: Vec<u8> = (0..64 * PAGE)
        .map(|n| u8::try_from(n % 251).unwrap())
        .collect();
    let before = host.socket.modem.now();
    let mut naks = 0;
    for piece in image.chunks(4 * PAGE) {
        let tag = host.next_tag(false);
        host.send(&super::kernel::write(tag, 0x01, 0, piece));
        naks += u32::from(host.socket.server.said().is_empty());
        assert_eq!(host.hear().moved, piece.len());
    }
    // What qdl does after raw data that end with a full packet.
    host.write(0x01, &[]);
    assert!(answer(&mut host).contains("ACK"));
    assert!(naks >= 14, "{naks} of 16 pieces had to wait");
    let took = host.socket.modem.now().saturating_sub(before);
    assert!(took > Duration::from_millis(10));

    assert!(command(&mut host, &range("read", 64)).contains("rawmode=\"true\""));
    let mut back = Vec::new();
    while back.len() < image.len() {
        back.extend(host.read(0x81, 1 << 20));
    }
    assert_eq!(back, image);
    assert!(answer(&mut host).contains("ACK"));
}

#[test]
fn a_reset_is_answered_before_the_modem_leaves() {
    let mut host = Bench::plug(Mode::Firehose, Ports::High);
    host.enumerate();
    let before = host.socket.modem.arrival();
    let reset = Element::new("power").with("value", "reset");
    assert!(command(&mut host, &reset).contains("ACK"));
    let modem = &mut host.socket.modem;
    modem.advance(modem.now().saturating_add(Duration::from_secs(60)));
    assert!(modem.arrival() > before);
    assert_eq!(modem.device().unwrap().pid, 0x0800);
}
