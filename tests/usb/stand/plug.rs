//! A device in a port of the machine, served by a thread of this process.

use super::patiently;
use crate::unit::Unit;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use unbrick::plan::{Mode, Profile, Scenario, library};
use unbrick::sim::serve::{Terms, serve_usb};
use unbrick::sim::usb::{Function, Ports, SYSFS, UsbModem, Vhci};
use unbrick::sim::{Modem, Options};
use unbrick::transport::usb::{self, Descriptors};
use unbrick::transport::{Interrupt, SystemClock};

const SCENARIO: &str = "quectel/rm502q-gl/900e";

/// Unplugged when dropped.
pub(crate) struct Plug {
    stop: Interrupt,
    thread: Option<JoinHandle<()>>,
}

impl Plug {
    /// Into the first free port. Its time goes `speed` times as fast as ours.
    pub(crate) fn new<F: Function + Send + 'static>(mut function: F, speed: u32) -> Self {
        let stop = Interrupt::default();
        let wish = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut controller = Vhci::open(SYSFS.into()).unwrap();
            let terms = Terms {
                log: None,
                steps: &[],
                console: None,
                speed,
                stop: wish,
            };
            let clock = SystemClock::start();
            serve_usb(&mut function, &mut controller, &terms, &clock, &mut |_| {}).unwrap();
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }

    /// Waits until the kernel shows a device with this id, and says where.
    pub(crate) fn seen(&self, vid: u16, pid: u16) -> Descriptors {
        assert!(!self.stop.wished());
        patiently("the device in libusb's list", || {
            let mut all = usb::list().unwrap().into_iter();
            all.find(|seen| (seen.vid, seen.pid) == (vid, pid))
        })
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.stop.wish();
        if let Some(thread) = self.thread.take() {
            let served = thread.join();
            if !std::thread::panicking() {
                served.unwrap();
            }
        }
    }
}

pub(crate) fn profile() -> Arc<Profile> {
    Arc::new(library::load_profile("quectel/rm502q-gl", None).unwrap().1)
}

/// The story's modem, in another mode, and whole if it runs.
fn scenario(mode: Mode) -> Scenario {
    let (_, mut scenario) = library::load_scenario(SCENARIO).unwrap();
    scenario.mode.value = mode;
    if mode == Mode::Normal {
        scenario.damage.clear();
    }
    scenario
}

/// A simulated modem to be plugged in, and the hold of its hands.
pub(crate) fn modem(mode: Mode) -> (UsbModem, Arc<Mutex<Modem>>) {
    let modem = Modem::new(&scenario(mode), &profile(), Options::default()).unwrap();
    let modem = Arc::new(Mutex::new(modem));
    (UsbModem::new(modem.clone(), Ports::High), modem)
}

/// The files that a run of the story is given.
pub(crate) fn unit() -> Unit {
    let text = std::fs::read_to_string(format!("/{}", crate::guest::UNIT)).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let (scenario, inputs) = (lines.next().unwrap(), lines.next().unwrap());
    Unit { scenario, inputs }
}
