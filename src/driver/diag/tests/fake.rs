//! A far end for tests of drivers and actions: an NV store and a file system behind DIAG, with faults at chosen
//! requests. It keeps its own record of what it was asked.

use crate::driver::diag::Diag;
use crate::protocol::diag::{NV_SIZE, NvId, NvStatus, Refusal, Reply, Request};
use crate::protocol::efs::{self, DirectoryEntry, EntryKind};
use crate::protocol::hdlc::{self, Deframer};
use crate::transport::memory::{FarEnd, Memory};
use crate::transport::{Clock, Error, Interrupt, Port, StandingClock};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What happens instead of a plain answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Silent,
    Late(Duration),
    Damaged,
    /// A damaged log message before a good answer.
    DamagedLog,
    /// Two log messages before the answer, all in one read.
    Logs,
    Refused(Refusal),
    /// The answer to another request of the same kind comes first.
    Strange,
    Gone,
    /// The request is answered well and done wrongly: one bit of what it writes flips.
    FlipsBit,
    Errno(i32),
}

/// Which requests a fault meets.
pub(crate) type Picks = fn(&Request) -> bool;

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a state of its own, set by tests"
)]
pub(crate) struct Modem {
    pub(crate) nv: BTreeMap<NvId, [u8; NV_SIZE]>,
    pub(crate) read_only: Vec<u16>,
    pub(crate) files: BTreeMap<String, (EntryKind, Vec<u8>)>,
    /// Listed by no directory, but there.
    pub(crate) hidden: Vec<String>,
    /// Every request, as it came.
    pub(crate) record: Vec<Request>,
    /// By the number of the request, from 0.
    pub(crate) faults: BTreeMap<usize, Fault>,
    /// Every request that a predicate picks.
    pub(crate) always: Option<(Picks, Fault)>,
    pub(crate) online: bool,
    pub(crate) spc_ok: bool,
    pub(crate) newest_efs: bool,
    pub(crate) max_directories: usize,
    pub(crate) piece: usize,
    pub(crate) gone: bool,
    pub(super) files_open: Vec<Option<String>>,
    pub(super) directories_open: BTreeMap<u32, Vec<DirectoryEntry>>,
    pub(super) next_dirp: u32,
    deframer: Deframer,
    outbox: VecDeque<(Duration, Vec<u8>)>,
}

/// A driver, and the modem behind it.
pub(crate) struct Bench {
    pub(crate) diag: Diag,
    pub(crate) modem: Arc<Mutex<Modem>>,
    pub(crate) interrupt: Interrupt,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let time = Arc::new(StandingClock::default());
        let modem = Arc::new(Mutex::new(Modem {
            online: true,
            spc_ok: true,
            newest_efs: true,
            max_directories: 4,
            piece: 4096,
            ..Modem::default()
        }));
        let wire = Wire {
            modem: modem.clone(),
            time: time.clone(),
        };
        let interrupt = Interrupt::default();
        let port = Port::new(
            Box::new(Memory::new(Box::new(wire), "fake")),
            time,
            interrupt.clone(),
        );
        Self {
            diag: Diag::new(port),
            modem,
            interrupt,
        }
    }

    pub(crate) fn modem(&self) -> MutexGuard<'_, Modem> {
        self.modem.lock().unwrap()
    }
}

struct Wire {
    modem: Arc<Mutex<Modem>>,
    time: Arc<StandingClock>,
}

