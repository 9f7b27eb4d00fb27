//! Lies in md5.txt.

use crate::judged::Row;
use crate::rows;
use crate::sound::{PATCH, PROGRAMMER, RAWPROGRAM, Sound, TABLE};

/// The line of the list about this file.
fn line_of(list: &str, file: &str) -> String {
    let file = file.replace('/', "\\");
    let line = list.lines().find(|line| line.contains(&file)).unwrap();
    line.to_owned()
}

fn without(file: &'static str) -> impl Fn(&mut Sound) {
    move |s| s.list(move |list| list.replace(&format!("{}\r\n", line_of(&list, file)), ""))
}

/// One digit of the sum is another one.
fn wrong(file: &'static str, digit: usize) -> impl Fn(&mut Sound) {
    move |s| {
        s.list(move |list| {
            let line = line_of(&list, file);
            let at = line.len() - 32 + digit;
            let other = if line[at..].starts_with('0') {
                "1"
            } else {
                "0"
            };
            let mut wrong = line.clone();
            wrong.replace_range(at..=at, other);
            list.replace(&line, &wrong)
        });
    }
}

fn also(line: &'static str) -> impl Fn(&mut Sound) {
    move |s| s.list(move |list| list.replace("FILE:END", &format!("{line}\r\nFILE:END")))
}

const SUM: &str = "5B15ED398BC0F9612B6BFB1FC8B844C8";

fn entry(path: &'static str) -> impl Fn(&mut Sound) {
    move |s| s.list(move |list| list.replace("FILE:END", &format!("FILE:{path}:{SUM}\r\nFILE:END")))
}

fn of(change: fn(String) -> String) -> impl Fn(&mut Sound) {
    move |s| s.list(change)
}

