//! What the boot chain makes of the flash after power-up (protocols.md §13).

use super::image::{BOOT_LOADER, Marker, TAIL};
use super::mibib;
use super::nand::Nand;
use crate::plan::{Partition, Profile};
use std::ops::Range;

/// The partition of the partition table.
pub(super) const TABLE: &str = "mibib";
/// Erased by packages and never programmed (quectel.md §9: 209+5).
pub(super) const FUSES: &str = "sec";
/// The running version is that of this stage, where it exists: AT+QGMR names the modem half first.
const VERSION_OF: &str = "modem";
/// Partitions that may be blank in a modem that runs: file systems made anew, the recovery system, tools. That the
/// boot chain of this chip does without them is a reading, unverified.
const NOT_NEEDED: [&str; 8] = [
    FUSES,
    "recovery",
    "recoveryfs",
    "usrdata",
    "usr_data",
    "oemdata",
    "misc",
    "tools",
];

/// How far the boot chain comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The boot ROM finds no boot loader that it takes, and waits in 9008.
    NoBootLoader,
    /// The boot loader runs and cannot go on: 900E. Names the partition.
    Broken(String),
    /// This version runs.
    Firmware(String),
}

pub(super) fn verdict(nand: &Nand, profile: &Profile) -> Verdict {
    let find = |name: &str| profile.partitions.iter().find(|p| p.name.value == name);
    if let Some(loader) = find(BOOT_LOADER)
        && stage_version(nand, loader, profile).is_none()
    {
        return Verdict::NoBootLoader;
    }
    if let Some(table) = find(TABLE)
        && !table_is_whole(nand, table)
    {
        return Verdict::Broken(TABLE.to_owned());
    }
    let mut version = None;
    for partition in profile.partitions.iter().filter(|p| is_needed(p)) {
        let name = &partition.name.value;
        let Some(found) = stage_version(nand, partition, profile) else {
            return Verdict::Broken(name.clone());
        };
        if version.is_none() || name == VERSION_OF {
            version = Some(found);
        }
    }
    match version {
        Some(version) => Verdict::Firmware(version),
        None => Verdict::NoBootLoader,
    }
}

/// Whether the modem does not run without this partition; the table is checked apart.
fn is_needed(partition: &Partition) -> bool {
    let name = partition.name.value.as_str();
    !partition.keep && name != TABLE && !NOT_NEEDED.contains(&name)
}

/// The version in a stage that is whole and made for this hardware.
fn stage_version(nand: &Nand, partition: &Partition, profile: &Profile) -> Option<String> {
    let blocks = blocks_of(partition)?;
    let good = nand.good_blocks(blocks.clone());
    let page_bytes = nand.page_bytes() as u64;
    let mut page = vec![0; nand.page_bytes()];
    nand.read(
        u64::from(*good.first()?) * nand.pages_per_block(),
        &mut page,
    )
    .ok()?;
    let marker = Marker::read(&page)?;
    let used = usize::try_from(marker.bytes.div_ceil(nand.block_bytes())).ok()?;
    let whole = good
        .get(..used)?
        .iter()
        .all(|block| !nand.is_blank(*block) && !nand.is_corrupt(*block));
    let ours = profile
        .hw
        .iter()
        .any(|hw| is_for(&marker.firmware, &hw.value));
    if !whole || !ours || marker.stage != partition.name.value {
        return None;
    }
    // The closing marker may cross a page.
    let tail_at = marker.bytes.checked_sub(TAIL as u64)?;
    let mut tail = Vec::new();
    for number in tail_at / page_bytes..marker.bytes.div_ceil(page_bytes) {
        let block = good.get(usize::try_from(number / nand.pages_per_block()).ok()?)?;
        let at = u64::from(*block) * nand.pages_per_block() + number % nand.pages_per_block();
        nand.read(at, &mut page).ok()?;
        tail.extend_from_slice(&page);
    }
    let skip = usize::try_from(tail_at % page_bytes).ok()?;
    marker
        .is_closed_by(tail.get(skip..)?)
        .then_some(marker.firmware)
}

fn table_is_whole(nand: &Nand, partition: &Partition) -> bool {
    let Some(blocks) = blocks_of(partition) else {
        return false;
    };
    let Some(first) = nand.good_blocks(blocks).first().copied() else {
        return false;
    };
    let mut bytes = Vec::new();
    let mut page = vec![0; nand.page_bytes()];
    for number in 0..4.min(nand.pages_per_block()) {
        if nand
            .read(
                u64::from(first) * nand.pages_per_block() + number,
                &mut page,
            )
            .is_err()
        {
            return false;
        }
        bytes.extend_from_slice(&page);
    }
    mibib::is_whole(&bytes, nand.page_bytes())
}

fn blocks_of(partition: &Partition) -> Option<Range<u32>> {
    let end = partition.start.checked_add(partition.blocks)?;
    Some(partition.start..end)
}

/// The hardware key is what stands before `Rdd` (quectel.md §2.1).
fn is_for(firmware: &str, hw: &str) -> bool {
    firmware.strip_prefix(hw).is_some_and(|rest| {
        let mut rest = rest.bytes();
        rest.next() == Some(b'R')
            && rest.next().is_some_and(|b| b.is_ascii_digit())
            && rest.next().is_some_and(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::fixture::{self, FIRMWARE, spanned};

    fn verdict_of(change: impl FnOnce(&mut crate::plan::Scenario)) -> Verdict {
        let profile = fixture::profile();
        let mut scenario = fixture::scenario();
        change(&mut scenario);
        verdict(&Nand::new(&scenario, &profile, 0).unwrap(), &profile)
    }

    #[test]
    fn what_is_damaged_decides_what_boots() {
        let damaged = |name: &str| verdict_of(|s| s.damage = vec![spanned(name.to_owned())]);
        assert_eq!(verdict_of(|_| ()), Verdict::Firmware(FIRMWARE.into()));
        assert_eq!(damaged("sbl"), Verdict::NoBootLoader);
        for stage in ["mibib", "tz", "abl", "modem", "system"] {
            assert_eq!(damaged(stage), Verdict::Broken(stage.into()));
        }
        for spare in ["usrdata", "recovery", "efs2"] {
            assert_eq!(damaged(spare), Verdict::Firmware(FIRMWARE.into()));
        }
        let empty = verdict_of(|s| s.firmware = spanned("none".into()));
        assert_eq!(empty, Verdict::NoBootLoader);
    }

    #[test]
    fn bad_blocks_in_a_stage_do_not_stop_it() {
        let verdict = verdict_of(|s| s.nand.bad_blocks = vec![0, 10, 136, 700, 1605]);
        assert_eq!(verdict, Verdict::Firmware(FIRMWARE.into()));
    }

    #[test]
    fn another_hardware_key_does_not_boot() {
        for foreign in ["RM502QAEAAR13A04M4G_01.203.01.203", "RM502QGLAAX"] {
            let verdict = verdict_of(|s| s.firmware = spanned(foreign.into()));
            assert_eq!(verdict, Verdict::NoBootLoader, "{foreign}");
        }
    }

    #[test]
    fn one_erased_block_within_an_image_is_found() {
        let profile = fixture::profile();
        let mut nand = Nand::new(&fixture::scenario(), &profile, 0).unwrap();
        nand.erase(1700);
        assert_eq!(verdict(&nand, &profile), Verdict::Broken("system".into()));
    }
}
