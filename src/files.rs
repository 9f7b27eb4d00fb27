//! The only room that opens files. Outputs are created, never overwritten; inputs are read with a cap or streamed;
//! nothing below a root is reached by leaving it.

mod disk;
mod looking;

pub use disk::{Disk, Output, Trouble};
pub use looking::{Rights, may_write};

use camino::{Utf8Path, Utf8PathBuf};
use cap_std::ambient_authority;
use cap_std::fs::OpenOptionsExt as _;
use cap_std::fs_utf8::{Dir, DirBuilder, DirBuilderExt as _, File, OpenOptions};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Read, Write};

/// A file operation that did not work.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} `{path}`: {reason}")]
pub struct Error {
    pub verb: &'static str,
    pub path: Utf8PathBuf,
    pub reason: String,
    /// The file or folder is not there.
    pub missing: bool,
}

impl Error {
    fn new(verb: &'static str, path: &Utf8Path, error: &io::Error) -> Self {
        Self {
            verb,
            path: path.to_owned(),
            reason: error.to_string(),
            missing: error.kind() == io::ErrorKind::NotFound,
        }
    }
}

/// A folder, held open; every path given to it stays beneath it.
#[derive(Debug)]
pub struct Root {
    dir: Dir,
    path: Utf8PathBuf,
    disk: Disk,
}

impl Root {
    /// Opens a folder that exists.
    pub fn open(path: &Utf8Path) -> Result<Self, Error> {
        let dir = Dir::open_ambient_dir(or_here(path), ambient_authority())
            .map_err(|e| Error::new("open the folder", path, &e))?;
        Ok(Self {
            dir,
            path: path.to_owned(),
            disk: Disk::default(),
        })
    }

    /// The same folder on a disk that a rehearsal can spoil.
    #[must_use]
    pub fn on(self, disk: Disk) -> Self {
        Self { disk, ..self }
    }

    /// Opens a folder, and makes it and its parents where missing.
    pub fn create(path: &Utf8Path) -> Result<Self, Error> {
        Dir::create_ambient_dir_all(or_here(path), ambient_authority())
            .map_err(|e| Error::new("make the folder", path, &e))?;
        Self::open(path)
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    fn wrap<T>(
        &self,
        verb: &'static str,
        path: &Utf8Path,
        result: io::Result<T>,
    ) -> Result<T, Error> {
        result.map_err(|e| Error::new(verb, &self.path.join(path), &e))
    }

    pub fn exists(&self, path: &Utf8Path) -> bool {
        self.dir.symlink_metadata(path).is_ok()
    }

    pub fn is_file(&self, path: &Utf8Path) -> bool {
        self.dir.metadata(path).is_ok_and(|m| m.is_file())
    }

    pub fn is_folder(&self, path: &Utf8Path) -> bool {
        self.dir.metadata(path).is_ok_and(|m| m.is_dir())
    }

    /// A symbolic link, wherever it leads.
    pub fn is_link(&self, path: &Utf8Path) -> bool {
        self.dir
            .symlink_metadata(path)
            .is_ok_and(|m| m.is_symlink())
    }

    /// Where a symbolic link leads, as it is written.
    pub fn target(&self, path: &Utf8Path) -> Result<Utf8PathBuf, Error> {
        self.wrap("read the link", path, self.dir.read_link_contents(path))
    }

    /// The path without links, beneath this folder.
    pub fn real(&self, path: &Utf8Path) -> Result<Utf8PathBuf, Error> {
        self.wrap("look at", path, self.dir.canonicalize(path))
    }

    /// Opens a file for reading. A pipe is never opened: it would wait for whoever writes into it.
    pub fn read(&self, path: &Utf8Path) -> Result<File, Error> {
        if let Ok(found) = self.dir.metadata(path)
            && !found.is_file()
        {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no ordinary file");
            return Err(Error::new("open", &self.path.join(path), &error));
        }
        let file = self.wrap("open", path, self.dir.open(path))?;
        let is_file = self.wrap("look at", path, file.metadata())?.is_file();
        if is_file {
            Ok(file)
        } else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no ordinary file");
            Err(Error::new("open", &self.path.join(path), &error))
        }
    }

