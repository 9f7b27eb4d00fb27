//! EFS2, the modem's own file system, over DIAG (diag-and-xqcn.md §5: libopenpst `dm_efs.h`, `EfsTools`, qtools).
//!
//! Only what a backup and a restore need; the dangerous opcodes (DELTREE, `HOTPLUG_FORMAT`, SHRED,
//! `MAKE_GOLDEN_COPY`) have no form here.

mod entry;
mod identity;
mod op;
mod reply;
mod request;

pub use entry::{DirectoryEntry, EntryKind};
pub use identity::{is_identity_path, link_may_reach_identity};
pub use reply::Reply;
pub use request::Request;

/// The two subsystems it is reached by; newer modems first.
pub const SUBSYSTEMS: [u8; 2] = [0x3e, 0x13];
/// Most bytes of one READ or WRITE.
pub const MAX_CHUNK: u32 = 1024;
/// Most bytes of a path, without its NUL (qfenix).
pub const MAX_PATH: usize = 251;
/// Most bytes of one PUT (qfenix).
pub const MAX_PUT: usize = 6144;

pub const O_RDONLY: i32 = 0;
pub const O_WRONLY: i32 = 1;
pub const O_CREAT: i32 = 0x40;
pub const O_TRUNC: i32 = 0x200;
pub const O_ITEMFILE: i32 = 0x4_0000;
pub const O_AUTODIR: i32 = 0x8_0000;

/// Errors (libopenpst, `EfsTools`, edl).
pub const ENOENT: i32 = 2;
pub const EBADF: i32 = 9;
pub const EACCES: i32 = 13;
pub const EEXIST: i32 = 17;
pub const ENOTDIR: i32 = 20;
pub const ENOSPC: i32 = 28;
