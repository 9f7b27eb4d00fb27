//! Processes of this computer, as procfs shows them.

use super::Host;
use camino::{Utf8Path, Utf8PathBuf};

const PROC: &str = "proc";
/// The namespace of processes in which all others are (Linux: `include/linux/proc_ns.h`, `PROC_PID_INIT_INO`).
const OUTERMOST: &str = "pid:[4026531836]";
/// Why a program that is not found may run all the same.
pub(super) const INSIDE: &str = "this is a container, and programs outside of it are not seen";

/// A running program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: u32,
    pub(super) name: String,
}

/// Who has some nodes open.
#[derive(Debug, Default)]
pub(super) struct Holders {
    /// With the node that each has open.
    pub(super) found: Vec<(Process, Utf8PathBuf)>,
    /// Processes of other users, whose open files are hidden.
    pub(super) hidden: usize,
}

impl Host {
    /// Whether this is a container that does not see the programs beside it.
    pub(super) fn is_inside(&self) -> bool {
        let namespace = self.root.target(Utf8Path::new("proc/self/ns/pid"));
        namespace.is_ok_and(|namespace| namespace != OUTERMOST)
    }

    /// Every process; `None` where there is no procfs.
    pub(super) fn processes(&self) -> Option<Vec<Process>> {
        let names = self.root.names(Utf8Path::new(PROC)).ok()?;
        let found: Vec<Process> = names
            .iter()
            .filter_map(|name| {
                let id = name.parse().ok()?;
                let name = self
                    .root
                    .text(&Utf8Path::new(PROC).join(name).join("comm"))?;
                Some(Process { id, name })
            })
            .collect();
        (!found.is_empty()).then_some(found)
    }

    /// Who else has one of these nodes open.
    pub(super) fn holders(&self, nodes: &[Utf8PathBuf]) -> Option<Holders> {
        let mut holders = Holders::default();
        let own = std::process::id();
        for process in self.processes()?.into_iter().filter(|p| p.id != own) {
            let folder = Utf8Path::new(PROC).join(process.id.to_string()).join("fd");
            let Ok(open) = self.root.names(&folder) else {
                holders.hidden += 1;
                continue;
            };
            let targets = open
                .iter()
                .filter_map(|fd| self.root.target(&folder.join(fd)).ok());
            let held = targets.filter(|target| nodes.contains(target)).min();
            if let Some(node) = held {
                holders.found.push((process, node));
            }
        }
        Some(holders)
    }
}
