//! A device that speaks USB/IP: bytes of the host in, bytes for the host out. Whoever has the socket moves them.

use super::wire::{Fault, LONGEST, Reader, Request, submitted, unlinked};
use crate::sim::usb::descriptor::Device;
use crate::sim::usb::engine::Engine;
use crate::sim::usb::urb::{Done, Outcome};
use crate::sim::usb::{Answer, Function};

/// Most transfers that may wait, and most bytes that they may hold together.
const MOST_WAITING: usize = 4096;
const MOST_BYTES: usize = 4 * LONGEST;

/// What the kernel says of a transfer: EPIPE, EOVERFLOW, EREMOTEIO, ECONNRESET (Linux,
/// Documentation/driver-api/usb/error-codes.rst).
const STALLED: i32 = -32;
const BABBLED: i32 = -75;
const WAS_SHORT: i32 = -121;
const WAS_UNLINKED: i32 = -104;

/// One attached device.
#[derive(Debug)]
pub struct Server {
    engine: Engine,
    reader: Reader,
    /// For the host.
    out: Vec<u8>,
    /// How many of them it has.
    sent: usize,
}

impl Server {
    pub fn new(device: Device) -> Self {
        Self {
            engine: Engine::new(device),
            reader: Reader::default(),
            out: Vec::new(),
            sent: 0,
        }
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Bytes of the host. After a fault nothing can be said any more.
    pub fn hear(&mut self, bytes: &[u8], function: &mut dyn Function) -> Result<(), Fault> {
        self.reader.push(bytes);
        while let Some(request) = self.reader.next_request()? {
            self.obey(request, function);
            let (count, bytes) = self.engine.waiting();
            if count > MOST_WAITING || bytes > MOST_BYTES {
                return Err(Fault::TooMuch);
            }
        }
        Ok(())
    }

    /// Moves what can move by now.
    pub fn pump(&mut self, function: &mut dyn Function) {
        for done in self.engine.pump(function) {
            let status = status(&done);
            submitted(done.tag, status, done.moved, &done.data, &mut self.out);
        }
    }

    /// Bytes for the host.
    pub fn said(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or_default()
    }

    /// The host has got so many of them.
    pub fn sent(&mut self, count: usize) {
        self.sent = (self.sent + count).min(self.out.len());
        if self.sent == self.out.len() {
            self.out.clear();
            self.sent = 0;
        }
    }

    fn obey(&mut self, request: Request, function: &mut dyn Function) {
        match request {
            Request::Submit(urb) => self.engine.submit(urb),
            Request::Control {
                tag,
                setup,
                data,
                room,
            } => match self.engine.control(setup, &data, function) {
                Answer::Data(mut answer) => {
                    answer.truncate(room);
                    submitted(tag, 0, answer.len(), &answer, &mut self.out);
                }
                Answer::Acknowledge => submitted(tag, 0, data.len(), &[], &mut self.out),
                Answer::Stall => submitted(tag, STALLED, 0, &[], &mut self.out),
            },
            Request::Unlink { tag, victim } => self.unlink(tag, victim, function),
        }
    }

    /// A transfer that has moved bytes ends with them before it is unlinked, as a host controller would say; so a
    /// reader whose time is over keeps what came (usb-test-rig.md §6, measured).
    fn unlink(&mut self, tag: u32, victim: u32, function: &mut dyn Function) {
        // What was told before this message moves before it.
        self.pump(function);
        let status = match self.engine.cancel(victim) {
            Some(cancelled) if cancelled.moved > 0 => {
                let (moved, data) = (cancelled.moved, &cancelled.data);
                submitted(victim, WAS_UNLINKED, moved, data, &mut self.out);
                0
            }
            Some(_) => WAS_UNLINKED,
            // It has ended, and the host knows or will know from what is on its way.
            None => 0,
        };
        unlinked(tag, status, &mut self.out);
    }
}

fn status(done: &Done) -> i32 {
    match done.outcome {
        Outcome::Complete => 0,
        Outcome::Short => WAS_SHORT,
        Outcome::Stall => STALLED,
        Outcome::Babble => BABBLED,
    }
}
