//! Transfers of the host on the bulk pair, where zero-length packets may mean something.

use super::world::Zlp;
use std::borrow::Cow;

/// Bytes of one packet of a high-speed bulk endpoint.
const PACKET: usize = 512;

/// What came and is not yet a whole transfer.
#[derive(Debug, Default)]
pub(super) struct Inlet {
    held: Vec<u8>,
    /// A zero-length packet came where it must not: nothing is heard any more until power goes.
    deaf: bool,
}

impl Inlet {
    /// The transfer that is whole now, if one is.
    pub(super) fn transfer<'a>(&mut self, zlp: Zlp, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        if self.deaf {
            return None;
        }
        if zlp == Zlp::Required && bytes.len().is_multiple_of(PACKET) {
            self.held.extend_from_slice(bytes);
            return None;
        }
        if self.held.is_empty() {
            return Some(Cow::Borrowed(bytes));
        }
        self.held.extend_from_slice(bytes);
        Some(Cow::Owned(std::mem::take(&mut self.held)))
    }

    /// Whether the modem hears and says nothing any more.
    pub(super) fn is_deaf(&self) -> bool {
        self.deaf
    }

    /// A zero-length packet came: the transfer that it ends, if any.
    pub(super) fn zero_length(&mut self, zlp: Zlp) -> Option<Vec<u8>> {
        self.deaf |= zlp == Zlp::Forbidden;
        Some(std::mem::take(&mut self.held)).filter(|held| !held.is_empty())
    }
}
