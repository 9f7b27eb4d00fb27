//! Images that do not fit where they are to go.

use crate::judged::Row;
use crate::rows;
use crate::sound::{PAGE, Sound, erase, program, ranges};

const BLOCK: usize = 4 * PAGE;
const TZ: &str = "update/tz.mbn";

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        "image is empty", "package::empty-image", TZ, |s| s.file(TZ, "");
        "boot loader is empty", "package::empty-image", "update/sbl1.mbn", |s| s.file("update/sbl1.mbn", "");
        "image is one byte too long", "package::image-too-long", "`update/tz.mbn` is 32769 bytes long", |s| s.file(TZ, vec![3; 4 * BLOCK + 1]);
        "image is much too long", "package::image-too-long", "64..80", |s| s.file(TZ, vec![3; 40 * BLOCK]);
        "boot loader is too long", "package::image-too-long", "0..16", |s| s.file("update/sbl1.mbn", vec![3; 4 * BLOCK + 1]);
        "table is too long", "package::image-too-long", "16..32", |s| { let mut t = crate::table::made(&crate::sound::PARTS); t.resize(5 * BLOCK, 0xff); s.file(crate::sound::TABLE, t); };
        "no block to spare", "package::no-slack", "`update/tz.mbn` fills all blocks of its range 64..80", |s| s.file(TZ, vec![3; 4 * BLOCK]);
        "no block to spare, last page in part", "package::no-slack", TZ, |s| s.file(TZ, vec![3; 4 * BLOCK - PAGE - 1]);
        "no whole block to spare", "package::no-slack", TZ, |s| s.file(TZ, vec![3; 3 * BLOCK + 1]);
        "boot loader without a block to spare", "package::no-slack", "update/sbl1.mbn", |s| s.file("update/sbl1.mbn", vec![1; 4 * BLOCK]);
        "range beyond its partition", "package::beyond-partition", "sectors 64..84 begin in `tz` (64..80)", |s| { s.line_edit("tz.mbn", "num_partition_sectors=\"16\"", "num_partition_sectors=\"20\""); s.line_edit("modem.ubi", "start_sector=\"80\"", "start_sector=\"84\""); s.line_edit("modem.ubi", "num_partition_sectors=\"80\"", "num_partition_sectors=\"76\""); };
        "range into a partition that is not written", "package::beyond-partition", "begin in `tz`", |s| { let m = s.line_of("modem.ubi"); s.raw(&m, ""); s.line_edit("tz.mbn", "num_partition_sectors=\"16\"", "num_partition_sectors=\"96\""); };
        "part from behind the end", "package::beyond-image", "sector 9 of `update/tz.mbn`", |s| s.line_edit("tz.mbn", "/>", " file_sector_offset=\"9\"/>");
        "part from the very end", "package::beyond-image", "only 4096 bytes", |s| s.line_edit("tz.mbn", "/>", " file_sector_offset=\"2\"/>");
        "part from no number", "package::xml", "file_sector_offset=\"x\"", |s| s.line_edit("tz.mbn", "/>", " file_sector_offset=\"x\"/>");
        "rest of a file is too long", "package::image-too-long", "64..80", |s| { s.file(TZ, vec![3; 6 * BLOCK]); s.line_edit("tz.mbn", "/>", " file_sector_offset=\"1\"/>"); };
        "first part is too long", "package::image-too-long", "64..80", |s| { let system = s.line_of("system.img"); s.raw(&system, &program("..\\tz.mbn", 160, 96).replace("/>", " file_sector_offset=\"20\"/>")); s.file(TZ, vec![3; 6 * BLOCK]); };
        "not erased", "package::not-erased", "64..80", |s| s.raw(&erase(64, 16), "");
        "erased in part", "package::not-erased", "160..256", |s| s.raw(&erase(160, 96), &erase(160, 92));
        "erased with a hole", "package::not-erased", "160..256", |s| s.raw(&erase(160, 96), &format!("{}{}", erase(160, 40), erase(204, 52)));
        "boot loader not erased", "package::not-erased", "0..16", |s| s.raw(&erase(0, 16), "");
    ]
}

type Change = fn(&mut Sound);

/// What the last page does not fill is no fault, nor is an image that goes to two places or in two parts.
#[test]
fn images_that_fit_are_written_whole() {
    let fine: [(&str, Change, &[&str]); 5] = [
        (
            "one byte",
            |s| s.file(TZ, [3]),
            &["program sectors 64..65 (tz) of 64..80"],
        ),
        (
            "one block to spare",
            |s| s.file(TZ, vec![3; 3 * BLOCK]),
            &["program sectors 64..76 (tz) of 64..80"],
        ),
        (
            "one image in two places",
            |s| s.line_edit("system.img", "..\\system.img", "..\\tz.mbn"),
            &[
                "program sectors 64..66 (tz) of 64..80",
                "program sectors 160..162 (system) of 160..256",
            ],
        ),
        (
            "one image in two parts",
            |s| {
                s.file(TZ, [vec![3; 8 * PAGE], vec![4; 7 * PAGE + 5]].concat());
                s.line_edit("system.img", "..\\system.img", "..\\tz.mbn");
                s.raw(
                    &program("..\\tz.mbn", 160, 96),
                    &program("..\\tz.mbn", 160, 96).replace("/>", " file_sector_offset=\"8\"/>"),
                );
            },
            &[
                "program sectors 64..72 (tz) of 64..80",
                "program sectors 160..168 (system) of 160..256",
            ],
        ),
        (
            "the rest of an image",
            |s| {
                s.file(TZ, [vec![3; PAGE], vec![4; PAGE + 5]].concat());
                s.line_edit("tz.mbn", "/>", " file_sector_offset=\"1\"/>");
            },
            &["program sectors 64..66 (tz) of 64..80"],
        ),
    ];
    for (name, change, wanted) in fine {
        let mut sound = Sound::new();
        change(&mut sound);
        let package = sound
            .inspect()
            .unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        for line in wanted {
            assert!(
                ranges(&package).contains(&(*line).to_owned()),
                "{name}: {:?}",
                ranges(&package)
            );
        }
        for program in &package.programs {
            let mut bytes = Vec::new();
            std::io::copy(&mut program.image.reader(), &mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, program.image.bytes, "{name}");
            assert_eq!(
                unbrick::files::sha256(&bytes[..]).unwrap().0,
                program.image.sha256,
                "{name}"
            );
        }
        let parts: Vec<u8> = package
            .programs
            .iter()
            .filter(|program| name.contains("parts") && program.image.path == TZ)
            .flat_map(|program| {
                let mut bytes = Vec::new();
                std::io::copy(&mut program.image.reader(), &mut bytes).unwrap();
                bytes
            })
            .collect();
        assert!(parts.is_empty() || parts == sound.files[TZ], "{name}");
    }
}