    /// A folder beneath this one.
    pub fn folder(&self, path: &Utf8Path) -> Result<Self, Error> {
        let dir = self.wrap("open the folder", path, self.dir.open_dir(path))?;
        Ok(Self {
            dir,
            path: self.path.join(path),
            disk: self.disk.clone(),
        })
    }

    /// Creates a new file; it is an error if anything of that name exists.
    pub fn create_new(&self, path: &Utf8Path) -> Result<Output, Error> {
        self.make_parents(path)?;
        self.wrap("create", path, self.disk.takes())?;
        let mut options = OpenOptions::new();
        // Backups hold calibration and identity, journals what was done to a unit: for their owner alone.
        options.write(true).read(true).create_new(true).mode(0o600);
        let file = self.wrap("create", path, self.dir.open_with(path, &options))?;
        Ok(Output::new(file, self.disk.clone()))
    }

    /// Opens a file to append to it; creates it where missing.
    pub fn append(&self, path: &Utf8Path) -> Result<Output, Error> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let file = self.wrap("open", path, self.dir.open_with(path, &options))?;
        Ok(Output::new(file, self.disk.clone()))
    }

    /// Tells the kernel a setting, in a file that it made, such as one of sysfs; the whole text in one write. The
    /// kernel's refusal is as it came: what it means depends on the setting.
    pub fn set(&self, path: &Utf8Path, text: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true);
        let mut file = self.dir.open_with(path, &options)?;
        file.write_all(text.as_bytes())
    }

    /// Makes a folder and its parents.
    pub fn make_folder(&self, path: &Utf8Path) -> Result<(), Error> {
        if !self.is_folder(path) {
            self.wrap("make the folder", path, self.disk.takes())?;
        }
        self.wrap("make the folder", path, self.dir.create_dir_all(path))
    }

    /// Makes a folder and its parents, for their owner alone.
    pub fn make_own_folder(&self, path: &Utf8Path) -> Result<(), Error> {
        if self.is_folder(path) {
            return Ok(());
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_str().is_empty()) {
            self.make_own_folder(parent)?;
        }
        self.wrap("make the folder", path, self.disk.takes())?;
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        let made = self.dir.create_dir_with(path, &builder);
        self.wrap("make the folder", path, made)
    }

    fn make_parents(&self, path: &Utf8Path) -> Result<(), Error> {
        match path.parent() {
            Some(parent) if !parent.as_str().is_empty() => self.make_folder(parent),
            _ => Ok(()),
        }
    }

    /// Gives a file or folder its final name, which must be free; then syncs the folder.
    pub fn rename_new(&self, from: &Utf8Path, to: &Utf8Path) -> Result<(), Error> {
        self.make_parents(to)?;
        if self.exists(to) {
            let error = io::Error::new(io::ErrorKind::AlreadyExists, "it exists already");
            return Err(Error::new("create", &self.path.join(to), &error));
        }
        if self.disk.trouble() == Some(Trouble::Broken) {
            self.wrap("rename", from, self.disk.takes())?;
        }
        self.wrap("rename", from, self.dir.rename(from, &self.dir, to))?;
        self.sync(to.parent().unwrap_or(Utf8Path::new("")))
    }

    /// Makes a symbolic link to anywhere; one of the same name is replaced, anything else of that name is an error.
    pub fn link(&self, name: &Utf8Path, target: &Utf8Path) -> Result<(), Error> {
        self.remove_link(name)?;
        self.wrap("create", name, self.dir.symlink_contents(target, name))
    }

    /// Removes a symbolic link, where there is one; a file or a folder of that name stays.
    pub fn remove_link(&self, name: &Utf8Path) -> Result<(), Error> {
        if (self.dir.symlink_metadata(name)).is_ok_and(|found| found.is_symlink()) {
            self.remove_file(name)?;
        }
        Ok(())
    }

    pub fn remove_file(&self, path: &Utf8Path) -> Result<(), Error> {
        self.wrap("remove", path, self.dir.remove_file(path))
    }

    pub fn remove_folder(&self, path: &Utf8Path) -> Result<(), Error> {
        self.wrap("remove", path, self.dir.remove_dir_all(path))
    }

    /// Makes names in a folder durable.
    pub fn sync(&self, path: &Utf8Path) -> Result<(), Error> {
        let folder = self.wrap("open the folder", path, self.dir.open(or_here(path)))?;
        self.wrap("sync", path, folder.sync_all())
    }

    /// Names in a folder, sorted; names that are not UTF-8 are left out.
    pub fn names(&self, path: &Utf8Path) -> Result<Vec<String>, Error> {
        let entries = self.wrap("list", path, self.dir.read_dir(or_here(path)))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().ok())
            .collect();
        names.sort();
        Ok(names)
    }
}

