//! Everything that can be known of a flash over Streaming DLOAD before the modem is spoken to.

use crate::action::{Cause, Failure, firehose_flash};
use crate::driver::dload::Target;
use crate::files::Root;
use crate::firmware::{Image, Package, read_listed};
use crate::plan::{Partition, Profile};
use crate::protocol::dload::{Entry, MAX_TABLE, UserTable};
use crate::protocol::nand::Sector;
use camino::{Utf8Path, Utf8PathBuf};

/// The table for a loader (quectel.md §9).
pub(super) const TABLE: &str = "update/partition.mbn";
pub(super) const BOOT_LOADER: &str = "sbl";
/// The loader writes the chip's own table by itself, from the one that it was given.
const CHIPS_TABLE: &str = "mibib";
/// What makes a partition invalid: Quectel's own tools write as many zeros (`do_flash_mbn` of `QFirehose` where there is no
/// file, and of its predecessor for `0:boot`). That a boot ROM of this chip goes into EDL over them, as it does over a boot
/// loader that is erased (seen with an MDM9207), is unverified.
pub(super) const INVALID: &[u8] = &[0; 4096];

/// A package that can be written.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) rawprogram: Utf8PathBuf,
    pub(super) table: Vec<u8>,
    /// In the order in which they are written: the boot loader last.
    pub(super) parts: Vec<Part>,
    /// What a person should know and no rule refuses.
    pub(super) notes: Vec<String>,
}

/// An image and the partition that it goes into.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) target: Target,
    pub(super) image: Image,
}

pub(super) fn judge(folder: &Utf8Path, profile: &Profile) -> Result<Judged, Failure> {
    let package = firehose_flash::inspect(folder, profile, false)?;
    let bytes = read_table(folder)?;
    let entries = placed(&bytes, profile)?;
    let mut notes = package.warnings.clone();
    if !package.patches.is_empty() {
        return Err(refused(
            "dload::patch",
            "the package changes bytes on the chip after it was written, which no streaming loader can",
        ));
    }
    notes.extend(only_erased(&package));
    let mut parts = Vec::new();
    for program in package.programs {
        let (partition, entry) = entries
            .iter()
            .find(|(partition, _)| sector(partition.start, profile) == Some(program.room.start()))
            .ok_or_else(|| {
                refused(
                    "dload::no-partition",
                    format!("{program} is no partition that a streaming loader knows"),
                )
            })?;
        let name = &partition.name.value;
        if name == CHIPS_TABLE {
            continue;
        }
        let room = u64::from(partition.blocks)
            * u64::from(profile.nand.pages_per_block)
            * u64::from(profile.nand.page);
        if program.image.bytes > room {
            return Err(refused(
                "dload::too-large",
                format!(
                    "`{}` has {} bytes, and `{name}` has room for {room}",
                    program.image.path, program.image.bytes
                ),
            ));
        }
        let target = Target::of(partition, entry)
            .map_err(|kept| Failure::new("plan::kept-part", Cause::Plan, kept.to_string()))?;
        parts.push(Part {
            name: name.clone(),
            target,
            image: program.image,
        });
    }
    // The package's own order: it was sorted for that.
    if parts.last().map(|part| part.name.as_str()) != Some(BOOT_LOADER) {
        return Err(refused(
            "dload::no-boot-loader",
            "the package has no image for the boot loader",
        ));
    }
    Ok(Judged {
        rawprogram: package.rawprogram,
        table: bytes,
        parts,
        notes,
    })
}

fn read_table(folder: &Utf8Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: String| {
        Failure::new("dload::table", Cause::Plan, error).help(
            "get the package for this very model; a streaming loader needs its `partition.mbn`",
        )
    };
    let root = Root::open(folder).map_err(|error| unreadable(error.to_string()))?;
    read_listed(&root, Utf8Path::new(TABLE), MAX_TABLE as u64)
        .map_err(|fault| unreadable(fault.to_string()))
}

/// Each partition of the profile with its entry. The table must have these and no others, each where the profile has it:
/// otherwise it is not this chip's, or the profile is wrong, and either way an image would go astray.
fn placed<'a>(bytes: &[u8], profile: &'a Profile) -> Result<Vec<(&'a Partition, Entry)>, Failure> {
    let other = |message: String| {
        refused("dload::other-table", message).help(
            "nothing was written; get the package for this very model, or compare the profile with it",
        )
    };
    let nand = &profile.nand;
    let block_kib = u64::from(nand.page) * u64::from(nand.pages_per_block) / 1024;
    let block_kib = u32::try_from(block_kib).unwrap_or(u32::MAX);
    let table = UserTable::decode(bytes)
        .map_err(|reason| other(format!("`{TABLE}` is no partition table: {reason}")))?;
    let places = table
        .places(block_kib, nand.blocks)
        .map_err(|reason| other(format!("`{TABLE}` does not fit the chip: {reason}")))?;
    if table.entries.len() != profile.partitions.len() {
        return Err(other(format!(
            "`{TABLE}` has {} partitions, and {} has {}",
            table.entries.len(),
            profile.id.value,
            profile.partitions.len()
        )));
    }
    let mut entries = Vec::new();
    let pairs = table.entries.into_iter().zip(places);
    for ((entry, (start, blocks)), partition) in pairs.zip(&profile.partitions) {
        let same = entry.plain().eq_ignore_ascii_case(&partition.name)
            && start == partition.start
            && blocks >= partition.blocks;
        if !same {
            return Err(other(format!(
                "`{TABLE}` has `{}` at block {start} with {blocks} blocks, where {} has `{}` at {} with {}",
                entry.name,
                profile.id.value,
                partition.name.value,
                partition.start,
                partition.blocks
            )));
        }
        entries.push((partition, entry));
    }
    Ok(entries)
}

/// A loader erases what it writes, and nothing by itself.
fn only_erased(package: &Package) -> Option<String> {
    let written = |erase: &&crate::firmware::Erase| {
        let mut programs = package.programs.iter();
        !programs.any(|program| program.room.overlaps(erase.sectors))
    };
    let left: Vec<String> = { package.erases.iter() }
        .filter(written)
        .map(|erase| erase.part.clone().unwrap_or_else(|| erase.to_string()))
        .collect();
    (!left.is_empty()).then(|| {
        format!(
            "{} would only be erased, and stays as it is: a streaming loader erases what it writes",
            left.join(", ")
        )
    })
}

fn sector(block: u32, profile: &Profile) -> Option<Sector> {
    block.checked_mul(profile.nand.pages_per_block).map(Sector)
}

fn refused(code: &'static str, message: impl Into<String>) -> Failure {
    Failure::new(code, Cause::Plan, message).help("nothing was written")
}
