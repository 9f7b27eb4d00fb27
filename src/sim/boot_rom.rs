//! The boot ROM and the dump state of the boot loader: the modem's side of Sahara (protocols.md §5, §10).

mod command;
mod dump;
mod upload;

use super::world::{Next, Want, World, slowed};
use crate::plan::{FaultKind, Operation, SaharaTraits};
use crate::protocol::sahara::{self, Mode, Packet};
use command::Chip;
use std::collections::VecDeque;
use std::time::Duration;
use upload::{Step, Taken, Upload};

/// From one packet to its answer on the host's own USB: 69 reads take 0.11 s (protocols.md §5.2, measured).
const TURN: Duration = Duration::from_micros(1500);
/// From `RESET_RESPONSE` to an empty bus, as after the programmer's reset (protocols.md §6.6, measured there).
const LEAVING: Duration = Duration::from_millis(9);
/// DIAG's command into EDL, which a dumping Quectel 5G module obeys on the same pipe (protocols.md §10.1).
const DIAG_INTO_EDL: [u8; 7] = [0x4b, 0x65, 0x01, 0x00, 0x54, 0x0f, 0x7e];

/// A broken boot ROM drops and comes back (protocols.md §2.1: every 15 to 20 s); how long it is away is made up.
const LOOP: Duration = Duration::from_secs(15);
const LOOP_GAP: Duration = Duration::from_secs(1);

const INVALID_COMMAND: u32 = 0x01;
const PROTOCOL_MISMATCH: u32 = 0x02;
const INVALID_MODE_SWITCH: u32 = 0x1c;
const AUTHENTICATION_FAILED: u32 = 0x25;

/// What a boot ROM of a scenario is like.
#[derive(Debug, Clone)]
pub(super) struct Nature {
    pub traits: SaharaTraits,
    pub serial: u32,
    /// For the key hash.
    pub model: String,
    /// `any`, or the hash of the programmer that is signed for it.
    pub accepts: String,
    /// Where DIAG's command into EDL is obeyed in the dump state: how long the modem stays away.
    pub edl_by_diag: Option<Duration>,
}

/// Where the conversation stands.
#[derive(Debug)]
enum State {
    /// HELLO was sent, or lost.
    Greeted,
    Upload(Upload),
    /// `END_OF_IMAGE` 0 was sent: the number of the image that was taken, and what it is.
    Taken(u32, Taken),
    Command,
    Dump,
    /// After an error most boot ROMs hear nothing but a reset (protocols.md §5.2).
    Stuck,
}

/// Sahara, after power-up.
#[derive(Debug)]
pub(super) struct BootRom {
    nature: Nature,
    /// What HELLO offers: an image transfer, or a memory dump.
    offers: Mode,
    state: State,
    /// Images that are wanted and not taken yet, the programmer last.
    wanted: VecDeque<u32>,
    /// The beginning of a packet whose end has not come.
    pending: Vec<u8>,
}

impl BootRom {
    /// The boot ROM, waiting for a programmer.
    pub(super) fn waiting(nature: Nature, world: &mut World) -> Self {
        Self::start(nature, Mode::ImagePending, world)
    }

    /// The boot loader in its dump state.
    pub(super) fn dumping(nature: Nature, world: &mut World) -> Self {
        Self::start(nature, Mode::MemoryDebug, world)
    }

    fn start(nature: Nature, offers: Mode, world: &mut World) -> Self {
        let mut rom = Self {
            nature,
            offers,
            state: State::Greeted,
            wanted: VecDeque::new(),
            pending: Vec::new(),
        };
        rom.begin(world);
        rom
    }

    /// From the beginning: whatever was taken before is forgotten.
    fn begin(&mut self, world: &mut World) {
        let images = self.nature.traits.images.iter().copied();
        self.wanted = images.chain([sahara::IMAGE_PROGRAMMER]).collect();
        self.greet(world);
    }

    fn next_image(&self) -> u32 {
        let first = self.wanted.front().copied();
        first.unwrap_or(sahara::IMAGE_PROGRAMMER)
    }

