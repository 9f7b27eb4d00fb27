//! Names that lead elsewhere, and things that are no files.

use crate::judged::Row;
use crate::rows;
use crate::sound::{PATCH, RAWPROGRAM, Sound, TABLE, ranges};
use std::os::unix::fs::symlink;
use std::path::Path;

const TZ: &str = "update/tz.mbn";

fn named(name: &'static str) -> impl Fn(&mut Sound) {
    move |s| {
        s.line_edit(
            "tz.mbn",
            "filename=\"..\\tz.mbn\"",
            &format!("filename=\"{name}\""),
        )
    }
}

/// Something else in the place of a file.
fn instead(file: &'static str, make: impl Fn(&Path) + Copy + 'static) -> impl Fn(&mut Sound) {
    move |s| {
        s.then(move |folder| {
            let path = folder.join(file);
            std::fs::remove_file(&path).unwrap();
            make(&path);
        });
    }
}

fn link(to: &'static str) -> impl Fn(&Path) + Copy {
    move |path| symlink(to, path).unwrap()
}

fn folder(path: &Path) {
    std::fs::create_dir(path).unwrap();
}

fn fifo(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
}

fn socket(path: &Path) {
    std::os::unix::net::UnixListener::bind(path).unwrap();
}

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        // Names.
        "up twice", "package::file-name", "\"..\\\\..\\\\tz.mbn\"", named("..\\..\\tz.mbn");
        "up twice the other way", "package::file-name", "\"../../tz.mbn\"", named("../../tz.mbn");
        "up twice, mixed", "package::file-name", "../..\\\\tz.mbn", named("../..\\tz.mbn");
        "up, and down again", "package::file-name", "firehose", named("..\\firehose\\tz.mbn");
        "up from below", "package::file-name", "a\\\\..\\\\..\\\\tz.mbn", named("a\\..\\..\\tz.mbn");
        "up alone", "package::file-name", "\"..\"", named("..");
        "up and nothing", "package::file-name", "\"..\\\\\"", named("..\\");
        "here alone", "package::file-name", "\".\"", named(".");
        "here and down", "package::file-name", "\"./tz.mbn\"", named("./tz.mbn");
        "absolute", "package::file-name", "\"/etc/passwd\"", named("/etc/passwd");
        "absolute on windows", "package::file-name", "\"\\\\tz.mbn\"", named("\\tz.mbn");
        "drive", "package::file-name", "\"C:\\\\tz.mbn\"", named("C:\\tz.mbn");
        "drive without root", "package::file-name", "\"C:tz.mbn\"", named("C:tz.mbn");
        "share", "package::file-name", "server", named("\\\\server\\share\\tz.mbn");
        "share the other way", "package::file-name", "//server", named("//server/share/tz.mbn");
        "device path", "package::file-name", "PhysicalDrive0", named("\\\\.\\PhysicalDrive0");
        "stream", "package::file-name", "tz.mbn:hidden", named("..\\tz.mbn:hidden");
        "device of windows", "package::file-name", "\"..\\\\NUL\"", named("..\\NUL");
        "device of windows with an ending", "package::file-name", "aux.mbn", named("aux.mbn");
        "port of windows", "package::file-name", "Com1.mbn", named("Com1.mbn");
        "dot at the end", "package::file-name", "tz.mbn.", named("..\\tz.mbn.");
        "blank at the end", "package::file-name", "tz.mbn ", named("..\\tz.mbn ");
        "NUL in the name", "package::file-name", "tz\\0.mbn", named("..\\tz\0.mbn");
        "bell in the name", "package::file-name", "tz\\u{7}.mbn", named("..\\tz\u{7}.mbn");
        "escape in the name", "package::file-name", "\\u{1b}[2J", named("..\\\u{1b}[2Jtz.mbn");
        "turned reading direction", "package::file-name", "\\u{202e}", named("..\\tz\u{202e}nbm.exe");
        "pattern", "package::file-name", "*.mbn", named("..\\*.mbn");
        "long name", "package::file-name", "aaaa", |s| { let long = format!("..\\{}", "a".repeat(300)); s.line_edit("tz.mbn", "..\\tz.mbn", &long); };
        "name in other capitals", "package::missing-image", "update/TZ.MBN", named("..\\TZ.MBN");
        "name that is not there", "package::missing-image", "update/firehose/gone.mbn", named("gone.mbn");
        "address", "package::file-name", "http", named("http://example.org/tz.mbn");
        // What is there in the place of a file.
        "image is gone", "package::missing-image", TZ, |s| s.then(|f| std::fs::remove_file(f.join(TZ)).unwrap());
        "boot loader is gone", "package::missing-image", "update/sbl1.mbn", |s| s.then(|f| std::fs::remove_file(f.join("update/sbl1.mbn")).unwrap());
        "table is gone", "package::missing-image", TABLE, |s| { s.file(PATCH, "<patches></patches>"); s.then(|f| std::fs::remove_file(f.join(TABLE)).unwrap()); };
        "image is a folder", "package::unreadable", TZ, instead(TZ, folder);
        "image is a pipe", "package::unreadable", TZ, instead(TZ, fifo);
        "image is a socket", "package::unreadable", TZ, instead(TZ, socket);
        "link out of the package", "package::unreadable", TZ, instead(TZ, link("/etc/passwd"));
        "link up and out", "package::unreadable", TZ, instead(TZ, link("../../../../../../etc/passwd"));
        "link to a device", "package::unreadable", TZ, instead(TZ, link("/dev/zero"));
        "link to nothing", "package::unreadable", TZ, instead(TZ, link("gone.mbn"));
        "link to a folder", "package::unreadable", TZ, instead(TZ, link("firehose"));
        "link to itself", "package::unreadable", TZ, instead(TZ, link("tz.mbn"));
        "links in a circle", "package::unreadable", TZ, |s| { s.then(|f| { std::fs::remove_file(f.join(TZ)).unwrap(); symlink("other", f.join(TZ)).unwrap(); symlink("tz.mbn", f.join("update/other")).unwrap(); }); };
        "link to a pipe", "package::unreadable", TZ, |s| { s.then(|f| { std::fs::remove_file(f.join(TZ)).unwrap(); fifo(&f.join("update/pipe")); symlink("pipe", f.join(TZ)).unwrap(); }); };
        "link to another image", "package::wrong-md5", TZ, instead(TZ, link("sbl1.mbn"));
        "image was cut", "package::wrong-md5", TZ, |s| s.then(|f| std::fs::write(f.join(TZ), [3; 100]).unwrap());
        "image has a hole of a tebibyte", "package::too-large", "`update/tz.mbn` is longer than 8589934592 bytes", |s| s.then(|f| std::fs::OpenOptions::new().write(true).open(f.join(TZ)).unwrap().set_len(1 << 40).unwrap());
        "other listed file has a hole of a tebibyte", "package::too-large", "contents.xml", |s| s.then(|f| std::fs::OpenOptions::new().write(true).open(f.join("contents.xml")).unwrap().set_len(1 << 40).unwrap());
        "rawprogram is a folder", "package::unreadable", "update.xml", instead(RAWPROGRAM, folder);
        "rawprogram is a pipe", "package::unreadable", "update.xml", instead(RAWPROGRAM, fifo);
        "rawprogram is a link out", "package::unreadable", "update.xml", instead(RAWPROGRAM, link("/etc/hostname"));
        "rawprogram is a link to nothing", "package::unreadable", "update.xml", instead(RAWPROGRAM, link("gone.xml"));
        "patch file is a folder", "package::unreadable", "patch_p2K_b8K.xml", instead(PATCH, folder);
        "patch file is a pipe", "package::unreadable", "patch_p2K_b8K.xml", instead(PATCH, fifo);
        "other listed file is a pipe", "package::unreadable", "contents2.xml", |s| { s.file("contents2.xml", "x"); instead("contents2.xml", fifo)(s); };
        "folder of descriptions is a file", "package::unreadable", "update/firehose", |s| s.then(|f| { std::fs::remove_dir_all(f.join("update/firehose")).unwrap(); std::fs::write(f.join("update/firehose"), "x").unwrap(); });
    ]
}

