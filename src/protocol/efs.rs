//! EFS2, the modem's own file system, over DIAG (diag-and-xqcn.md §5: libopenpst `dm_efs.h`, `EfsTools`, qtools).
//!
//! Only what a backup and a restore need; the dangerous opcodes (DELTREE, `HOTPLUG_FORMAT`, SHRED,
//! `MAKE_GOLDEN_COPY`) have no form here.

use super::diag::IDENTITY_ITEMS;
use super::wire::{Fields, Message};

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

/// Whether a path is that of an NV item which holds the identity of the unit: such a file is read and compared,
/// never written (diag-and-xqcn.md §10). Newer modems keep numbered items as `/nvm/num/<item>` and those of further
/// subscriptions as `/nvm/context<n>/<item>` (unverified, hence wide: anything below `/nvm` counts, whatever its case).
pub fn is_identity_path(path: &str) -> bool {
    let mut parts = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".");
    if !parts
        .next()
        .is_some_and(|part| part.eq_ignore_ascii_case("nvm"))
    {
        return path.split('/').any(|part| part == "..");
    }
    parts.next_back().is_none_or(|last| {
        last == ".."
            || last
                .parse::<u32>()
                .is_ok_and(|item| IDENTITY_ITEMS.iter().any(|id| u32::from(*id) == item))
    })
}

/// Whether a symbolic link could make a later write below it reach a file of an identity item.
pub fn link_may_reach_identity(target: &str, path: &str) -> bool {
    let first = |path: &str| -> Option<String> {
        let mut parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
        parts.next().map(str::to_ascii_lowercase)
    };
    let below_items = |path| first(path).is_none_or(|part| part == "nvm");
    target.split('/').any(|part| part == "..") || below_items(target) || below_items(path)
}

/// What kind of entry a mode word describes; compared after masking, for 0160000 contains 0040000.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    File,
    Directory,
    Symlink,
    /// An item file: written by PUT, read like a file.
    Item,
    Unknown,
}

impl EntryKind {
    const MASK: u32 = 0o170_000;

    pub fn of_mode(mode: u32) -> Self {
        match mode & Self::MASK {
            0o040_000 => Self::Directory,
            0o100_000 => Self::File,
            0o120_000 => Self::Symlink,
            0o160_000 => Self::Item,
            _ => Self::Unknown,
        }
    }

    /// The mode word of such an entry with the given permissions.
    pub fn mode(self, permissions: u32) -> u32 {
        let kind = match self {
            Self::Directory => 0o040_000,
            Self::File => 0o100_000,
            Self::Symlink => 0o120_000,
            Self::Item => 0o160_000,
            Self::Unknown => 0,
        };
        kind | (permissions & 0o7777)
    }

    /// The type number in a READDIR answer (libopenpst 0 to 3, `EfsTools` 15).
    pub fn entry_type(self) -> i32 {
        match self {
            Self::File | Self::Unknown => 0,
            Self::Directory => 1,
            Self::Symlink => 2,
            Self::Item => 15,
        }
    }
}

/// What the host asks of one subsystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Hello,
    Query,
    Open {
        flags: i32,
        mode: i32,
        path: String,
    },
    Close {
        fd: i32,
    },
    Read {
        fd: i32,
        count: u32,
        offset: u32,
    },
    Write {
        fd: i32,
        offset: u32,
        data: Vec<u8>,
    },
    Symlink {
        target: String,
        path: String,
    },
    Readlink {
        path: String,
    },
    Unlink {
        path: String,
    },
    Mkdir {
        mode: i16,
        path: String,
    },
    Opendir {
        path: String,
    },
    /// `sequence` counts from 1 (inferred, unverified).
    Readdir {
        dirp: u32,
        sequence: u32,
    },
    Closedir {
        dirp: u32,
    },
    Stat {
        path: String,
    },
    Put {
        flags: i32,
        mode: i16,
        data: Vec<u8>,
        path: String,
    },
    SyncNoWait {
        sequence: u16,
        path: String,
    },
    SyncStatus {
        sequence: u16,
        token: u32,
        path: String,
    },
}