    fn greet(&mut self, world: &mut World) {
        self.state = State::Greeted;
        let fault = world.strike(Operation::Hello);
        match fault {
            Some(FaultKind::NoHello) => return,
            Some(FaultKind::EdlLoop) => {
                world.looping = Some(world.faults.told().duration(LOOP));
            }
            Some(FaultKind::StayRamdump) => world.stays_in_dump = true,
            Some(FaultKind::StaleEnd) => {
                let status = world.faults.told().number(INVALID_COMMAND);
                let image = sahara::IMAGE_PROGRAMMER;
                send(world, None, &Packet::EndOfImage { image, status });
            }
            _ => {}
        }
        if let Some(period) = world.looping
            && self.offers == Mode::ImagePending
            && world.want.is_none()
        {
            let next = Next::BootRom { after: LOOP_GAP };
            let at = world.now.saturating_add(period);
            world.want = Some(Want::Leave { at, next });
        }
        // linux-msm/qdl#76 logs a HELLO of version 2, compatible 1, 1024 bytes at most.
        let hello = Packet::Hello {
            version: self.nature.traits.version,
            compatible: 1,
            max_packet: sahara::MAX_PACKET,
            mode: self.offers,
        };
        if fault == Some(FaultKind::EndStatus) {
            let status = world.faults.told().number(AUTHENTICATION_FAILED);
            self.end(world, 0, status);
        } else {
            send(world, fault, &hello);
        }
    }

    fn end(&mut self, world: &mut World, image: u32, status: u32) {
        send(world, None, &Packet::EndOfImage { image, status });
        self.state = State::Stuck;
        self.pending.clear();
    }

    /// Bytes of one transfer of the host.
    pub(super) fn write(&mut self, world: &mut World, bytes: &[u8]) {
        if self.is_diag_into_edl(bytes) {
            self.leave_into_edl(world);
            return;
        }
        let mut rest = bytes;
        // A reset is heard in any state, even where raw bytes are awaited (protocols.md §5.2).
        let is_reset = match Packet::decode(bytes) {
            Ok(Packet::Reset) => bytes.len() == sahara::HEADER,
            Ok(Packet::ResetStateMachine) => {
                bytes.len() == sahara::HEADER && self.nature.traits.begins_anew
            }
            _ => false,
        };
        if is_reset {
            self.pending.clear();
        } else if self.pending.len() < sahara::HEADER && Packet::decode(bytes).is_ok() {
            // A nudge of a byte or two was no packet; this is one (protocols.md §5.6).
            self.pending.clear();
        }
        while !rest.is_empty() && world.want.is_none() {
            if let State::Upload(upload) = &mut self.state
                && !is_reset
            {
                let step = upload.take(&mut rest);
                self.go_on(world, step);
                continue;
            }
            self.pending.push(rest[0]);
            rest = &rest[1..];
            self.take_packet(world);
        }
    }

    fn take_packet(&mut self, world: &mut World) {
        let Some(head) = self.pending.first_chunk::<{ sahara::HEADER }>() else {
            return;
        };
        let Ok((_, length)) = sahara::header(*head) else {
            // Noise of another protocol: dropped with an error, unless an error was sent already.
            self.pending.clear();
            if !matches!(self.state, State::Stuck) {
                self.end(world, 0, INVALID_COMMAND);
            }
            return;
        };
        if self.pending.len() < length {
            return;
        }
        let bytes: Vec<u8> = self.pending.drain(..length).collect();
        match Packet::decode(&bytes) {
            Ok(packet) => self.obey(world, &packet),
            Err(_) => self.end(world, 0, INVALID_COMMAND),
        }
    }

    fn obey(&mut self, world: &mut World, packet: &Packet) {
        match (&self.state, packet) {
            (_, Packet::Reset) => reset(world),
            (_, Packet::ResetStateMachine) if self.nature.traits.begins_anew => {
                world.outbox.clear();
                self.begin(world);
            }
            (State::Stuck, _) => {}
            (
                State::Greeted,
                Packet::HelloResponse {
                    compatible,
                    version,
                    mode,
                    ..
                },
            ) => {
                if *version < 1 || *compatible > self.nature.traits.version {
                    self.end(world, 0, PROTOCOL_MISMATCH);
                } else {
                    self.enter(world, *mode);
                }
            }
            (State::Taken(..), Packet::Done) => self.done(world),
            (State::Command, Packet::SwitchMode { mode }) if *mode == Mode::ImagePending => {
                self.greet(world);
            }
            (State::Command, Packet::SwitchMode { .. }) => {
                self.end(world, 0, INVALID_MODE_SWITCH);
            }
            (State::Command, packet) => {
                let chip = Chip::new(&self.nature);
                let answer = chip.obey(packet);
                world.outbox.send(world.now + TURN, answer);
            }
            (State::Dump, Packet::MemoryRead { address, length }) => {
                self.read_memory(world, u64::from(*address), u64::from(*length));
            }
            (State::Dump, Packet::MemoryRead64 { address, length }) => {
                self.read_memory(world, *address, *length);
            }
            _ => self.end(world, 0, INVALID_COMMAND),
        }
    }

