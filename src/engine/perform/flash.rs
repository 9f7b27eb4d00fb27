//! Steps that write whole images. What could not be verified ends the run as unproved, unless the step wants nothing verified.

use super::Saved;
use crate::action::{Context, Failure, dload_flash, fastboot_flash, firehose_flash};
use crate::check::{CheckedStep, GuardKind};
use crate::plan::{
    DloadFlash, FastbootFlash, FastbootVerify, FirehoseFlash, Value, Values, Verify,
};
use crate::protocol::dload::Replace;
use camino::Utf8Path;
use std::collections::BTreeSet;

/// What could not be verified ends the run as unproved, unless the step wants nothing verified.
pub(super) fn flash_package(
    ctx: &mut Context<'_>,
    flash: &FirehoseFlash,
    package: &Utf8Path,
) -> Result<Saved, Failure> {
    let erase_all = flash.erase_all.as_ref().is_some_and(|e| e.value);
    let verify = flash.verify.as_ref().map(|v| v.value);
    let report = firehose_flash::run(ctx, package, verify, flash.skip_same, erase_all)?;
    Ok(match verify {
        Some(Verify::None) => Saved::default(),
        _ => Saved::unverified(report.unverified, None),
    })
}

pub(super) fn flash_image(
    ctx: &mut Context<'_>,
    flash: &FastbootFlash,
    image: &Utf8Path,
    checked: &CheckedStep,
    known: &Values,
) -> Result<Saved, Failure> {
    let report = fastboot_flash::run(ctx, &flash.part, image)?;
    Ok(match flash.verify.as_ref().map(|verify| verify.value) {
        None => Saved::unverified(report.unverified, None),
        Some(FastbootVerify::Version) => {
            let version = written_version(checked, known);
            Saved::unverified(report.unverified, version.as_deref())
        }
        Some(FastbootVerify::None) => Saved::default(),
    })
}

pub(super) fn flash_by_loader(
    ctx: &mut Context<'_>,
    flash: &DloadFlash,
    package: &Utf8Path,
) -> Result<Saved, Failure> {
    let report = dload_flash::run(ctx, package, replaces(flash))?;
    Ok(match &flash.verify {
        None => Saved::unverified(report.unverified, None),
        Some(_) => Saved::default(),
    })
}

/// What the plan allows the loader to do with a table that differs.
pub(in crate::engine) fn replaces(flash: &DloadFlash) -> Replace {
    match &flash.replace_table {
        Some(replace) if replace.value => Replace::Differing,
        _ => Replace::Never,
    }
}

/// The version that the step writes, as the guard against rollback judges it.
fn written_version(checked: &CheckedStep, known: &Values) -> Option<String> {
    let targets = checked.guards.iter().filter_map(|guard| match &guard.kind {
        GuardKind::Rollback { target, .. } => known.get(target).map(Value::display),
        _ => None,
    });
    let versions: BTreeSet<String> = targets.collect();
    (versions.len() == 1).then(|| versions.into_iter().next())?
}