/// What the modem answers; `errno` 0 is success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Hello,
    Query {
        max_path: i32,
        max_file: i32,
        max_directories: i32,
    },
    Open {
        fd: i32,
        errno: i32,
    },
    Close {
        errno: i32,
    },
    Read {
        fd: i32,
        offset: u32,
        count: i32,
        errno: i32,
        data: Vec<u8>,
    },
    Write {
        fd: i32,
        offset: u32,
        count: i32,
        errno: i32,
    },
    Symlink {
        errno: i32,
    },
    Readlink {
        errno: i32,
        target: String,
    },
    Unlink {
        errno: i32,
    },
    Mkdir {
        errno: i32,
    },
    Opendir {
        dirp: u32,
        errno: i32,
    },
    Readdir(DirectoryEntry),
    Closedir {
        errno: i32,
    },
    Stat {
        errno: i32,
        mode: u32,
        size: i32,
    },
    Put {
        errno: i16,
        written: i16,
    },
    SyncNoWait {
        sequence: u16,
        token: u32,
        errno: i32,
    },
    /// Status 0 is taken as done (inferred, unverified).
    SyncStatus {
        sequence: u16,
        status: u8,
        errno: i32,
    },
}

/// One entry of a directory. The end is an empty name, whatever the type says: type 0 is a regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    pub dirp: u32,
    pub sequence: u32,
    pub errno: i32,
    pub entry_type: i32,
    pub mode: u32,
    pub size: i32,
    pub name: String,
}

/// Opcodes (C4: libopenpst, `EfsTools`, qtools, edl).
mod op {
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
}

impl Request {
    fn opcode(&self) -> u16 {
        match self {
            Self::Hello => op::HELLO,
            Self::Query => op::QUERY,
            Self::Open { .. } => op::OPEN,
            Self::Close { .. } => op::CLOSE,
            Self::Read { .. } => op::READ,
            Self::Write { .. } => op::WRITE,
            Self::Symlink { .. } => op::SYMLINK,
            Self::Readlink { .. } => op::READLINK,
            Self::Unlink { .. } => op::UNLINK,
            Self::Mkdir { .. } => op::MKDIR,
            Self::Opendir { .. } => op::OPENDIR,
            Self::Readdir { .. } => op::READDIR,
            Self::Closedir { .. } => op::CLOSEDIR,
            Self::Stat { .. } => op::STAT,
            Self::Put { .. } => op::PUT,
            Self::SyncNoWait { .. } => op::SYNC_NO_WAIT,
            Self::SyncStatus { .. } => op::SYNC_STATUS,
        }
    }

    /// The DIAG payload for a subsystem of [`SUBSYSTEMS`].
    pub fn encode(&self, subsystem: u8) -> Vec<u8> {
        let m = Message::default().u8(0x4b).u8(subsystem).u16(self.opcode());
        match self {
            Self::Hello => hello(m),
            Self::Query => m,
            Self::Open { flags, mode, path } => m.i32(*flags).i32(*mode).text(path),
            Self::Close { fd } => m.i32(*fd),
            Self::Read { fd, count, offset } => m.i32(*fd).u32(*count).u32(*offset),
            Self::Write { fd, offset, data } => m.i32(*fd).u32(*offset).bytes(data),
            Self::Symlink { target, path } => m.text(target).text(path),
            Self::Readlink { path }
            | Self::Unlink { path }
            | Self::Opendir { path }
            | Self::Stat { path } => m.text(path),
            Self::Mkdir { mode, path } => m.u16(mode.cast_unsigned()).text(path),
            Self::Readdir { dirp, sequence } => m.u32(*dirp).u32(*sequence),
            Self::Closedir { dirp } => m.u32(*dirp),
            Self::Put {
                flags,
                mode,
                data,
                path,
            } => m
                .u16(u16::try_from(data.len()).unwrap_or(u16::MAX))
                .u16(0)
                .i32(*flags)
                .u16(mode.cast_unsigned())
                .bytes(data)
                .text(path),
            Self::SyncNoWait { sequence, path } => m.u16(*sequence).text(path),
            Self::SyncStatus {
                sequence,
                token,
                path,
            } => m.u16(*sequence).u32(*token).text(path),
        }
        .0
    }

