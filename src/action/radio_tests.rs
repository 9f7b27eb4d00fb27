//! What the tests of backup and restore share: a witness that remembers, and a modem with calibration.

use super::{Failure, Witness};
use crate::driver::diag::tests::fake::Bench;
use crate::event::{BackupFile, Event};
use crate::protocol::diag::imei_to_nv;
use crate::protocol::efs::EntryKind;
use std::collections::BTreeMap;

pub(super) const IMEI: &str = "490154203237518";

#[derive(Default)]
pub(super) struct Heard {
    pub(super) intents: Vec<String>,
    pub(super) done: Vec<String>,
    pub(super) failed: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) backup: Option<Vec<BackupFile>>,
    /// The journal cannot be written from this intent on.
    pub(super) disk_full_at: Option<usize>,
    /// A person wishes to stop at this intent.
    pub(super) wish_at: Option<(usize, crate::transport::Interrupt)>,
}

impl Witness for Heard {
    fn intent(&mut self, _: &str, target: &str, digest: Option<&str>) -> Result<(), Failure> {
        assert!(digest.is_some());
        if self.disk_full_at == Some(self.intents.len()) {
            return Err(Failure::new(
                "journal::full",
                super::Cause::Host,
                "disk full",
            ));
        }
        if let Some((at, interrupt)) = &self.wish_at
            && *at == self.intents.len()
        {
            interrupt.wish();
        }
        self.intents.push(target.to_owned());
        Ok(())
    }

    fn done(&mut self, _: &str, target: &str, evidence: &str) -> Result<(), Failure> {
        assert!(evidence.starts_with("readback sha256 "));
        self.done.push(target.to_owned());
        Ok(())
    }

    fn failed(&mut self, _: &str, target: &str, _: &str) {
        self.failed.push(target.to_owned());
    }

    fn progress(&mut self, _: &str, _: crate::event::Unit, _: u64, _: u64) {}

    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    fn backup(
        &mut self,
        files: Vec<BackupFile>,
        holes: BTreeMap<String, u64>,
    ) -> Result<(), Failure> {
        assert!(holes.is_empty());
        self.backup = Some(files);
        Ok(())
    }

    fn event(&mut self, _: Event) {}
}

/// A modem with a bit of everything: identity, subscriptions, all kinds of files, one that no directory lists.
pub(super) fn calibrated() -> Bench {
    let bench = Bench::new();
    {
        let mut modem = bench.modem();
        modem.put_nv(550, None, &imei_to_nv(IMEI).unwrap());
        modem.put_nv(10, None, &[4]);
        modem.put_nv(10, Some(1), &[5]);
        modem.put_nv(453, None, &[0]);
        modem.put_nv(3252, None, &[9]);
        modem.put_nv(1943, None, &[1, 2, 3]);
        for (path, kind, length) in [
            ("/a_regular_file", EntryKind::File, 3000),
            ("/empty", EntryKind::File, 0),
            ("/nv/item_files/ims/IMS_enable", EntryKind::Item, 1),
            ("/nv/item_files/rfnv/00020001", EntryKind::Item, 32),
            ("/nv/item_files/rfnv/00020004", EntryKind::File, 7000),
            ("/nv/item_files/rfnv/00020009", EntryKind::Item, 5),
            ("/nv/reg_files/conf", EntryKind::File, 10),
            ("/nvm/num/550", EntryKind::File, 128),
            ("/rfc/card", EntryKind::File, 8),
        ] {
            let data: Vec<u8> = (0..length).map(|i: u32| i.to_le_bytes()[0]).collect();
            modem.put_file(path, kind, &data);
        }
        modem.put_file("/link", EntryKind::Symlink, b"/nv/reg_files/conf");
        modem.hidden.push("/nv/item_files/rfnv/00020009".to_owned());
    }
    bench
}
