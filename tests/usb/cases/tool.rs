//! The programs that cases start.

use super::Verdict;
use crate::guest::{LIBRARIES, TOOLS};
use std::path::Path;
use std::process::Command;

/// Hands one of the `qdl` programs to a judge, where the rig has it.
pub(crate) fn with_qdl(piece: &str, judge: impl FnOnce(Command)) -> Verdict {
    let (_, path) = TOOLS.iter().find(|(name, _)| *name == piece).unwrap();
    let path = format!("/{path}");
    if !Path::new(&path).exists() {
        return Verdict::PassedOver(format!("{piece} could not be fetched"));
    }
    let mut command = Command::new(path);
    command.env("LD_LIBRARY_PATH", format!("/{LIBRARIES}"));
    judge(command);
    Verdict::Passed
}
