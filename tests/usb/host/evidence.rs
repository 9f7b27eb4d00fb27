//! What the machine hands out at its end over a second serial line, kept as files.

use super::rig::Rig;
use crate::guest::evidence;

/// Splits what came into files below `evidence/`, and says where they are.
pub(crate) fn keep(rig: &Rig) {
    let folder = rig.file("evidence");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let raw = rig.file("evidence.raw");
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
