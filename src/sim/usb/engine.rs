//! Endpoints: queues, pending requests, and the rules by which bytes move between them.
//!
//! Packets are what moves: a request for IN ends at a short packet, at a zero-length one, or when it is full; a packet
//! that does not fit is babble; where nothing is there the request stays pending, which is what NAK looks like to a
//! host (usb-test-rig.md §6).

use super::descriptor::Device;
use super::urb::{Cancelled, Done, Outcome, Urb};
use super::{AfterFull, Ending, Function, Given, Taken};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The endpoints of one device, from its arrival to its leaving.
#[derive(Debug)]
pub struct Engine {
    pub(super) device: Device,
    /// The configuration that the host chose; 0 for none.
    pub(super) configuration: u8,
    pub(super) remote_wakeup: bool,
    pub(super) halted: BTreeSet<u8>,
    queues: BTreeMap<u8, Queue>,
    pending: BTreeMap<u8, VecDeque<Pending>>,
}

/// What is left of the transfer that an IN endpoint is sending.
#[derive(Debug)]
struct Queue {
    bytes: Vec<u8>,
    sent: usize,
    after_full: AfterFull,
}

impl Queue {
    fn left(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }
}

#[derive(Debug)]
struct Pending {
    urb: Urb,
    /// Bytes of an OUT request that were taken.
    taken: usize,
    /// Bytes of an IN request so far.
    data: Vec<u8>,
}

