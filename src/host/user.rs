//! Who runs this, and what that user may open.

use super::Host;
use camino::Utf8Path;

/// The user of this process, as procfs shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: u32,
    groups: Vec<u32>,
}

const ROOT: u32 = 0;

impl User {
    pub(super) fn is_root(&self) -> bool {
        self.id == ROOT
    }
}

impl Host {
    /// `None` where there is no procfs.
    pub(super) fn user(&self) -> Option<User> {
        let status = self.root.text(Utf8Path::new("proc/self/status"))?;
        let numbers = |key: &str| -> Option<Vec<u32>> {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            Some(
                line.split_whitespace()
                    .filter_map(|n| n.parse().ok())
                    .collect(),
            )
        };
        // Real, effective, saved and file system id (proc_pid_status(5)).
        let ids = numbers("Uid:")?;
        let mut groups = numbers("Groups:").unwrap_or_default();
        groups.extend(numbers("Gid:")?.get(1));
        Some(User {
            id: *ids.get(1)?,
            groups,
        })
    }

    /// Whether a user may read and write a node; `None` where there is no such node.
    ///
    /// For the user of this process the kernel is asked, which knows of access lists that udev's `uaccess` sets.
    pub(super) fn may_open(&self, user: &User, node: &Utf8Path) -> Option<bool> {
        let rights = self.root.rights(node)?;
        if user.id == rustix::process::geteuid().as_raw() {
            return Some(self.root.may_open(node));
        }
        let shift = if user.id == rights.user {
            6
        } else if user.groups.contains(&rights.group) {
            3
        } else {
            0
        };
        Some(user.is_root() || (rights.mode >> shift) & 0o6 == 0o6)
    }

    /// The group that may read and write a node, and is no system's own.
    pub(super) fn helpful_group(&self, node: &Utf8Path) -> Option<String> {
        let rights = self.root.rights(node)?;
        if rights.group == ROOT || (rights.mode >> 3) & 0o6 != 0o6 {
            return None;
        }
        let groups = self.root.text(Utf8Path::new("etc/group"))?;
        groups.lines().find_map(|line| {
            // name:password:id:members
            let mut parts = line.split(':');
            let name = parts.next()?;
            let id: u32 = parts.nth(1)?.parse().ok()?;
            (id == rights.group).then(|| name.to_owned())
        })
    }
}
