//! Reading EFS2, the modem's own file system (diag-and-xqcn.md §5, §6).

use super::matching::efs_label;
use super::{Diag, Error};
use crate::protocol::diag::{Reply, Request as Frame};
use crate::protocol::efs::{
    self, DirectoryEntry, ENOENT, EntryKind, MAX_CHUNK, MAX_PATH, O_RDONLY, Request, SUBSYSTEMS,
};
use crate::transport::Deadline;

/// Longest file that is read. The longest seen, rfnv files, have 72 KB.
pub const MAX_FILE: u64 = 16 * 1024 * 1024;
/// Most entries of one directory.
const MAX_ENTRIES: u32 = 100_000;
/// What stands under a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub kind: EntryKind,
    pub bytes: u64,
}

impl Diag {
    /// Finds the subsystem that answers; newer modems first. Done once per port.
    pub fn efs(&mut self, deadline: Deadline) -> Result<u8, Error> {
        if let Some(subsystem) = self.efs {
            return Ok(subsystem);
        }
        for subsystem in SUBSYSTEMS {
            let hello = Frame::Other(Request::Hello.encode(subsystem));
            match self.ask(&hello, self.answer_by(deadline)) {
                Ok(_) => {
                    self.efs = Some(subsystem);
                    return Ok(subsystem);
                }
                Err(Error::Refused { .. } | Error::Timeout { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::NoEfs)
    }

    /// One request to the file system. `errno` is the caller's to look at.
    pub fn efs_ask(&mut self, request: &Request, deadline: Deadline) -> Result<efs::Reply, Error> {
        let subsystem = self.efs(deadline)?;
        let frame = Frame::Other(request.encode(subsystem));
        let unexpected = Error::Unexpected {
            request: efs_label(request),
            what: "it is no answer of the file system",
        };
        match self.ask(&frame, self.answer_by(deadline))? {
            Reply::Other(payload) => efs::Reply::decode(&payload)
                .map(|(_, reply)| reply)
                .ok_or(unexpected),
            _ => Err(unexpected),
        }
    }

    /// What stands under a path; `None` for nothing.
    pub fn efs_stat(&mut self, path: &str, deadline: Deadline) -> Result<Option<Found>, Error> {
        let request = Request::Stat {
            path: checked(path)?,
        };
        match self.efs_ask(&request, deadline)? {
            efs::Reply::Stat {
                errno: 0,
                mode,
                size,
            } => Ok(Some(Found {
                kind: EntryKind::of_mode(mode),
                bytes: u64::try_from(size).map_err(|_| failed("stat", path, 0))?,
            })),
            efs::Reply::Stat { errno: ENOENT, .. } => Ok(None),
            efs::Reply::Stat { errno, .. } => Err(failed("stat", path, errno)),
            _ => Err(nonsense(&request)),
        }
    }

    /// The entries of one directory, without `.` and `..`. Its handle is closed again, whatever happens: modems have
    /// about four (diag-and-xqcn.md §6).
    pub fn efs_list(
        &mut self,
        path: &str,
        deadline: Deadline,
    ) -> Result<Vec<DirectoryEntry>, Error> {
        let request = Request::Opendir {
            path: checked(path)?,
        };
        let dirp = match self.efs_ask(&request, deadline)? {
            efs::Reply::Opendir { dirp, errno: 0 } => dirp,
            efs::Reply::Opendir { errno, .. } => return Err(failed("opendir", path, errno)),
            _ => return Err(nonsense(&request)),
        };
        let entries = self.entries(dirp, path, deadline);
        let closed = self.efs_ask(&Request::Closedir { dirp }, deadline);
        let entries = entries?;
        match closed? {
            efs::Reply::Closedir { errno: 0 } => Ok(entries),
            efs::Reply::Closedir { errno } => Err(failed("closedir", path, errno)),
            _ => Err(nonsense(&Request::Closedir { dirp })),
        }
    }

    fn entries(
        &mut self,
        dirp: u32,
        path: &str,
        deadline: Deadline,
    ) -> Result<Vec<DirectoryEntry>, Error> {
        let mut entries = Vec::new();
        for sequence in 1..=MAX_ENTRIES {
            let request = Request::Readdir { dirp, sequence };
            let efs::Reply::Readdir(entry) = self.efs_ask(&request, deadline)? else {
                return Err(nonsense(&request));
            };
            if entry.errno != 0 {
                return Err(failed("readdir", path, entry.errno));
            }
            match entry.name.as_str() {
                // The end is an empty name, not a type: 0 is a regular file (diag-and-xqcn.md §7).
                "" => return Ok(entries),
                "." | ".." => {}
                name if name.contains('/') || name.contains('\u{fffd}') => {
                    return Err(Error::Path(format!("{path}/{name}")));
                }
                _ => entries.push(entry),
            }
        }
        Err(Error::Unexpected {
            request: "EFS readdir",
            what: "the directory does not end",
        })
    }

    /// The whole content of a file, exactly as long as the modem says it is.
    pub fn efs_read(&mut self, path: &str, deadline: Deadline) -> Result<Vec<u8>, Error> {
        let found = self
            .efs_stat(path, deadline)?
            .ok_or_else(|| failed("stat", path, ENOENT))?;
        if found.bytes > MAX_FILE {
            return Err(Error::Length {
                path: path.to_owned(),
                wanted: MAX_FILE,
                moved: found.bytes,
            });
        }
        let fd = self.open(path, O_RDONLY, 0, deadline)?;
        let data = self.read_all(fd, path, found.bytes, deadline);
        let closed = self.close(fd, path, deadline);
        let data = data?;
        closed?;
        Ok(data)
    }

    fn read_all(
        &mut self,
        fd: i32,
        path: &str,
        wanted: u64,
        deadline: Deadline,
    ) -> Result<Vec<u8>, Error> {
        let mut all: Vec<u8> = Vec::new();
        // One read past the announced end shows that it is the end.
        while all.len() as u64 <= wanted {
            let request = Request::Read {
                fd,
                count: MAX_CHUNK,
                offset: offset(all.len())?,
            };
            let efs::Reply::Read {
                count, errno, data, ..
            } = self.efs_ask(&request, deadline)?
            else {
                return Err(nonsense(&request));
            };
            if errno != 0 || count < 0 {
                return Err(failed("read", path, errno));
            }
            if count.unsigned_abs() > MAX_CHUNK || count.unsigned_abs() as usize != data.len() {
                return Err(Error::Unexpected {
                    request: "EFS read",
                    what: "its length differs from what it carries",
                });
            }
            if data.is_empty() {
                break;
            }
            all.extend(data);
        }
        exact(path, wanted, all.len())?;
        Ok(all)
    }

    /// The target of a symbolic link.
    pub fn efs_readlink(&mut self, path: &str, deadline: Deadline) -> Result<String, Error> {
        let request = Request::Readlink {
            path: checked(path)?,
        };
        match self.efs_ask(&request, deadline)? {
            efs::Reply::Readlink { errno: 0, target } => Ok(target),
            efs::Reply::Readlink { errno, .. } => Err(failed("readlink", path, errno)),
            _ => Err(nonsense(&request)),
        }
    }

    pub(super) fn open(
        &mut self,
        path: &str,
        flags: i32,
        mode: i32,
        deadline: Deadline,
    ) -> Result<i32, Error> {
        let request = Request::Open {
            flags,
            mode,
            path: checked(path)?,
        };
        match self.efs_ask(&request, deadline)? {
            efs::Reply::Open { fd, errno: 0 } if fd >= 0 => Ok(fd),
            efs::Reply::Open { errno, .. } => Err(failed("open", path, errno)),
            _ => Err(nonsense(&request)),
        }
    }

    pub(super) fn close(&mut self, fd: i32, path: &str, deadline: Deadline) -> Result<(), Error> {
        match self.efs_ask(&Request::Close { fd }, deadline)? {
            efs::Reply::Close { errno: 0 } => Ok(()),
            efs::Reply::Close { errno } => Err(failed("close", path, errno)),
            _ => Err(nonsense(&Request::Close { fd })),
        }
    }
}

pub(super) fn checked(path: &str) -> Result<String, Error> {
    let sayable = path.starts_with('/') && path.len() <= MAX_PATH && !path.contains('\0');
    if sayable {
        Ok(path.to_owned())
    } else {
        Err(Error::Path(path.to_owned()))
    }
}

pub(super) fn offset(at: usize) -> Result<u32, Error> {
    u32::try_from(at).map_err(|_| Error::Unexpected {
        request: "EFS read or write",
        what: "the file is too long",
    })
}

pub(super) fn exact(path: &str, wanted: u64, moved: usize) -> Result<(), Error> {
    if wanted == moved as u64 {
        return Ok(());
    }
    Err(Error::Length {
        path: path.to_owned(),
        wanted,
        moved: moved as u64,
    })
}

pub(super) fn failed(operation: &'static str, path: &str, errno: i32) -> Error {
    Error::Efs {
        operation,
        path: path.to_owned(),
        errno,
    }
}

pub(super) fn nonsense(request: &Request) -> Error {
    Error::Unexpected {
        request: efs_label(request),
        what: "it is the answer to something else",
    }
}
