//! The DIAG port: frames in, answers out, with log frames between that nobody asked for.

use super::Wish;
use super::core::{Core, Function};
use super::efs::{EfsSession, Outcome, changes};
use super::outbox::Outbox;
use crate::plan::{FaultKind, Operation, Spc};
use crate::protocol::diag::{NV_SIZE, NvId, NvStatus, Power, Refusal, Reply, Request};
use crate::protocol::{efs, hdlc};
use crate::sim::record::RecordKind;
use std::time::Duration;

/// How long an answer takes: 29,039 requests of a backup took about 80 s (diag-and-xqcn.md §6, §9).
const ANSWER: Duration = Duration::from_millis(2);
/// From the answer to the drop off the bus (protocols.md §4: 1 to 3 s until the boot ROM is back).
const RESTART: Duration = Duration::from_millis(500);
const TO_EDL: Duration = Duration::from_millis(300);
/// What tools send, and what an open unit takes (diag-and-xqcn.md §3).
const OPEN_CODE: [u8; 6] = *b"000000";
/// The default, and how the first eight bytes look of hosts that send ten.
const PASSWORDS: [[u8; 8]; 2] = [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], [0xff; 8]];
/// Made up; the shape of diag-and-xqcn.md §8.5.
const FEATURES: [u8; 8] = [0xff, 0x0f, 0x00, 0x00, 0xe1, 0xaa, 0x55, 0x00];

/// Whether the service programming code was told in this run of the firmware.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Writes {
    #[default]
    Locked,
    Unlocked,
}

#[derive(Debug, Default)]
pub(super) struct DiagPort {
    out: Outbox,
    deframer: hdlc::Deframer,
    writes: Writes,
    session: EfsSession,
}

impl DiagPort {
    pub(super) fn next_event(&self, now: Duration) -> Option<Duration> {
        self.out.next_event(now)
    }

    pub(super) fn read(&mut self, now: Duration, buffer: &mut [u8]) -> usize {
        self.out.read(now, buffer)
    }

    pub(super) fn take_piece(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.out.take_piece(now)
    }

    pub(super) fn write(&mut self, core: &mut Core, bytes: &[u8]) {
        self.deframer.push(bytes);
        while let Some(frame) = self.deframer.next_frame() {
            // A frame that cannot be believed is dropped without an answer.
            if let Ok(payload) = frame
                && core.answers()
            {
                self.frame(core, &payload);
            }
        }
    }

    fn frame(&mut self, core: &mut Core, payload: &[u8]) {
        let request = efs::Request::decode(payload).ok_or_else(|| Request::decode(payload));
        let fault = operation(&request).and_then(|operation| core.strike(operation));
        // It has left, or heard nothing.
        if !core.answers() || fault == Some(FaultKind::Timeout) {
            return;
        }
        let answer = match request {
            _ if fault == Some(FaultKind::Locked) => {
                Some(Reply::Refused(Refusal::SpcLocked, payload.to_vec()).encode())
            }
            Ok((subsystem, request)) => self.file(core, subsystem, &request, payload, fault),
            Err(request) => self.plain(core, &request, payload, fault),
        };
        let Some(answer) = answer else { return };
        let due = core.pace(ANSWER, fault);
        if let Some(fault) = fault {
            for piece in core.pieces(Some(fault), due, hdlc::encode(&answer)) {
                self.out.deliver(piece);
            }
        } else {
            self.send(core, due, &answer);
        }
    }

    fn send(&mut self, core: &mut Core, due: Duration, answer: &[u8]) {
        let mut bytes = Vec::new();
        if core.random.once_in(4) {
            // A log frame that shares a read with the answer.
            let mut log = vec![0x10];
            let length = 8 + core.random.below(24);
            log.extend(core.random.bytes(length));
            bytes.extend(hdlc::encode(&log));
        }
        bytes.extend(hdlc::encode(answer));
        self.out.push_cut(due, &bytes, &mut core.random);
    }

    /// Commands outside the file system. `None` is silence.
    fn plain(
        &mut self,
        core: &mut Core,
        request: &Request,
        payload: &[u8],
        fault: Option<FaultKind>,
    ) -> Option<Vec<u8>> {
        let refused = |refusal| Reply::Refused(refusal, payload.to_vec());
        let reply = match request {
            Request::Version => Reply::Other(version(core)),
            // Chip and model numbers of real units are not known here.
            Request::Build => Reply::Build {
                msm: 0,
                model: 0,
                version: core.short_version().to_owned(),
            },
            Request::FeatureQuery => Reply::FeatureMask(FEATURES.to_vec()),
            Request::Spc(digits) => {
                let ok = core.spc == Spc::Open && *digits == OPEN_CODE;
                if ok {
                    self.writes = Writes::Unlocked;
                }
                Reply::Spc { ok }
            }
            Request::Password(password) => Reply::Password {
                ok: PASSWORDS.contains(password),
            },
            Request::Power(power) => {
                if told(core, *power) {
                    Reply::Power(*power)
                } else {
                    refused(Refusal::BadParameter)
                }
            }
            Request::Edl if core.edl_by_diag => {
                core.wish(TO_EDL, Wish::Edl);
                // The echo does not always come (protocols.md §4).
                let silent = core.random.once_in(4) || fault == Some(FaultKind::NoEcho);
                return (!silent).then(|| Reply::Edl.encode());
            }
            Request::Edl => refused(Refusal::BadCommand),
            Request::NvRead(id) => nv_read(core, *id, fault),
            Request::NvWrite(id, value) => {
                core.note_identity(id.item);
                if self.writes == Writes::Locked {
                    refused(Refusal::SpcLocked)
                } else {
                    nv_write(core, *id, value, fault)
                }
            }
            Request::Other(bytes) => other(bytes),
        };
        Some(reply.encode())
    }

