//! What getstorageinfo says of the chip (protocols.md §6.4).

use crate::protocol::nand::Geometry;
use serde::Deserialize;

/// The chip as the programmer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Storage {
    pub total_blocks: u32,
    pub block_size: u32,
    pub page_size: u32,
}

#[derive(Deserialize)]
struct Document {
    storage_info: Storage,
}

impl Storage {
    /// Out of the log that holds the JSON.
    pub(super) fn from_logs(logs: &[String]) -> Option<Self> {
        logs.iter().find_map(|log| {
            let json = log.get(log.find('{')?..=log.rfind('}')?)?;
            serde_json::from_str::<Document>(json)
                .ok()
                .map(|document| document.storage_info)
        })
    }

    /// Whether this is that chip. No source says in which unit NAND programmers give `block_size`, so bytes and
    /// pages of a block are both accepted, and pages that are called blocks (unverified); the chip's size must
    /// agree in each case.
    pub fn is(&self, chip: Geometry) -> bool {
        let by_blocks = self.total_blocks == chip.blocks()
            && (self.block_size == chip.block() || self.block_size == chip.pages_per_block());
        let by_pages = self.total_blocks == chip.sectors() && self.block_size == chip.page();
        self.page_size == chip.page() && (by_blocks || by_pages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_is_found_in_its_log() {
        let logs = [
            "INFO: Calling handler for getstorageinfo".to_owned(),
            r#"INFO: {"storage_info": {"total_blocks":2048, "block_size":262144, "page_size":4096, "num_physical":1, "manufacturer_id":44, "serial_num":1, "fw_version":"x","mem_type":"NAND","prod_name":"y"}}"#.to_owned(),
        ];
        let storage = Storage::from_logs(&logs).unwrap();
        assert!(storage.is(Geometry::new(4096, 64, 2048).unwrap()));
        assert!(!storage.is(Geometry::new(2048, 64, 2048).unwrap()));
        assert!(!storage.is(Geometry::new(4096, 64, 4096).unwrap()));
        assert_eq!(
            Storage::from_logs(&["}{".to_owned(), "{}".to_owned()]),
            None
        );
    }
}
