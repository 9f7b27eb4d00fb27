//! One line of a rawprogram or patch file.

use super::super::expression;
use super::super::mibib::plain_name;
use super::{Trouble, xml};
use crate::protocol::nand::{Geometry, Sector, Sectors};
use quick_xml::events::BytesStart;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Line {
    Erase {
        sectors: Sectors,
        label: Option<String>,
    },
    Program(ProgramLine),
    Patch(PatchLine),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ProgramLine {
    pub(in super::super) name: String,
    pub(in super::super) sectors: Sectors,
    pub(in super::super) last_sector: Option<u32>,
    /// The partition, where the line names it. Stock NAND files do not.
    pub(in super::super) label: Option<String>,
    /// The file is an Android sparse image.
    pub(in super::super) sparse: bool,
    /// The sector of the file with which it begins.
    pub(in super::super) file_sector: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct PatchLine {
    /// `DISK`, or the file in the package that is changed before it is written.
    pub(in super::super) name: String,
    pub(in super::super) sector: Sector,
    pub(in super::super) byte_offset: u32,
    pub(in super::super) size: u32,
    pub(in super::super) value: String,
    pub(in super::super) what: String,
}

/// `None` where a line does nothing.
pub(super) fn read(tag: &BytesStart<'_>, chip: Geometry) -> Result<Option<Line>, Trouble> {
    let attributes = Attributes::of(tag)?;
    match tag.name().as_ref() {
        "erase" => {
            attributes.geometry(chip)?;
            Ok(Some(Line::Erase {
                sectors: attributes.sectors(chip)?,
                label: attributes.label(),
            }))
        }
        "program" => attributes.program(chip),
        "patch" => attributes.patch(chip).map(Some),
        other => Err(Trouble::Xml(format!("`{other}` is no known line"))),
    }
}

/// A number that is written out.
fn plain(text: &str, chip: Geometry) -> Option<u64> {
    let begins = text.trim().starts_with(|c: char| c.is_ascii_digit());
    begins.then(|| expression::number(text, chip)).flatten()
}

fn small(text: &str, name: &str, chip: Geometry) -> Result<u32, Trouble> {
    let number = expression::number(text, chip)
        .ok_or_else(|| Trouble::Xml(format!("{name}={text:?} is no number")))?;
    u32::try_from(number).map_err(|_| Trouble::Xml(format!("{name}={text:?} is too large")))
}

/// What a line says, by name. Attributes that change nothing on NAND are accepted and not looked at, such as
/// `partofsingleimage` and `readbackverify` of the files for eMMC.
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    pub(super) fn of(tag: &BytesStart<'_>) -> Result<Self, Trouble> {
        let mut all = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| Trouble::Xml(e.to_string()))?;
            let value = attribute.value.into_owned();
            // No entity is expanded; none has a place in a file name or number.
            if value.contains('&') {
                return Err(xml("an attribute holds an entity"));
            }
            if value.contains('<') {
                return Err(xml("an attribute holds the beginning of an element"));
            }
            all.push((attribute.key.as_ref().to_owned(), value));
        }
        Ok(Self(all))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    fn program(&self, chip: Geometry) -> Result<Option<Line>, Trouble> {
        self.geometry(chip)?;
        let name = self.need("filename")?.to_owned();
        // A line without a file names a partition that this package does not write.
        if name.is_empty() {
            return Ok(None);
        }
        let optional = |name| match self.get(name) {
            None | Some("") => Ok(None),
            Some(text) => small(text, name, chip).map(Some),
        };
        let sparse = match self.get("sparse") {
            None | Some("" | "false") => false,
            Some("true") => true,
            Some(other) => return Err(Trouble::Xml(format!("sparse={other:?} is no yes or no"))),
        };
        let file_sector = optional("file_sector_offset")?.unwrap_or(0);
        if sparse && file_sector > 0 {
            return Err(xml("a part of a sparse image cannot be written"));
        }
        let sectors = self.sectors(chip)?;
        Ok(Some(Line::Program(ProgramLine {
            name,
            sectors,
            last_sector: self.last_sector(sectors, chip)?,
            label: self.label(),
            sparse,
            file_sector,
        })))
    }

    fn patch(&self, chip: Geometry) -> Result<Line, Trouble> {
        self.page(chip)?;
        let number = |name| self.need(name).and_then(|text| small(text, name, chip));
        Ok(Line::Patch(PatchLine {
            name: self.need("filename")?.to_owned(),
            sector: Sector(number("start_sector")?),
            byte_offset: number("byte_offset")?,
            size: number("size_in_bytes")?,
            value: self.need("value")?.to_owned(),
            what: self.get("what").unwrap_or_default().to_owned(),
        }))
    }

    fn label(&self) -> Option<String> {
        self.get("label").filter(|l| !l.is_empty()).map(plain_name)
    }

    /// An erase line without its range would erase the whole chip (protocols.md §6.4), so nothing has a default.
    fn need(&self, name: &str) -> Result<&str, Trouble> {
        self.get(name)
            .ok_or_else(|| Trouble::Xml(format!("a line has no {name}")))
    }

    fn number(&self, name: &str, chip: Geometry) -> Result<u64, Trouble> {
        let text = self.need(name)?;
        expression::number(text, chip)
            .ok_or_else(|| Trouble::Xml(format!("{name}={text:?} is no number")))
    }

    fn sectors(&self, chip: Geometry) -> Result<Sectors, Trouble> {
        let number = |name| self.need(name).and_then(|text| small(text, name, chip));
        let (start, count) = (number("start_sector")?, number("num_partition_sectors")?);
        if count == 0 {
            return Err(xml("a range is empty"));
        }
        let sectors = Sectors::new(Sector(start), count).ok_or_else(|| {
            Trouble::Xml(format!(
                "{count} sectors from {start} on are more than can be counted"
            ))
        })?;
        self.begins_there(sectors, chip)?;
        Ok(sectors)
    }

    /// The same place said in bytes, as the files for eMMC and UFS have it: 0x6000 for sector 6 of 4096 bytes
    /// (linux-msm/qdl:tests/data). Where it is an expression of its generator's, it says nothing that can be compared.
    fn begins_there(&self, sectors: Sectors, chip: Geometry) -> Result<(), Trouble> {
        let start = sectors.start().0;
        let Some(text) = self.get("start_byte_hex") else {
            return Ok(());
        };
        match plain(text, chip) {
            Some(byte) if byte != u64::from(start) * u64::from(chip.page()) => Err(Trouble::Xml(
                format!("start_byte_hex={text:?} is not where sector {start} begins"),
            )),
            _ => Ok(()),
        }
    }

    /// How many KiB a line says that its range has, where that is another number than its sectors give. The programmer is
    /// told of sectors alone, and a file for NAND that says it was never seen, so it is told and refuses nothing. 0 stands
    /// for a size that is not known (linux-msm/qdl:tests/data); a fraction is that of half a sector of eMMC.
    pub(super) fn other_size(&self, chip: Geometry) -> Option<String> {
        let text = self.get("size_in_KB")?.trim();
        let whole = text.strip_suffix(".0").unwrap_or(text);
        let said = plain(whole, chip).filter(|size| *size > 0)?;
        let sectors = self.sectors(chip).ok()?;
        let bytes = chip.bytes(sectors);
        (said.checked_mul(1024) != Some(bytes)).then(|| {
            format!("size_in_KB={text:?} is said of sectors {sectors}, which hold {bytes} bytes")
        })
    }

    /// It goes to the programmer as it is, so it must be of the line's own range: 639 behind sectors 0 to 639 in files for
    /// SDX65 that are quoted on a kernel mailing list. 0 stands for none: linux-msm/qdl sends that where a file has none.
    fn last_sector(&self, sectors: Sectors, chip: Geometry) -> Result<Option<u32>, Trouble> {
        let text = match self.get("last_sector") {
            None | Some("") => return Ok(None),
            Some(text) => text,
        };
        let last = small(text, "last_sector", chip)?;
        let inside = (sectors.start().0..sectors.end().0).contains(&last);
        if last == 0 || inside {
            Ok(Some(last))
        } else {
            Err(Trouble::Xml(format!(
                "last_sector={text:?} lies outside sectors {sectors}"
            )))
        }
    }

    fn page(&self, chip: Geometry) -> Result<(), Trouble> {
        let page = self.number("SECTOR_SIZE_IN_BYTES", chip)?;
        if page == u64::from(chip.page()) {
            self.first_chip(chip)
        } else {
            Err(Trouble::Pages(page, chip.pages_per_block().into()))
        }
    }

    fn geometry(&self, chip: Geometry) -> Result<(), Trouble> {
        let page = self.number("SECTOR_SIZE_IN_BYTES", chip)?;
        let pages = self.number("PAGES_PER_BLOCK", chip)?;
        if page == u64::from(chip.page()) && pages == u64::from(chip.pages_per_block()) {
            self.first_chip(chip)
        } else {
            Err(Trouble::Pages(page, pages))
        }
    }

    /// Stock NAND files may lack the number of the chip (linux-msm/qdl PR#305); then it is 0.
    fn first_chip(&self, chip: Geometry) -> Result<(), Trouble> {
        match self.get("physical_partition_number") {
            Some(text) if small(text, "physical_partition_number", chip)? != 0 => {
                Err(xml("a line is about a second chip"))
            }
            _ => Ok(()),
        }
    }
}
