//! Everything that can be known of a package's ranges: borders, overlaps, what is kept, what is left blank; and
//! the order in which they are erased and written.

use super::super::fault::Fault;
use super::super::mibib::{self, Checksum, Mibib, Part};
use super::inspect::SBL;
use super::{Chip, Erase, Extent, Package};
use crate::protocol::nand::{Sector, Sectors};

/// Partition tables are some pages long.
const MAX_TABLE: u64 = 4 * 1024 * 1024;

/// What lines say, whether or not the images of all of them are good: a bad image is told once, and not again as a
/// partition that nothing is written to.
pub(super) struct Said {
    /// Ranges that are written.
    pub(super) rooms: Vec<Sectors>,
    /// Partitions as far as lines name them.
    pub(super) labels: Vec<(String, Sectors)>,
}

pub(super) fn judge(package: &mut Package, chip: &Chip, extent: Extent, said: &Said) -> Vec<Fault> {
    let mut faults = read_table(package, chip);
    let parts = known_parts(package, chip);
    faults.extend(borders(package, chip));
    faults.extend(overlaps(package));
    faults.extend(slack(package, chip));
    faults.extend(beyond(package, chip));
    faults.extend(boot_loader(said));
    if extent == Extent::WholeChip {
        package.erases = whole_chip(package, chip);
    }
    faults.extend(unerased(package));
    faults.extend(left_blank(package, &parts, said));
    if extent == Extent::Update {
        faults.extend(kept(package, chip, &parts));
        faults.extend(kept_by_name(chip, said));
    }
    if faults.is_empty() {
        name(package, &parts);
        sort(package);
    }
    faults
}

fn read_table(package: &mut Package, chip: &Chip) -> Vec<Fault> {
    let mut faults = Vec::new();
    let own = chip
        .parts
        .iter()
        .find(|part| part.name == "mibib")
        .map(|part| part.sectors);
    for program in &mut package.programs {
        let image = &mut program.image;
        if !mibib::begins(&image.head) && own != Some(program.room) {
            continue;
        }
        let bytes = match image.small(MAX_TABLE) {
            Ok(bytes) => bytes.unwrap_or_default(),
            Err(error) => {
                faults.push(Fault::Read {
                    path: image.path.clone(),
                    reason: error.to_string(),
                });
                continue;
            }
        };
        match Mibib::decode(&bytes, chip.geometry) {
            Ok(table) => package.table = Some(table),
            Err(reason) => faults.push(Fault::Mibib {
                path: image.path.clone(),
                reason,
            }),
        }
    }
    match &package.table {
        Some(table) if table.checksum == Checksum::Absent => {
            package
                .warnings
                .push("the partition table has no checksum page".to_owned());
        }
        Some(_) => {}
        None => package
            .warnings
            .push("the package holds no partition table".to_owned()),
    }
    faults
}

/// The chip's partitions and those of the package's own table. Where the two place a kept partition differently,
/// both places are kept.
fn known_parts(package: &mut Package, chip: &Chip) -> Vec<Part> {
    let mut parts = chip.parts.clone();
    for part in package.table.iter().flat_map(|table| &table.parts) {
        let own = chip.parts.iter().find(|own| own.name == part.name);
        if let Some(own) =
            own.filter(|own| own.sectors != part.sectors && chip.keep.contains(&own.name))
        {
            package.warnings.push(format!(
                "the package places `{}` at sectors {}, the profile at {}: neither is touched",
                part.name, part.sectors, own.sectors
            ));
        }
        if !parts.contains(part) {
            parts.push(part.clone());
        }
    }
    parts
}

fn borders(package: &Package, chip: &Chip) -> Vec<Fault> {
    let mut faults = Vec::new();
    let ranges = package.erases.iter().map(|e| e.sectors);
    for sectors in ranges.chain(package.programs.iter().map(|p| p.room)) {
        if !chip.geometry.has(sectors) {
            faults.push(Fault::Outside { sectors });
        } else if !chip.geometry.is_aligned(sectors) {
            faults.push(Fault::Unaligned { sectors });
        }
    }
    let outside = package
        .patches
        .iter()
        .filter(|p| !chip.geometry.has(p.sector));
    faults.extend(outside.map(|p| Fault::Outside { sectors: p.sector }));
    faults
}

fn overlaps(package: &Package) -> Vec<Fault> {
    let of = |mut ranges: Vec<Sectors>| {
        ranges.sort();
        let pairs: Vec<_> = ranges
            .windows(2)
            .filter_map(|pair| match pair {
                [first, second] if first.overlaps(*second) => Some(Fault::Overlap {
                    first: *first,
                    second: *second,
                }),
                _ => None,
            })
            .collect();
        pairs
    };
    let mut faults = of(package.programs.iter().map(|p| p.room).collect());
    faults.extend(of(package.erases.iter().map(|e| e.sectors).collect()));
    faults
}

/// The programmer skips bad blocks inside of the range, which must leave it some (protocols.md §7.1). Where an image is
/// said to be split over ranges, each has to.
fn slack(package: &Package, chip: &Chip) -> Vec<Fault> {
    let blocks = |sectors: Sectors| sectors.count().div_ceil(chip.geometry.pages_per_block());
    package
        .programs
        .iter()
        .filter(|program| chip.geometry.is_aligned(program.room))
        .filter(|program| blocks(program.sectors) == blocks(program.room))
        .map(|program| Fault::NoSlack {
            path: program.image.path.clone(),
            sectors: program.room,
        })
        .collect()
}