    fn file(
        &mut self,
        core: &mut Core,
        subsystem: u8,
        request: &efs::Request,
        payload: &[u8],
        fault: Option<FaultKind>,
    ) -> Option<Vec<u8>> {
        // That file writes need the code as NV writes do is unverified.
        if changes(request) && self.writes == Writes::Locked {
            return Some(Reply::Refused(Refusal::SpcLocked, payload.to_vec()).encode());
        }
        match self.session.answer(core, request, fault) {
            Outcome::Reply(reply) => Some(reply.encode(subsystem)),
            Outcome::Refused(refusal) => Some(Reply::Refused(refusal, payload.to_vec()).encode()),
            Outcome::Crash => {
                core.wish(RESTART, Wish::Reset);
                None
            }
        }
    }
}

/// Which faults a request counts for: the requests that move data.
fn operation(request: &Result<(u8, efs::Request), Request>) -> Option<Operation> {
    match request {
        Ok((_, efs::Request::Read { .. })) => Some(Operation::EfsRead),
        Ok((_, efs::Request::Write { .. } | efs::Request::Put { .. })) => Some(Operation::EfsWrite),
        Err(Request::NvRead(_)) => Some(Operation::NvRead),
        Err(Request::NvWrite(..)) => Some(Operation::NvWrite),
        Err(Request::Edl) => Some(Operation::Edl),
        _ => None,
    }
}

/// Does what command 0x29 says; false where there is no such mode.
fn told(core: &mut Core, power: Power) -> bool {
    match power {
        // 0 is offline as well: offline-A, of analogue days.
        Power::Offline | Power::Other(0) => core.go_offline(),
        Power::Online => core.go_online(),
        Power::FactoryTest => core.function = Function::FactoryTest,
        Power::Low => core.function = Function::RadioOff,
        Power::Reset => core.wish(RESTART, Wish::Reset),
        Power::Off => core.wish(RESTART, Wish::Off),
        Power::Other(_) => return false,
    }
    true
}

fn nv_read(core: &mut Core, id: NvId, fault: Option<FaultKind>) -> Reply {
    let index = id.index.unwrap_or(0);
    if fault == Some(FaultKind::BitFlip) {
        core.unit.nv.flip(id.item, index);
    }
    let (value, status) = match fault {
        Some(FaultKind::Nak | FaultKind::ReadError) => ([0; NV_SIZE], NvStatus::Failed),
        _ => core.unit.nv.read(id.item, index),
    };
    Reply::NvRead(id, Box::new(value), status)
}

fn nv_write(core: &mut Core, id: NvId, value: &[u8; NV_SIZE], fault: Option<FaultKind>) -> Reply {
    let (item, index) = (id.item, id.index.unwrap_or(0));
    let status = match fault {
        Some(FaultKind::Nak) => NvStatus::Failed,
        Some(FaultKind::AckButLost) => NvStatus::Done,
        _ => {
            let status = core.unit.nv.write(item, index, value);
            if status == NvStatus::Done {
                core.records.push(RecordKind::NvWrite { item, index });
            }
            status
        }
    };
    if fault == Some(FaultKind::BitFlip) {
        core.unit.nv.flip(item, index);
    }
    Reply::NvWrite(id, status)
}

/// Compilation and release dates and the model's name, each in its fixed width (libqcdm).
fn version(core: &Core) -> Vec<u8> {
    let mut bytes = vec![0];
    for (text, width) in [
        ("Jan 02 2023", 11),
        ("03:04:05", 8),
        ("Jan 02 2023", 11),
        ("03:04:05", 8),
        (&*core.model, 8),
    ] {
        bytes.extend(text.bytes().chain(std::iter::repeat(0)).take(width));
    }
    bytes
}

/// Commands without a form of their own: loopback, known ones that are too short, and unknown ones.
fn other(payload: &[u8]) -> Reply {
    match payload.first() {
        Some(0x7b) => Reply::Other(payload.to_vec()),
        Some(0x26 | 0x27 | 0x29 | 0x41 | 0x46) => {
            Reply::Refused(Refusal::BadLength, payload.to_vec())
        }
        _ => Reply::Refused(Refusal::BadCommand, payload.to_vec()),
    }
}
