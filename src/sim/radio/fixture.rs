//! A scenario and a profile for tests of the firmware and of serving, without YAML.

use crate::plan::{
    Calibration, Duration, FactoryCopy, Fault, FaultKind, Mode, Nand, NandDefects, Operation,
    PortMap, Ports, Profile, ProgrammerTraits, SaharaTraits, Scenario, Spc, Timing,
};
use crate::yaml::{Spanned, Table};
use std::collections::BTreeMap;

pub(in crate::sim) const FIRMWARE: &str = "RM502QGLAAR11A02M4G_01.200.01.200";

pub(in crate::sim) fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: 0..0 }
}

/// A healthy modem that boots in two seconds.
pub(in crate::sim) fn scenario() -> Scenario {
    Scenario {
        scenario: spanned(1),
        about: None,
        modem: spanned("quectel/rm502q-gl".into()),
        mode: spanned(Mode::Normal),
        firmware: spanned(FIRMWARE.into()),
        damage: Vec::new(),
        calibration: Calibration::Present,
        ftm: false,
        imei: None,
        serial: None,
        nand: NandDefects::default(),
        sahara: SaharaTraits::default(),
        programmer: ProgrammerTraits::default(),
        spc: Spc::Open,
        boot_time: Some(spanned(Duration(std::time::Duration::from_secs(2)))),
        hands: Table::default(),
        faults: Vec::new(),
        inputs: Table::default(),
        makes: Table::default(),
        factory_copy: FactoryCopy::default(),
    }
}

pub(in crate::sim) fn fault(kind: FaultKind, on: Operation, nth: u32) -> Fault {
    Fault {
        kind: spanned(kind),
        on: Some(spanned(on)),
        step: None,
        nth: Some(nth),
        value: None,
    }
}

pub(in crate::sim) fn profile() -> Profile {
    Profile {
        profile: spanned(1),
        id: spanned("quectel/rm502q-gl".into()),
        title: "Quectel RM502Q-GL".into(),
        about: None,
        hw: spanned(vec![spanned("RM502QGLAA".into())]),
        chip: spanned("sdx55".into()),
        transports: spanned(Vec::new()),
        modes: BTreeMap::new(),
        ports: Ports {
            usual: PortMap { at: 2, diag: 0 },
            rndis: None,
        },
        edl_by_diag: vec![spanned(Mode::Normal)],
        programmers: Vec::new(),
        nand: Nand {
            page: 4096,
            pages_per_block: 64,
            blocks: 2048,
        },
        partitions: Vec::new(),
        queries: Vec::new(),
        commands: Vec::new(),
        nv_writing: Vec::new(),
        refused: Vec::new(),
        skip_items: Vec::new(),
        barriers: Vec::new(),
        timing: Timing::default(),
    }
}
