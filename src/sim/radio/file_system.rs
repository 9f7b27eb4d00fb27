//! EFS2 as a tree of paths: what is stored, whoever asks.

use super::contents::{FOLDERS, File};
use crate::protocol::efs::{EEXIST, ENOENT, ENOSPC, ENOTDIR, EntryKind, MAX_PATH};
use std::collections::BTreeMap;

/// Why the file system refuses: the number that goes over the wire.
pub(super) type Errno = i32;
/// Names of diag-and-xqcn.md §2.
pub(super) const EPERM: Errno = 1;
pub(super) const EISDIR: Errno = 21;
const INVALID_PATH: Errno = 0x4000_0005;
const PATH_TOO_LONG: Errno = 0x4000_0006;

/// Bytes that all files together may have. Made up; small enough that a test can fill it.
pub(super) const CAPACITY: usize = 2 * 1024 * 1024;
/// What an entry costs besides its data, so that empty files fill it, too.
const ENTRY_COST: usize = 64;

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: EntryKind,
    pub(super) permissions: u32,
    /// File contents, or a symlink's target.
    pub(super) data: Vec<u8>,
}

impl Node {
    pub(super) fn mode(&self) -> u32 {
        self.kind.mode(self.permissions)
    }
}

/// Every entry by its whole path; the root has none and always exists.
#[derive(Debug, Default, Clone)]
pub(super) struct FileSystem {
    nodes: BTreeMap<String, Node>,
}

impl FileSystem {
    /// A file system from the factory, with these files.
    pub(super) fn new(files: impl IntoIterator<Item = File>) -> Self {
        let folder = |path: &&str| {
            let node = Node {
                kind: EntryKind::Directory,
                permissions: 0o777,
                data: Vec::new(),
            };
            ((*path).to_owned(), node)
        };
        let mut nodes: BTreeMap<String, Node> = FOLDERS.iter().map(folder).collect();
        nodes.extend(files.into_iter().map(|file| {
            let node = Node {
                kind: file.kind,
                permissions: 0o777,
                data: file.data,
            };
            (file.path, node)
        }));
        Self { nodes }
    }

    pub(super) fn get(&self, path: &str) -> Option<&Node> {
        self.nodes.get(path)
    }

    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Node> {
        self.nodes.get_mut(path)
    }

    /// What a path names. The root is a directory without a node.
    pub(super) fn kind(&self, path: &str) -> Option<EntryKind> {
        if path == "/" {
            Some(EntryKind::Directory)
        } else {
            self.get(path).map(|node| node.kind)
        }
    }

    /// Entries of a folder: files first, as a log file system may list them. Hosts that take type 0, a regular
    /// file, for the end lose everything behind it (diag-and-xqcn.md §7).
    pub(super) fn list(&self, folder: &str) -> Vec<(String, Node)> {
        let prefix = if folder == "/" {
            "/".to_owned()
        } else {
            format!("{folder}/")
        };
        let mut entries: Vec<(String, Node)> = self
            .nodes
            .iter()
            .filter_map(|(path, node)| {
                let name = path.strip_prefix(&prefix)?;
                (!name.is_empty() && !name.contains('/')).then(|| (name.to_owned(), node.clone()))
            })
            .collect();
        entries.sort_by_key(|(_, node)| match node.kind {
            EntryKind::File | EntryKind::Unknown => 0,
            EntryKind::Item => 1,
            EntryKind::Symlink => 2,
            EntryKind::Directory => 3,
        });
        entries
    }

    /// Makes an entry, empty; its folder must exist.
    pub(super) fn create(
        &mut self,
        path: &str,
        kind: EntryKind,
        permissions: u32,
    ) -> Result<(), Errno> {
        if self.kind(path).is_some() {
            return Err(EEXIST);
        }
        match self.kind(parent(path)) {
            Some(EntryKind::Directory) => {}
            Some(_) => return Err(ENOTDIR),
            None => return Err(ENOENT),
        }
        if self.used() + ENTRY_COST > CAPACITY {
            return Err(ENOSPC);
        }
        let node = Node {
            kind,
            permissions: permissions & 0o7777,
            data: Vec::new(),
        };
        self.nodes.insert(path.to_owned(), node);
        Ok(())
    }