    /// Reads a request as the modem does: the subsystem and the request; `None` for anything else.
    pub fn decode(payload: &[u8]) -> Option<(u8, Self)> {
        let mut f = Fields::new(payload);
        let subsystem = (f.u8()? == 0x4b).then(|| f.u8()).flatten()?;
        if !SUBSYSTEMS.contains(&subsystem) {
            return None;
        }
        let request = match f.u16()? {
            op::HELLO => Self::Hello,
            op::QUERY => Self::Query,
            op::OPEN => Self::Open {
                flags: f.i32()?,
                mode: f.i32()?,
                path: f.text(),
            },
            op::CLOSE => Self::Close { fd: f.i32()? },
            op::READ => Self::Read {
                fd: f.i32()?,
                count: f.u32()?,
                offset: f.u32()?,
            },
            op::WRITE => Self::Write {
                fd: f.i32()?,
                offset: f.u32()?,
                data: f.rest().to_vec(),
            },
            op::SYMLINK => Self::Symlink {
                target: f.text(),
                path: f.text(),
            },
            op::READLINK => Self::Readlink { path: f.text() },
            op::UNLINK => Self::Unlink { path: f.text() },
            op::MKDIR => Self::Mkdir {
                mode: f.u16()?.cast_signed(),
                path: f.text(),
            },
            op::OPENDIR => Self::Opendir { path: f.text() },
            op::READDIR => Self::Readdir {
                dirp: f.u32()?,
                sequence: f.u32()?,
            },
            op::CLOSEDIR => Self::Closedir { dirp: f.u32()? },
            op::STAT => Self::Stat { path: f.text() },
            op::PUT => {
                let length = f.u16()?;
                f.u16()?;
                Self::Put {
                    flags: f.i32()?,
                    mode: f.u16()?.cast_signed(),
                    data: f.take(usize::from(length))?.to_vec(),
                    path: f.text(),
                }
            }
            op::SYNC_NO_WAIT => Self::SyncNoWait {
                sequence: f.u16()?,
                path: f.text(),
            },
            op::SYNC_STATUS => Self::SyncStatus {
                sequence: f.u16()?,
                token: f.u32()?,
                path: f.text(),
            },
            _ => return None,
        };
        Some((subsystem, request))
    }
}

impl Reply {
    fn opcode(&self) -> u16 {
        match self {
            Self::Hello => op::HELLO,
            Self::Query { .. } => op::QUERY,
            Self::Open { .. } => op::OPEN,
            Self::Close { .. } => op::CLOSE,
            Self::Read { .. } => op::READ,
            Self::Write { .. } => op::WRITE,
            Self::Symlink { .. } => op::SYMLINK,
            Self::Readlink { .. } => op::READLINK,
            Self::Unlink { .. } => op::UNLINK,
            Self::Mkdir { .. } => op::MKDIR,
            Self::Opendir { .. } => op::OPENDIR,
            Self::Readdir(_) => op::READDIR,
            Self::Closedir { .. } => op::CLOSEDIR,
            Self::Stat { .. } => op::STAT,
            Self::Put { .. } => op::PUT,
            Self::SyncNoWait { .. } => op::SYNC_NO_WAIT,
            Self::SyncStatus { .. } => op::SYNC_STATUS,
        }
    }

    pub fn encode(&self, subsystem: u8) -> Vec<u8> {
        let m = Message::default().u8(0x4b).u8(subsystem).u16(self.opcode());
        match self {
            Self::Hello => hello(m),
            Self::Query {
                max_path,
                max_file,
                max_directories,
            } => m
                .i32(*max_path)
                .i32(*max_path)
                .i32(8)
                .i32(*max_file)
                .i32(*max_directories)
                .i32(8),
            Self::Open { fd, errno } => m.i32(*fd).i32(*errno),
            Self::Close { errno }
            | Self::Symlink { errno }
            | Self::Unlink { errno }
            | Self::Mkdir { errno }
            | Self::Closedir { errno } => m.i32(*errno),
            Self::Read {
                fd,
                offset,
                count,
                errno,
                data,
            } => m.i32(*fd).u32(*offset).i32(*count).i32(*errno).bytes(data),
            Self::Write {
                fd,
                offset,
                count,
                errno,
            } => m.i32(*fd).u32(*offset).i32(*count).i32(*errno),
            Self::Readlink { errno, target } => m.i32(*errno).text(target),
            Self::Opendir { dirp, errno } => m.u32(*dirp).i32(*errno),
            Self::Readdir(entry) => m
                .u32(entry.dirp)
                .u32(entry.sequence)
                .i32(entry.errno)
                .i32(entry.entry_type)
                .u32(entry.mode)
                .i32(entry.size)
                .bytes(&[0; 12])
                .text(&entry.name),
            Self::Stat { errno, mode, size } => {
                m.i32(*errno).u32(*mode).i32(*size).i32(1).bytes(&[0; 12])
            }
            Self::Put { errno, written } => m
                .u16(0)
                .u16(errno.cast_unsigned())
                .u16(written.cast_unsigned()),
            Self::SyncNoWait {
                sequence,
                token,
                errno,
            } => m.u16(*sequence).u32(*token).i32(*errno),
            Self::SyncStatus {
                sequence,
                status,
                errno,
            } => m.u16(*sequence).u8(*status).i32(*errno),
        }
        .0
    }

