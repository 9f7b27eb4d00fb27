//! A package given as a zip is the same as the folder in it: in a run, in a dry run, on resume; and nothing of it stays.

use crate::bench::{Bench, DESTRUCTIVE, PLAN, SCENARIO, of_kind};
use crate::made::{Made, Piece};
use crate::ptys::Lab;
use crate::rehearse::{replaced, tree, write_case};
use crate::unit::Unit;
use crate::wrong::{Wrong, judge, simulated};
use std::path::Path;

const TOP: &str = "RM502QGLAAR11A02M4G_01.200.01.200";

/// Every file below a folder, with its path from there.
fn files(folder: &Path, below: &str, found: &mut Vec<(String, Vec<u8>)>) {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names {
        let (path, inner) = (folder.join(&name), format!("{below}{name}"));
        if path.is_dir() {
            files(&path, &format!("{inner}/"), found);
        } else {
            found.push((inner, std::fs::read(path).unwrap()));
        }
    }
}

/// The zip of a folder, as vendors pack it.
fn zip_of(folder: &Path, top: &str, method: u16) -> Made {
    let mut found = Vec::new();
    files(folder, top, &mut found);
    let pieces = found.iter().map(|(name, plain)| Piece {
        method,
        ..Piece::file(name, plain)
    });
    let head = (!top.is_empty()).then(|| Piece::folder(top));
    Made {
        pieces: head.into_iter().chain(pieces).collect(),
        ..Made::default()
    }
}

fn write(bench: &Bench, name: &str, made: &Made) -> String {
    std::fs::create_dir_all(bench.path(name).parent().unwrap()).unwrap();
    std::fs::write(bench.path(name), made.bytes()).unwrap();
    bench.text(name)
}