impl Engine {
    pub fn new(device: Device) -> Self {
        Self {
            device,
            configuration: 0,
            remote_wakeup: false,
            halted: BTreeSet::new(),
            queues: BTreeMap::new(),
            pending: BTreeMap::new(),
        }
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Queues a request; [`Self::pump`] moves its bytes.
    pub fn submit(&mut self, urb: Urb) {
        let waiting = self.pending.entry(urb.endpoint).or_default();
        waiting.push_back(Pending {
            urb,
            taken: 0,
            data: Vec::new(),
        });
    }

    /// How many requests wait, and how many bytes they hold or have room for.
    pub fn waiting(&self) -> (usize, usize) {
        let all = self.pending.values().flatten();
        all.fold((0, 0), |(count, bytes), pending| {
            (count + 1, bytes + pending.urb.length)
        })
    }

    /// Takes a request back, with the bytes that it already holds; `None` where it has ended.
    pub fn cancel(&mut self, tag: u32) -> Option<Cancelled> {
        self.pending.values_mut().find_map(|waiting| {
            let place = waiting.iter().position(|p| p.urb.tag == tag)?;
            let pending = waiting.remove(place)?;
            Some(Cancelled {
                endpoint: pending.urb.endpoint,
                moved: pending.moved(),
                data: pending.data,
            })
        })
    }

    /// Moves what can move, and returns the requests that ended.
    pub fn pump(&mut self, function: &mut dyn Function) -> Vec<Done> {
        let mut all = Vec::new();
        loop {
            let before = all.len();
            let endpoints: Vec<u8> = self.pending.keys().copied().collect();
            for endpoint in endpoints {
                while let Some(done) = self.step(endpoint, function) {
                    all.push(done);
                }
            }
            // What one endpoint took may be what another one gives.
            if all.len() == before {
                self.pending.retain(|_, waiting| !waiting.is_empty());
                return all;
            }
        }
    }

    /// The first request of an endpoint, if it can end now.
    fn step(&mut self, endpoint: u8, function: &mut dyn Function) -> Option<Done> {
        let mut pending = self.pending.get_mut(&endpoint)?.pop_front()?;
        let known = self.configuration != 0 && !self.halted.contains(&endpoint);
        let packet = match self.device.endpoint(endpoint) {
            // A packet of no bytes would never come to an end.
            Some(found) if known => usize::from(found.packet).max(1),
            _ => return Some(pending.end(Outcome::Stall)),
        };
        let outcome = if pending.urb.is_input() {
            self.fill(&mut pending, packet, function)
        } else {
            empty(&mut pending, packet, function)
        };
        let Some(outcome) = outcome else {
            self.pending
                .entry(endpoint)
                .or_default()
                .push_front(pending);
            return None;
        };
        if outcome == Outcome::Stall {
            self.halted.insert(endpoint);
        }
        Some(pending.end(outcome))
    }

    /// Fills an IN request packet by packet; `None` while it must wait.
    fn fill(
        &mut self,
        pending: &mut Pending,
        packet: usize,
        function: &mut dyn Function,
    ) -> Option<Outcome> {
        let endpoint = pending.urb.endpoint;
        loop {
            let room = pending.urb.length.saturating_sub(pending.data.len());
            let queue = match self.queues.remove(&endpoint) {
                Some(queue) => queue,
                None => match function.give(endpoint, room) {
                    Given::Nothing => return None,
                    Given::Stall => return Some(Outcome::Stall),
                    Given::Transfer { bytes, after_full } => Queue {
                        bytes,
                        sent: 0,
                        after_full,
                    },
                },
            };
            let (outcome, queue) = move_packets(pending, room, packet, queue);
            if let Some(queue) = queue {
                self.queues.insert(endpoint, queue);
            }
            if outcome.is_some() {
                return outcome;
            }
        }
    }
}

/// Moves packets of one transfer into a request. What is left of the transfer comes back.
fn move_packets(
    pending: &mut Pending,
    room: usize,
    packet: usize,
    mut queue: Queue,
) -> (Option<Outcome>, Option<Queue>) {
    let left = queue.left();
    if left.is_empty() {
        return (Some(pending.short()), None);
    }
    // Whole packets that fit; the last one of the transfer may be short.
    let count = if left.len() <= room {
        left.len()
    } else {
        room - room % packet
    };
    if count == 0 {
        // The packet was not acknowledged, so that it is still there for the next request.
        return (Some(Outcome::Babble), Some(queue));
    }
    if pending.data.is_empty() && queue.sent == 0 && count == queue.bytes.len() {
        pending.data = std::mem::take(&mut queue.bytes);
    } else {
        pending
            .data
            .extend_from_slice(left.get(..count).unwrap_or_default());
        queue.sent += count;
    }
    let is_full = pending.data.len() == pending.urb.length;
    if !queue.left().is_empty() {
        // A room that is no multiple of packets cannot take the next one.
        let outcome = if is_full {
            Outcome::Complete
        } else {
            Outcome::Babble
        };
        return (Some(outcome), Some(queue));
    }
    if count % packet != 0 {
        return (Some(pending.short()), None);
    }
    // A zero-length packet after a full request waits for the next one.
    let rest = (queue.after_full == AfterFull::ZeroPacket).then(|| Queue {
        bytes: Vec::new(),
        sent: 0,
        after_full: AfterFull::Nothing,
    });
    (is_full.then_some(Outcome::Complete), rest)
}

/// Offers an OUT request to the function; `None` while it must wait.
fn empty(pending: &mut Pending, packet: usize, function: &mut dyn Function) -> Option<Outcome> {
    let urb = &pending.urb;
    let bytes = urb.data.get(pending.taken..).unwrap_or_default();
    let ending =
        if urb.data.is_empty() || (urb.zero_packet && urb.data.len().is_multiple_of(packet)) {
            Ending::ZeroPacket
        } else if !urb.data.len().is_multiple_of(packet) {
            Ending::Short
        } else {
            Ending::Open
        };
    match function.take(urb.endpoint, bytes, ending) {
        Taken::All => {
            pending.taken = urb.data.len();
            Some(Outcome::Complete)
        }
        Taken::First(count) => {
            pending.taken = (pending.taken + count).min(urb.data.len());
            None
        }
        Taken::Stall => Some(Outcome::Stall),
    }
}

impl Pending {
    fn moved(&self) -> usize {
        if self.urb.is_input() {
            self.data.len()
        } else {
            self.taken
        }
    }

    /// The outcome where the device ended the transfer.
    fn short(&self) -> Outcome {
        if self.urb.short_is_error && self.data.len() < self.urb.length {
            Outcome::Short
        } else {
            Outcome::Complete
        }
    }

    fn end(self, outcome: Outcome) -> Done {
        Done {
            tag: self.urb.tag,
            endpoint: self.urb.endpoint,
            outcome,
            moved: self.moved(),
            data: self.data,
        }
    }
}
