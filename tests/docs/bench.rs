//! A folder of its own, and the program in it.

use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub(crate) struct Bench {
    folder: TempDir,
}

/// What one call of the program gave.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    /// Data and talk, as they come on a terminal.
    pub(crate) text: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(path)).unwrap_or_default()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let mut screen = tempfile::tempfile().unwrap();
        let status = Command::new(env!("CARGO_BIN_EXE_unbrick"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .stdin(Stdio::null())
            .stdout(screen.try_clone().unwrap())
            .stderr(screen.try_clone().unwrap())
            .status()
            .unwrap();
        let mut text = String::new();
        screen.rewind().unwrap();
        screen.read_to_string(&mut text).unwrap();
        Said {
            code: status.code().unwrap_or(-1),
            text,
        }
    }
}

/// A page of `docs/`.
pub(crate) fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name);
    std::fs::read_to_string(path).unwrap()
}
