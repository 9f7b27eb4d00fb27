//! All that the machine needs: this test as its pid 1, the program, modules, other people's tools, and libraries.

use super::archive::Archive;
use super::rig::Rig;
use crate::guest;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn pack(rig: &Rig, words: &[&str]) -> Vec<u8> {
    let mut archive = Archive::default();
    let own = std::env::current_exe().unwrap();
    program(&mut archive, "init", &own, &[]);
    let unbrick =
        std::env::var_os("UNBRICK_BIN").map_or(env!("CARGO_BIN_EXE_unbrick").into(), PathBuf::from);
    program(&mut archive, guest::UNBRICK, &unbrick, &[]);
    for (piece, path) in guest::TOOLS {
        if let Some(folder) = rig.piece(piece) {
            let libraries = ["usr/lib", "libraries/usr/lib", "libraries/lib"];
            let libraries = libraries.map(|at| folder.join(at).join("x86_64-linux-gnu"));
            program(&mut archive, path, &folder.join("usr/bin/qdl"), &libraries);
        }
    }
    for name in guest::MODULES {
        let bytes = std::fs::read(rig.module(name)).unwrap();
        archive.file(&guest::module(name), &bytes);
    }
    archive.file(guest::WORDS, words.join("\n").as_bytes());
    archive.end()
}

/// A program without its debug information, and the libraries that it is linked with: those of this machine at their
/// own paths, others in one folder.
fn program(archive: &mut Archive, path: &str, program: &Path, libraries: &[PathBuf]) {
    archive.file(path, &stripped(program));
    let mut ldd = Command::new("ldd");
    let folders: Vec<&str> = libraries.iter().filter_map(|at| at.to_str()).collect();
    let said = ldd.arg(program).env("LD_LIBRARY_PATH", folders.join(":"));
    let said = String::from_utf8(said.output().unwrap().stdout).unwrap();
    assert!(!said.contains("not found"), "{}: {said}", program.display());
    for library in said.split_whitespace().filter(|word| word.starts_with('/')) {
        let bytes = std::fs::read(library).unwrap();
        if libraries
            .iter()
            .any(|folder| Path::new(library).starts_with(folder))
        {
            let name = Path::new(library).file_name().unwrap().to_str().unwrap();
            archive.file(&format!("{}/{name}", guest::LIBRARIES), &bytes);
        } else {
            archive.file(library.trim_start_matches('/'), &bytes);
        }
    }
}

/// Debug information is nine tenths of a program, and the machine holds all of it in memory.
fn stripped(program: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("stripped");
    let strip = Command::new("strip")
        .arg("-o")
        .arg(&out)
        .arg(program)
        .status();
    match strip {
        Ok(status) if status.success() => std::fs::read(out).unwrap(),
        _ => std::fs::read(program).unwrap(),
    }
}
