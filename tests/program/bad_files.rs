//! What cannot be understood is a problem (10); what is understood and is false or forbidden is refused (11).

use crate::bench::{Bench, SCENARIO};
use crate::wrong::{Wrong, judge, simulated};
use md5::{Digest, Md5};
use std::path::Path;
use unbrick::files::hex;

const RAWPROGRAM: &str = "update/firehose/rawprogram_nand_p4K_b256K_update.xml";
const PROGRAMMER: &str = "update/firehose/prog_firehose_sdx55.mbn";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The list is made true again for one file, so that only what is wrong inside it is judged.
fn relist(package: &Path, file: &str) {
    let sum = Md5::digest(std::fs::read(package.join(file)).unwrap());
    let sum = hex(&sum);
    let list = std::fs::read_to_string(package.join("md5.txt")).unwrap();
    let path = file.replace('/', "\\");
    let lines = list.lines().map(|line| match line.rsplit_once(':') {
        Some((head, _)) if head.ends_with(&path) => format!("{head}:{sum}\n"),
        _ => format!("{line}\n"),
    });
    std::fs::write(package.join("md5.txt"), lines.collect::<String>()).unwrap();
}

pub(crate) fn edit(package: &Path, file: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let bytes = std::fs::read(package.join(file)).unwrap();
    std::fs::write(package.join(file), change(bytes)).unwrap();
    relist(package, file);
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    assert!(text.contains(from), "the rawprogram has changed: {from}");
    text.replacen(from, to, 1).into_bytes()
}

type Break = fn(&Path);