#[rustfmt::skip]
pub(crate) fn rows() -> Vec<Row> {
    rows![
        "list is empty", "package::md5-list", "line 0 of `md5.txt`", of(|_| String::new());
        "list has no beginning", "package::md5-list", "`md5.txt`", of(|l| l.replace("FILE:START\r\n", ""));
        "list has no end", "package::md5-list", "`md5.txt`", of(|l| l.replace("FILE:END\r\n", ""));
        "list is cut", "package::md5-list", "`md5.txt`", of(|l| l[..l.len() / 2].to_owned());
        "list is not UTF-8", "package::md5-list", "line 13 of `md5.txt`", |s| s.list_bytes(&[0xff, 0xfe]);
        "list is huge", "package::too-large", "md5.txt", |s| s.list_bytes(&[b' '; 1024 * 1024]);
        "list is a folder", "package::unreadable", "md5.txt", |s| s.then(|f| { std::fs::remove_file(f.join("md5.txt")).unwrap(); std::fs::create_dir(f.join("md5.txt")).unwrap(); });
        "list is a link out", "package::unreadable", "md5.txt", |s| s.then(|f| { std::fs::remove_file(f.join("md5.txt")).unwrap(); std::os::unix::fs::symlink("/etc/hostname", f.join("md5.txt")).unwrap(); });
        "list ends early", "package::md5-list", "line 5 of `md5.txt`", of(|l| l.replace("\\update\\firehose\\partition", "END\r\nFILE:\\update\\firehose\\partition"));
        "list begins twice", "package::md5-list", "`md5.txt`", of(|l| format!("{l}FILE:START\r\nFILE:END\r\n"));
        "entry in front of the list", "package::md5-list", "line 1 of `md5.txt`", of(|l| format!("FILE:\\x:{SUM}\r\n{l}"));
        "entry behind the list", "package::md5-list", "`md5.txt`", of(|l| format!("{l}FILE:\\update\\tz.mbn:{SUM}\r\n"));
        "text in the list", "package::md5-list", "line 12 of `md5.txt`", also("hello");
        "sum is short", "package::md5-list", "line 12", also("FILE:\\x:5B15ED398BC0F9612B6BFB1FC8B844C");
        "sum is half", "package::md5-list", "line 12", also("FILE:\\x:5B15ED398BC0F961");
        "sum is long", "package::md5-list", "line 12", also("FILE:\\x:5B15ED398BC0F9612B6BFB1FC8B844C80");
        "sum is no hex", "package::md5-list", "line 12", also("FILE:\\x:5B15ED398BC0F9612B6BFB1FC8B844CG");
        "sum is missing", "package::md5-list", "line 12", also("FILE:\\x:");
        "sum is of other digits", "package::md5-list", "line 12", also("FILE:\\x:５B15ED398BC0F9612B6BFB1FC8B844");
        "path is missing", "package::md5-list", "line 12", entry("");
        "path leads up", "package::md5-list", "line 12", entry("\\..\\x");
        "path leads up from below", "package::md5-list", "line 12", entry("\\update\\..\\..\\x");
        "path leads up the other way", "package::md5-list", "line 12", entry("../../etc/passwd");
        "path is a drive", "package::md5-list", "line 12", entry("C:\\x");
        "path is a share", "package::md5-list", "line 12", entry("\\\\server\\share\\x");
        "path is here", "package::md5-list", "line 12", entry("\\.\\x");
        "path has an empty part", "package::md5-list", "line 12", entry("\\update\\\\x");
        "path has a control sign", "package::md5-list", "line 12", entry("\\update\\x\u{1b}");
        "path is a device", "package::md5-list", "line 12", entry("\\update\\CON");
        "path is deep", "package::md5-list", "line 12", entry("\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a");
        "file listed twice", "package::md5-list", "`update/tz.mbn` is named twice", |s| s.list(|l| { let line = line_of(&l, "tz.mbn"); l.replace(&line, &format!("{line}\r\n{line}")) });
        "file listed twice with other sums", "package::md5-list", "`update/tz.mbn` is named twice", entry("\\update\\tz.mbn");
        "file listed twice, once with slashes", "package::md5-list", "`update/tz.mbn` is named twice", entry("/update/tz.mbn");
        "listed file is missing", "package::missing-image", "update/fota.bin", entry("\\update\\fota.bin");
        "listed in other capitals as well", "package::missing-image", "update/TZ.MBN", entry("\\update\\TZ.MBN");
        "too many entries", "package::md5-list", "`md5.txt`", |s| s.list(|l| { let many: Vec<String> = (0..10_001).map(|i| format!("\\x{i}:{SUM}\r\n")).collect(); l.replace("FILE:END", &format!("{}FILE:END", many.concat())) });
        "first digit is wrong", "package::wrong-md5", "`update/tz.mbn` has md5", wrong("tz.mbn", 0);
        "last digit is wrong", "package::wrong-md5", "`update/tz.mbn` has md5", wrong("tz.mbn", 31);
        "digit behind the first half is wrong", "package::wrong-md5", "`update/sbl1.mbn` has md5", wrong("sbl1.mbn", 16);
        "sum of the table is wrong", "package::wrong-md5", TABLE, wrong(TABLE, 31);
        "sum of the rawprogram is wrong", "package::wrong-md5", RAWPROGRAM, wrong(RAWPROGRAM, 31);
        "sum of the patch file is wrong", "package::wrong-md5", PATCH, wrong(PATCH, 31);
        "sum of the programmer is wrong", "package::wrong-md5", PROGRAMMER, wrong(PROGRAMMER, 31);
        "sum of a file that is not written is wrong", "package::wrong-md5", "contents.xml", wrong("contents.xml", 31);
        "sums of two files are swapped", "package::wrong-md5", "`update/sbl1.mbn` has md5", |s| s.list(|l| { let (a, b) = (line_of(&l, "sbl1.mbn"), line_of(&l, "tz.mbn")); let (x, y) = (a[a.len() - 32..].to_owned(), b[b.len() - 32..].to_owned()); l.replace(&x, "@").replace(&y, &x).replace('@', &y) });
        "image is not listed", "package::unlisted", "`update/tz.mbn`", without("tz.mbn");
        "boot loader is not listed", "package::unlisted", "`update/sbl1.mbn`", without("sbl1.mbn");
        "table is not listed", "package::unlisted", TABLE, without(TABLE);
        "rawprogram is not listed", "package::unlisted", RAWPROGRAM, without(RAWPROGRAM);
        "patch file is not listed", "package::unlisted", PATCH, without(PATCH);
        "programmer is not listed", "package::unlisted", PROGRAMMER, without(PROGRAMMER);
    ]
}
