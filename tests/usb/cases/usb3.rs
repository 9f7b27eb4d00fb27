//! A socket of USB 3 has two halves, each on a bus of its own: the modem runs on the one, and is in EDL on the other
//! (protocols.md §3).

use super::bulk::{read_exactly, write_all};
use crate::bench::Bench;
use crate::stand::{Lab, Plug, Rule, at_most, patiently, pattern, profile, unit};
use crate::talker::Talker;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use unbrick::modem::session::Session;
use unbrick::modem::topology::Topology;
use unbrick::modem::usb::UsbBus;
use unbrick::modem::{Bus, Place};
use unbrick::plan::Mode;
use unbrick::sim::usb::{AfterFull, Ending};
use unbrick::transport::{Clock, Deadline, Interrupt, SystemClock, usb};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);
/// Bytes of a full bulk packet at super speed.
const PACKET: usize = 1024;
/// The halves of the first socket of `vhci_hcd`.
const USB_2: &str = "1-1";
const USB_3: &str = "2-1";

/// Place and speed of everything that is plugged in.
fn plugged() -> Vec<(String, String)> {
    let all = Topology::here().list().unwrap_or_default().into_iter();
    all.map(|seen| (seen.place.to_string(), seen.speed.unwrap_or_default()))
        .collect()
}

fn is_at(place: &str, speed: &str) {
    let only = [(place.to_owned(), speed.to_owned())];
    assert_eq!(plugged(), only);
}

/// With another modem of its kind elsewhere, so that only the pin tells which one it is.
pub(crate) fn the_modem_is_followed_to_the_other_half_of_its_socket_and_back() {
    let bench = Bench::new();
    let text = std::fs::read_to_string(unit().scenario).unwrap();
    let text = text.replace("mode: ramdump\n", "mode: normal\n");
    let scenario = bench.write("scenario.yaml", &text.replace("damage: [abl]\n", ""));
    let mut command = bench.command(&["sim", &scenario, "--usb", "--usb3", "--speed", "50"]);
    command.stdin(Stdio::piped());
    let mut sim = Talker::start(command, None);
    sim.hear("is plugged into");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let mut bus = UsbBus::new(profile(), None, clock.clone()).unwrap();
    patiently("the modem", || bus.look().unwrap().usb);
    is_at(USB_3, "5000");
    let place = Place::parse(USB_3).unwrap();
    assert_eq!(Topology::here().sibling(&place), Place::parse(USB_2));
    assert_eq!(bus.pinned(), Some(&place));

    let mut session = Session::new(
        Box::new(bus),
        clock.clone(),
        Interrupt::default(),
        profile(),
    );
    let soon = || Deadline::after(clock.now(), LONG);
    session.wait_for(Mode::Normal, soon()).unwrap();
    session.at().unwrap().ask("AT", soon()).unwrap();
    let (function, _other) = crate::stand::modem(Mode::Edl);
    let decoy = Plug::new(function, 1);
    let decoys_place = decoy.seen(0x05c6, 0x9008).path;
    assert!(![USB_2, USB_3].contains(&decoys_place.as_str()));
    session.diag().unwrap().edl(soon()).unwrap();
    session.wait_for(Mode::Edl, soon()).unwrap();
    assert_eq!(session.look().unwrap().usb.unwrap().path, USB_2);
    drop(decoy);
    patiently("the decoy gone", || (plugged().len() == 1).then_some(()));
    is_at(USB_2, "480");
    session.forget();
    for hand in ["unplug", "plug"] {
        sim.say(hand);
    }
    session.wait_for(Mode::Normal, soon()).unwrap();
    is_at(USB_3, "5000");
    session.at().unwrap().ask("AT", soon()).unwrap();
}

pub(crate) fn packets_of_1024_bytes_go_both_ways_and_zero_length_ones() {
    let lab = Lab::at_super_speed(Rule::Echo);
    let plug = Plug::new(lab.clone(), 1);
    let (vid, pid) = lab.id();
    let seen = plug.seen(vid, pid);
    let mut port = usb::open(vid, pid, &seen.path, &SystemClock::start()).unwrap();
    is_at(&seen.path, "5000");
    for size in [1, 512, 1023, 1024, 1025, 1536, 4096, 100_000] {
        let bytes = pattern(size);
        write_all(&mut *port, &bytes);
        if size % PACKET == 0 {
            port.end_transfer(LONG).unwrap();
        }
        assert_eq!(read_exactly(&mut *port, size), bytes, "{size} bytes");
    }
    lab.obey(Rule::Sink);
    let before = lab.endings().len();
    write_all(&mut *port, &pattern(PACKET));
    port.end_transfer(LONG).unwrap();
    // Half a packet ends a transfer here, and is a whole packet at high speed.
    write_all(&mut *port, &pattern(512));
    let endings = [Ending::Open, Ending::ZeroPacket, Ending::Short];
    assert_eq!(lab.endings()[before..], endings);
    let mut buffer = vec![0; 8192];
    lab.give(2 * PACKET, AfterFull::ZeroPacket);
    let got = at_most(LONG, "a read that a packet ends", || {
        port.read(&mut buffer, 2 * LONG)
    });
    assert_eq!(got, Ok(2 * PACKET));
    // What came before the time was over is kept, and a packet that the caller has no room for is not lost.
    lab.give(PACKET, AfterFull::Nothing);
    assert_eq!(port.read(&mut buffer, SHORT), Ok(PACKET));
    lab.give(PACKET, AfterFull::Nothing);
    assert_eq!(port.read(&mut buffer[..1000], LONG), Ok(1000));
    assert_eq!(port.read(&mut buffer[1000..], LONG), Ok(24));
    assert_eq!(buffer[..PACKET], pattern(PACKET));
}
