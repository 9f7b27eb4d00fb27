//! The file system as DIAG hosts see it: descriptors, directory handles, syncs.

mod storage;

use self::storage::{flip, follow, length, permissions};
use super::core::Core;
use super::file_system::{EISDIR, EPERM, Errno, FileSystem, Node, normal};
use crate::plan::FaultKind;
use crate::protocol::diag::Refusal;
use crate::protocol::efs::{
    DirectoryEntry, EACCES, EBADF, ENOENT, ENOTDIR, EntryKind, MAX_CHUNK, MAX_PATH, MAX_PUT,
    O_AUTODIR, O_CREAT, O_ITEMFILE, O_TRUNC, Reply, Request,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Directory handles at once (qfenix commit 5ce4416, seen on hardware).
const MAX_DIRECTORIES: u32 = 4;
/// Descriptors at once. Made up.
const MAX_FILES: i32 = 8;
/// The lowest two bits of the open flags: 0 reads, 1 writes, 2 does both.
const ACCESS: i32 = 3;
/// Names of diag-and-xqcn.md §2.
const EIO: Errno = 5;
const INVALID_SEQUENCE: Errno = 0x4000_0002;
const DIRECTORY_NOT_OPEN: Errno = 0x4000_0003;
const TOO_MANY_FILES: Errno = 0x4000_0009;
/// Until a sync is done. Made up; hosts poll every 100 ms.
const SYNC: Duration = Duration::from_millis(250);

/// What comes of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    Reply(Reply),
    Refused(Refusal),
    /// The firmware falls over and restarts, without a word.
    Crash,
}

#[derive(Debug)]
struct OpenFile {
    path: String,
    access: i32,
}

/// Whether a request changes what is stored.
pub(super) fn changes(request: &Request) -> bool {
    match request {
        Request::Open { flags, .. } => flags & (ACCESS | O_CREAT | O_TRUNC) != 0,
        Request::Write { .. }
        | Request::Unlink { .. }
        | Request::Mkdir { .. }
        | Request::Put { .. } => true,
        _ => false,
    }
}

/// What hosts have open. It does not end with the host: only CLOSE or a restart gives a handle back.
#[derive(Debug, Default)]
pub(super) struct EfsSession {
    files: BTreeMap<i32, OpenFile>,
    directories: BTreeMap<u32, Vec<(String, Node)>>,
    /// The latest sync: its token, and when it is done.
    sync: (u32, Duration),
}

impl EfsSession {
    pub(super) fn answer(
        &mut self,
        core: &mut Core,
        request: &Request,
        fault: Option<FaultKind>,
    ) -> Outcome {
        let number = |result: Result<(), Errno>| result.err().unwrap_or(0);
        let efs = &mut core.unit.efs;
        Outcome::Reply(match request {
            Request::Hello => Reply::Hello,
            Request::Query => Reply::Query {
                max_path: i32::try_from(MAX_PATH).unwrap_or(i32::MAX),
                max_file: i32::MAX,
                max_directories: MAX_DIRECTORIES.cast_signed(),
            },
            Request::Open { flags, mode, path } => {
                // Seen on hardware: these flags crash some modems in OPEN, in PUT they are fine.
                if flags & (O_ITEMFILE | O_AUTODIR) == O_ITEMFILE | O_AUTODIR {
                    return Outcome::Crash;
                }
                match self.open(core, *flags, *mode, path) {
                    Ok(fd) => Reply::Open { fd, errno: 0 },
                    Err(errno) => Reply::Open { fd: -1, errno },
                }
            }
            Request::Close { fd } => Reply::Close {
                errno: self.files.remove(fd).map_or(EBADF, |_| 0),
            },
            Request::Read { fd, count, offset } => {
                let result = self.read(core, *fd, *count, *offset, fault);
                read_reply(*fd, *offset, result)
            }
            Request::Write { fd, offset, data } => {
                let result = self.write(core, *fd, *offset, data, fault);
                Reply::Write {
                    fd: *fd,
                    offset: *offset,
                    count: result.map_or(-1, |()| length(data)),
                    errno: number(result),
                }
            }
            Request::Symlink { target, path } => Reply::Symlink {
                errno: number(storage::make_link(core, target, path)),
            },
            Request::Readlink { path } => storage::readlink(efs, path),
            Request::Unlink { path } => Reply::Unlink {
                errno: number(storage::remove(core, path)),
            },
            Request::Mkdir { mode, path } => Reply::Mkdir {
                errno: number(storage::make_folder(core, path, *mode)),
            },
            Request::Opendir { path } => match self.open_directory(efs, path) {
                Ok(dirp) => Reply::Opendir { dirp, errno: 0 },
                Err(errno) => Reply::Opendir { dirp: 0, errno },
            },
            Request::Readdir { dirp, sequence } => Reply::Readdir(self.entry(*dirp, *sequence)),
            Request::Closedir { dirp } => Reply::Closedir {
                errno: self
                    .directories
                    .remove(dirp)
                    .map_or(DIRECTORY_NOT_OPEN, |_| 0),
            },
            Request::Stat { path } => storage::stat(efs, path),
            Request::Put { data, .. } if data.len() > MAX_PUT => {
                return Outcome::Refused(Refusal::BadLength);
            }
            Request::Put {
                flags,
                mode,
                data,
                path,
            } => {
                let result = storage::put(core, *flags, *mode, data, path, fault);
                Reply::Put {
                    errno: i16::try_from(number(result)).unwrap_or(i16::MAX),
                    written: result.map_or(-1, |()| i16::try_from(data.len()).unwrap_or(i16::MAX)),
                }
            }
            Request::SyncNoWait { sequence, .. } => {
                self.sync = (self.sync.0.wrapping_add(1), core.now.saturating_add(SYNC));
                Reply::SyncNoWait {
                    sequence: *sequence,
                    token: self.sync.0,
                    errno: 0,
                }
            }
            Request::SyncStatus {
                sequence, token, ..
            } => Reply::SyncStatus {
                sequence: *sequence,
                status: u8::from(core.now < self.sync.1),
                errno: if *token == self.sync.0 { 0 } else { ENOENT },
            },
        })
    }

