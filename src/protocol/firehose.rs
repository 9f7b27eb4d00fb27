//! Firehose: what is said to a programmer in RAM (protocols.md §6; qdl:src/firehose.c, libqmi:qfu-firehose).
//!
//! The host sends one XML document with one self-closed element per transfer. The programmer answers with any
//! number of documents; each holds logs or one response. Neither side has a real XML parser, so both directions
//! use a scanner that takes what real programmers send: NULs, bad UTF-8, text between documents.

use std::fmt::Write as _;

/// One element: a command of the host, or a log or response of the programmer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    /// In the order written.
    pub attributes: Vec<(String, String)>,
}

impl Element {
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
        }
    }

    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "numbers and text are given alike"
    )]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.attributes.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// As one document. Its length is never a multiple of 512 bytes, so that it ends a USB transfer without a
    /// zero-length packet (qdlrs:qdl/src/lib.rs appends a line break for this reason).
    pub fn document(&self) -> Vec<u8> {
        let mut text = format!(
            r#"<?xml version="1.0" encoding="UTF-8" ?><data><{}"#,
            self.name
        );
        for (name, value) in &self.attributes {
            // Writing to a String cannot fail.
            let _ = write!(text, r#" {name}="{}""#, escape(value));
        }
        text.push_str(" /></data>");
        if text.len().is_multiple_of(512) {
            text.push('\n');
        }
        text.into_bytes()
    }
}

/// What a programmer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Log(String),
    Response(Response),
}

/// The programmer's verdict on a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub ack: bool,
    /// After this response, raw bytes follow in the direction of the command.
    pub raw_mode: bool,
    pub element: Element,
}

impl Reply {
    /// `None` for an element that is neither log nor response.
    pub fn from_element(element: Element) -> Option<Self> {
        match element.name.as_str() {
            "log" => Some(Self::Log(
                element.attribute("value").unwrap_or_default().to_owned(),
            )),
            "response" => Some(Self::Response(Response {
                ack: element.attribute("value") == Some("ACK"),
                raw_mode: element.attribute("rawmode") == Some("true"),
                element,
            })),
            _ => None,
        }
    }
}

/// Longest run of bytes without a complete document that is kept; more is noise and dropped from the front.
/// Programmers say `MaxXMLSizeInBytes` 4096 (measured: qfh:log).
const MAX_PENDING: usize = 64 * 1024;

/// Cuts a stream of bytes into elements, whatever lies between the documents. Every byte is looked at a bounded
/// number of times, so that a modem that babbles costs time in proportion to what it says.
#[derive(Debug, Default)]
pub struct Scanner {
    pending: Vec<u8>,
    /// Bytes at the front that were taken already.
    taken: usize,
    /// No end of a document begins before this place.
    searched: usize,
    /// Where the end of the first document stands, once it is known.
    end: Option<usize>,
}

impl Scanner {
    pub fn push(&mut self, bytes: &[u8]) {
        self.forget(self.taken);
        self.pending.extend_from_slice(bytes);
        if self.pending.len() > MAX_PENDING {
            self.forget(self.pending.len() - MAX_PENDING);
        }
    }

    /// The next element inside a complete document, `<?xml` and `<data>` left out. A document is complete at its
    /// `</data>`; its elements come one by one.
    pub fn next_element(&mut self) -> Option<Element> {
        loop {
            let end = self.document_end()?;
            let document = self.pending.get(self.taken..end)?;
            let start = document.iter().position(|b| *b == b'<');
            match start.and_then(|start| Some((start, element_at(document.get(start..)?)?))) {
                Some((start, (used, element))) => {
                    self.taken += start + used;
                    let wrapper =
                        element.name.starts_with(['?', '!', '/']) || element.name == "data";
                    if !wrapper && !element.name.is_empty() {
                        return Some(element);
                    }
                }
                // Nothing more in this document.
                None => self.leave_document(end),
            }
        }
    }

    /// Takes what follows the last complete document: raw data that shared a read with its response. Bytes of a
    /// closing tag that belong to the document are consumed first.
    pub fn take_rest(&mut self) -> Vec<u8> {
        if let Some(end) = self.document_end() {
            let rest_of_document = self.pending.get(self.taken..end).unwrap_or_default();
            if rest_of_document.iter().all(u8::is_ascii_whitespace) {
                self.leave_document(end);
            }
        }
        let rest = self.pending.split_off(self.taken);
        *self = Self::default();
        rest
    }

