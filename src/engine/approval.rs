//! The approval digest: one plan, one set of inputs and files, one unit. It is stale as soon as any of it moved.

use super::zips;
use crate::check::CheckedPlan;
use crate::files::{self, Root};
use crate::plan::{Value, Values};
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// What is attached, as far as it could be read without changing it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unit {
    /// Port path, or ports given by hand.
    pub place: String,
    /// What the bus shows there.
    pub shows: String,
    /// Identities that could be read, or `unknown`.
    pub identities: BTreeMap<String, String>,
}

/// A digest to be approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    hex: String,
    with_unit: bool,
}

impl Digest {
    /// The digest as `--approve` takes it, or `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (form, hex) = text.split_once(':')?;
        let right = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        let with_unit = match form {
            "unit" => true,
            "offline" => false,
            _ => return None,
        };
        right.then(|| Self {
            hex: hex.to_ascii_lowercase(),
            with_unit,
        })
    }

    /// Made with a modem attached: it can approve a run.
    pub fn is_for_a_unit(&self) -> bool {
        self.with_unit
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if self.with_unit { "unit" } else { "offline" };
        write!(f, "{form}:{}", self.hex)
    }
}

/// Everything that a run is made of: the plan and its files, every input, and every file that an input names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents(String);

impl Contents {
    /// Reads and hashes all of it; files are streamed. Two equal values mean that nothing of it has moved.
    pub fn read(plan: &CheckedPlan, inputs: &Values) -> Result<Self, files::Error> {
        let mut list = List::default();
        list.line("language", "1");
        for (name, sha256) in plan.files() {
            list.line("plan", &format!("{name} {sha256}"));
        }
        for (name, value) in inputs {
            list.line("input", &format!("{name} {}", described(value)?));
        }
        Ok(Self(list.hex()))
    }

    /// For review and comparison, without a modem.
    pub fn offline(&self) -> Digest {
        Digest {
            hex: self.0.clone(),
            with_unit: false,
        }
    }

    /// For one unit. `journal` is the seal of a run that is to go on.
    pub fn for_unit(
        &self,
        unit: &Unit,
        overrides: &BTreeMap<String, String>,
        journal: Option<&str>,
    ) -> Digest {
        let mut list = List::default();
        list.line("contents", &self.0);
        for (guard, reason) in overrides {
            list.line("override", &format!("{guard} {reason}"));
        }
        list.line("place", &unit.place);
        list.line("shows", &unit.shows);
        for (name, value) in &unit.identities {
            list.line("identity", &format!("{name} {value}"));
        }
        if let Some(seal) = journal {
            list.line("journal", seal);
        }
        Digest {
            hex: list.hex(),
            with_unit: true,
        }
    }
}

/// Length-prefixed lines, so that no two lists of lines read the same.
#[derive(Default)]
struct List(Sha256);

impl List {
    fn line(&mut self, key: &str, value: &str) {
        self.0
            .update(format!("{key} {}\n{value}\n", value.len()).as_bytes());
    }

    fn hex(self) -> String {
        files::hex(&self.0.finalize())
    }
}

fn described(value: &Value) -> Result<String, files::Error> {
    Ok(match value {
        Value::File(path) => {
            let (sha256, bytes) = hashed(path)?;
            format!("file {path} {bytes} {sha256}")
        }
        Value::Folder(path) => format!("folder {path} {}", folder(path)?),
        // Where it was unpacked is of no matter; what is there now, and what it came from, is.
        Value::Unpacked(unpacked) => {
            zips::is_as_unpacked(unpacked)?;
            let (zip, sha256) = (&unpacked.zip, &unpacked.sha256);
            format!("zip {zip} {sha256} {}", folder(&unpacked.folder)?)
        }
        Value::Secret(secret) => {
            format!("secret {}", files::hex(&Sha256::digest(secret)))
        }
        other => format!("{} {}", other.kind(), other.display()),
    })
}

fn hashed(path: &Utf8Path) -> Result<(String, u64), files::Error> {
    let file = files::open(path)?;
    files::sha256(file).map_err(|error| files::Error {
        verb: "read",
        path: path.to_owned(),
        reason: error.to_string(),
        missing: false,
    })
}

/// One hash over the path, size and hash of every file below a folder.
fn folder(path: &Utf8Path) -> Result<String, files::Error> {
    let root = Root::open(path)?;
    let mut list = List::default();
    let mut waiting = vec![Utf8PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        for name in root.names(&folder)?.into_iter().rev() {
            let inner = folder.join(name);
            if root.is_link(&inner) {
                // Where it leads is not followed: a link to its own folder would have no end.
                list.line("link", inner.as_str());
            } else if root.is_folder(&inner) {
                waiting.push(inner);
            } else if root.is_file(&inner) {
                let (sha256, bytes) = hashed(&path.join(&inner))?;
                list.line("file", &format!("{inner} {bytes} {sha256}"));
            }
        }
    }
    Ok(list.hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_printed() {
        let hex = "0123456789abcdef".repeat(4);
        for text in [format!("unit:{hex}"), format!("offline:{hex}")] {
            assert_eq!(Digest::parse(&text).unwrap().to_string(), text);
        }
        for wrong in ["", "unit:", &hex, "unit:xyz", &format!("other:{hex}")] {
            assert_eq!(Digest::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn one_changed_byte_of_one_file_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let root = Root::open(path).unwrap();
        let image = Utf8Path::new("update/sbl1.mbn");
        files::write_new(&root, image, b"one").unwrap();
        // A link to its own folder has no end, and is not followed.
        std::os::unix::fs::symlink(".", path.join("loop")).unwrap();
        let (plan, _) = crate::check::load("quectel/rm502q-gl/unbrick-900e").unwrap();
        let inputs = Values::from([("package".to_owned(), Value::Folder(path.to_owned()))]);
        let read = || Contents::read(&plan, &inputs).unwrap();
        let before = read();
        assert_eq!(before, read());
        root.remove_file(image).unwrap();
        files::write_new(&root, image, b"two").unwrap();
        assert_ne!(before, read());
        assert_ne!(before.offline(), read().offline());
    }
}
