//! Text of the host becomes documents, and each is obeyed.

use super::answers::TURN;
use super::{Programmer, State};
use crate::protocol::firehose::{Element, Scanner};
use crate::sim::world::World;

/// Longest document (measured: `MaxXMLSizeInBytes`).
pub(super) const LONGEST_DOCUMENT: usize = 4096;
const CLOSING: &[u8] = b"</data>";

impl Programmer {
    /// Takes text up to the end of one document.
    pub(super) fn take_text(&mut self, world: &mut World, rest: &mut &[u8]) {
        let before = self.pending.len();
        let room = (LONGEST_DOCUMENT + CLOSING.len()).saturating_sub(before);
        let (new, after) = rest.split_at(rest.len().min(room.max(1)));
        self.pending.extend_from_slice(new);
        *rest = after;
        // What is written while sectors go to the host waits for them.
        if matches!(self.state, State::Reading(_)) {
            if self.pending.len() > LONGEST_DOCUMENT {
                self.pending.clear();
            }
            return;
        }
        // Bytes after a document that began raw mode are raw.
        let leftover = self.take_documents(world);
        self.write(world, &leftover);
    }

    /// Obeys each whole document that is pending; gives what follows one that changed the state.
    pub(super) fn take_documents(&mut self, world: &mut World) -> Vec<u8> {
        while world.want.is_none() {
            let blank = self
                .pending
                .iter()
                .take_while(|b| b.is_ascii_whitespace())
                .count();
            self.pending.drain(..blank);
            if self.pending.is_empty() {
                break;
            }
            // The parser wants `<` at once: leftover raw bytes are answered with an error (protocols.md §3, §6.1).
            let end = find(&self.pending, CLOSING);
            if self.pending[0] != b'<' || end.is_none() && self.pending.len() > LONGEST_DOCUMENT {
                self.pending.clear();
                self.refuse(world, None, "xml", "XML not formed correctly");
                break;
            }
            let Some(end) = end else { break };
            let document: Vec<u8> = self.pending.drain(..end + CLOSING.len()).collect();
            self.take_document(world, &document);
            if !matches!(self.state, State::Idle) {
                // Documents of qdl end with a line feed, which is no raw byte (linux-msm/qdl a8d10da:firehose.c).
                let rest = std::mem::take(&mut self.pending);
                return rest.trim_ascii_start().to_vec();
            }
        }
        Vec::new()
    }

    fn take_document(&mut self, world: &mut World, document: &[u8]) {
        let mut scanner = Scanner::default();
        scanner.push(document);
        // A tag must close itself (strings of eg25:prog_nand_firehose_9x07.mbn).
        let element = scanner
            .next_element()
            .filter(|_| find(document, b"/>").is_some());
        match element {
            Some(element) => self.obey(world, &element),
            None => self.refuse(world, None, "xml", "XML not formed correctly"),
        }
    }

    fn obey(&mut self, world: &mut World, element: &Element) {
        let name = element.name.to_ascii_lowercase();
        match name.as_str() {
            "nop" => self.ack(world, None, TURN, &[]),
            "configure" => self.configure(world, element),
            "erase" => self.erase(world, element),
            "program" => self.program(world, element),
            "read" => self.read(world, element),
            "getsha256digest" if self.traits.digest => self.digest(world, element),
            "getstorageinfo" => self.storage(world),
            "patch" => self.patch(world, element),
            "power" => self.power(world, element),
            "setbootablestoragedrive" => {
                self.refuse(world, None, &name, "not supported on this storage");
            }
            _ => {
                let text = format!("Unknown command {name}");
                self.refuse(world, None, &name, &text);
            }
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