    /// Whether bytes wait that may be the beginning of a document.
    pub fn is_empty(&self) -> bool {
        self.pending.len() == self.taken
    }

    fn document_end(&mut self) -> Option<usize> {
        if self.end.is_none() {
            let from = self.searched.max(self.taken);
            let found = find(self.pending.get(from..)?, END);
            self.end = found.map(|at| from + at);
            self.searched = self.pending.len().saturating_sub(END.len() - 1);
        }
        self.end
    }

    fn leave_document(&mut self, end: usize) {
        self.taken = end + END.len();
        self.end = None;
        self.searched = self.taken;
    }

    /// Drops bytes from the front.
    fn forget(&mut self, count: usize) {
        self.pending.drain(..count);
        self.taken = self.taken.saturating_sub(count);
        self.searched = self.searched.saturating_sub(count);
        if let Some(end) = self.end {
            self.end = end.checked_sub(count);
            self.searched = self.taken;
        }
    }
}

const END: &[u8] = b"</data>";

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// Reads the tag that starts at `bytes[0] == b'<'`: how many bytes it takes, and its element. A `>` inside quotes
/// does not end a tag.
fn element_at(bytes: &[u8]) -> Option<(usize, Element)> {
    let mut quote = None;
    let end = bytes.iter().position(|b| match (quote, *b) {
        (None, b'>') => true,
        (None, b'"' | b'\'') => {
            quote = Some(*b);
            false
        }
        (Some(q), b) if b == q => {
            quote = None;
            false
        }
        _ => false,
    })?;
    let text = String::from_utf8_lossy(&bytes[1..end]);
    let text = text.trim_end_matches(['/', '?']).replace('\0', "");
    let name_end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| c.is_whitespace())
        .map_or(text.len(), |(i, _)| i);
    let mut element = Element::new(&text[..name_end]);
    let mut rest = text[name_end..].trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| *c == '"' || *c == '\'') else {
            break;
        };
        let Some((value, after)) = after[1..].split_once(quote) else {
            break;
        };
        element = element.with(name.trim(), unescape(value));
        rest = after.trim_start();
    }
    Some((end + 1, element))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(bytes: &[u8]) -> Vec<Element> {
        let mut scanner = Scanner::default();
        scanner.push(bytes);
        std::iter::from_fn(|| scanner.next_element()).collect()
    }

    #[test]
    fn a_document_is_never_a_multiple_of_512_bytes() {
        for length in 0..1100 {
            let document = Element::new("nop")
                .with("value", "x".repeat(length))
                .document();
            assert!(!document.len().is_multiple_of(512));
            assert_eq!(
                scan(&document)[0].attribute("value").map(str::len),
                Some(length)
            );
        }
    }

    #[test]
    fn two_documents_in_one_read_and_raw_bytes_behind_them_are_kept_apart() {
        let mut scanner = Scanner::default();
        scanner.push(b"\0\0<?xml version=\"1.0\" ?><data><log value=\"a &lt; b > c\" /></data>\n<?xml?><data>\n<response value=\"ACK\" rawmode=\"true\"/>\n</data>\x01\x02<raw");
        let log = Reply::from_element(scanner.next_element().unwrap()).unwrap();
        assert_eq!(log, Reply::Log("a < b > c".into()));
        let Some(Reply::Response(response)) = Reply::from_element(scanner.next_element().unwrap())
        else {
            panic!("a response")
        };
        assert!(response.ack && response.raw_mode);
        assert_eq!(scanner.take_rest(), b"\x01\x02<raw");
    }

    #[test]
    fn a_split_document_is_read_when_it_is_whole() {
        let whole = Element::new("response").with("value", "NAK").document();
        let mut scanner = Scanner::default();
        for (i, byte) in whole.iter().enumerate() {
            scanner.push(&[*byte]);
            assert_eq!(scanner.next_element().is_some(), i + 1 == whole.len());
        }
    }

    #[test]
    fn noise_without_end_does_not_grow() {
        let mut scanner = Scanner::default();
        for _ in 0..100 {
            scanner.push(&[b'<'; 4096]);
        }
        assert!(scanner.pending.len() <= MAX_PENDING);
        assert_eq!(scanner.next_element(), None);
    }
}