    /// Reads an answer: its subsystem and what it says; `None` for anything else, and for a short one.
    pub fn decode(payload: &[u8]) -> Option<(u8, Self)> {
        let mut f = Fields::new(payload);
        let subsystem = (f.u8()? == 0x4b).then(|| f.u8()).flatten()?;
        if !SUBSYSTEMS.contains(&subsystem) {
            return None;
        }
        let reply = match f.u16()? {
            op::HELLO => Self::Hello,
            op::QUERY => {
                f.i32()?;
                let max_path = f.i32()?;
                f.i32()?;
                Self::Query {
                    max_path,
                    max_file: f.i32()?,
                    max_directories: f.i32()?,
                }
            }
            op::OPEN => Self::Open {
                fd: f.i32()?,
                errno: f.i32()?,
            },
            op::CLOSE => Self::Close { errno: f.i32()? },
            op::READ => Self::Read {
                fd: f.i32()?,
                offset: f.u32()?,
                count: f.i32()?,
                errno: f.i32()?,
                data: f.rest().to_vec(),
            },
            op::WRITE => Self::Write {
                fd: f.i32()?,
                offset: f.u32()?,
                count: f.i32()?,
                errno: f.i32()?,
            },
            op::SYMLINK => Self::Symlink { errno: f.i32()? },
            op::READLINK => Self::Readlink {
                errno: f.i32()?,
                target: f.text(),
            },
            op::UNLINK => Self::Unlink { errno: f.i32()? },
            op::MKDIR => Self::Mkdir { errno: f.i32()? },
            op::OPENDIR => Self::Opendir {
                dirp: f.u32()?,
                errno: f.i32()?,
            },
            op::READDIR => {
                let dirp = f.u32()?;
                let sequence = f.u32()?;
                let errno = f.i32()?;
                let entry_type = f.i32()?;
                let mode = f.u32()?;
                let size = f.i32()?;
                f.take(12)?;
                Self::Readdir(DirectoryEntry {
                    dirp,
                    sequence,
                    errno,
                    entry_type,
                    mode,
                    size,
                    name: f.text(),
                })
            }
            op::CLOSEDIR => Self::Closedir { errno: f.i32()? },
            op::STAT => Self::Stat {
                errno: f.i32()?,
                mode: f.u32()?,
                size: f.i32()?,
            },
            op::PUT => {
                f.u16()?;
                Self::Put {
                    errno: f.u16()?.cast_signed(),
                    written: f.u16()?.cast_signed(),
                }
            }
            op::SYNC_NO_WAIT => Self::SyncNoWait {
                sequence: f.u16()?,
                token: f.u32()?,
                errno: f.i32()?,
            },
            op::SYNC_STATUS => Self::SyncStatus {
                sequence: f.u16()?,
                status: f.u8()?,
                errno: f.i32()?,
            },
            _ => return None,
        };
        Some((subsystem, reply))
    }
}

