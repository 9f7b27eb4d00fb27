//! What a backup asks for.

use std::ops::Range;

/// The items and files to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Numbered items, read by the plain command.
    pub items: Range<u16>,
    /// Indices under which the same items are read once more: those of further subscriptions.
    pub indices: Vec<u16>,
    /// rfnv files looked for by name, for directories may not list them (diag-and-xqcn.md §6).
    pub rfnv: Range<u32>,
}

impl Default for Scan {
    /// What qfenix scans: 0 to 8192 on index 0 and 1, rfnv 20000 to 32000 (diag-and-xqcn.md §4, §6).
    fn default() -> Self {
        Self {
            items: 0..8193,
            indices: vec![1],
            rfnv: 20_000..32_001,
        }
    }
}

impl Scan {
    /// How many requests the items take.
    pub fn item_reads(&self) -> u64 {
        self.items.len() as u64 * (1 + self.indices.len() as u64)
    }

    /// The path of one rfnv file: eight digits (quectel.md §8).
    pub fn rfnv_path(number: u32) -> String {
        format!("/nv/item_files/rfnv/{number:08}")
    }
}
