//! Where runs are kept: one folder each, with the journal, `private.json` and what a simulated run writes.

use super::journal::{self, Journal, State};
use crate::files::{self, Root};
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};

/// Longest journal that is read. A whole flash writes fewer than 300 records, a restore some thousands.
const MAX_JOURNAL: u64 = 64 * 1024 * 1024;

/// The state folder.
#[derive(Debug)]
pub struct Store {
    root: Root,
}

/// The folder of one run.
#[derive(Debug)]
pub struct RunFolder {
    pub id: String,
    pub root: Root,
}

/// One earlier run, as its journal tells.
#[derive(Debug)]
pub struct PastRun {
    pub id: String,
    pub plan: String,
    pub started: String,
    /// The outcome's word; `interrupted` where the journal ends without one.
    pub outcome: String,
    pub simulated: bool,
    /// The step that failed, else the last one that was begun.
    pub step: Option<String>,
    pub damaged: bool,
}

/// The default state folder: `$XDG_STATE_HOME/unbrick`, else `~/.local/state/unbrick`. `None` where neither is set.
pub fn default_folder(variable: impl Fn(&str) -> Option<String>) -> Option<Utf8PathBuf> {
    let xdg = variable("XDG_STATE_HOME").filter(|path| Utf8Path::new(path).is_absolute());
    let base = xdg.map(Utf8PathBuf::from).or_else(|| {
        variable("HOME")
            .filter(|home| !home.is_empty())
            .map(|home| Utf8Path::new(&home).join(".local/state"))
    })?;
    Some(base.join("unbrick"))
}

/// A folder for what one call of the program needs on the disk. It goes when the program is done with it; what a killed
/// one left goes with the next.
#[derive(Debug)]
pub struct Scratch {
    pub root: Root,
    /// Held as long as the program lives; the kernel frees it with the process.
    _lock: std::fs::File,
}

/// Where scratch folders lie, and the file of each that says whether it is in use.
const SCRATCH: &str = "scratch";
const IN_USE: &str = "in-use";
const ATTEMPTS: u32 = 8;

impl Scratch {
    /// Removes all that is in it.
    pub fn remove(folder: &Utf8Path) {
        let (Some(parent), Some(name)) = (folder.parent(), folder.file_name()) else {
            return;
        };
        // What cannot be removed now is tried again by the next call.
        let _ = Root::open(parent).and_then(|root| root.remove_folder(Utf8Path::new(name)));
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        Self::remove(self.root.path());
    }
}

impl Store {
    pub fn open(folder: &Utf8Path) -> Result<Self, files::Error> {
        Root::create(folder).map(|root| Self { root })
    }

    pub fn path(&self) -> &Utf8Path {
        self.root.path()
    }

    /// The folder that holds what simulated runs are given: made once, the same bytes for the same description.
    pub fn made(&self) -> Result<Root, files::Error> {
        let path = Utf8Path::new("made");
        self.root.make_folder(path)?;
        self.root.folder(path)
    }

    /// A new folder with a name of its own: the time, and two characters that keep runs of one second apart.
    pub fn new_run(&self) -> Result<RunFolder, files::Error> {
        let now = jiff::Timestamp::now();
        let second = now.strftime("%Y%m%d-%H%M%S").to_string();
        let mut attempt = 0_u32;
        loop {
            let seed = format!("{now}{}{attempt}", std::process::id());
            let suffix = &files::hex(&Sha256::digest(seed))[..4];
            let id = format!("{second}-{suffix}");
            let path = Utf8PathBuf::from(format!("runs/{id}"));
            if !self.root.exists(&path) {
                self.root.make_folder(&path)?;
                let root = self.root.folder(&path)?;
                self.root.sync(Utf8Path::new("runs"))?;
                return Ok(RunFolder { id, root });
            }
            attempt += 1;
        }
    }

    /// A scratch folder of this process alone, for its owner alone.
    pub fn scratch(&self) -> Result<Scratch, files::Error> {
        self.remove_left_scratch();
        let now = jiff::Timestamp::now();
        let mut path = Utf8PathBuf::new();
        // Another process that tidies up may have a new folder for a moment: then it takes the folder as well.
        for attempt in 0..ATTEMPTS {
            let seed = format!("{now}{}{attempt}", std::process::id());
            path = Utf8Path::new(SCRATCH).join(&files::hex(&Sha256::digest(seed))[..12]);
            if self.root.exists(&path) {
                continue;
            }
            self.root.make_own_folder(&path)?;
            let root = self.root.folder(&path)?;
            let file = root.create_new(Utf8Path::new(IN_USE))?;
            if let Some(lock) = file.to_std().ok().filter(|file| file.try_lock().is_ok()) {
                return Ok(Scratch { root, _lock: lock });
            }
            Scratch::remove(root.path());
        }
        Err(files::Error {
            verb: "lock",
            path: self.root.path().join(path),
            reason: "its disk keeps no locks".to_owned(),
            missing: false,
        })
    }

