//! Locks that keep a second run from the same modem. The kernel drops them with the process, however it ends.
//!
//! A lock is on a file for the physical port of the modem, and for each tty or address that was named by hand. The file
//! stays when the lock is gone: removing it would let two processes lock two files of one name.

use crate::files::{self, Root};
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};

/// Longest note that is read.
const MAX_NOTE: u64 = 4096;

/// Who holds a lock, for the message only: nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub pid: u32,
    pub run: String,
    pub plan: String,
    pub since: String,
}

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The note is missing where the other run has written none yet, or the file is not ours to read.
    #[error("another run of unbrick has {what}{}", .by.as_ref().map_or_else(String::new, Note::told))]
    Held { what: String, by: Option<Note> },
    #[error("no folder for the lock on {what}: {reason}")]
    NoFolder { what: String, reason: files::Error },
    #[error("the lock on {what} failed: {reason}")]
    Failed { what: String, reason: String },
}

impl Refusal {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Held { .. } => "host::in-use",
            Self::NoFolder { .. } | Self::Failed { .. } => "host::lock",
        }
    }

    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::Held { by: Some(note), .. } => format!(
                "nothing was opened; wait until it has ended, or look with `ps {}`; its lock goes with it",
                note.pid
            ),
            Self::Held { by: None, .. } => {
                "nothing was opened; wait until it has ended; its lock goes with it".to_owned()
            }
            Self::NoFolder { .. } | Self::Failed { .. } => {
                "nothing was opened; give this user a folder in XDG_RUNTIME_DIR, or name a state folder with `--state`"
                    .to_owned()
            }
        }
    }
}

impl Note {
    fn told(&self) -> String {
        let Self {
            pid,
            run,
            plan,
            since,
        } = self;
        let run = if run.is_empty() {
            "which begins".to_owned()
        } else {
            format!("run {run}")
        };
        format!(": {run}, plan {plan}, process {pid}, since {since}")
    }

    /// Anybody may have written the file: it is shown without what a terminal would obey.
    fn read(file: &mut File) -> Option<Self> {
        let mut bytes = Vec::new();
        file.rewind().ok()?;
        file.take(MAX_NOTE).read_to_end(&mut bytes).ok()?;
        let note: Self = serde_json::from_slice(&bytes).ok()?;
        let plain = |text: &str| text.chars().filter(|c| !c.is_control()).take(200).collect();
        Some(Self {
            pid: note.pid,
            run: plain(&note.run),
            plan: plain(&note.plan),
            since: plain(&note.since),
        })
    }

    fn write(&self, file: &mut File) -> Option<()> {
        let json = serde_json::to_vec(self).ok()?;
        file.set_len(0).ok()?;
        file.rewind().ok()?;
        file.write_all(&json).ok()
    }
}

/// The folders in which locks may lie, best first.
///
/// `/run/lock` is shared by all users of the computer where it is open to all (Debian) or the other user is root and
/// was first; it is emptied at the next start. Elsewhere the user's own folder is as far as a lock reaches, and the
/// exclusive use of the tty (`TIOCEXCL`) and of the USB interface must keep other users away.
pub fn folders(host: &Utf8Path, runtime: Option<&str>, state: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut folders = vec![host.join("run/lock")];
    folders.extend(runtime.filter(|path| path.starts_with('/')).map(Into::into));
    folders.push(state.join("locks"));
    folders
}

/// A lock that is held for as long as this lives.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock, or says who has it. Never waits.
    pub(super) fn take(
        folders: &[Utf8PathBuf],
        key: &str,
        what: &str,
        note: &Note,
    ) -> Result<Self, Refusal> {
        let mut file = open(folders, key).map_err(|reason| Refusal::NoFolder {
            what: what.to_owned(),
            reason,
        })?;
        match file.try_lock() {
            Ok(()) => {
                let mut lock = Self { file };
                lock.write(note);
                Ok(lock)
            }
            Err(TryLockError::WouldBlock) => Err(Refusal::Held {
                what: what.to_owned(),
                by: Note::read(&mut file),
            }),
            Err(TryLockError::Error(error)) => Err(Refusal::Failed {
                what: what.to_owned(),
                reason: error.to_string(),
            }),
        }
    }

    /// A note that cannot be written leaves the message of the other run without it.
    pub(super) fn write(&mut self, note: &Note) {
        let _ = note.write(&mut self.file);
    }
}

