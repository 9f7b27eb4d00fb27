//! The XML of an XQCN file: storages with streams in them, and nothing else.

use super::read::XqcnError;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

/// Deepest nesting of storages; files have 6.
const MAX_DEPTH: usize = 12;

#[derive(Debug)]
pub(super) struct Storage {
    pub(super) name: String,
    pub(super) offset: u64,
    pub(super) storages: Vec<Storage>,
    pub(super) streams: Vec<Stream>,
}

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) name: String,
    pub(super) offset: u64,
    pub(super) data: Vec<u8>,
}

/// Reads the outermost storage.
pub(super) fn parse(bytes: &[u8]) -> Result<Storage, XqcnError> {
    // The declared encoding is Windows-1252. Only the name of the outermost storage can hold more than ASCII, so one
    // character per byte does, and a place in the text tells the place in the file.
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let place = |at: u64| {
        let at = usize::try_from(at).unwrap_or(text.len());
        text.char_indices().take_while(|(i, _)| *i < at).count() as u64
    };
    Parser {
        reader: Reader::from_str(&text),
        open: Vec::new(),
        root: None,
    }
    .run()
    .map_err(|fault| XqcnError::Xml {
        offset: place(fault.at),
        reason: fault.reason,
    })
}

struct XmlFault {
    at: u64,
    reason: String,
}

/// What the end of an element closes.
enum Open {
    Storage(Storage),
    Stream(Stream),
}

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    open: Vec<Open>,
    root: Option<Storage>,
}

impl Parser<'_> {
    fn run(mut self) -> Result<Storage, XmlFault> {
        self.reader.config_mut().expand_empty_elements = true;
        loop {
            let at = self.reader.buffer_position();
            let fault = |reason: &str| XmlFault {
                at,
                reason: reason.to_owned(),
            };
            let event = self.reader.read_event().map_err(|e| XmlFault {
                at: self.reader.error_position(),
                reason: e.to_string(),
            })?;
            match event {
                Event::Start(element) => self.start(&element, at)?,
                Event::End(_) => self.end().ok_or_else(|| fault("an end without a start"))?,
                Event::Text(text) if text.bytes().all(|b| b.is_ascii_whitespace()) => {}
                Event::Decl(_) | Event::Comment(_) => {}
                Event::Eof if self.open.is_empty() => {
                    return self.root.ok_or_else(|| fault("there is no storage"));
                }
                Event::Eof => return Err(fault("the file ends inside a storage")),
                _ => return Err(fault("only `Storage` and `Stream` may stand here")),
            }
        }
    }

    fn start(&mut self, element: &BytesStart<'_>, at: u64) -> Result<(), XmlFault> {
        let fault = |reason: String| XmlFault { at, reason };
        let inside = match self.open.last() {
            Some(Open::Stream(_)) => return Err(fault("a stream holds no elements".to_owned())),
            inside => inside.is_some(),
        };
        if self.open.len() >= MAX_DEPTH {
            return Err(fault(format!("more than {MAX_DEPTH} storages deep")));
        }
        let mut attributes = Attributes::default();
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|e| fault(e.to_string()))?;
            attributes
                .take(attribute.key.as_ref(), &attribute.value)
                .map_err(fault)?;
        }
        let open = match element.name().as_ref() {
            "Storage" if inside || self.root.is_none() => attributes.storage(at).map(Open::Storage),
            "Stream" if inside => attributes.stream(at).map(Open::Stream),
            "Storage" | "Stream" => Err("only one outermost `Storage` may stand here".to_owned()),
            other => Err(format!("`{}` is no part of XQCN", other.escape_debug())),
        };
        self.open.push(open.map_err(fault)?);
        Ok(())
    }

    fn end(&mut self) -> Option<()> {
        let closed = self.open.pop()?;
        match (self.open.last_mut(), closed) {
            (Some(Open::Storage(parent)), Open::Storage(child)) => parent.storages.push(child),
            (Some(Open::Storage(parent)), Open::Stream(child)) => parent.streams.push(child),
            (None, Open::Storage(root)) => self.root = Some(root),
            _ => return None,
        }
        Some(())
    }
}

#[derive(Default)]
struct Attributes {
    name: Option<String>,
    length: Option<u64>,
    value: Option<Vec<u8>>,
}

impl Attributes {
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "Name" => {
                let name = unescape(value).map_err(|e| e.to_string())?;
                self.name = Some(name.into_owned());
            }
            "Length" => {
                let digits = value.bytes().all(|b| b.is_ascii_digit());
                let length = value.parse().ok().filter(|_| digits);
                self.length = Some(length.ok_or("`Length` is no number")?);
            }
            "Value" => self.value = Some(from_hex(value)?),
            other => return Err(format!("`{}` is no part of XQCN", other.escape_debug())),
        }
        Ok(())
    }

    fn storage(self, offset: u64) -> Result<Storage, String> {
        if self.length.is_some() || self.value.is_some() {
            return Err("a storage has a `Name` and nothing else".to_owned());
        }
        Ok(Storage {
            name: self.name.ok_or("a storage without a `Name`")?,
            offset,
            storages: Vec::new(),
            streams: Vec::new(),
        })
    }

    fn stream(self, offset: u64) -> Result<Stream, String> {
        let name = self.name.ok_or("a stream without a `Name`")?;
        let length = self.length.ok_or("a stream without a `Length`")?;
        let data = self.value.ok_or("a stream without a `Value`")?;
        if data.len() as u64 != length {
            let found = data.len();
            return Err(format!("a stream of `Length` {length} has {found} bytes"));
        }
        Ok(Stream { name, offset, data })
    }
}

/// Two hex digits per byte, separated by blanks.
fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    text.split_ascii_whitespace()
        .map(|byte| match byte.as_bytes() {
            [high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                u8::from_str_radix(byte, 16).map_err(|e| e.to_string())
            }
            _ => Err("a `Value` is no list of hex bytes".to_owned()),
        })
        .collect()
}
