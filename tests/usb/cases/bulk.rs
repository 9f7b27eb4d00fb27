//! The transport's rules on a bulk pair, each against a device that does one thing.

use crate::stand::{Lab, Plug, Rule, at_most, patiently, pattern};
use rusb::UsbContext;
use std::time::Duration;
use unbrick::sim::usb::{AfterFull, Ending};
use unbrick::transport::{Error, SystemClock, Transport, usb};

/// Longer than anything that works takes, and shorter than any limit of a case.
const LONG: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(200);
/// Between an unplug and the end of what was going on.
const PROMPT: Duration = Duration::from_secs(2);
const PACKET: usize = 512;

fn opened(rule: Rule) -> (Lab, Plug, Box<dyn Transport>) {
    let lab = Lab::new(rule);
    let plug = Plug::new(lab.clone(), 1);
    let (vid, pid) = lab.id();
    let seen = plug.seen(vid, pid);
    let port = usb::open(vid, pid, &seen.path, &SystemClock::start()).unwrap();
    (lab, plug, port)
}

pub(super) fn write_all(port: &mut dyn Transport, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let count = port.write(bytes, LONG).unwrap();
        bytes = &bytes[count..];
    }
}

pub(super) fn read_exactly(port: &mut dyn Transport, count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 1 << 20];
    patiently("the rest of the bytes", || {
        match port.read(&mut buffer, LONG) {
            Ok(got) => all.extend_from_slice(&buffer[..got]),
            // A zero-length packet ends a read early, with nothing.
            Err(Error::Timeout) => {}
            Err(error) => panic!("{error} after {} of {count} bytes", all.len()),
        }
        (all.len() >= count).then_some(())
    });
    all
}

pub(crate) fn bytes_come_back_whole_at_odd_sizes() {
    let (_lab, _plug, mut port) = opened(Rule::Echo);
    for size in [1, 48, 511, 512, 513, 1024, 4103, 16_384, 100_000] {
        let bytes = pattern(size);
        write_all(&mut *port, &bytes);
        if size % PACKET == 0 {
            port.end_transfer(LONG).unwrap();
        }
        assert_eq!(read_exactly(&mut *port, size), bytes, "{size} bytes");
    }
}

pub(crate) fn a_read_keeps_what_came_before_its_time_was_over() {
    let (lab, _plug, mut port) = opened(Rule::Sink);
    let mut buffer = vec![0; 4096];
    assert_eq!(port.read(&mut buffer, SHORT), Err(Error::Timeout));
    // Two full packets, and nothing that ends the transfer.
    lab.give(2 * PACKET, AfterFull::Nothing);
    assert_eq!(port.read(&mut buffer, SHORT), Ok(2 * PACKET));
    assert_eq!(buffer[..2 * PACKET], pattern(2 * PACKET));
    // What comes later is not lost either.
    lab.give(5, AfterFull::Nothing);
    assert_eq!(port.read(&mut buffer, LONG), Ok(5));
}

pub(crate) fn a_write_counts_what_moved_before_nak() {
    let (lab, _plug, mut port) = opened(Rule::Only(2 * PACKET));
    let bytes = pattern(4096);
    assert_eq!(port.write(&bytes, SHORT), Ok(2 * PACKET));
    assert_eq!(port.write(&bytes[2 * PACKET..], SHORT), Err(Error::Timeout));
    assert_eq!(lab.taken(), 2 * PACKET);
    lab.obey(Rule::Sink);
    assert_eq!(
        port.write(&bytes[2 * PACKET..], LONG),
        Ok(4096 - 2 * PACKET)
    );
    assert_eq!(lab.taken(), 4096 - 2 * PACKET);
}

pub(crate) fn zero_length_packets_go_both_ways() {
    let (lab, _plug, mut port) = opened(Rule::Sink);
    write_all(&mut *port, &pattern(PACKET));
    port.end_transfer(LONG).unwrap();
    write_all(&mut *port, &pattern(3));
    let endings = [Ending::Open, Ending::ZeroPacket, Ending::Short];
    assert_eq!(lab.endings(), endings);
    // With room for more, the read ends at the zero-length packet and not at its time.
    lab.give(PACKET, AfterFull::ZeroPacket);
    let mut buffer = vec![0; 4096];
    let got = at_most(LONG, "a read that a packet ends", || {
        port.read(&mut buffer, 2 * LONG)
    });
    assert_eq!(got, Ok(PACKET));
    // Without room it stays, and is no byte and no end for the next read.
    lab.give(PACKET, AfterFull::ZeroPacket);
    assert_eq!(port.read(&mut buffer[..PACKET], LONG), Ok(PACKET));
    lab.give(7, AfterFull::Nothing);
    assert_eq!(read_exactly(&mut *port, 7), pattern(7));
}