/// Opens the file in the first folder that has it, else makes it in the first that takes it: two users with different
/// rights to the folders then still meet.
fn open(folders: &[Utf8PathBuf], key: &str) -> Result<File, files::Error> {
    let name = Utf8PathBuf::from(format!("unbrick-{}.lock", file_name(key)));
    let mut first = None;
    let last = folders.len().saturating_sub(1);
    for (index, folder) in folders.iter().enumerate() {
        let root = if index == last {
            Root::create(folder)
        } else {
            Root::open(folder)
        };
        match root.and_then(|root| root.shared(&name)) {
            Ok(file) => return Ok(file),
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(first.unwrap_or_else(|| files::Error {
        verb: "open",
        path: name,
        reason: "there is no folder".into(),
        missing: true,
    }))
}

/// A key as a name in a folder. Keys that differ only in what is replaced are told apart by their length and hash.
fn file_name(key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if key.len() <= 100 && key.chars().all(plain) {
        return key.to_owned();
    }
    let (hash, _) = files::sha256(key.as_bytes()).unwrap_or_default();
    let shown: String = key
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .take(60)
        .collect();
    format!("{shown}-{}", &hash[..hash.len().min(16)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(run: &str) -> Note {
        Note {
            pid: 4711,
            run: run.to_owned(),
            plan: "quectel/ec25/clear-ftm".to_owned(),
            since: "2026-11-28T10:00:00Z".to_owned(),
        }
    }

    fn scratch() -> (tempfile::TempDir, Vec<Utf8PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        (folder, vec![path.join("missing"), path])
    }

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let (_keep, folders) = scratch();
        let mut first = Lock::take(&folders, "usb-1-2", "the modem", &note("")).unwrap();
        first.write(&note("20261128-100000-abcd"));
        let refusal = Lock::take(&folders, "usb-1-2", "the modem", &note("")).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "another run of unbrick has the modem: run 20261128-100000-abcd, plan quectel/ec25/clear-ftm, \
             process 4711, since 2026-11-28T10:00:00Z"
        );
        drop(first);
        Lock::take(&folders, "usb-1-2", "the modem", &note("")).unwrap();
    }

    #[test]
    fn what_somebody_wrote_into_the_file_is_no_command_for_a_terminal() {
        let (_keep, folders) = scratch();
        let wicked = note("\u{1b}]0;x\u{7}\u{1b}[2J");
        let _first = Lock::take(&folders, "k", "the modem", &wicked).unwrap();
        let refusal = Lock::take(&folders, "k", "the modem", &note("")).unwrap_err();
        assert!(!refusal.to_string().contains(char::is_control));
    }

    #[test]
    fn a_file_that_another_user_made_is_locked_as_it_is() {
        let (_keep, folders) = scratch();
        drop(Lock::take(&folders, "k", "the modem", &note("a")).unwrap());
        let root = Root::open(&folders[1]).unwrap();
        let rights = root.rights(Utf8Path::new("unbrick-k.lock")).unwrap();
        assert_eq!(rights.mode, 0o666);
    }

    #[test]
    fn keys_never_share_a_file() {
        let keys = ["tty-/dev/a/b", "tty-/dev/a-b", "tty--dev-a-b", "usb-1-2"];
        let mut names: Vec<String> = keys.iter().map(|key| file_name(key)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), keys.len());
        assert!(names.iter().all(|name| !name.contains('/')));
    }
}
