//! The simulated modem as a USB function: its wires on endpoints, its transfers as transfers.
//!
//! While its flash swallows raw data the endpoint answers NAK. Every transfer whose last packet is full is followed
//! by a zero-length packet (protocols.md §3, `qdl:src/usb.c`, for EDL; unverified for AT and DIAG). NMEA, the second AT
//! port and the network interface are there and silent.

use super::descriptor::{Device, EndpointKind, Speed};
use super::shape::device_of;
use super::urb::INPUT;
use super::{AfterFull, Answer, Ending, Function, Given, Setup, Taken};
use crate::plan::Hand;
use crate::sim::serve::Served;
use crate::sim::{Modem, Wire};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the modem is plugged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ports {
    /// Everything at high speed.
    #[default]
    High,
    /// The running modem at super speed, its boot ROM at high speed, as an RM500Q in a USB 3 port (protocols.md §3).
    RunningAtSuper,
}

/// The whole simulated modem on USB. Whoever shares it may look at it and move it.
#[derive(Debug)]
pub struct UsbModem {
    modem: Arc<Mutex<Modem>>,
    ports: Ports,
    routes: Vec<Route>,
}

/// A wire and its interface's endpoints.
#[derive(Debug, Clone, Copy)]
struct Route {
    wire: Wire,
    interface: u8,
    input: u8,
    output: u8,
    /// The host has raised DTR, as a driver does when a program opens the port.
    open: bool,
}

/// Class requests of serial ports: USB CDC PSTN 1.2 §6.3; `option` and `qcserial` send the control line state.
const SET_LINE_CODING: u8 = 0x20;
const GET_LINE_CODING: u8 = 0x21;
const SET_CONTROL_LINE_STATE: u8 = 0x22;
const SEND_BREAK: u8 = 0x23;
const TO_INTERFACE: u8 = 0x21;
const FROM_INTERFACE: u8 = 0xa1;
/// 115200 bits per second, one stop bit, no parity, eight bits.
const LINE_CODING: [u8; 7] = [0x00, 0xc2, 0x01, 0x00, 0, 0, 8];
const DTR: u16 = 1;

impl UsbModem {
    pub fn new(modem: Arc<Mutex<Modem>>, ports: Ports) -> Self {
        Self {
            modem,
            ports,
            routes: Vec::new(),
        }
    }

    fn modem(&self) -> MutexGuard<'_, Modem> {
        // A panic elsewhere leaves the modem as it was; whoever caused it says so.
        self.modem.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn control_line(&mut self, interface: u8, state: u16) {
        let open = state & DTR != 0;
        let found = { self.routes.iter_mut() }.find(|route| route.interface == interface);
        let Some(route) = found.filter(|route| route.open != open) else {
            return;
        };
        route.open = open;
        let wire = route.wire;
        let mut modem = self.modem();
        if open {
            modem.opened(wire);
        } else {
            modem.closed(wire);
        }
    }
}

impl Function for UsbModem {
    fn arrival(&self) -> Option<u64> {
        self.modem().arrival()
    }

    fn device(&mut self) -> Option<Device> {
        let modem = self.modem();
        let presence = modem.presence()?;
        let running = presence.wires.contains(&Wire::At);
        let speed = if running && self.ports == Ports::RunningAtSuper {
            Speed::Super
        } else {
            Speed::High
        };
        let has_serial = !presence.wires.contains(&Wire::Edl);
        let serial = has_serial.then(|| format!("{:08x}", modem.serial()));
        let device = device_of(&presence.usb, serial, speed);
        let route = |wire| route(&device, wire, modem.interface_of(wire));
        let routes = presence.wires.into_iter().filter_map(route).collect();
        drop(modem);
        self.routes = routes;
        Some(device)
    }

    fn control(&mut self, setup: Setup, _data: &[u8]) -> Answer {
        match (setup.kind, setup.request) {
            (TO_INTERFACE, SET_CONTROL_LINE_STATE) => {
                self.control_line(setup.index.to_le_bytes()[0], setup.value);
                Answer::Acknowledge
            }
            (TO_INTERFACE, SET_LINE_CODING | SEND_BREAK) => Answer::Acknowledge,
            (FROM_INTERFACE, GET_LINE_CODING) => Answer::Data(LINE_CODING.to_vec()),
            _ => Answer::Stall,
        }
    }

    fn take(&mut self, endpoint: u8, bytes: &[u8], ending: Ending) -> Taken {
        let Some(route) = self.routes.iter().find(|r| r.output == endpoint) else {
            // A port that nobody listens at takes everything.
            return Taken::All;
        };
        let mut modem = self.modem();
        if modem.busy_until() > Modem::now(&modem) {
            return Taken::First(0);
        }
        let written = match bytes {
            [] => Ok(0),
            bytes => modem.write(route.wire, bytes),
        };
        match written {
            // It has just left the bus, and the host learns that from the bus.
            Err(_) => return Taken::First(0),
            Ok(taken) if taken < bytes.len() => return Taken::First(taken),
            Ok(_) => {}
        }
        if ending == Ending::ZeroPacket {
            // It may have left by what it was told.
            let _ = modem.transfer_ended(route.wire);
        }
        Taken::All
    }

    fn give(&mut self, endpoint: u8, _room: usize) -> Given {
        let Some(route) = self.routes.iter().find(|r| r.input == endpoint) else {
            return Given::Nothing;
        };
        match self.modem().take_transfer(route.wire) {
            Ok(Some(bytes)) => Given::Transfer {
                bytes,
                after_full: AfterFull::ZeroPacket,
            },
            _ => Given::Nothing,
        }
    }
}

/// The bulk pair of a wire's interface.
fn route(device: &Device, wire: Wire, interface: u8) -> Option<Route> {
    let found = device.interfaces.iter().find(|i| i.number == interface)?;
    let bulk = |direction| {
        let mut all = { found.endpoints.iter() }.filter(|e| e.kind == EndpointKind::Bulk);
        all.find(|e| e.address & INPUT == direction)
            .map(|e| e.address)
    };
    Some(Route {
        wire,
        interface,
        input: bulk(INPUT)?,
        output: bulk(0)?,
        open: false,
    })
}

impl Served for UsbModem {
    fn now(&self) -> Duration {
        Modem::now(&self.modem())
    }

    fn advance(&mut self, now: Duration) {
        Modem::advance(&mut self.modem(), now);
    }

    fn next_event(&self) -> Option<Duration> {
        let modem = self.modem();
        let now = Modem::now(&modem);
        let busy = Some(modem.busy_until());
        [Modem::next_event(&modem), busy]
            .into_iter()
            .flatten()
            .filter(|due| *due > now)
            .min()
    }

    fn asked(&mut self, step: &str) {
        Modem::asked(&mut self.modem(), step);
    }

    fn hand(&mut self, hand: Hand) {
        Modem::hand(&mut self.modem(), hand);
    }

    fn records_from(&self, first: usize) -> Vec<String> {
        Served::records_from(&*self.modem(), first)
    }

    fn summary(&self) -> String {
        Served::summary(&*self.modem())
    }
}
