//! Looks at this computer: sysfs, procfs, devices that are not opened, and files that all its users share.

use super::{Error, Root, or_here};
use camino::Utf8Path;
use cap_std::fs::OpenOptionsExt as _;
use cap_std::fs_utf8::{File, OpenOptions};
use std::io::{self, Read as _};

/// Owner and rights of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    pub user: u32,
    pub group: u32,
    pub mode: u32,
}

/// Longest text of sysfs or procfs that is read.
const MAX_TEXT: u64 = 64 * 1024;

impl Root {
    /// Opens a file that every user of this computer may open; creates it where missing. A link is not followed.
    ///
    /// The file is never made anew where it exists: in a folder such as `/run/lock` the kernel refuses that for files of
    /// other users (`fs.protected_regular`).
    pub fn shared(&self, path: &Utf8Path) -> Result<std::fs::File, Error> {
        let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(no_link);
        // Twice, because another process may make it between the two.
        for _ in 0..2 {
            match self.dir.open_with(path, &options) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => return self.wrap("open", path, other).map(File::into_std),
            }
            let mut new = options.clone();
            new.create_new(true).mode(0o666);
            match self.dir.open_with(path, &new) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::new("create", &self.path.join(path), &error)),
                Ok(file) => {
                    let file = file.into_std();
                    // The umask took rights away. Where that cannot be mended, only this user has the file.
                    let _ = rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(0o666));
                    return Ok(file);
                }
            }
        }
        let error = io::Error::new(io::ErrorKind::NotFound, "it comes and goes");
        Err(Error::new("open", &self.path.join(path), &error))
    }

    /// The beginning of a text file, such as one of sysfs or procfs, without blanks around it.
    pub fn text(&self, path: &Utf8Path) -> Option<String> {
        let mut bytes = Vec::new();
        let file = self.read(path).ok()?;
        file.take(MAX_TEXT).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// Whose a file is, and who may do what with it.
    pub fn rights(&self, path: &Utf8Path) -> Option<Rights> {
        use cap_std::fs::MetadataExt as _;
        let found = self.dir.metadata(path).ok()?;
        Some(Rights {
            user: found.uid(),
            group: found.gid(),
            mode: found.mode() & 0o7777,
        })
    }

    /// Whether this process may read and write a file or a device, which is not opened for it.
    pub fn may_open(&self, path: &Utf8Path) -> bool {
        use rustix::fs::{Access, AtFlags};
        let wanted = Access::READ_OK | Access::WRITE_OK;
        rustix::fs::accessat(&self.dir, path.as_str(), wanted, AtFlags::EACCESS).is_ok()
    }

    /// Free bytes of the disk on which a folder is, as this user may use them.
    pub fn free(&self, path: &Utf8Path) -> Option<u64> {
        let folder = self.dir.open_dir(or_here(path)).ok()?;
        let disk = rustix::fs::fstatvfs(&folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

/// Whether this process may make files in a folder.
pub fn may_write(folder: &Utf8Path) -> bool {
    use rustix::fs::{Access, AtFlags};
    let wanted = Access::WRITE_OK | Access::EXEC_OK;
    rustix::fs::accessat(rustix::fs::CWD, folder.as_str(), wanted, AtFlags::EACCESS).is_ok()
}