/// A link inside of the package is read like what it leads to: it is hashed and written through one handle.
#[test]
fn a_link_that_stays_inside_is_its_file() {
    let sound = ranges(&Sound::new().inspect().unwrap());
    let mut linked = Sound::new();
    linked.then(|folder| {
        std::fs::rename(folder.join(TZ), folder.join("update/real.mbn")).unwrap();
        symlink("real.mbn", folder.join(TZ)).unwrap();
    });
    assert_eq!(ranges(&linked.inspect().unwrap()), sound);
}

#[test]
fn a_folder_that_is_no_package_is_refused() {
    use unbrick::files::Root;
    use unbrick::firmware::{Extent, Package};
    for (code, keeps) in [
        ("package::no-md5-list", vec![]),
        ("package::unreadable", vec!["md5.txt"]),
    ] {
        let mut sound = Sound::new();
        sound.list(|_| "FILE:START\nFILE:END\n".to_owned());
        let folder = sound.write();
        std::fs::remove_dir_all(folder.path().join("update")).unwrap();
        if !keeps.contains(&"md5.txt") {
            std::fs::remove_file(folder.path().join("md5.txt")).unwrap();
        }
        let root = Root::open(camino::Utf8Path::from_path(folder.path()).unwrap()).unwrap();
        let faults = Package::inspect(&root, &crate::sound::chip(), Extent::Update).unwrap_err();
        assert_eq!(faults[0].code(), code);
    }
}
