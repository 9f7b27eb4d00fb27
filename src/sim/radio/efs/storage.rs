//! What file requests do to what is stored, whoever has it open.

use super::{EIO, EISDIR, EPERM, Errno};
use crate::plan::FaultKind;
use crate::protocol::efs::ENOSPC;
use crate::protocol::efs::{ENOENT, EntryKind, O_AUTODIR, O_CREAT, O_ITEMFILE, O_TRUNC, Reply};
use crate::sim::radio::core::Core;
use crate::sim::radio::file_system::{FileSystem, normal};

pub(super) fn put(
    core: &mut Core,
    flags: i32,
    mode: i16,
    data: &[u8],
    path: &str,
    fault: Option<FaultKind>,
) -> Result<(), Errno> {
    // The errno of PUT has 16 bits; what does not fit becomes "not permitted".
    let path = normal(path).map_err(|_| EPERM)?;
    let kind = if flags & O_ITEMFILE != 0 {
        EntryKind::Item
    } else {
        EntryKind::File
    };
    let efs = &mut core.unit.efs;
    match efs.kind(&path) {
        Some(EntryKind::Directory) => return Err(EISDIR),
        Some(_) => {
            if flags & O_TRUNC != 0
                && let Some(node) = efs.get_mut(&path)
            {
                node.data.clear();
                node.kind = kind;
            }
        }
        None if flags & O_CREAT == 0 => return Err(ENOENT),
        None => {
            if flags & O_AUTODIR != 0 {
                efs.create_parents(&path)?;
            }
            efs.create(&path, kind, permissions(mode.into()))?;
        }
    }
    store(core, &path, 0, data, fault)
}

/// Writes data as far as the faults let it.
pub(super) fn store(
    core: &mut Core,
    path: &str,
    offset: usize,
    data: &[u8],
    fault: Option<FaultKind>,
) -> Result<(), Errno> {
    match fault {
        Some(FaultKind::Nak) => return Err(EIO),
        Some(FaultKind::EfsFull) => return Err(ENOSPC),
        Some(FaultKind::AckButLost) => return Ok(()),
        _ => core.unit.efs.write(path, offset, data)?,
    }
    if fault == Some(FaultKind::BitFlip)
        && let Some(node) = core.unit.efs.get_mut(path)
    {
        flip(&mut node.data[offset..]);
    }
    core.note_file(path);
    Ok(())
}

pub(super) fn remove(core: &mut Core, path: &str) -> Result<(), Errno> {
    let path = normal(path)?;
    core.unit.efs.remove(&path)?;
    core.note_file(&path);
    Ok(())
}

pub(super) fn make_folder(core: &mut Core, path: &str, mode: i16) -> Result<(), Errno> {
    let path = normal(path)?;
    (core.unit.efs).create(&path, EntryKind::Directory, permissions(mode.into()))?;
    core.note_file(&path);
    Ok(())
}

/// Makes a symlink; its target need not exist.
pub(super) fn make_link(core: &mut Core, target: &str, path: &str) -> Result<(), Errno> {
    let path = normal(path)?;
    (core.unit.efs).create(&path, EntryKind::Symlink, 0o777)?;
    core.unit.efs.write(&path, 0, target.as_bytes())?;
    core.note_file(&path);
    Ok(())
}

pub(super) fn readlink(efs: &FileSystem, path: &str) -> Reply {
    let found = normal(path).and_then(|path| {
        let node = efs.get(&path).ok_or(ENOENT)?;
        let is_link = node.kind == EntryKind::Symlink;
        is_link.then_some(&node.data).ok_or(EPERM)
    });
    match found {
        Ok(target) => Reply::Readlink {
            errno: 0,
            target: String::from_utf8_lossy(target).into_owned(),
        },
        Err(errno) => Reply::Readlink {
            errno,
            target: String::new(),
        },
    }
}

/// STAT follows a symlink at the end of its path; unverified.
pub(super) fn stat(efs: &FileSystem, path: &str) -> Reply {
    let found = normal(path).and_then(|path| {
        if path == "/" {
            return Ok((EntryKind::Directory.mode(0o777), 0));
        }
        let node = efs.get(&follow(efs, path)).ok_or(ENOENT)?;
        Ok((node.mode(), length(&node.data)))
    });
    match found {
        Ok((mode, size)) => Reply::Stat {
            errno: 0,
            mode,
            size,
        },
        Err(errno) => Reply::Stat {
            errno,
            mode: 0,
            size: 0,
        },
    }
}

/// Where a symlink points, one step; the path itself for anything else.
pub(super) fn follow(efs: &FileSystem, path: String) -> String {
    match efs.get(&path) {
        Some(node) if node.kind == EntryKind::Symlink => {
            normal(&String::from_utf8_lossy(&node.data)).unwrap_or(path)
        }
        _ => path,
    }
}

pub(super) fn flip(bytes: &mut [u8]) {
    if let Some(byte) = bytes.first_mut() {
        *byte ^= 1;
    }
}

pub(super) fn length(data: &[u8]) -> i32 {
    i32::try_from(data.len()).unwrap_or(i32::MAX)
}

pub(super) fn permissions(mode: i32) -> u32 {
    mode.cast_unsigned() & 0o777
}
