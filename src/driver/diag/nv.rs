//! Numbered NV items. The identity rule lives here, below everything that could forget it (diag-and-xqcn.md §10).

use super::{Diag, Error, name};
use crate::protocol::diag::{IDENTITY_ITEMS, NV_SIZE, NvId, NvStatus, Refusal, Reply, Request};
use crate::transport::Deadline;

/// The value of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NvValue {
    pub data: Box<[u8; NV_SIZE]>,
    pub status: NvStatus,
}

impl Diag {
    /// Reads an item; `None` where the modem has no such item or never wrote it. RM551E answers with a refusal 0x14
    /// instead of a status then (diag-and-xqcn.md §4). Any other status is an error.
    pub fn nv_read(&mut self, id: NvId, deadline: Deadline) -> Result<Option<NvValue>, Error> {
        let request = Request::NvRead(id);
        match self.ask(&request, self.answer_by(deadline)) {
            Ok(Reply::NvRead(_, data, status)) => match status {
                NvStatus::Done => Ok(Some(NvValue { data, status })),
                NvStatus::Inactive | NvStatus::NotDefined | NvStatus::BadParameter => Ok(None),
                _ => Err(Error::Nv { id, status }),
            },
            Ok(_) => Err(Error::Unexpected {
                request: "NV read",
                what: "it is no NV value",
            }),
            Err(Error::Refused {
                refusal: Refusal::BadParameter,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes an item and returns what the modem says of it. Identity items are refused before anything is sent.
    pub fn nv_write(
        &mut self,
        id: NvId,
        data: &[u8; NV_SIZE],
        deadline: Deadline,
    ) -> Result<NvStatus, Error> {
        let request = Request::NvWrite(id, Box::new(*data));
        match self.ask(&request, self.answer_by(deadline))? {
            Reply::NvWrite(_, status) => Ok(status),
            _ => Err(Error::Unexpected {
                request: "NV write",
                what: "it is no NV status",
            }),
        }
    }
}

/// Judges the final payload, so that a write hidden in [`Request::Other`] is none the less seen.
pub(super) fn refuse_identity(request: &Request) -> Result<(), Error> {
    let payload = request.encode();
    let item = match payload.as_slice() {
        [0x27, low, high, ..] | [0x4b, 0x30, 2, 0, low, high, ..] => {
            u16::from_le_bytes([*low, *high])
        }
        _ => return Ok(()),
    };
    if IDENTITY_ITEMS.contains(&item) {
        let id = NvId { item, index: None };
        return Err(Error::Identity(format!("NV item {}", name(id))));
    }
    Ok(())
}
