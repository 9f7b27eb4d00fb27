//! DIAG messages that a recovery needs (diag-and-xqcn.md §2 to §4). EFS2 messages are in [`super::efs`].
//!
//! Requests and replies are payloads; framing is [`super::hdlc`]. A reply answers a request only if command,
//! subsystem, subcommand and echoed fields agree, which is the receiver's duty.

mod nv;
mod power;
mod refusal;

pub use nv::{
    IDENTITY_ITEMS, NV_FTM_MODE, NV_IMEI, NV_SIZE, NV_SPC_UNLOCK_TTL, NvId, NvStatus, imei_from_nv,
    imei_is_valid, imei_to_nv,
};
pub use power::Power;
pub use refusal::Refusal;

use super::wire::{Fields, Message};

/// Subsystems (libopenpst dm.h).
pub const SUBSYSTEM_NV: u8 = 0x30;
pub const SUBSYSTEM_SYSTEM: u8 = 0x65;

/// What the host asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Version,
    /// Extended build id, 0x7c.
    Build,
    FeatureQuery,
    /// Service programming code, six digits.
    Spc([u8; 6]),
    Password([u8; 8]),
    Power(Power),
    /// Into the boot ROM's download mode: `4b 65 01 00` (qfh, fwupd, qfenix, edl).
    Edl,
    NvRead(NvId),
    NvWrite(NvId, Box<[u8; NV_SIZE]>),
    /// Anything else that is well framed: EFS2, or a command this tool does not know.
    Other(Vec<u8>),
}

/// What the modem answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Build {
        msm: u32,
        model: u32,
        /// Short firmware version, such as `RM502QGLAAR11A02M4G`.
        version: String,
    },
    FeatureMask(Vec<u8>),
    Spc {
        ok: bool,
    },
    Password {
        ok: bool,
    },
    Power(Power),
    Edl,
    NvRead(NvId, Box<[u8; NV_SIZE]>, NvStatus),
    NvWrite(NvId, NvStatus),
    /// The modem refused; the body repeats the refused request.
    Refused(Refusal, Vec<u8>),
    /// A log, message or event nobody asked for (0x10, 0x1f, 0x79, 0x60, 0x92 and above: list inferred,
    /// unverified).
    Unsolicited,
    /// Anything else that is well framed: EFS2, or a command this tool does not know.
    Other(Vec<u8>),
}

const ZEROS: [u8; NV_SIZE] = [0; NV_SIZE];

impl Request {
    pub fn encode(&self) -> Vec<u8> {
        let m = Message::default();
        match self {
            Self::Version => m.u8(0x00),
            Self::Build => m.u8(0x7c),
            Self::FeatureQuery => m.u8(0x51),
            Self::Spc(code) => m.u8(0x41).bytes(code),
            Self::Password(password) => m.u8(0x46).bytes(password),
            Self::Power(power) => m.u8(0x29).u16(power.number()),
            Self::Edl => m.u8(0x4b).u8(SUBSYSTEM_SYSTEM).u16(1),
            Self::NvRead(id) => nv(m, 0x26, *id, &ZEROS, 0),
            Self::NvWrite(id, data) => nv(m, 0x27, *id, data, 0),
            Self::Other(bytes) => m.bytes(bytes),
        }
        .0
    }

    /// Reads a request, as the modem does. Whatever is not known, or too short, is [`Request::Other`].
    pub fn decode(payload: &[u8]) -> Self {
        Self::known(payload).unwrap_or_else(|| Self::Other(payload.to_vec()))
    }

    fn known(payload: &[u8]) -> Option<Self> {
        let mut f = Fields::new(payload);
        Some(match f.u8()? {
            0x00 => Self::Version,
            0x7c => Self::Build,
            0x51 => Self::FeatureQuery,
            0x41 => Self::Spc(f.take(6)?.try_into().ok()?),
            0x46 => Self::Password(f.take(8)?.try_into().ok()?),
            0x29 => Self::Power(Power::from_number(f.u16()?)),
            // qtools sends 3 bytes to read and still gets the full answer.
            0x26 => Self::NvRead(NvId {
                item: f.u16()?,
                index: None,
            }),
            0x27 => Self::NvWrite(
                NvId {
                    item: f.u16()?,
                    index: None,
                },
                Box::new(f.take(NV_SIZE)?.try_into().ok()?),
            ),
            0x4b => match (f.u8()?, f.u16()?) {
                (SUBSYSTEM_SYSTEM, 1) => Self::Edl,
                (SUBSYSTEM_NV, 1) => Self::NvRead(indexed(&mut f)?),
                (SUBSYSTEM_NV, 2) => Self::NvWrite(
                    indexed(&mut f)?,
                    Box::new(f.take(NV_SIZE)?.try_into().ok()?),
                ),
                _ => return None,
            },
            _ => return None,
        })
    }
}

