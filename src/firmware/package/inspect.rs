//! Reads a package: the list, the choice of rawprogram, the files, and then its layout.

use super::super::fault::Fault;
use super::super::file_name::{self, FIREHOSE};
use super::super::image::Image;
use super::super::md5_list;
use super::super::rawprogram::{self, Line, PatchLine, Trouble};
use super::{Chip, Erase, Extent, Package, Patch, Program, layout, patching};
use crate::files::{Root, hex};
use crate::protocol::nand::{Sector, Sectors};
use camino::{Utf8Path, Utf8PathBuf};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::io::Read;

const MAX_LIST: u64 = 1024 * 1024;

pub(super) fn inspect(root: &Root, chip: &Chip, extent: Extent) -> Result<Package, Vec<Fault>> {
    let mut inspector = Inspector::new(root, chip).map_err(|fault| vec![fault])?;
    let package = match inspector.describe(extent) {
        Ok(described) => Some(inspector.assemble(described, extent)),
        Err(fault) => {
            inspector.faults.push(fault);
            None
        }
    };
    inspector.rest_of_list();
    match package {
        Some(package) if inspector.faults.is_empty() => Ok(package),
        _ => Err(inspector.faults),
    }
}

struct Inspector<'a> {
    root: &'a Root,
    chip: &'a Chip,
    list: BTreeMap<Utf8PathBuf, String>,
    /// Listed files that were compared already.
    judged: Vec<Utf8PathBuf>,
    faults: Vec<Fault>,
}

/// What rawprogram and patch files say.
struct Described {
    rawprogram: Utf8PathBuf,
    lines: Vec<Line>,
    patches: Vec<PatchLine>,
}

impl<'a> Inspector<'a> {
    fn new(root: &'a Root, chip: &'a Chip) -> Result<Self, Fault> {
        let path = Utf8Path::new(md5_list::NAME);
        if !root.exists(path) {
            return Err(Fault::NoList);
        }
        let bytes = read_capped(root, path, MAX_LIST)?;
        Ok(Self {
            root,
            chip,
            list: md5_list::parse(&String::from_utf8_lossy(&bytes))?,
            judged: Vec::new(),
            faults: Vec::new(),
        })
    }

    fn describe(&mut self, extent: Extent) -> Result<Described, Fault> {
        let names = self.root.names(Utf8Path::new(FIREHOSE))?;
        let word = self.chip.geometry.word();
        let name = |variant: &str| format!("rawprogram_nand_{word}_{variant}.xml");
        let has = |name: &String| names.contains(name);
        let (update, factory) = (name("update"), name("factory"));
        // A factory variant erases calibration (protocols.md §1 fact 9).
        let chosen = match extent {
            Extent::WholeChip if has(&factory) => factory,
            _ if has(&update) => update,
            Extent::Update if has(&factory) => return Err(Fault::FactoryOnly),
            _ => {
                return Err(Fault::Geometry {
                    wanted: word,
                    found: found(&names),
                });
            }
        };
        let rawprogram = Utf8PathBuf::from(format!("{FIREHOSE}/{chosen}"));
        let lines = self.lines(&rawprogram)?;
        let patch = format!("patch_{word}.xml");
        let patches = if has(&patch) {
            self.lines(&Utf8PathBuf::from(format!("{FIREHOSE}/{patch}")))?
        } else {
            Vec::new()
        };
        let is_patch = |line: &Line| matches!(line, Line::Patch(_));
        let (more, lines): (Vec<_>, Vec<_>) = lines.into_iter().partition(is_patch);
        let patches = more
            .into_iter()
            .chain(patches)
            .filter_map(|line| match line {
                Line::Patch(patch) => Some(patch),
                _ => None,
            });
        Ok(Described {
            rawprogram,
            lines,
            patches: patches.collect(),
        })
    }

    /// Reads a description once; what is judged is what is parsed.
    fn lines(&mut self, path: &Utf8Path) -> Result<Vec<Line>, Fault> {
        let bytes = read_capped(self.root, path, rawprogram::MAX_BYTES)?;
        self.compare(path, &hex(&Md5::digest(&bytes)));
        rawprogram::parse(&bytes, self.chip.geometry).map_err(|trouble| match trouble {
            Trouble::Xml(reason) => Fault::Xml {
                path: path.to_owned(),
                reason,
            },
            Trouble::Pages(page, pages) => Fault::Pages {
                path: path.to_owned(),
                page,
                pages,
                chip: self.chip.geometry.word(),
            },
        })
    }