    fn open(&mut self, core: &mut Core, flags: i32, mode: i32, path: &str) -> Result<i32, Errno> {
        let efs = &mut core.unit.efs;
        let path = follow(efs, normal(path)?);
        let fd = (0..MAX_FILES)
            .find(|fd| !self.files.contains_key(fd))
            .ok_or(TOO_MANY_FILES)?;
        let access = flags & ACCESS;
        match efs.kind(&path) {
            Some(EntryKind::Directory) => return Err(EISDIR),
            Some(_) => {}
            None if flags & O_CREAT != 0 => {
                efs.create(&path, EntryKind::File, permissions(mode))?;
                core.note_file(&path);
            }
            None => return Err(ENOENT),
        }
        if flags & O_TRUNC != 0
            && access != 0
            && let Some(node) = core.unit.efs.get_mut(&path)
        {
            node.data.clear();
            core.note_file(&path);
        }
        self.files.insert(fd, OpenFile { path, access });
        Ok(fd)
    }

    fn read(
        &self,
        core: &mut Core,
        fd: i32,
        count: u32,
        offset: u32,
        fault: Option<FaultKind>,
    ) -> Result<Vec<u8>, Errno> {
        let file = self.files.get(&fd).filter(|file| file.access != 1);
        let path = &file.ok_or(EBADF)?.path;
        if matches!(fault, Some(FaultKind::Nak | FaultKind::ReadError)) {
            return Err(EIO);
        }
        let node = core.unit.efs.get_mut(path).ok_or(ENOENT)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let start = start.min(node.data.len());
        if fault == Some(FaultKind::BitFlip) {
            flip(&mut node.data[start..]);
        }
        let count = usize::try_from(count.min(MAX_CHUNK)).unwrap_or(0);
        let rest = &node.data[start..];
        Ok(rest[..count.min(rest.len())].to_vec())
    }

    /// Writing through a descriptor that only reads is refused; unverified.
    fn write(
        &self,
        core: &mut Core,
        fd: i32,
        offset: u32,
        data: &[u8],
        fault: Option<FaultKind>,
    ) -> Result<(), Errno> {
        let file = self.files.get(&fd).filter(|file| file.access != 0);
        let path = file.ok_or(EBADF)?.path.clone();
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        storage::store(core, &path, offset, data, fault)
    }

    fn open_directory(&mut self, efs: &FileSystem, path: &str) -> Result<u32, Errno> {
        let path = normal(path)?;
        match efs.kind(&path) {
            Some(EntryKind::Directory) => {}
            Some(_) => return Err(ENOTDIR),
            None => return Err(ENOENT),
        }
        let dirp = (1..=MAX_DIRECTORIES)
            .find(|dirp| !self.directories.contains_key(dirp))
            .ok_or(EACCES)?;
        self.directories.insert(dirp, efs.list(&path));
        Ok(dirp)
    }

    /// The entry of a number that counts from 1 (inferred, unverified); after the last, an empty name.
    fn entry(&self, dirp: u32, sequence: u32) -> DirectoryEntry {
        let mut answer = DirectoryEntry {
            dirp,
            sequence,
            errno: 0,
            entry_type: 0,
            mode: 0,
            size: 0,
            name: String::new(),
        };
        let Some(entries) = self.directories.get(&dirp) else {
            answer.errno = DIRECTORY_NOT_OPEN;
            return answer;
        };
        let Some(at) = sequence.checked_sub(1) else {
            answer.errno = INVALID_SEQUENCE;
            return answer;
        };
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        if let Some((name, node)) = entries.get(at) {
            answer.entry_type = node.kind.entry_type();
            answer.mode = node.mode();
            answer.size = length(&node.data);
            answer.name.clone_from(name);
        }
        answer
    }
}

fn read_reply(fd: i32, offset: u32, result: Result<Vec<u8>, Errno>) -> Reply {
    let (data, count, errno) = match result {
        Ok(data) => (data.clone(), length(&data), 0),
        Err(errno) => (Vec::new(), -1, errno),
    };
    Reply::Read {
        fd,
        offset,
        count,
        errno,
        data,
    }
}
