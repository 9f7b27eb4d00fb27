//! The file system of the far end for tests.

use super::fake::Modem;
use crate::protocol::efs::{self, DirectoryEntry, EntryKind};

impl Modem {
    fn kind_of(&self, path: &str) -> Option<EntryKind> {
        let below = format!("{}/", path.trim_end_matches('/'));
        match self.files.get(path) {
            Some((kind, _)) => Some(*kind),
            None if path == "/" || self.files.keys().any(|f| f.starts_with(&below)) => {
                Some(EntryKind::Directory)
            }
            None => None,
        }
    }

    fn listing(&self, path: &str, dirp: u32) -> Vec<DirectoryEntry> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let mut names: Vec<(EntryKind, String, usize)> = Vec::new();
        for (file, (kind, data)) in &self.files {
            if self.hidden.contains(file) {
                continue;
            }
            let Some(rest) = file.strip_prefix(&below) else {
                continue;
            };
            let entry = match rest.split_once('/') {
                Some((directory, _)) => (EntryKind::Directory, directory.to_owned(), 0),
                None => (*kind, rest.to_owned(), data.len()),
            };
            if !names.contains(&entry) {
                names.push(entry);
            }
        }
        // Regular files first: type 0 must not end the listing.
        names.sort_by_key(|(kind, ..)| *kind);
        names.push((EntryKind::Unknown, String::new(), 0));
        (1..)
            .zip(names)
            .map(|(sequence, (kind, name, size))| DirectoryEntry {
                dirp,
                sequence,
                errno: 0,
                entry_type: kind.entry_type(),
                mode: kind.mode(0o755),
                size: i32::try_from(size).unwrap(),
                name,
            })
            .collect()
    }

    #[expect(clippy::too_many_lines, reason = "one short arm per request")]
    pub(super) fn efs(&mut self, request: &efs::Request, errno: i32) -> efs::Reply {
        use efs::{Reply as R, Request as Q};
        match request {
            Q::Hello => R::Hello,
            Q::Query => R::Query {
                max_path: 251,
                max_file: 1 << 20,
                max_directories: 4,
            },
            Q::Open { flags, path, .. } => {
                if errno == 0 && flags & efs::O_CREAT != 0 {
                    self.put_file(path, EntryKind::File, &[]);
                }
                let errno = if errno == 0 && !self.files.contains_key(path) {
                    efs::ENOENT
                } else {
                    errno
                };
                self.files_open.push(Some(path.clone()));
                R::Open {
                    fd: i32::try_from(self.files_open.len()).unwrap() - 1,
                    errno,
                }
            }
            Q::Close { fd } => {
                self.files_open[usize::try_from(*fd).unwrap()] = None;
                R::Close { errno }
            }
            Q::Read { fd, count, offset } => {
                let path = self.files_open[usize::try_from(*fd).unwrap()]
                    .clone()
                    .unwrap();
                let all = &self.files[&path].1;
                let from = (*offset as usize).min(all.len());
                let to = (from + *count as usize).min(all.len());
                let data = if errno == 0 {
                    all[from..to].to_vec()
                } else {
                    Vec::new()
                };
                R::Read {
                    fd: *fd,
                    offset: *offset,
                    count: i32::try_from(data.len()).unwrap(),
                    errno,
                    data,
                }
            }
            Q::Write { fd, offset, data } => {
                let path = self.files_open[usize::try_from(*fd).unwrap()]
                    .clone()
                    .unwrap();
                let all = &mut self.files.get_mut(&path).unwrap().1;
                all.resize(*offset as usize + data.len(), 0);
                all[*offset as usize..].copy_from_slice(data);
                R::Write {
                    fd: *fd,
                    offset: *offset,
                    count: i32::try_from(data.len()).unwrap(),
                    errno,
                }
            }
            Q::Symlink { target, path } => {
                self.put_file(path, EntryKind::Symlink, target.as_bytes());
                R::Symlink { errno }
            }
            Q::Readlink { path } => R::Readlink {
                errno,
                target: String::from_utf8(self.files[path].1.clone()).unwrap(),
            },
            Q::Unlink { path } => {
                self.files.remove(path);
                R::Unlink { errno }
            }
            Q::Mkdir { path, .. } => R::Mkdir {
                errno: if self.kind_of(path).is_some() {
                    efs::EEXIST
                } else {
                    errno
                },
            },
            Q::Opendir { path } => {
                let full = self.directories_open.len() >= self.max_directories;
                self.next_dirp += 1;
                let errno = if full { efs::EACCES } else { errno };
                if errno == 0 {
                    self.directories_open
                        .insert(self.next_dirp, self.listing(path, self.next_dirp));
                }
                R::Opendir {
                    dirp: self.next_dirp,
                    errno,
                }
            }
            Q::Readdir { dirp, sequence } => {
                let mut entry = self.directories_open[dirp][*sequence as usize - 1].clone();
                entry.errno = errno;
                R::Readdir(entry)
            }
            Q::Closedir { dirp } => {
                self.directories_open.remove(dirp);
                R::Closedir { errno }
            }
            Q::Stat { path } => match self.kind_of(path) {
                Some(kind) => R::Stat {
                    errno,
                    mode: kind.mode(0o777),
                    size: self
                        .files
                        .get(path)
                        .map_or(0, |f| i32::try_from(f.1.len()).unwrap()),
                },
                None => R::Stat {
                    errno: efs::ENOENT,
                    mode: 0,
                    size: 0,
                },
            },
            Q::Put { data, path, .. } => {
                if errno == 0 {
                    self.put_file(path, EntryKind::Item, data);
                }
                R::Put {
                    errno: i16::try_from(errno).unwrap(),
                    written: i16::try_from(data.len()).unwrap(),
                }
            }
            Q::SyncNoWait { sequence, .. } => R::SyncNoWait {
                sequence: *sequence,
                token: 7,
                errno,
            },
            Q::SyncStatus { sequence, .. } => R::SyncStatus {
                sequence: *sequence,
                status: 0,
                errno,
            },
        }
    }
}
