//! The writes of a restore, in the order that QPST uses (diag-and-xqcn.md §9), each read back.

use super::Order;
use crate::action::radio::stop_if_wished;
use crate::action::{Cause, Failure, Witness};
use crate::calibration::manifest::{Link, digest};
use crate::calibration::{EfsFile, NvRecord, Section};
use crate::driver::diag::{Diag, Error, SyncProof};
use crate::event::Unit;
use crate::protocol::diag::{NvStatus, Refusal};
use crate::protocol::efs::{EEXIST, ENOSPC, is_identity_path, link_may_reach_identity};
use crate::transport::Deadline;

/// Files after the items, radio calibration after the rest.
const SECTIONS: [Section; 3] = [Section::Provisioning, Section::EfsBackup, Section::NvItems];
const NV_WRITE: &str = "nv-write";
const EFS_WRITE: &str = "efs-write";

/// What became of everything in the file.
#[derive(Debug, Default)]
pub(super) struct Tally {
    items: u64,
    files: u64,
    links: u64,
    /// Identity, and what the plan or the profile leaves alone.
    left_alone: u64,
    /// What the modem does not let be written, and why.
    refused: Vec<String>,
    blind_syncs: u64,
}

/// Writes everything. Stops at the first error, and between two items where a person wishes.
pub(super) fn all(
    diag: &mut Diag,
    witness: &mut dyn Witness,
    order: &Order<'_>,
    deadline: Deadline,
) -> Result<Tally, Failure> {
    let mut writing = Writing {
        diag,
        witness,
        deadline,
        tally: Tally::default(),
    };
    let total = order.xqcn.nv.len() as u64;
    for (done, record) in (1..).zip(&order.xqcn.nv) {
        if record.is_identity() || order.skip.contains(&record.item) {
            writing.tally.left_alone += 1;
        } else {
            writing.item(record)?;
        }
        writing
            .witness
            .progress("NV items", Unit::Items, done, total);
    }
    writing.sync()?;
    let total = order.xqcn.efs.len() as u64;
    let mut done = 0;
    for section in SECTIONS {
        for file in order.xqcn.section(section) {
            if is_identity_path(&file.path) {
                writing.tally.left_alone += 1;
            } else {
                writing.file(file)?;
            }
            done += 1;
            writing.witness.progress("files", Unit::Items, done, total);
        }
        writing.sync()?;
    }
    for link in order.manifest.iter().flat_map(|m| &m.links) {
        writing.link(link)?;
    }
    writing.sync()?;
    Ok(writing.tally)
}

struct Writing<'a> {
    diag: &'a mut Diag,
    witness: &'a mut dyn Witness,
    deadline: Deadline,
    tally: Tally,
}

