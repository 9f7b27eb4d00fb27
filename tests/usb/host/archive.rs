//! A cpio archive of the "newc" form, as the kernel unpacks it into its first root
//! (Linux:Documentation/driver-api/early-userspace/buffer-format.rst).

use std::collections::BTreeSet;
use std::path::Path;

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    names: BTreeSet<String>,
}

impl Archive {
    /// A file at a path without a leading slash, with the folders above it; once only.
    pub(crate) fn file(&mut self, path: &str, contents: &[u8]) {
        let above = Path::new(path).ancestors().skip(1);
        let mut above: Vec<&str> = above.filter_map(Path::to_str).collect();
        above.retain(|folder| !folder.is_empty());
        for folder in above.into_iter().rev() {
            if self.names.insert(folder.to_owned()) {
                self.entry(folder, FOLDER, &[]);
            }
        }
        if self.names.insert(path.to_owned()) {
            self.entry(path, PROGRAM, contents);
        }
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn entry(&mut self, name: &str, mode: u32, contents: &[u8]) {
        let links = if mode == FOLDER { 2 } else { 1 };
        let inode = u32::try_from(self.names.len()).unwrap();
        let size = u32::try_from(contents.len()).unwrap();
        let name_size = u32::try_from(name.len() + 1).unwrap();
        // Inode, mode, user, group, links, time, size, four device numbers, size of the name, no checksum.
        let fields = [inode, mode, 0, 0, links, 0, size, 0, 0, 0, 0, name_size, 0];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(contents);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
