//! The simulated modem, judged by software that knows nothing of it: two generations of Debian's `qdl`.

use super::{Verdict, tool};
use crate::stand::{Plug, modem, unit};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use unbrick::plan::Mode;
use unbrick::sim::RecordKind;

const SECTOR: usize = 4096;

pub(crate) fn qdl_flashes_a_whole_package() -> Verdict {
    tool::with_qdl("qdl", flashes)
}

pub(crate) fn qdl_of_backports_flashes_a_whole_package() -> Verdict {
    tool::with_qdl("qdl-backports", flashes)
}

fn flashes(mut qdl: std::process::Command) {
    let inputs = std::fs::read_to_string(unit().inputs).unwrap();
    let package = { inputs.lines() }
        .find_map(|line| line.strip_prefix("package="))
        .unwrap();
    let folder = Path::new(package).join("update/firehose");
    let files = programs(&folder);
    assert!(files.len() > 10);
    let programmer = folder.join("prog_firehose_sdx55.mbn");

    let (function, modem) = modem(Mode::Edl);
    let plug = Plug::new(function, 50);
    plug.seen(0x05c6, 0x9008);
    qdl.args(["--debug", "--storage", "nand"])
        .arg(&programmer)
        .arg("program.xml")
        .current_dir(&folder);
    let said = qdl.output().unwrap();
    let talk = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
    let last: Vec<&str> = talk.lines().rev().take(40).collect();
    assert!(said.status.success(), "{:?}: {last:#?}", said.status);

    let modem = modem.lock().unwrap();
    let mut written = Vec::new();
    let mut loaded = Vec::new();
    for record in modem.record() {
        match &record.kind {
            RecordKind::ProgrammerLoaded { sha256 } => loaded.push(sha256.clone()),
            RecordKind::Program { start, sha256, .. } => written.push((*start, sha256.clone())),
            RecordKind::Refused { what, because } => panic!("refused {what}: {because}"),
            _ => {}
        }
    }
    assert_eq!(loaded, [hash(&std::fs::read(programmer).unwrap())]);
    let sent: Vec<(u64, String)> = { files.iter() }
        .map(|(start, file)| (*start, hash(&whole_sectors(file))))
        .collect();
    assert_eq!(written, sent);
    println!("{} files written as sent", sent.len());
}

/// Writes `program.xml`: the package's own instructions as qdl takes them, with slashes, a label for each file
/// (protocols.md §1, fact 1), and the `last_sector` that the qdl of 2022 demands (linux-msm/qdl a8d10da:program.c). What
/// they write where, in order.
fn programs(folder: &Path) -> Vec<(u64, PathBuf)> {
    let shipped = folder.join("rawprogram_nand_p4K_b256K_update.xml");
    let text = std::fs::read_to_string(shipped)
        .unwrap()
        .replace("..\\", "../");
    let mut files = Vec::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        let Some(name) = attribute(line, "filename") else {
            lines.push(line.to_owned());
            continue;
        };
        let start = attribute(line, "start_sector").unwrap().parse().unwrap();
        files.push((start, folder.join(name)));
        let labelled = format!("last_sector=\"0\" label=\"part{}\" filename=", files.len());
        lines.push(line.replace("filename=", &labelled));
    }
    std::fs::write(folder.join("program.xml"), lines.join("\n")).unwrap();
    files
}

fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0)
}

/// Tools fill the last sector with zeros (protocols.md §8).
fn whole_sectors(file: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(file).unwrap();
    bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
    bytes
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}