    /// Removes what killed processes left.
    fn remove_left_scratch(&self) {
        let folder = Utf8Path::new(SCRATCH);
        for name in self.root.names(folder).unwrap_or_default() {
            let path = folder.join(name);
            let lock = self.root.read(&path.join(IN_USE));
            let is_left = lock.is_ok_and(|lock| lock.into_std().try_lock().is_ok());
            if is_left {
                // What cannot be removed now is tried again by the next call.
                let _ = self.root.remove_folder(&path);
            }
        }
    }

    /// The folder of an earlier run.
    pub fn run(&self, id: &str) -> Result<RunFolder, files::Error> {
        let path = Utf8PathBuf::from(format!("runs/{id}"));
        self.root.folder(&path).map(|root| RunFolder {
            id: id.to_owned(),
            root,
        })
    }

    /// Every run, the oldest first.
    pub fn runs(&self) -> Result<Vec<PastRun>, files::Error> {
        let folder = Utf8Path::new("runs");
        if !self.root.is_folder(folder) {
            return Ok(Vec::new());
        }
        let names = self.root.names(folder)?;
        Ok(names
            .into_iter()
            .filter_map(|id| {
                let journal = self.run(&id).ok()?.journal().ok()?;
                Some(past(id, &journal))
            })
            .collect())
    }
}

impl RunFolder {
    pub fn journal(&self) -> Result<Journal, files::Error> {
        let path = self.root.path().join(journal::NAME);
        let bytes = files::read_capped(&path, MAX_JOURNAL)?.unwrap_or_default();
        Ok(journal::read(&bytes))
    }
}

fn past(id: String, journal: &Journal) -> PastRun {
    let text = |record: &serde_json::Value, key: &str| {
        record
            .get(key)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let is = |record: &serde_json::Value, event: &str| text(record, "event") == event;
    let first = journal.records.first();
    let end = journal.records.iter().rev().find(|r| is(r, "run-end"));
    // Behind a failed step come the steps of the rescue.
    let failed = |r: &&serde_json::Value| is(r, "step-end") && text(r, "result") == "failed";
    let last = |what: &dyn Fn(&&serde_json::Value) -> bool| journal.records.iter().rev().find(what);
    let step = end
        .and_then(|_| last(&failed))
        .or_else(|| last(&|r| is(r, "step-start")));
    PastRun {
        id,
        plan: first.map(|r| text(r, "plan")).unwrap_or_default(),
        started: first.map(|r| text(r, "t")).unwrap_or_default(),
        outcome: end.map_or_else(|| "interrupted".to_owned(), |r| text(r, "outcome")),
        simulated: first
            .and_then(|r| r.get("simulated")?.as_bool())
            .unwrap_or_default(),
        step: step.map(|r| text(r, "step")),
        damaged: journal.state == State::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_follows_the_environment() {
        let with = |pairs: &'static [(&str, &str)]| {
            default_folder(move |name| {
                pairs
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| (*v).to_owned())
            })
        };
        assert_eq!(
            with(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]).unwrap(),
            "/s/unbrick"
        );
        assert_eq!(
            with(&[("XDG_STATE_HOME", "relative"), ("HOME", "/h")]).unwrap(),
            "/h/.local/state/unbrick"
        );
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn a_scratch_folder_goes_with_its_process_and_what_a_killed_one_left_with_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let names = || store.root.names(Utf8Path::new(SCRATCH)).unwrap();
        let one = store.scratch().unwrap();
        let two = store.scratch().unwrap();
        assert_eq!(names().len(), 2, "one that is in use stays");
        assert_eq!(
            store.root.rights(Utf8Path::new(SCRATCH)).unwrap().mode & 0o777,
            0o700
        );
        drop(two);
        assert_eq!(names(), [one.root.path().file_name().unwrap()]);
        // A process that is killed drops nothing but its lock.
        let left = store.root.path().join(SCRATCH).join("left");
        let left = Root::create(&left).unwrap();
        left.create_new(Utf8Path::new(IN_USE)).unwrap();
        left.create_new(Utf8Path::new("package/md5.txt")).unwrap();
        assert_eq!(names().len(), 2);
        let _three = store.scratch().unwrap();
        assert!(!names().contains(&"left".to_owned()));
        assert_eq!(names().len(), 2);
    }

    #[test]
    fn two_runs_of_one_second_have_two_folders() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let one = store.new_run().unwrap();
        let two = store.new_run().unwrap();
        assert_ne!(one.id, two.id);
    }
}
