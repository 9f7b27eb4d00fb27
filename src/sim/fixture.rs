//! A profile and a scenario for tests, made without YAML.

use crate::plan::{
    Calibration, Duration, Evidence, FactoryCopy, Mode, Nand, Partition, PortMap, Ports, Profile,
    Scenario, Spc, Timing,
};
use crate::yaml::{Spanned, Table};
use std::collections::BTreeMap;

pub(super) const FIRMWARE: &str = "RM502QGLAAR11A01M4G_01.001.01.001";
pub(super) const NEWER: &str = "RM502QGLAAR11A02M4G_01.200.01.200";

pub(super) fn spanned<T>(value: T) -> Spanned<T> {
    Spanned { value, span: 0..0 }
}

fn text(text: &str) -> Spanned<String> {
    spanned(text.to_owned())
}

/// Name, first block, blocks; a star marks what is kept.
const PARTITIONS: [(&str, u32, u32); 23] = [
    ("sbl", 0, 10),
    ("mibib", 10, 4),
    ("*efs2", 14, 88),
    ("*sys_rev", 102, 34),
    ("tz", 136, 8),
    ("devcfg", 144, 5),
    ("apdp", 154, 5),
    ("xbl_cfg", 159, 5),
    ("multi_image", 164, 5),
    ("aop", 169, 5),
    ("hyp", 174, 5),
    ("abl", 179, 5),
    ("uefi", 184, 10),
    ("tools", 194, 5),
    ("*rawdata", 199, 10),
    ("sec", 209, 5),
    ("boot", 214, 56),
    ("recovery", 270, 56),
    ("modem", 429, 452),
    ("recoveryfs", 881, 80),
    ("usrdata", 961, 500),
    ("oemdata", 1461, 144),
    ("system", 1605, 443),
];

pub(super) fn profile() -> Profile {
    let evidence = |usb: &str, interfaces, normal: bool| Evidence {
        usb: text(usb),
        interfaces,
        at_least: normal,
        protocol: None,
        product: None,
        bcd: normal.then(|| text("!0000")),
    };
    let modes = BTreeMap::from([
        (Mode::Normal, vec![evidence("2c7c:0800", 4, true)]),
        (Mode::Edl, vec![evidence("05c6:9008", 1, false)]),
        (Mode::Ramdump, vec![evidence("05c6:900e", 1, false)]),
    ]);
    let partition = |(name, start, blocks): (&str, u32, u32)| Partition {
        name: text(name.trim_start_matches('*')),
        start,
        blocks,
        keep: name.starts_with('*'),
    };
    Profile {
        profile: spanned(1),
        id: text("quectel/rm502q-gl"),
        title: "Quectel RM502Q-GL".into(),
        about: None,
        hw: spanned(vec![text("RM502QGLAA")]),
        chip: text("sdx55"),
        transports: spanned(Vec::new()),
        modes,
        ports: Ports {
            usual: PortMap { at: 2, diag: 0 },
            rndis: None,
        },
        edl_by_diag: vec![spanned(Mode::Normal), spanned(Mode::Ramdump)],
        programmers: vec![text("prog_firehose_sdx55*.mbn")],
        nand: Nand {
            page: 4096,
            pages_per_block: 64,
            blocks: 2048,
        },
        partitions: PARTITIONS.into_iter().map(partition).collect(),
        queries: Vec::new(),
        commands: Vec::new(),
        nv_writing: Vec::new(),
        refused: Vec::new(),
        skip_items: Vec::new(),
        barriers: Vec::new(),
        timing: Timing {
            boot: Duration(std::time::Duration::from_secs(20)),
            edl_return: Duration(std::time::Duration::from_secs(3)),
        },
    }
}

/// A whole modem that runs.
pub(super) fn scenario() -> Scenario {
    Scenario {
        scenario: spanned(1),
        about: None,
        modem: text("quectel/rm502q-gl"),
        mode: spanned(Mode::Normal),
        firmware: text(FIRMWARE),
        damage: Vec::new(),
        calibration: Calibration::Present,
        ftm: false,
        imei: Some(text("490154203237518")),
        serial: Some(text("0badcafe")),
        nand: crate::plan::NandDefects::default(),
        sahara: crate::plan::SaharaTraits::default(),
        programmer: crate::plan::ProgrammerTraits::default(),
        spc: Spc::Open,
        boot_time: None,
        hands: Table::default(),
        faults: Vec::new(),
        inputs: Table::default(),
        makes: Table::default(),
        factory_copy: FactoryCopy::default(),
    }
}