impl Writing<'_> {
    fn item(&mut self, record: &NvRecord) -> Result<(), Failure> {
        stop_if_wished(self.diag)?;
        let target = match record.index {
            0 => format!("nv {}", record.item),
            index => format!("nv {} index {index}", record.item),
        };
        let wanted = digest(&record.data);
        self.witness.intent(NV_WRITE, &target, Some(&wanted))?;
        let refused = match self.diag.nv_write(record.id(), &record.data, self.deadline) {
            Ok(NvStatus::Done) => None,
            // Normal for some items (diag-and-xqcn.md §9).
            Ok(status @ (NvStatus::ReadOnly | NvStatus::BadParameter | NvStatus::NotDefined)) => {
                Some(status.to_string())
            }
            Ok(status) => {
                let id = record.id();
                return Err(self.known_failure(NV_WRITE, &target, Error::Nv { id, status }));
            }
            Err(Error::Refused {
                refusal: refusal @ Refusal::BadParameter,
                ..
            }) => Some(refusal.to_string()),
            Err(error @ Error::Refused { .. }) => {
                return Err(self.known_failure(NV_WRITE, &target, error));
            }
            // Whether it was written is not known; the intent stays open and says so.
            Err(error) => return Err(error.into()),
        };
        if let Some(why) = refused {
            self.witness.failed(NV_WRITE, &target, &why);
            self.tally.refused.push(format!("{target}: {why}"));
            return Ok(());
        }
        let back = self.diag.nv_read(record.id(), self.deadline)?;
        let same = back.is_some_and(|value| value.data[..] == record.data[..]);
        self.verified(same, NV_WRITE, &target, &wanted)?;
        self.tally.items += 1;
        Ok(())
    }

    fn file(&mut self, file: &EfsFile) -> Result<(), Failure> {
        stop_if_wished(self.diag)?;
        let wanted = digest(&file.data);
        self.witness.intent(EFS_WRITE, &file.path, Some(&wanted))?;
        let mut written = self.write_file(file);
        // The journal of the file system fills up during bulk writes; a sync empties it (diag-and-xqcn.md §6).
        if matches!(written, Err(Error::Efs { errno: ENOSPC, .. })) {
            self.sync()?;
            written = self.write_file(file);
        }
        match written {
            Ok(()) => {}
            Err(error @ (Error::Efs { .. } | Error::Refused { .. })) => {
                return Err(self.known_failure(EFS_WRITE, &file.path, error));
            }
            Err(error) => return Err(error.into()),
        }
        let back = self.diag.efs_read(&file.path, self.deadline)?;
        self.verified(back == file.data, EFS_WRITE, &file.path, &wanted)?;
        self.tally.files += 1;
        Ok(())
    }

    fn write_file(&mut self, file: &EfsFile) -> Result<(), Error> {
        self.diag
            .efs_write(&file.path, file.kind, &file.data, self.deadline)
    }

    fn link(&mut self, link: &Link) -> Result<(), Failure> {
        if link_may_reach_identity(&link.target, &link.path) {
            self.tally.left_alone += 1;
            return Ok(());
        }
        stop_if_wished(self.diag)?;
        let wanted = digest(link.target.as_bytes());
        self.witness.intent(EFS_WRITE, &link.path, Some(&wanted))?;
        match self
            .diag
            .efs_symlink(&link.target, &link.path, self.deadline)
        {
            Ok(()) | Err(Error::Efs { errno: EEXIST, .. }) => {}
            Err(error @ (Error::Efs { .. } | Error::Refused { .. })) => {
                return Err(self.known_failure(EFS_WRITE, &link.path, error));
            }
            Err(error) => return Err(error.into()),
        }
        let back = self.diag.efs_readlink(&link.path, self.deadline)?;
        self.verified(back == link.target, EFS_WRITE, &link.path, &wanted)?;
        self.tally.links += 1;
        Ok(())
    }

    fn verified(
        &mut self,
        same: bool,
        operation: &str,
        target: &str,
        digest: &str,
    ) -> Result<(), Failure> {
        if same {
            let evidence = format!("readback sha256 {digest}");
            return self.witness.done(operation, target, &evidence);
        }
        let message = format!("`{target}` does not read back as it was written");
        self.witness.failed(operation, target, &message);
        Err(
            Failure::new("restore::unverified", Cause::Unverified, message)
                .help("do not restart the modem; restore again"),
        )
    }

    /// The modem said no, so nothing is in doubt.
    fn known_failure(&mut self, operation: &str, target: &str, error: Error) -> Failure {
        self.witness.failed(operation, target, &error.to_string());
        let mut failure = Failure::from(error);
        failure.message = format!("`{target}` was not written: {}", failure.message);
        failure
    }

    fn sync(&mut self) -> Result<(), Failure> {
        if self.diag.efs_sync(self.deadline)? == SyncProof::Waited {
            self.tally.blind_syncs += 1;
        }
        Ok(())
    }
}

impl Tally {
    pub(super) fn tell(&self, witness: &mut dyn Witness) {
        let Self {
            items,
            files,
            links,
            left_alone,
            ..
        } = self;
        witness.note(&format!(
            "restored {items} NV items, {files} files and {links} links; left {left_alone} alone"
        ));
        for refused in &self.refused {
            witness.note(&format!("the modem refused {refused}"));
        }
        if self.blind_syncs > 0 {
            witness.note("the modem cannot say when its file system is on the flash; the usual time was waited");
        }
    }

    /// A few refused items are normal; nothing but refused ones is no restore.
    pub(super) fn judge(&self) -> Result<(), Failure> {
        if self.items == 0 && !self.refused.is_empty() {
            let refused = self.refused.len();
            let message = format!("the modem refused all {refused} NV items");
            return Err(Failure::new("restore::refused", Cause::Modem, message));
        }
        Ok(())
    }
}
