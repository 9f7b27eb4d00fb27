//! Reads a package: the list, the choice of rawprogram, the files, and then its layout.

use super::super::fault::Fault;
use super::super::file_name::FIREHOSE;
use super::super::image::Image;
use super::super::md5_list;
use super::super::rawprogram::{self, Line, PatchLine, ProgramLine, Trouble};
use super::images::Images;
use super::{Chip, Erase, Extent, Package, Program, layout, patching};
use crate::files::{Root, hex};
use crate::protocol::nand::Sector;
use camino::{Utf8Path, Utf8PathBuf};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::io::Read;

pub(in crate::firmware) const MAX_LIST: u64 = 1024 * 1024;
/// Notes of one description that are told.
const MAX_NOTES: usize = 4;
/// Rawprogram files that are looked at where none is for this chip.
const MAX_OTHERS: usize = 8;

pub(super) fn inspect(root: &Root, chip: &Chip, extent: Extent) -> Result<Package, Vec<Fault>> {
    let mut inspector = Inspector::new(root, chip).map_err(|fault| vec![fault])?;
    let names = root.names(Utf8Path::new(FIREHOSE));
    let names = names.map_err(|error| vec![error.into()])?;
    let package = match inspector.describe(&names, extent) {
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
    warnings: Vec<String>,
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
            list: md5_list::parse(&bytes)?,
            judged: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
        })
    }

    fn describe(&mut self, names: &[String], extent: Extent) -> Result<Described, Fault> {
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
                return Err(
                    for_other_storage(self.root, names, self.chip).unwrap_or_else(|| {
                        let found = found(names);
                        Fault::Geometry {
                            wanted: word,
                            found,
                        }
                    }),
                );
            }
        };
        self.programmers(names);
        let rawprogram = Utf8PathBuf::from(format!("{FIREHOSE}/{chosen}"));
        let lines = self.lines(&rawprogram)?;
        let patch = format!("patch_{word}.xml");
        let more = if has(&patch) {
            self.patch_lines(&Utf8PathBuf::from(format!("{FIREHOSE}/{patch}")))?
        } else {
            Vec::new()
        };
        let mut described = Described {
            rawprogram,
            lines: Vec::new(),
            patches: Vec::new(),
        };
        for line in lines.into_iter().chain(more) {
            match line {
                Line::Patch(patch) => described.patches.push(patch),
                other => described.lines.push(other),
            }
        }
        Ok(described)
    }

    /// What is started on the modem is listed, too; which of several it will be is not known here.
    fn programmers(&mut self, names: &[String]) {
        let paths = names
            .iter()
            .filter(|name| name.starts_with("prog_"))
            .map(|name| Utf8PathBuf::from(format!("{FIREHOSE}/{name}")));
        let unlisted = paths.filter(|path| !self.list.contains_key(path));
        self.faults
            .extend(unlisted.map(|path| Fault::Unlisted { path }));
    }

    fn patch_lines(&mut self, path: &Utf8Path) -> Result<Vec<Line>, Fault> {
        let lines = self.lines(path)?;
        if lines.iter().all(|line| matches!(line, Line::Patch(_))) {
            Ok(lines)
        } else {
            Err(Fault::Xml {
                path: path.to_owned(),
                reason: "it is a file of patches, and erases or writes".to_owned(),
            })
        }
    }

    /// Reads a description once; what is judged is what is parsed.
    fn lines(&mut self, path: &Utf8Path) -> Result<Vec<Line>, Fault> {
        let bytes = read_capped(self.root, path, rawprogram::MAX_BYTES)?;
        self.compare(path, &hex(&Md5::digest(&bytes)));
        let notes = rawprogram::notes(&bytes, self.chip.geometry);
        let notes = notes.into_iter().take(MAX_NOTES);
        self.warnings
            .extend(notes.map(|note| format!("in `{path}` {note}")));
        rawprogram::parse(&bytes, self.chip.geometry).map_err(|trouble| match trouble {
            Trouble::Xml(reason) => Fault::Xml {
                path: path.to_owned(),
                reason,
            },
            Trouble::Storage(storage) => Fault::Storage {
                path: path.to_owned(),
                storage,
                page: self.chip.geometry.page(),
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
        let mut planned = Vec::new();
        let mut labels = Vec::new();
        for line in described.lines {
            match line {
                Line::Erase { sectors, label } => {
                    labels.extend(label.map(|label| (label, sectors)));
                    let part = None;
                    erases.push(Erase { sectors, part });
                }
                Line::Program(line) => {
                    labels.extend(line.label.clone().map(|label| (label, line.sectors)));
                    planned.push(line);
                }
                Line::Patch(_) => {}
            }
        }
        let mut programs = self.programs(&planned);
        let mut patches = patching::Patching {
            root: self.root,
            chip: self.chip.geometry,
            faults: Vec::new(),
        };
        let patches_on_chip = patches.apply(described.patches, &mut programs);
        self.faults.append(&mut patches.faults);
        let mut package = Package {
            rawprogram: described.rawprogram,
            erases,
            programs,
            patches: patches_on_chip,
            table: None,
            warnings: std::mem::take(&mut self.warnings),
        };
        let said = layout::Said {
            rooms: planned.iter().map(|line| line.sectors).collect(),
            labels,
        };
        self.faults
            .extend(layout::judge(&mut package, self.chip, extent, &said));
        package
    }

    fn programs(&mut self, planned: &[ProgramLine]) -> Vec<Program> {
        let mut images = Images::new(self.root, self.chip.geometry);
        let (mut programs, mut faults) = (Vec::new(), Vec::new());
        for line in planned {
            match images.program(line, planned) {
                Ok(program) => programs.push(program),
                Err(fault) => faults.push(fault),
            }
        }
        // A file that is not the listed one explains whatever else is wrong with it.
        for (path, md5) in images.opened() {
            self.compare(path, md5);
        }
        self.faults.append(&mut faults);
        self.judged.extend(images.named);
        programs
    }
}

/// A whole package for eMMC or UFS, where none of its files is for NAND.
pub(super) fn other_storage(root: &Root, chip: &Chip) -> Option<Fault> {
    let names = root.names(Utf8Path::new(FIREHOSE)).ok()?;
    let for_nand = |name: &String| name.starts_with("rawprogram_nand_");
    if names.iter().any(for_nand) {
        return None;
    }
    for_other_storage(root, &names, chip)
}

fn for_other_storage(root: &Root, names: &[String], chip: &Chip) -> Option<Fault> {
    let described = names.iter().filter(|name| name.starts_with("rawprogram"));
    described.take(MAX_OTHERS).find_map(|name| {
        let path = Utf8PathBuf::from(format!("{FIREHOSE}/{name}"));
        let bytes = read_capped(root, &path, rawprogram::MAX_BYTES).ok()?;
        Some(Fault::Storage {
            storage: rawprogram::storage_of(&bytes)?,
            path,
            page: chip.geometry.page(),
        })
    })
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

pub(in crate::firmware) fn read_capped(
    root: &Root,
    path: &Utf8Path,
    cap: u64,
) -> Result<Vec<u8>, Fault> {
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