    fn compare(&mut self, path: &Utf8Path, md5: &str) {
        let fault = match self.list.get(path) {
            Some(listed) if listed == md5 => None,
            Some(listed) => Some(Fault::Md5 {
                path: path.to_owned(),
                listed: listed.clone(),
                found: md5.to_owned(),
            }),
            None => Some(Fault::Unlisted {
                path: path.to_owned(),
            }),
        };
        self.faults.extend(fault);
        self.judged.push(path.to_owned());
    }

    /// Every other file of the list, too: an incomplete package is not flashed by halves.
    fn rest_of_list(&mut self) {
        let paths: Vec<_> = self
            .list
            .keys()
            .filter(|p| !self.judged.contains(p))
            .cloned()
            .collect();
        for path in paths {
            match Image::open(self.root, &path, self.chip.geometry) {
                Ok(image) => self.compare(&path, &image.md5),
                Err(fault) => self.faults.push(fault),
            }
        }
    }

    fn assemble(&mut self, described: Described, extent: Extent) -> Package {
        let mut erases = Vec::new();
        let mut programs: Vec<Program> = Vec::new();
        for line in described.lines {
            match line {
                Line::Erase(sectors) => erases.push(Erase {
                    sectors,
                    part: None,
                }),
                Line::Program {
                    name,
                    sectors,
                    last_sector,
                } => match self.program(&programs, &name, sectors, last_sector) {
                    Ok(program) => programs.push(program),
                    Err(fault) => self.faults.push(fault),
                },
                Line::Patch(_) => {}
            }
        }
        let (patches, in_files): (Vec<_>, Vec<_>) = described
            .patches
            .into_iter()
            .partition(|patch| patch.name == "DISK");
        let spoiled = patching::apply(self.root, self.chip.geometry, &in_files, &mut programs);
        self.faults.extend(spoiled);
        let patches = patches
            .into_iter()
            .filter_map(|p| self.on_disk(p))
            .collect();
        let mut package = Package {
            rawprogram: described.rawprogram,
            erases,
            programs,
            patches,
            table: None,
            warnings: Vec::new(),
        };
        self.faults
            .extend(layout::judge(&mut package, self.chip, extent));
        package
    }

    fn program(
        &mut self,
        before: &[Program],
        name: &str,
        room: Sectors,
        last_sector: Option<u32>,
    ) -> Result<Program, Fault> {
        let path = file_name::programmed(self.root, name)?;
        let known = before.iter().find(|program| program.image.path == path);
        let image = if let Some(program) = known {
            program.image.again().map_err(|error| Fault::Read {
                path: path.clone(),
                reason: error.to_string(),
            })?
        } else {
            // The handle that is compared is the one that is written from.
            self.judged.push(path.clone());
            let image = Image::open(self.root, &path, self.chip.geometry)?;
            self.compare(&path, &image.md5);
            image
        };
        if image.bytes == 0 {
            return Err(Fault::Empty { path });
        }
        let sectors = self
            .chip
            .geometry
            .sectors_for(image.bytes)
            .and_then(|count| Sectors::new(room.start(), count))
            .filter(|sectors| room.contains(*sectors))
            .ok_or_else(|| Fault::TooLong {
                path: path.clone(),
                bytes: image.bytes,
                sectors: room,
                room: self.chip.geometry.bytes(room),
            })?;
        Ok(Program {
            sectors,
            room,
            part: None,
            image,
            last_sector,
        })
    }

    fn on_disk(&mut self, patch: PatchLine) -> Option<Patch> {
        let page = self.chip.geometry.page();
        let fits = (1..=8).contains(&patch.size)
            && patch
                .byte_offset
                .checked_add(patch.size)
                .is_some_and(|end| end <= page);
        let Some(sector) = Sectors::new(patch.sector, 1).filter(|_| fits) else {
            let reason = "its bytes leave their sector".to_owned();
            self.faults.push(Fault::Patch {
                path: "DISK".into(),
                reason,
            });
            return None;
        };
        Some(Patch {
            sector,
            byte_offset: patch.byte_offset,
            size: patch.size,
            value: patch.value,
            what: patch.what,
        })
    }
}

fn found(names: &[String]) -> String {
    let there: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| name.starts_with("rawprogram"))
        .take(8)
        .collect();
    if there.is_empty() {
        "none at all".to_owned()
    } else {
        there.join(", ")
    }
}

pub(super) fn read_capped(root: &Root, path: &Utf8Path, cap: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let read = root.read(path)?.take(cap + 1).read_to_end(&mut bytes);
    read.map_err(|error| Fault::Read {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    if bytes.len() as u64 > cap {
        return Err(Fault::TooLarge {
            path: path.to_owned(),
            cap,
        });
    }
    Ok(bytes)
}

/// Where the boot loader stands.
pub(super) const SBL: Sector = Sector(0);