/// Opens any file for reading.
pub fn open(path: &Utf8Path) -> Result<File, Error> {
    let name = path.file_name().unwrap_or(path.as_str());
    Root::open(path.parent().unwrap_or(Utf8Path::new("")))?.read(Utf8Path::new(name))
}

/// The working folder.
pub fn here() -> Result<Utf8PathBuf, Error> {
    let wrong = |reason: &dyn std::fmt::Display| Error {
        verb: "find",
        path: "the working folder".into(),
        reason: reason.to_string(),
        missing: false,
    };
    let path = std::env::current_dir().map_err(|error| wrong(&error))?;
    Utf8PathBuf::from_path_buf(path).map_err(|_| wrong(&"its name is no UTF-8"))
}

/// Reads a whole file of at most `cap` bytes; `None` if it is longer.
pub fn read_capped(path: &Utf8Path, cap: u64) -> Result<Option<Vec<u8>>, Error> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    file.take(cap + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::new("read", path, &e))?;
    Ok((bytes.len() as u64 <= cap).then_some(bytes))
}

/// SHA-256 of what a reader gives, and how many bytes it gave. Memory does not grow with it.
pub fn sha256(mut reader: impl Read) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut total = 0;
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok((hex(&hash.finalize()), total));
        }
        hash.update(&buffer[..count]);
        total += count as u64;
    }
}

/// Writes a new file under a temporary name, syncs it, and gives it its final name.
pub fn write_new(root: &Root, path: &Utf8Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = Utf8PathBuf::from(format!("{path}.part"));
    if root.exists(path) {
        let error = io::Error::new(io::ErrorKind::AlreadyExists, "it exists already");
        return Err(Error::new("create", &root.path.join(path), &error));
    }
    let mut file = root.create_new(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // The partial file is of no use; the first error is what matters.
        let _ = root.remove_file(&temporary);
        return Err(Error::new("write", &root.path.join(path), &error));
    }
    root.rename_new(&temporary, path)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn or_here(path: &Utf8Path) -> &Utf8Path {
    if path.as_str().is_empty() {
        Utf8Path::new(".")
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        (folder, root)
    }

    #[test]
    fn nothing_is_overwritten() {
        let (_folder, root) = scratch();
        let path = Utf8Path::new("a/b.xqcn");
        write_new(&root, path, b"one").unwrap();
        assert!(write_new(&root, path, b"two").is_err());
        let mut text = String::new();
        root.read(path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "one");
        assert_eq!(root.names(Utf8Path::new("a")).unwrap(), ["b.xqcn"]);
    }

    #[test]
    fn what_is_created_is_for_its_owner_alone() {
        use cap_std::fs::MetadataExt as _;
        let (_folder, root) = scratch();
        write_new(&root, Utf8Path::new("private.json"), b"{}").unwrap();
        let file = root.read(Utf8Path::new("private.json")).unwrap();
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_path_leaves_its_root() {
        let (_folder, root) = scratch();
        for path in ["../x", "/etc/passwd", "a/../../x"] {
            assert!(root.read(Utf8Path::new(path)).is_err(), "{path}");
            assert!(root.create_new(Utf8Path::new(path)).is_err(), "{path}");
        }
        std::os::unix::fs::symlink("/etc", root.path().join("out")).unwrap();
        assert!(root.read(Utf8Path::new("out/passwd")).is_err());
    }

    #[test]
    fn a_longer_file_than_allowed_is_not_read() {
        let (_folder, root) = scratch();
        write_new(&root, Utf8Path::new("x"), &[7; 100]).unwrap();
        let path = root.path().join("x");
        assert_eq!(read_capped(&path, 99).unwrap(), None);
        assert_eq!(read_capped(&path, 100).unwrap().unwrap().len(), 100);
    }
}
