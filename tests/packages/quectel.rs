//! The layouts of real Quectel packages (quectel.md §9, protocols.md §1 and §7), with contents of our own: what such a
//! package does to the chip that it is for, and to others.

use crate::sound::{PAGE, Sound, patch};
use camino::Utf8Path;
use tempfile::TempDir;
use unbrick::files::Root;
use unbrick::firmware::mibib::Checksum;
use unbrick::firmware::{Chip, Extent, Fault, Package};
use unbrick::plan::library;
use unbrick::protocol::nand::Geometry;

/// The partition table of the EG25-G: name, first block, blocks
/// (`eg25:update/firehose/partition_complete_p2K_b128K.mbn`).
const EG25: [(&str, u32, u32); 17] = [
    ("0:SBL", 0, 10),
    ("0:MIBIB", 10, 10),
    ("0:EFS2", 20, 136),
    ("0:sys_rev", 156, 40),
    ("0:RAWDATA", 196, 10),
    ("0:TZ", 206, 12),
    ("0:RPM", 218, 9),
    ("0:cust_info", 227, 16),
    ("0:aboot", 243, 12),
    ("0:boot", 255, 62),
    ("0:recovery", 317, 62),
    ("0:modem", 379, 428),
    ("0:misc", 807, 5),
    ("0:recoveryfs", 812, 162),
    ("0:usr_data", 974, 480),
    ("0:sec", 1454, 4),
    ("0:system", 1458, 590),
];

/// What the factory run of an RM500Q erases and writes, in blocks (`qfh:log/MCU_local.log.txt`: 21 erases, 20 programs; `sec`
/// is only erased).
const RM500Q: [(&str, u32, u32); 21] = [
    ("sbl", 0, 10),
    ("mibib", 10, 4),
    ("efs2", 14, 88),
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
    ("sec", 209, 5),
    ("boot", 214, 56),
    ("recovery", 270, 56),
    ("modem", 429, 452),
    ("recoveryfs", 881, 80),
    ("usrdata", 961, 500),
    ("oemdata", 1461, 144),
    ("system", 1605, 443),
];

fn chip(model: &str) -> Chip {
    let (_, profile) = library::load_profile(model, None).unwrap();
    profile.flash_chip(&[]).unwrap()
}

fn inspect(folder: &TempDir, chip: &Chip, extent: Extent) -> Result<Package, Vec<Fault>> {
    let root = Root::open(Utf8Path::from_path(folder.path()).unwrap()).unwrap();
    Package::inspect(&root, chip, extent)
}

/// Lines in the form of stock files: no label, and the size of the partition as the number of sectors.
struct Lines {
    page: u32,
    text: String,
}

impl Lines {
    fn line(&mut self, tag: &str, file: &str, (_, start, blocks): (&str, u32, u32)) {
        let (start, count, page) = (start * 64, blocks * 64, self.page);
        let line = format!(
            "  <{tag} PAGES_PER_BLOCK=\"64\" SECTOR_SIZE_IN_BYTES=\"{page}\" {file}num_partition_sectors=\"{count}\" \
             physical_partition_number=\"0\" start_sector=\"{start}\"/>\n"
        );
        self.text.push_str(&line);
    }

    fn erase(&mut self, part: (&str, u32, u32)) {
        self.line("erase", "", part);
    }

    fn program(&mut self, file: &str, part: (&str, u32, u32)) {
        self.line("program", &format!("filename=\"{file}\" "), part);
    }

    fn whole(self) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<data>\n{}</data>\n",
            self.text
        )
    }
}

/// The update variant of the EG25-G: SBL, the table and TZ are written in the first three lines and erased in the three
/// before the last; blocks 20 to 205 and 227 to 242 are left alone (protocols.md §1 facts 1 and 9). Which of the later
/// partitions it writes is not in the reference: here it is all but `sec` and `misc`.
fn eg25() -> Sound {
    let part = |name: &str| *EG25.iter().find(|part| part.0 == name).unwrap();
    let file = |name: &str| format!("..\\{}.mbn", &name[2..]);
    let table = "partition_complete_p2K_b128K.mbn";
    let (sbl, mibib, tz, rpm) = (part("0:SBL"), part("0:MIBIB"), part("0:TZ"), part("0:RPM"));
    let mut lines = Lines {
        page: 2048,
        text: String::new(),
    };
    lines.program("..\\sbl1.mbn", sbl);
    lines.program(table, mibib);
    lines.program(&file("0:TZ"), tz);
    let mut sound = Sound::bare();
    for other in &EG25[8..] {
        lines.erase(*other);
        if other.0 != "0:sec" && other.0 != "0:misc" {
            lines.program(&file(other.0), *other);
            sound.file(&format!("update/{}.mbn", &other.0[2..]), vec![6; 5000]);
        }
    }
    for last in [rpm, tz, mibib, sbl] {
        lines.erase(last);
    }
    lines.program(&file("0:RPM"), rpm);
    // 223,176 bytes in 640 sectors: measured (protocols.md §7.1).
    sound.file("update/sbl1.mbn", vec![1; 223_176]);
    sound.file("update/TZ.mbn", vec![2; 300_000]);
    sound.file("update/RPM.mbn", vec![3; 150_000]);
    sound.file("update/firehose/prog_nand_firehose_9x07.mbn", b"\x7fELF");
    sound.file(
        &format!("update/firehose/{table}"),
        crate::table::made(&EG25),
    );
    sound.file(
        "update/firehose/rawprogram_nand_p2K_b128K_update.xml",
        lines.whole(),
    );
    let lines = [
        patch(table, "1", "484", "4", "NUM_DISK_BLOCKS-1458."),
        patch(table, "3", "12", "4", "CRC32(0,4096)"),
    ];
    let patches = format!(
        "<?xml version=\"1.0\" ?>\n<patches>\n{}\n</patches>\n",
        lines.join("\n")
    );
    sound.file("update/firehose/patch_p2K_b128K.xml", patches);
    sound
}

