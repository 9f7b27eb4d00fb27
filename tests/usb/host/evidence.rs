//! What the machine hands out at its end over a second serial line, kept as files.

use super::rig::Rig;
use crate::guest::evidence;
use std::path::PathBuf;

/// Where the second serial line of a machine goes.
pub(crate) fn raw(rig: &Rig, machine: usize) -> PathBuf {
    rig.file(&format!("evidence-{machine}.raw"))
}

/// Splits what came into files below `evidence/`, and says where they are.
pub(crate) fn keep(rig: &Rig, machines: usize) {
    let folder = rig.file("evidence");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for machine in 0..machines {
        let raw = raw(rig, machine);
        let bytes = std::fs::read(&raw).unwrap_or_default();
        let _ = std::fs::remove_file(&raw);
        for (name, contents) in evidence::split(&bytes) {
            let path = folder.join(name);
            std::fs::write(&path, contents).unwrap();
            println!(
                "evidence: {} ({} KiB)",
                path.display(),
                contents.len().div_ceil(1024)
            );
        }
    }
}
