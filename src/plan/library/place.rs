//! Where a file lies, so that paths written in it can be followed: on this computer, or among the built-in files.

use super::{EntryKind, Library, is_file, name_of, path_of};
use crate::files::Root;
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// Where a file lies. Two equal places are one file; two places of one file differ where links lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A path, plain: no `.`, and `..` at its beginning only.
    Disk(Utf8PathBuf),
    /// A path below `plans/` of the built-in files.
    BuiltIn(String),
}

impl Place {
    /// The place behind a path or a name. A path wins, as everywhere.
    pub fn find(name_or_path: &str, kind: EntryKind) -> Self {
        let path = Utf8Path::new(name_or_path);
        if is_file(path) {
            Self::Disk(plain(path))
        } else {
            Self::BuiltIn(path_of(name_or_path, kind))
        }
    }

    /// Where a path leads that is written in this file.
    #[must_use]
    pub fn follow(&self, path: &str) -> Self {
        match self {
            Self::Disk(own) => {
                let folder = own.parent().unwrap_or(Utf8Path::new(""));
                Self::Disk(plain(&folder.join(path)))
            }
            Self::BuiltIn(own) => {
                let folder = Utf8Path::new(own).parent().unwrap_or(Utf8Path::new(""));
                Self::BuiltIn(plain(&folder.join(path)).into_string())
            }
        }
    }

    pub fn is_there(&self) -> bool {
        match self {
            Self::Disk(path) => is_file(path),
            Self::BuiltIn(path) => Library::builtin().text(path).is_some(),
        }
    }

    /// What the file is loaded by: its path, or its built-in name.
    pub fn name(&self) -> String {
        match self {
            Self::Disk(path) => path.to_string(),
            Self::BuiltIn(path) => name_of(path).map_or_else(|| path.clone(), |(name, _)| name),
        }
    }

    /// The YAML files of a folder that lies beside this file, sorted.
    pub fn beside(&self, folder: &str) -> Vec<Self> {
        match self.follow(folder) {
            Self::Disk(folder) => {
                let names = Root::open(&folder).and_then(|root| root.names(Utf8Path::new("")));
                let names = names.unwrap_or_default().into_iter();
                names
                    .filter(|name| Utf8Path::new(name).extension() == Some("yaml"))
                    .map(|name| Self::Disk(folder.join(name)))
                    .collect()
            }
            Self::BuiltIn(folder) => Library::builtin()
                .paths()
                .filter(|path| Utf8Path::new(path).parent() == Some(Utf8Path::new(&folder)))
                .map(|path| Self::BuiltIn(path.to_owned()))
                .collect(),
        }
    }
}

/// The same path without `.`, and without what `..` takes back.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let mut plain = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir
                if matches!(
                    plain.components().next_back(),
                    Some(Utf8Component::Normal(_))
                ) =>
            {
                plain.pop();
            }
            _ => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_from_the_folder_of_its_file() {
        for (own, path, wanted) in [
            ("a/rehearsals/x.yaml", "../p.yaml", "a/p.yaml"),
            ("rehearsals/x.yaml", "../p.yaml", "p.yaml"),
            ("x.yaml", "../p.yaml", "../p.yaml"),
            ("../x.yaml", "../p.yaml", "../../p.yaml"),
            ("/a/x.yaml", "./b/../c.yaml", "/a/c.yaml"),
        ] {
            let disk = Place::Disk(own.into()).follow(path);
            assert_eq!(disk, Place::Disk(wanted.into()), "{own} {path}");
            if !own.starts_with('/') {
                let built_in = Place::BuiltIn(own.into()).follow(path);
                assert_eq!(built_in, Place::BuiltIn(wanted.into()), "{own} {path}");
            }
        }
    }
}
