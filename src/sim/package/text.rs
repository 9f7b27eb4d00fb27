//! The text files of a package.

use super::layout::{Layout, Part};
use crate::plan::Profile;
use crate::protocol::dload::{Entry, Size, UserTable};
use crate::sim::mibib;
use camino::Utf8PathBuf;
use std::fmt::Write as _;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// The meta build: product name, chip, partition file. The reference names its content and not its elements, so
/// these are unverified.
pub(super) fn contents(profile: &Profile, firmware: &str) -> String {
    let chip = profile.chip.to_ascii_uppercase();
    format!(
        "{DECLARATION}<contents>\n  <product_flat>\n    <product_name>{firmware}</product_name>\n    \
         <chipid flavor=\"default\" storage_type=\"nand\">{chip}</chipid>\n  </product_flat>\n  \
         <builds_flat>\n    <build>\n      <name>common</name>\n      <chipset>{chip}</chipset>\n      \
         <partition_file>\n        <file_name>partition_nand.xml</file_name>\n        \
         <file_path>update/</file_path>\n      </partition_file>\n    </build>\n  </builds_flat>\n</contents>\n"
    )
}

/// Sums of all files (quectel.md §9).
pub(super) fn md5_list(sums: &[(Utf8PathBuf, String)]) -> String {
    let mut text = String::from("VERSION:1.0\nFILE:START\n");
    for (path, sum) in sums {
        let path = path.as_str().replace('/', "\\");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "FILE:\\{path}:{sum}");
    }
    text.push_str("FILE:END\n");
    text
}

/// What the programmer is to do, in the order of stock files: the first stages are programmed in the first lines
/// and erased in the lines before the last (protocols.md §1 fact 1).
pub(super) fn rawprogram(
    layout: &Layout,
    profile: &Profile,
    erase_calibration: bool,
    program_calibration: bool,
) -> String {
    let mut lines = Lines::new(profile);
    let parts: Vec<&Part> = layout.programmed().collect();
    let early = |part: &&&Part| part.name == "sbl" || part.name == "tz";
    let is_early = |part: &&Part| early(&part);
    let mut later: Vec<&Part> = parts.iter().copied().filter(|p| !is_early(p)).collect();
    let firsts: Vec<&Part> = parts.iter().copied().filter(is_early).collect();
    let last = (later.len() > 1).then(|| later.remove(0));
    for (number, part) in firsts.iter().enumerate() {
        lines.program(part, &part.file, part.bytes);
        if number == 0 {
            lines.table(layout);
        }
    }
    if firsts.is_empty() {
        lines.table(layout);
    }
    if let Some(calibration) = layout.calibration() {
        if erase_calibration {
            lines.erase(calibration);
        }
        if program_calibration {
            lines.program(calibration, &calibration.file, calibration.bytes);
        }
    }
    for part in layout.erased_only() {
        lines.erase(part);
    }
    for part in later {
        lines.erase(part);
        lines.program(part, &part.file, part.bytes);
    }
    if let Some(part) = last {
        lines.erase(part);
    }
    for part in firsts.iter().rev().filter(|part| part.name != "sbl") {
        lines.erase(part);
    }
    if let Some(table) = layout.table() {
        lines.erase(table);
    }
    for part in firsts.iter().filter(|part| part.name == "sbl") {
        lines.erase(part);
    }
    if let Some(part) = last {
        lines.program(part, &part.file, part.bytes);
    }
    format!("{DECLARATION}<data>\n{}</data>\n", lines.text)
}

struct Lines {
    text: String,
    page: u64,
    pages_per_block: u32,
}

impl Lines {
    fn new(profile: &Profile) -> Self {
        Self {
            text: String::new(),
            page: u64::from(profile.nand.page),
            pages_per_block: profile.nand.pages_per_block,
        }
    }

    /// No label, as in stock files; the number of sectors is that of the partition (protocols.md §7.1).
    fn program(&mut self, part: &Part, file: &str, bytes: u64) {
        debug_assert!(bytes <= self.sectors(part.blocks) * self.page, "it fits");
        let _ = writeln!(
            self.text,
            r#"  <program PAGES_PER_BLOCK="{}" SECTOR_SIZE_IN_BYTES="{}" filename="..\{file}" num_partition_sectors="{}" physical_partition_number="0" start_sector="{}"/>"#,
            self.pages_per_block,
            self.page,
            self.sectors(part.blocks),
            self.sectors(part.start),
        );
    }

