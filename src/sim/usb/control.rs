//! Standard control requests (USB 2.0 §9.4); all others are the function's.

use super::descriptor::{CONFIGURATION, DEVICE, OBJECT_STORE, ONLY, STRING};
use super::engine::Engine;
use super::urb::INPUT;
use super::{Answer, Function};

/// The setup packet of a control request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Direction, type and recipient.
    pub kind: u8,
    pub request: u8,
    pub value: u16,
    pub index: u16,
    pub length: u16,
}

impl Setup {
    pub fn parse(bytes: [u8; 8]) -> Self {
        let [kind, request, v0, v1, i0, i1, l0, l1] = bytes;
        Self {
            kind,
            request,
            value: u16::from_le_bytes([v0, v1]),
            index: u16::from_le_bytes([i0, i1]),
            length: u16::from_le_bytes([l0, l1]),
        }
    }

    /// The low byte of the index: an endpoint or an interface.
    fn target(self) -> u8 {
        self.index.to_le_bytes()[0]
    }
}

/// Standard requests to the device, to an interface and to an endpoint; the top bit means device to host.
const FROM_DEVICE: u8 = 0x80;
const FROM_INTERFACE: u8 = 0x81;
const FROM_ENDPOINT: u8 = 0x82;
const TO_DEVICE: u8 = 0x00;
const TO_INTERFACE: u8 = 0x01;
const TO_ENDPOINT: u8 = 0x02;
/// The type bits of a request; zero is a standard one.
const TYPE: u8 = 0x60;

const GET_STATUS: u8 = 0;
const CLEAR_FEATURE: u8 = 1;
const SET_FEATURE: u8 = 3;
const SET_ADDRESS: u8 = 5;
const GET_DESCRIPTOR: u8 = 6;
const GET_CONFIGURATION: u8 = 8;
const SET_CONFIGURATION: u8 = 9;
const GET_INTERFACE: u8 = 10;
const SET_INTERFACE: u8 = 11;
/// USB 3.2 §9.4.12 and §9.4.11: exit latencies, and the delay of isochronous transfers. Both are only told.
const SET_SEL: u8 = 48;
const SET_ISOCH_DELAY: u8 = 49;

/// Features.
const ENDPOINT_HALT: u16 = 0;
const REMOTE_WAKEUP: u16 = 1;

impl Engine {
    /// Answers a control request. Never longer than the host asked for.
    pub fn control(&mut self, setup: Setup, data: &[u8], function: &mut dyn Function) -> Answer {
        let answer = if setup.kind & TYPE == 0 {
            self.standard(setup, function)
        } else {
            function.control(setup, data)
        };
        match answer {
            Answer::Data(mut bytes) => {
                bytes.truncate(usize::from(setup.length));
                Answer::Data(bytes)
            }
            other => other,
        }
    }

    fn standard(&mut self, setup: Setup, function: &mut dyn Function) -> Answer {
        let target = setup.target();
        match (setup.kind, setup.request) {
            (FROM_DEVICE, GET_DESCRIPTOR) => self.describe(setup.value),
            (FROM_DEVICE, GET_STATUS) => status(if self.remote_wakeup { 2 } else { 0 }),
            (FROM_DEVICE, GET_CONFIGURATION) => Answer::Data(vec![self.configuration]),
            (TO_DEVICE, SET_CONFIGURATION) => self.configure(setup.value, function),
            (TO_DEVICE, SET_ADDRESS | SET_SEL | SET_ISOCH_DELAY) => Answer::Acknowledge,
            (TO_DEVICE, CLEAR_FEATURE) => self.wakeup(setup.value, false),
            (TO_DEVICE, SET_FEATURE) => self.wakeup(setup.value, true),
            (FROM_INTERFACE, GET_STATUS) if self.has_interface(target) => status(0),
            (FROM_INTERFACE, GET_INTERFACE) if self.has_interface(target) => Answer::Data(vec![0]),
            (TO_INTERFACE, SET_INTERFACE) if self.has_interface(target) && setup.value == 0 => {
                self.unhalt_interface(target);
                Answer::Acknowledge
            }
            (FROM_ENDPOINT, GET_STATUS) if self.has_endpoint(target) => {
                status(u8::from(self.halted.contains(&target)))
            }
            (TO_ENDPOINT, CLEAR_FEATURE) if self.can_halt(setup) => {
                self.halted.remove(&target);
                Answer::Acknowledge
            }
            (TO_ENDPOINT, SET_FEATURE) if self.can_halt(setup) => {
                self.halted.insert(target);
                Answer::Acknowledge
            }
            // The function suspends: a super-speed host tells each interface (USB 3.2 §9.4.9).
            (TO_INTERFACE, SET_FEATURE | CLEAR_FEATURE)
                if self.has_interface(target) && setup.value == 0 =>
            {
                Answer::Acknowledge
            }
            _ => Answer::Stall,
        }
    }

    fn describe(&self, value: u16) -> Answer {
        let [index, kind] = value.to_le_bytes();
        let found = match (kind, index) {
            (DEVICE, 0) => Some(self.device.descriptor()),
            (CONFIGURATION, 0) => Some(self.device.configuration()),
            (STRING, index) => self.device.string(index),
            (OBJECT_STORE, 0) => self.device.object_store(),
            _ => None,
        };
        found.map_or(Answer::Stall, Answer::Data)
    }

    /// Configuring ends every halt (USB 2.0 §9.4.5).
    fn configure(&mut self, value: u16, function: &mut dyn Function) -> Answer {
        let [value, _] = value.to_le_bytes();
        if value > ONLY {
            return Answer::Stall;
        }
        self.configuration = value;
        self.halted.clear();
        if value == ONLY {
            function.configured();
        }
        Answer::Acknowledge
    }

    fn wakeup(&mut self, feature: u16, on: bool) -> Answer {
        if feature == REMOTE_WAKEUP && self.device.remote_wakeup {
            self.remote_wakeup = on;
            return Answer::Acknowledge;
        }
        // U1, U2 and latency messages of super speed (USB 3.2 table 9-7): told, and of no consequence here.
        let told = matches!(feature, 48..=50) && self.device.object_store().is_some();
        if told {
            Answer::Acknowledge
        } else {
            Answer::Stall
        }
    }

    fn unhalt_interface(&mut self, number: u8) {
        for interface in self.device.interfaces.iter().filter(|i| i.number == number) {
            for endpoint in &interface.endpoints {
                self.halted.remove(&endpoint.address);
            }
        }
    }

    fn has_interface(&self, number: u8) -> bool {
        let mut all = self.device.interfaces.iter();
        self.configuration != 0 && all.any(|interface| interface.number == number)
    }

    /// The control endpoint always exists.
    fn has_endpoint(&self, address: u8) -> bool {
        matches!(address, 0 | INPUT) || self.device.endpoint(address).is_some()
    }

    fn can_halt(&self, setup: Setup) -> bool {
        setup.value == ENDPOINT_HALT && self.device.endpoint(setup.target()).is_some()
    }
}

fn status(low: u8) -> Answer {
    Answer::Data(vec![low, 0])
}
