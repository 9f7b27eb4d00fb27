//! `firehose.flash`: a package goes onto the chip.
//!
//! Everything is judged and compared with the chip before the first erase. Sector 0 is erased first and written
//! last, so from the first erase to the last write an interruption leaves the modem in EDL, where it can be tried
//! again. After a failure nothing here resets the modem.

mod flashing;
mod same;
mod supply;
#[cfg(test)]
mod tests;
mod verifying;

pub use flashing::flash;

use super::{Cause, Context, Failure};
use crate::files::Root;
use crate::firmware::{Extent, Package};
use crate::plan::{Profile, Verify};
use crate::protocol::nand::Geometry;
use camino::Utf8Path;

/// What was written, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub erased: usize,
    pub written: usize,
    /// Ranges whose digest was that of their image already.
    pub skipped: usize,
    pub bytes: u64,
    /// Places of ranges that could not be verified. If there are any, and the step does not say `verify: none`,
    /// the run ends as unproved.
    pub unverified: Vec<String>,
}

/// How a step wants it done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// `None`: the best there is.
    pub verify: Option<Verify>,
    pub skip_same: bool,
    pub erase_all: bool,
}

/// Flashes an unpacked package.
pub fn run(
    ctx: &mut Context<'_>,
    package_root: &Utf8Path,
    verify: Option<Verify>,
    skip_same: bool,
    erase_all: bool,
) -> Result<Report, Failure> {
    let options = Options {
        verify,
        skip_same,
        erase_all,
    };
    let chip = geometry(ctx.profile)?;
    let package = inspect(package_root, ctx.profile, erase_all)?;
    for warning in &package.warnings {
        ctx.witness.note(warning);
    }
    let deadline = ctx.deadline;
    let (firehose, witness) = ctx.firehose_and_witness()?;
    flash(firehose, witness, chip, package, options, deadline)
}

/// What a dry run prints: each range in the order in which it is sent.
pub fn preview(
    package_root: &Utf8Path,
    profile: &Profile,
    skip_same: bool,
    erase_all: bool,
) -> Result<Vec<String>, Failure> {
    let package = inspect(package_root, profile, erase_all)?;
    let mut lines = vec![format!("describe by {}", package.rawprogram)];
    if skip_same {
        lines.push("leave ranges alone whose digest is that of their image already".to_owned());
    }
    lines.extend(package.erases.iter().map(|erase| format!("erase {erase}")));
    lines.extend(package.programs.iter().map(|program| {
        let image = &program.image;
        format!(
            "program {program} from {}, {} bytes, sha256 {}",
            image.path, image.bytes, image.sha256
        )
    }));
    lines.extend(
        package
            .patches
            .iter()
            .map(|p| format!("patch {p} with {}", p.value)),
    );
    lines.extend(
        package
            .warnings
            .iter()
            .map(|warning| format!("note: {warning}")),
    );
    Ok(lines)
}

pub(super) fn inspect(
    folder: &Utf8Path,
    profile: &Profile,
    erase_all: bool,
) -> Result<Package, Failure> {
    let root = Root::open(folder).map_err(|error| {
        Failure::new("package::unreadable", Cause::Host, error.to_string())
            .help("give the folder that holds `md5.txt` and `update`")
    })?;
    let chip = profile.flash_chip(&[]).ok_or_else(no_geometry)?;
    let extent = if erase_all {
        Extent::WholeChip
    } else {
        Extent::Update
    };
    Package::inspect(&root, &chip, extent).map_err(|faults| {
        let said: Vec<String> = faults.iter().take(5).map(ToString::to_string).collect();
        let (code, help) = faults.first().map_or(("package::unreadable", ""), |first| {
            (first.code(), first.help())
        });
        Failure::new(code, Cause::Plan, said.join("; ")).help(help)
    })
}

fn geometry(profile: &Profile) -> Result<Geometry, Failure> {
    profile
        .flash_chip(&[])
        .map(|chip| chip.geometry)
        .ok_or_else(no_geometry)
}

fn no_geometry() -> Failure {
    Failure::new(
        "flash::geometry",
        Cause::Plan,
        "the profile's NAND geometry makes no sense",
    )
}
