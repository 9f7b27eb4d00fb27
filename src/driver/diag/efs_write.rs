//! What changes the modem's file system, and the rule that identity stays (diag-and-xqcn.md §5, §6, §10).

use super::efs::{checked, exact, failed, nonsense, offset};
use super::{Diag, Error};
use crate::protocol::diag::{Refusal, Request as Frame};
use crate::protocol::efs::{
    self, EEXIST, EntryKind, MAX_CHUNK, MAX_PUT, O_AUTODIR, O_CREAT, O_ITEMFILE, O_RDONLY, O_TRUNC,
    O_WRONLY, Request, is_identity_path, link_may_reach_identity,
};
use crate::transport::Deadline;
use std::time::Duration;

/// `EfsTools`' name for it is "directory exists" (diag-and-xqcn.md §2).
const DIRECTORY_EXISTS: i32 = 6;
/// Permissions that qfenix gives to what it restores.
const PERMISSIONS: u16 = 0o777;
/// A sync is asked about this often and this long, else waited for blindly (diag-and-xqcn.md §9).
const SYNC_PAUSE: Duration = Duration::from_millis(100);
const SYNC_POLLS: u32 = 300;
const SYNC_BLIND: Duration = Duration::from_secs(5);

/// How it is known that the file system is on the flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncProof {
    /// The modem said so.
    Confirmed,
    /// The modem cannot say (RM551E answers errno 306); the usual time was waited.
    Waited,
}

impl Diag {
    /// Writes a file of a kind: items by PUT while they fit, everything else piece by piece. Files that hold identity
    /// are refused before anything is sent.
    pub fn efs_write(
        &mut self,
        path: &str,
        kind: EntryKind,
        data: &[u8],
        deadline: Deadline,
    ) -> Result<(), Error> {
        refuse_path(path)?;
        if kind == EntryKind::Item && data.len() <= MAX_PUT {
            self.put(path, data, deadline)
        } else {
            self.write_pieces(path, data, deadline)
        }
    }

    /// On a freshly erased file system PUT without AUTODIR fails (diag-and-xqcn.md §6).
    fn put(&mut self, path: &str, data: &[u8], deadline: Deadline) -> Result<(), Error> {
        let request = Request::Put {
            flags: O_CREAT | O_TRUNC | O_ITEMFILE | O_AUTODIR,
            mode: PERMISSIONS.cast_signed(),
            data: data.to_vec(),
            path: checked(path)?,
        };
        match self.efs_ask(&request, deadline)? {
            efs::Reply::Put { errno: 0, written } => exact(
                path,
                data.len() as u64,
                usize::from(written.cast_unsigned()),
            ),
            efs::Reply::Put { errno, .. } => Err(failed("put", path, errno.into())),
            _ => Err(nonsense(&request)),
        }
    }

    fn write_pieces(&mut self, path: &str, data: &[u8], deadline: Deadline) -> Result<(), Error> {
        self.make_parents(path, deadline)?;
        // O_ITEMFILE and O_AUTODIR in OPEN crash some modems (diag-and-xqcn.md §6).
        let flags = O_WRONLY | O_CREAT | O_TRUNC;
        let fd = self.open(path, flags, PERMISSIONS.into(), deadline)?;
        let written = self.write_all(fd, path, data, deadline);
        let closed = self.close(fd, path, deadline);
        written?;
        closed
    }

    fn write_all(
        &mut self,
        fd: i32,
        path: &str,
        data: &[u8],
        deadline: Deadline,
    ) -> Result<(), Error> {
        for (at, piece) in (0..)
            .step_by(MAX_CHUNK as usize)
            .zip(data.chunks(MAX_CHUNK as usize))
        {
            let request = Request::Write {
                fd,
                offset: offset(at)?,
                data: piece.to_vec(),
            };
            let efs::Reply::Write { count, errno, .. } = self.efs_ask(&request, deadline)? else {
                return Err(nonsense(&request));
            };
            if errno != 0 || count < 0 {
                return Err(failed("write", path, errno));
            }
            exact(path, piece.len() as u64, count.unsigned_abs() as usize)?;
        }
        Ok(())
    }

