//! What stands in a directory.

/// What kind of entry a mode word describes; compared after masking, for 0160000 contains 0040000.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    File,
    Directory,
    Symlink,
    /// An item file: written by PUT, read like a file.
    Item,
    Unknown,
}

impl EntryKind {
    const MASK: u32 = 0o170_000;

    pub fn of_mode(mode: u32) -> Self {
        match mode & Self::MASK {
            0o040_000 => Self::Directory,
            0o100_000 => Self::File,
            0o120_000 => Self::Symlink,
            0o160_000 => Self::Item,
            _ => Self::Unknown,
        }
    }

    /// The mode word of such an entry with the given permissions.
    pub fn mode(self, permissions: u32) -> u32 {
        let kind = match self {
            Self::Directory => 0o040_000,
            Self::File => 0o100_000,
            Self::Symlink => 0o120_000,
            Self::Item => 0o160_000,
            Self::Unknown => 0,
        };
        kind | (permissions & 0o7777)
    }

    /// The type number in a READDIR answer (libopenpst 0 to 3, `EfsTools` 15).
    pub fn entry_type(self) -> i32 {
        match self {
            Self::File | Self::Unknown => 0,
            Self::Directory => 1,
            Self::Symlink => 2,
            Self::Item => 15,
        }
    }
}

/// One entry of a directory. The end is an empty name, whatever the type says: type 0 is a regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    pub dirp: u32,
    pub sequence: u32,
    pub errno: i32,
    pub entry_type: i32,
    pub mode: u32,
    pub size: i32,
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_file_is_no_directory() {
        assert_eq!(EntryKind::of_mode(0o160_777), EntryKind::Item);
        assert_eq!(EntryKind::of_mode(0o040_755), EntryKind::Directory);
    }
}
