//! `diag.restore`: writes calibration back from an XQCN file of this very unit (diag-and-xqcn.md §9, §10).
//!
//! The whole file is checked before the modem leaves its present state; every write is read back; identity is left
//! alone; the modem is brought back online on every path.

mod identity;
mod write;

pub use identity::Owner;

use super::{Cause, Context, Failure, Witness, radio};
use crate::calibration::manifest::{self, Manifest};
use crate::calibration::{self, Xqcn};
use crate::driver::diag::{Diag, Unlock};
use crate::files;
use crate::protocol::diag::{NV_IMEI, NV_SIZE, NvId, imei_from_nv};
use crate::transport::Deadline;
use camino::Utf8Path;
use identity::Readings;
use std::collections::BTreeSet;
use std::time::Duration;

/// The way back online has its own time, for the step's may be over.
const ONLINE: Duration = Duration::from_secs(10);

/// Restores this unit's own file.
pub fn run(
    ctx: &mut Context<'_>,
    from: &Utf8Path,
    skip_items: &[u16],
    label_imei: Option<&str>,
) -> Result<(), Failure> {
    run_as(ctx, from, skip_items, label_imei, Owner::ThisUnit)
}

/// Restores a file whose owner was settled by the guard.
pub fn run_as(
    ctx: &mut Context<'_>,
    from: &Utf8Path,
    skip_items: &[u16],
    label_imei: Option<&str>,
    owner: Owner,
) -> Result<(), Failure> {
    let (xqcn, manifest) = load(from)?;
    let of_model = ctx.profile.skip_items.iter().map(|item| item.value);
    let order = Order {
        xqcn: &xqcn,
        manifest: manifest.as_ref(),
        skip: skip_items.iter().copied().chain(of_model).collect(),
        label: label_imei,
        owner,
    };
    let deadline = ctx.deadline;
    let (diag, witness) = ctx.diag_and_witness()?;
    restore(diag, witness, &order, deadline)
}

/// What is to be restored.
struct Order<'a> {
    xqcn: &'a Xqcn,
    manifest: Option<&'a Manifest>,
    skip: BTreeSet<u16>,
    label: Option<&'a str>,
    owner: Owner,
}

/// Reads and checks the file, and its manifest where it has one.
fn load(from: &Utf8Path) -> Result<(Xqcn, Option<Manifest>), Failure> {
    let broken = |message: String| {
        Failure::new("restore::broken-file", Cause::Plan, message)
            .help("use a whole backup of this unit; nothing was written")
    };
    let bytes = files::read_capped(from, calibration::MAX_BYTES)?
        .ok_or_else(|| broken(format!("`{from}` is too long for a calibration file")))?;
    let mut xqcn = Xqcn::read(&bytes).map_err(|e| broken(format!("`{from}`: {e}")))?;
    if xqcn.nv.is_empty() && xqcn.efs.is_empty() {
        return Err(broken(format!("`{from}` holds nothing to restore")));
    }
    let path = Manifest::path(from);
    let json = match files::read_capped(&path, manifest::MAX_BYTES) {
        Err(error) if error.missing => return Ok((xqcn, None)),
        other => other?.ok_or_else(|| broken(format!("`{path}` is too long for a manifest")))?,
    };
    let manifest = Manifest::read(&json, &bytes).map_err(|e| broken(format!("`{path}`: {e}")))?;
    manifest.tell_kinds(&mut xqcn);
    Ok((xqcn, Some(manifest)))
}

/// The whole of it below the context: compare, unlock, go offline, write, come back.
fn restore(
    diag: &mut Diag,
    witness: &mut dyn Witness,
    order: &Order<'_>,
    deadline: Deadline,
) -> Result<(), Failure> {
    let before = imei_item(diag, deadline)?;
    let modem = before.and_then(|data| imei_from_nv(&data));
    let file = order.xqcn.owner();
    let readings = Readings {
        file: file.as_deref(),
        modem: modem.as_deref(),
        label: order.label,
    };
    identity::judge(readings, order.owner)?;
    tell_about(diag, witness, order, deadline)?;
    unlock(diag, deadline)?;
    diag.efs(deadline)?;
    let result = offline_and_write(diag, witness, order, before, deadline);
    let gone = matches!(&result, Err(failure) if failure.code == "modem::gone");
    if gone {
        return result;
    }
    come_back(diag, result)
}

fn offline_and_write(
    diag: &mut Diag,
    witness: &mut dyn Witness,
    order: &Order<'_>,
    identity: Option<[u8; NV_SIZE]>,
    deadline: Deadline,
) -> Result<(), Failure> {
    diag.offline(deadline)?;
    let tally = write::all(diag, witness, order, deadline)?;
    if imei_item(diag, deadline)? != identity {
        let message = "the modem's IMEI item changed during the restore, although nothing wrote it";
        return Err(Failure::new(
            "restore::identity",
            Cause::Unverified,
            message,
        ));
    }
    tally.tell(witness);
    tally.judge()
}

/// Brings the modem online, whatever happened before.
fn come_back(diag: &mut Diag, result: Result<(), Failure>) -> Result<(), Failure> {
    let deadline = diag.port().within(ONLINE);
    let Err(error) = diag.online(deadline) else {
        return result;
    };
    let first = result.err().map_or_else(
        || "everything was written".to_owned(),
        |failure| failure.message,
    );
    let message =
        format!("the modem is offline and did not come back: {error}; before that: {first}");
    Err(Failure::new("restore::offline", Cause::Modem, message)
        .help("restart the modem, then look at its state before anything else"))
}

fn imei_item(diag: &mut Diag, deadline: Deadline) -> Result<Option<[u8; NV_SIZE]>, Failure> {
    let id = NvId {
        item: NV_IMEI,
        index: None,
    };
    Ok(diag.nv_read(id, deadline)?.map(|value| *value.data))
}

/// What a person should know before it begins.
fn tell_about(
    diag: &mut Diag,
    witness: &mut dyn Witness,
    order: &Order<'_>,
    deadline: Deadline,
) -> Result<(), Failure> {
    let firmware = diag.build(deadline)?;
    let made_on = order
        .xqcn
        .property
        .as_ref()
        .map_or("", |p| p.software.as_str());
    if !made_on.is_empty() && made_on != firmware {
        witness.note(&format!(
            "the file was made on `{}`, the modem runs `{}`",
            made_on.escape_default(),
            firmware.escape_default()
        ));
    }
    for name in &order.xqcn.left_out {
        witness.note(&format!(
            "`{}` in the file means nothing to this program and is not restored",
            name.escape_default()
        ));
    }
    if order.owner == Owner::Donor {
        witness.note("calibration of another unit: the radio will work worse than with its own");
    }
    Ok(())
}

/// Both locks, with their answers looked at (diag-and-xqcn.md §9).
fn unlock(diag: &mut Diag, deadline: Deadline) -> Result<(), Failure> {
    let locked = |what: &str| {
        Failure::new(
            "restore::locked",
            Cause::Modem,
            format!("the modem does not take the usual {what}"),
        )
        .help("unlock the unit with its own code; nothing was written")
    };
    if diag.spc(deadline)? == Unlock::Wrong {
        return Err(locked("service programming code"));
    }
    if diag.password(deadline)? == Unlock::Wrong {
        return Err(locked("security password"));
    }
    radio::stop_if_wished(diag)
}

#[cfg(test)]
mod tests;