    /// The table lies beside the XML file, not above it.
    fn table(&mut self, layout: &Layout) {
        let Some(part) = layout.table() else { return };
        let _ = writeln!(
            self.text,
            r#"  <program PAGES_PER_BLOCK="{}" SECTOR_SIZE_IN_BYTES="{}" filename="{}" num_partition_sectors="{}" physical_partition_number="0" start_sector="{}"/>"#,
            self.pages_per_block,
            self.page,
            layout.table_file(),
            self.sectors(part.blocks),
            self.sectors(part.start),
        );
    }

    fn erase(&mut self, part: &Part) {
        let _ = writeln!(
            self.text,
            r#"  <erase PAGES_PER_BLOCK="{}" SECTOR_SIZE_IN_BYTES="{}" num_partition_sectors="{}" physical_partition_number="0" start_sector="{}"/>"#,
            self.pages_per_block,
            self.page,
            self.sectors(part.blocks),
            self.sectors(part.start),
        );
    }

    fn sectors(&self, blocks: u32) -> u64 {
        u64::from(blocks) * u64::from(self.pages_per_block)
    }
}

/// Two patches of the partition table's file: the length of the last partition, and the CRC (protocols.md §7.2).
pub(super) fn patch(profile: &Profile) -> String {
    let word = profile.nand.word();
    let page = profile.nand.page;
    let last = profile.partitions.last().map_or(0, |last| last.start);
    let at = mibib::last_length_at(profile.partitions.len());
    let file = format!("partition_complete_{word}.mbn");
    let line = |at: usize, sector: u32, value: &str, what: &str| {
        format!(
            "  <patch SECTOR_SIZE_IN_BYTES=\"{page}\" byte_offset=\"{at}\" filename=\"{file}\" \
             physical_partition_number=\"0\" size_in_bytes=\"4\" start_sector=\"{sector}\" \
             value=\"{value}\" what=\"{what}\"/>\n"
        )
    };
    format!(
        "{DECLARATION}<patches>\n{}{}</patches>\n",
        line(
            at,
            1,
            &format!("NUM_DISK_BLOCKS-{last}."),
            "Update the length of the last partition."
        ),
        line(
            12,
            3,
            &format!("CRC32(0,{})", 2 * page),
            "Update the CRC of the partition table."
        ),
    )
}

/// The table for a streaming loader: in blocks, and without pads but those up to the next partition.
pub(in crate::sim) fn user_table(profile: &Profile) -> UserTable {
    let ends = profile.partitions.iter().skip(1).map(|next| next.start);
    let ends = ends.chain(std::iter::once(profile.nand.blocks));
    let entries = profile.partitions.iter().zip(ends).map(|(partition, end)| {
        let behind = partition.start.saturating_add(partition.blocks);
        Entry {
            name: mibib::entry_name(&partition.name),
            size: Size::Blocks {
                size: partition.blocks,
                pad: end.saturating_sub(behind),
            },
        }
    });
    UserTable {
        entries: entries.collect(),
    }
}

/// The user table: sizes, and pads up to the next partition.
pub(super) fn partition_table(layout: &Layout, profile: &Profile) -> String {
    let mut text = format!(
        "{DECLARATION}<nandboot>\n  <magic_numbers>\n    <usr_part_magic1 length=\"4\">0xAA7D1B9A</usr_part_magic1>\n    \
         <usr_part_magic2 length=\"4\">0x1F7D48BC</usr_part_magic2>\n  </magic_numbers>\n  \
         <partition_version length=\"4\">0x4</partition_version>\n  <partition_table>\n"
    );
    let ends = profile
        .partitions
        .iter()
        .skip(1)
        .map(|next| next.start)
        .chain(std::iter::once(profile.nand.blocks));
    for (partition, end) in profile.partitions.iter().zip(ends) {
        let pad = end.saturating_sub(partition.start.saturating_add(partition.blocks));
        let name = mibib::entry_name(&partition.name);
        let file = layout
            .programmed()
            .find(|part| part.name == partition.name.value)
            .map(|part| format!("\n      <img_name type=\"string\">{}</img_name>", part.file))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "    <partition>\n      <name length=\"16\" type=\"string\">{name}</name>\n      \
             <size_blks length=\"4\">{}</size_blks>\n      <pad_blks length=\"1\">{pad}</pad_blks>{file}\n    </partition>",
            partition.blocks,
        );
    }
    text.push_str("  </partition_table>\n</nandboot>\n");
    text
}
