//! rawprogram and patch files: what they describe, as data (protocols.md §6.4, §7). They are never scripts: the
//! order of their lines means nothing (protocols.md §1 fact 1).

mod line;
mod storage;

pub(super) use line::{Line, PatchLine, ProgramLine};
pub use storage::Storage;

use crate::protocol::nand::Geometry;
use line::Attributes;
use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesStart, Event};

/// Longest file that is read; real ones have 4 KiB.
pub(super) const MAX_BYTES: u64 = 1024 * 1024;
const MAX_LINES: usize = 1024;

/// Why a file is not understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Xml(String),
    /// It counts in another page or block size: bytes, pages.
    Pages(u64, u64),
    /// It is for something else than NAND.
    Storage(Storage),
}

/// What a file says twice and differently, and what is done all the same.
pub(super) fn notes(bytes: &[u8], chip: Geometry) -> Vec<String> {
    let mut notes = Vec::new();
    let mut reader = text(bytes).map(Reader::from_str);
    while let Ok(Ok(event)) = reader.as_mut().map(Reader::read_event) {
        match event {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                let attributes = Attributes::of(&tag).ok();
                notes.extend(attributes.and_then(|all| all.other_size(chip)));
            }
            _ => {}
        }
    }
    notes
}

/// Reads a whole file. Anything unknown is refused: a line that is not understood is not left out.
pub(super) fn parse(bytes: &[u8], chip: Geometry) -> Result<Vec<Line>, Trouble> {
    let text = text(bytes)?;
    if let Some(storage) = storage::of(text) {
        return Err(Trouble::Storage(storage));
    }
    let mut reader = Reader::from_str(text);
    let mut document = Document::default();
    loop {
        // Where an event begins, so that a person finds its line.
        let before = reader.buffer_position();
        let event = reader
            .read_event()
            .map_err(|error| at(text, reader.error_position(), &error.to_string()))?;
        if matches!(event, Event::Eof) {
            return document.end();
        }
        document
            .take(&event, chip)
            .map_err(|trouble| match trouble {
                Trouble::Xml(reason) => at(text, before, &reason),
                other => other,
            })?;
    }
}

/// What is for another kind of storage, however else it is broken.
pub(super) fn storage_of(bytes: &[u8]) -> Option<Storage> {
    storage::of(text(bytes).ok()?)
}

/// The reader takes a mark of UTF-8 at the very beginning, which editors on Windows write.
fn text(bytes: &[u8]) -> Result<&str, Trouble> {
    std::str::from_utf8(bytes).map_err(|_| xml("it is not UTF-8"))
}

fn xml(reason: &str) -> Trouble {
    Trouble::Xml(reason.to_owned())
}

fn at(text: &str, position: u64, reason: &str) -> Trouble {
    let end = usize::try_from(position).unwrap_or(usize::MAX);
    let before = text.as_bytes().get(..end).unwrap_or(text.as_bytes());
    // An event begins behind the end of the one before, so what follows blanks counts.
    let behind = text.as_bytes().get(end..).unwrap_or_default();
    let blanks = behind.iter().take_while(|byte| byte.is_ascii_whitespace());
    let lines = before.iter().chain(blanks).filter(|byte| **byte == b'\n');
    Trouble::Xml(format!("line {}: {reason}", 1 + lines.count()))
}

/// One list of lines and nothing else: `<data>` of a rawprogram file, `<patches>` of a patch file.
#[derive(Default)]
struct Document {
    lines: Vec<Line>,
    place: Place,
    root: Option<Root>,
    /// Something stood before this event.
    begun: bool,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Place {
    #[default]
    Before,
    InRoot,
    InLine,
    After,
}

#[derive(Clone, Copy, PartialEq)]
enum Root {
    Data,
    Patches,
}

impl Document {
    fn take(&mut self, event: &Event<'_>, chip: Geometry) -> Result<(), Trouble> {
        let first = !std::mem::replace(&mut self.begun, true);
        match (event, self.place) {
            (Event::Start(tag), Place::Before) => self.open(tag, Place::InRoot),
            (Event::Empty(tag), Place::Before) => self.open(tag, Place::After),
            (Event::Start(tag), Place::InRoot) => {
                self.place = Place::InLine;
                self.line(tag, chip)
            }
            (Event::Empty(tag), Place::InRoot) => self.line(tag, chip),
            (Event::Start(_) | Event::Empty(_), Place::InLine) => Err(xml("a line holds a line")),
            (Event::Start(_) | Event::Empty(_), Place::After) => {
                Err(xml("something stands behind the end of the list"))
            }
            (Event::End(_), Place::InLine) => {
                self.place = Place::InRoot;
                Ok(())
            }
            (Event::End(_), _) => {
                self.place = Place::After;
                Ok(())
            }
            (Event::Decl(declaration), Place::Before) if first => encoding(declaration),
            (Event::Comment(_), _) => Ok(()),
            (Event::Text(text), _) if text.trim().is_empty() => Ok(()),
            _ => Err(xml(
                "it holds something that is neither a line nor a comment",
            )),
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>, place: Place) -> Result<(), Trouble> {
        Attributes::of(tag)?;
        self.place = place;
        self.root = Some(match tag.name().as_ref() {
            "data" => Root::Data,
            "patches" => Root::Patches,
            other => return Err(Trouble::Xml(format!("`{other}` is no list of lines"))),
        });
        Ok(())
    }

    fn line(&mut self, tag: &BytesStart<'_>, chip: Geometry) -> Result<(), Trouble> {
        let line = line::read(tag, chip)?;
        let only_patches = self.root == Some(Root::Patches);
        if only_patches && !matches!(line, None | Some(Line::Patch(_))) {
            return Err(xml("a list of patches erases or writes"));
        }
        self.lines.extend(line);
        if self.lines.len() > MAX_LINES {
            return Err(xml("it has too many lines"));
        }
        Ok(())
    }

    fn end(self) -> Result<Vec<Line>, Trouble> {
        match self.place {
            Place::Before => Err(xml("it holds no element")),
            Place::InRoot | Place::InLine => Err(xml("it is cut off")),
            Place::After => Ok(self.lines),
        }
    }
}

/// A file that claims another encoding than it has says something else to whoever believes it.
fn encoding(declaration: &BytesDecl<'_>) -> Result<(), Trouble> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if is_utf8(&name) => Ok(()),
        Some(Ok(name)) => Err(Trouble::Xml(format!(
            "it says that its encoding is {:?}",
            name.as_ref()
        ))),
        Some(Err(error)) => Err(Trouble::Xml(error.to_string())),
    }
}

fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::nand::{Sector, Sectors};
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
            [Line::Program(ProgramLine {
                name: "..\\sbl1.mbn".into(),
                sectors,
                last_sector: None,
                label: None,
                sparse: false,
                file_sector: 0,
            })]
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
