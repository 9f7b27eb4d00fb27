//! All that the machine needs: this test as its pid 1, the program, modules, other people's tools, libraries, and what
//! a run is given.

use super::archive::Archive;
use super::rig::Rig;
use crate::bench::Bench;
use crate::guest;
use crate::unit::Unit;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The same for every machine.
pub(crate) fn pack(rig: &Rig) -> Vec<u8> {
    let mut archive = Archive::default();
    let own = std::env::current_exe().unwrap();
    program(&mut archive, "init", &own, &[]);
    let unbrick =
        std::env::var_os("UNBRICK_BIN").map_or(env!("CARGO_BIN_EXE_unbrick").into(), PathBuf::from);
    program(
        &mut archive,
        guest::UNBRICK.trim_start_matches('/'),
        &unbrick,
        &[],
    );
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
    let bench = Bench::new();
    let unit = Unit::make(&bench);
    let place = bench.path("");
    let name = place.to_str().unwrap().trim_matches('/').to_owned();
    folder(&mut archive, &place, &name);
    archive.file(
        guest::UNIT,
        format!("{}\n{}\n", unit.scenario, unit.inputs).as_bytes(),
    );
    archive.end()
}

/// ModemManager and what it lives with on a Debian, at their own paths; none where the rig has it not.
pub(crate) fn modem_manager(rig: &Rig) -> Option<Vec<u8>> {
    let from = rig.piece(guest::MODEM_MANAGER)?;
    let mut archive = Archive::default();
    let libraries = ["usr/lib", "lib"].map(|at| from.join(at).join("x86_64-linux-gnu"));
    for path in guest::SERVICES {
        // Older releases keep some of them outside of /usr.
        let places = [path, path.trim_start_matches("usr/")].map(|at| from.join(at));
        let found = places.iter().find(|place| place.is_file()).unwrap();
        program(&mut archive, path, found, &libraries);
    }
    for path in [
        "usr/lib/x86_64-linux-gnu/ModemManager",
        "etc/dbus-1",
        "usr/share/dbus-1",
        "usr/share/polkit-1",
    ] {
        folder(&mut archive, &from.join(path), path);
    }
    for at in ["lib", "usr/lib"].map(|at| from.join(at).join("udev/rules.d")) {
        let rules = at.read_dir().into_iter().flatten();
        for rules in rules.map(|entry| entry.unwrap().path()) {
            let name = rules.file_name().unwrap().to_str().unwrap();
            if UDEV_RULES.iter().any(|start| name.starts_with(start)) {
                let bytes = std::fs::read(&rules).unwrap();
                archive.file(&format!("usr/lib/udev/rules.d/{name}"), &bytes);
            }
        }
    }
    archive.file("etc/passwd", USERS.as_bytes());
    archive.file("etc/group", GROUPS.as_bytes());
    Some(archive.end())
}

/// Those that say something of a modem; all of them take their time on an emulated machine.
const UDEV_RULES: [&str; 4] = ["50-udev-default", "60-serial", "77-mm-", "80-mm-"];
/// The services give up root, as they do everywhere.
const USERS: &str = "root:x:0:0::/:/bin/sh
messagebus:x:100:100::/:/bin/false
polkitd:x:101:101::/:/bin/false
nobody:x:65534:65534::/:/bin/false
";
const GROUPS: &str = "root:x:0:
messagebus:x:100:
polkitd:x:101:
nogroup:x:65534:
";

/// What one machine is to run. The kernel unpacks archives that follow each other (usb-test-rig.md §3).
pub(crate) fn chosen(names: &[&str]) -> Vec<u8> {
    let mut archive = Archive::default();
    archive.file(guest::CHOSEN, names.join("\n").as_bytes());
    archive.end()
}

/// All files below a folder, under another.
fn folder(archive: &mut Archive, from: &Path, to: &str) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{to}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            folder(archive, &path, &name);
        } else {
            archive.file(&name, &std::fs::read(&path).unwrap());
        }
    }
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
