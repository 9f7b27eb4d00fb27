//! rawprogram and patch files: what they describe, as data (protocols.md §6.4, §7). They are never scripts: the
//! order of their lines means nothing (protocols.md §1 fact 1).

use super::expression;
use crate::protocol::nand::{Geometry, Sector, Sectors};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Longest file that is read; real ones have 4 KiB.
pub(super) const MAX_BYTES: u64 = 1024 * 1024;
const MAX_LINES: usize = 1024;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Erase(Sectors),
    Program {
        name: String,
        sectors: Sectors,
        last_sector: Option<u32>,
    },
    Patch(PatchLine),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatchLine {
    /// `DISK`, or the file in the package that is changed before it is written.
    pub(super) name: String,
    pub(super) sector: Sector,
    pub(super) byte_offset: u32,
    pub(super) size: u32,
    pub(super) value: String,
    pub(super) what: String,
}

/// Why a file is not understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Xml(String),
    /// It counts in another page or block size: bytes, pages.
    Pages(u64, u64),
}

/// Reads a whole file. Anything unknown is refused: a line that is not understood is not left out.
pub(super) fn parse(bytes: &[u8], chip: Geometry) -> Result<Vec<Line>, Trouble> {
    let text = std::str::from_utf8(bytes).map_err(|_| xml("it is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut lines = Vec::new();
    let mut depth = 0_u32;
    let mut elements = 0_u32;
    loop {
        match reader.read_event() {
            Ok(Event::Eof) if elements == 0 => return Err(xml("it holds no element")),
            Ok(Event::Eof) if depth == 0 => return Ok(lines),
            Ok(Event::Start(tag)) => {
                depth += 1;
                elements += 1;
                if depth > 2 {
                    return Err(xml("it nests deeper than lines in a list"));
                }
                lines.extend(line(&tag, chip)?);
            }
            Ok(Event::Empty(tag)) => {
                elements += 1;
                lines.extend(line(&tag, chip)?);
            }
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Decl(_) | Event::Comment(_)) => {}
            Ok(Event::Text(text)) if text.trim().is_empty() => {}
            Ok(_) => {
                return Err(xml(
                    "it holds something that is neither a line nor a comment",
                ));
            }
            Err(error) => return Err(Trouble::Xml(error.to_string())),
        }
        if lines.len() > MAX_LINES {
            return Err(xml("it has too many lines"));
        }
    }
}

fn xml(reason: &str) -> Trouble {
    Trouble::Xml(reason.to_owned())
}

fn line(tag: &BytesStart<'_>, chip: Geometry) -> Result<Option<Line>, Trouble> {
    let attributes = Attributes::of(tag)?;
    match tag.name().as_ref() {
        "data" | "patches" => Ok(None),
        "erase" => attributes
            .geometry(chip)
            .and_then(|()| Ok(Some(Line::Erase(attributes.sectors(chip)?)))),
        "program" => {
            attributes.geometry(chip)?;
            attributes.nothing_special()?;
            let name = attributes.need("filename")?.to_owned();
            // A line without a file names a partition that this package does not write.
            if name.is_empty() {
                return Ok(None);
            }
            Ok(Some(Line::Program {
                name,
                sectors: attributes.sectors(chip)?,
                last_sector: match attributes.get("last_sector") {
                    Some(text) => Some(small(text, "last_sector", chip)?),
                    None => None,
                },
            }))
        }
        "patch" => {
            attributes.page(chip)?;
            let number = |name| {
                attributes
                    .need(name)
                    .and_then(|text| small(text, name, chip))
            };
            Ok(Some(Line::Patch(PatchLine {
                name: attributes.need("filename")?.to_owned(),
                sector: Sector(number("start_sector")?),
                byte_offset: number("byte_offset")?,
                size: number("size_in_bytes")?,
                value: attributes.need("value")?.to_owned(),
                what: attributes.get("what").unwrap_or_default().to_owned(),
            })))
        }
        other => Err(Trouble::Xml(format!("`{other}` is no known line"))),
    }
}

fn small(text: &str, name: &str, chip: Geometry) -> Result<u32, Trouble> {
    expression::number(text, chip)
        .and_then(|n| u32::try_from(n).ok())
        .ok_or_else(|| Trouble::Xml(format!("{name}={text:?} is no number")))
}

struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn of(tag: &BytesStart<'_>) -> Result<Self, Trouble> {
        let mut all = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|e| Trouble::Xml(e.to_string()))?;
            let value = attribute.value.into_owned();
            // No entity is expanded; none has a place in a file name or number.
            if value.contains('&') {
                return Err(xml("an attribute holds an entity"));
            }
            all.push((attribute.key.as_ref().to_owned(), value));
        }
        Ok(Self(all))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
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
        let start = small(self.need("start_sector")?, "start_sector", chip)?;
        let count = small(
            self.need("num_partition_sectors")?,
            "num_partition_sectors",
            chip,
        )?;
        Sectors::new(Sector(start), count).ok_or_else(|| xml("a range is empty"))
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

    fn nothing_special(&self) -> Result<(), Trouble> {
        let is = |name, plain: &str| self.get(name).is_none_or(|v| v.is_empty() || v == plain);
        if is("sparse", "false") && is("file_sector_offset", "0") {
            Ok(())
        } else {
            Err(xml("it writes sparse files or parts of files"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chip() -> Geometry {
        Geometry::new(2048, 64, 2048).unwrap()
    }

    fn one(line: &str) -> Result<Vec<Line>, Trouble> {
        parse(
            format!("<?xml version=\"1.0\" ?>\n<data>\n <!--note-->\n {line}\n</data>\n")
                .as_bytes(),
            chip(),
        )
    }

    #[test]
    fn lines_are_read_with_their_expressions() {
        let lines = one("<program PAGES_PER_BLOCK=\"64\" SECTOR_SIZE_IN_BYTES=\"2048\" filename=\"..\\sbl1.mbn\" num_partition_sectors=\"640\" physical_partition_number=\"0\" start_sector=\"NUM_DISK_SECTORS-640.\"/>").unwrap();
        let sectors = Sectors::new(Sector(131_072 - 640), 640).unwrap();
        assert_eq!(
            lines,
            [Line::Program {
                name: "..\\sbl1.mbn".into(),
                sectors,
                last_sector: None
            }]
        );
    }

    #[test]
    fn what_would_erase_the_whole_chip_or_is_not_understood_is_refused() {
        for line in [
            "<erase SECTOR_SIZE_IN_BYTES=\"2048\" PAGES_PER_BLOCK=\"64\"/>",
            "<erase SECTOR_SIZE_IN_BYTES=\"2048\" PAGES_PER_BLOCK=\"64\" start_sector=\"0\"/>",
            "<erase SECTOR_SIZE_IN_BYTES=\"2048\" PAGES_PER_BLOCK=\"64\" start_sector=\"0\" num_partition_sectors=\"0\"/>",
            "<erase StorageDrive=\"0\"/>",
            "<power value=\"reset\"/>",
            "<a><b><c/></b></a>",
            "text",
            "<![CDATA[x]]>",
            "<!DOCTYPE x [<!ENTITY y \"z\">]>",
            "<program filename=\"&y;\"/>",
            "<program filename=\"a\" filename=\"b\"/>",
        ] {
            assert!(one(line).is_err(), "{line}");
        }
        assert!(parse(b"<data>", chip()).is_err());
        let other = "<erase SECTOR_SIZE_IN_BYTES=\"4096\" PAGES_PER_BLOCK=\"64\" start_sector=\"0\" num_partition_sectors=\"64\"/>";
        assert_eq!(one(other), Err(Trouble::Pages(4096, 64)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes, chip());
        }
    }
}
