//! What `.ci/usb` fetched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) struct Rig {
    folder: PathBuf,
    pieces: BTreeMap<String, String>,
}

impl Rig {
    /// Or what is missing, and how to get it.
    pub(crate) fn find() -> Result<Self, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/usb-rig");
        let list = folder.join("pieces");
        let text = std::fs::read_to_string(&list).map_err(|error| {
            let list = list.display();
            format!("no kernel and no QEMU ({list}: {error}); `bash .ci/usb` fetches them")
        })?;
        let pieces = text.lines().filter_map(|line| line.split_once('='));
        let rig = Self {
            folder,
            pieces: pieces.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        };
        for path in [rig.qemu(), rig.kernel()] {
            if !path.is_file() {
                let path = path.display();
                return Err(format!("{path} is gone; `bash .ci/usb` fetches it"));
            }
        }
        Ok(rig)
    }

    pub(crate) fn qemu(&self) -> PathBuf {
        self.piece("qemu").unwrap_or_default()
    }

    pub(crate) fn kernel(&self) -> PathBuf {
        self.piece("kernel").unwrap_or_default().join("vmlinux")
    }

    /// The file of a kernel module.
    pub(crate) fn module(&self, name: &str) -> PathBuf {
        let file = format!("{name}.ko");
        let kernel = self.piece("kernel").unwrap_or_default();
        find(&kernel, &file).unwrap_or_else(|| panic!("the kernel has no module {name}"))
    }

    /// The folder that a package was unpacked to; none where it could not be fetched.
    pub(crate) fn piece(&self, name: &str) -> Option<PathBuf> {
        let path = self.pieces.get(name).filter(|path| !path.is_empty())?;
        Some(PathBuf::from(path))
    }

    /// Where this run puts its own files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn find(folder: &Path, file: &str) -> Option<PathBuf> {
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if path.is_dir() {
            if let Some(found) = find(&path, file) {
                return Some(found);
            }
        } else if path.file_name()? == file {
            return Some(path);
        }
    }
    None
}