impl Reply {
    pub fn encode(&self) -> Vec<u8> {
        let m = Message::default();
        match self {
            Self::Build {
                msm,
                model,
                version,
            } => m.u8(0x7c).u8(2).u16(0).u32(*msm).u32(*model).text(version),
            Self::FeatureMask(mask) => m
                .u8(0x51)
                .u16(u16::try_from(mask.len()).unwrap_or(u16::MAX))
                .bytes(mask),
            Self::Spc { ok } => m.u8(0x41).u8(u8::from(*ok)),
            Self::Password { ok } => m.u8(0x46).u8(u8::from(*ok)),
            Self::Power(power) => m.u8(0x29).u16(power.number()),
            Self::Edl => m.u8(0x4b).u8(SUBSYSTEM_SYSTEM).u16(1),
            Self::NvRead(id, data, status) => nv(m, 0x26, *id, data, status.number()),
            Self::NvWrite(id, status) => nv(m, 0x27, *id, &ZEROS, status.number()),
            Self::Refused(refusal, request) => m.u8(refusal.byte()).bytes(request),
            Self::Unsolicited => m.u8(0x10),
            Self::Other(bytes) => m.bytes(bytes),
        }
        .0
    }

    /// Reads an answer, as the host does. Whatever is not known, or too short, is [`Reply::Other`].
    pub fn decode(payload: &[u8]) -> Self {
        Self::known(payload).unwrap_or_else(|| Self::Other(payload.to_vec()))
    }

    fn known(payload: &[u8]) -> Option<Self> {
        let mut f = Fields::new(payload);
        let first = f.u8()?;
        if let Some(refusal) = Refusal::from_byte(first) {
            return Some(Self::Refused(refusal, f.rest().to_vec()));
        }
        Some(match first {
            0x10 | 0x1f | 0x60 | 0x79 | 0x92.. => Self::Unsolicited,
            0x7c => {
                f.take(3)?;
                Self::Build {
                    msm: f.u32()?,
                    model: f.u32()?,
                    version: f.text(),
                }
            }
            0x51 => {
                let length = f.u16()?;
                Self::FeatureMask(f.take(usize::from(length))?.to_vec())
            }
            0x41 => Self::Spc { ok: f.u8()? == 1 },
            0x46 => Self::Password { ok: f.u8()? == 1 },
            0x29 => Self::Power(Power::from_number(f.u16()?)),
            command @ (0x26 | 0x27) => {
                let id = NvId {
                    item: f.u16()?,
                    index: None,
                };
                nv_reply(command == 0x26, id, &mut f)?
            }
            0x4b => match (f.u8()?, f.u16()?) {
                (SUBSYSTEM_SYSTEM, 1) => Self::Edl,
                (SUBSYSTEM_NV, command @ (1 | 2)) => {
                    let id = indexed(&mut f)?;
                    nv_reply(command == 1, id, &mut f)?
                }
                _ => return None,
            },
            _ => return None,
        })
    }
}

fn indexed(f: &mut Fields<'_>) -> Option<NvId> {
    Some(NvId {
        item: f.u16()?,
        index: Some(f.u16()?),
    })
}

fn nv_reply(read: bool, id: NvId, f: &mut Fields<'_>) -> Option<Reply> {
    let data = Box::new(f.take(NV_SIZE)?.try_into().ok()?);
    let status = NvStatus::from_number(f.u16()?);
    Some(if read {
        Reply::NvRead(id, data, status)
    } else {
        Reply::NvWrite(id, status)
    })
}

/// 133 bytes for the plain commands, 138 for the indexed ones, both ways (libqcdm, edl, qfenix).
fn nv(m: Message, command: u8, id: NvId, data: &[u8; NV_SIZE], status: u16) -> Message {
    match id.index {
        None => m.u8(command).u16(id.item),
        Some(index) => m
            .u8(0x4b)
            .u8(SUBSYSTEM_NV)
            .u16(if command == 0x26 { 1 } else { 2 })
            .u16(id.item)
            .u16(index),
    }
    .bytes(data)
    .u16(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::hdlc;

    #[test]
    fn requests_match_the_published_vectors() {
        let wire = |r: Request| hdlc::encode(&r.encode());
        assert_eq!(
            wire(Request::Power(Power::Offline)),
            [0x29, 1, 0, 0x31, 0x40, 0x7e]
        );
        assert_eq!(
            wire(Request::Power(Power::Reset)),
            [0x29, 2, 0, 0x59, 0x6a, 0x7e]
        );
        assert_eq!(wire(Request::Edl), [0x4b, 0x65, 1, 0, 0x54, 0x0f, 0x7e]);
        assert_eq!(wire(Request::FeatureQuery), [0x51, 0x74, 0xb3, 0x7e]);
        let read = |item, index| wire(Request::NvRead(NvId { item, index }));
        assert!(read(453, None).ends_with(&[0x0b, 0x1a, 0x7e]));
        assert!(read(550, None).ends_with(&[0x3e, 0x2b, 0x7e]));
        assert!(read(453, Some(1)).ends_with(&[0x58, 0x2e, 0x7e]));
        assert_eq!(read(453, None).len(), 133 + 3);
    }

    #[test]
    fn an_inactive_item_is_read_as_such() {
        let id = NvId {
            item: 453,
            index: None,
        };
        let reply = Reply::NvRead(id, Box::new(ZEROS), NvStatus::Inactive);
        let payload = reply.encode();
        assert!(hdlc::encode(&payload).ends_with(&[0xb3, 0x64, 0x7e]));
        assert_eq!(Reply::decode(&payload), reply);
    }
}