impl FarEnd for Wire {
    fn host_reads(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, Error> {
        let mut modem = self.modem.lock().unwrap();
        let now = self.time.now();
        let piece = modem.piece;
        let ready = modem
            .outbox
            .front_mut()
            .filter(|(when, _)| *when <= now + timeout);
        let Some((when, bytes)) = ready else {
            if modem.gone {
                return Err(Error::Gone);
            }
            self.time.sleep(timeout);
            return Err(Error::Timeout);
        };
        self.time.sleep(when.saturating_sub(now));
        let count = bytes.len().min(buffer.len()).min(piece);
        buffer[..count].copy_from_slice(&bytes[..count]);
        bytes.drain(..count);
        if bytes.is_empty() {
            modem.outbox.pop_front();
        }
        Ok(count)
    }

    fn host_sends(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let mut modem = self.modem.lock().unwrap();
        if modem.gone {
            return Err(Error::Gone);
        }
        modem.deframer.push(bytes);
        while let Some(frame) = modem.deframer.next_frame() {
            let payload = frame.expect("the host frames well");
            let now = self.time.now();
            modem.hear(&payload, now);
        }
        Ok(bytes.len())
    }

    fn transfer_ended(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

const LOG: &[u8] = &[0x10, 1, 2, 3, 0x7e, 0x7d];

impl Modem {
    pub(crate) fn put_file(&mut self, path: &str, kind: EntryKind, data: &[u8]) {
        self.files.insert(path.to_owned(), (kind, data.to_vec()));
    }

    pub(crate) fn put_nv(&mut self, item: u16, index: Option<u16>, head: &[u8]) {
        let mut data = [0; NV_SIZE];
        data[..head.len()].copy_from_slice(head);
        self.nv.insert(NvId { item, index }, data);
    }

    /// Every NV item that was written, in order.
    pub(crate) fn nv_writes(&self) -> Vec<NvId> {
        let written = |r: &Request| match r {
            Request::NvWrite(id, _) => Some(*id),
            _ => None,
        };
        self.record.iter().filter_map(written).collect()
    }

    /// Every file system request, in order.
    pub(crate) fn efs_record(&self) -> Vec<efs::Request> {
        let efs = |r: &Request| match r {
            Request::Other(payload) => efs::Request::decode(payload).map(|(_, r)| r),
            _ => None,
        };
        self.record.iter().filter_map(efs).collect()
    }

    fn hear(&mut self, payload: &[u8], now: Duration) {
        let request = Request::decode(payload);
        let fault = self.faults.get(&self.record.len()).copied().or(self
            .always
            .and_then(|(picks, fault)| picks(&request).then_some(fault)));
        self.record.push(request.clone());
        let mut send = |when: Duration, bytes: Vec<u8>| self.outbox.push_back((when, bytes));
        match fault {
            Some(Fault::Silent) => return,
            Some(Fault::Gone) => {
                self.gone = true;
                return;
            }
            Some(Fault::Refused(refusal)) => {
                return send(
                    now,
                    hdlc::encode(&Reply::Refused(refusal, payload.to_vec()).encode()),
                );
            }
            Some(Fault::DamagedLog) => send(now, damaged(LOG)),
            Some(Fault::Logs) => {
                let mut both = hdlc::encode(LOG);
                both.extend(hdlc::encode(LOG));
                send(now, both);
            }
            Some(Fault::Strange) => {
                let mut strange = payload.to_vec();
                for byte in strange.iter_mut().skip(1).take(7) {
                    *byte ^= 1;
                }
                send(now, hdlc::encode(&strange));
            }
            _ => {}
        }
        let request = if fault == Some(Fault::FlipsBit) {
            flipped(request)
        } else {
            request
        };
        let Some(answer) = self.answer(&request, fault, payload) else {
            return;
        };
        let (when, wire) = match fault {
            Some(Fault::Late(delay)) => (now + delay, hdlc::encode(&answer)),
            Some(Fault::Damaged) => (now, damaged(&answer)),
            _ => (now, hdlc::encode(&answer)),
        };
        self.outbox.push_back((when, wire));
    }

    fn answer(
        &mut self,
        request: &Request,
        fault: Option<Fault>,
        payload: &[u8],
    ) -> Option<Vec<u8>> {
        let reply = match request {
            Request::Build => Reply::Build {
                msm: 0,
                model: 0,
                version: "RM502QGLAAR11A02M4G".into(),
            },
            Request::FeatureQuery => Reply::FeatureMask(vec![0xff, 0x0f]),
            Request::Spc(_) => Reply::Spc { ok: self.spc_ok },
            Request::Password(_) => Reply::Password { ok: true },
            Request::Power(power) => {
                self.online = match power {
                    crate::protocol::diag::Power::Online => true,
                    crate::protocol::diag::Power::Offline => false,
                    _ => self.online,
                };
                Reply::Power(*power)
            }
            Request::Edl => {
                self.gone = true;
                Reply::Edl
            }
            Request::NvRead(id) => match self.nv.get(id) {
                Some(data) => Reply::NvRead(*id, Box::new(*data), NvStatus::Done),
                None if id.item % 2 == 0 => {
                    Reply::NvRead(*id, Box::new([0; NV_SIZE]), NvStatus::Inactive)
                }
                None => Reply::Refused(Refusal::BadParameter, payload.to_vec()),
            },
            Request::NvWrite(id, data) => {
                if self.read_only.contains(&id.item) {
                    Reply::NvWrite(*id, NvStatus::ReadOnly)
                } else {
                    self.nv.insert(*id, **data);
                    Reply::NvWrite(*id, NvStatus::Done)
                }
            }
            Request::Other(_) => match efs::Request::decode(payload) {
                Some((0x3e, _)) if !self.newest_efs => {
                    Reply::Refused(Refusal::BadCommand, payload.to_vec())
                }
                Some((subsystem, _)) => {
                    let Request::Other(bytes) = request else {
                        return None;
                    };
                    let (_, asked) = efs::Request::decode(bytes)?;
                    let errno = match fault {
                        Some(Fault::Errno(errno)) => errno,
                        _ => 0,
                    };
                    return Some(self.efs(&asked, errno).encode(subsystem));
                }
                None => Reply::Refused(Refusal::BadCommand, payload.to_vec()),
            },
            Request::Version => return None,
        };
        Some(reply.encode())
    }
}

fn damaged(payload: &[u8]) -> Vec<u8> {
    let mut wire = hdlc::encode(payload);
    wire[0] ^= 0x40;
    wire
}

fn flipped(request: Request) -> Request {
    match request {
        Request::NvWrite(id, mut data) => {
            data[0] ^= 1;
            Request::NvWrite(id, data)
        }
        Request::Other(mut payload) => {
            if let Some((
                subsystem,
                efs::Request::Put {
                    flags,
                    mode,
                    mut data,
                    path,
                },
            )) = efs::Request::decode(&payload)
            {
                data[0] ^= 1;
                payload = efs::Request::Put {
                    flags,
                    mode,
                    data,
                    path,
                }
                .encode(subsystem);
            }
            Request::Other(payload)
        }
        other => other,
    }
}