/// Windows of 0x100000, versions 1, all features (libopenpst, `EfsTools`, qfenix); the answer has the same words.
fn hello(m: Message) -> Message {
    let m = (0..6).fold(m, |m, _| m.u32(0x10_0000));
    (0..3).fold(m, |m, _| m.u32(1)).u32(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::hdlc;

    /// Vectors of diag-and-xqcn.md §12.
    #[test]
    fn requests_match_the_published_vectors() {
        let table: Vec<(&str, u8, Request)> = vec![
            ("4B 13 01 00 55 59 7E", 0x13, Request::Query),
            (
                "4B 13 0B 00 2F 00 19 11 7E",
                0x13,
                Request::Opendir { path: "/".into() },
            ),
            (
                "4B 13 0C 00 01 00 00 00 01 00 00 00 FB 71 7E",
                0x13,
                Request::Readdir {
                    dirp: 1,
                    sequence: 1,
                },
            ),
            (
                "4B 13 0D 00 01 00 00 00 2D 75 7E",
                0x13,
                Request::Closedir { dirp: 1 },
            ),
            (
                "4B 13 0F 00 2F 00 F5 63 7E",
                0x13,
                Request::Stat { path: "/".into() },
            ),
            (
                "4B 13 07 00 2F 6C 00 EC C6 7E",
                0x13,
                Request::Readlink { path: "/l".into() },
            ),
            (
                "4B 13 02 00 00 00 00 00 00 00 00 00 2F 61 00 F1 45 7E",
                0x13,
                Request::Open {
                    flags: O_RDONLY,
                    mode: 0,
                    path: "/a".into(),
                },
            ),
            (
                "4B 13 04 00 03 00 00 00 00 04 00 00 00 00 00 00 F5 92 7E",
                0x13,
                Request::Read {
                    fd: 3,
                    count: 1024,
                    offset: 0,
                },
            ),
            (
                "4B 13 03 00 03 00 00 00 F9 75 7E",
                0x13,
                Request::Close { fd: 3 },
            ),
            (
                "4B 13 30 00 01 00 2F 00 D9 27 7E",
                0x13,
                Request::SyncNoWait {
                    sequence: 1,
                    path: "/".into(),
                },
            ),
            (
                "4B 13 31 00 01 00 07 00 00 00 2F 00 1F 5A 7E",
                0x13,
                Request::SyncStatus {
                    sequence: 1,
                    token: 7,
                    path: "/".into(),
                },
            ),
        ];
        for (hex, subsystem, request) in table {
            let wire: Vec<u8> = hex
                .split(' ')
                .map(|b| u8::from_str_radix(b, 16).unwrap())
                .collect();
            let payload = request.encode(subsystem);
            assert_eq!(hdlc::encode(&payload), wire, "{request:?}");
            assert_eq!(Request::decode(&payload), Some((subsystem, request)));
        }
        assert!(hdlc::encode(&Request::Hello.encode(0x13)).ends_with(&[0x7d, 0x5e, 0x05, 0x7e]));
        assert!(hdlc::encode(&Request::Hello.encode(0x3e)).ends_with(&[0xf5, 0x2b, 0x7e]));
    }

    #[test]
    fn files_of_identity_items_are_known_by_any_spelling() {
        for path in [
            "/nvm/num/550",
            "//nvm/./num/550",
            "/nvm/num/0550",
            "/NVM/context1/1943",
            "/nvm",
            "/nvm/num/..",
            "/tmp/../nvm/num/550",
        ] {
            assert!(is_identity_path(path), "{path}");
        }
        for path in [
            "/nvm/num/453",
            "/nv/item_files/rfnv/00020001",
            "/nv/item_files/550",
            "/",
        ] {
            assert!(!is_identity_path(path), "{path}");
        }
    }

    #[test]
    fn links_into_the_items_are_known() {
        for (target, path) in [
            ("/nvm/num", "/tmp"),
            ("/", "/tmp"),
            ("", "/tmp"),
            ("../nvm", "/a/b"),
            ("num", "/nvm/x"),
        ] {
            assert!(link_may_reach_identity(target, path), "{target} {path}");
        }
        assert!(!link_may_reach_identity("/nv/item_files/a", "/nv/b"));
    }

    #[test]
    fn an_item_file_is_no_directory() {
        assert_eq!(EntryKind::of_mode(0o160_777), EntryKind::Item);
        assert_eq!(EntryKind::of_mode(0o040_755), EntryKind::Directory);
    }

    #[test]
    fn short_messages_are_refused() {
        for length in 0..20 {
            assert_eq!(
                Reply::decode(
                    &[
                        0x4b, 0x3e, 12, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
                    ][..length]
                ),
                None
            );
        }
    }
}
