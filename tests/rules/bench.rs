//! An example laid out in a folder of its own, and the program looking at it.

use crate::mark;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;
use unbrick::rule::{Example, File};

/// The folder in which an example is checked.
pub(crate) struct Bench {
    folder: TempDir,
}

/// What one call of the program gave.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new(files: &[File]) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for file in files {
            bench.write(file.path, file.text.as_bytes());
        }
        bench
    }

    /// The files as they are, marks and all.
    pub(crate) fn of(example: &Example) -> Self {
        match example {
            Example::Files(files) => Self::new(files),
            Example::Named(_) => Self::new(&[]),
            Example::Made { path, bytes, .. } => {
                let bench = Self::new(&[]);
                bench.write(path, &bytes());
                bench
            }
        }
    }

    /// The files as a person would have written them.
    pub(crate) fn unmarked(example: &Example) -> Self {
        let bench = Self::of(example);
        if let Example::Files(files) = example {
            for file in *files {
                bench.write(file.path, mark::without_marks(file.text).as_bytes());
            }
        }
        bench
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let out = Command::new(env!("CARGO_BIN_EXE_unbrick"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Said {
            code: out.status.code().unwrap_or(-1),
            stdout: String::from_utf8(out.stdout).unwrap(),
            stderr: String::from_utf8(out.stderr).unwrap(),
        }
    }

    /// The problems of a check, as the program reports them.
    pub(crate) fn problems(&self, given: &str) -> Vec<Value> {
        let said = self.run(&["check", "--format", "json", given]);
        let report: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(report["checked"], 1, "{given}");
        let problems = report["problems"].as_array().unwrap().clone();
        let errors = problems.iter().any(|p| p["severity"] == "error");
        assert_eq!(said.code, if errors { 10 } else { 0 }, "{given}");
        problems
    }
}