/// As a hub does that resets a port: the device stays, and loses what it was told.
pub(crate) fn a_reset_of_the_device_ends_or_bears_what_goes_on() {
    let (lab, _plug, mut port) = opened(Rule::Echo);
    write_all(&mut *port, &pattern(5));
    assert_eq!(read_exactly(&mut *port, 5), pattern(5));
    let (vid, pid) = lab.id();
    let context = rusb::Context::new().unwrap();
    let devices = context.devices().unwrap();
    let ids = |d: &rusb::Device<rusb::Context>| {
        let ids = d.device_descriptor();
        ids.is_ok_and(|ids| (ids.vendor_id(), ids.product_id()) == (vid, pid))
    };
    let device = devices.iter().find(ids).unwrap();
    device.open().unwrap().reset().unwrap();
    let after = at_most(PROMPT, "an answer after the reset", || {
        let mut buffer = vec![0; 4096];
        port.write(&pattern(9), LONG)
            .and_then(|_| port.read(&mut buffer, LONG))
    });
    println!("after the reset: {after:?}");
    assert!(matches!(after, Ok(9) | Err(Error::Gone | Error::Io(_))));
    // Whoever opens it anew finds it whole.
    drop(port);
    let seen = patiently("the device after its reset", || {
        usb::list()
            .unwrap()
            .into_iter()
            .find(|d| d.vid == vid && d.pid == pid)
    });
    let mut port = usb::open(vid, pid, &seen.path, &SystemClock::start()).unwrap();
    write_all(&mut *port, &pattern(7));
    assert_eq!(read_exactly(&mut *port, 7), pattern(7));
}

pub(crate) fn a_stall_is_told() {
    let (lab, _plug, mut port) = opened(Rule::Stall);
    assert!(matches!(port.write(b"x", LONG), Err(Error::Io(_))));
    lab.stall_next_read();
    assert!(matches!(port.read(&mut [0; 64], LONG), Err(Error::Io(_))));
}

/// Of the kernel and the device, without the transport.
pub(crate) fn an_endpoint_stays_halted_until_it_is_cleared() {
    let lab = Lab::new(Rule::Stall);
    let plug = Plug::new(lab.clone(), 1);
    let (vid, pid) = lab.id();
    plug.seen(vid, pid);
    let context = rusb::Context::new().unwrap();
    let handle = patiently("the interface", || {
        let handle = context.open_device_with_vid_pid(vid, pid)?;
        handle.claim_interface(0).ok()?;
        Some(handle)
    });
    lab.stall_next_read();
    let read = || handle.read_bulk(0x81, &mut [0; 64], LONG);
    assert_eq!(handle.write_bulk(1, b"x", LONG), Err(rusb::Error::Pipe));
    assert_eq!(read(), Err(rusb::Error::Pipe));
    lab.obey(Rule::Echo);
    assert_eq!(handle.write_bulk(1, b"x", LONG), Err(rusb::Error::Pipe));
    assert_eq!(read(), Err(rusb::Error::Pipe));
    handle.clear_halt(1).unwrap();
    handle.clear_halt(0x81).unwrap();
    assert_eq!(handle.write_bulk(1, b"x", LONG), Ok(1));
    assert_eq!(read(), Ok(1));
}

pub(crate) fn an_unplug_ends_a_read() {
    let (lab, _plug, mut port) = opened(Rule::Sink);
    let hand = pulls(lab);
    let mut buffer = [0; 64];
    let end = at_most(SHORT + PROMPT, "an unplugged read", || {
        port.read(&mut buffer, 4 * LONG)
    });
    assert_eq!(end, Err(Error::Gone));
    hand.join().unwrap();
}

pub(crate) fn an_unplug_ends_a_write() {
    let (lab, _plug, mut port) = opened(Rule::Only(PACKET));
    let hand = pulls(lab);
    let bytes = pattern(4096);
    let end = at_most(SHORT + PROMPT, "an unplugged write", || {
        // What moved is told first, if at all; then it is gone.
        let mut rest = &bytes[..];
        loop {
            match port.write(rest, 4 * LONG) {
                Ok(count) => rest = &rest[count..],
                Err(error) => return error,
            }
        }
    });
    assert_eq!(end, Error::Gone);
    hand.join().unwrap();
}

/// Somebody who pulls the plug while we wait.
fn pulls(lab: Lab) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        std::thread::sleep(SHORT);
        lab.unplug();
    })
}

/// MB/s of writes in three sizes, for people.
pub(crate) fn speed_of_writes() {
    let (lab, _plug, mut port) = opened(Rule::Sink);
    let total = 8 << 20;
    let bytes = pattern(1 << 20);
    let mut figures = Vec::new();
    for size in [8 << 10, 16 << 10, 1 << 20] {
        lab.obey(Rule::Sink);
        let start = std::time::Instant::now();
        for _ in 0..total / size {
            write_all(&mut *port, &bytes[..size]);
        }
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(lab.taken(), total);
        let speed = f64::from(u32::try_from(total).unwrap()) / 1e6 / seconds;
        figures.push(format!("{} KiB: {speed:.1} MB/s", size >> 10));
    }
    println!("writes of {}", figures.join(", "));
}
