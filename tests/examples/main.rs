//! The plans of `examples/`: together they use every word of the language, each passes the checker, can be shown and
//! decided dry, and runs on the simulated modem.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may fail where it stands, and looks at files as a person would"
)]

mod coverage;
mod ways;

use std::path::{Path, PathBuf};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Paths of all example plans, sorted.
fn plans() -> Vec<String> {
    let mut found: Vec<String> = std::fs::read_dir(examples())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn name_of(path: &str) -> &str {
    Path::new(path).file_stem().unwrap().to_str().unwrap()
}