#[test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
fn broken_packages_are_problems_and_false_ones_are_refused() {
    let bench = Bench::new();
    let whole = bench.text("whole");
    let made = bench.run(&["sim", SCENARIO, "--package", &whole, "--size", "1M"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let cases: [(&str, Break, i32, &str); 19] = [
        (
            "programmer is no elf",
            |p| edit(p, PROGRAMMER, |_| b"hello".to_vec()),
            10,
            "package::programmer",
        ),
        (
            "no list",
            |p| std::fs::remove_file(p.join("md5.txt")).unwrap(),
            10,
            "package::no-md5-list",
        ),
        (
            "list is noise",
            |p| std::fs::write(p.join("md5.txt"), [0xff; 64]).unwrap(),
            10,
            "package::md5-list",
        ),
        (
            "list is cut",
            |p| std::fs::write(p.join("md5.txt"), "VERSION:1.0\nFILE:START\n").unwrap(),
            10,
            "package::md5-list",
        ),
        (
            "xml is cut",
            |p| edit(p, RAWPROGRAM, |b| b[..b.len() / 2].to_vec()),
            10,
            "package::xml",
        ),
        (
            "xml is noise",
            |p| edit(p, RAWPROGRAM, |_| vec![0xff; 200]),
            10,
            "package::xml",
        ),
        (
            "xml is empty",
            |p| edit(p, RAWPROGRAM, |_| Vec::new()),
            10,
            "package::",
        ),
        (
            "number is none",
            |p| {
                edit(p, RAWPROGRAM, |b| {
                    replaced(&b, "start_sector=\"0\"", "start_sector=\"zero\"")
                });
            },
            10,
            "package::xml",
        ),
        (
            "list is a folder",
            |p| {
                std::fs::remove_file(p.join("md5.txt")).unwrap();
                std::fs::create_dir(p.join("md5.txt")).unwrap();
            },
            10,
            "package::unreadable",
        ),
        (
            "image is empty",
            |p| edit(p, &image(p), |_| Vec::new()),
            10,
            "package::empty-image",
        ),
        (
            "table is damaged",
            |p| {
                edit(p, &table(p), |mut b| {
                    b[40] ^= 0xff;
                    b[0] ^= 1;
                    b
                });
            },
            10,
            "package::mibib",
        ),
        (
            "path leads out",
            |p| {
                edit(p, RAWPROGRAM, |b| {
                    replaced(&b, "filename=\"", "filename=\"../../../etc/passwd/")
                });
            },
            10,
            "package::",
        ),
        (
            "range leaves the chip",
            |p| {
                edit(p, RAWPROGRAM, |b| {
                    replaced(&b, "start_sector=\"0\"", "start_sector=\"524288\"")
                });
            },
            11,
            "package::outside-chip",
        ),
        (
            "range is unaligned",
            |p| {
                edit(p, RAWPROGRAM, |b| {
                    replaced(&b, "start_sector=\"0\"", "start_sector=\"3\"")
                });
            },
            11,
            "package::unaligned",
        ),
        (
            "list lies",
            |p| {
                let file = p.join(image(p));
                let mut bytes = std::fs::read(&file).unwrap();
                bytes[0] ^= 1;
                std::fs::write(&file, bytes).unwrap();
            },
            11,
            "package::wrong-md5",
        ),
        (
            "image is missing",
            |p| std::fs::remove_file(p.join(image(p))).unwrap(),
            11,
            "package::missing-image",
        ),
        (
            "sparse image is not called one",
            |p| {
                edit(p, &image(p), |_| {
                    [&[0x3a, 0xff, 0x26, 0xed][..], &[0; 4096]].concat()
                });
            },
            10,
            "package::sparse",
        ),
        (
            "package is for emmc",
            |p| {
                edit(p, RAWPROGRAM, |b| {
                    let text = String::from_utf8_lossy(&b).replace("PAGES_PER_BLOCK=\"64\" ", "");
                    text.replace("\"4096\"", "\"512\"").into_bytes()
                });
            },
            11,
            "package::other-storage",
        ),
        (
            "no programmer",
            |p| {
                std::fs::remove_file(p.join("update/firehose/prog_firehose_sdx55.mbn")).unwrap();
            },
            11,
            "package::no-programmer",
        ),
    ];
    for (name, damage, code, says) in cases {
        let package = bench.path(&format!("package {name}"));
        copy(Path::new(&whole), &package);
        damage(&package);
        let input = format!("package={}", package.display());
        let arguments = simulated(&bench, &["--input", &input]);
        judge(
            &bench,
            &[Wrong {
                name,
                arguments,
                code,
                says,
            }],
        );
    }
}

/// An image of the package, and its partition table.
fn image(package: &Path) -> String {
    found(package, "boot.img")
        .or_else(|| found(package, "tz.mbn"))
        .unwrap()
}

fn table(package: &Path) -> String {
    found(package, "partition_complete_p4k_b256k.mbn").unwrap()
}

fn found(package: &Path, name: &str) -> Option<String> {
    let list = std::fs::read_to_string(package.join("md5.txt")).unwrap();
    list.lines().find_map(|line| {
        let path = line
            .strip_prefix("FILE:\\")?
            .rsplit_once(':')?
            .0
            .replace('\\', "/");
        path.to_lowercase().ends_with(name).then_some(path)
    })
}

fn swapped(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the sample has changed: {from}");
    text.replacen(from, to, 1)
}

#[test]
fn broken_calibration_files_are_problems() {
    let bench = Bench::new();
    let whole = include_str!("../data/sample.xqcn");
    let (half, _) = whole.split_at(whole.len() / 2);
    let files: [(&str, String); 9] = [
        ("empty", String::new()),
        ("cut", half.to_owned()),
        ("noise", "\u{1}\u{2}\u{3}".repeat(100)),
        ("no xml", "hello".to_owned()),
        ("other xml", "<html/>".to_owned()),
        ("wrong length", swapped(whole, "Length='", "Length='9")),
        ("no hex", swapped(whole, "Value='", "Value='zz ")),
        ("deep", "<Storage Name=\"a\">".repeat(100)),
        ("zip", "PK\u{3}\u{4}".repeat(50)),
    ];
    for (name, text) in files {
        let path = bench.write(&format!("{name}.xqcn"), &text);
        let input = format!("xqcn={path}");
        let arguments = simulated(&bench, &["--input", &input]);
        judge(
            &bench,
            &[Wrong {
                name,
                arguments,
                code: 10,
                says: "xqcn::malformed",
            }],
        );
    }
    let folder = format!("xqcn={}", bench.text("."));
    let nothing = format!("xqcn={}", bench.text("none.xqcn"));
    for input in [&folder, &nothing] {
        let arguments = simulated(&bench, &["--input", input]);
        judge(
            &bench,
            &[Wrong {
                name: input,
                arguments,
                code: 10,
                says: "input::value",
            }],
        );
    }
}