fn rm500q(variant: &str) -> Sound {
    let mut lines = Lines {
        page: 4096,
        text: String::new(),
    };
    let mut sound = Sound::bare();
    for part in RM500Q {
        if part.0 != "sec" {
            let name = match part.0 {
                "mibib" => "partition_complete_p4K_b256K.mbn".to_owned(),
                "efs2" => "..\\cefs.mbn".to_owned(),
                name => format!("..\\{name}.mbn"),
            };
            lines.program(&name, part);
            match part.0 {
                "mibib" => {}
                "efs2" => sound.file("update/cefs.mbn", vec![9; 65_536]),
                name => sound.file(&format!("update/{name}.mbn"), vec![5; 70_000]),
            }
        }
    }
    for part in RM500Q.iter().rev() {
        lines.erase(*part);
    }
    let small = crate::table::made(&RM500Q);
    // The same four pages, of 4 KiB each; the checksum covers two of them and is left out.
    let pages: Vec<u8> = small
        .chunks(PAGE)
        .take(2)
        .flat_map(|page| [page, &vec![0xff; PAGE]].concat())
        .collect();
    sound.file("update/firehose/partition_complete_p4K_b256K.mbn", pages);
    sound.file("update/firehose/prog_firehose_sdx55.mbn", b"\x7fELF");
    sound.file(
        &format!("update/firehose/rawprogram_nand_p4K_b256K_{variant}.xml"),
        lines.whole(),
    );
    sound
}

#[test]
fn the_eg25_update_is_brought_into_order_and_leaves_calibration_alone() {
    let folder = eg25().write();
    let package = inspect(&folder, &chip("quectel/ec25"), Extent::Update).unwrap();
    assert_eq!(package.warnings, Vec::<String>::new());
    let erases: Vec<_> = package.erases.iter().map(ToString::to_string).collect();
    assert_eq!(
        erases[..4],
        [
            "sectors 0..640 (sbl)",
            "sectors 640..1280 (mibib)",
            "sectors 13184..13952 (tz)",
            "sectors 13952..14528 (rpm)"
        ]
    );
    let programs: Vec<_> = package.programs.iter().map(ToString::to_string).collect();
    assert_eq!(programs[0], "sectors 640..644 (mibib)");
    assert_eq!(programs.last().unwrap(), "sectors 0..109 (sbl)");
    assert_eq!((erases.len(), programs.len()), (13, 11));
    let touched = package.erases.iter().map(|e| e.sectors);
    for range in touched.chain(package.programs.iter().map(|p| p.room)) {
        for kept in [20 * 64..206 * 64, 227 * 64..243 * 64] {
            assert!(
                range.end().0 <= kept.start || range.start().0 >= kept.end,
                "{range}"
            );
        }
    }
}

/// Others skip the two lines, and are right by luck: the table ships patched for 2048 blocks (protocols.md §7.2). It is
/// patched for the chip that is there.
#[test]
fn the_table_of_the_eg25_is_patched_for_the_size_of_the_chip() {
    let folder = eg25().write();
    let mut chip = chip("quectel/ec25");
    for (blocks, last) in [(2048, 590), (4096, 2638)] {
        chip.geometry = Geometry::new(2048, 64, blocks).unwrap();
        let package = inspect(&folder, &chip, Extent::Update).unwrap();
        let table = package.table.as_ref().unwrap();
        assert_eq!((table.parts.len(), table.checksum), (17, Checksum::Right));
        assert_eq!(table.parts[16].sectors.count(), last * 64);
        let mut bytes = Vec::new();
        std::io::copy(&mut package.programs[0].image.reader(), &mut bytes).unwrap();
        assert_eq!(bytes[PAGE + 484..PAGE + 488], last.to_le_bytes());
    }
}

/// Seen on hardware as an erase that the programmer refuses (`Biktorgj/quectel_eg25_recovery#29`).
#[test]
fn a_package_for_smaller_pages_is_refused_before_anything_is_sent() {
    let folder = eg25().write();
    let faults = inspect(&folder, &chip("quectel/rm502q-gl"), Extent::Update).unwrap_err();
    assert_eq!(faults[0].code(), "package::geometry");
    let text = faults[0].to_string();
    assert!(
        text.contains("p4K_b256K") && text.contains("rawprogram_nand_p2K_b128K_update.xml"),
        "{text}"
    );
}

/// It erases sectors 896..6528 and writes `cefs.mbn` there: fact 9, and the end of a unit's calibration.
#[test]
fn the_factory_run_of_the_rm500q_is_for_a_whole_chip_only() {
    let chip = chip("quectel/rm502q-gl");
    let folder = rm500q("factory").write();
    let faults = inspect(&folder, &chip, Extent::Update).unwrap_err();
    assert_eq!(faults[0].code(), "package::factory-only");
    let package = inspect(&folder, &chip, Extent::WholeChip).unwrap();
    let erases: Vec<_> = package
        .erases
        .iter()
        .map(|e| e.sectors.to_string())
        .collect();
    assert_eq!(erases, ["0..640", "640..131072"]);
    assert_eq!(package.programs.len(), 20);
    assert_eq!(package.programs[19].room.to_string(), "0..640");

    let folder = rm500q("update").write();
    let faults = inspect(&folder, &chip, Extent::Update).unwrap_err();
    assert!(
        faults
            .iter()
            .all(|fault| fault.code() == "package::kept-partition")
    );
    assert!(
        faults[0]
            .to_string()
            .contains("sectors 896..6528 touch `efs2`"),
        "{}",
        faults[0]
    );
}