    /// Makes the folders above a path where they are missing (`O_AUTODIR`).
    pub(super) fn create_parents(&mut self, path: &str) -> Result<(), Errno> {
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
        for end in ends {
            match self.create(&path[..end], EntryKind::Directory, 0o777) {
                Ok(()) | Err(EEXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Writes into a file that exists, which grows as far as is needed.
    pub(super) fn write(&mut self, path: &str, offset: usize, data: &[u8]) -> Result<(), Errno> {
        let used = self.used();
        let node = self.nodes.get_mut(path).ok_or(ENOENT)?;
        let end = offset.checked_add(data.len()).ok_or(ENOSPC)?;
        if used + end.saturating_sub(node.data.len()) > CAPACITY {
            return Err(ENOSPC);
        }
        if node.data.len() < end {
            node.data.resize(end, 0);
        }
        node.data[offset..end].copy_from_slice(data);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str) -> Result<(), Errno> {
        match self.kind(path) {
            None => Err(ENOENT),
            Some(EntryKind::Directory) => Err(EPERM),
            Some(_) => {
                self.nodes.remove(path);
                Ok(())
            }
        }
    }

    fn used(&self) -> usize {
        let sizes = self.nodes.values().map(|node| node.data.len() + ENTRY_COST);
        sizes.sum()
    }
}

/// A path as it is looked up: absolute, no empty parts, not too long.
pub(super) fn normal(path: &str) -> Result<String, Errno> {
    if !path.starts_with('/') {
        return Err(INVALID_PATH);
    }
    if path.len() > MAX_PATH {
        return Err(PATH_TOO_LONG);
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return Err(INVALID_PATH);
    }
    Ok(format!("/{}", parts.join("/")))
}

fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(at) if at > 0 => &path[..at],
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_before_folders() {
        let mut efs = FileSystem::default();
        efs.create("/a", EntryKind::Directory, 0o777).unwrap();
        efs.create("/b", EntryKind::File, 0o777).unwrap();
        efs.create("/a/c", EntryKind::Item, 0o777).unwrap();
        let names: Vec<String> = efs.list("/").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn a_full_file_system_says_so_and_keeps_what_it_has() {
        let mut efs = FileSystem::default();
        efs.create("/a", EntryKind::File, 0o777).unwrap();
        efs.write("/a", 0, &[7; 10]).unwrap();
        assert_eq!(efs.write("/a", CAPACITY, &[1]), Err(ENOSPC));
        assert_eq!(efs.write("/a", usize::MAX, &[1]), Err(ENOSPC));
        assert_eq!(efs.get("/a").map(|node| node.data.len()), Some(10));
    }

    #[test]
    fn a_path_stays_inside_and_short() {
        assert_eq!(normal("/a//b/").as_deref(), Ok("/a/b"));
        assert_eq!(normal("/"), Ok("/".to_owned()));
        assert!(normal("a").is_err() && normal("/a/../b").is_err());
        assert_eq!(normal(&format!("/{}", "x".repeat(251))), Err(PATH_TOO_LONG));
    }

    #[test]
    fn folders_come_with_the_file_only_when_asked_for() {
        let mut efs = FileSystem::default();
        assert_eq!(efs.create("/a/b/c", EntryKind::Item, 0), Err(ENOENT));
        efs.create_parents("/a/b/c").unwrap();
        efs.create("/a/b/c", EntryKind::Item, 0).unwrap();
        assert_eq!(efs.kind("/a/b"), Some(EntryKind::Directory));
        assert_eq!(efs.create("/a/b/c/d", EntryKind::Item, 0), Err(ENOTDIR));
    }
}
