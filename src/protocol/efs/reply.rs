//! What the modem answers.

use super::{DirectoryEntry, SUBSYSTEMS, op};
use crate::protocol::wire::{Fields, Message};

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
            Self::Hello => op::hello(m),
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

#[cfg(test)]
mod tests {
    use super::*;

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