    /// The host has chosen a mode.
    fn enter(&mut self, world: &mut World, mode: Mode) {
        match (self.offers, mode) {
            (Mode::ImagePending, Mode::ImagePending) => {
                let (upload, step) = Upload::begin(self.next_image(), self.nature.traits.read64);
                self.state = State::Upload(upload);
                self.go_on(world, step);
            }
            (Mode::ImagePending, Mode::Command) if self.nature.traits.command_mode => {
                self.state = State::Command;
                send(world, None, &Packet::CommandReady);
            }
            (Mode::MemoryDebug, Mode::MemoryDebug) => {
                self.state = State::Dump;
                let packet = dump::announcement(self.nature.traits.read64);
                send(world, None, &packet);
            }
            // A dump state refuses image transfer so (bkerler/edl#404); that a boot ROM without command mode does
            // the same is unverified.
            _ => self.end(world, 0, INVALID_MODE_SWITCH),
        }
    }

    fn go_on(&mut self, world: &mut World, step: Step) {
        match step {
            Step::Wait => {}
            Step::Ask(packet) => {
                let fault = world.strike(Operation::ReadData);
                if fault == Some(FaultKind::EndStatus) {
                    let status = world.faults.told().number(AUTHENTICATION_FAILED);
                    self.end(world, self.next_image(), status);
                    return;
                }
                send(world, fault, &packet);
                if fault == Some(FaultKind::SilenceAfterRead) {
                    self.state = State::Stuck;
                }
            }
            Step::Refuse(status) => {
                world.refused("programmer", sahara::status_text(status));
                self.end(world, self.next_image(), status);
            }
            Step::Whole(taken) => {
                let image = self.next_image();
                let accepts = &self.nature.accepts;
                let is_signed = accepts == "any" || accepts.eq_ignore_ascii_case(&taken.sha256);
                if is_signed || image != sahara::IMAGE_PROGRAMMER {
                    send(world, None, &Packet::EndOfImage { image, status: 0 });
                    self.state = State::Taken(image, taken);
                } else {
                    self.go_on(world, Step::Refuse(AUTHENTICATION_FAILED));
                }
            }
        }
    }

    fn done(&mut self, world: &mut World) {
        let State::Taken(image, taken) = std::mem::replace(&mut self.state, State::Stuck) else {
            return;
        };
        let Taken { sha256, streaming } = taken;
        self.wanted.pop_front();
        if !self.wanted.is_empty() {
            send(world, None, &Packet::DoneResponse { status: 0 });
            world.record(super::RecordKind::ImageLoaded { image, sha256 });
            self.greet(world);
            return;
        }
        let status = u32::from(!self.nature.traits.pending);
        send(world, None, &Packet::DoneResponse { status });
        world.record(super::RecordKind::ProgrammerLoaded { sha256 });
        world.want = Some(if streaming {
            Want::Loader
        } else {
            Want::Programmer
        });
    }

    fn read_memory(&mut self, world: &mut World, address: u64, length: u64) {
        match dump::read(self.nature.traits.read64, address, length) {
            Ok(bytes) => world.outbox.send(world.now + TURN, bytes),
            Err(status) => self.end(world, 0, status),
        }
    }

    fn is_diag_into_edl(&self, bytes: &[u8]) -> bool {
        let frame = bytes.strip_prefix(&[0x7e]).unwrap_or(bytes);
        self.offers == Mode::MemoryDebug
            && self.nature.edl_by_diag.is_some()
            && frame == DIAG_INTO_EDL
    }

    fn leave_into_edl(&mut self, world: &mut World) {
        world.record(super::RecordKind::ModeSwitch { to: "edl".into() });
        world.outbox.send(world.now + TURN, DIAG_INTO_EDL.to_vec());
        world.want = Some(Want::Leave {
            at: world.now + TURN + LEAVING,
            next: Next::BootRom {
                after: self.nature.edl_by_diag.unwrap_or_default(),
            },
        });
    }
}

fn send(world: &mut World, fault: Option<FaultKind>, packet: &Packet) {
    let due = world.now + slowed(TURN, fault);
    world.answer(due, fault, packet.encode());
}

fn reset(world: &mut World) {
    world.record(super::RecordKind::Reset);
    send(world, None, &Packet::ResetResponse);
    world.want = Some(Want::Leave {
        at: world.now + TURN + LEAVING,
        next: Next::Restart,
    });
}
