//! `dload.flash`: the images of a package go onto the chip through a streaming loader.
//!
//! The package is judged as for `firehose.flash`, by its own rawprogram file, and its `partition.mbn` must place every
//! partition where the profile does: no image and no table goes anywhere else. The boot loader is made invalid first and
//! written last, so that an interruption leaves the modem in EDL. A loader reads nothing back, so what was written is never
//! called verified here, and after a failure nothing resets the modem.

mod flashing;
mod judging;
#[cfg(test)]
mod tests;

use super::dload_reset::of_dload;
use super::{Context, Failure};
use crate::plan::{DloadVerify, Profile};
use crate::protocol::dload::Replace;
use camino::Utf8Path;

/// What was written. All of it could not be verified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub bytes: u64,
    /// Partitions, in the order in which they were written.
    pub unverified: Vec<String>,
}

/// Flashes an unpacked package.
pub fn run(
    ctx: &mut Context<'_>,
    package: &Utf8Path,
    replaces: Replace,
) -> Result<Report, Failure> {
    let judged = judging::judge(package, ctx.profile)?;
    for note in &judged.notes {
        ctx.witness.note(note);
    }
    let deadline = ctx.deadline;
    let (loader, witness) = ctx.dload_and_witness()?;
    flashing::flash(loader, witness, &judged, replaces, deadline)
}

/// What a dry run prints: each partition in the order in which it is sent.
pub fn preview(
    package: &Utf8Path,
    profile: &Profile,
    replaces: Replace,
    verify: Option<DloadVerify>,
) -> Result<Vec<String>, Failure> {
    let judged = judging::judge(package, profile)?;
    let mut lines = vec![format!("describe by {}", judged.rawprogram)];
    lines.push(match replaces {
        Replace::Never => {
            format!("compare {} with the table of the chip", judging::TABLE)
        }
        Replace::Differing => format!(
            "put {} in place of the chip's table where they differ, which may erase",
            judging::TABLE
        ),
    });
    lines.push(format!(
        "make partition {} invalid with {} bytes of zeros",
        judging::BOOT_LOADER,
        judging::INVALID.len()
    ));
    lines.extend(judged.parts.iter().map(|part| {
        let image = &part.image;
        format!(
            "write partition {} as `{}` from {}, {} bytes, sha256 {}",
            part.name,
            part.target.name(),
            image.path,
            image.bytes,
            image.sha256
        )
    }));
    lines.extend(judged.notes.iter().map(|note| format!("note: {note}")));
    let verified = match verify {
        Some(DloadVerify::None) => "verify nothing, as the plan says",
        None => {
            "verify nothing: a streaming loader reads nothing back, so the run ends as unproved"
        }
    };
    lines.push(verified.into());
    Ok(lines)
}