/// A range that begins in a partition ends in it. The package's own table is what the modem will go by; where it brings
/// none, that of the profile.
fn beyond(package: &Package, chip: &Chip) -> Vec<Fault> {
    let parts = package.table.as_ref().map_or(&chip.parts, |t| &t.parts);
    let mut faults = Vec::new();
    for room in package.programs.iter().map(|program| program.room) {
        let part = parts.iter().find(|part| {
            let first = Sectors::new(room.start(), 1);
            first.is_some_and(|first| part.sectors.contains(first))
        });
        faults.extend(
            part.filter(|part| !part.sectors.contains(room))
                .map(|part| Fault::BeyondPartition {
                    part: part.name.clone(),
                    range: part.sectors,
                    sectors: room,
                }),
        );
    }
    faults
}

fn boot_loader(said: &Said) -> Option<Fault> {
    let writes = said.rooms.iter().any(|room| room.start() == SBL);
    (!writes).then_some(Fault::NoBootLoader)
}

/// The boot loader's range first, then the rest of the chip.
fn whole_chip(package: &Package, chip: &Chip) -> Vec<Erase> {
    let whole = chip.geometry.whole();
    let sbl = package.erases.iter().map(|e| e.sectors);
    let first = sbl
        .chain(package.programs.iter().map(|p| p.room))
        .find(|sectors| sectors.start() == SBL && whole.contains(*sectors))
        .unwrap_or(whole);
    let count = whole.count() - first.count();
    let rest = Sectors::new(Sector(first.count()), count);
    [Some(first), rest]
        .into_iter()
        .flatten()
        .map(|sectors| Erase {
            sectors,
            part: None,
        })
        .collect()
}

/// Writing does not erase, so old bits would stay (bkerler/edl#522).
fn unerased(package: &Package) -> Vec<Fault> {
    let mut erased: Vec<Sectors> = package.erases.iter().map(|e| e.sectors).collect();
    erased.sort();
    let covered = |room: Sectors| {
        let mut next = room.start();
        for range in &erased {
            if range.start() <= next && next < range.end() {
                next = range.end();
            }
        }
        next >= room.end()
    };
    package
        .programs
        .iter()
        .filter(|program| !covered(program.room))
        .map(|program| Fault::NotErased {
            sectors: program.room,
        })
        .collect()
}

/// Without SBL or the partition table nothing boots; whatever else is only erased is the package's affair.
fn left_blank(package: &Package, parts: &[Part], said: &Said) -> Vec<Fault> {
    parts
        .iter()
        .filter(|part| matches!(part.name.as_str(), "sbl" | "mibib"))
        .filter(|part| {
            package
                .erases
                .iter()
                .any(|e| e.sectors.overlaps(part.sectors))
        })
        .filter(|part| {
            !said
                .rooms
                .iter()
                .any(|room| room.start() == part.sectors.start())
        })
        .map(|part| Fault::LeftBlank {
            part: part.name.clone(),
            range: part.sectors,
        })
        .collect()
}

fn kept(package: &Package, chip: &Chip, parts: &[Part]) -> Vec<Fault> {
    let erases = package.erases.iter().map(|e| e.sectors);
    let programs = package.programs.iter().map(|p| p.room);
    let touched: Vec<Sectors> = erases
        .chain(programs)
        .chain(package.patches.iter().map(|p| p.sector))
        .collect();
    let mut faults = Vec::new();
    for part in parts.iter().filter(|part| chip.keep.contains(&part.name)) {
        let mut hits: Vec<&Sectors> = touched
            .iter()
            .filter(|s| s.overlaps(part.sectors))
            .collect();
        hits.sort();
        hits.dedup();
        faults.extend(hits.into_iter().map(|sectors| Fault::Kept {
            part: part.name.clone(),
            range: part.sectors,
            sectors: *sectors,
        }));
    }
    faults
}

/// A line that names a kept partition means it, wherever it says that it lies.
fn kept_by_name(chip: &Chip, said: &Said) -> Vec<Fault> {
    said.labels
        .iter()
        .filter(|(label, _)| chip.keep.contains(label))
        .map(|(label, sectors)| Fault::Kept {
            part: label.clone(),
            range: *sectors,
            sectors: *sectors,
        })
        .collect()
}

fn name(package: &mut Package, parts: &[Part]) {
    let named = |sectors: Sectors| {
        let part = parts
            .iter()
            .rev()
            .find(|part| part.sectors.start() == sectors.start())?;
        Some(part.name.clone())
    };
    for erase in &mut package.erases {
        erase.part = named(erase.sectors);
    }
    for program in &mut package.programs {
        program.part = named(program.room);
    }
}

fn sort(package: &mut Package) {
    package.erases.sort_by_key(|erase| erase.sectors);
    package.programs.sort_by_key(|program| {
        let turn = if program.room.start() == SBL {
            2
        } else {
            u8::from(!mibib::begins(&program.image.head))
        };
        (turn, program.room)
    });
}
