//! What the host asks.

use super::{SUBSYSTEMS, op};
use crate::protocol::wire::{Fields, Message};

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
            Self::Hello => op::hello(m),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::efs::O_RDONLY;
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
}
