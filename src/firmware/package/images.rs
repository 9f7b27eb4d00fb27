//! From lines to images: each file is opened and hashed once, and a line writes the whole of it, a part, or what it
//! stands for.

use super::super::fault::Fault;
use super::super::file_name;
use super::super::image::Image;
use super::super::rawprogram::ProgramLine;
use super::super::sparse::Invalid;
use super::Program;
use crate::files::Root;
use crate::protocol::nand::{Geometry, Sectors};
use camino::{Utf8Path, Utf8PathBuf};

pub(super) struct Images<'a> {
    root: &'a Root,
    chip: Geometry,
    /// Whole files, as they were opened first.
    whole: Vec<Image>,
    /// Every file that a line names.
    pub(super) named: Vec<Utf8PathBuf>,
}

impl<'a> Images<'a> {
    pub(super) fn new(root: &'a Root, chip: Geometry) -> Self {
        Self {
            root,
            chip,
            whole: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Paths and md5 of what was opened.
    pub(super) fn opened(&self) -> impl Iterator<Item = (&Utf8Path, &str)> {
        self.whole
            .iter()
            .map(|image| (image.path.as_path(), image.md5.as_str()))
    }

    /// What one of all lines writes.
    pub(super) fn program(
        &mut self,
        line: &ProgramLine,
        all: &[ProgramLine],
    ) -> Result<Program, Fault> {
        let (chip, room) = (self.chip, line.sectors);
        let path = file_name::programmed(self.root, &line.name)?;
        self.named.push(path.clone());
        let whole = self.open(&path)?;
        if whole.bytes == 0 {
            return Err(Fault::Empty { path });
        }
        let image = if line.sparse {
            // It may be expanded as far as its range goes, and that must have an end.
            if !chip.has(room) {
                return Err(Fault::Outside { sectors: room });
            }
            let sparse = whole.expanded(chip.bytes(room), chip);
            sparse.map_err(|invalid| of_sparse(&path, room, chip, &invalid))?
        } else if whole.looks_sparse() {
            return Err(Fault::Sparse {
                path,
                reason: "no line says `sparse=\"true\"` of it".to_owned(),
            });
        } else {
            part(whole, line, all, chip)?
        };
        let sectors = chip
            .sectors_for(image.bytes)
            .and_then(|count| Sectors::new(room.start(), count))
            .filter(|sectors| room.contains(*sectors))
            .ok_or_else(|| Fault::TooLong {
                path,
                bytes: image.bytes,
                sectors: room,
                room: chip.bytes(room),
            })?;
        Ok(Program {
            sectors,
            room,
            part: None,
            image,
            last_sector: line.last_sector,
        })
    }

    /// The handle that is compared is the one that is written from.
    fn open(&mut self, path: &Utf8Path) -> Result<Image, Fault> {
        if let Some(known) = self.whole.iter().find(|image| image.path == path) {
            return Ok(known.clone());
        }
        let image = Image::open(self.root, path, self.chip)?;
        self.whole.push(image.clone());
        Ok(image)
    }
}

/// From the line's place in the file to that of the next line about the same file, or to its end. So every byte behind
/// the first place is written, or the line's range is too short for it; others cut such files (linux-msm/qdl:src/firehose.c).
fn part(
    whole: Image,
    line: &ProgramLine,
    all: &[ProgramLine],
    chip: Geometry,
) -> Result<Image, Fault> {
    let bytes_of = |sector: u32| u64::from(sector) * u64::from(chip.page());
    let same = all.iter().filter(|other| other.name == line.name);
    let next = same
        .map(|other| other.file_sector)
        .filter(|sector| *sector > line.file_sector)
        .min();
    if line.file_sector == 0 && next.is_none() {
        return Ok(whole);
    }
    let start = bytes_of(line.file_sector);
    let end = next.map_or(whole.bytes, bytes_of).min(whole.bytes);
    if start >= end {
        return Err(Fault::Beyond {
            path: whole.path.clone(),
            sector: line.file_sector,
            bytes: whole.bytes,
        });
    }
    whole
        .part(start, end - start, chip)
        .map_err(|error| Fault::Read {
            path: whole.path.clone(),
            reason: error.to_string(),
        })
}

fn of_sparse(path: &Utf8Path, room: Sectors, chip: Geometry, invalid: &Invalid) -> Fault {
    match invalid {
        Invalid::TooLong { bytes } => Fault::TooLong {
            path: path.to_owned(),
            bytes: *bytes,
            sectors: room,
            room: chip.bytes(room),
        },
        other => Fault::Sparse {
            path: path.to_owned(),
            reason: other.to_string(),
        },
    }
}
