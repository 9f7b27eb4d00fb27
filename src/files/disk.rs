//! The disk that outputs go to, as good as the computer's own unless a rehearsal says otherwise.

use cap_std::fs_utf8::File;
use rustix::io::Errno;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Shared by every folder that was opened below the one it was given to.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<AtomicU8>);

/// What a write comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// There is no room.
    Full = 1,
    /// It answers every write with an error.
    Broken = 2,
}

impl Disk {
    /// From now on writes come to that; `None` mends it.
    pub fn set(&self, trouble: Option<Trouble>) {
        let number = trouble.map_or(0, |trouble| trouble as u8);
        self.0.store(number, Ordering::SeqCst);
    }

    pub(super) fn trouble(&self) -> Option<Trouble> {
        [Trouble::Full, Trouble::Broken]
            .into_iter()
            .find(|trouble| *trouble as u8 == self.0.load(Ordering::SeqCst))
    }

    /// Whether something new may be made.
    pub(super) fn takes(&self) -> io::Result<()> {
        self.trouble()
            .map_or(Ok(()), |trouble| Err(trouble.error()))
    }
}

impl Trouble {
    fn error(self) -> io::Error {
        match self {
            Self::Full => Errno::NOSPC,
            Self::Broken => Errno::IO,
        }
        .into()
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct Output {
    file: File,
    disk: Disk,
    /// It holds something, so a disk that fills up cuts what is written next, and takes no more.
    fill: Fill,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    Empty,
    Some,
    Cut,
}

impl Output {
    pub(super) fn new(file: File, disk: Disk) -> Self {
        Self {
            file,
            disk,
            fill: Fill::Empty,
        }
    }

    pub fn sync_all(&self) -> io::Result<()> {
        self.synced(File::sync_all)
    }

    pub fn sync_data(&self) -> io::Result<()> {
        self.synced(File::sync_data)
    }

    fn synced(&self, sync: impl Fn(&File) -> io::Result<()>) -> io::Result<()> {
        match self.disk.trouble() {
            Some(Trouble::Broken) => Err(Trouble::Broken.error()),
            Some(Trouble::Full) | None => sync(&self.file),
        }
    }

    pub fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    /// The same file, for a lock on it.
    pub fn to_std(&self) -> io::Result<std::fs::File> {
        self.file.try_clone().map(File::into_std)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(trouble) = self.disk.trouble() else {
            self.fill = Fill::Some;
            return self.file.write(bytes);
        };
        let half = bytes.len() / 2;
        if trouble == Trouble::Full && self.fill == Fill::Some && half > 0 {
            self.fill = Fill::Cut;
            return self.file.write(&bytes[..half]);
        }
        Err(trouble.error())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Root, read_capped, write_new};
    use super::*;
    use camino::Utf8Path;

    #[test]
    fn a_disk_that_fills_up_cuts_what_is_written_and_takes_no_more_until_it_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::default();
        let root = Root::open(Utf8Path::from_path(folder.path()).unwrap());
        let root = root.unwrap().on(disk.clone());
        root.make_folder(Utf8Path::new("a")).unwrap();
        let below = root.folder(Utf8Path::new("a")).unwrap();
        let mut file = below.create_new(Utf8Path::new("x")).unwrap();
        file.write_all(b"first ").unwrap();
        disk.set(Some(Trouble::Full));
        let error = file.write_all(b"second").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert!(file.write_all(b"third").is_err());
        assert!(write_new(&below, Utf8Path::new("y"), b"y").is_err());
        disk.set(Some(Trouble::Broken));
        assert!(file.write_all(b"fourth").is_err() && file.sync_data().is_err());
        disk.set(None);
        file.write_all(b"fifth").unwrap();
        write_new(&below, Utf8Path::new("y"), b"y").unwrap();
        let bytes = read_capped(&below.path().join("x"), 100).unwrap().unwrap();
        assert_eq!(bytes, b"first secfifth");
    }
}