    pub fn efs_symlink(
        &mut self,
        target: &str,
        path: &str,
        deadline: Deadline,
    ) -> Result<(), Error> {
        refuse_link(target, path)?;
        self.make_parents(path, deadline)?;
        let request = Request::Symlink {
            target: target.to_owned(),
            path: checked(path)?,
        };
        match self.efs_ask(&request, deadline)? {
            efs::Reply::Symlink { errno: 0 } => Ok(()),
            efs::Reply::Symlink { errno } => Err(failed("symlink", path, errno)),
            _ => Err(nonsense(&request)),
        }
    }

    fn make_parents(&mut self, path: &str, deadline: Deadline) -> Result<(), Error> {
        let path = checked(path)?;
        let ends = path.char_indices().filter(|(at, c)| *c == '/' && *at > 0);
        for parent in ends.map(|(at, _)| &path[..at]) {
            let request = Request::Mkdir {
                mode: PERMISSIONS.cast_signed(),
                path: parent.to_owned(),
            };
            match self.efs_ask(&request, deadline)? {
                efs::Reply::Mkdir {
                    errno: 0 | EEXIST | DIRECTORY_EXISTS,
                } => {}
                efs::Reply::Mkdir { errno } => return Err(failed("mkdir", parent, errno)),
                _ => return Err(nonsense(&request)),
            }
        }
        Ok(())
    }

    /// Waits until the file system is on the flash. The journal fills up during bulk writes otherwise.
    pub fn efs_sync(&mut self, deadline: Deadline) -> Result<SyncProof, Error> {
        self.sequence = self.sequence.wrapping_add(1);
        let sequence = self.sequence;
        let path = "/".to_owned();
        let request = Request::SyncNoWait { sequence, path };
        let token = match self.efs_ask(&request, deadline) {
            Ok(efs::Reply::SyncNoWait {
                token, errno: 0, ..
            }) => token,
            Ok(efs::Reply::SyncNoWait { .. })
            | Err(Error::Refused {
                refusal: Refusal::BadCommand,
                ..
            }) => return Ok(self.wait_blindly()),
            Ok(_) => return Err(nonsense(&request)),
            Err(error) => return Err(error),
        };
        for _ in 0..SYNC_POLLS {
            let request = Request::SyncStatus {
                sequence,
                token,
                path: "/".to_owned(),
            };
            match self.efs_ask(&request, deadline)? {
                efs::Reply::SyncStatus {
                    status: 0,
                    errno: 0,
                    ..
                } => return Ok(SyncProof::Confirmed),
                efs::Reply::SyncStatus { errno: 0, .. } => self.port.clock().sleep(SYNC_PAUSE),
                efs::Reply::SyncStatus { .. } => break,
                _ => return Err(nonsense(&request)),
            }
        }
        Ok(self.wait_blindly())
    }

    fn wait_blindly(&self) -> SyncProof {
        self.port.clock().sleep(SYNC_BLIND);
        SyncProof::Waited
    }
}

/// Judges the final payload of whatever changes a file.
pub(super) fn refuse_identity(frame: &Frame) -> Result<(), Error> {
    let Frame::Other(payload) = frame else {
        return Ok(());
    };
    match Request::decode(payload) {
        Some((_, Request::Open { flags, path, .. })) if flags != O_RDONLY => refuse_path(&path),
        Some((_, Request::Put { path, .. } | Request::Unlink { path })) => refuse_path(&path),
        Some((_, Request::Symlink { target, path })) => refuse_link(&target, &path),
        _ => Ok(()),
    }
}

fn refuse_path(path: &str) -> Result<(), Error> {
    if is_identity_path(path) {
        Err(Error::Identity(format!("`{path}`")))
    } else {
        Ok(())
    }
}

fn refuse_link(target: &str, path: &str) -> Result<(), Error> {
    if link_may_reach_identity(target, path) {
        Err(Error::Identity(format!("what `{path}` links to")))
    } else {
        Ok(())
    }
}
