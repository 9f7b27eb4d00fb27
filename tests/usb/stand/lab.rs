//! The test bench of the transport: a bulk pair whose other end does what the case says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use unbrick::sim::serve::Served;
use unbrick::sim::usb::{
    AfterFull, Answer, Device, Ending, Function, Given, Setup, Speed, Taken, foreign_boot_rom,
};

/// Prototypes of open hardware that is not sold (pid.codes 1209:0001); no driver takes it.
const OWN: (u16, u16) = (0x1209, 0x0001);

/// What becomes of bytes for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// They come back, a transfer for a transfer.
    Echo,
    /// They are counted.
    Sink,
    /// So many are taken, then NAK.
    Only(usize),
    /// The endpoint halts.
    Stall,
}

/// Whoever has a clone looks at it and tells it what to do.
#[derive(Debug, Clone)]
pub(crate) struct Lab(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Duration,
    device: Device,
    arrival: Option<u64>,
    rule: Rule,
    heard: Vec<u8>,
    taken: usize,
    /// How each request for OUT ended.
    endings: Vec<Ending>,
    gifts: VecDeque<Given>,
}

impl Lab {
    pub(crate) fn new(rule: Rule) -> Self {
        let mut device = foreign_boot_rom();
        (device.vid, device.pid) = OWN;
        Self::with(device, rule)
    }

    /// At the USB 3 half of its port.
    pub(crate) fn at_super_speed(rule: Rule) -> Self {
        let mut device = foreign_boot_rom();
        (device.vid, device.pid) = OWN;
        device.speed = Speed::Super;
        for interface in &mut device.interfaces {
            for endpoint in &mut interface.endpoints {
                endpoint.packet = Speed::Super.bulk_packet();
            }
        }
        Self::with(device, rule)
    }

    /// With the descriptors of something else.
    pub(crate) fn with(device: Device, rule: Rule) -> Self {
        Self(Arc::new(Mutex::new(State {
            now: Duration::ZERO,
            device,
            arrival: Some(1),
            rule,
            heard: Vec::new(),
            taken: 0,
            endings: Vec::new(),
            gifts: VecDeque::new(),
        })))
    }

    pub(crate) fn id(&self) -> (u16, u16) {
        let state = self.state();
        (state.device.vid, state.device.pid)
    }

    pub(crate) fn unplug(&self) {
        self.state().arrival = None;
    }

    pub(crate) fn obey(&self, rule: Rule) {
        let mut state = self.state();
        state.rule = rule;
        state.taken = 0;
    }

    /// Sends so many bytes, each its own number.
    pub(crate) fn give(&self, count: usize, after_full: AfterFull) {
        let bytes = pattern(count);
        let gift = Given::Transfer { bytes, after_full };
        self.state().gifts.push_back(gift);
    }

    pub(crate) fn stall_next_read(&self) {
        self.state().gifts.push_back(Given::Stall);
    }

    pub(crate) fn endings(&self) -> Vec<Ending> {
        self.state().endings.clone()
    }

    pub(crate) fn taken(&self) -> usize {
        self.state().taken
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

/// Bytes that show where one is missing.
pub(crate) fn pattern(count: usize) -> Vec<u8> {
    let number = |at: usize| u8::try_from((at ^ at >> 8) & 0xff).unwrap();
    (0..count).map(number).collect()
}

impl Function for Lab {
    fn arrival(&self) -> Option<u64> {
        self.state().arrival
    }

    fn device(&mut self) -> Option<Device> {
        let state = self.state();
        state.arrival.map(|_| state.device.clone())
    }

    fn control(&mut self, _setup: Setup, _data: &[u8]) -> Answer {
        Answer::Stall
    }

    fn take(&mut self, _endpoint: u8, bytes: &[u8], ending: Ending) -> Taken {
        let mut state = self.state();
        let room = match state.rule {
            Rule::Stall => return Taken::Stall,
            Rule::Only(most) => most.saturating_sub(state.taken).min(bytes.len()),
            Rule::Echo | Rule::Sink => bytes.len(),
        };
        state.taken += room;
        if room < bytes.len() {
            return Taken::First(room);
        }
        state.endings.push(ending);
        if state.rule == Rule::Echo {
            state.heard.extend_from_slice(bytes);
            if ending != Ending::Open {
                let bytes = std::mem::take(&mut state.heard);
                state.gifts.push_back(Given::Transfer {
                    bytes,
                    after_full: AfterFull::ZeroPacket,
                });
            }
        }
        Taken::All
    }

    fn give(&mut self, _endpoint: u8, _room: usize) -> Given {
        self.state().gifts.pop_front().unwrap_or(Given::Nothing)
    }
}

impl Served for Lab {
    fn now(&self) -> Duration {
        self.state().now
    }

    fn advance(&mut self, now: Duration) {
        self.state().now = now;
    }

    fn next_event(&self) -> Option<Duration> {
        None
    }
}
