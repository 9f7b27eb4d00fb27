//! The modem is found and recognised by what a real kernel shows of it.

use crate::stand::{Lab, Plug, Rule, modem, patiently, profile};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use unbrick::modem::identity::Interface;
use unbrick::modem::session::Session;
use unbrick::modem::topology::Topology;
use unbrick::modem::usb::UsbBus;
use unbrick::modem::{Bus, Place, Role, UsbIdentity};
use unbrick::plan::{Hand, Mode};
use unbrick::sim::usb::{Speed, device_of};
use unbrick::transport::{Clock, Deadline, Interrupt, SystemClock, usb};

const LONG: Duration = Duration::from_secs(20);
/// Modems live faster than we do: half a minute of booting is half a second.
const FAST: u32 = 50;
const EDL: (u16, u16) = (0x05c6, 0x9008);
const RUNNING: (u16, u16) = (0x2c7c, 0x0800);

fn session() -> Session {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let bus = UsbBus::new(profile(), None, clock.clone()).unwrap();
    Session::new(Box::new(bus), clock, Interrupt::default(), profile())
}

fn soon(session: &Session) -> Deadline {
    Deadline::after(session.clock().now(), LONG)
}

pub(crate) fn every_mode_is_known_by_its_evidence() {
    for mode in [Mode::Ramdump, Mode::Edl, Mode::Firehose, Mode::Normal] {
        let (function, _modem) = modem(mode);
        let _plug = Plug::new(function, FAST);
        let mut session = session();
        let deadline = soon(&session);
        let seen = session.wait_for(mode, deadline).unwrap();
        println!("{}: {}", mode.word(), seen.evidence);
        let roles = session.look().unwrap().roles;
        if mode == Mode::Normal {
            assert_eq!(roles, [Role::At, Role::Diag]);
        } else {
            assert_eq!(roles, [Role::Edl]);
        }
    }
}

/// A dump state under the vendor's own id, which `option` takes for a serial port (protocols.md §2).
pub(crate) fn a_dump_state_under_the_running_id_is_no_running_modem() {
    let usb = UsbIdentity {
        vid: RUNNING.0,
        pid: RUNNING.1,
        bcd: 0,
        product: Some("QUSB_BULK_SN:0BADCAFE".to_owned()),
        interfaces: vec![Interface::new(0, (0xff, 0xff, 0x10))],
        path: String::new(),
    };
    let device = device_of(&usb, None, Speed::High);
    let _plug = Plug::new(Lab::with(device, Rule::Sink), 1);
    let mut session = session();
    let deadline = soon(&session);
    session.wait_for(Mode::Ramdump, deadline).unwrap();
}

pub(crate) fn the_modem_goes_into_edl_and_comes_back_with_its_ttys() {
    let (function, modem) = modem(Mode::Normal);
    let plug = Plug::new(function, FAST);
    let mut session = session();
    let deadline = soon(&session);
    session.wait_for(Mode::Normal, deadline).unwrap();
    let before = ttys(&plug.seen(RUNNING.0, RUNNING.1).path);
    session.diag().unwrap().edl(deadline).unwrap();
    session.wait_for(Mode::Edl, deadline).unwrap();
    assert!(
        before
            .iter()
            .all(|tty| !Path::new(tty).exists() || tty == "/dev/ttyUSB0")
    );
    session.forget();
    for hand in [Hand::Unplug, Hand::Plug] {
        modem.lock().unwrap().hand(hand);
    }
    let deadline = soon(&session);
    session.wait_for(Mode::Normal, deadline).unwrap();
    ttys(&plug.seen(RUNNING.0, RUNNING.1).path);
    let answer = session.at().unwrap().ask("AT", deadline);
    assert!(answer.is_ok(), "{answer:?}");
}

/// The ttys of DIAG and AT, by interface number; `option` gives each its own.
fn ttys(path: &str) -> Vec<String> {
    let ttys = patiently("the ttys of interfaces 0 and 2", || {
        let all = Topology::here().list().unwrap();
        let seen = all.iter().find(|seen| seen.usb.path == path)?;
        Some([seen.tty(0)?, seen.tty(2)?].map(ToString::to_string))
    });
    assert_ne!(ttys[0], ttys[1]);
    for (tty, interface) in ttys.iter().zip(["1.0", "1.2"]) {
        let name = tty.strip_prefix("/dev/").unwrap();
        let device = std::fs::canonicalize(format!("/sys/class/tty/{name}/device")).unwrap();
        let device = device.to_str().unwrap().to_owned();
        assert!(
            device.contains(&format!("/{path}:{interface}/")),
            "{device}"
        );
    }
    ttys.to_vec()
}

