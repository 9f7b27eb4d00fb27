//! What of one unit survives a power cut: NV items, files, and its own backup of them.

use super::contents::{self, File};
use super::file_system::FileSystem;
use super::nv::NvItems;
use crate::plan::{Calibration, FactoryCopy, Profile, Scenario};

/// What survives a power cut.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) nv: NvItems,
    pub(super) efs: FileSystem,
    own_calibration: Vec<File>,
    copies: OwnCopies,
    /// Whether the USB composition has adb in it, from the next boot on.
    pub(super) adb: bool,
}

/// The module's own backup (quectel.md §7, AT+QPRTPARA): made on demand, put back at the next boot.
#[derive(Debug, Default)]
struct OwnCopies {
    copy: Option<(NvItems, FileSystem)>,
    wanted: bool,
    backups: u32,
    restores: u32,
}

impl Unit {
    pub(super) fn new(scenario: &Scenario, profile: &Profile) -> Self {
        let imei = scenario.imei.as_ref().map_or(contents::TEST_IMEI, |i| i);
        let own_calibration = contents::calibration(profile);
        let stored = match scenario.calibration {
            Calibration::Present => own_calibration.clone(),
            Calibration::Missing => Vec::new(),
        };
        let file_system = |calibration: Vec<File>| {
            let others = contents::radio_cards(profile)
                .into_iter()
                .chain(contents::provisioning())
                .chain(contents::others());
            FileSystem::new(calibration.into_iter().chain(others))
        };
        let items = |factory_test| NvItems::new(contents::items(profile, imei, factory_test));
        let copies = match scenario.factory_copy {
            FactoryCopy::Missing => OwnCopies::default(),
            FactoryCopy::Present => OwnCopies {
                copy: Some((items(false), file_system(own_calibration.clone()))),
                backups: 1,
                ..OwnCopies::default()
            },
        };
        Self {
            nv: items(scenario.ftm),
            efs: file_system(stored),
            own_calibration,
            copies,
            adb: false,
        }
    }

    /// Keeps a copy of everything, over the one before.
    pub(super) fn keep_copy(&mut self) {
        self.copies.copy = Some((self.nv.clone(), self.efs.clone()));
        self.copies.backups += 1;
    }

    /// The copy is put back at the next boot. False where there is none.
    pub(super) fn want_copy_back(&mut self) -> bool {
        self.copies.wanted = self.copies.copy.is_some();
        self.copies.wanted
    }

    /// How often a copy was made, and put back.
    pub(super) fn copy_counters(&self) -> (u32, u32) {
        (self.copies.backups, self.copies.restores)
    }

    /// Whether the copy was put back just now.
    pub(super) fn put_copy_back(&mut self) -> bool {
        let wanted = std::mem::take(&mut self.copies.wanted);
        if let (true, Some((nv, efs))) = (wanted, &self.copies.copy) {
            self.nv = nv.clone();
            self.efs = efs.clone();
            self.copies.restores += 1;
        }
        wanted
    }

    pub(super) fn calibration_present(&self) -> bool {
        self.own_calibration.iter().all(|file| {
            let stored = self.efs.get(&file.path);
            stored.is_some_and(|node| node.data == file.data)
        })
    }

    /// The module's own copy lies in the same partition and goes with it; unverified.
    pub(super) fn erase(&mut self) {
        self.nv = NvItems::default();
        self.efs = FileSystem::default();
        self.copies = OwnCopies::default();
    }
}