/// A package in the folder that has its version's name.
fn package(bench: &Bench) -> String {
    let package = bench.text(TOP);
    let made = bench.run(&["sim", SCENARIO, "--package", &package, "--size", "2M"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    package
}

fn nothing_is_left(bench: &Bench) {
    let left = std::fs::read_dir(bench.path("state/unbrick/scratch"));
    let left: Vec<_> = left
        .into_iter()
        .flatten()
        .map(|e| e.unwrap().path())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_story_from_a_zip_is_the_story_from_its_folder() {
    let bench = Bench::new();
    let folder = package(&bench);
    let by_folder = bench.story(SCENARIO, &["--input", &format!("package={folder}")]);
    assert_eq!(by_folder.0.code, 0, "{}", by_folder.0.stderr);
    for (name, top, method) in [
        ("download.zip", format!("{TOP}/"), 8),
        ("outer.ZIP", format!("outer/{TOP}/"), 8),
        ("RM502QGLAAR11A02M4G_01.200.01.200.zip", String::new(), 0),
    ] {
        let bench = Bench::new();
        let zip = write(&bench, name, &zip_of(Path::new(&folder), &top, method));
        let (said, record) = bench.story(SCENARIO, &["--input", &format!("package={zip}")]);
        assert_eq!(said.code, 0, "{name}: {}", said.stderr);
        assert!(said.stdout.contains("PROVED."), "{}", said.stdout);
        // The modem's own record: it cannot tell the two apart.
        assert_eq!(record, by_folder.1, "{name}");
        let start = &bench.journal()[0];
        let told = start["inputs"]["package"].as_str().unwrap();
        let bytes = std::fs::read(&zip).unwrap();
        let (sha256, _) = unbrick::files::sha256(bytes.as_slice()).unwrap();
        assert_eq!(told, format!("{zip} (sha256 {sha256})"));
        nothing_is_left(&bench);
    }
}

#[test]
fn a_dry_run_from_a_zip_decides_the_same_and_leaves_nothing() {
    let bench = Bench::new();
    let folder = package(&bench);
    let zip = |method| zip_of(Path::new(&folder), &format!("{TOP}/"), method);
    let deflated = write(&bench, "a.zip", &zip(8));
    let dry = |package: &str| {
        let input = format!("package={package}");
        let said = bench.run(&["dry-run", PLAN, "--sim", SCENARIO, "--input", &input]);
        assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
        nothing_is_left(&bench);
        let (decided, digest) = said.stdout.split_once("Digest: ").unwrap();
        (decided.replace(package, "PACKAGE"), digest.to_owned())
    };
    let (by_folder, _) = dry(&folder);
    let (by_zip, digest) = dry(&deflated);
    assert!(by_zip.contains("package::fits"), "{by_zip}");
    assert_eq!(by_folder, by_zip);
    assert_eq!(dry(&deflated).1, digest, "one zip, one digest");
    // The same package, packed otherwise, is another zip.
    write(&bench, "a.zip", &zip(0));
    assert_ne!(dry(&deflated).1, digest);
}

#[test]
fn the_name_of_the_folder_in_a_zip_tells_the_hardware() {
    let bench = Bench::new();
    let folder = package(&bench);
    let top = "RM520NGLAAR01A07M4G_01.200.01.200/";
    let zip = write(&bench, "a.zip", &zip_of(Path::new(&folder), top, 8));
    let (said, record) = bench.story(SCENARIO, &["--input", &format!("package={zip}")]);
    assert_eq!(said.code, 11, "{}", said.stderr);
    assert!(
        said.stderr.contains("package::other-hardware"),
        "{}",
        said.stderr
    );
    assert!(of_kind(&record, &DESTRUCTIVE).is_empty());
    nothing_is_left(&bench);
}

#[test]
fn broken_zips_are_problems_before_the_modem_is_touched() {
    let bench = Bench::new();
    let folder = package(&bench);
    let good = zip_of(Path::new(&folder), &format!("{TOP}/"), 8);
    let with = |change: &dyn Fn(&mut Made)| {
        let mut made = good.clone();
        change(&mut made);
        made.bytes()
    };
    let first_image = |made: &mut Made, change: &dyn Fn(&mut Piece)| {
        let piece = made
            .pieces
            .iter_mut()
            .find(|piece| piece.name.ends_with(b".mbn"));
        change(piece.unwrap());
    };
    let whole = good.bytes();
    let cases: [(&str, &str, Vec<u8>); 9] = [
        (
            "slip",
            "zip::name",
            with(&|made| {
                made.pieces.push(Piece::file("../../../x", b"x"));
            }),
        ),
        (
            "link",
            "zip::special",
            with(&|made| {
                let mut link = Piece::file("link", b"/etc/passwd");
                link.attributes = 0o120_777 << 16;
                made.pieces.push(link);
            }),
        ),
        (
            "twice",
            "zip::twice",
            with(&|made| made.pieces.push(made.pieces[1].clone())),
        ),
        (
            "crc",
            "zip::crc",
            with(&|made| first_image(made, &|image| image.crc = Some(7))),
        ),
        (
            "encrypted",
            "zip::encrypted",
            with(&|made| first_image(made, &|i| i.flags = 1)),
        ),
        ("cut", "zip::cut", whole[..whole.len() / 2].to_vec()),
        ("nothing", "zip::no-zip", Vec::new()),
        ("text", "zip::no-zip", b"<html>404</html>".to_vec()),
        (
            "no list",
            "package::no-md5-list",
            with(&|made| {
                made.pieces
                    .retain(|piece| !piece.name.ends_with(b"md5.txt"));
            }),
        ),
    ];
    for (name, says, bytes) in cases {
        let zip = bench.text(&format!("{name}.zip"));
        std::fs::write(&zip, bytes).unwrap();
        let input = format!("package={zip}");
        let mut arguments = simulated(&bench, &["--input", &input]);
        let case = |arguments| Wrong {
            name,
            arguments,
            code: 10,
            says,
        };
        let run = case(arguments.clone());
        // The first word is the command.
        arguments[0] = "dry-run".to_owned();
        judge(&bench, &[run, case(arguments)]);
        nothing_is_left(&bench);
    }
    for (input, says) in [
        ("none.zip", "no folder and no zip"),
        ("text.txt", "which is neither a folder nor a file"),
    ] {
        std::fs::write(bench.path("text.txt"), "hello").unwrap();
        let input = format!("package={}", bench.text(input));
        judge(
            &bench,
            &[Wrong {
                name: &input,
                arguments: simulated(&bench, &["--input", &input]),
                code: 10,
                says,
            }],
        );
    }
}

#[test]
fn a_rehearsal_case_may_give_a_zip() {
    let bench = Bench::new();
    let plan = tree(&bench);
    // `sim` makes a package for the model as it is built in.
    let profile = include_str!("../../plans/quectel/rm502q-gl/modem.yaml");
    bench.write("quectel/rm502q-gl/modem.yaml", profile);
    let folder = bench.text("made");
    let made = bench.run(&[
        "sim",
        &bench.text("quectel/rm502q-gl/scenarios/900e.yaml"),
        "--package",
        &folder,
        "--size",
        "1M",
    ]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let zip = zip_of(Path::new(&folder), &format!("{TOP}/"), 8);
    write(&bench, "quectel/rm502q-gl/rehearsals/package.zip", &zip);
    let shipped = include_str!("../../plans/quectel/rm502q-gl/rehearsals/good-way.yaml");
    let text = replaced(
        shipped,
        "expect:",
        "inputs: { package: package.zip }\nexpect:",
    );
    write_case(&bench, "good-way", &text);
    let said = bench.run(&["rehearse", &plan]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
}

/// A modem in another process, and its package as a zip.
fn lab() -> (Lab, Made) {
    let bench = Bench::new();
    let unit = Unit::make(&bench);
    let zip = zip_of(&bench.path("package"), &format!("{TOP}/"), 8);
    let path = write(&bench, "package.zip", &zip);
    let inputs = std::fs::read_to_string(&unit.inputs).unwrap();
    let folder = format!("package={}\n", bench.text("package"));
    let inputs = replaced(&inputs, &folder, &format!("package={path}\n"));
    bench.write("inputs", &inputs);
    std::fs::remove_dir_all(bench.path("package")).unwrap();
    (Lab::with(bench, unit), zip)
}

#[test]
fn a_zip_that_is_swapped_after_it_was_approved_is_not_flashed() {
    let (mut lab, zip) = lab();
    // The digest of the dry run approves the run: it does not depend on where the zip was unpacked.
    let digest = lab.digest();
    let mut run = lab.in_terminal(&lab.arguments(&["run", PLAN], &["--approve", &digest]));
    run.hear("Tie M.2 pin 65");
    write(&lab.bench, "package.zip", &otherwise(&zip));
    lab.sim.say("ground-pin-65");
    let (code, _, stderr) = run.end();
    assert_eq!(code, 11, "{stderr}");
    assert!(stderr.contains("approval::changed"), "{stderr}");
    assert!(stderr.contains("since it was unpacked"), "{stderr}");
    lab.wrote_nothing();
    nothing_is_left(&lab.bench);
}

#[test]
fn a_killed_run_from_a_zip_goes_on_with_the_same_bytes_and_with_no_others() {
    let (mut lab, zip) = lab();
    let run = lab.run_until("update/devcfg.mbn: ");
    run.signal(rustix::process::Signal::KILL);
    drop(run);
    let (name, listed) = lab.listed();
    assert!(listed.contains("interrupted at step flash"), "{listed}");
    lab.sim.say("unplug");
    lab.sim.hear("edl is gone");
    lab.sim.say("plug");
    lab.sim.hear("edl is /dev");
    // The same package, packed otherwise, is not what the run was given.
    write(&lab.bench, "package.zip", &otherwise(&zip));
    let said = lab.bench.run(&["resume", &name]);
    assert_eq!(said.code, 10, "{}", said.stderr);
    assert!(said.stderr.contains("have changed"), "{}", said.stderr);
    // Not even what the killed run has unpacked.
    nothing_is_left(&lab.bench);
    write(&lab.bench, "package.zip", &zip);
    let digest = lab.resume_digest(&name);
    let mut run = lab.in_terminal(&["resume", &name, "--approve", &digest]);
    run.hear("after checkpoint in-edl");
    run.hear("take the wire off");
    let record = lab.record();
    let erases = of_kind(&record, &["erase"]);
    assert_eq!(erases.iter().filter(|e| e["start"] == 0).count(), 2);
}

/// The same files in another zip.
fn otherwise(zip: &Made) -> Made {
    let mut other = zip.clone();
    for piece in &mut other.pieces {
        piece.method = 0;
    }
    other
}