/// As on any PC: the kernel's driver for Qualcomm's serial ports takes the boot ROM before we do.
pub(crate) fn qcserial_gives_9008_up_and_gets_it_back() {
    let (function, _modem) = modem(Mode::Edl);
    let plug = Plug::new(function, 1);
    let place = plug.seen(EDL.0, EDL.1).path;
    let driver = format!("/sys/bus/usb/devices/{place}:1.0/driver");
    let bound = || {
        std::fs::read_link(&driver)
            .ok()
            .and_then(|to| Some(to.file_name()?.to_owned()))
    };
    patiently("qcserial at the boot ROM", || {
        bound().filter(|name| name == "qcserial")
    });
    let tty = Path::new("/dev/ttyUSB0");
    patiently("its tty", || tty.exists().then_some(()));
    let mut port = usb::open(EDL.0, EDL.1, &place, &SystemClock::start()).unwrap();
    assert!(!tty.exists());
    let mut hello = [0; 1024];
    assert_eq!(port.read(&mut hello, LONG), Ok(48));
    assert_eq!(hello[0], 1);
    drop(port);
    patiently("qcserial again", || {
        bound().filter(|name| name == "qcserial")
    });
    patiently("its tty again", || tty.exists().then_some(()));
}

pub(crate) fn two_modems_are_told_apart_only_by_name() {
    let (one, _one) = modem(Mode::Edl);
    let (other, _other) = modem(Mode::Ramdump);
    let first = Plug::new(one, 1);
    let first_place = first.seen(EDL.0, EDL.1).path;
    let second = Plug::new(other, 1);
    let second_place = second.seen(0x05c6, 0x900e).path;
    assert_ne!(first_place, second_place);
    let clock = Arc::new(SystemClock::start());
    let mut any = UsbBus::new(profile(), None, clock.clone()).unwrap();
    let error = any.look().unwrap_err().to_string();
    assert!(
        error.contains(&first_place) && error.contains(&second_place),
        "{error}"
    );
    for (place, id) in [(first_place, EDL), (second_place, (0x05c6, 0x900e))] {
        let mut bus = UsbBus::new(profile(), Place::parse(&place), clock.clone()).unwrap();
        let usb = bus.look().unwrap().usb.unwrap();
        assert_eq!((usb.vid, usb.pid, usb.path), (id.0, id.1, place));
    }
}

/// It was there, left, and something like it is at another port: nobody says that it is the same one.
pub(crate) fn a_modem_at_another_port_is_not_taken_for_it() {
    let (function, _modem) = modem(Mode::Edl);
    let plug = Plug::new(function, 1);
    let place = plug.seen(EDL.0, EDL.1).path;
    let mut bus = UsbBus::new(profile(), None, Arc::new(SystemClock::start())).unwrap();
    assert!(bus.look().unwrap().usb.is_some());
    drop(plug);
    patiently("an empty port", || {
        bus.look().unwrap().roles.is_empty().then_some(())
    });
    let lab = Lab::new(Rule::Sink);
    let taken = Plug::new(lab.clone(), 1);
    let (vid, pid) = lab.id();
    assert_eq!(taken.seen(vid, pid).path, place);
    let (function, _modem) = modem(Mode::Edl);
    let elsewhere = Plug::new(function, 1);
    assert_ne!(elsewhere.seen(EDL.0, EDL.1).path, place);
    let sighting = bus.look().unwrap();
    assert_eq!(sighting.roles, []);
    assert_eq!(sighting.elsewhere.len(), 1);
    assert!(bus.open(Role::Edl).is_err());
}

pub(crate) fn time_from_plug_to_hello_answered() {
    let (function, _modem) = modem(Mode::Edl);
    let start = std::time::Instant::now();
    let _plug = Plug::new(function, 1);
    let mut session = session();
    let deadline = soon(&session);
    session.wait_for(Mode::Edl, deadline).unwrap();
    let mut port = session.lend_bulk().unwrap();
    // Version 2, compatible 1, status 0, mode 0 (protocols.md §5.1).
    let mut answer = vec![0; 48];
    for (at, word) in [(0, 2), (4, 48), (8, 2), (12, 1)] {
        answer[at] = word;
    }
    port.write_all(&answer, deadline).unwrap();
    println!(
        "from plug to HELLO answered: {} ms",
        start.elapsed().as_millis()
    );
    let mut hello = [0; 1024];
    // The HELLO that the session gave back, then what the boot ROM says to the answer.
    assert_eq!(port.read(&mut hello, deadline), Ok(48));
    assert!(port.read(&mut hello, deadline).unwrap() > 8);
    assert_eq!(hello[0], 3);
}
