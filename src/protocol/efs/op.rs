//! Opcodes (C4: libopenpst, `EfsTools`, qtools, edl), and what both sides write alike.

use crate::protocol::wire::Message;

pub(super) const HELLO: u16 = 0;
pub(super) const QUERY: u16 = 1;
pub(super) const OPEN: u16 = 2;
pub(super) const CLOSE: u16 = 3;
pub(super) const READ: u16 = 4;
pub(super) const WRITE: u16 = 5;
pub(super) const SYMLINK: u16 = 6;
pub(super) const READLINK: u16 = 7;
pub(super) const UNLINK: u16 = 8;
pub(super) const MKDIR: u16 = 9;
pub(super) const OPENDIR: u16 = 11;
pub(super) const READDIR: u16 = 12;
pub(super) const CLOSEDIR: u16 = 13;
pub(super) const STAT: u16 = 15;
pub(super) const PUT: u16 = 38;
pub(super) const SYNC_NO_WAIT: u16 = 48;
pub(super) const SYNC_STATUS: u16 = 49;

/// Windows of 0x100000, versions 1, all features (libopenpst, `EfsTools`, qfenix); the answer has the same words.
pub(super) fn hello(m: Message) -> Message {
    let m = (0..6).fold(m, |m, _| m.u32(0x10_0000));
    (0..3).fold(m, |m, _| m.u32(1)).u32(u32::MAX)
}
